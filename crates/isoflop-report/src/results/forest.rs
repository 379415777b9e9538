//! Things below each other, each with a number and its interval.

use isoflop_figure::{Axis, Figure, Series};

/// A line of the figure.
pub(super) struct Entry {
    pub(super) name: String,
    /// Estimate, low and high; NaN for ends that are not known.
    pub(super) value: (f64, f64, f64),
    pub(super) colour: usize,
    /// What the colour means; empty for no legend.
    pub(super) group: String,
}

/// The first entry at the top. `reference` is a dashed line at a number.
pub(super) fn forest(title: String, x: Axis, entries: &[Entry], reference: Option<f64>) -> Figure {
    let count = entries.len();
    let place = |k: usize| (count - 1 - k) as f64;
    let names = entries.iter().rev().map(|entry| entry.name.clone()).collect();
    let mut figure = Figure::new(title, x, Axis::named("", names));
    if let Some(at) = reference {
        figure.series.push(Series::dashed("", 6, vec![(at, -0.6), (at, count as f64 - 0.4)]));
    }
    for (k, entry) in entries.iter().enumerate() {
        let (_, low, high) = entry.value;
        if low.is_finite() && high.is_finite() {
            let ends = vec![(low, place(k)), (high, place(k))];
            figure.series.push(Series::line(&entry.group, entry.colour, ends));
        }
    }
    for (k, entry) in entries.iter().enumerate() {
        figure.series.push(Series::points(&entry.group, entry.colour, vec![(entry.value.0, place(k))]));
    }
    figure
}

/// An axis of numbers that is log where they are positive and span much.
pub(super) fn axis(label: &str, values: impl Iterator<Item = f64> + Clone) -> Axis {
    let finite = values.filter(|value| value.is_finite());
    let low = finite.clone().fold(f64::INFINITY, f64::min);
    let high = finite.fold(f64::NEG_INFINITY, f64::max);
    if low > 0.0 && high / low >= 4.0 { Axis::log(label) } else { Axis::linear(label) }
}
