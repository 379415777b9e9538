//! The next runs: where they lie, and how much narrower the goals become.

use isoflop_figure::{Figure, Series};
use serde_json::Value;

use super::forest::{Entry, axis, forest};
use super::{cell, entries, head, interval, list, num, numbers, text};
use crate::figures::Shown;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    vec![map(result), goals(result)]
}

fn map(result: &Value) -> Shown {
    let runs = list(result, "runs");
    let names: Vec<String> = runs.first().map_or_else(Vec::new, |run| {
        entries(run, "inputs").iter().map(|(name, _)| (*name).to_owned()).collect()
    });
    let (first, second) = (names.first().cloned(), names.get(1).cloned());
    let (x, y) = (first.unwrap_or_default(), second.clone().unwrap_or_else(|| "cost (FLOP)".into()));
    let value = |run: &Value, name: &str| run.get("inputs").map_or(f64::NAN, |inputs| num(inputs, name));
    let place = |run: &Value| match &second {
        Some(second) => (value(run, &x), value(run, second)),
        None => (value(run, &x), num(run, "cost")),
    };
    let places: Vec<(f64, f64)> = runs.iter().map(place).collect();
    let mut figure = Figure::new(
        "the next runs",
        axis(&x, places.iter().map(|p| p.0)),
        axis(&y, places.iter().map(|p| p.1)),
    );
    let limits = result.get("limits");
    let range = |name: &str| limits.map_or_else(Vec::new, |limits| numbers(limits, name));
    if let (&[left, right], &[low, high]) = (&range(&x)[..], &range(&y)[..]) {
        let around = vec![(left, low), (right, low), (right, high), (left, high), (left, low)];
        figure.series.push(Series::dashed("what may be run", 6, around));
    }
    let mut seeds: Vec<f64> = runs.iter().map(|run| num(run, "seeds")).collect();
    seeds.sort_by(f64::total_cmp);
    seeds.dedup();
    for (colour, count) in seeds.iter().enumerate() {
        let some = runs.iter().zip(&places).filter(|(run, _)| num(run, "seeds") == *count);
        let name = if *count == 1.0 { "one run".to_owned() } else { format!("{count} seeds") };
        figure.series.push(Series::points(name, colour, some.map(|(_, at)| *at).collect()));
    }
    let mut heads = names.clone();
    heads.extend(head(&["seeds", "cost of each", "expected"]));
    let rows = runs.iter().map(|run| {
        let inputs = names.iter().map(|name| cell(value(run, name)));
        let more = ["seeds", "cost", "expected"].map(|key| cell(num(run, key)));
        inputs.chain(more).collect()
    });
    Shown {
        caption: format!(
            "The runs to make, {} of {} spent ({}).",
            cell(num(result, "cost")),
            cell(num(result, "budget")),
            text(result, "cost_formula")
        ),
        figure,
        head: heads,
        rows: rows.collect(),
    }
}

fn goals(result: &Value) -> Shown {
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for goal in list(result, "outlook") {
        let (before, after) = (num(goal, "before"), num(goal, "after"));
        let range = numbers(goal, "after_range");
        let ends = if let [low, high] = range[..] { (low, high) } else { (f64::NAN, f64::NAN) };
        let name = text(goal, "goal").to_owned();
        let entry = |when: &str, value, colour| Entry {
            name: format!("{when}: {name}"),
            value,
            colour,
            group: when.to_owned(),
        };
        lines.push(entry("now", (before, f64::NAN, f64::NAN), 1));
        lines.push(entry("then", (after, ends.0, ends.1), 0));
        rows.push(vec![
            name.clone(),
            text(goal, "kind").replace('-', " "),
            cell(before),
            cell(after),
            interval(ends.0, ends.1),
        ]);
    }
    lines.retain(|line| line.value.0.is_finite());
    let values: Vec<f64> = lines.iter().flat_map(|e| [e.value.0, e.value.1, e.value.2]).collect();
    let x = axis("doubt (as the table says)", values.into_iter());
    Shown {
        caption: "How uncertain each goal is now, and will be after these runs.".to_owned(),
        figure: forest("what the runs buy".into(), x, &lines, None),
        head: head(&["goal", "measured as", "now", "then", "range"]),
        rows,
    }
}
