//! Calls beside a bulk transfer in the same session: what the transfer costs them, and what they cost it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use dsoftbus::{Announcement, Peer, store::Digest};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use crate::{
    Options, Result,
    load::{Service, call, connect, node, payload},
    meter::{WARM_UP_BYTES, rank},
};

/// Time between the calls of a worker. Calls without a pause would take the CPU from the transfer whatever the session does.
const PACE: Duration = Duration::from_millis(1);

/// Measures calls alone, a transfer alone, and both at once; prints latencies, throughput, and how many times alone they are beside each other.
pub(crate) async fn beside(options: &'static Options, server: &Announcement) -> Result<()> {
    let payload = payload(usize::try_from(options.bytes)?);
    let digest = Digest::of(&payload);
    let peer = connect(&node(0, options).await?, server).await?;
    let service = Service::open(&peer, options).await?;
    let transfer = || push(&peer, digest, payload.clone());
    peer.push_bytes(payload.slice(..WARM_UP_BYTES.min(payload.len())))
        .await?;

    let calls = Calls::start(&service, options.concurrency);
    tokio::time::sleep(options.window).await;
    let alone = calls.end().await?;
    let bulk_alone = transfer().await?;
    let calls = Calls::start(&service, options.concurrency);
    let bulk_beside = transfer().await?;
    let beside = calls.end().await?;

    let emit = |metric: &str, value: f64, unit: &str| options.emit(metric, value, unit);
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (alone, beside) = (rank(&alone, share)?, rank(&beside, share)?);
        emit(&format!("{name}_alone"), alone, "us");
        emit(&format!("{name}_beside"), beside, "us");
        emit(&format!("{name}_ratio"), beside / alone, "");
    }
    let rate = |taken: Duration| options.bytes as f64 / 1e6 / taken.as_secs_f64();
    emit("throughput_alone", rate(bulk_alone), "MB/s");
    emit("throughput_beside", rate(bulk_beside), "MB/s");
    emit("throughput_ratio", rate(bulk_beside) / rate(bulk_alone), "");
    Ok(())
}

async fn push(peer: &Peer, digest: Digest, payload: Bytes) -> Result<Duration> {
    let start = Instant::now();
    peer.push_digested(digest, payload).await?;
    Ok(start.elapsed())
}

/// Calls that go on until they are told to end.
struct Calls {
    over: Arc<AtomicBool>,
    workers: JoinSet<Result<Vec<u32>>>,
}

impl Calls {
    fn start(service: &Service, concurrency: usize) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for _ in 0..concurrency {
            let (service, over) = (service.clone(), Arc::clone(&over));
            workers.spawn(async move {
                let mut nanoseconds = Vec::new();
                let mut pace = tokio::time::interval(PACE);
                pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
                while !over.load(Ordering::Relaxed) {
                    pace.tick().await;
                    let start = Instant::now();
                    call(&service).await?;
                    nanoseconds.push(u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX));
                }
                Ok(nanoseconds)
            });
        }
        Self { over, workers }
    }

    /// The latencies of all of them, in nanoseconds, in order.
    async fn end(mut self) -> Result<Vec<u32>> {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        while let Some(worker) = self.workers.join_next().await {
            all.append(&mut worker??);
        }
        all.sort_unstable();
        Ok(all)
    }
}
