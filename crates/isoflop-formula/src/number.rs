//! Numbers as people write them: `7B`, `1.4T`, `1e21`, `64k`, `1_000_000`.

/// Reads a whole text as one finite number, with an optional sign and a suffix k, M, B or T (thousand,
/// million, billion, trillion).
///
/// Underscores may stand between digits. `None` for anything else, also for numbers beyond the range of
/// `f64`.
///
/// ```
/// use isoflop_formula::parse_number;
/// assert_eq!(parse_number("7B"), Some(7e9));
/// assert_eq!(parse_number("-1_000.5"), Some(-1000.5));
/// assert_eq!(parse_number("7Q"), None);
/// ```
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let (value, length) = scan_number(digits)?;
    (length == digits.len() && value.is_finite()).then_some(sign * value)
}

/// Reads a number without sign at the start of `text`: its value and its length in bytes. The value is
/// infinite if the number is too large.
pub(crate) fn scan_number(text: &str) -> Option<(f64, usize)> {
    let bytes = text.as_bytes();
    let whole = digits(bytes, 0);
    let mut end = whole;
    // Two dots are a range: `0..1`.
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1) != Some(&b'.') {
        let fraction = digits(bytes, end + 1);
        // `1.` is a number, but `.` alone is not.
        if fraction > end + 1 || whole > 0 {
            end = fraction;
        }
    }
    if end == 0 {
        return None;
    }
    let mantissa = text[..end].replace('_', "");
    let mut power = String::new();
    match bytes.get(end) {
        Some(b'e' | b'E') => {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let last = digits(bytes, end + 1 + sign);
            if last > end + 1 + sign {
                power = text[end + 1..last].replace('_', "");
                end = last;
            }
        }
        Some(b'k' | b'K') => (power, end) = ("3".into(), end + 1),
        Some(b'M') => (power, end) = ("6".into(), end + 1),
        Some(b'B') => (power, end) = ("9".into(), end + 1),
        Some(b'T') => (power, end) = ("12".into(), end + 1),
        _ => {}
    }
    if power.is_empty() {
        power.push('0');
    }
    // One correctly rounded conversion: 1.4T is the same number as 1.4e12.
    let value = format!("{mantissa}e{power}").parse().ok()?;
    Some((value, end))
}

/// End of the run of digits that starts at `start`; an underscore counts only between two digits.
fn digits(bytes: &[u8], start: usize) -> usize {
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = start;
    while digit(end) || (end > start && bytes.get(end) == Some(&b'_') && digit(end + 1)) {
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        let cases = [
            ("0", 0.0),
            ("7B", 7e9),
            ("1.4T", 1.4e12),
            ("64k", 64_000.0),
            ("64K", 64_000.0),
            ("2.5M", 2.5e6),
            ("1e21", 1e21),
            ("1E-3", 1e-3),
            ("5.76e+23", 5.76e23),
            ("1_000_000", 1e6),
            (".5", 0.5),
            ("3.", 3.0),
            (" 12 ", 12.0),
            ("-4", -4.0),
            ("+4", 4.0),
        ];
        for (text, value) in cases {
            assert_eq!(parse_number(text), Some(value), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_numbers() {
        for text in [
            "", "-", ".", "7b", "7BB", "1e", "1e999", "0x10", "1__0", "_1", "1 000", "nan", "inf", "--1",
            "1,5",
        ] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }

    #[test]
    fn scan_stops_where_the_number_ends() {
        assert_eq!(scan_number("20*N"), Some((20.0, 2)));
        assert_eq!(scan_number("2exp"), Some((2.0, 1)));
        assert_eq!(scan_number("1..2"), Some((1.0, 1)));
        assert_eq!(scan_number("N"), None);
    }
}
