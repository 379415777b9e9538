//! Where an axis has ticks, and what stands beside them.

use crate::figure::{Axis, Scale};
use crate::label::{decimals, power, short};
use crate::scale::Span;

/// A tick; one without a label is a minor one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Log axes shorter than this ratio have equal steps, as decades would leave them without ticks.
const SHORT: f64 = 8.0;
/// Log axes shorter than this have 1, 2 and 5 of each decade.
const MEDIUM: f64 = 300.0;

/// Ticks of an axis: its names, or about `wanted` labels.
pub(crate) fn ticks_of(axis: &Axis, span: Span, wanted: usize) -> Vec<Tick> {
    if axis.names.is_empty() {
        return ticks(span, wanted);
    }
    let named = axis.names.iter().enumerate();
    let named = named.map(|(k, name)| Tick { value: k as f64, label: name.clone() });
    named.filter(|tick| (span.low..=span.high).contains(&tick.value)).collect()
}

/// Ticks for about `wanted` labels.
fn ticks(span: Span, wanted: usize) -> Vec<Tick> {
    let wanted = wanted.max(2);
    match span.scale {
        Scale::Log if span.high / span.low >= SHORT => decades(span, wanted),
        _ => steps(span, wanted),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn steps(span: Span, wanted: usize) -> Vec<Tick> {
    let rough = span.high / wanted as f64 - span.low / wanted as f64;
    let unit = 10f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|k| k * unit).find(|step| *step >= rough * 0.999);
    let Some(step) = step.filter(|step| step.is_finite() && *step > 0.0) else { return Vec::new() };
    let (first, last) = ((span.low / step).ceil(), (span.high / step).floor());
    // A range far from 0 may be too narrow to count its steps.
    let count = last - first;
    if count.is_nan() || count >= 100.0 {
        return Vec::new();
    }
    (0..=count as usize)
        .map(|k| (first + k as f64) * step)
        .map(|value| Tick { value, label: decimals(value, step) })
        .collect()
}

/// Powers of ten, every so many that the labels fit; on shorter axes with 2 and 5.
fn decades(span: Span, wanted: usize) -> Vec<Tick> {
    let (first, last) = (span.low.log10().floor() as i32, span.high.log10().ceil() as i32);
    let whole = (last - first).max(1) as usize;
    let stride = whole.div_ceil(wanted + 1).max(1) as i32;
    let has_between = span.high / span.low < MEDIUM && wanted >= 4;
    let is_short = span.low >= 1e-3 && span.high < 1e15;
    let mut ticks = Vec::new();
    for exponent in first..=last {
        for digit in 1..10 {
            let value = format!("{digit}e{exponent}").parse().unwrap_or(f64::NAN);
            if !(span.low..=span.high).contains(&value) {
                continue;
            }
            let is_labelled = match digit {
                1 => exponent.rem_euclid(stride) == 0,
                2 | 5 => has_between,
                _ => false,
            };
            // Minor ticks of long axes would be a grey bar.
            if is_labelled || (stride == 1 && whole <= 8) || digit == 1 {
                let text = || if is_short { short(value) } else { power(digit, exponent) };
                ticks.push(Tick { value, label: if is_labelled { text() } else { String::new() } });
            }
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64, wanted: usize) -> Vec<String> {
        let ticks = ticks(Span { scale, low, high }, wanted);
        assert!(ticks.iter().all(|t| (low..=high).contains(&t.value)), "{ticks:?}");
        ticks.into_iter().map(|t| t.label).filter(|l| !l.is_empty()).collect()
    }

    #[test]
    fn linear_axes_have_round_steps() {
        assert_eq!(labels(Scale::Linear, 1.93, 3.07, 5), ["2.0", "2.5", "3.0"]);
        assert_eq!(labels(Scale::Linear, 0.0, 1.0, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(
            labels(Scale::Linear, -0.03, 0.03, 6),
            ["-0.03", "-0.02", "-0.01", "0.00", "0.01", "0.02", "0.03"]
        );
        assert_eq!(labels(Scale::Linear, 0.0, 4e9, 4), ["0", "1B", "2B", "3B", "4B"]);
    }

    #[test]
    fn log_axes_have_decades_with_suffixes_or_powers() {
        assert_eq!(labels(Scale::Log, 5e6, 2e10, 5), ["10M", "100M", "1B", "10B"]);
        assert_eq!(
            labels(Scale::Log, 1e18, 1e24, 6),
            ["10¹⁸", "10¹⁹", "10²⁰", "10²¹", "10²²", "10²³", "10²⁴"]
        );
        assert_eq!(labels(Scale::Log, 1e18, 1e24, 3), ["10¹⁸", "10²⁰", "10²²", "10²⁴"]);
        assert_eq!(labels(Scale::Log, 0.15, 11.0, 6), ["0.2", "0.5", "1", "2", "5", "10"]);
        assert_eq!(labels(Scale::Log, 2.0, 4.2, 5), ["2.0", "2.5", "3.0", "3.5", "4.0"]);
        assert_eq!(labels(Scale::Log, 1.5e20, 9e21, 6), ["2·10²⁰", "5·10²⁰", "10²¹", "2·10²¹", "5·10²¹"]);
    }

    #[test]
    fn hopeless_ranges_end() {
        for (low, high) in [(1.0, 1.0 + 1e-15), (f64::MIN, f64::MAX), (1e300, f64::MAX), (0.0, 5e-324)] {
            assert!(ticks(Span { scale: Scale::Linear, low, high }, 5).len() < 100);
        }
        assert!(ticks(Span { scale: Scale::Log, low: f64::MIN_POSITIVE, high: f64::MAX }, 5).len() < 2000);
    }
}
