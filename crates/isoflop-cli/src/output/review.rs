//! What the reports of a review share: numbers with their intervals, names of methods.

use isoflop_audit::Ranged;

use crate::output::number::{significant, size, supported_places, to_places};

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 4;

/// An estimate and its interval, to the digits that the interval supports; the second is empty without one.
pub(crate) fn ranged(value: &Ranged) -> [String; 2] {
    match value.low.zip(value.high) {
        Some((low, high)) => {
            let places = supported_places(low, high);
            let shown = |v: f64| match places {
                _ if v.is_infinite() => "never".to_owned(),
                Some(p) => to_places(v, p),
                None => significant(v, DIGITS),
            };
            [shown(value.estimate), format!("{} … {}", shown(low), shown(high))]
        }
        None => [significant(value.estimate, DIGITS), String::new()],
    }
}

/// A size such as `12.3B` with its interval.
pub(crate) fn sized(value: &Ranged) -> [String; 2] {
    let shown = |v: f64| three(v);
    let interval = value.low.zip(value.high).map(|(low, high)| format!("{} … {}", shown(low), shown(high)));
    [shown(value.estimate), interval.unwrap_or_default()]
}

/// Three digits of a size.
pub(crate) fn three(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    size(rounded)
}

/// A budget such as `1e24`.
pub(crate) fn flop(value: f64) -> String {
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

/// A sentence with its first letter in upper case.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}
