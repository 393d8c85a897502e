//! The calling side of a channel.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::outbox::Outbox;
use super::{BeginError, MAX_CAPABILITIES, RemoteError, RpcError};
use crate::message::{
    BOOTSTRAP_QUESTION, ExceptionKind, Incoming, Kind, MAX_MESSAGE, Message, Outgoing,
};
use crate::rpc::envelope::{
    Body, Call, Cap, Envelope, Holder, Outcome, Return, Target, Unimplemented,
};
use crate::rpc::reason::{self, Code};

/// Most calls without an answer. A service that never answers would otherwise grow the table of its caller.
pub const MAX_QUESTIONS: usize = 65_536;

/// The calling side of a channel.
///
/// Calls go out at once, addressed to the promised answer of Bootstrap: there is no round trip before the first.
#[derive(Debug)]
pub struct Client {
    /// By question ID; the first is Bootstrap.
    slots: Vec<Slot>,
    /// A free slot; each names the next.
    free: Option<u32>,
    outstanding: usize,
    /// Serial number of the next question.
    next_serial: u32,
    bootstrap: Bootstrap,
    completions: VecDeque<Completion>,
    outbox: Outbox,
}

#[derive(Debug)]
enum Bootstrap {
    Asked,
    Answered,
    Refused(RemoteError),
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    /// Not for calls.
    Bootstrap,
    Waiting {
        serial: u32,
    },
    /// Finish is sent; the ID is not free before Return.
    Cancelled,
    /// Completed because the service was refused; Return is still due and may want a Finish.
    Refused,
    Free {
        next: Option<u32>,
    },
}

/// A call that was begun. Dead once the call completed or was cancelled; a later call never has the same.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct QuestionId {
    id: u32,
    serial: u32,
}

impl QuestionId {
    /// Index of the call in the question table. Dense and reused, for tables that go along with it.
    pub fn index(self) -> usize {
        usize::try_from(self.id).unwrap_or(usize::MAX)
    }
}

/// A call that ended.
#[derive(Debug)]
pub struct Completion {
    /// The call.
    pub question: QuestionId,
    /// Its results, or why there are none.
    pub outcome: Result<Incoming, RemoteError>,
}

impl Client {
    /// A client at the start of a channel, and the Bootstrap to send first.
    pub fn new() -> (Self, Outgoing) {
        let client = Self {
            slots: Vec::from([Slot::Bootstrap]),
            free: None,
            outstanding: 0,
            next_serial: 0,
            bootstrap: Bootstrap::Asked,
            completions: VecDeque::new(),
            outbox: Outbox::default(),
        };
        (client, Outgoing::bootstrap())
    }

    /// Begins a call: gives it its ID. Send it next, or [`retract`](Self::retract) it.
    ///
    /// # Errors
    ///
    /// [`BeginError`]; the call must not be sent then.
    pub fn begin(&mut self, call: &mut Outgoing) -> Result<QuestionId, BeginError> {
        self.outbox.check().map_err(BeginError::Failed)?;
        if let Bootstrap::Refused(error) = &self.bootstrap {
            return Err(BeginError::Refused(error.clone()));
        }
        if call.kind() != Kind::Call {
            return Err(BeginError::NotACall);
        }
        let bytes = call.len_bytes();
        if bytes > MAX_MESSAGE {
            return Err(BeginError::TooLarge { bytes });
        }
        let serial = self.next_serial;
        let slot = Slot::Waiting { serial };
        let id = match self.free {
            Some(id) => {
                if let Some(place) = self.slot_mut(id)
                    && let Slot::Free { next } = core::mem::replace(place, slot)
                {
                    self.free = next;
                }
                id
            }
            None => {
                if self.slots.len() > MAX_QUESTIONS {
                    return Err(BeginError::TooManyCalls);
                }
                let Ok(id) = u32::try_from(self.slots.len()) else {
                    return Err(BeginError::TooManyCalls);
                };
                self.slots.push(slot);
                id
            }
        };
        self.next_serial = serial.wrapping_add(1);
        self.outstanding = self.outstanding.saturating_add(1);
        call.set_id(id);
        Ok(QuestionId { id, serial })
    }

    /// Gives up a call and gives the Finish to send; `None` if it completed already. It has no completion then, and its ID is
    /// free again only once the peer has answered.
    pub fn cancel(&mut self, question: QuestionId) -> Option<Outgoing> {
        if !self.is_waiting(question) || self.outbox.has_failed() {
            return None;
        }
        self.set_slot(question.id, Slot::Cancelled);
        self.outstanding = self.outstanding.saturating_sub(1);
        Some(Outgoing::finish(question.id))
    }

