//! The line that a diagnostic is about.

use std::ops::Range;

use codespan_reporting::files::{Error, Files};

use crate::ast::Span;

/// Bytes shown of a place, and on either side of it. What a generator put on one line would drown
/// the message.
const CONTEXT: usize = 100;

/// A file that diagnostics are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    text: Vec<u8>,
    /// First byte of each line.
    lines: Vec<usize>,
}

/// A part of one line.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// Number of the line, from 1.
    pub(super) line: usize,
    /// Characters before the place in its line, plus one.
    pub(super) column: usize,
    /// What is shown of the line.
    pub(super) text: String,
    /// Bytes of `text` that the place covers.
    pub(super) covered: Range<usize>,
}

impl Source {
    pub(super) fn new(text: &[u8]) -> Self {
        let ends = text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
        let lines = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self {
            text: text.to_vec(),
            lines,
        }
    }

    /// The first line of `span`. A span outside of the file is moved to its end.
    pub(super) fn excerpt(&self, span: Span) -> Excerpt {
        let position = |at: u32| {
            usize::try_from(at)
                .unwrap_or(usize::MAX)
                .min(self.text.len())
        };
        let start = position(span.start);
        let number = self.lines.partition_point(|&first| first <= start).max(1);
        let first = self.lines.get(number - 1).copied().unwrap_or_default();
        let rest = self.text.get(first..).unwrap_or_default();
        let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();

        // All of these are positions in the line, between characters.
        let start = boundary(line, start - first);
        let end = boundary(
            line,
            position(span.end)
                .saturating_sub(first)
                .clamp(start, start + CONTEXT),
        );
        let from = boundary(line, start.saturating_sub(CONTEXT));
        let to = boundary(line, end + CONTEXT);

        let part = |from: usize, to: usize| shown(line.get(from..to).unwrap_or_default());
        let before = part(from, start);
        let covered = part(start, end);
        let after = part(end, to);
        let column = shown(line.get(..start).unwrap_or_default()).chars().count() + 1;
        let mut text = String::new();
        if from > 0 {
            text.push_str("...");
        }
        text.push_str(&before);
        let place = text.len()..text.len() + covered.len();
        text.push_str(&covered);
        text.push_str(after.trim_end());
        if to < line.len() {
            text.push_str("...");
        }
        Excerpt {
            line: number,
            column,
            text,
            covered: place,
        }
    }
}

/// The last place between characters of a line that is not behind `at`.
fn boundary(line: &[u8], at: usize) -> usize {
    let at = at.min(line.len());
    let inside = |back: &usize| line.get(at - back).is_some_and(|byte| byte & 0xc0 == 0x80);
    // No character is longer than four bytes; what looks longer is not UTF-8.
    (0..=at.min(3))
        .find(|back| !inside(back))
        .map_or(at, |back| at - back)
}

/// Bytes as they are printed: blanks instead of what moves the cursor, one sign for each byte that
/// is not UTF-8.
fn shown(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.extend(chunk.valid().chars().map(|character| match character {
            '\t' => '\t',
            '\u{feff}' | '\u{2028}' | '\u{2029}' => ' ',
            _ if character.is_control() => ' ',
            _ => character,
        }));
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

impl<'a> Files<'a> for Excerpt {
    type FileId = ();
    type Name = &'static str;
    type Source = &'a str;

    fn name(&'a self, (): ()) -> Result<Self::Name, Error> {
        // It is on the line that `render` puts in front.
        Ok("")
    }

    fn source(&'a self, (): ()) -> Result<Self::Source, Error> {
        Ok(&self.text)
    }

    fn line_index(&'a self, (): (), _: usize) -> Result<usize, Error> {
        Ok(0)
    }

    fn line_number(&'a self, (): (), _: usize) -> Result<usize, Error> {
        Ok(self.line)
    }

    fn line_range(&'a self, (): (), _: usize) -> Result<Range<usize>, Error> {
        Ok(0..self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(text: &[u8], start: u32, end: u32) -> (usize, usize, String, String) {
        let Excerpt {
            line,
            column,
            text,
            covered,
        } = Source::new(text).excerpt(Span { start, end });
        let place = text[covered].to_owned();
        (line, column, text, place)
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(excerpt(b"ab\ncd", 0, 1), (1, 1, "ab".into(), "a".into()));
        assert_eq!(excerpt(b"ab\ncd", 4, 5), (2, 2, "cd".into(), "d".into()));
        assert_eq!(excerpt(b"ab\n", 2, 2), (1, 3, "ab".into(), String::new()));
        assert_eq!(excerpt(b"ab\n", 3, 3), (2, 1, String::new(), String::new()));
        assert_eq!(excerpt(b"", 0, 0), (1, 1, String::new(), String::new()));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(
            excerpt("äöü x".as_bytes(), 7, 8),
            (1, 5, "äöü x".into(), "x".into())
        );
    }

    #[test]
    fn a_place_over_several_lines_ends_with_its_first() {
        assert_eq!(
            excerpt(b"ab\ncd\nef", 1, 7),
            (1, 2, "ab".into(), "b".into())
        );
    }

    #[test]
    fn a_place_outside_of_the_file_is_its_end() {
        assert_eq!(
            excerpt(b"ab", 70, u32::MAX),
            (1, 3, "ab".into(), String::new())
        );
        assert_eq!(excerpt(b"abc", 2, 1), (1, 3, "abc".into(), String::new()));
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("{}here{}", "a".repeat(10_000), "b".repeat(10_000));
        let (_, column, text, place) = excerpt(text.as_bytes(), 10_000, 10_004);
        assert_eq!((column, place.as_str(), text.len()), (10_001, "here", 210));
    }

    #[test]
    fn no_place_in_any_bytes_panics() {
        let text = "a\u{e9}\u{20ac}\u{1f600}\tb\r\n\0"
            .as_bytes()
            .iter()
            .chain(b"\xff\x80\x80\x80\x80\n");
        let text: Vec<u8> = text.copied().collect();
        for start in 0..=text.len() as u32 + 1 {
            for end in 0..=text.len() as u32 + 1 {
                let Excerpt { text, covered, .. } = Source::new(&text).excerpt(Span { start, end });
                assert!(text.get(covered).is_some());
            }
        }
    }
}
