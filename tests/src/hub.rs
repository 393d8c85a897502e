//! [`TestHub`]: the service behind `caps.capnp`, as skeletons written by hand.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use dsoftbus::{
    __private::no_such_method, CallFuture, Capability, Client, Context, Incoming, Outgoing, Result,
    Service, ServiceDescriptor, Skeleton, Status,
};

use crate::{
    Gauge,
    caps::{HUB, HubClient, SINK, THING, ThingClient, build, get, put, read},
    caps_capnp::{hub, sink, thing},
    gauge::Guard,
};

/// Makes, takes and passes objects.
#[derive(Clone, Debug, Default)]
pub struct TestHub {
    /// Objects that are alive.
    pub things: Gauge,
    /// Handlers that never end by themselves and run, of the service and of its objects.
    pub running: Gauge,
    /// Items that sinks took.
    pub items: Gauge,
    kept: Arc<Mutex<Capability>>,
}

impl TestHub {
    /// A new object of this service, to be passed to somebody.
    #[must_use]
    pub fn thing(&self, name: &str) -> Capability {
        Capability::local(Arc::new(Thing {
            name: name.to_owned(),
            calls: AtomicU32::new(0),
            running: self.running.clone(),
            _alive: self.things.enter(),
        }))
    }

    /// The object that is held.
    #[must_use]
    pub fn held(&self) -> Capability {
        self.kept().clone()
    }

    fn kept(&self) -> MutexGuard<'_, Capability> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(self, cx: Context, method_id: u16, params: Incoming) -> Result<Outgoing> {
        let results = Outgoing::results(8);
        match method_id {
            0 => {
                let text = read::<hub::echo_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_text()?.to_string()?)
                })?;
                Ok(build::<hub::echo_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_text(&text);
                        Ok(())
                    },
                ))
            }
            1 => {
                let name = read::<hub::make_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_name()?.to_string()?)
                })?;
                let thing = self.thing(&name);
                Ok(build::<hub::make_results::Owned>(
                    results,
                    |mut results, listed| {
                        results.set_thing(put(listed, &thing).unwrap());
                        Ok(())
                    },
                ))
            }
            2 => {
                let name = read::<hub::make_box_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_name()?.to_string()?)
                })?;
                let thing = self.thing(&name);
                Ok(build::<hub::make_box_results::Owned>(
                    results,
                    |results, listed| {
                        let mut in_it = results.init_box();
                        in_it.set_name(&name);
                        in_it.set_thing(put(listed, &thing).unwrap());
                        Ok(())
                    },
                ))
            }
            3 => {
                let count = read::<hub::make_many_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_count())
                })?;
                let things: Vec<Capability> = (0..count)
                    .map(|number| self.thing(&number.to_string()))
                    .collect();
                Ok(build::<hub::make_many_results::Owned>(
                    results,
                    |results, listed| {
                        let mut list = results.init_things(count);
                        for (place, thing) in (0..).zip(&things) {
                            let thing: thing::Client = put(listed, thing).unwrap();
                            list.set(place, thing.client.hook);
                        }
                        Ok(())
                    },
                ))
            }
            4 => {
                let (thing, text) = read::<hub::call_params::Owned, _>(&params, |params, caps| {
                    Ok((
                        get(params.get_thing(), caps),
                        params.get_text()?.to_string()?,
                    ))
                })?;
                // The parameters are not held while the object answers.
                drop(params);
                let said = ThingClient::from_capability(thing)
                    .say(&text)
                    .within(&cx)
                    .await?;
                Ok(build::<hub::call_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_text(&said);
                        Ok(())
                    },
                ))
            }
            5 => {
                let thing = read::<hub::keep_params::Owned, _>(&params, |params, caps| {
                    Ok(get(params.get_thing(), caps))
                })?;
                *self.kept() = thing;
                Ok(results)
            }
            6 => {
                let thing = self.kept().clone();
                Ok(build::<hub::kept_results::Owned>(
                    results,
                    |mut results, listed| {
                        if let Some(thing) = put(listed, &thing) {
                            results.set_thing(thing);
                        }
                        Ok(())
                    },
                ))
            }
            7 => {
                let given = std::mem::take(&mut *self.kept());
                drop(given);
                Ok(results)
            }
            8 => {
                let thing = read::<hub::same_params::Owned, _>(&params, |params, caps| {
                    Ok(get(params.get_thing(), caps))
                })?;
                Ok(build::<hub::same_results::Owned>(
                    results,
                    |mut results, listed| {
                        if let Some(thing) = put(listed, &thing) {
                            results.set_thing(thing);
                        }
                        Ok(())
                    },
                ))
            }
            9 => {
                let reason = read::<hub::fail_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_reason()?.to_string()?)
                })?;
                Err(Status::with_domain(
                    dsoftbus::Code::NotFound,
                    "noSuchThing",
                    reason,
                ))
            }
            10 => {
                tokio::task::yield_now().await;
                panic!("as asked");
            }
            11 => {
                let _running = self.running.enter();
                std::future::pending().await
            }
            12 => {
                let millis = read::<hub::wait_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_millis())
                })?;
                let running = self.running.enter();
                tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
                drop(running);
                let thing = self.thing("late");
                Ok(build::<hub::wait_results::Owned>(
                    results,
                    |mut results, listed| {
                        results.set_thing(put(listed, &thing).unwrap());
                        Ok(())
                    },
                ))
            }
            13 => {
                let millis = read::<hub::open_params::Owned, _>(&params, |params, _| {
                    Ok(params.get_millis())
                })?;
                let sink = Capability::local(Arc::new(Sink {
                    takes: Duration::from_millis(u64::from(millis)),
                    count: Arc::default(),
                    items: self.items.clone(),
                }));
                Ok(build::<hub::open_results::Owned>(
                    results,
                    |mut results, listed| {
                        results.set_sink(put(listed, &sink).unwrap());
                        Ok(())
                    },
                ))
            }
            14 => {
                let null = read::<hub::is_null_params::Owned, _>(&params, |params, caps| {
                    Ok(get(params.get_thing(), caps).is_null())
                })?;
                Ok(build::<hub::is_null_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_null(null);
                        Ok(())
                    },
                ))
            }
            15 => {
                let thing = read::<hub::is_kept_params::Owned, _>(&params, |params, caps| {
                    Ok(get(params.get_thing(), caps))
                })?;
                let same = *self.kept() == thing;
                Ok(build::<hub::is_kept_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_same(same);
                        Ok(())
                    },
                ))
            }
            16 => {
                let millis = cx.remaining().map_or(0, |left| left.as_millis());
                Ok(build::<hub::deadline_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_millis(u32::try_from(millis).unwrap_or(u32::MAX));
                        Ok(())
                    },
                ))
            }
            _ => no_such_method(&HUB, HUB.interface_id, method_id).await,
        }
    }
}

