//! The serving side of a channel.

use alloc::format;

use super::answers::{Answer, Answers};
use super::outbox::Outbox;
use super::{MAX_CAPABILITIES, RpcError};
use crate::message::{Incoming, Kind, MAX_MESSAGE, Message, Outgoing};
use crate::rpc::envelope::{Body, Call, Envelope, Holder, Target};
use crate::rpc::reason::{self, Code};

/// Calls in flight at which a server is full and its channel is no longer read. A call holds its parameters and a task; without a
/// bound a peer could start any number of calls that never end.
pub const MAX_IN_FLIGHT: usize = 256;

/// Most unfinished Bootstraps. A client needs one; each holds an answer until its Finish.
pub const MAX_BOOTSTRAPS: usize = 4;

/// The one capability that a server exports: its service.
const SERVICE: u32 = 0;

/// The serving side of a channel.
///
/// Calls may be answered in any order. A call counts as in flight until [`reply`](Self::reply), also after it was cancelled: its
/// handler may still be running.
#[derive(Debug, Default)]
pub struct Server {
    answers: Answers,
    in_flight: usize,
    bootstraps: usize,
    /// References of [`SERVICE`] that the peer holds, without those of unfinished Bootstraps that it may release by Finish.
    references: u32,
    next_serial: u32,
    outbox: Outbox,
}

/// A call that has to be answered. Each is good for one reply.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct AnswerId {
    id: u32,
    serial: u32,
}

impl AnswerId {
    /// Index of the call in the peer's question table. Peers number densely, from 0: the highest of late says about how many calls
    /// they keep in flight.
    pub fn index(self) -> usize {
        usize::try_from(self.id).unwrap_or(usize::MAX)
    }
}

/// What a message means for those who serve the calls.
#[derive(Debug)]
pub enum Inbound {
    /// A call to be answered by [`Server::reply`].
    Call {
        /// Names the call.
        answer: AnswerId,
        /// The interface that the caller means; not checked.
        interface_id: u64,
        /// Ordinal of the method; not checked.
        method_id: u16,
        /// The parameters.
        params: Incoming,
    },
    /// The caller gave up. The handler may stop; the call still takes a reply, whatever it says.
    Cancel {
        /// The call.
        answer: AnswerId,
    },
}

/// An [`Inbound`] that does not own its message yet.
enum Step {
    Call {
        answer: AnswerId,
        interface_id: u64,
        method_id: u16,
    },
    Cancel {
        answer: AnswerId,
    },
}

impl Server {
    /// A server at the start of a channel.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next message of the client.
    ///
    /// # Errors
    ///
    /// [`RpcError`] if the channel cannot go on; [`poll_outgoing`](Self::poll_outgoing) then gives at most an Abort, and every later
    /// message fails alike.
    pub fn handle(&mut self, message: Message) -> Result<Option<Inbound>, RpcError> {
        self.outbox.check()?;
        let envelope = message.envelope();
        let step = match self.step(&message, envelope) {
            Ok(step) => step,
            Err(error) => {
                self.outbox.fail(&error);
                return Err(error);
            }
        };
        Ok(step.map(|step| match step {
            Step::Call {
                answer,
                interface_id,
                method_id,
            } => Inbound::Call {
                answer,
                interface_id,
                method_id,
                params: Incoming::received(message, Holder::Call, envelope),
            },
            Step::Cancel { answer } => Inbound::Cancel { answer },
        }))
    }

    /// Answers a call with `out`, results or an exception, and gives the message to send: `out` under the ID of the call, or
    /// another Return if the call was cancelled or `out` is too large.
    ///
    /// `None` if the call was answered before or the channel has failed.
    pub fn reply(&mut self, answer: AnswerId, out: Outgoing) -> Option<Outgoing> {
        if self.outbox.has_failed() {
            return None;
        }
        let mut out = match self.answers.get(answer.id)? {
            Answer::Running { serial } if serial == answer.serial => fit(out),
            Answer::Cancelled { serial } if serial == answer.serial => Outgoing::canceled(),
            _ => return None,
        };
        self.answers.remove(answer.id);
        self.in_flight = self.in_flight.saturating_sub(1);
        out.set_id(answer.id);
        Some(out)
    }

    /// The next message to send that no call of [`reply`](Self::reply) gave.
    pub fn poll_outgoing(&mut self) -> Option<Outgoing> {
        self.outbox.pop()
    }

    /// Whether a call still wants its results: it was neither answered nor cancelled.
    pub fn is_running(&self, answer: AnswerId) -> bool {
        matches!(self.answers.get(answer.id), Some(Answer::Running { serial }) if serial == answer.serial)
    }

    /// Calls that wait for their reply.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Whether no message should be handed in for now: [`MAX_IN_FLIGHT`] calls wait for their reply, or
    /// [`MAX_OUTBOX`](super::MAX_OUTBOX) messages to be sent.
    ///
    /// Reading on would be wrong only for memory. What [ends a running call](Self::ends_running_call) may be handed in all the same.
    pub fn is_full(&self) -> bool {
        self.in_flight >= MAX_IN_FLIGHT || self.outbox.is_full()
    }

    /// Whether `message` ends a call that runs. It makes room, so it should not wait for room behind calls that do.
    pub fn ends_running_call(&self, message: &Message) -> bool {
        match Body::read(&message.reader()) {
            Ok(Body::Finish { question, .. }) => {
                matches!(self.answers.get(question), Some(Answer::Running { .. }))
            }
            _ => false,
        }
    }

