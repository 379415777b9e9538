//! One figure, the same numbers in every back end.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use isoflop_figure::{Axis, Figure, Note, Series, Shade, Theme, png, svg, terminal, vega_lite};
use serde_json::Value;

const POINTS: [(f64, f64); 5] = [(1.5e9, 3.125), (4e9, 2.875), (1.7e10, 2.5), (6e10, 2.3125), (2e11, 2.1)];

fn figure() -> Figure {
    let mut figure = Figure::new("one & all", Axis::log("D (token)"), Axis::linear("loss"));
    let line: Vec<(f64, f64)> =
        (0..30).map(|k| (1e9 * 1.25f64.powi(k), 3.3 - 0.045 * f64::from(k))).collect();
    figure.series = vec![
        Series::band("law", 1, line.iter().map(|p| (p.0, p.1 - 0.1, p.1 + 0.1)).collect()),
        Series::line("law", 1, line),
        Series::dashed("", 6, vec![(1e9, 2.5), (1e10, f64::NAN), (1e11, 2.5), (2e11, 2.5)]),
        Series::points("runs", 0, POINTS.to_vec()),
        Series::points("runs", 0, vec![(-1.0, 2.0), (1e10, f64::NAN)]),
    ];
    figure.shades.push(Shade { from: 6e10, to: f64::INFINITY, label: "beyond".into() });
    figure.notes.push(Note { at: (4e9, 2.875), text: "here".into() });
    figure.legend = "what".into();
    figure
}

/// Rows of the layers of a Vega-Lite view with this mark.
fn rows(view: &Value, mark: &str) -> Vec<Value> {
    let layers = view["layer"].as_array().unwrap().iter().filter(|layer| layer["mark"]["type"] == mark);
    layers.flat_map(|layer| layer["data"]["values"].as_array().unwrap().clone()).collect()
}

fn numbers(text: &str, key: &str) -> Vec<f64> {
    let part = text.split_once(&format!("{key}=\"")).unwrap().1.split('"').next().unwrap();
    part.split([',', ' ']).filter_map(|word| word.parse().ok()).collect()
}

#[test]
fn all_back_ends_show_the_same_numbers() {
    let figure = figure();
    let view: Value =
        serde_json::from_str(&vega_lite(std::slice::from_ref(&figure), 1, Theme::Auto)).unwrap();
    // Vega-Lite has the numbers themselves, without those that have no place.
    let points: Vec<(f64, f64)> =
        rows(&view, "point").iter().map(|r| (r["x"].as_f64().unwrap(), r["y"].as_f64().unwrap())).collect();
    assert_eq!(points, POINTS);
    assert_eq!(rows(&view, "area").len(), 30);
    let parts: Vec<u64> =
        rows(&view, "line").iter().rev().take(3).map(|r| r["part"].as_u64().unwrap()).collect();
    assert_eq!(parts, [1, 1, 0]);
    let domain: Vec<f64> = ["x", "y"]
        .iter()
        .flat_map(|axis| view["layer"][1]["encoding"][axis]["scale"]["domain"].as_array().unwrap().clone())
        .map(|end| end.as_f64().unwrap())
        .collect();

    // The SVG has them as places, between the same ends.
    let drawn = svg(&figure, Theme::Light);
    let (frame, x, y) = (numbers(&drawn, "data-frame"), numbers(&drawn, "data-x"), numbers(&drawn, "data-y"));
    assert_eq!([&x[..], &y[..]].concat(), domain);
    let path =
        drawn.split("<path class=\"m c0\" data-e=\"1\" d=\"").nth(1).unwrap().split('"').next().unwrap();
    let places = path.split('M').skip(1).map(|marker| {
        let (a, b) = marker.split('a').next().unwrap().split_once(',').unwrap();
        (a.parse::<f64>().unwrap() + 3.2, b.parse::<f64>().unwrap())
    });
    let back = places.map(|(px, py)| {
        let (a, b) = ((px - frame[0]) / frame[2], 1.0 - (py - frame[1]) / frame[3]);
        ((x[0].ln() + a * (x[1] / x[0]).ln()).exp(), y[0] + b * (y[1] - y[0]))
    });
    let back: Vec<(f64, f64)> = back.collect();
    assert_eq!(back.len(), POINTS.len());
    for (shown, real) in back.iter().zip(&POINTS) {
        assert!(
            (shown.0 / real.0 - 1.0).abs() < 2e-4 && (shown.1 - real.1).abs() < 2e-4,
            "{shown:?} {real:?}"
        );
    }

    // The terminal has a marker in the cell of each.
    let (width, height) = (100, 30);
    let text = terminal(&figure, width, height, false);
    let lines: Vec<Vec<char>> =
        text.lines().skip(2).take(height).map(|line| line.chars().collect()).collect();
    let left = lines[0].iter().position(|c| "│┤".contains(*c)).unwrap() + 1;
    let columns = width - left - 1;
    for (a, b) in POINTS {
        let across = (a / x[0]).ln() / (x[1] / x[0]).ln();
        let up = (b - y[0]) / (y[1] - y[0]);
        let (column, row) = ((across * columns as f64) as usize, ((1.0 - up) * height as f64) as usize);
        assert_eq!(lines[row].get(left + column), Some(&'o'), "{a} {b}\n{text}");
    }
    assert_eq!(lines.iter().flatten().filter(|c| **c == 'o').count(), POINTS.len());
}

#[test]
fn pictures_have_the_same_bytes_and_bounds() {
    let figures = [figure(), figure(), figure()];
    let one = png(&figures[..1], 2, Theme::Auto, 1.0).unwrap();
    assert!(
        one.starts_with(b"\x89PNG\r\n\x1a\n") && one == png(&figures[..1], 2, Theme::Light, 1.0).unwrap()
    );
    let size = |bytes: &[u8], at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!((size(&one, 16), size(&one, 20)), (660, 400));
    let sheet = png(&figures, 2, Theme::Dark, 2.0).unwrap();
    assert_eq!((size(&sheet, 16), size(&sheet, 20)), (2640, 1600));
    // Empty, and too much.
    assert!(png(&[], 2, Theme::Light, 1.0).is_err());
    assert!(png(&figures, 1, Theme::Light, 100.0).unwrap_err().to_string().contains("G0001"));
}

#[test]
fn names_on_an_axis_are_in_every_back_end() {
    let names = vec!["first <law>".to_owned(), "second".to_owned()];
    let mut figure = Figure::new("t", Axis::linear("x"), Axis::named("", names));
    figure.series = vec![Series::points("", 0, vec![(1.0, 0.0), (2.0, 1.0)])];
    assert!(svg(&figure, Theme::Light).contains("first &lt;law&gt;"));
    assert!(terminal(&figure, 60, 10, false).contains("first <law>"));
    let view: Value = serde_json::from_str(&vega_lite(&[figure], 1, Theme::Light)).unwrap();
    let axis = &view["layer"][0]["encoding"]["y"]["axis"];
    assert_eq!(axis["labelExpr"], "[\"first <law>\",\"second\"][datum.value]");
}
