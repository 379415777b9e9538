//! The text of a law file: where its two parts are and which line a byte stands on.

use crate::error::{LawError, Place};

const FENCE: &str = "+++";

/// A law file in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// Name for messages.
    pub(crate) file: &'a str,
    /// TOML between the fences.
    pub(crate) front: &'a str,
    /// Markdown after them.
    pub(crate) prose: &'a str,
    /// Lines before `front` and before `prose`.
    lines_before: (usize, usize),
}

impl<'a> Source<'a> {
    /// Splits a file at its `+++` lines. A byte-order mark and CRLF line ends are accepted.
    pub(crate) fn new(file: &'a str, text: &'a str) -> Result<Self, LawError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let missing = |line| LawError::NoFrontMatter { place: Place { file: file.into(), line } };
        let mut start = None;
        let mut offset = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let next = offset + line.len();
            match (line.trim_end() == FENCE, start) {
                (true, None) => start = Some((next, number + 1)),
                (true, Some((begin, lines))) => {
                    return Ok(Source {
                        file,
                        front: &text[begin..offset],
                        prose: &text[next..],
                        lines_before: (lines, number + 1),
                    });
                }
                (false, None) if !line.trim().is_empty() => return Err(missing(number + 1)),
                (false, _) => {}
            }
            offset = next;
        }
        Err(missing(text.lines().count().max(1)))
    }

    /// The line of a byte of the front matter.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let before = self.front.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count();
        Place { file: self.file.into(), line: self.lines_before.0 + before + 1 }
    }

    /// The place of a line of the prose, counted from 0.
    pub(crate) fn prose_place(&self, line: usize) -> Place {
        Place { file: self.file.into(), line: self.lines_before.1 + line + 1 }
    }
}
