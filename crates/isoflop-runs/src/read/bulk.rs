//! The rest of a large table of delimited text, by all threads at once.
//!
//! Rows of the plain kind are read where they lie in the buffer: without quotes, of as many cells as the header, and with
//! numbers where all cells before were numbers. What is not plain is left to the reader of single rows, which knows every
//! case and every error: nothing here decides what a mistake is.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::builder::TableBuilder;
use crate::cell::{Cell, is_missing, read_cell};
use crate::column::{Numbers, TextBuilder};

/// Bytes that one thread takes at a time.
const PART: usize = if cfg!(test) { 64 } else { 1 << 18 };

/// Digits and point of a number whose digits are an exact float.
const SHORT: usize = 16;

/// Cells of one column of some rows.
#[derive(Debug)]
pub(crate) enum Piece {
    /// All numbers or missing.
    Numbers(Numbers),
    /// Text, by its own list of levels.
    Text(TextBuilder),
}

/// How the cells of a line are told apart and read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// Whether `1,234` is a number.
    pub(super) thousands: bool,
}

/// Adds the cells of whole lines without quotes to `columns`, from the builder's current row on, and gives their number;
/// the caller then ends as many rows. `None`, with nothing added, if one of them is not plain.
pub(super) fn read(
    builder: &mut TableBuilder,
    columns: &[usize],
    lines: &[u8],
    dialect: Dialect,
) -> Option<usize> {
    let is_text: Vec<bool> = columns.iter().map(|&column| builder.is_text(column)).collect();
    let parts = parts(lines);
    let pieces: Option<Vec<Vec<Piece>>> =
        parts.par_iter().map(|part| plain(part, &is_text, dialect)).collect();
    let pieces = pieces?;
    let rows = pieces.iter().filter_map(|part| part.first()).map(Piece::len).sum();
    builder.pieces(columns, &pieces);
    Some(rows)
}

/// Cuts after the line ends next to equal distances.
fn parts(mut lines: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::with_capacity(lines.len() / PART + 1);
    while !lines.is_empty() {
        let rest = lines.get(PART..).unwrap_or_default();
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(lines.len(), |at| PART + at + 1);
        let (part, after) = lines.split_at(end);
        parts.push(part);
        lines = after;
    }
    parts
}

/// The cells of some lines by column; `None` if a line is not plain.
fn plain(lines: &[u8], is_text: &[bool], dialect: Dialect) -> Option<Vec<Piece>> {
    let lines = std::str::from_utf8(lines).ok()?;
    let new = |&is_text: &bool| match is_text {
        true => Piece::Text(TextBuilder::default()),
        false => Piece::Numbers(Numbers::default()),
    };
    let mut pieces: Vec<Piece> = is_text.iter().map(new).collect();
    let last = pieces.len().checked_sub(1)?;
    // Whether the number above was long: then the next one is as well, as a rule.
    let mut is_long = vec![false; pieces.len()];
    let mut at = 0;
    while at < lines.len() {
        for (nth, (piece, is_long)) in pieces.iter_mut().zip(&mut is_long).enumerate() {
            let stop = match piece {
                Piece::Numbers(numbers) => {
                    let stop = number(lines, at, dialect, *is_long, numbers)?;
                    *is_long = stop - at > SHORT;
                    stop
                }
                Piece::Text(texts) => text(lines, at, dialect, texts),
            };
            let wanted = if nth == last { b'\n' } else { dialect.delimiter };
            if lines.as_bytes().get(stop) != Some(&wanted) {
                return None;
            }
            at = stop + 1;
        }
    }
    Some(pieces)
}

/// Where the cell that starts at `start` ends.
fn end(lines: &str, start: usize, delimiter: u8) -> usize {
    let rest = lines.as_bytes().get(start..).unwrap_or_default();
    start + rest.iter().position(|&byte| byte == delimiter || byte == b'\n').unwrap_or(rest.len())
}

/// Adds the number that starts at `start` and gives its end; `None` if there is text.
#[inline]
fn number(
    lines: &str,
    start: usize,
    dialect: Dialect,
    is_long: bool,
    numbers: &mut Numbers,
) -> Option<usize> {
    let bytes = lines.as_bytes();
    if !is_long
        && let Some((value, stop)) = short_number(bytes, start)
        && bytes.get(stop).is_some_and(|&byte| byte == dialect.delimiter || byte == b'\n')
    {
        numbers.values.push(value);
        return Some(stop);
    }
    let stop = end(lines, start, dialect.delimiter);
    match read_cell(lines.get(start..stop)?, dialect.thousands) {
        Cell::Number(value) => numbers.values.push(value),
        Cell::Missing => numbers.push_missing(),
        Cell::Text(_) => return None,
    }
    Some(stop)
}

/// A number of at most 15 digits without exponent, and where it ends. Its digits and the power of ten below them are exact
/// floats, so that their quotient is the nearest float.
#[inline]
fn short_number(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    const TENS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let is_negative = bytes.get(start) == Some(&b'-');
    let (mut at, mut digits, mut whole) = (start + usize::from(is_negative), 0_u64, None);
    let first = at;
    loop {
        match bytes.get(at) {
            Some(byte @ b'0'..=b'9') => digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            Some(b'.') if whole.is_none() && at > first => whole = Some(at),
            _ => break,
        }
        at += 1;
        if at - first > SHORT {
            return None;
        }
    }
    let decimals = whole.map_or(0, |point| at - point - 1);
    let count = at - first - usize::from(whole.is_some());
    if count == 0 || count > 15 || (whole.is_some() && decimals == 0) {
        return None;
    }
    let value = digits as f64 / TENS.get(decimals)?;
    Some((if is_negative { -value } else { value }, at))
}

