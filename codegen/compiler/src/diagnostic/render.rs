//! Diagnostics as text.

use std::fmt::Write as _;
use std::io;

use codespan_reporting::diagnostic::{Diagnostic as Report, Label, LabelStyle, Severity};
use codespan_reporting::term::{Chars, Config, WriteStyle, emit_to_write_style};

use super::Diagnostic;
use super::excerpt::{Excerpt, Source};

/// Appends `diagnostic` with the line of `source` it is about.
pub(super) fn render(
    out: &mut String,
    diagnostic: &Diagnostic,
    source: Option<&Source>,
    colour: bool,
) {
    let Diagnostic {
        file,
        span,
        message,
        hint,
    } = diagnostic;
    let excerpt = source.map(|source| source.excerpt(*span));
    let place = match &excerpt {
        Some(excerpt) => format!("{file}:{}:{}: ", excerpt.line, excerpt.column),
        None if file.is_empty() => String::new(),
        None => format!("{file}: "),
    };
    let (bold, red, plain) = if colour {
        (BOLD, RED, PLAIN)
    } else {
        ("", "", "")
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{bold}{place}{red}error:{plain}{bold} {message}{plain}"
    );
    match excerpt.filter(|excerpt| !excerpt.text.trim().is_empty()) {
        Some(excerpt) => out.push_str(&drawn(&excerpt, hint.as_deref(), colour)),
        None => {
            if let Some(hint) = hint {
                let _ = writeln!(out, "  = hint: {hint}");
            }
        }
    }
}

/// The line, the carets and the hint.
fn drawn(excerpt: &Excerpt, hint: Option<&str>, colour: bool) -> String {
    let mut report = Report::error().with_label(Label::primary((), excerpt.covered.clone()));
    report
        .notes
        .extend(hint.map(|hint| format!("hint: {hint}")));
    let config = Config {
        chars: Chars::ascii(),
        ..Config::default()
    };
    let mut writer = Writer {
        bytes: Vec::new(),
        colour,
    };
    if emit_to_write_style(&mut writer, &config, excerpt, &report).is_err() {
        return String::new();
    }
    let text = String::from_utf8_lossy(&writer.bytes);
    // Our own first line says what the first two of the report would.
    let body: Vec<&str> = text.lines().skip(2).collect();
    let body = body.join("\n");
    format!("{}\n", body.trim_end())
}

const BOLD: &str = "\x1b[1m";
const RED: &str = "\x1b[31m";
const BLUE: &str = "\x1b[34m";
const PLAIN: &str = "\x1b[0m";

/// Collects what is drawn, with the escapes of terminals where colour is wanted.
struct Writer {
    bytes: Vec<u8>,
    colour: bool,
}

impl Writer {
    fn style(&mut self, escape: &str) -> io::Result<()> {
        if self.colour {
            self.bytes.extend_from_slice(escape.as_bytes());
        }
        Ok(())
    }
}

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl WriteStyle for Writer {
    fn set_header(&mut self, _: Severity) -> io::Result<()> {
        Ok(())
    }

    fn set_header_message(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn set_line_number(&mut self) -> io::Result<()> {
        self.style(BLUE)
    }

    fn set_note_bullet(&mut self) -> io::Result<()> {
        self.style(BLUE)
    }

    fn set_source_border(&mut self) -> io::Result<()> {
        self.style(BLUE)
    }

    fn set_label(&mut self, _: Severity, _: LabelStyle) -> io::Result<()> {
        self.style(RED)
    }

    fn reset(&mut self) -> io::Result<()> {
        self.style(PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Diagnostic, Diagnostics};
    use crate::ast::Span;

    fn diagnostic(start: u32, end: u32, hint: Option<&str>) -> Diagnostic {
        Diagnostic {
            file: "a.capnp".to_owned(),
            span: Span { start, end },
            message: "wrong".to_owned(),
            hint: hint.map(str::to_owned),
        }
    }

    #[test]
    fn a_diagnostic_has_its_place_line_carets_and_hint() {
        let list = vec![diagnostic(9, 12, Some("right"))];
        let shown = Diagnostics::new(list, [("a.capnp", "@0xabc;\n one two\n")]).to_string();
        let expected = "a.capnp:2:2: error: wrong
  |
2 |  one two
  |  ^^^
  |
  = hint: right";
        assert_eq!(shown, expected);
    }

    #[test]
    fn several_diagnostics_keep_their_order_and_equal_ones_are_shown_once() {
        let list = vec![
            diagnostic(2, 3, None),
            diagnostic(0, 1, None),
            diagnostic(2, 3, None),
        ];
        let diagnostics = Diagnostics::new(list, [("a.capnp", "a b")]);
        assert_eq!(diagnostics.len(), 2);
        let shown = diagnostics.to_string();
        let first_lines: Vec<_> = shown
            .lines()
            .filter(|line| line.contains("error"))
            .collect();
        let expected = ["a.capnp:1:3: error: wrong", "a.capnp:1:1: error: wrong"];
        assert_eq!(first_lines, expected);
    }

    #[test]
    fn a_file_that_is_not_there_has_no_place() {
        let none: [(&str, &str); 0] = [];
        let list = vec![diagnostic(0, 0, Some("look elsewhere"))];
        let shown = Diagnostics::new(list, none).to_string();
        assert_eq!(shown, "a.capnp: error: wrong\n  = hint: look elsewhere");
    }

    #[test]
    fn an_empty_line_is_not_drawn() {
        let shown = Diagnostics::new(vec![diagnostic(0, 0, None)], [("a.capnp", "")]).to_string();
        assert_eq!(shown, "a.capnp:1:1: error: wrong");
    }

    #[test]
    fn colour_comes_only_when_asked_for() {
        let list = vec![diagnostic(0, 1, Some("right"))];
        let diagnostics = Diagnostics::new(list, [("a.capnp", "x")]);
        assert!(!diagnostics.render(false).contains('\x1b'));
        assert!(diagnostics.render(true).contains('\x1b'));
    }

    #[test]
    fn the_end_of_a_file_can_be_pointed_at() {
        let shown = Diagnostics::new(vec![diagnostic(1, 1, None)], [("a.capnp", "x")]).to_string();
        assert!(shown.ends_with("1 | x\n  |  ^"), "{shown}");
    }
}
