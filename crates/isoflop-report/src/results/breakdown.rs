//! What sums are made of: bars of shares.

use isoflop_figure::{Axis, Figure, Series};
use serde_json::Value;

use super::{cell, head, list, num, percent_of, text};
use crate::figures::Shown;

/// Half the height of a bar.
const HALF: f64 = 0.32;

/// A bar.
pub(super) struct Bar {
    pub(super) name: String,
    /// Where it ends; it begins at 0.
    pub(super) value: f64,
    pub(super) colour: usize,
    /// What the colour means.
    pub(super) group: String,
}

/// Bars below each other, the first at the top.
pub(super) fn bars(title: String, x: Axis, all: &[Bar]) -> Figure {
    let places = (0..all.len()).rev().map(|k| k as f64);
    let names = all.iter().rev().map(|bar| bar.name.clone()).collect();
    let mut figure = Figure::new(title, x, Axis::named("", names));
    for (bar, y) in all.iter().zip(places) {
        let (low, high) = (y - HALF, y + HALF);
        figure.series.push(Series::band(
            &bar.group,
            bar.colour,
            vec![(0.0, low, high), (bar.value, low, high)],
        ));
        let around = vec![(0.0, low), (bar.value, low), (bar.value, high), (0.0, high), (0.0, low)];
        figure.series.push(Series::line(&bar.group, bar.colour, around));
    }
    figure
}

/// The terms of the sums of a plan.
pub(super) fn of_plan(result: &Value) -> Shown {
    let sums = list(result, "breakdown");
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    for (colour, sum) in sums.iter().enumerate() {
        let name = text(sum, "name");
        for term in list(sum, "terms") {
            let (share, value) = (num(term, "share"), num(term, "value"));
            let written = text(term, "text").to_owned();
            rows.push(vec![name.to_owned(), written.clone(), cell(value), percent_of(share)]);
            if share.is_finite() {
                all.push(Bar { name: written, value: 100.0 * share, colour, group: name.to_owned() });
            }
        }
    }
    Shown {
        caption: "What the sums of the plan are made of at the optimum: each term as a share of its sum, such as training and \
                  serving of a cost, or what size and tokens leave of a loss."
            .to_owned(),
        figure: bars("what the sums are made of".into(), Axis::linear("share of the sum (%)"), &all),
        head: head(&["sum", "term", "value", "share"]),
        rows,
    }
}
