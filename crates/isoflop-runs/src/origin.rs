//! Where rows come from: a file and a line or row number for each, stored as runs of consecutive numbers.

use std::fmt;

use crate::read::Format;
use crate::sources::Tool;

/// One file or stream that rows were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Path as given, `stdin`, or the name given to a reader or to columns in memory.
    pub name: String,
    /// Format of its text; `None` for columns in memory.
    pub format: Option<Format>,
    /// `gzip` or `zstd`, if it was compressed.
    pub compression: Option<&'static str>,
    /// Rows that it gave.
    pub rows: usize,
    /// The tool that kept the runs; `None` for run tables.
    pub tool: Option<Tool>,
}

/// The place of a row: `runs.csv:12` for text, `runs.parquet row 12` for everything else. Counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the source.
    pub file: String,
    /// Line for text (the header is line 1), row for Parquet and memory (the first row is row 1).
    pub number: u64,
    /// Whether `number` counts lines rather than rows.
    pub is_line: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.is_line { ":" } else { " row " };
        write!(f, "{}{separator}{}", self.file, self.number)
    }
}

/// The places of all rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origins {
    pub(crate) sources: Vec<Source>,
    runs: Vec<Run>,
    labels: Vec<Label>,
}

/// From row `number` of a source on, rows come from this file and count from 1 again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Label {
    source: usize,
    number: u64,
    file: String,
}

/// Rows from `row` on come from lines `number`, `number + 1`, ... of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    row: usize,
    source: usize,
    number: u64,
}

impl Origins {
    /// Says where `row` comes from; rows must be given in order.
    pub(crate) fn push(&mut self, row: usize, source: usize, number: u64) {
        let continues = self
            .runs
            .last()
            .is_some_and(|run| run.source == source && run.number + (row - run.row) as u64 == number);
        if !continues {
            self.runs.push(Run { row, source, number });
        }
    }

    /// Says which file inside the last source the rows from `number` on come from.
    pub(crate) fn label(&mut self, number: u64, file: &str) {
        let source = self.sources.len().saturating_sub(1);
        if self.labels.last().is_some_and(|label| (label.source, label.number) == (source, number)) {
            self.labels.pop();
        }
        self.labels.push(Label { source, number, file: file.to_owned() });
    }

    /// Whether a source is made of files of its own.
    pub(crate) fn is_labelled(&self, source: usize) -> bool {
        self.labels.binary_search_by_key(&source, |label| label.source).is_ok()
    }

    /// Source and line or row number of a row.
    pub(crate) fn find(&self, row: usize) -> Option<(usize, u64)> {
        let after = self.runs.partition_point(|run| run.row <= row);
        let run = self.runs.get(after.checked_sub(1)?)?;
        Some((run.source, run.number + (row - run.row) as u64))
    }

    pub(crate) fn place(&self, row: usize) -> Place {
        let (source, number) = self.find(row).unwrap_or((0, row as u64 + 1));
        self.place_in(source, number)
    }

    pub(crate) fn place_in(&self, source: usize, number: u64) -> Place {
        let after = self.labels.partition_point(|label| (label.source, label.number) <= (source, number));
        if let Some(label) = after.checked_sub(1).and_then(|at| self.labels.get(at))
            && label.source == source
        {
            return Place { file: label.file.clone(), number: number - label.number + 1, is_line: false };
        }
        let source = self.sources.get(source);
        Place {
            file: source.map_or("memory".into(), |s| s.name.clone()),
            number,
            is_line: source.and_then(|s| s.format).is_some_and(|format| format != Format::Parquet),
        }
    }

    /// Keeps the rows for which `keep` says so.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        let old = std::mem::take(&mut self.runs);
        let mut kept = 0;
        for (i, run) in old.iter().enumerate() {
            let end = old.get(i + 1).map_or(keep.len(), |next| next.row);
            for row in (run.row..end).filter(|&row| keep[row]) {
                self.push(kept, run.source, run.number + (row - run.row) as u64);
                kept += 1;
            }
        }
    }
}
