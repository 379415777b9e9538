//! The three approaches side by side: exponents, sizes, and the optimum of each slice.

use isoflop_figure::{Axis, Figure, Series};
use serde_json::Value;

use super::forest::{Entry, axis, forest};
use super::{cell, ends, head, interval, list, num, numbers, text};
use crate::figures::Shown;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    let budgets = numbers(result, "at");
    let sizes = budgets.iter().enumerate().map(|(k, budget)| size(result, k, *budget));
    [exponents(result)].into_iter().chain(sizes).chain([slices(result)]).collect()
}

/// An entry and a row of the table for each method.
fn sided(result: &Value, of: impl Fn(&Value) -> (f64, f64, f64)) -> (Vec<Entry>, Vec<Vec<String>>) {
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for method in list(result, "methods") {
        let value = of(method);
        let name = text(method, "name").to_owned();
        let group = name.get(..10).unwrap_or(&name).replace('-', " ");
        let colour = usize::from(name.contains("-2-")) + 2 * usize::from(name.contains("-3-"));
        rows.push(vec![
            name.clone(),
            cell(value.0),
            interval(value.1, value.2),
            text(method, "missing").to_owned(),
        ]);
        if value.0.is_finite() {
            entries.push(Entry { name, value, colour, group });
        }
    }
    (entries, rows)
}

fn exponents(result: &Value) -> Shown {
    let (entries, rows) = sided(result, |method| ends(method.get("a")));
    Shown {
        caption: "Exponent a of the compute-optimal size, N ∝ C^a, by each approach on the same runs, with intervals."
            .to_owned(),
        figure: forest("exponent of the optimal size".into(), Axis::linear("a"), &entries, None),
        head: head(&["method", "a", "interval", "missing because"]),
        rows,
    }
}

fn size(result: &Value, k: usize, budget: f64) -> Shown {
    let (entries, rows) = sided(result, |method| ends(list(method, "sizes").get(k)));
    let values: Vec<f64> = entries.iter().flat_map(|e| [e.value.0, e.value.1, e.value.2]).collect();
    let x = axis("optimal N (parameters)", values.into_iter());
    Shown {
        caption: format!("The compute-optimal size at {budget:.2e} FLOP by each approach, with intervals."),
        figure: forest(format!("optimal size at {budget:.2e} FLOP"), x, &entries, None),
        head: head(&["method", "N", "interval", "missing because"]),
        rows,
    }
}

fn slices(result: &Value) -> Shown {
    let slices = list(result, "slices");
    let of = |key: &str| slices.iter().map(|s| (num(s, "compute"), num(s, key))).collect::<Vec<_>>();
    let (x, y) = (Axis::log("C (FLOP)"), Axis::log("optimal N (parameters)"));
    let mut figure = Figure::new("optimal size of each isoFLOP slice", x, y);
    figure.series = vec![
        Series::line("the law", 2, of("law")),
        Series::points("parabola", 1, of("parabola")),
        Series::points("parabola, corrected", 3, of("corrected")),
    ];
    let rows = slices.iter().map(|slice| {
        let keys = ["compute", "sizes", "parabola", "corrected", "law", "width"];
        keys.map(|key| cell(num(slice, key))).to_vec()
    });
    Shown {
        caption: "The optimum of each slice of fixed compute: by a parabola in log N, corrected for the asymmetry of the law, \
                  and by the law fitted to all runs."
            .to_owned(),
        figure,
        head: head(&["C", "sizes", "parabola", "corrected", "law", "width (decades)"]),
        rows: rows.collect(),
    }
}
