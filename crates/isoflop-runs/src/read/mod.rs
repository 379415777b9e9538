//! Readers: every file, stream and format ends in one [`TableBuilder`].

mod bulk;
pub(crate) mod claims;
mod delimited;
mod json;
mod open;
mod parquet;
mod paths;
mod records;
mod shared;
mod sniff;

use std::io::{self, Read, Seek};

use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::note::Note;
use crate::origin::Source;
use crate::remote;
use crate::sources::{self, Points, Restarts, Tool};
pub(crate) use bulk::Piece;
use open::Stream;
pub(crate) use parquet::guarded;
use shared::SharedFile;

/// Bytes in one row of text; a quote that is never closed would otherwise take all memory.
const MAX_RECORD: usize = 64 << 20;

/// A format of run tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with a header line; the delimiter (`,` `;` `|` or tab) is found from the header.
    Csv,
    /// Text with a header line and tabs between cells.
    Tsv,
    /// One JSON object per line.
    JsonLines,
    /// Apache Parquet.
    Parquet,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// Format of all files; by default each is told from its first bytes, then its name.
    pub format: Option<Format>,
    /// How many times larger than the file decompressed data may become before it counts as an attack
    /// rather than as data. The first 256 MiB are always allowed.
    pub expansion_ratio: u64,
    /// The tool that made the runs; by default it is found from the names of files and directories.
    pub from: Option<Tool>,
    /// Which points of each run become rows, where a path holds runs with curves.
    pub points: Points,
    /// What to do with several values at one step of a run.
    pub restarts: Restarts,
    /// The metric that `points` looks at; by default the one with the best name for a loss.
    pub loss: Option<String>,
    /// A regular expression with named groups for the lines of text logs: `step`, and one for each metric.
    pub log_pattern: Option<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            expansion_ratio: 200,
            from: None,
            points: Points::default(),
            restarts: Restarts::default(),
            loss: None,
            log_pattern: None,
        }
    }
}

/// Reads files, patterns and `-` (stdin) into the builder.
pub(crate) fn read_paths(paths: &[String], options: &ReadOptions) -> Result<TableBuilder, RunsError> {
    let mut builder = TableBuilder::default();
    for path in paths::expand(paths)? {
        if path.is_repeated {
            builder.notes.push(Note::FileTwice { file: path.name.clone() });
        }
        match path.name.as_str() {
            "-" => read_stream(&mut builder, "stdin", Box::new(io::stdin()), options)?,
            name if remote::is_address(name) => read_address(&mut builder, name, options)?,
            name => read_path(&mut builder, name, options)?,
        }
    }
    Ok(builder)
}

/// Reads what a tool left at a path, or a table.
fn read_path(builder: &mut TableBuilder, name: &str, options: &ReadOptions) -> Result<(), RunsError> {
    match sources::read(builder, name, options)? {
        true => Ok(()),
        false => read_file(builder, name, options),
    }
}

/// Fetches what lies at an address and reads it.
fn read_address(builder: &mut TableBuilder, address: &str, options: &ReadOptions) -> Result<(), RunsError> {
    let fetched = remote::get(address)?;
    let alias = fetched.alias();
    builder.alias = Some(alias.clone());
    builder.notes.push(Note::fetched(&fetched));
    let read = read_path(builder, &fetched.path.display().to_string(), options);
    builder.alias = None;
    read.map_err(|error| error.elsewhere(&alias))
}

/// The files that paths and patterns name.
pub(crate) fn expand(paths: &[String]) -> Result<Vec<String>, RunsError> {
    Ok(paths::expand(paths)?.into_iter().map(|named| named.name).collect())
}

/// Reads one file into the builder. A plain Parquet file is read where it lies, anything else as a stream.
pub(crate) fn read_file(
    builder: &mut TableBuilder,
    name: &str,
    options: &ReadOptions,
) -> Result<(), RunsError> {
    let mut file = paths::open_file(name)?;
    let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
    if is_regular && options.format.is_none_or(|format| format == Format::Parquet) {
        let mut magic = [0; sniff::PARQUET.len()];
        let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == sniff::PARQUET;
        file.rewind().map_err(|error| RunsError::from_path(name, &error))?;
        if is_parquet {
            let format = Some(Format::Parquet);
            builder.source(Source { name: name.to_owned(), format, compression: None, rows: 0, tool: None });
            let first_row = builder.rows();
            let file = SharedFile::new(file).map_err(|error| RunsError::from_path(name, &error))?;
            parquet::read(builder, file)?;
            return check_rows(builder, first_row);
        }
    }
    read_stream(builder, name, Box::new(file), options)
}

/// A table without rows is an error.
fn check_rows(builder: &TableBuilder, first_row: usize) -> Result<(), RunsError> {
    match builder.rows() == first_row {
        true => Err(RunsError::HeaderOnly { file: builder.place(1).file }),
        false => Ok(()),
    }
}

/// Reads one stream into the builder.
pub(crate) fn read_stream(
    builder: &mut TableBuilder,
    name: &str,
    input: Box<dyn Read + '_>,
    options: &ReadOptions,
) -> Result<(), RunsError> {
    let mut source =
        Source { name: name.to_owned(), format: options.format, compression: None, rows: 0, tool: None };
    let mut stream = Stream::open(input, &mut source, options.expansion_ratio)?;
    let format = match options.format {
        Some(format) => format,
        None => sniff::format(name, &stream.head)?,
    };
    source.format = Some(format);
    let first_row = builder.rows();
    builder.source(source);
    match format {
        Format::Csv => {
            let delimiter = sniff::delimiter(&stream.head);
            delimited::read(builder, stream, delimiter)?;
        }
        Format::Tsv => delimited::read(builder, stream, b'\t')?,
        Format::JsonLines => json::read(builder, stream)?,
        Format::Parquet => {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).map_err(|error| stream_error(builder, &error))?;
            parquet::read(builder, ::bytes::Bytes::from(bytes))?;
        }
    }
    check_rows(builder, first_row)
}

/// The error of reading from the builder's current source.
fn stream_error(builder: &TableBuilder, error: &io::Error) -> RunsError {
    let source = builder.origins.sources.last();
    open::read_error(source.map_or("", |s| s.name.as_str()), source.and_then(|s| s.compression), error)
}
