//! Things that reading noticed and did not silently pass over.

use std::fmt;

use crate::origin::Place;
use crate::remote::Fetched;
use crate::sources::RunsNote;

/// Something that a reader did or found which may matter to a fit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Note {
    /// A column that some files have and this one lacks: its cells are missing there.
    ColumnAbsent {
        /// Name of the column.
        column: String,
        /// Name of the file.
        file: String,
    },
    /// A column of lists, maps or raw bytes, which a run table does not hold.
    ColumnSkipped {
        /// Name of the column.
        column: String,
        /// Name of the file.
        file: String,
        /// What it holds.
        holds: String,
    },
    /// Integers above 2^53, which a 64-bit float rounds.
    IntegersRounded {
        /// Name of the column.
        column: String,
        /// How many.
        count: usize,
        /// Where the first one is.
        first: Place,
    },
    /// A text column that began with very many numbers: they are spelled in their shortest form.
    NumbersRespelled {
        /// Name of the column.
        column: String,
        /// Where the first text is.
        first_text: Place,
    },
    /// A file that was named twice: its rows are in the table twice.
    FileTwice {
        /// Name of the file.
        file: String,
    },
    /// Runs were fetched from an address.
    Fetched {
        /// The address, without secrets.
        address: String,
        /// Objects fetched.
        objects: u64,
        /// Their bytes.
        bytes: u64,
        /// Objects that were left where they are.
        left_out: u64,
    },
    /// What reading the runs of a tool found.
    Runs(RunsNote),
}

impl Note {
    pub(crate) fn fetched(found: &Fetched) -> Self {
        let Fetched { name, objects, bytes, left_out, .. } = found;
        Self::Fetched { address: name.clone(), objects: *objects, bytes: *bytes, left_out: *left_out }
    }

    /// Whether it is worth a warning rather than a line of information.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Runs(note) => note.is_warning(),
            Self::Fetched { .. } => false,
            _ => true,
        }
    }

    /// A stable code for documentation and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ColumnAbsent { .. } => "R0201",
            Self::ColumnSkipped { .. } => "R0202",
            Self::IntegersRounded { .. } => "R0203",
            Self::NumbersRespelled { .. } => "R0204",
            Self::FileTwice { .. } => "R0205",
            Self::Fetched { .. } => "R0206",
            Self::Runs(note) => note.code(),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnAbsent { column, file } => {
                write!(f, "{file} has no column `{column}`: its cells count as missing there")
            }
            Self::ColumnSkipped { column, file, holds } => {
                write!(f, "{file}: column `{column}` holds {holds} and was left out")
            }
            Self::IntegersRounded { column, count, first } => write!(
                f,
                "column `{column}` has {count} integers above 2^53, rounded to 16 digits; the first is at {first}"
            ),
            Self::NumbersRespelled { column, first_text } => write!(
                f,
                "column `{column}` is text from {first_text} on: numbers far above it are spelled in their \
                 shortest form (007 as 7)"
            ),
            Self::Fetched { address, objects, bytes, left_out } => {
                let plural = if *objects == 1 { "" } else { "s" };
                write!(f, "{address}: {objects} object{plural} fetched, {bytes} bytes")?;
                match left_out {
                    0 => Ok(()),
                    _ => write!(f, "; {left_out} left there (weights, artifacts, hidden or empty)"),
                }
            }
            Self::Runs(note) => note.fmt(f),
            Self::FileTwice { file } => write!(f, "{file} was given twice: its rows count twice"),
        }
    }
}
