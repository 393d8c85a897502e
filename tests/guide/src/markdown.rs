//! The code blocks of a Markdown file.

/// A code block between fences.
#[derive(Clone, Debug)]
pub struct Block<'a> {
    /// The words after the opening fence: the language and what else is said of the block.
    pub tags: Vec<&'a str>,
    /// Its first line in the file, counted from 0.
    pub line: usize,
    /// Its lines.
    pub lines: Vec<&'a str>,
}

impl Block<'_> {
    /// Whether the words after the fence are these.
    #[must_use]
    pub fn is(&self, tags: &[&str]) -> bool {
        self.tags == tags
    }
}

/// Every code block of a file. Fences stand at the beginning of a line.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(tags), None) => {
                open = Some(Block {
                    tags: tags.split(',').map(str::trim).collect(),
                    line: number + 1,
                    lines: Vec::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}
