//! Numbers as short text.

/// `1B`, `20M`, `0.5`: at most three digits and a suffix; for numbers from a thousandth to 1e15.
pub(crate) fn short(value: f64) -> String {
    const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    let (unit, suffix) = SUFFIXES.into_iter().find(|(unit, _)| value.abs() >= *unit).unwrap_or((1.0, ""));
    // Through text, so that 0.30000000000000004 is 0.3.
    let rounded: f64 = format!("{:.2e}", value / unit).parse().unwrap_or(f64::NAN);
    format!("{rounded}{suffix}")
}

/// `10²¹`, `2·10⁻⁵`.
pub(crate) fn power(digit: i32, exponent: i32) -> String {
    let front = if digit == 1 { String::new() } else { format!("{digit}·") };
    let raised = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).unwrap_or('?'),
    };
    format!("{front}10{}", exponent.to_string().chars().map(raised).collect::<String>())
}

/// A tick of an axis with equal steps, with the decimals that tell the steps apart.
pub(crate) fn decimals(value: f64, step: f64) -> String {
    let largest = value.abs().max(step);
    if value != 0.0 && (largest >= 1e15 || step < 1e-4) {
        let text = format!("{value:.1e}");
        return text.replace(".0e", "e");
    }
    if step >= 1e3 {
        return short(value);
    }
    let places = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.places$}");
    if text.trim_start_matches(['-', '0', '.']).is_empty() { text.replace('-', "") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers() {
        assert_eq!(
            [short(7e10), short(1.4e12), short(0.1 + 0.2), short(-2500.0)],
            ["70B", "1.4T", "0.3", "-2.5k"]
        );
        assert_eq!([power(1, 21), power(5, -3), power(2, 0)], ["10²¹", "5·10⁻³", "2·10⁰"]);
        assert_eq!([decimals(-1e-17, 0.5), decimals(2.5, 0.5), decimals(3e-6, 1e-6)], ["0.0", "2.5", "3e-6"]);
    }
}
