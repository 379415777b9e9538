//! Two recipes: their laws, the multiplier of compute, and where they cross.

use isoflop_figure::{Axis, Figure, Series, Shade};
use serde_json::Value;

use super::{cell, ends, head, interval, list, num, numbers, text};
use crate::figures::Shown;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    vec![losses(result), multiplier(result)]
}

fn figure(result: &Value, title: &str, y: Axis) -> Figure {
    let scale = text(result, "scale");
    let label = if scale == "C" { "C (FLOP)" } else { scale };
    let mut figure = Figure::new(title, Axis::log(label), y);
    if let [low, high] = numbers(result, "runs")[..] {
        let shade = |from, to| Shade { from, to, label: "beyond the runs".into() };
        figure.shades = vec![shade(f64::NEG_INFINITY, low), shade(high, f64::INFINITY)];
    }
    figure
}

fn losses(result: &Value) -> Shown {
    let mut figure = figure(result, "two recipes by scale", Axis::linear("loss at the best size"));
    let points = list(result, "points");
    for (k, arm) in list(result, "arms").iter().enumerate() {
        let loss = |p: &Value| numbers(p, "losses").get(k).copied().unwrap_or(f64::NAN);
        let line = points.iter().map(|p| (num(p, "scale"), loss(p))).collect();
        figure.series.push(Series::line(text(arm, "name"), k, line));
    }
    figure.legend = text(result, "column").to_owned();
    let names: Vec<&str> = list(result, "arms").iter().map(|arm| text(arm, "name")).collect();
    let rows = points.iter().map(|p| {
        let losses = numbers(p, "losses").into_iter().map(cell);
        let (value, low, high) = ends(p.get("difference"));
        let more = [cell(value), interval(low, high)];
        [cell(num(p, "scale"))].into_iter().chain(losses).chain(more).collect()
    });
    let mut heads = head(&["scale"]);
    heads.extend(names.iter().map(|name| (*name).to_owned()));
    heads.extend(head(&["difference", "interval"]));
    Shown {
        caption: "The loss of each recipe with compute spent as its own law says; shaded where both are extrapolated."
            .to_owned(),
        figure,
        head: heads,
        rows: rows.collect(),
    }
}

fn multiplier(result: &Value) -> Shown {
    let points = list(result, "points");
    let names: Vec<&str> = list(result, "arms").iter().map(|arm| text(arm, "name")).collect();
    let [first, second] = [0, 1].map(|k| names.get(k).copied().unwrap_or("?"));
    let mut figure = figure(result, "multiplier of compute", Axis::log("multiplier"));
    let at = |p: &Value| (num(p, "scale"), ends(p.get("multiplier")));
    let all: Vec<(f64, (f64, f64, f64))> = points.iter().map(at).collect();
    let scales = || all.iter().map(|p| p.0).filter(|x| x.is_finite());
    let (low, high) = (scales().fold(f64::INFINITY, f64::min), scales().fold(0.0, f64::max));
    figure.series = vec![
        Series::band("interval", 0, all.iter().map(|(x, m)| (*x, m.1, m.2)).collect()),
        Series::line("multiplier", 0, all.iter().map(|(x, m)| (*x, m.0)).collect()),
        Series::dashed("equal", 6, vec![(low, 1.0), (high, 1.0)]),
    ];
    let crossings = numbers(result, "crossings");
    if let [from, to] = numbers(result, "crossing_interval")[..] {
        let y = crossings.first().map_or(f64::NAN, |_| 1.0);
        figure.series.push(Series::line("crossover", 1, vec![(from, y), (to, y)]));
    }
    let crossed = crossings.iter().map(|x| (*x, 1.0)).collect();
    figure.series.push(Series::points("crossover", 1, crossed));
    let found = match crossings.as_slice() {
        [] => "They do not cross in the range compared.".to_owned(),
        many => format!("They cross at {}.", many.iter().map(|x| cell(*x)).collect::<Vec<_>>().join(" and ")),
    };
    let rows = all.iter().map(|(x, m)| vec![cell(*x), cell(m.0), interval(m.1, m.2)]).collect();
    Shown {
        caption: format!(
            "How many times the compute {second} needs for the loss of {first}: above 1 {first} is better. {found}"
        ),
        figure,
        head: head(&["scale", "multiplier", "interval"]),
        rows,
    }
}
