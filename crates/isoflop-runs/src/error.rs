//! What can be wrong with runs. Every message names the file, the row, the column and the value where there
//! is one, and says what to do.

use std::io;

use crate::origin::Place;
use crate::remote::Alias;

/// An error in reading or using runs; all of them are for the user to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunsError {
    /// A path or pattern that matches nothing.
    #[error("{path}: no such file{}", if *.is_pattern { "; the pattern matches nothing" } else { "" })]
    NotFound {
        /// The path or pattern as given.
        path: String,
        /// Whether it has wildcards.
        is_pattern: bool,
    },
    /// A file that may not be read.
    #[error("{path}: no permission to read this file")]
    NoPermission {
        /// The path as given.
        path: String,
    },
    /// A directory where a file is needed.
    #[error("{path} is a directory without runs of a tool that is known; {found}; {advice}")]
    Directory {
        /// The path as given.
        path: String,
        /// What lies in it.
        found: String,
        /// What to give instead.
        advice: String,
    },
    /// No path was given.
    #[error("no run table was given: give one or more files, a pattern such as 'runs/*.csv', or - for stdin")]
    NoPaths,
    /// Reading failed in the operating system.
    #[error("{file}: cannot be read: {reason}")]
    Io {
        /// Name of the source.
        file: String,
        /// What the operating system said.
        reason: String,
    },
    /// A file without a byte of content.
    #[error("{file} is empty")]
    Empty {
        /// Name of the source.
        file: String,
    },
    /// A table with a header and no rows.
    #[error("{file} has a header but no rows")]
    HeaderOnly {
        /// Name of the source.
        file: String,
    },
    /// A text table whose first line is data.
    #[error("{place}: the first line holds only numbers; add a header line that names the columns")]
    NoHeader {
        /// Where the line is.
        place: Place,
    },
    /// Content that is none of the formats.
    #[error("{file}: {what}; use CSV, TSV, JSON lines or Parquet, plain or with gzip or zstd")]
    UnknownFormat {
        /// Name of the source.
        file: String,
        /// What it looks like.
        what: String,
    },
    /// Bytes that are not UTF-8.
    #[error("{place}: {what} is not UTF-8 text; save the file as UTF-8")]
    NotUtf8 {
        /// Where the bytes are.
        place: Place,
        /// The column, or "the header".
        what: String,
    },
    /// A compressed file that is cut off or damaged.
    #[error("{file}: the {compression} data is truncated or damaged ({reason})")]
    BadCompression {
        /// Name of the source.
        file: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// A compressed file that grows beyond all measure.
    #[error(
        "{file}: the {compression} data grows beyond {limit} bytes, more than {ratio} times its size; \
         if that is right, decompress it first"
    )]
    TooMuchExpansion {
        /// Name of the source.
        file: String,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// Bytes allowed at that point.
        limit: u64,
        /// Allowed ratio.
        ratio: u64,
    },
    /// More rows, columns or bytes per row than a run table holds.
    #[error("{place}: more than {limit} {what}; that is more than a run table holds")]
    TooLarge {
        /// Where the limit was passed.
        place: Place,
        /// The limit.
        limit: usize,
        /// What it counts: rows, columns, bytes in one row.
        what: &'static str,
    },
    /// Two columns of one name.
    #[error("{place}: column `{column}` appears twice; rename or remove one of the two")]
    DuplicateColumn {
        /// Where the second one is.
        place: Place,
        /// The name.
        column: String,
    },
    /// A row with more or fewer cells than the header.
    #[error("{place}: this row has {found} cells, but the header has {expected}")]
    RaggedRow {
        /// Where the row is.
        place: Place,
        /// Cells in the header.
        expected: usize,
        /// Cells in the row.
        found: usize,
    },
    /// A quoted cell that does not end well.
    #[error("{place}: {what}; put the whole cell in quotes and double the quotes inside it")]
    BadQuote {
        /// Line on which the row with the cell starts.
        place: Place,
        /// What is wrong.
        what: &'static str,
    },
    /// A line of JSON that is not one object.
    #[error("{place}: not a JSON object on one line: {reason} at byte {at}")]
    BadJson {
        /// Where the line is.
        place: Place,
        /// What is wrong.
        reason: String,
        /// Position in the line, counted from 1.
        at: usize,
    },
    /// A Parquet file that is cut off or damaged.
    #[error("{file}: truncated or damaged Parquet file ({reason})")]
    BadParquet {
        /// Name of the source.
        file: String,
        /// What the reader said.
        reason: String,
    },
    /// A file of a tool that is damaged or not what its name says.
    #[error("{file}: {place}: {reason}")]
    BadRunFile {
        /// Name of the file.
        file: String,
        /// Where in it: a line or a byte.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// A directory without runs of the tool asked for.
    #[error("{path}: no runs of {tool} here; leave --from out to see what is there")]
    NoRuns {
        /// The path as given.
        path: String,
        /// The tool.
        tool: &'static str,
    },
    /// Runs of which none gives a row.
    #[error("{path}: runs of {tool} were found, but none gives a row: {reason}")]
    NoPoints {
        /// The path as given.
        path: String,
        /// The tool.
        tool: &'static str,
        /// What was noticed.
        reason: String,
    },
    /// A directory with runs of several tools, which may be the same runs.
    #[error("{path}: runs of several tools: {found}; say which ones to read, for example --from {example}")]
    MixedTools {
        /// The path as given.
        path: String,
        /// The tools with their numbers of runs.
        found: String,
        /// The first of the tools.
        example: &'static str,
    },
    /// A run with several values for one step, where that was forbidden.
    #[error("{file}: {count} values stand at a step that has another (--restarts error): a restarted run?")]
    Restarted {
        /// The run.
        file: String,
        /// How many.
        count: usize,
    },
    /// An unknown name for `--from`.
    #[error("--from {text}: no such tool; the tools are {known}")]
    UnknownTool {
        /// The text as given.
        text: String,
        /// The names.
        known: String,
    },
    /// A text log of no program that is known.
    #[error(
        "{file}: no line is one of a program that is known ({known}); give a pattern with --log-pattern, such as          'step (?P<step>[0-9]+).* loss (?P<loss>[0-9.]+)'"
    )]
    UnknownLog {
        /// Name of the file.
        file: String,
        /// The programs.
        known: String,
    },
    /// A `--log-pattern` that cannot be used.
    #[error(
        "--log-pattern {text}: {reason}; name groups for the step and each metric: 'step (?P<step>[0-9]+).* loss (?P<loss>[0-9.]+)'"
    )]
    BadPattern {
        /// The text as given.
        text: String,
        /// What is wrong.
        reason: String,
    },
    /// A `--points` that cannot be read.
    #[error(
        "--points {text}: write final, best, last:K, every, decayed, values, samples or at:D=TOKENS, for example at:D=1B,2B"
    )]
    BadPoints {
        /// The text as given.
        text: String,
    },
    /// A `--restarts` that cannot be read.
    #[error("--restarts {text}: write last, first or error")]
    BadRestarts {
        /// The text as given.
        text: String,
    },
    /// A table that cannot be written.
    #[error("{file}: cannot be written: {reason}")]
    CannotWrite {
        /// Name of the file.
        file: String,
        /// What went wrong.
        reason: String,
    },
    /// A column that is needed and not there.
    #[error("there is no column `{column}`{}", hint(.suggestion, .known))]
    MissingColumn {
        /// The name that was asked for.
        column: String,
        /// The name that comes closest, if one does.
        suggestion: Option<String>,
        /// Columns of the table.
        known: Vec<String>,
    },
    /// An input or output of the law for which no column was found.
    #[error("no column for {role} was found; say which one with --map {role}=COLUMN{advice}{}", hint(.suggestion, .known))]
    RoleNotFound {
        /// The name that the law uses.
        role: String,
        /// A ready `--let`, if one would help; starts with a comma.
        advice: String,
        /// The name that comes closest, if one does.
        suggestion: Option<String>,
        /// Columns of the table.
        known: Vec<String>,
    },
    /// Text in a column that is used as numbers.
    #[error(
        "{place}: column `{column}` is used as a number but holds the text {value:?} ({count} of {rows} rows \
         hold text); correct the cells, or leave these rows out with --where"
    )]
    TextInNumber {
        /// Name of the column.
        column: String,
        /// Where the first text is.
        place: Place,
        /// The first text, shortened.
        value: String,
        /// Cells with text.
        count: usize,
        /// Rows of the table.
        rows: usize,
    },
    /// A column of numbers that is used as text.
    #[error("column `{column}` holds numbers and cannot be compared with text; compare it with a number")]
    NumberForText {
        /// Name of the column.
        column: String,
    },
    /// A `--map` that cannot be read.
    #[error("--map {text}: write NAME=COLUMN, for example --map loss=val_loss")]
    BadMap {
        /// The text as given.
        text: String,
    },
    /// A `--let` that cannot be read.
    #[error("--let {text}: {reason}, for example --let 'D = C / (6*N)'")]
    BadLet {
        /// The text as given.
        text: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A formula of `--let` or `--where` that cannot be read.
    #[error("{option} {text}: {diagnostics}")]
    Formula {
        /// The option.
        option: &'static str,
        /// The formula; places in the diagnostics count from its start.
        text: String,
        /// What is wrong.
        diagnostics: Box<isoflop_formula::Diagnostics>,
    },
    /// An address that cannot be read.
    #[error("{reason}")]
    Remote {
        /// What went wrong, with the address.
        reason: String,
    },
    /// An error in runs that were fetched: as of local files, with the address in place of the path.
    #[error("{text}")]
    Elsewhere {
        /// Its code.
        code: &'static str,
        /// Its text.
        text: String,
    },
    /// Columns of different lengths.
    #[error("column `{column}` has {found} rows, but the first column has {expected}")]
    UnequalLengths {
        /// Name of the column.
        column: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this column.
        found: usize,
    },
}

