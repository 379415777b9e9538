//! From numbers to places between 0 and 1.

use crate::figure::{Axis, Figure, Scale};

/// An axis with its ends known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) scale: Scale,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Free room at each end of an axis without a given range, as a share of its length.
const ROOM: f64 = 0.04;

impl Span {
    /// The ends given by the axis, else those of the values with some room.
    pub(crate) fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Span {
        let span = |low, high| Span { scale: axis.scale, low, high };
        let is_usable = |x: &f64| x.is_finite() && (axis.scale == Scale::Linear || *x > 0.0);
        if let Some((low, high)) = axis.range
            && is_usable(&low)
            && is_usable(&high)
            && low < high
        {
            return span(low, high);
        }
        let (low, high) = values
            .filter(is_usable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        match axis.scale {
            // Nothing to show still has a frame.
            Scale::Linear if low > high => span(0.0, 1.0),
            Scale::Log if low > high => span(1.0, 10.0),
            Scale::Linear => {
                let room = if high > low { (high - low) * ROOM } else { low.abs().max(1.0) * 0.1 };
                span((low - room).max(f64::MIN), (high + room).min(f64::MAX))
            }
            Scale::Log => {
                let room = if high > low { (high / low).powf(ROOM) } else { 2.0 };
                span((low / room).max(f64::MIN_POSITIVE), (high * room).min(f64::MAX))
            }
        }
    }

    /// Both axes of a figure.
    pub(crate) fn both(figure: &Figure) -> (Span, Span) {
        let places: Vec<(f64, f64)> = figure.series.iter().flat_map(|series| series.places()).collect();
        let x = Span::of(&figure.x, places.iter().map(|p| p.0));
        // What lies outside a given range of x must not stretch y.
        let is_inside = |p: &&(f64, f64)| figure.x.range.is_none() || (x.low..=x.high).contains(&p.0);
        let y = Span::of(&figure.y, places.iter().filter(is_inside).map(|p| p.1));
        (x, y)
    }

    /// Whether a value has a place, inside the axis or outside.
    pub(crate) fn has_place(&self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// Whether a value lies on the axis.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (-1e-9..=1.0 + 1e-9).contains(&self.place(value))
    }

    /// 0 at the low end, 1 at the high end; NaN for what has no place.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self.scale {
            // Halves, so that the longest axis does not overflow.
            Scale::Linear => (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0),
            Scale::Log if value > 0.0 => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            Scale::Log => f64::NAN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_the_places_0_and_1() {
        for span in [
            Span { scale: Scale::Log, low: 1e6, high: 1e10 },
            Span { scale: Scale::Linear, low: -3.0, high: 7.0 },
            Span { scale: Scale::Linear, low: f64::MIN, high: f64::MAX },
        ] {
            assert!(span.place(span.low).abs() < 1e-12 && (span.place(span.high) - 1.0).abs() < 1e-12);
        }
        assert_eq!(Span { scale: Scale::Log, low: 1.0, high: 100.0 }.place(10.0), 0.5);
    }

    #[test]
    fn what_has_no_place_is_nan_and_counts_for_nothing() {
        let values = [f64::NAN, -1.0, 0.0, f64::INFINITY, 10.0, 1000.0];
        let span = Span::of(&Axis::log("x"), values.into_iter());
        assert!(span.low > 8.0 && span.low < 10.0 && span.high > 1000.0 && span.high < 1250.0);
        assert!(span.place(0.0).is_nan() && span.place(-1.0).is_nan() && span.place(f64::NAN).is_nan());
    }

    #[test]
    fn nothing_and_a_single_value_have_a_range() {
        for axis in [Axis::log("x"), Axis::linear("x")] {
            for values in [&[][..], &[5.0], &[f64::NAN], &[f64::MAX], &[f64::MIN_POSITIVE]] {
                let span = Span::of(&axis, values.iter().copied());
                assert!(span.low < span.high && span.low.is_finite() && span.high.is_finite(), "{span:?}");
            }
        }
        let wrong = Axis { range: Some((0.0, 10.0)), ..Axis::log("x") };
        assert!(Span::of(&wrong, [2.0, 3.0].into_iter()).low > 0.0);
    }
}
