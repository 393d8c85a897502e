//! A table that several tasks share, and the streams that watch it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures::Stream;

use super::{Announced, Change, Device, Event, Now, Refused, Standing, Table};

/// A [`Table`] that can be watched: what a backend is built around. A clone is the same table.
pub struct Hub<A> {
    state: Arc<Mutex<State<A>>>,
}

struct State<A> {
    table: Table<A>,
    watchers: HashMap<u64, Watcher>,
    next_watcher: u64,
}

/// What one watcher was told, and which devices it has to look at again.
///
/// There is no queue of events: an event is made when the watcher asks, from the difference between what it was told
/// and the table. So a slow watcher costs no more than two tables of device IDs, however much happens meanwhile.
#[derive(Default)]
struct Watcher {
    told: HashMap<Device, u64>,
    dirty: BTreeSet<Device>,
    /// The device of the last event, so that one busy device does not hide those behind it.
    last: Option<Device>,
    waker: Option<Waker>,
}

impl<A: Announced> Hub<A> {
    /// An empty table that ignores announcements of `own`.
    #[must_use]
    pub fn new(own: Option<Device>) -> Self {
        let state = State {
            table: Table::new(own),
            watchers: HashMap::new(),
            next_watcher: 0,
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Takes in a verified announcement, as [`Table::insert`], and tells the watchers.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn insert(&self, announcement: A, standing: Standing, now: Now) -> Result<Change, Refused> {
        let device = announcement.device();
        self.change(|table| {
            let change = table.insert(announcement, standing, now);
            let changed = match change {
                Ok(Change::Found { evicted } | Change::Updated { evicted }) => {
                    vec![Some(device), evicted]
                }
                Ok(Change::Lost) | Err(Refused::Equivocation { .. }) => vec![Some(device)],
                Ok(Change::Nothing) | Err(_) => Vec::new(),
            };
            (change, changed.into_iter().flatten().collect())
        })
    }

    /// Forgets the announcement of `device`, as [`Table::remove`], and tells the watchers.
    pub fn remove(&self, device: &Device) -> bool {
        self.change(|table| (table.remove(device), vec![*device]))
    }

    /// Forgets what is over, as [`Table::expire`], and tells the watchers. Returns when to call it next.
    pub fn expire(&self, now: Now) -> Option<u64> {
        self.change(|table| {
            let lost = table.expire(now);
            (table.next_expiry(), lost)
        })
    }

    /// Refuses old numbers of a device, as [`Table::raise_floor`].
    ///
    /// # Errors
    ///
    /// [`Refused::Full`].
    pub fn raise_floor(&self, device: Device, floor: u64) -> Result<(), Refused> {
        lock(&self.state).table.raise_floor(device, floor)
    }

    /// The numbers to keep over a restart, as [`Table::floors`].
    #[must_use]
    pub fn floors(&self) -> Vec<(Device, u64)> {
        let state = lock(&self.state);
        let floors = state.table.floors();
        floors.map(|(device, floor)| (*device, floor)).collect()
    }

    /// The newest announcement of `device`.
    #[must_use]
    pub fn find(&self, device: &Device) -> Option<Arc<A>> {
        lock(&self.state).table.find(device).cloned()
    }

    /// Every known device first, then what changes. The stream never ends.
    #[must_use]
    pub fn watch(&self) -> Watch<A> {
        let mut state = lock(&self.state);
        let id = state.next_watcher;
        state.next_watcher += 1;
        let watcher = Watcher {
            dirty: state.table.iter().map(|(device, _)| *device).collect(),
            ..Watcher::default()
        };
        state.watchers.insert(id, watcher);
        Watch {
            state: Arc::clone(&self.state),
            id,
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Table<A>) -> (R, Vec<Device>)) -> R {
        let mut state = lock(&self.state);
        let State {
            table, watchers, ..
        } = &mut *state;
        let (result, changed) = change(table);
        let mut wakers = Vec::new();
        for watcher in watchers.values_mut() {
            for device in &changed {
                watcher.look_again(*device, table.find(device).is_some());
            }
            if !watcher.dirty.is_empty() {
                wakers.extend(watcher.waker.take());
            }
        }
        // A waker is foreign code: it must not run under our lock.
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
        result
    }
}

impl Watcher {
    fn look_again(&mut self, device: Device, present: bool) {
        if present || self.told.contains_key(&device) {
            self.dirty.insert(device);
        } else {
            // It came and went without the watcher hearing of it: remembering those would be without bound.
            self.dirty.remove(&device);
        }
    }

    fn next<A: Announced>(&mut self, table: &Table<A>) -> Option<Event<A>> {
        loop {
            let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
            let next = self.dirty.range((after, Bound::Unbounded)).next();
            let device = *next.or_else(|| self.dirty.first())?;
            self.dirty.remove(&device);
            self.last = Some(device);
            let Some(current) = table.find(&device) else {
                if self.told.remove(&device).is_some() {
                    return Some(Event::Lost(device));
                }
                continue;
            };
            match self.told.insert(device, current.sequence()) {
                None => return Some(Event::Found(Arc::clone(current))),
                Some(told) if told == current.sequence() => {}
                Some(_) => return Some(Event::Updated(Arc::clone(current))),
            }
        }
    }
}

fn lock<A>(state: &Mutex<State<A>>) -> MutexGuard<'_, State<A>> {
    // Nothing that runs under the lock leaves it half done when it panics.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A> Clone for Hub<A> {
    fn clone(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
        }
    }
}