fn hint(suggestion: &Option<String>, known: &[String]) -> String {
    const SHOWN: usize = 20;
    if let Some(name) = suggestion {
        return format!("; did you mean `{name}`?");
    }
    let mut list = known.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if known.len() > SHOWN {
        list.push_str(&format!(" and {} more", known.len() - SHOWN));
    }
    if list.is_empty() { "; the table has no columns".into() } else { format!("; the columns are {list}") }
}

/// Text for a message: at most 40 characters.
pub(crate) fn shortened(text: &str) -> String {
    const LIMIT: usize = 40;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

impl RunsError {
    /// A stable code for documentation and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "R0101",
            Self::NoPermission { .. } => "R0102",
            Self::Directory { .. } => "R0103",
            Self::NoPaths => "R0104",
            Self::Io { .. } => "R0105",
            Self::Empty { .. } => "R0106",
            Self::HeaderOnly { .. } => "R0107",
            Self::NoHeader { .. } => "R0108",
            Self::UnknownFormat { .. } => "R0109",
            Self::NotUtf8 { .. } => "R0110",
            Self::BadCompression { .. } => "R0111",
            Self::TooMuchExpansion { .. } => "R0112",
            Self::TooLarge { .. } => "R0113",
            Self::DuplicateColumn { .. } => "R0114",
            Self::RaggedRow { .. } => "R0115",
            Self::BadQuote { .. } => "R0116",
            Self::BadJson { .. } => "R0117",
            Self::BadParquet { .. } => "R0118",
            Self::BadRunFile { .. } => "R0130",
            Self::NoRuns { .. } => "R0131",
            Self::UnknownTool { .. } => "R0132",
            Self::BadPoints { .. } => "R0133",
            Self::MixedTools { .. } => "R0134",
            Self::Restarted { .. } => "R0135",
            Self::BadRestarts { .. } => "R0136",
            Self::NoPoints { .. } => "R0137",
            Self::UnknownLog { .. } => "R0138",
            Self::BadPattern { .. } => "R0139",
            Self::CannotWrite { .. } => "R0140",
            Self::Remote { .. } => "R0141",
            Self::Elsewhere { code, .. } => code,
            Self::MissingColumn { .. } => "R0120",
            Self::RoleNotFound { .. } => "R0121",
            Self::TextInNumber { .. } => "R0122",
            Self::NumberForText { .. } => "R0123",
            Self::BadMap { .. } => "R0124",
            Self::BadLet { .. } => "R0125",
            Self::Formula { .. } => "R0126",
            Self::UnequalLengths { .. } => "R0127",
        }
    }

    /// The error with the address in place of the path that stands for it.
    pub(crate) fn elsewhere(self, alias: &Alias) -> Self {
        Self::Elsewhere { code: self.code(), text: alias.apply(&self.to_string()) }
    }

    /// The error of an operation on a path.
    pub(crate) fn from_path(path: &str, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path, is_pattern: false },
            io::ErrorKind::PermissionDenied => Self::NoPermission { path },
            _ => Self::Io { file: path, reason: error.to_string() },
        }
    }
}