    /// Forgets a call that was begun but never sent.
    pub fn retract(&mut self, question: QuestionId) {
        if self.is_waiting(question) {
            self.outstanding = self.outstanding.saturating_sub(1);
            self.free(question.id);
        }
    }

    /// Takes the next message of the server. A message ends at most one call, but for the refusal of the service, which ends all:
    /// [`poll_completion`](Self::poll_completion) gives the others.
    ///
    /// # Errors
    ///
    /// [`RpcError`] if the channel cannot go on; no call gets a completion any more. [`poll_outgoing`](Self::poll_outgoing) then
    /// gives at most an Abort, and every later message fails alike.
    pub fn handle(&mut self, message: Message) -> Result<Option<Completion>, RpcError> {
        self.outbox.check()?;
        let envelope = message.envelope();
        match self.step(&message, envelope) {
            Ok(Some((question, outcome))) => Ok(Some(Completion {
                question,
                outcome: outcome.map(|()| Incoming::received(message, Holder::Results, envelope)),
            })),
            Ok(None) => Ok(self.completions.pop_front()),
            Err(error) => {
                self.outbox.fail(&error);
                Err(error)
            }
        }
    }

    /// The next of several calls that one message ended.
    pub fn poll_completion(&mut self) -> Option<Completion> {
        self.completions.pop_front()
    }

    /// The next message to send that neither [`begin`](Self::begin) nor [`cancel`](Self::cancel) gave.
    pub fn poll_outgoing(&mut self) -> Option<Outgoing> {
        self.outbox.pop()
    }

    /// Calls that wait for their completion.
    pub fn outstanding(&self) -> usize {
        self.outstanding
    }

    /// Whether no message should be handed in before [`poll_outgoing`](Self::poll_outgoing) made room.
    pub fn is_full(&self) -> bool {
        self.outbox.is_full()
    }

    fn step(
        &mut self,
        message: &Message,
        envelope: Option<Envelope>,
    ) -> Result<Option<Ended>, RpcError> {
        if let Some(answer) = envelope.and_then(Envelope::answer) {
            return self.answered(answer);
        }
        match Body::read(&message.reader())? {
            Body::Return(answer) => return self.answered(answer),
            Body::Unimplemented(Unimplemented::Call { question }) => {
                return self.unimplemented(question);
            }
            Body::Unimplemented(Unimplemented::Bootstrap {
                question: BOOTSTRAP_QUESTION,
            }) if matches!(self.bootstrap, Bootstrap::Asked) => {
                self.refused(RemoteError::NoService)?;
            }
            Body::Unimplemented(_) => return Err(RpcError::NotImplemented),
            Body::Bootstrap { question } => self.refuse(question, "this side has no service")?,
            Body::Call(call) => self.called(&call)?,
            // Nothing that is answered here outlives its Return.
            Body::Finish { .. } => {}
            Body::Release { id, .. } => return Err(RpcError::UnknownExport { export: id }),
            Body::Loopback => return Err(RpcError::UnexpectedDisembargo),
            Body::Abort(exception) => {
                return Err(RpcError::Aborted {
                    kind: exception.kind,
                    reason: exception.reason,
                });
            }
            Body::Other => self.outbox.unimplemented(message)?,
        }
        Ok(None)
    }

    fn answered(&mut self, answer: Return<'_>) -> Result<Option<Ended>, RpcError> {
        let id = answer.answer;
        match self.slot(id) {
            Some(Slot::Bootstrap) if matches!(self.bootstrap, Bootstrap::Asked) => {
                self.bootstrapped(answer)?;
                Ok(None)
            }
            Some(Slot::Waiting { serial }) => {
                let no_finish_needed = answer.no_finish_needed;
                let outcome = self.outcome(answer)?;
                if !no_finish_needed {
                    self.outbox.push(Outgoing::finish(id))?;
                }
                self.outstanding = self.outstanding.saturating_sub(1);
                self.free(id);
                Ok(Some((QuestionId { id, serial }, outcome)))
            }
            Some(Slot::Cancelled) => {
                if let Outcome::Other(sort) = answer.outcome {
                    return Err(RpcError::UnexpectedReturn { sort });
                }
                // The Finish that was sent released the capabilities of the results.
                self.free(id);
                Ok(None)
            }
            Some(Slot::Refused) => {
                let no_finish_needed = answer.no_finish_needed;
                let _ = self.outcome(answer)?;
                if !no_finish_needed {
                    self.outbox.push(Outgoing::finish(id))?;
                }
                self.free(id);
                Ok(None)
            }
            _ => Err(RpcError::UnknownQuestion { question: id }),
        }
    }

