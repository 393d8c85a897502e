//! Doc comments: the lines of `#` right after a `;`, `{` or `}`.

use super::Lexer;

/// A doc comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doc {
    /// Lines without `#` and one blank after it, each ended by `\n`.
    pub(crate) text: String,
    /// Byte after its last line.
    pub(crate) end: u32,
}

impl Lexer<'_, '_, '_> {
    /// Reads the doc comment that begins here, if one does.
    ///
    /// At most one line may end before its first `#`, and a blank line ends it. A carriage return
    /// before the line's end belongs to the comment, as in the reference.
    pub(super) fn doc_comment(&mut self) -> Option<Doc> {
        let start = self.at;
        self.skip_line_blanks();
        match self.peek() {
            Some(b'\n') => self.at += 1,
            Some(b'\r') => self.at += if self.peek_at(1) == Some(b'\n') { 2 } else { 1 },
            _ => {}
        }
        let mut text = Vec::new();
        let mut end = start;
        loop {
            self.skip_line_blanks();
            if self.peek() != Some(b'#') {
                break;
            }
            self.at += if self.peek_at(1) == Some(b' ') { 2 } else { 1 };
            text.extend_from_slice(self.take_while(|byte| byte != b'\n'));
            text.push(b'\n');
            if self.peek().is_some() {
                self.at += 1;
            }
            end = self.at;
        }
        // The blanks looked at in vain are read again by `skip_blank`, which wants to see the ends
        // of lines.
        self.at = end;
        if text.is_empty() {
            return None;
        }
        let text = match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Some(Doc {
            text,
            end: super::span(end, end).end,
        })
    }

    fn skip_line_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0b | 0x0c));
    }
}
