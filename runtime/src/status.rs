//! [`Status`]: how a call fails.

use std::{borrow::Cow, fmt};

pub use dsoftbus_proto::rpc::reason::Code;
use dsoftbus_proto::{
    message::Outgoing,
    rpc::{level0::RemoteError, reason},
};

/// Result of a call: a value, or the [`Status`] it failed with.
pub type Result<T, E = Status> = core::result::Result<T, E>;

/// Why a call failed: a [`Code`] for programs, a message for people, and the service's own error where it has one.
///
/// A status crosses the wire as a Cap'n Proto `Exception`. One that a peer sent answers `true` to
/// [`is_remote`](Self::is_remote), whatever its text says.
#[derive(Clone, PartialEq, Eq)]
pub struct Status {
    code: Code,
    domain: Option<Cow<'static, str>>,
    message: Cow<'static, str>,
    remote: bool,
}

impl Status {
    /// A status made here, with `code` and a message for people.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            domain: None,
            message: message.into(),
            remote: false,
        }
    }

    /// A status that carries an error of the service's own, by the name of its enumerant in the schema.
    pub fn with_domain(
        code: Code,
        enumerant: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            domain: Some(Cow::Borrowed(enumerant)),
            ..Self::new(code, message)
        }
    }

    /// What went wrong, for programs.
    pub fn code(&self) -> Code {
        self.code
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The enumerant of the service's own error enum, if the status carries one.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Whether the other device reported this, rather than this one.
    pub fn is_remote(&self) -> bool {
        self.remote
    }

    /// What a peer's exception says.
    pub(crate) fn from_remote(error: &RemoteError) -> Self {
        let (code, domain, message) = error.decode();
        Self {
            code,
            domain: domain.map(|enumerant| Cow::Owned(enumerant.to_owned())),
            message: Cow::Owned(message.to_owned()),
            remote: true,
        }
    }

    /// What an exception says that was made here.
    pub(crate) fn from_local(error: &RemoteError) -> Self {
        Self {
            remote: false,
            ..Self::from_remote(error)
        }
    }

    /// The exception that tells a peer of this status.
    pub(crate) fn to_exception(&self) -> Outgoing {
        let reason = reason::encode(self.code, self.domain(), self.message());
        Outgoing::exception(self.code.exception_kind(), &reason)
    }
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:ident;)*) => {
        impl Status {
            $($(#[$doc])* pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(Code::$code, message)
            })*
        }
    };
}

constructors! {
    /// The caller gave up.
    cancelled => Cancelled;
    /// Nothing better is known.
    unknown => Unknown;
    /// The request makes no sense, whatever the state of the service.
    invalid_argument => InvalidArgument;
    /// Time ran out.
    deadline_exceeded => DeadlineExceeded;
    /// The thing asked for is not there.
    not_found => NotFound;
    /// The thing to be made is there already.
    already_exists => AlreadyExists;
    /// The caller is known and may not do this.
    permission_denied => PermissionDenied;
    /// A limit or a quota is used up.
    resource_exhausted => ResourceExhausted;
    /// The state of the service does not allow this now.
    failed_precondition => FailedPrecondition;
    /// A conflict; trying the whole again may help.
    aborted => Aborted;
    /// Past the end.
    out_of_range => OutOfRange;
    /// The service does not have this method.
    unimplemented => Unimplemented;
    /// A fault of the service.
    internal => Internal;
    /// The service cannot be reached now.
    unavailable => Unavailable;
    /// Data is lost or damaged.
    data_loss => DataLoss;
    /// The caller is not known.
    unauthenticated => Unauthenticated;
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Status");
        debug.field("code", &self.code);
        if let Some(domain) = &self.domain {
            debug.field("domain", domain);
        }
        debug
            .field("message", &self.message)
            .field("remote", &self.remote)
            .finish()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(domain) = &self.domain {
            write!(f, "/{domain}")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use dsoftbus_proto::message::ExceptionKind;

    use super::*;

    #[test]
    fn a_peers_text_never_makes_an_error_look_local() {
        let status = Status::from_remote(&RemoteError::Exception {
            kind: ExceptionKind::Failed,
            reason: "dsb:not_found/noSuchBundle: gone".into(),
        });
        assert_eq!(status.code(), Code::NotFound);
        assert_eq!(status.domain(), Some("noSuchBundle"));
        assert_eq!(status.message(), "gone");
        assert!(status.is_remote());
    }

    #[test]
    fn a_status_reads_as_code_domain_and_message() {
        let status = Status::with_domain(Code::NotFound, "noSuchBundle", "gone");
        assert_eq!(status.to_string(), "not_found/noSuchBundle: gone");
        assert!(!status.is_remote());
    }
}