    /// What a Return means for its caller. Releases capabilities that no Finish will release.
    fn outcome(&mut self, answer: Return<'_>) -> Result<Result<(), RemoteError>, RpcError> {
        match answer.outcome {
            Outcome::Results(caps) => {
                if caps.len() > MAX_CAPABILITIES {
                    return Err(RpcError::TooManyCapabilities { count: caps.len() });
                }
                if answer.no_finish_needed {
                    for cap in caps.iter() {
                        if let Cap::Export(export) = cap {
                            self.outbox.push(Outgoing::release(export, 1))?;
                        }
                    }
                }
                Ok(Ok(()))
            }
            Outcome::Exception(exception) => Ok(Err(RemoteError::Exception {
                kind: exception.kind,
                reason: exception.reason,
            })),
            Outcome::Canceled => Ok(Err(RemoteError::Canceled)),
            // Only calls that ask for it, or tail calls, return elsewhere; there are none.
            Outcome::Other(sort) => Err(RpcError::UnexpectedReturn { sort }),
        }
    }

    fn bootstrapped(&mut self, answer: Return<'_>) -> Result<(), RpcError> {
        let forgotten = answer.no_finish_needed;
        match self.outcome(answer)? {
            // An answer that the peer forgot cannot be called.
            Ok(()) if forgotten => self.refused(RemoteError::NoService),
            Ok(()) => {
                self.bootstrap = Bootstrap::Answered;
                Ok(())
            }
            Err(error) => {
                if !forgotten {
                    self.outbox.push(Outgoing::finish(BOOTSTRAP_QUESTION))?;
                }
                self.refused(error)
            }
        }
    }

    /// Fails every call: there is no service to answer them.
    fn refused(&mut self, error: RemoteError) -> Result<(), RpcError> {
        for (id, slot) in (0..).zip(&mut self.slots) {
            if let Slot::Waiting { serial } = *slot {
                *slot = Slot::Refused;
                self.completions.push_back(Completion {
                    question: QuestionId { id, serial },
                    outcome: Err(error.clone()),
                });
            }
        }
        self.outstanding = 0;
        self.bootstrap = Bootstrap::Refused(error);
        Ok(())
    }

    /// The peer sent a Call back: it has no answer for it and will not return.
    fn unimplemented(&mut self, id: u32) -> Result<Option<Ended>, RpcError> {
        match self.slot(id) {
            Some(Slot::Waiting { serial }) => {
                self.outstanding = self.outstanding.saturating_sub(1);
                self.free(id);
                Ok(Some((
                    QuestionId { id, serial },
                    Err(RemoteError::Unimplemented),
                )))
            }
            Some(Slot::Cancelled | Slot::Refused) => {
                self.free(id);
                Ok(None)
            }
            _ => Err(RpcError::UnknownQuestion { question: id }),
        }
    }

    /// The peer calls, though it was given nothing to call.
    fn called(&mut self, call: &Call<'_>) -> Result<(), RpcError> {
        match call.target {
            Target::Imported(export) => Err(RpcError::UnknownExport { export }),
            Target::Answer { .. } | Target::Unknown => {
                self.refuse(call.question, "this side has no service")
            }
        }
    }

    fn refuse(&mut self, id: u32, message: &str) -> Result<(), RpcError> {
        let reason = reason::encode(Code::Unimplemented, None, message);
        let mut out = Outgoing::exception(ExceptionKind::Unimplemented, &reason);
        out.set_id(id);
        self.outbox.push(out)
    }

    fn is_waiting(&self, question: QuestionId) -> bool {
        matches!(self.slot(question.id), Some(Slot::Waiting { serial }) if serial == question.serial)
    }

    fn slot(&self, id: u32) -> Option<Slot> {
        self.slots.get(usize::try_from(id).ok()?).copied()
    }

    fn slot_mut(&mut self, id: u32) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(id).ok()?)
    }

    fn set_slot(&mut self, id: u32, slot: Slot) {
        if let Some(place) = self.slot_mut(id) {
            *place = slot;
        }
    }

    fn free(&mut self, id: u32) {
        let next = self.free.replace(id);
        self.set_slot(id, Slot::Free { next });
    }
}

/// A call that ended, before its message is attached.
type Ended = (QuestionId, Result<(), RemoteError>);
