//! JSON lines: one object per line, nested objects flattened to dotted names.
//!
//! Python writes `NaN` and `Infinity` as bare words, which is not JSON and which strict parsers refuse, so
//! the objects are read here; only strings with escapes go through a JSON crate.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};

use super::{MAX_RECORD, stream_error};
use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::json_text::Cursor;
use crate::note::Note;

/// Objects inside objects; deeper ones are an error rather than a deep recursion.
const MAX_DEPTH: usize = 64;

/// Reads JSON lines. Blank lines are passed over.
pub(super) fn read(builder: &mut TableBuilder, input: impl Read) -> Result<(), RunsError> {
    let mut input = BufReader::with_capacity(1 << 18, input);
    let mut bytes = Vec::new();
    let mut number = 0;
    let mut skipped = Vec::new();
    let first_row = builder.rows();
    loop {
        bytes.clear();
        number += 1;
        let limit = MAX_RECORD as u64 + 1;
        let count = (&mut input).take(limit).read_until(b'\n', &mut bytes);
        if count.map_err(|error| stream_error(builder, &error))? == 0 {
            break;
        }
        if bytes.len() > MAX_RECORD {
            let place = builder.place(number);
            return Err(RunsError::TooLarge { place, limit: MAX_RECORD, what: "bytes in one row" });
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| RunsError::NotUtf8 { place: builder.place(number), what: "the line".into() })?;
        if text.trim().is_empty() {
            continue;
        }
        let mut line =
            Line { cursor: Cursor::new(text), number, path: String::new(), builder, skipped: &mut skipped };
        if let Err(fault) = line.read() {
            let at = line.cursor.at + 1;
            return Err(match fault {
                Fault::Syntax(reason) => {
                    RunsError::BadJson { place: builder.place(number), reason: reason.into(), at }
                }
                Fault::Other(error) => *error,
            });
        }
        builder.end_row(number)?;
    }
    let file = builder.place(1).file;
    if builder.rows() == first_row {
        return Err(RunsError::Empty { file });
    }
    for column in skipped {
        builder.notes.push(Note::ColumnSkipped { column, file: file.clone(), holds: "lists".into() });
    }
    Ok(())
}

/// Why a line was not read.
enum Fault {
    Syntax(&'static str),
    Other(Box<RunsError>),
}

impl From<RunsError> for Fault {
    fn from(error: RunsError) -> Self {
        Fault::Other(Box::new(error))
    }
}

/// One line on its way into the table.
struct Line<'a> {
    cursor: Cursor<'a>,
    number: u64,
    /// Dotted name of the member being read.
    path: String,
    builder: &'a mut TableBuilder,
    /// Names of the members that hold lists.
    skipped: &'a mut Vec<String>,
}

impl<'a> Line<'a> {
    fn read(&mut self) -> Result<(), Fault> {
        self.cursor.blanks();
        self.object(0)?;
        self.cursor.blanks();
        if self.cursor.at < self.cursor.text.len() {
            return Err(Fault::Syntax("text follows the object"));
        }
        Ok(())
    }

    /// Reads `{...}`; its members become cells.
    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        if depth == MAX_DEPTH {
            return Err(Fault::Syntax("objects are nested too deeply"));
        }
        self.expect(b'{', "expected `{`")?;
        self.cursor.blanks();
        if self.cursor.take(b'}') {
            return Ok(());
        }
        loop {
            self.cursor.blanks();
            let outer = self.path.len();
            if outer > 0 {
                self.path.push('.');
            }
            let key = self.string()?;
            self.path.push_str(&key);
            self.cursor.blanks();
            self.expect(b':', "expected `:`")?;
            self.cursor.blanks();
            self.value(depth)?;
            self.path.truncate(outer);
            self.cursor.blanks();
            if self.cursor.take(b'}') {
                return Ok(());
            }
            self.expect(b',', "expected `,` or `}`")?;
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        match self.cursor.peek() {
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => {
                if !self.skipped.contains(&self.path) {
                    self.skipped.push(self.path.clone());
                }
                self.list()
            }
            Some(b'"') => {
                let text = self.string()?;
                let column = self.column()?;
                self.builder.cell(column, &text, true);
                Ok(())
            }
            Some(_) => self.word(),
            None => Err(Fault::Syntax("the line ends inside the object")),
        }
    }

    /// Passes over `[...]`.
    fn list(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.cursor.peek() {
                Some(b'[' | b'{') => open += 1,
                Some(b']' | b'}') => open -= 1,
                Some(b'"') => {
                    self.string()?;
                    continue;
                }
                Some(_) => {}
                None => return Err(Fault::Syntax("the line ends inside a list")),
            }
            self.cursor.at += 1;
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// A number, `null`, `true`, `false`, `NaN` or `Infinity`.
    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.cursor.rest();
        let end = rest.find([',', '}', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = &rest[..end];
        let column = self.column()?;
        match word {
            "null" => self.builder.missing(column),
            "true" => self.builder.number(column, 1.0),
            "false" => self.builder.number(column, 0.0),
            "NaN" | "Infinity" | "-Infinity" => self.builder.cell(column, word, true),
            _ if is_json_number(word) => self.builder.cell(column, word, true),
            _ => return Err(Fault::Syntax("expected a value")),
        }
        self.cursor.at += end;
        Ok(())
    }

    /// The column of the current path, which must not have a cell in this row yet.
    fn column(&mut self) -> Result<usize, Fault> {
        let column = self.builder.column(&self.path, self.number)?;
        if self.builder.has_cell(column) {
            let place = self.builder.place(self.number);
            return Err(RunsError::DuplicateColumn { place, column: self.path.clone() }.into());
        }
        Ok(column)
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.cursor.at;
        let (quoted, has_escapes) = self.cursor.quoted().map_err(Fault::Syntax)?;
        if !has_escapes {
            return Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
        }
        serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| {
            self.cursor.at = start;
            Fault::Syntax("a string has a bad escape")
        })
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Fault> {
        if self.cursor.take(byte) { Ok(()) } else { Err(Fault::Syntax(what)) }
    }
}

/// Whether the word is a number by the grammar of JSON, so that `1.`, `.5` and `0x1` are not.
fn is_json_number(word: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let word = word.strip_prefix('-').unwrap_or(word);
    let whole = digits(word);
    if whole == 0 || (whole > 1 && word.starts_with('0')) {
        return false;
    }
    let mut rest = &word[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let count = digits(exponent);
        return count > 0 && count == exponent.len();
    }
    rest.is_empty()
}
