//! Figures as Vega-Lite: the numbers themselves, for Jupyter, Altair and whatever reads its JSON.

use serde_json::{Map, Value, json};

use crate::figure::{Axis, Figure, Scale, Series, Shape};
use crate::palette::{Theme, colour};
use crate::scale::Span;
use crate::svg::SIZE;

/// The schema that the specifications follow.
const SCHEMA: &str = "https://vega.github.io/schema/vega-lite/v5.json";
/// Shapes of points, in the order of the colours.
const MARKS: [&str; 7] = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "stroke"];

/// Figures as one Vega-Lite specification, `columns` side by side, as text.
///
/// It has the same numbers, axes, colours and words as the drawings; a theme that follows the reader is light. Numbers that
/// have no place on an axis are left out, as in the drawings.
pub fn vega_lite(figures: &[Figure], columns: usize, theme: Theme) -> String {
    let is_dark = theme == Theme::Dark;
    let mut whole = match figures {
        [one] => view(one, is_dark),
        many => json!({
            "columns": columns.max(1),
            "concat": many.iter().map(|figure| view(figure, is_dark)).collect::<Vec<_>>(),
            "resolve": {"scale": {"color": "independent"}},
        }),
    };
    if let Some(whole) = whole.as_object_mut() {
        whole.insert("$schema".into(), json!(SCHEMA));
        if is_dark {
            whole.insert("background".into(), json!("#0d1117"));
        }
        whole.insert("config".into(), config(is_dark));
    }
    format!("{whole:#}\n")
}

fn config(is_dark: bool) -> Value {
    let ink = if is_dark { "#e6edf3" } else { "#1f2328" };
    json!({
        "title": {"anchor": "start", "color": ink, "subtitleColor": ink},
        "axis": {"labelColor": ink, "titleColor": ink, "gridOpacity": 0.3},
        "legend": {"labelColor": ink, "titleColor": ink},
    })
}

/// One figure.
fn view(figure: &Figure, is_dark: bool) -> Value {
    let (x, y) = Span::both(figure);
    let entries = figure.entries();
    let names: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
    let colours: Vec<&str> = entries.iter().map(|entry| colour(entry.1, is_dark)).collect();
    let is_band = |series: &&Series| matches!(series.shape, Shape::Band(_));
    let ordered = figure.series.iter().filter(is_band).chain(figure.series.iter().filter(|s| !is_band(s)));
    let mut layers: Vec<Value> = Vec::new();
    let shades: Vec<Value> = figure
        .shades
        .iter()
        .map(|shade| json!({"from": shade.from.max(x.low), "to": shade.to.min(x.high), "label": shade.label}))
        .collect();
    if !shades.is_empty() {
        layers.push(json!({
            "data": {"values": shades},
            "mark": {"type": "rect", "opacity": 0.08, "color": if is_dark { "#e6edf3" } else { "#1f2328" }},
            "encoding": {
                "x": channel("from", &figure.x, x),
                "x2": {"field": "to"},
                "tooltip": {"field": "label", "type": "nominal"},
            },
        }));
    }
    for series in ordered {
        let hue = match series.name.is_empty() {
            true => json!({"value": colour(series.colour, is_dark)}),
            false => json!({
                "field": "series",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": {"title": if figure.legend.is_empty() { Value::Null } else { json!(figure.legend) }},
            }),
        };
        layers.push(layer(series, figure, (x, y), hue));
    }
    let notes: Vec<Value> = figure
        .notes
        .iter()
        .filter(|note| x.holds(note.at.0) && y.holds(note.at.1))
        .map(|note| json!({"x": note.at.0, "y": note.at.1, "text": note.text}))
        .collect();
    if !notes.is_empty() {
        layers.push(json!({
            "data": {"values": notes},
            "mark": {"type": "text", "align": "left", "dx": 7, "dy": -6, "color": if is_dark { "#9da7b3" } else { "#57606a" }},
            "encoding": {
                "x": channel("x", &figure.x, x),
                "y": channel("y", &figure.y, y),
                "text": {"field": "text", "type": "nominal"},
            },
        }));
    }
    json!({
        "title": {"text": figure.title, "subtitle": figure.provenance},
        "width": SIZE.0 - 180.0,
        "height": SIZE.1 - 100.0,
        "layer": layers,
    })
}

