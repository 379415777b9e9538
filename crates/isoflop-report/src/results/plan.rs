//! Plans: how far a decision can be moved, the frontier of a limit, the valley of regret, and what the costs are made of.

use isoflop_figure::{Axis, Figure, Series};
use serde_json::Value;

use super::breakdown;
use super::forest::{Entry, axis, forest};
use super::{cell, ends, entries, head, interval, list, num, numbers, text};
use crate::figures::Shown;

/// A ratio of largest to smallest objective from which its axis is log.
const DECADES: f64 = 30.0;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    let nothing = Value::Null;
    let curves = result.get("curves").unwrap_or(&nothing);
    let objective = text(curves, "objective");
    let mut all = vec![ranges(result)];
    all.extend(list(curves, "frontier").iter().map(|one| frontier(one, objective)));
    all.extend(list(curves, "valley").iter().map(|one| valley(one, objective)));
    all.push(breakdown::of_plan(result));
    all.push(slices(list(curves, "slices"), objective));
    all
}

/// Interval and flat range of each decision, as factors of the choice.
fn ranges(result: &Value) -> Shown {
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    let flat = entries(result, "indifference");
    for (name, value) in entries(result, "decision") {
        let (estimate, low, high) = ends(Some(value));
        let range = flat.iter().find(|(known, _)| *known == name);
        let (from, to) = range.map_or((f64::NAN, f64::NAN), |(_, r)| (num(r, "low"), num(r, "high")));
        let entry = |ends: (f64, f64), colour: usize, group: &str| Entry {
            name: format!("{name} = {}", cell(estimate)),
            value: (1.0, ends.0 / estimate, ends.1 / estimate),
            colour,
            group: group.to_owned(),
        };
        if from.is_finite() && to.is_finite() && from > 0.0 {
            lines.push(entry((from, to), 0, "nothing much is lost"));
        }
        if low.is_finite() && high.is_finite() && low > 0.0 {
            lines.push(entry((low, high), 1, "interval"));
        }
        rows.push(vec![name.to_owned(), cell(estimate), interval(low, high), interval(from, to)]);
    }
    let values: Vec<f64> = lines.iter().flat_map(|e| [e.value.1, e.value.2]).collect();
    let x = axis("factor of the choice", values.into_iter());
    let percent = 100.0 * num(result, "tolerance");
    Shown {
        caption: format!(
            "How far each decision can be moved: where the objective stays within {percent} % of the best with all other \
             decisions chosen anew, and the interval that comes from the doubt about the law."
        ),
        figure: forest("room around the decision".into(), x, &lines, Some(1.0)),
        head: head(&["decision", "choice", "interval", "nothing much is lost"]),
        rows,
    }
}

/// Log for costs, which span decades; losses are seen best as they are.
fn over_decades(label: &str, values: impl Iterator<Item = f64>) -> Axis {
    let (low, high) =
        values.filter(|x| x.is_finite()).fold((f64::INFINITY, 0.0f64), |(a, b), x| (a.min(x), b.max(x)));
    if low > 0.0 && high / low >= DECADES { Axis::log(label) } else { Axis::linear(label) }
}

