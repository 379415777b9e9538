//! What decides the answer: runs and sizes left out, and other choices.

use isoflop_figure::{Axis, Figure, Series};
use serde_json::Value;

use super::forest::{Entry, axis, forest};
use super::{cell, head, list, num, numbers, tail, text};
use crate::figures::Shown;

/// Runs shown by name.
const SHOWN: usize = 14;
/// Letters of the place of a run.
const LETTERS: usize = 28;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    vec![runs(result), groups(result), choices(result)]
}

/// Refits without one thing, the strongest effect first.
fn runs(result: &Value) -> Shown {
    let places = list(result, "places");
    let mut single: Vec<&Value> = list(result, "single").iter().collect();
    let effect = |one: &Value| num(one, "decision_factor").ln().abs();
    let known = |x: f64| if x.is_finite() { x } else { 0.0 };
    single.sort_by(|a, b| known(effect(b)).total_cmp(&known(effect(a))));
    let place = |one: &Value| {
        let row = num(one, "row") as usize;
        places.get(row).and_then(Value::as_str).map_or_else(|| format!("row {}", row + 1), str::to_owned)
    };
    let suspects = numbers(result, "suspects");
    let is_suspect = |one: &Value| suspects.contains(&num(one, "row"));
    let entry = |one: &&Value| Entry {
        name: tail(&place(one), LETTERS),
        value: (num(one, "decision_factor"), f64::NAN, f64::NAN),
        colour: usize::from(is_suspect(one)),
        group: if is_suspect(one) { "outlier" } else { "" }.to_owned(),
    };
    let entries: Vec<Entry> = single.iter().take(SHOWN).map(entry).collect();
    let rows = single.iter().take(50).map(|one| {
        let keys = ["decision_factor", "cook", "outlier"].map(|key| cell(num(one, key)));
        [place(one)].into_iter().chain(keys).collect()
    });
    let rows = rows.collect();
    Shown {
        caption: format!(
            "The compute-optimal size at {} FLOP without one run, as a factor of that with all: the {} runs with the \
             largest effect of {}.",
            cell(num(result, "budget")),
            entries.len(),
            single.len()
        ),
        figure: forest(
            "each run left out".into(),
            Axis::linear("factor of the decision"),
            &entries,
            Some(1.0),
        ),
        head: head(&["without", "factor of the decision", "Cook's distance", "p as an outlier"]),
        rows,
    }
}

fn groups(result: &Value) -> Shown {
    let groups = list(result, "groups");
    let column = text(result, "group_column");
    let points: Vec<(f64, f64)> =
        groups.iter().map(|g| (num(g, "value"), num(g, "decision_factor"))).collect();
    let x = axis(column, points.iter().map(|p| p.0));
    let mut figure =
        Figure::new(format!("each {column} left out"), x, Axis::linear("factor of the decision"));
    let values = || points.iter().map(|p| p.0).filter(|x| x.is_finite());
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    figure.series =
        vec![Series::dashed("", 6, vec![(low, 1.0), (high, 1.0)]), Series::points("", 0, points.clone())];
    let rows = groups.iter().map(|g| {
        vec![
            cell(num(g, "value")),
            list(g, "rows").len().to_string(),
            cell(num(g, "decision_factor")),
            cell(num(g, "cook")),
        ]
    });
    let rows = rows.collect();
    if points.is_empty() {
        figure.series.clear();
    }
    Shown {
        caption: format!(
            "The decision without all runs of one {column}, as a factor of that with all. A trend to one side says that \
             the answer leans on these sizes."
        ),
        figure,
        head: head(&[column, "runs", "factor of the decision", "Cook's distance"]),
        rows,
    }
}

fn choices(result: &Value) -> Shown {
    let decided = |value: &Value| value.get("answer").map_or(f64::NAN, |answer| num(answer, "decision"));
    let all = result.get("all").map_or(f64::NAN, |all| num(all, "decision"));
    let kinds = {
        let mut kinds: Vec<&str> = Vec::new();
        for choice in list(result, "choices") {
            let kind = text(choice, "kind");
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    };
    let entry = |choice: &Value| {
        let kind = text(choice, "kind");
        Entry {
            name: text(choice, "name").to_owned(),
            value: (decided(choice), f64::NAN, f64::NAN),
            colour: kinds.iter().position(|k| *k == kind).unwrap_or(0),
            group: kind.replace('-', " "),
        }
    };
    let entries: Vec<Entry> =
        list(result, "choices").iter().map(entry).filter(|e| e.value.0.is_finite()).take(24).collect();
    let values: Vec<f64> = entries.iter().map(|e| e.value.0).chain([all]).collect();
    let x = axis("optimal N (parameters)", values.into_iter());
    let rows = list(result, "choices").iter().map(|choice| {
        let kind = text(choice, "kind").to_owned();
        vec![kind, text(choice, "name").to_owned(), cell(decided(choice)), cell(num(choice, "cost"))]
    });
    Shown {
        caption: format!(
            "The compute-optimal size under other choices; the dashed line is the fit itself, {}.",
            cell(all)
        ),
        figure: forest("other choices".into(), x, &entries, all.is_finite().then_some(all)),
        head: head(&["kind", "choice", "optimal N", "cost"]),
        rows: rows.collect(),
    }
}
