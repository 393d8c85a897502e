//! [`Meter`]: counts what completes within the window, and what it cost.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{Options, Result, cpu};

/// Time before the window, in which nothing counts: connections, caches and buffers find their size.
const WARM_UP: Duration = Duration::from_millis(300);

/// Length of the payload that goes before the measured one.
pub const WARM_UP_BYTES: usize = 16 << 20;

/// Latencies that fit without growing the list: growing would be measured.
const LATENCIES: usize = 4 << 20;

/// Time and CPU time of both processes at one instant.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    at: Instant,
    client: Duration,
    server: Option<Duration>,
}

impl Snapshot {
    /// Reads the clocks.
    ///
    /// # Errors
    ///
    /// When the server is gone.
    pub fn take(options: &Options) -> Result<Self> {
        Ok(Self {
            at: Instant::now(),
            client: cpu::own()?,
            server: options.server_pid.map(cpu::of).transpose()?,
        })
    }

    /// Seconds since `first`: on the clock, of the client's CPU, of the server's.
    fn since(&self, first: &Self) -> (f64, f64, Option<f64>) {
        (
            (self.at - first.at).as_secs_f64(),
            (self.client - first.client).as_secs_f64(),
            self.server
                .zip(first.server)
                .map(|(last, first)| (last - first).as_secs_f64()),
        )
    }
}

/// Counts what completes within the window, and what it cost.
#[derive(Debug)]
pub struct Meter<'a> {
    options: &'a Options,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    start: Instant,
    first: Option<Snapshot>,
    last: Option<Snapshot>,
    nanoseconds: Vec<u32>,
}

impl<'a> Meter<'a> {
    /// A meter whose warm-up begins now.
    pub fn new(options: &'a Options) -> Self {
        Self {
            options,
            state: Mutex::new(State {
                start: Instant::now() + WARM_UP,
                first: None,
                last: None,
                nanoseconds: Vec::with_capacity(LATENCIES),
            }),
        }
    }

    /// Counts operations that follow each other without a gap.
    pub fn laps(&self) -> Laps<'_> {
        Laps {
            meter: self,
            from: None,
        }
    }

    /// Counts an operation that ran from `from` to `to`; `false` when the measurement is over.
    pub(crate) fn record(&self, from: Instant, to: Instant) -> Result<bool> {
        let mut state = self.state();
        if state.last.is_some() {
            return Ok(false);
        }
        let Some(first) = state.first else {
            if to >= state.start {
                state.first = Some(Snapshot::take(self.options)?);
            }
            return Ok(true);
        };
        let taken = u32::try_from((to - from).as_nanos()).unwrap_or(u32::MAX);
        state.nanoseconds.push(taken);
        if to >= first.at + self.options.window {
            state.last = Some(Snapshot::take(self.options)?);
            return Ok(false);
        }
        Ok(true)
    }

    /// Prints the rate under the name `<what>_per_s`, latencies, and CPU time per operation.
    ///
    /// # Errors
    ///
    /// When the measurement did not come to its end.
    pub fn report(&self, what: &str) -> Result<()> {
        let mut state = self.state();
        let (Some(first), Some(last)) = (state.first, state.last) else {
            return Err("the measurement was cut short".into());
        };
        let operations = state.nanoseconds.len() as f64;
        let (seconds, client, server) = last.since(&first);
        let emit = |metric: &str, value, unit| self.options.emit(metric, value, unit);
        emit(&format!("{what}_per_s"), operations / seconds, "1/s");
        state.nanoseconds.sort_unstable();
        for (metric, share) in [("p50", 0.5), ("p99", 0.99)] {
            emit(metric, rank(&state.nanoseconds, share)?, "us");
        }
        emit("client_cpu", client / operations * 1e6, "us/op");
        if let Some(server) = server {
            emit("server_cpu", server / operations * 1e6, "us/op");
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The latency in microseconds that a share of all, which are nanoseconds in order, stays below.
pub(crate) fn rank(sorted: &[u32], share: f64) -> Result<f64> {
    let rank = (sorted.len() as f64 * share) as usize;
    let taken = sorted.get(rank).or_else(|| sorted.last());
    Ok(f64::from(*taken.ok_or("nothing measured")?) / 1e3)
}

/// Operations of which each begins when the one before it has ended: `while laps.go_on()? { operation }`.
#[derive(Debug)]
pub struct Laps<'a> {
    meter: &'a Meter<'a>,
    from: Option<Instant>,
}

impl Laps<'_> {
    /// Counts the operation that has just ended, if there was one; `false` when the measurement is over.
    ///
    /// # Errors
    ///
    /// When the server is gone.
    pub fn go_on(&mut self) -> Result<bool> {
        let to = Instant::now();
        match self.from.replace(to) {
            Some(from) => self.meter.record(from, to),
            None => Ok(true),
        }
    }
}

/// Prints throughput and CPU time of one payload.
pub fn report_bulk(options: &Options, first: &Snapshot, last: &Snapshot) {
    let bytes = options.bytes as f64;
    let gib = bytes / f64::from(1 << 30);
    let (seconds, client, server) = last.since(first);
    options.emit("throughput", bytes / 1e6 / seconds, "MB/s");
    options.emit("client_cpu", client / gib, "s/GiB");
    if let Some(server) = server {
        options.emit("server_cpu", server / gib, "s/GiB");
    }
}

/// Prints what the sessions of a measurement added to the resident memory of the server; before and after in KiB.
pub fn report_memory(options: &Options, before: f64, after: f64) {
    let each = (after - before) / options.conns as f64;
    options.emit("server_rss_per_1000", each * 1_000.0 / 1_024.0, "MiB");
    options.emit("server_rss_total", after / 1_024.0, "MiB");
}
