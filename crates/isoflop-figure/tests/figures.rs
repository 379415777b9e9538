//! Whole figures against kept drawings, and figures of which nothing can be drawn.
//!
//! `ISOFLOP_UPDATE_SNAPSHOTS=1 cargo test -p isoflop-figure` writes the drawings again; look at them before a commit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;

use isoflop_figure::{Axis, Figure, Note, Series, Shade, Theme, sheet, svg, terminal};

fn small() -> Figure {
    let mut figure = Figure::new("loss by tokens", Axis::log("D (tokens)"), Axis::linear("loss (nat/token)"));
    let law = |d: f64| 1.8 + 2000.0 / d.powf(0.37);
    let grid: Vec<f64> = (0..=24).map(|k| 1e8 * 10f64.powf(f64::from(k) / 8.0)).collect();
    figure.series = vec![
        Series::band("N = 100M", 0, grid.iter().map(|&d| (d, law(d) * 0.98, law(d) * 1.02)).collect()),
        Series::line("N = 100M", 0, grid.iter().map(|&d| (d, law(d))).collect()),
        Series::points("N = 100M", 0, grid[..16].iter().step_by(3).map(|&d| (d, law(d) * 1.01)).collect()),
        Series::dashed("N = 1B", 1, grid.iter().map(|&d| (d, law(d) - 0.2)).collect()),
        Series::points("N = 1B", 1, vec![(1e9, f64::NAN), (-1.0, 2.0), (2e9, 2.3)]),
    ];
    figure.shades.push(Shade { from: 1e10, to: f64::INFINITY, label: "beyond the runs".into() });
    figure.notes.push(Note { at: (2e9, 2.3), text: "<a run>".into() });
    figure.legend = "size".into();
    figure.provenance = "5 runs of runs.csv".into();
    figure
}

fn agrees(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("ISOFLOP_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "{name} changed:\n{text}");
}

#[test]
fn drawings_are_the_kept_ones() {
    let figure = small();
    agrees("small.svg", &svg(&figure, Theme::Auto));
    agrees("small.txt", &terminal(&figure, 72, 16, false));
}

#[test]
fn nothing_to_draw_is_an_empty_frame() {
    for values in [vec![], vec![(f64::NAN, f64::NAN)], vec![(0.0, -1.0)], vec![(f64::INFINITY, 1.0)]] {
        let mut figure = Figure::new("", Axis::log("x"), Axis::log("y"));
        figure.series = vec![Series::points("a", 0, values.clone()), Series::line("b", 9, values)];
        let (drawn, lines) = (svg(&figure, Theme::Light), terminal(&figure, 0, 0, false));
        assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
        assert!(lines.lines().all(|line| line.chars().count() <= 24), "{lines}");
    }
}

#[test]
fn everything_stays_inside_the_frame() {
    let mut figure = small();
    figure.x.range = Some((1e9, 3e9));
    figure.y.range = Some((2.2, 2.4));
    let drawn = svg(&figure, Theme::Light);
    for path in drawn.split(" d=\"M").skip(1) {
        let numbers = path.split('"').next().unwrap();
        let (x, y) =
            numbers.split(['L', 'h', 'v', 'V', 'H', 'a', 'l']).next().unwrap().split_once(',').unwrap();
        let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
        assert!((0.0..=660.0).contains(&x) && (30.0..=345.0).contains(&y), "{numbers}");
    }
}

#[test]
fn terminals_of_any_width_are_not_exceeded_and_colour_is_asked_for() {
    let figure = small();
    for width in [24, 40, 80, 200] {
        let text = terminal(&figure, width, 10, false);
        assert!(text.lines().all(|line| line.chars().count() <= width), "{width}\n{text}");
        assert!(!text.contains('\x1b') && terminal(&figure, width, 10, true).contains('\x1b'));
    }
}

#[test]
fn a_sheet_has_all_figures_and_themes_differ() {
    let figures = [small(), small(), small()];
    let drawn = sheet(&figures, 2, Theme::Dark);
    assert_eq!(drawn.matches("loss by tokens</text>").count(), 3);
    assert!(drawn.contains("viewBox=\"0 0 1320 800\""));
    assert!(
        drawn != sheet(&figures, 2, Theme::Light) && !sheet(&figures, 2, Theme::Page).contains("<style>")
    );
    assert!(sheet(&[], 2, Theme::Light).contains("</svg>"));
}