    fn step(
        &mut self,
        message: &Message,
        envelope: Option<Envelope>,
    ) -> Result<Option<Step>, RpcError> {
        if let Some(call) = envelope.and_then(Envelope::call) {
            return self.call(&call);
        }
        match Body::read(&message.reader())? {
            Body::Call(call) => return self.call(&call),
            Body::Finish {
                question,
                release_result_caps,
            } => return self.finish(question, release_result_caps),
            Body::Bootstrap { question } => self.bootstrap(question)?,
            Body::Release { id, count } => self.release(id, count)?,
            // A server asks no questions and lifts no embargo.
            Body::Return(answer) => {
                return Err(RpcError::UnknownQuestion {
                    question: answer.answer,
                });
            }
            Body::Loopback => return Err(RpcError::UnexpectedDisembargo),
            Body::Unimplemented(_) => return Err(RpcError::NotImplemented),
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

    fn call(&mut self, call: &Call<'_>) -> Result<Option<Step>, RpcError> {
        let id = call.question;
        if self.answers.get(id).is_some() {
            return Err(RpcError::QuestionInUse { question: id });
        }
        if call.caps.len() > MAX_CAPABILITIES {
            return Err(RpcError::TooManyCapabilities {
                count: call.caps.len(),
            });
        }
        if !call.results_to_caller {
            return self.refuse(id, Code::Unimplemented, "results can only go to the caller");
        }
        match call.target {
            Target::Imported(SERVICE) if self.references > 0 => {}
            Target::Imported(export) => return Err(RpcError::UnknownExport { export }),
            Target::Answer { question, noop } => match self.answers.get(question) {
                Some(Answer::Bootstrap) if noop => {}
                Some(Answer::Bootstrap) => {
                    return self.refuse(id, Code::InvalidArgument, "the service has no fields");
                }
                // An answer that was given is forgotten, as noFinishNeeded says, while calls to it may be on their way.
                _ => {
                    return self.refuse(
                        id,
                        Code::InvalidArgument,
                        "the answer holds no capability",
                    );
                }
            },
            Target::Unknown => return self.refuse(id, Code::Unimplemented, "unknown call target"),
        }
        if self.in_flight >= MAX_IN_FLIGHT.saturating_mul(2) {
            return Err(RpcError::TooManyCalls);
        }
        let serial = self.next_serial;
        self.next_serial = serial.wrapping_add(1);
        self.answers.set(id, Answer::Running { serial });
        self.in_flight = self.in_flight.saturating_add(1);
        Ok(Some(Step::Call {
            answer: AnswerId { id, serial },
            interface_id: call.interface_id,
            method_id: call.method_id,
        }))
    }

    fn refuse(&mut self, id: u32, code: Code, message: &str) -> Result<Option<Step>, RpcError> {
        let mut out = failure(code, message);
        out.set_id(id);
        self.outbox.push(out)?;
        Ok(None)
    }

    fn finish(&mut self, id: u32, release_result_caps: bool) -> Result<Option<Step>, RpcError> {
        match self.answers.get(id) {
            Some(Answer::Running { serial }) => {
                self.answers.set(id, Answer::Cancelled { serial });
                return Ok(Some(Step::Cancel {
                    answer: AnswerId { id, serial },
                }));
            }
            Some(Answer::Bootstrap) => {
                self.answers.remove(id);
                self.bootstraps = self.bootstraps.saturating_sub(1);
                if release_result_caps {
                    self.release(SERVICE, 1)?;
                }
            }
            // A second Finish, or one that crossed the Return.
            Some(Answer::Cancelled { .. }) | None => {}
        }
        Ok(None)
    }

    fn bootstrap(&mut self, id: u32) -> Result<(), RpcError> {
        if self.answers.get(id).is_some() {
            return Err(RpcError::QuestionInUse { question: id });
        }
        if self.bootstraps >= MAX_BOOTSTRAPS {
            return Err(RpcError::TooManyBootstraps);
        }
        self.references = self
            .references
            .checked_add(1)
            .ok_or(RpcError::TooManyReferences { export: SERVICE })?;
        self.bootstraps = self.bootstraps.saturating_add(1);
        self.answers.set(id, Answer::Bootstrap);
        self.outbox.push(Outgoing::bootstrap_return(id))
    }

    fn release(&mut self, id: u32, count: u32) -> Result<(), RpcError> {
        if id != SERVICE {
            return Err(RpcError::UnknownExport { export: id });
        }
        self.references = self
            .references
            .checked_sub(count)
            .ok_or(RpcError::ReleaseUnderflow { export: id })?;
        Ok(())
    }
}

/// Replaces what cannot be sent as a Return by a failure that says so.
fn fit(out: Outgoing) -> Outgoing {
    if !matches!(out.kind(), Kind::Results | Kind::Failure) {
        return failure(Code::Internal, "the service did not answer with results");
    }
    let bytes = out.len_bytes();
    if bytes > MAX_MESSAGE {
        let message = format!("results of {bytes} bytes, at most {MAX_MESSAGE} fit a message");
        return failure(Code::ResourceExhausted, &message);
    }
    out
}

fn failure(code: Code, message: &str) -> Outgoing {
    Outgoing::exception(code.exception_kind(), &reason::encode(code, None, message))
}
