//! Status codes inside the reason of an Exception. WIRE.md, "Rpc".
//!
//! A failed call carries `dsb:<code>: <message>` or `dsb:<code>/<enumerant>: <message>`. Peers that know nothing of it send
//! plain text; the code then follows from the type of the exception.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use super::envelope;
use crate::message::ExceptionKind;

/// What starts a reason that carries a code.
const PREFIX: &str = "dsb:";

/// What Cap'n Proto implementations put in front of a reason each time they pass it on.
const REMOTE: &str = "remote exception: ";

/// Why a call failed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// The caller gave up.
    Cancelled,
    /// Nobody said why.
    Unknown,
    /// The caller sent something wrong, whatever the state of the service.
    InvalidArgument,
    /// The time for the call ran out.
    DeadlineExceeded,
    /// What was asked for does not exist.
    NotFound,
    /// What was to be created exists.
    AlreadyExists,
    /// The caller may not do this.
    PermissionDenied,
    /// A quota or limit is used up.
    ResourceExhausted,
    /// The service is not in the state that this call needs.
    FailedPrecondition,
    /// Another call got in the way; starting over may help.
    Aborted,
    /// Past the end.
    OutOfRange,
    /// The service does not know or support this.
    Unimplemented,
    /// An invariant of the service is broken.
    Internal,
    /// The service cannot be reached at the moment.
    Unavailable,
    /// Data is lost or damaged for good.
    DataLoss,
    /// The caller has not proven who it is.
    Unauthenticated,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 16] = [
        Self::Cancelled,
        Self::Unknown,
        Self::InvalidArgument,
        Self::DeadlineExceeded,
        Self::NotFound,
        Self::AlreadyExists,
        Self::PermissionDenied,
        Self::ResourceExhausted,
        Self::FailedPrecondition,
        Self::Aborted,
        Self::OutOfRange,
        Self::Unimplemented,
        Self::Internal,
        Self::Unavailable,
        Self::DataLoss,
        Self::Unauthenticated,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
            Self::InvalidArgument => "invalid_argument",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::ResourceExhausted => "resource_exhausted",
            Self::FailedPrecondition => "failed_precondition",
            Self::Aborted => "aborted",
            Self::OutOfRange => "out_of_range",
            Self::Unimplemented => "unimplemented",
            Self::Internal => "internal",
            Self::Unavailable => "unavailable",
            Self::DataLoss => "data_loss",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// The type of the exception that carries this code.
    pub const fn exception_kind(self) -> ExceptionKind {
        match self {
            Self::ResourceExhausted => ExceptionKind::Overloaded,
            Self::Unavailable => ExceptionKind::Disconnected,
            Self::Unimplemented => ExceptionKind::Unimplemented,
            _ => ExceptionKind::Failed,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is not a [`Code`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a status code")]
#[non_exhaustive]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(word: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == word)
            .ok_or(UnknownCode)
    }
}

/// What an exception without a code means.
impl From<ExceptionKind> for Code {
    fn from(kind: ExceptionKind) -> Self {
        match kind {
            ExceptionKind::Failed => Self::Unknown,
            ExceptionKind::Overloaded => Self::ResourceExhausted,
            ExceptionKind::Disconnected => Self::Unavailable,
            ExceptionKind::Unimplemented => Self::Unimplemented,
        }
    }
}

/// Writes a reason. `enumerant` names an error of the service's schema; one that is not an identifier is left out, as no
/// reader could find its end.
pub fn encode(code: Code, enumerant: Option<&str>, message: &str) -> String {
    match enumerant.filter(|enumerant| is_identifier(enumerant)) {
        Some(enumerant) => format!("{PREFIX}{code}/{enumerant}: {message}"),
        None => format!("{PREFIX}{code}: {message}"),
    }
}

/// Reads a reason into code, enumerant and message. Never fails: text that [`encode`] did not write is the message, and the code
/// follows from `kind`.
pub fn decode(kind: ExceptionKind, reason: &str) -> (Code, Option<&str>, &str) {
    let mut text = reason;
    while let Some(rest) = text.strip_prefix(REMOTE) {
        text = rest;
    }
    parse(text).unwrap_or_else(|| (Code::from(kind), None, text))
}

/// As much of a reason as goes on the wire: at most 4,096 bytes.
pub fn cut(reason: &str) -> &str {
    let end = envelope::char_boundary(reason, envelope::MAX_REASON);
    reason.get(..end).unwrap_or_default()
}

fn parse(text: &str) -> Option<(Code, Option<&str>, &str)> {
    let (head, message) = text.strip_prefix(PREFIX)?.split_once(": ")?;
    let (code, enumerant) = match head.split_once('/') {
        Some((code, enumerant)) if is_identifier(enumerant) => (code, Some(enumerant)),
        Some(_) => return None,
        None => (head, None),
    };
    Some((code.parse().ok()?, enumerant, message))
}

/// Whether `word` can be the name of an enumerant.
fn is_identifier(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)]

    use alloc::string::ToString;

    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn any_code() -> impl Strategy<Value = Code> {
        (0..Code::ALL.len()).prop_map(|index| Code::ALL[index])
    }

    proptest! {
        #[test]
        fn what_encode_writes_decode_reads(
            code in any_code(),
            enumerant in option::of("[a-zA-Z][a-zA-Z0-9_]{0,20}"),
            message in any::<String>(),
            passed_on in 0..3_usize,
        ) {
            let reason = REMOTE.repeat(passed_on) + &encode(code, enumerant.as_deref(), &message);
            prop_assert_eq!(
                decode(code.exception_kind(), &reason),
                (code, enumerant.as_deref(), message.as_str())
            );
        }

        #[test]
        fn any_text_decodes(text in any::<String>()) {
            decode(ExceptionKind::Failed, &text);
        }
    }

    #[test]
    fn a_message_that_looks_like_a_reason_survives() {
        for message in [
            "dsb:not_found: x",
            "a: b: c",
            "",
            ": ",
            "/x: ",
            "remote exception: y",
        ] {
            let reason = encode(Code::Internal, None, message);
            assert_eq!(
                decode(ExceptionKind::Failed, &reason),
                (Code::Internal, None, message)
            );
        }
    }

    #[test]
    fn text_of_a_foreign_peer_takes_its_code_from_the_exception() {
        for (kind, code) in [
            (ExceptionKind::Failed, Code::Unknown),
            (ExceptionKind::Overloaded, Code::ResourceExhausted),
            (ExceptionKind::Disconnected, Code::Unavailable),
            (ExceptionKind::Unimplemented, Code::Unimplemented),
        ] {
            assert_eq!(
                decode(kind, "remote exception: remote exception: no such method"),
                (code, None, "no such method")
            );
        }
        for text in [
            "dsb:",
            "dsb:nonsense: x",
            "dsb:not_found",
            "dsb:not_found/: x",
            "dsb:not_found/a b: x",
        ] {
            assert_eq!(
                decode(ExceptionKind::Failed, text),
                (Code::Unknown, None, text)
            );
        }
    }

    #[test]
    fn an_enumerant_that_is_no_identifier_is_left_out() {
        assert_eq!(
            encode(Code::NotFound, Some("a: b"), "x"),
            "dsb:not_found: x"
        );
        assert_eq!(encode(Code::NotFound, Some(""), "x"), "dsb:not_found: x");
        assert_eq!(
            encode(Code::NotFound, Some("gone"), "x"),
            "dsb:not_found/gone: x"
        );
    }

    #[test]
    fn every_code_has_its_word() {
        for code in Code::ALL {
            assert_eq!(code.to_string().parse(), Ok(code));
            // An exception that lost its text keeps as much of the code as its type holds.
            let kind = code.exception_kind();
            assert_eq!(Code::from(kind).exception_kind(), kind);
        }
        assert_eq!("NOT_FOUND".parse::<Code>(), Err(UnknownCode));
    }
}