impl Skeleton for TestHub {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        HubClient::DESCRIPTOR
    }

    fn call(&self, cx: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        if interface_id != HUB.interface_id {
            return no_such_method(&HUB, interface_id, method_id);
        }
        Box::pin(self.clone().handle(cx, method_id, params))
    }
}

impl Service for TestHub {
    fn skeletons(self: Arc<Self>) -> Vec<Arc<dyn Skeleton>> {
        vec![self]
    }
}

struct Thing {
    name: String,
    calls: AtomicU32,
    running: Gauge,
    _alive: Guard,
}

impl Skeleton for Thing {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &THING
    }

    fn call(&self, _: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        // Counted when the call starts, not when it is polled.
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let results = Outgoing::results(8);
        let done = match method_id {
            0 => read::<thing::say_params::Owned, _>(&params, |params, _| {
                Ok(format!("{}: {}", self.name, params.get_text()?.to_str()?))
            })
            .map(|said| {
                build::<thing::say_results::Owned>(results, |mut results, _| {
                    results.set_text(&said);
                    Ok(())
                })
            }),
            1 => Ok(build::<thing::next_results::Owned>(
                results,
                |mut results, _| {
                    results.set_number(number);
                    Ok(())
                },
            )),
            2 => {
                let running = self.running.clone();
                return Box::pin(async move {
                    let _running = running.enter();
                    std::future::pending().await
                });
            }
            _ => return no_such_method(&THING, interface_id, method_id),
        };
        Box::pin(std::future::ready(done))
    }
}

struct Sink {
    takes: Duration,
    count: Arc<AtomicU32>,
    items: Gauge,
}

impl Skeleton for Sink {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        &SINK
    }

    fn call(&self, _: Context, interface_id: u64, method_id: u16, params: Incoming) -> CallFuture {
        let (takes, count, items) = (self.takes, Arc::clone(&self.count), self.items.clone());
        Box::pin(async move {
            let results = Outgoing::results(8);
            match method_id {
                0 => {
                    let empty = read::<sink::put_params::Owned, _>(&params, |params, _| {
                        Ok(params.get_data()?.is_empty())
                    })?;
                    if !takes.is_zero() {
                        tokio::time::sleep(takes).await;
                    }
                    if empty {
                        return Err(Status::invalid_argument("an empty item"));
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    items.count();
                    Ok(results)
                }
                1 => Ok(build::<sink::end_results::Owned>(
                    results,
                    |mut results, _| {
                        results.set_count(count.load(Ordering::Relaxed));
                        Ok(())
                    },
                )),
                _ => no_such_method(&SINK, interface_id, method_id).await,
            }
        })
    }
}
