//! What the text of one cell says.

use std::borrow::Cow;

/// What the text of one cell says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
}

/// Spellings of "there is no value".
const MISSING: [&str; 10] = ["NA", "N/A", "n/a", "null", "NULL", "Null", "None", "<NA>", "#N/A", "-"];

/// Reads a cell: surrounding blanks are ignored.
///
/// `thousands` says whether `1,234` is a number; it is not where the comma may be a decimal sign.
pub(crate) fn read_cell(text: &str, thousands: bool) -> Cell<'_> {
    let text = text.trim();
    if let Ok(value) = text.parse::<f64>() {
        Cell::Number(value)
    } else if is_missing(text) {
        Cell::Missing
    } else if let Some(value) = read_long_form(text, thousands) {
        Cell::Number(value)
    } else {
        Cell::Text(text)
    }
}

/// Whether trimmed text spells a missing value.
pub(crate) fn is_missing(text: &str) -> bool {
    text.is_empty() || (text.len() <= 4 && MISSING.contains(&text))
}

/// Numbers with thousands separators, and with a suffix such as `7B` or `64k`.
fn read_long_form(text: &str, thousands: bool) -> Option<f64> {
    // Anything longer is not a number, and words are told apart by their first character.
    let first = *text.as_bytes().first()?;
    if text.len() > 64 || !(first.is_ascii_digit() || b"+-.".contains(&first)) {
        return None;
    }
    let plain = match text.contains(',') {
        true if thousands => Cow::Owned(without_thousands(text)?),
        true => return None,
        false => Cow::Borrowed(text),
    };
    plain.parse().ok().or_else(|| isoflop_formula::parse_number(&plain))
}

/// `-1,234,567.5e3` as `-1234567.5e3`; `None` unless every group after the first has three digits.
fn without_thousands(text: &str) -> Option<String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole_end = unsigned.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(unsigned.len());
    let (whole, rest) = unsigned.split_at(whole_end);
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let well_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    (well_grouped && !rest.contains(',')).then(|| text.replace(',', ""))
}

/// Shortest text that reads back as the same number.
pub(crate) fn number_text(value: f64) -> String {
    if value == 0.0 || (1e-5..1e16).contains(&value.abs()) || !value.is_finite() {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, value) in [
            ("1", 1.0),
            (" 2.5\t", 2.5),
            ("+1e21", 1e21),
            ("-.5E-3", -0.5e-3),
            ("1,234,567", 1_234_567.0),
            ("-12,345.5e1", -123_455.0),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("7B", 7e9),
            ("1.4T", 1.4e12),
            ("64k", 64e3),
        ] {
            assert_eq!(read_cell(text, true), Cell::Number(value), "{text}");
        }
        assert!(matches!(read_cell("nan", true), Cell::Number(v) if v.is_nan()));
        assert!(matches!(read_cell("NaN", true), Cell::Number(v) if v.is_nan()));
    }

    #[test]
    fn missing_and_text() {
        for text in ["", "  ", "NA", "N/A", "null", "None", "-"] {
            assert_eq!(read_cell(text, true), Cell::Missing, "{text:?}");
        }
        for text in
            ["llama", "1,23", "1,2345", "12,34,567", ",123", "1.5.2", "1.234,5", "2b84b4b", "--1", "é"]
        {
            assert_eq!(read_cell(text, true), Cell::Text(text), "{text:?}");
        }
        assert_eq!(read_cell("3,141", false), Cell::Text("3,141"));
    }

    #[test]
    fn number_text_reads_back() {
        for value in [0.0, 1.0, -2.5, 1e-300, 1.3972367362937152e18, 123_456_789.0, 5e-324, f64::INFINITY] {
            assert_eq!(number_text(value).parse::<f64>().unwrap(), value);
        }
        assert_eq!(number_text(7e9), "7000000000");
    }
}