impl<A> fmt::Debug for Hub<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("watchers", &lock(&self.state).watchers.len())
            .finish_non_exhaustive()
    }
}

/// The stream of [`Hub::watch`].
///
/// # Cancel safety
///
/// Dropping a pending `next` loses nothing.
pub struct Watch<A> {
    state: Arc<Mutex<State<A>>>,
    id: u64,
}

impl<A: Announced> Stream for Watch<A> {
    type Item = Event<A>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event<A>>> {
        let mut state = lock(&self.state);
        let State {
            table, watchers, ..
        } = &mut *state;
        // Only our own Drop removes the entry.
        let Some(watcher) = watchers.get_mut(&self.id) else {
            return Poll::Ready(None);
        };
        if let Some(event) = watcher.next(table) {
            return Poll::Ready(Some(event));
        }
        watcher.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<A> Drop for Watch<A> {
    fn drop(&mut self) {
        let watcher = lock(&self.state).watchers.remove(&self.id);
        // Its waker goes after the lock: dropping one is foreign code, too.
        drop(watcher);
    }
}

impl<A> fmt::Debug for Watch<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, StreamExt as _};

    use super::super::table::tests::{Sample, device, goodbye, sample};
    use super::*;

    fn known(hub: &Hub<Sample>, announcement: Sample) -> Result<Change, Refused> {
        hub.insert(announcement, Standing::Known, Now::default())
    }

    fn now(watch: &mut Watch<Sample>) -> Vec<Event<Sample>> {
        std::iter::from_fn(|| watch.next().now_or_never()?).collect()
    }

    fn found(n: u16, sequence: u64) -> Event<Sample> {
        Event::Found(Arc::new(sample(n, sequence)))
    }

    fn updated(n: u16, sequence: u64) -> Event<Sample> {
        Event::Updated(Arc::new(sample(n, sequence)))
    }

    #[test]
    fn a_watcher_sees_what_is_there_and_then_every_change() {
        let hub = Hub::new(None);
        known(&hub, sample(1, 1)).unwrap();
        known(&hub, sample(2, 1)).unwrap();
        let mut watch = hub.watch();
        assert_eq!(now(&mut watch), [found(1, 1), found(2, 1)]);
        known(&hub, sample(3, 1)).unwrap();
        assert_eq!(now(&mut watch), [found(3, 1)]);
        known(&hub, sample(1, 2)).unwrap();
        assert_eq!(now(&mut watch), [updated(1, 2)]);
        known(&hub, goodbye(2, 2)).unwrap();
        assert_eq!(now(&mut watch), [Event::Lost(device(2))]);
        hub.expire(Now {
            monotonic: 60,
            unix: None,
        });
        assert_eq!(
            now(&mut watch),
            [Event::Lost(device(3)), Event::Lost(device(1))]
        );
    }

