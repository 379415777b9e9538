//! Printing: text for people, JSON and CSV for programs.

pub(crate) mod certificate;
pub(crate) mod chances;
pub(crate) mod checked;
pub(crate) mod fit_json;
pub(crate) mod fit_text;
pub(crate) mod laws;
pub(crate) mod number;
pub(crate) mod points;
pub(crate) mod reproduced;
pub(crate) mod style;
pub(crate) mod table;

use std::io::{self, Write};

use serde_json::{Value, json};

/// Version of all JSON output; it rises when a key changes its meaning or goes away.
pub(crate) const SCHEMA_VERSION: u32 = 1;

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

/// A number for JSON: `null` if it is not finite.
pub(crate) fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}