fn frontier(one: &Value, objective: &str) -> Shown {
    let constraint = text(one, "constraint");
    let (limits, values) = (numbers(one, "limit"), numbers(one, "objective"));
    let x = Axis::log(format!("limit of {constraint}"));
    let y = over_decades(objective, values.iter().copied());
    let mut figure = Figure::new(format!("what the limit buys: {objective}"), x, y);
    let (low, high) = (numbers(one, "low"), numbers(one, "high"));
    let edges: Vec<(f64, f64, f64)> =
        limits.iter().zip(low.iter().zip(&high)).map(|(x, (low, high))| (*x, *low, *high)).collect();
    if !edges.is_empty() {
        figure.series.push(Series::band("best", 0, edges));
    }
    figure.series.push(Series::line("best", 0, limits.iter().copied().zip(values.iter().copied()).collect()));
    let at = num(one, "at");
    let ends = values.iter().copied().filter(|v| v.is_finite());
    let (least, most) = (ends.clone().fold(f64::INFINITY, f64::min), ends.fold(f64::NEG_INFINITY, f64::max));
    figure.series.push(Series::dashed("this plan", 6, vec![(at, least), (at, most)]));
    let decisions = entries(one, "decision");
    let mut heads = head(&["limit", objective, "interval"]);
    heads.extend(decisions.iter().map(|(name, _)| (*name).to_owned()));
    let rows = limits.iter().enumerate().map(|(k, limit)| {
        let get = |list: &[f64]| list.get(k).copied().unwrap_or(f64::NAN);
        let own =
            decisions.iter().map(|(_, list)| cell(list.get(k).and_then(Value::as_f64).unwrap_or(f64::NAN)));
        let first = [cell(*limit), cell(get(&values)), interval(get(&low), get(&high))];
        first.into_iter().chain(own).collect()
    });
    Shown {
        caption: format!("The best {objective} as the limit of {constraint} moves, with its interval."),
        figure,
        head: heads,
        rows: rows.collect(),
    }
}

fn valley(one: &Value, objective: &str) -> Shown {
    let name = text(one, "name");
    let (values, regret) = (numbers(one, "value"), numbers(one, "regret"));
    let y = Axis::linear(format!("regret in {objective}"));
    let mut figure = Figure::new(format!("regret valley of {name}"), Axis::log(name), y);
    let (at, low, high) = (num(one, "at"), num(one, "low"), num(one, "high"));
    figure.series.push(Series::line(
        "regret",
        0,
        values.iter().copied().zip(regret.iter().copied()).collect(),
    ));
    let within = one.get("within").map_or((f64::NAN, f64::NAN), |w| (num(w, "low"), num(w, "high")));
    if within.0.is_finite() && within.1.is_finite() {
        figure.series.push(Series::line("nothing much lost", 2, vec![(within.0, 0.0), (within.1, 0.0)]));
    }
    if low.is_finite() && high.is_finite() {
        figure.series.push(Series::dashed("interval", 1, vec![(low, 0.0), (high, 0.0)]));
    }
    figure.series.push(Series::points("the choice", 1, vec![(at, 0.0)]));
    let objectives = numbers(one, "objective");
    let rows = values.iter().enumerate().map(|(k, value)| {
        let get = |list: &[f64]| list.get(k).copied().unwrap_or(f64::NAN);
        vec![cell(*value), cell(get(&objectives)), cell(get(&regret))]
    });
    Shown {
        caption: format!(
            "What {objective} loses when {name} is held at another value and everything else is chosen anew. The choice is \
             {}, interval {}.",
            cell(at),
            interval(low, high)
        ),
        figure,
        head: head(&[name, objective, "lost"]),
        rows: rows.collect(),
    }
}

fn slices(all: &[Value], objective: &str) -> Shown {
    let name = all.first().map_or("", |one| text(one, "name"));
    let constraint = all.first().map_or("", |one| text(one, "constraint"));
    let title = format!("{objective} by {name} at five limits");
    let y = over_decades(objective, all.iter().flat_map(|one| numbers(one, "objective")));
    let mut figure = Figure::new(title, Axis::log(name), y);
    figure.legend = "limit".into();
    let mut rows = Vec::new();
    for (k, one) in all.iter().enumerate() {
        let limit = cell(num(one, "limit"));
        let line: Vec<(f64, f64)> =
            numbers(one, "value").into_iter().zip(numbers(one, "objective")).collect();
        let finite = line.iter().filter(|p| p.1.is_finite());
        if let Some(best) = finite.min_by(|a, b| a.1.total_cmp(&b.1)) {
            rows.push(vec![limit.clone(), cell(best.0), cell(best.1)]);
        }
        figure.series.push(Series::line(limit, k, line));
    }
    Shown {
        caption: format!("{objective} by {name} at several limits of {constraint}, all else chosen anew."),
        figure,
        head: head(&["limit", &format!("lowest at {name}"), objective]),
        rows,
    }
}