fn layer(series: &Series, figure: &Figure, (x, y): (Span, Span), hue: Value) -> Value {
    let value = |part: usize, pairs: &[(&str, f64)]| {
        let mut row: Map<String, Value> = pairs.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
        row.insert("series".into(), json!(series.name));
        row.insert("part".into(), json!(part));
        Value::Object(row)
    };
    let mut encoding = Map::new();
    encoding.insert("x".into(), channel("x", &figure.x, x));
    encoding.insert("y".into(), channel("y", &figure.y, y));
    encoding.insert("color".into(), hue);
    let (mark, rows): (Value, Vec<Value>) = match &series.shape {
        Shape::Points(points) => {
            let shape = MARKS[series.colour % MARKS.len()];
            let inside = points.iter().filter(|p| x.holds(p.0) && y.holds(p.1));
            encoding.insert("tooltip".into(), json!([tip("series"), tip("x"), tip("y")]));
            (
                json!({"type": "point", "shape": shape, "clip": true}),
                inside.map(|p| value(0, &[("x", p.0), ("y", p.1)])).collect(),
            )
        }
        Shape::Line(points) | Shape::Dashed(points) => {
            let mut mark = json!({"type": "line", "clip": true});
            if let (Shape::Dashed(_), Some(mark)) = (&series.shape, mark.as_object_mut()) {
                mark.insert("strokeDash".into(), json!([5, 4]));
            }
            let parts = parts(points, |p| x.has_place(p.0) && y.has_place(p.1));
            let rows = parts.into_iter().enumerate();
            let rows = rows.map(|(k, (part, p))| value(part, &[("x", p.0), ("y", p.1), ("place", k as f64)]));
            (mark, rows.collect())
        }
        Shape::Band(edges) => {
            encoding.insert("y2".into(), json!({"field": "high"}));
            let parts = parts(edges, |e| x.has_place(e.0) && y.has_place(e.1) && y.has_place(e.2));
            let rows =
                parts.into_iter().map(|(part, e)| value(part, &[("x", e.0), ("y", e.1), ("high", e.2)]));
            (json!({"type": "area", "opacity": 0.18, "clip": true}), rows.collect())
        }
    };
    if !matches!(series.shape, Shape::Points(_)) {
        encoding.insert("detail".into(), json!({"field": "part", "type": "nominal"}));
        // In the order of the points, as a path may turn back.
        if !matches!(series.shape, Shape::Band(_)) {
            encoding.insert("order".into(), json!({"field": "place", "type": "quantitative"}));
        }
    }
    json!({"data": {"values": rows}, "mark": mark, "encoding": encoding})
}

fn tip(field: &str) -> Value {
    json!({"field": field, "type": if field == "series" { "nominal" } else { "quantitative" }})
}

/// Runs of points that have a place, numbered.
fn parts<T: Copy>(points: &[T], has_place: impl Fn(&T) -> bool) -> Vec<(usize, T)> {
    let chunks = points.chunk_by(|a, b| has_place(a) == has_place(b));
    let drawn = chunks.filter(|chunk| chunk.first().is_some_and(&has_place));
    drawn.enumerate().flat_map(|(part, chunk)| chunk.iter().map(move |point| (part, *point))).collect()
}

/// An axis over a field.
fn channel(field: &str, axis: &Axis, span: Span) -> Value {
    let kind = if span.scale == Scale::Log { "log" } else { "linear" };
    let mut out = json!({
        "field": field,
        "type": "quantitative",
        "scale": {"type": kind, "domain": [span.low, span.high], "zero": false, "nice": false},
    });
    if span.scale == Scale::Log {
        // A log scale has no zero to include.
        out["scale"].as_object_mut().map(|scale| scale.remove("zero"));
    }
    let title = if axis.label.is_empty() { Value::Null } else { json!(axis.label) };
    out["title"] = title;
    if !axis.names.is_empty() {
        let values: Vec<usize> = (0..axis.names.len()).collect();
        out["axis"] = json!({"values": values, "labelExpr": format!("{}[datum.value]", json!(axis.names))});
    } else if axis.scale == Scale::Log && span.high >= 1e3 {
        out["axis"] = json!({"format": "~s"});
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::COLOURS;

    #[test]
    fn lines_are_broken_where_a_point_has_no_place() {
        let points = [(1.0, 1.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 1.0)];
        let found = parts(&points, |p| p.1.is_finite());
        assert_eq!(found, [(0, (1.0, 1.0)), (1, (3.0, 1.0)), (1, (4.0, 1.0))]);
        assert_eq!(MARKS.len(), COLOURS);
    }
}
