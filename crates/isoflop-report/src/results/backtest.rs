//! Backtests: errors and coverage by how far beyond the fitted runs a forecast lies.

use isoflop_figure::{Axis, Figure, Series};
use serde_json::Value;

use super::{cell, head, list, num, text};
use crate::figures::{Shown, stride, thinned};

const BEYOND: &str = "how many times beyond the fitted runs";

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    vec![errors(result), coverage(result)]
}

fn errors(result: &Value) -> Shown {
    let by = text(result, "by");
    let label = if by.is_empty() { BEYOND.to_owned() } else { format!("{BEYOND}, in {by}") };
    let title = "forecast errors by distance".to_owned();
    let mut figure = Figure::new(title, Axis::log(label), Axis::linear("forecast above the run (%)"));
    let laws = list(result, "laws");
    let total: usize = laws.iter().map(|law| list(law, "forecasts").len()).sum();
    let every = stride(total);
    let (mut nearest, mut farthest) = (f64::INFINITY, 1.0f64);
    let mut rows = Vec::new();
    for (k, law) in laws.iter().enumerate() {
        let name = text(law, "law");
        let point = |f: &Value| (num(f, "beyond"), 100.0 * (num(f, "predicted") / num(f, "observed")).ln());
        let points: Vec<(f64, f64)> = list(law, "forecasts").iter().step_by(every).map(point).collect();
        for (x, _) in points.iter().filter(|p| p.0.is_finite()) {
            (nearest, farthest) = (nearest.min(*x), farthest.max(*x));
        }
        figure.series.push(Series::points(name, k, points));
        rows.extend(list(law, "folds").iter().map(|fold| {
            let score = fold.get("score").unwrap_or(&Value::Null);
            vec![
                name.to_owned(),
                text(fold, "held_out").to_owned(),
                cell(num(fold, "fitted")),
                cell(num(fold, "rows")),
                text(fold, "verdict").to_owned(),
                cell(100.0 * num(score, "median_error")),
                cell(100.0 * num(score, "bias")),
                cell(100.0 * num(score, "coverage")),
            ]
        }));
    }
    if nearest < farthest {
        figure.series.insert(0, Series::dashed("", 6, vec![(nearest, 0.0), (farthest, 0.0)]));
    }
    let caption = format!(
        "Every marker is a run that the law did not see: its forecast against what was observed, by how far the run lies \
         beyond those that were fitted. A good law scatters around 0 at every distance.{}",
        thinned(total)
    );
    let head = head(&["law", "held out", "fitted", "rows", "fit", "median error %", "bias %", "covered %"]);
    Shown { caption, figure, head, rows }
}

fn coverage(result: &Value) -> Shown {
    let title = "coverage of the intervals by distance".to_owned();
    let mut figure = Figure::new(title, Axis::log(BEYOND), Axis::linear("runs inside their interval (%)"));
    figure.y.range = Some((0.0, 104.0));
    let mut rows = Vec::new();
    let mut ends: Vec<f64> = Vec::new();
    let mut level = f64::NAN;
    for (k, law) in list(result, "laws").iter().enumerate() {
        level = num(law, "level");
        let farthest = list(law, "forecasts").iter().map(|f| num(f, "beyond")).fold(1.0, f64::max);
        let mut points = Vec::new();
        for band in list(law, "bands") {
            let score = band.get("score").unwrap_or(&Value::Null);
            let from = num(band, "from");
            let to = if num(band, "to").is_finite() { num(band, "to") } else { farthest.max(from) };
            if num(score, "coverage").is_finite() {
                points.push(((from.max(1e-3) * to).sqrt(), 100.0 * num(score, "coverage")));
                ends.extend([from, to]);
            }
            rows.push(vec![
                text(law, "law").to_owned(),
                format!("{} … {}", cell(from), cell(to)),
                cell(num(score, "forecasts")),
                cell(100.0 * num(score, "coverage")),
                cell(100.0 * num(score, "median_error")),
                cell(100.0 * num(score, "width_log")),
            ]);
        }
        figure.series.push(Series::line(text(law, "law"), k, points.clone()));
        figure.series.push(Series::points(text(law, "law"), k, points));
    }
    let (low, high) = ends.iter().fold((f64::INFINITY, 0.0f64), |(a, b), x| (a.min(*x), b.max(*x)));
    if low > 0.0 && low < high && level.is_finite() {
        figure.series.push(Series::dashed("promised", 6, vec![(low, 100.0 * level), (high, 100.0 * level)]));
    } else {
        figure.series.clear();
    }
    let caption = "Share of the unseen runs that lie inside their forecast interval, in ranges of distance; the dashed line \
                   is what the intervals promise. Below it they are too narrow."
        .to_owned();
    let head = head(&["law", "distance", "forecasts", "covered %", "median error %", "interval width %"]);
    Shown { caption, figure, head, rows }
}
