//! Rows of delimited text.
//!
//! Written here rather than taken from a crate because a run table needs three things together: the line on
//! which each row starts, an error for a quote that is never closed (it would swallow rows), and a bound on
//! the size of a row. Quoting is that of RFC 4180, and blanks may stand around the quotes.

use std::io::{self, Read};

use super::MAX_RECORD;

/// First size of the buffer; it grows for a row that is longer, and for many rows at once.
const BUFFER: usize = if cfg!(test) { 1 << 9 } else { 1 << 18 };
/// Size of the buffer for many rows at once.
const LARGE: usize = if cfg!(test) { 1 << 10 } else { 1 << 22 };
/// Fewer bytes of rows are not worth more than one thread.
const MANY: usize = if cfg!(test) { 256 } else { 1 << 17 };

/// Splits a stream into rows and cells.
pub(super) struct Records<R> {
    input: R,
    delimiter: u8,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    line: u64,
    cells: Vec<Span>,
    unescaped: Vec<u8>,
}

/// Where the bytes of a cell are.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    /// In the side buffer, because doubled quotes had to be made single.
    is_unescaped: bool,
}

/// One row.
pub(super) struct Record<'a> {
    /// Line on which it starts, counted from 1.
    pub(super) line: u64,
    buffer: &'a [u8],
    unescaped: &'a [u8],
    cells: &'a [Span],
}

/// Why there is no next row.
#[derive(Debug)]
pub(super) enum RecordError {
    Io(io::Error),
    /// A quote problem in the row that starts on this line.
    Quote(u64, &'static str),
    TooLong(u64),
}

impl Record<'_> {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cells without their quotes.
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.cells.iter().map(|span| {
            let bytes = if span.is_unescaped { self.unescaped } else { self.buffer };
            &bytes[span.start..span.end]
        })
    }
}

impl<R: Read> Records<R> {
    pub(super) fn new(input: R, delimiter: u8) -> Self {
        Self {
            input,
            delimiter,
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            at_end: false,
            line: 1,
            cells: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    /// The next row that is not blank; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Record<'_>>, RecordError> {
        loop {
            self.cells.clear();
            self.unescaped.clear();
            let bytes = &self.buffer[self.start..self.end];
            let split = split(bytes, self.at_end, self.delimiter, &mut self.cells, &mut self.unescaped)
                .map_err(|what| RecordError::Quote(self.line, what))?;
            let Some(Row { length, has_quotes }) = split else {
                self.fill()?;
                continue;
            };
            if length == 0 {
                return Ok(None);
            }
            let (start, line) = (self.start, self.line);
            let record = &self.buffer[start..start + length];
            // Only a quoted cell can hold line ends of its own.
            self.line += match has_quotes {
                false => 1,
                true => record.iter().filter(|&&byte| byte == b'\n').count() as u64,
            };
            self.start += length;
            if !record.iter().all(u8::is_ascii_whitespace) || self.cells.len() > 1 {
                let buffer = &self.buffer[start..start + length];
                return Ok(Some(Record { line, buffer, unescaped: &self.unescaped, cells: &self.cells }));
            }
        }
    }

    /// Line of the next row and the bytes of many whole rows without quotes; `None` if there are not so many.
    pub(super) fn many(&mut self) -> Result<Option<(u64, &[u8])>, RecordError> {
        if self.buffer.len() < LARGE {
            self.buffer.resize(LARGE, 0);
        }
        while !self.at_end && (self.start > 0 || self.end < self.buffer.len()) {
            self.fill()?;
        }
        let bytes = &self.buffer[self.start..self.end];
        let plain = &bytes[..memchr::memchr(b'"', bytes).unwrap_or(bytes.len())];
        let length = memchr::memrchr(b'\n', plain).map_or(0, |at| at + 1);
        Ok((length >= MANY).then(|| (self.line, &bytes[..length])))
    }

    /// Goes on after the `count` lines that [`Records::many`] gave, which have `length` bytes.
    pub(super) fn skip(&mut self, length: usize, count: usize) {
        self.start = self.end.min(self.start + length);
        self.line += count as u64;
    }

    /// Makes room and reads more.
    fn fill(&mut self) -> Result<(), RecordError> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            if self.end >= MAX_RECORD {
                return Err(RecordError::TooLong(self.line));
            }
            self.buffer.resize(self.end * 2, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(RecordError::Io(error)),
            }
            return Ok(());
        }
    }
}

/// What `split` found; a length of 0 is the end of the input.
struct Row {
    length: usize,
    has_quotes: bool,
}

/// Splits the first row of `bytes` into cells, or returns `None` if it does not end here.
fn split(
    bytes: &[u8],
    at_end: bool,
    delimiter: u8,
    cells: &mut Vec<Span>,
    unescaped: &mut Vec<u8>,
) -> Result<Option<Row>, &'static str> {
    let is_blank = |byte: u8| (byte == b' ' || byte == b'\t' || byte == b'\r') && byte != delimiter;
    let skip_blanks = |mut at: usize| {
        while at < bytes.len() && is_blank(bytes[at]) {
            at += 1;
        }
        at
    };
    if bytes.is_empty() {
        return Ok(at_end.then_some(Row { length: 0, has_quotes: false }));
    }
    let mut at = 0;
    let mut has_quotes = false;
    loop {
        let first = skip_blanks(at);
        let stop = if bytes.get(first) == Some(&b'"') {
            has_quotes = true;
            match quoted(bytes, first + 1, cells, unescaped) {
                Some(after) => skip_blanks(after),
                None if at_end => return Err("a quote is opened here and never closed"),
                None => return Ok(None),
            }
        } else {
            let mut stop = at;
            while stop < bytes.len() && bytes[stop] != delimiter && bytes[stop] != b'\n' {
                stop += 1;
            }
            cells.push(Span { start: at, end: stop, is_unescaped: false });
            stop
        };
        match bytes.get(stop) {
            Some(b'\n') => return Ok(Some(Row { length: stop + 1, has_quotes })),
            Some(&byte) if byte == delimiter => at = stop + 1,
            Some(_) => return Err("text follows the closing quote of a cell"),
            None if at_end => return Ok(Some(Row { length: bytes.len(), has_quotes })),
            None => return Ok(None),
        }
    }
}

/// Reads a quoted cell from after its opening quote to after its closing one; `None` if it does not end here.
fn quoted(bytes: &[u8], start: usize, cells: &mut Vec<Span>, unescaped: &mut Vec<u8>) -> Option<usize> {
    let side_start = unescaped.len();
    let mut copied = start;
    let mut at = start;
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == b'"')?;
        if bytes.get(at + 1) != Some(&b'"') {
            break;
        }
        unescaped.extend_from_slice(&bytes[copied..=at]);
        at += 2;
        copied = at;
    }
    cells.push(match copied == start {
        true => Span { start, end: at, is_unescaped: false },
        false => {
            unescaped.extend_from_slice(&bytes[copied..at]);
            Span { start: side_start, end: unescaped.len(), is_unescaped: true }
        }
    });
    Some(at + 1)
}
