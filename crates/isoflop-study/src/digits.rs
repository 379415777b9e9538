//! Numbers for people: as many digits as the interval supports, and no more.

/// Numbers from here on are written with an exponent.
const LARGE: f64 = 1e7;
/// Numbers below this are written with an exponent.
const SMALL: f64 = 1e-4;

/// A number with this many significant digits: `0.34731`, `2143.4`, `4.7e-9`.
pub fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value);
    }
    to_unit(value, digits - 1 - magnitude(value))
}

/// Decimal places that an interval of this width supports: two significant digits of its half width.
/// `None` if the width says nothing.
pub fn supported_places(low: f64, high: f64) -> Option<i32> {
    let half = (high - low) / 2.0;
    (half > 0.0 && half.is_finite()).then(|| 1 - magnitude(half))
}

/// A number to these decimal places (negative: tens, hundreds), but with two significant digits at least and
/// 15 at most.
pub fn to_places(value: f64, places: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return plain(value);
    }
    to_unit(value, places.clamp(1 - magnitude(value), 14 - magnitude(value)))
}

/// A size such as a number of parameters or tokens: `70B`, `1.4T`, `5.76e23`.
pub fn size(value: f64) -> String {
    const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    if !(1e3..1e15).contains(&value) {
        return trimmed(&significant(value, 6));
    }
    // Rounding first, so that 999999.9 is 1M and not 1000k.
    let value: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let (unit, suffix) = SUFFIXES.into_iter().find(|&(unit, _)| value >= unit).unwrap_or((1.0, ""));
    format!("{}{suffix}", value / unit)
}

/// A share in per cent: `71 %`, `0.3 %`.
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if !value.is_finite() {
        return plain(value);
    }
    match value.abs() {
        10.0.. => format!("{value:.0} %"),
        0.1.. => format!("{value:.1} %"),
        0.0 => "0 %".to_owned(),
        _ => format!("{} %", significant(value, 2)),
    }
}

/// The level of an interval: `90 %`, `99.5 %`.
pub fn coverage(level: f64) -> String {
    format!("{} %", trimmed(&significant(100.0 * level, 6)))
}

/// A change with its sign: `+0.02`, `-0.011`.
pub fn signed(value: f64) -> String {
    let text = significant(value, 2);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A factor: `1.02`, `4.3`, `120`.
pub fn factor(value: f64) -> String {
    significant(value, if value < 1.1 { 3 } else { 2 })
}

/// Without zeros at the end of a fraction.
fn trimmed(text: &str) -> String {
    let (number, power) = text.find('e').map_or((text, ""), |at| text.split_at(at));
    let number =
        if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number}{power}")
}

fn plain(value: f64) -> String {
    if value.is_nan() { "?".to_owned() } else { format!("{value}") }
}

/// Power of ten of the first digit.
fn magnitude(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// Rounds to `places` decimal places.
fn to_unit(value: f64, places: i32) -> String {
    // The rounded number may have gained a digit (9.99 to 10.0) and decides the notation.
    if (SMALL..LARGE).contains(&value.abs()) {
        if places >= 0 {
            return format!("{value:.*}", places as usize);
        }
        let unit = 10f64.powi(-places);
        return format!("{:.0}", (value / unit).round() * unit);
    }
    format!("{value:.*e}", (places + magnitude(value)).max(0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_width_of_the_interval() {
        let shown = |low: f64, value: f64, high: f64| {
            let places = supported_places(low, high).unwrap();
            [low, value, high].map(|x| to_places(x, places))
        };
        assert_eq!(shown(0.32312, 0.34731, 0.37155), ["0.323", "0.347", "0.372"]);
        assert_eq!(shown(311.2, 477.83, 842.6), ["310", "480", "840"]);
        assert_eq!(shown(1.7712, 1.8172, 1.8599), ["1.771", "1.817", "1.860"]);
        // Two digits at least, even where the interval is far wider than the number.
        assert_eq!(shown(0.0213, 2143.4, 88_000.0), ["0.021", "2100", "88000"]);
        assert_eq!(shown(2.13e-9, 2.2e-9, 2.31e-9), ["2.130e-9", "2.200e-9", "2.310e-9"]);
        assert_eq!(shown(-0.5, 0.0, 0.5), ["-0.50", "0", "0.50"]);
        assert_eq!(supported_places(1.0, 1.0), None);
    }

    #[test]
    fn significant_digits() {
        let cases =
            [(0.347312, "0.34731"), (2143.44, "2143.4"), (477_830.0, "477830"), (1.23456789e-7, "1.2346e-7")];
        for (value, text) in cases {
            assert_eq!(significant(value, 5), text);
        }
        assert_eq!(significant(1.5e22, 5), "1.5000e22");
        assert_eq!([significant(0.0, 5), significant(f64::NAN, 5)], ["0", "?"]);
    }

    #[test]
    fn sizes_have_suffixes() {
        let cases = [
            (70e9, "70B"),
            (1.4e12, "1.4T"),
            (64_000.0, "64k"),
            (999_999.99, "1M"),
            (5.76e23, "5.76e23"),
            (12.0, "12"),
        ];
        for (value, text) in cases {
            assert_eq!(size(value), text);
        }
    }

    #[test]
    fn shares_and_changes() {
        assert_eq!([percent(0.714), percent(0.031), percent(0.00042)], ["71 %", "3.1 %", "0.042 %"]);
        assert_eq!([factor(1.0173), factor(4.07), factor(254.3)], ["1.02", "4.1", "250"]);
        assert_eq!([coverage(0.9), coverage(0.995), coverage(0.07)], ["90 %", "99.5 %", "7 %"]);
        assert_eq!([signed(0.0203), signed(-0.011)], ["+0.020", "-0.011"]);
    }
}