/// Adds the text that starts at `start` and gives its end.
#[inline]
fn text(lines: &str, start: usize, dialect: Dialect, texts: &mut TextBuilder) -> usize {
    // Rows of one run follow each other.
    if let Some(stop) = texts.last().and_then(|last| {
        let after = start + last.len();
        let rest = lines.as_bytes().get(start..)?;
        let &next = rest.get(last.len())?;
        ((next == dialect.delimiter || next == b'\n') && rest.starts_with(last.as_bytes())).then_some(after)
    }) {
        texts.push_last();
        return stop;
    }
    let stop = end(lines, start, dialect.delimiter);
    match lines.get(start..stop).unwrap_or_default().trim() {
        cell if is_missing(cell) => texts.push_missing(),
        cell => texts.push(cell),
    }
    stop
}

impl Piece {
    /// Number of rows.
    fn len(&self) -> usize {
        match self {
            Piece::Numbers(numbers) => numbers.values.len(),
            Piece::Text(texts) => texts.text.codes.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ReadOptions, RunTable};

    /// A cell, mostly a number, and now and then what is not plain.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            30 => any::<f64>().prop_map(|value| value.to_string()),
            30 => any::<i32>().prop_map(|value| value.to_string()),
            30 => "-?[0-9]{1,18}\\.[0-9]{0,17}",
            10 => "(NaN| 7|-Infinity|12k|1e5|-?\\.5|\\+3)",
            4 => "(|NA|-)",
            1 => "(é|run [ab]|1,5|-\\.)",
        ]
    }

    fn row() -> impl Strategy<Value = Vec<String>> {
        let name = "(a|b|run 7|NA|é)";
        prop_oneof![
            400 => (name, cell(), cell()).prop_map(|(name, x, y)| vec![name, x, y]),
            // A blank line.
            1 => Just(vec![String::new()]),
            // Too few cells.
            1 => Just(vec![String::from("a"), String::from("1")]),
        ]
    }

    /// The rows, each cell in quotes or none.
    fn written(rows: &[Vec<String>], quote: &str, end: &str) -> String {
        let line = |cells: &Vec<String>| match cells.as_slice() {
            [blank] => blank.clone() + end,
            cells => cells.iter().map(|c| format!("{quote}{c}{quote}")).collect::<Vec<_>>().join(";") + end,
        };
        format!("run;x;y{end}") + &rows.iter().map(line).collect::<String>()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Cells in quotes are read row by row, and those without must come to the same, down to places, notes and errors.
        #[test]
        fn many_rows_at_once_are_as_rows_one_by_one(
            rows in prop::collection::vec(row(), 1..300),
            end in "\r?\n",
            is_ended: bool,
        ) {
            let read = |quote| {
                let mut text = written(&rows, quote, &end);
                if !is_ended {
                    text.truncate(text.trim_end_matches(['\r', '\n']).len());
                }
                let read = RunTable::from_reader("r.csv", text.as_bytes(), &ReadOptions::default());
                read.map_err(|error| error.to_string())
            };
            match (read(""), read("\"")) {
                (Ok(plain), Ok(quoted)) => {
                    // NaN is not itself.
                    prop_assert_eq!(format!("{plain:?}"), format!("{quoted:?}"));
                }
                (plain, quoted) => prop_assert_eq!(plain.err(), quoted.err()),
            }
        }
    }

    proptest! {
        #[test]
        fn short_numbers_are_as_the_standard_library_reads_them(text in "-?[0-9]{1,17}(\\.[0-9]{0,16})?") {
            if let Some((value, end)) = short_number(text.as_bytes(), 0) {
                prop_assert_eq!(end, text.len());
                prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            } else {
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                prop_assert!(digits > 15 || text.ends_with('.'));
            }
        }
    }

    #[test]
    fn plain_lines_are_taken_and_others_leave_no_trace() {
        let dialect = Dialect { delimiter: b',', thousands: true };
        let rows = |lines: &str| {
            let mut builder = TableBuilder::default();
            let columns = [builder.column("x", 1).unwrap(), builder.column("y", 1).unwrap()];
            let rows = read(&mut builder, &columns, lines.as_bytes(), dialect);
            assert_eq!(rows.is_some(), builder.has_cell(0), "{lines:?}");
            rows
        };
        assert_eq!(rows("1,2\n,NA\n1.5, 7B \r\n"), Some(3));
        for lines in ["1,2\n\n", "1,2\n3\n", "1,2\n3,4,5\n", "1,2\n3,a\n", "1,2\n3,4"] {
            assert_eq!(rows(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn what_is_not_a_short_number_is_left_alone() {
        for text in ["", "-", ".5", "5.", "1.2.3", "1234567890123456", "x", "."] {
            let found = short_number(text.as_bytes(), 0);
            assert!(found.is_none_or(|(_, end)| end < text.len()), "{text}: {found:?}");
        }
    }

    #[test]
    fn parts_end_at_line_ends_and_leave_nothing_out() {
        let lines = "0123456789\n".repeat(100_000);
        let parts = parts(lines.as_bytes());
        assert!(parts.len() > 2 && parts.iter().all(|part| part.ends_with(b"\n")));
        assert_eq!(parts.concat(), lines.as_bytes());
    }
}
