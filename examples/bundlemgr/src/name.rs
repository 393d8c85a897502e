//! What a bundle may be called.

/// Longest name of a bundle, in bytes.
pub const MAX_NAME: usize = 64;

/// Whether `name` is `[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?`.
///
/// A name is never used as a path. It could be, harmlessly, on every file system, and that is the point of the rule: bundles
/// are unpacked by other programs, and one of them will use the name as a path.
pub(crate) fn is_valid(name: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let (Some(first), Some(last)) = (name.as_bytes().first(), name.as_bytes().last()) else {
        return false;
    };
    name.len() <= MAX_NAME
        && alphanumeric(first)
        && alphanumeric(last)
        && name
            .bytes()
            .all(|byte| alphanumeric(&byte) || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_start_and_end_with_a_letter_or_digit() {
        for good in [
            "a",
            "7",
            "a1",
            "com.example.clock",
            "a-b_c.d",
            &"x".repeat(64),
        ] {
            assert!(is_valid(good), "{good:?}");
        }
        for bad in ["", ".", "..", "-", "-a", "a-", ".a", "a.", "_a", "a_"] {
            assert!(!is_valid(bad), "{bad:?}");
        }
    }

    #[test]
    fn names_that_mean_something_to_a_file_system_are_refused() {
        let long = "x".repeat(65);
        for bad in [
            "a/b",
            "../a",
            "a\\b",
            "a:b",
            "A",
            "a b",
            "a\0",
            "a\n",
            "é",
            "a\u{202e}b",
            &long,
        ] {
            assert!(!is_valid(bad), "{bad:?}");
        }
    }
}
