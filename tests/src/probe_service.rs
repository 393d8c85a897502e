//! [`TestProbe`]: the service behind `probe.capnp`.

use std::{
    io::{Cursor, Read},
    time::Duration,
};

use bytes::Bytes;
use dsoftbus::{
    Code, Context, Result, Status,
    bulk::{VmoHandle, VmoSource},
    store::Digest,
};

use crate::{Gauge, Probe, probe};

/// Does what a call asks it to, and counts the handlers that run.
#[derive(Clone, Debug, Default, dsoftbus::Service)]
#[service(crate::Probe)]
pub struct TestProbe {
    /// Handlers of `wait` and `hang` that have started and neither ended nor were dropped.
    pub running: Gauge,
    /// Handlers of `make` that were started, ever.
    pub made: Gauge,
}

/// Every code of a status, by its number in a call of `fail`.
pub const CODES: [Code; 16] = Code::ALL;

/// The payload that `offer` offers: `size` bytes that differ.
#[must_use]
pub fn payload(size: usize) -> Bytes {
    (0..size).map(|i| (i % 251) as u8).collect()
}

impl Probe for TestProbe {
    async fn echo(&self, _cx: &Context, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    async fn blob(&self, _cx: &Context, data: &[u8]) -> Result<Vec<u8>> {
        Ok(data.to_vec())
    }

    async fn make(&self, _cx: &Context, size: u32) -> Result<Vec<u8>> {
        self.made.count();
        Ok(vec![7; size as usize])
    }

    async fn make_after(&self, _cx: &Context, size: u32, millis: u32) -> Result<Vec<u8>> {
        tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        Ok(vec![7; size as usize])
    }

    async fn wait(&self, _cx: &Context, millis: u32) -> Result<()> {
        let _running = self.running.enter();
        tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        Ok(())
    }

    async fn hang(&self, _cx: &Context) -> Result<()> {
        let _running = self.running.enter();
        std::future::pending().await
    }

    async fn fail(&self, _cx: &Context, code: u16, message: &str) -> Result<()> {
        Err(Status::new(CODES[usize::from(code)], message.to_owned()))
    }

    async fn refuse(&self, _cx: &Context, which: u16) -> Result<()> {
        Err(match which {
            0 => probe::Error::NoSuchThing.into(),
            1 => probe::Error::TooLate.into(),
            _ => probe::Error::Mystery.into(),
        })
    }

    async fn panic(&self, _cx: &Context) -> Result<()> {
        tokio::task::yield_now().await;
        panic!("as asked");
    }

    async fn panic_at_once(&self, _cx: &Context) -> Result<()> {
        panic!("as asked");
    }

    async fn caller(&self, cx: &Context) -> Result<String> {
        Ok(cx
            .peer()
            .map_or_else(|| "nobody".to_owned(), |device| device.to_string()))
    }

    async fn take(&self, cx: &Context, handle: u64) -> Result<probe::TakeResults> {
        let vmo = cx.take_vmo(VmoHandle::from_raw(handle))?;
        Ok(probe::TakeResults {
            digest: vmo.digest.as_bytes().to_vec(),
            length: vmo.len,
        })
    }

    async fn offer(&self, cx: &Context, size: u32) -> Result<u64> {
        Ok(cx.offer_vmo(payload(size as usize))?.to_raw())
    }

    async fn offer_wrong(&self, cx: &Context, size: u32) -> Result<u64> {
        Ok(cx.offer_vmo(Wrong(size))?.to_raw())
    }
}

/// A payload that is not what its digest says.
struct Wrong(u32);

impl VmoSource for Wrong {
    fn digest(&self) -> Digest {
        Digest::of(b"something else")
    }

    fn len(&self) -> u64 {
        u64::from(self.0)
    }

    fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(payload(self.0 as usize))))
    }
}
