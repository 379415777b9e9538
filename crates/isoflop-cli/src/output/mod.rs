//! Printing: text for people, JSON and CSV for programs.

pub(crate) mod appendix;
pub(crate) mod audit;
pub(crate) mod backtest;
pub(crate) mod certificate;
pub(crate) mod chances;
pub(crate) mod checked;
pub(crate) mod compare;
pub(crate) mod contrast;
pub(crate) mod cost;
pub(crate) mod fit_text;
pub(crate) mod forecast;
pub(crate) mod groups;
pub(crate) mod hardware;
pub(crate) mod influence;
pub(crate) mod intervals;
pub(crate) mod laws;
pub(crate) mod methods;
pub(crate) mod next;
pub(crate) mod number;
pub(crate) mod plan;
pub(crate) mod points;
pub(crate) mod profile;
pub(crate) mod reproduced;
pub(crate) mod review;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod style;
pub(crate) mod table;

use std::io::{self, BufWriter, Write};

pub(crate) use isoflop_study::{SCHEMA_VERSION, number, object};
use serde::Serialize;
use serde_json::Value;

/// Writes to stdout, without colour codes where they are not wanted.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Writes a JSON value to stdout, indented.
pub(crate) fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value:#}\n"))
}

/// Writes what may be too large to hold as JSON to stdout, indented.
pub(crate) fn stream_json(value: &impl Serialize) -> io::Result<()> {
    let mut stdout = BufWriter::new(anstream::stdout().lock());
    serde_json::to_writer_pretty(&mut stdout, value)?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}