    #[test]
    fn equivocation_is_seen_as_a_loss() {
        let hub = Hub::new(None);
        known(&hub, sample(1, 1)).unwrap();
        let mut watch = hub.watch();
        now(&mut watch);
        known(
            &hub,
            Sample {
                text: "other",
                ..sample(1, 1)
            },
        )
        .unwrap_err();
        assert_eq!(now(&mut watch), [Event::Lost(device(1))]);
    }

    #[test]
    fn an_evicted_stranger_is_seen_as_a_loss() {
        let hub = Hub::new(None);
        let mut watch = hub.watch();
        for n in 0..=64 {
            hub.insert(sample(n, 1), Standing::Stranger, Now::default())
                .unwrap();
            now(&mut watch).is_empty().then(|| panic!("nothing seen"));
        }
        known(&hub, sample(500, 1)).unwrap();
        assert_eq!(now(&mut watch), [found(500, 1)]);
        hub.insert(sample(65, 1), Standing::Stranger, Now::default())
            .unwrap();
        let events = now(&mut watch);
        assert!(events.contains(&Event::Lost(device(1))) && events.contains(&found(65, 1)));
    }

    #[test]
    fn a_slow_watcher_misses_steps_but_not_where_they_led() {
        let hub = Hub::new(None);
        known(&hub, sample(1, 1)).unwrap();
        known(&hub, sample(2, 1)).unwrap();
        let mut watch = hub.watch();
        now(&mut watch);
        for sequence in 2..1_000 {
            known(&hub, sample(1, sequence)).unwrap();
        }
        known(&hub, goodbye(2, 2)).unwrap();
        known(&hub, sample(3, 1)).unwrap();
        known(&hub, goodbye(3, 2)).unwrap();
        let mut events = now(&mut watch);
        events.sort_by_key(|event| matches!(event, Event::Lost(_)));
        assert_eq!(events, [updated(1, 999), Event::Lost(device(2))]);
    }

    #[test]
    fn a_watcher_that_never_looks_stays_small() {
        let hub = Hub::new(None);
        let watch = hub.watch();
        for n in 0..3_000 {
            known(&hub, sample(n, 1)).unwrap();
            hub.remove(&device(n));
        }
        let state = lock(&hub.state);
        let watcher = &state.watchers[&watch.id];
        assert_eq!((watcher.dirty.len(), watcher.told.len()), (0, 0));
    }

    #[test]
    fn a_busy_device_does_not_hide_the_others() {
        let hub = Hub::new(None);
        known(&hub, sample(1, 1)).unwrap();
        known(&hub, sample(2, 1)).unwrap();
        let mut watch = hub.watch();
        let mut next = || watch.next().now_or_never().unwrap().unwrap();
        assert_eq!(next(), found(1, 1));
        known(&hub, sample(1, 2)).unwrap();
        assert_eq!(next(), found(2, 1));
        assert_eq!(next(), updated(1, 2));
    }

    #[test]
    fn a_waiting_watcher_is_woken_and_a_dropped_one_is_forgotten() {
        let hub = Hub::new(None);
        let mut watch = hub.watch();
        let (waker, count) = futures_test_waker();
        let mut cx = Context::from_waker(&waker);
        assert!(watch.poll_next_unpin(&mut cx).is_pending());
        known(&hub, sample(1, 1)).unwrap();
        assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1);
        assert_eq!(
            watch.poll_next_unpin(&mut cx),
            Poll::Ready(Some(found(1, 1)))
        );
        drop(watch);
        assert_eq!(lock(&hub.state).watchers.len(), 0);
    }

    fn futures_test_waker() -> (Waker, Arc<std::sync::atomic::AtomicUsize>) {
        struct Count(Arc<std::sync::atomic::AtomicUsize>);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let count = Arc::default();
        (Arc::new(Count(Arc::clone(&count))).into(), count)
    }
}
