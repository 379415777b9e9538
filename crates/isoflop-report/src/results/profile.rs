//! Profiles: how the fit worsens as a quantity is moved.

use isoflop_figure::{Axis, Figure, Note, Series, Shade};
use serde_json::Value;

use super::{cell, head, interval, list, num, text};
use crate::figures::Shown;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    list(result, "profiles").iter().map(one).collect()
}

fn one(profile: &Value) -> Shown {
    let of = text(profile, "of");
    let mut points: Vec<(f64, f64)> =
        list(profile, "curve").iter().map(|p| (num(p, "value"), num(p, "ratio"))).collect();
    let (estimate, low, high) = (num(profile, "estimate"), num(profile, "low"), num(profile, "high"));
    points.push((estimate, 0.0));
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let limit = num(profile, "limit");
    let ends = (points.first().map_or(0.0, |p| p.0), points.last().map_or(0.0, |p| p.0));
    let y = Axis::linear("likelihood ratio (0 at the estimate)");
    let mut figure = Figure::new(format!("profile of {of}"), Axis::linear(of), y);
    let inside = |x: f64, instead: f64| if x.is_finite() { x } else { instead };
    let level = 100.0 * num(profile, "level");
    figure.shades.push(Shade {
        from: inside(low, f64::NEG_INFINITY),
        to: inside(high, f64::INFINITY),
        label: format!("{level} % interval"),
    });
    figure.series = vec![
        Series::dashed("", 6, vec![(ends.0, limit), (ends.1, limit)]),
        Series::line("", 0, points.clone()),
        Series::points("", 0, vec![(estimate, 0.0)]),
    ];
    figure.notes.push(Note { at: (ends.0, limit), text: format!("limit {}", cell(limit)) });
    let notes: Vec<&str> = list(profile, "notes").iter().filter_map(Value::as_str).collect();
    let mut caption = format!(
        "The fit was made again with {of} held at each value. Above the dashed line the runs object: {of} is {}, {level} % \
         interval {}.",
        cell(estimate),
        interval(low, high)
    );
    for note in notes {
        caption += &format!(" {note}.");
    }
    let names: Vec<String> = list(profile, "curve")
        .first()
        .and_then(|p| p.get("parameters"))
        .and_then(Value::as_object)
        .map_or_else(Vec::new, |object| object.keys().cloned().collect());
    let mut heads = head(&[of, "ratio"]);
    heads.extend(names.iter().cloned());
    let rows = list(profile, "curve").iter().map(|point| {
        let own = names.iter().map(|name| cell(point.get("parameters").map_or(f64::NAN, |p| num(p, name))));
        [cell(num(point, "value")), cell(num(point, "ratio"))].into_iter().chain(own).collect()
    });
    Shown { caption, figure, head: heads, rows: rows.collect() }
}
