//! Level 1 channels inside the session: where the wire and the vat thread meet.

use std::sync::Arc;

use dsoftbus_proto::{frame::Mode, message::Message};
use tokio::time::Instant;

use super::{Channel, Session, Work, stream::Stream};
use crate::{
    ChannelError, Result, Status,
    vat::{Import, Inbound, Link},
};

/// State of a level 1 channel, inside the session's lock. What its messages mean is known on the vat thread only.
pub(crate) struct VatSide {
    link: Arc<Link>,
    stream: Stream,
}

impl VatSide {
    pub(super) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            stream: Stream::default(),
        }
    }

    /// Where the bytes of a bytes-mode channel become messages.
    pub(super) fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Bytes of messages that the thread has not taken.
    pub(super) fn waiting_bytes(&self) -> usize {
        self.link.waiting()
    }

    pub(super) fn accepted(&self, work: &mut Work) {
        work.wakers.extend(self.link.accepted());
    }

    pub(super) fn receive(
        &self,
        message: Message,
        deadline: Option<Instant>,
        cost: u32,
        work: &mut Work,
    ) {
        self.link.receive(Inbound {
            message,
            deadline,
            cost,
        });
        work.notify(&self.link);
    }

    /// Nothing more comes.
    pub(super) fn end(&self, error: ChannelError, status: Status, work: &mut Work) {
        work.wakers.extend(self.link.end(error, status));
        work.notify(&self.link);
    }
}

impl Session {
    /// Opens a level 1 channel and waits until the peer accepts it; returns its service.
    pub(crate) async fn open_vat(
        self: &Arc<Self>,
        channel: u16,
        interface_id: u64,
        mode: Mode,
    ) -> Result<Import, ChannelError> {
        let (service, link) = self.begin_vat(channel, interface_id, mode)?;
        link.opened().await?;
        Ok(service)
    }

    /// Opens a level 1 channel. What the peer says to it shows in the calls.
    pub(crate) fn opening_vat(
        self: &Arc<Self>,
        channel: u16,
        interface_id: u64,
        mode: Mode,
    ) -> Result<Import, ChannelError> {
        Ok(self.begin_vat(channel, interface_id, mode)?.0)
    }

    fn begin_vat(
        self: &Arc<Self>,
        channel: u16,
        interface_id: u64,
        mode: Mode,
    ) -> Result<(Import, Arc<Link>), ChannelError> {
        let link = self.host().vats.link().map_err(|error| {
            tracing::error!(%error, "a level 1 channel cannot be opened");
            ChannelError::Exhausted
        })?;
        let side = VatSide::new(Arc::clone(&link));
        let key = self
            .core()
            .open(channel, interface_id, mode, &[], |_| Channel::Vat(side))?;
        // Closes the channel again should nobody wait for it any more.
        let service = link.open(Arc::clone(self), key);
        self.wake_driver();
        Ok((service, link))
    }
}
