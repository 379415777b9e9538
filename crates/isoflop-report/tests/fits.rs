//! The figures of a fit against a kept drawing, learning curves against forecast, and the same numbers in SVG and Vega-Lite for
//! every kind of figure.
//!
//! `ISOFLOP_UPDATE_SNAPSHOTS=1` writes the drawing again; look at it before a commit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::Path;

use isoflop_figure::{Figure, Theme, sheet, svg, vega_lite};
use isoflop_report::{Shown, Subject, figures_of, markdown, page, result_figures};
use isoflop_runs::{ReadOptions, RunTable};
use isoflop_study::{Finished, Notes, Recipe, Request, catalogue, fit_table, read_curves};
use serde_json::Value;

/// A Chinchilla law, a little off it.
fn loss(n: f64, d: f64, k: i32) -> f64 {
    let noise = f64::from(k * 7919 % 101) / 50.0 - 1.0;
    (1.7 + 400.0 / n.powf(0.34) + 2000.0 / d.powf(0.37)) * (1.0 + 0.003 * noise)
}

fn finished(draws: usize) -> Finished {
    let mut text = "N,D,loss\n".to_owned();
    for k in 0..36 {
        let (n, d) = (1e7 * 2f64.powi(k % 6), 2e8 * 2.2f64.powi(k / 6));
        text += &format!("{n},{d},{}\n", loss(n, d, k));
    }
    let table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let law = Some("loss ~ E + A / N^alpha + B / D^beta".to_owned());
    let request = Request { law, bootstrap: draws, choices: false, ..Request::default() };
    let notes = Notes::default();
    fit_table(table, &request, &catalogue(None, &notes).unwrap(), &notes, &()).unwrap()
}

/// Curves of four runs that end a little above, on and below the law, and one that only began.
fn curves() -> String {
    let mut text = "run,N,D,loss\n".to_owned();
    for (run, off, last) in [("a", 0.0, 200), ("b", 0.2, 200), ("c", -0.2, 200), ("d", 0.0, 3)] {
        for step in 1..=last {
            let d = 1e10 * f64::from(step) / 200.0;
            let early = 0.1 * (1.0 - f64::from(step) / 200.0);
            text += &format!("{run},1e8,{d},{}\n", loss(1e8, d, 0) * 1.003 + early + off);
        }
    }
    text
}

fn shown() -> Vec<Shown> {
    let finished = finished(30);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("curves.csv");
    std::fs::write(&path, curves()).unwrap();
    let files = [path.to_str().unwrap().to_owned()];
    let found =
        read_curves(&files, &Recipe::default(), &finished.formula, &finished.fit, &Notes::default()).unwrap();
    let subject = Subject { curves: Some(&found), ..Subject::of_finished(&finished, &[]) };
    figures_of(&subject.scene())
}

fn figures(shown: Vec<Shown>) -> Vec<Figure> {
    shown.into_iter().map(|shown| shown.figure).collect()
}

#[test]
fn figures_of_a_fit_are_the_kept_ones() {
    let shown = shown();
    let titles: Vec<&str> = shown.iter().map(|s| s.figure.title.as_str()).collect();
    let kinds = [
        "loss by D: runs",
        "loss by N: runs",
        "loss by D: curves",
        "isoFLOP",
        "loss over N and D",
        "residuals by D",
        "residuals by N",
        "residuals by run",
        "B and beta",
    ];
    for kind in kinds {
        assert!(titles.iter().any(|title| title.starts_with(kind)), "{kind} is not among {titles:?}");
    }
    for one in &shown {
        assert!(one.rows.iter().all(|row| row.len() == one.head.len()), "{one:?}");
        assert!(one.caption.ends_with('.') && !one.caption.contains("NaN"), "{}", one.caption);
    }
    let drawn = sheet(&figures(shown), 2, Theme::Light);
    assert!(!drawn.contains("NaN") && !drawn.contains("inf\""));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/fit.svg");
    if std::env::var_os("ISOFLOP_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == drawn, "fit.svg changed");
}

#[test]
fn curves_are_held_against_the_forecast_of_their_ends() {
    let shown = shown();
    let curves = shown.iter().find(|s| s.figure.title.contains("curves")).unwrap();
    let told: Vec<(&str, &str)> = curves.rows.iter().map(|r| (r[0].as_str(), r[5].as_str())).collect();
    // One run has too few points for a curve.
    assert_eq!(told, [("a", "inside"), ("b", "outside"), ("c", "outside")]);
    let numbers = |row: &[String]| [2, 3].map(|k| row[k].parse::<f64>().unwrap());
    let [observed, forecast] = numbers(&curves.rows[0]);
    assert!((observed / forecast - 1.0).abs() < 0.01, "{observed} {forecast}");
    assert_eq!(curves.rows[0][1], "10B");
}

#[test]
fn many_replicates_are_thinned_and_the_caption_says_so() {
    let mut finished = finished(30);
    finished.fit.draws = finished.fit.draws.iter().cycle().take(2100).cloned().collect();
    let subject = Subject::of_finished(&finished, &[]);
    let shown = figures_of(&subject.scene());
    assert!(
        shown[0].caption.contains("It is drawn from 1050 of the 2100 replicates."),
        "{}",
        shown[0].caption
    );
}

#[test]
fn a_doubtful_fit_is_told_first_and_in_red() {
    let mut finished = finished(0);
    finished.fit.certificate.verdict = isoflop_fit::Verdict::NotCertified;
    finished.fit.certificate.reasons = vec!["a reason".to_owned()];
    let subject = Subject::of_finished(&finished, &[]);
    let html = page(&subject);
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is not there"));
    assert!(at("<div class=\"verdict bad\" role=\"alert\">") < at("<nav"));
    assert!(
        html.contains("without replicates, so it has no intervals")
            && html.contains("no replicates, so there is no band")
    );
    assert!(markdown(&subject).contains("**Not certified.** Do not rely on these numbers."));
}

/// Values of the layers with markers.
fn told(view: &Value) -> Vec<Vec<(f64, f64)>> {
    let layers = view["layer"].as_array().unwrap().iter().filter(|layer| layer["mark"]["type"] == "point");
    let of = |layer: &Value| -> Vec<(f64, f64)> {
        let rows = layer["data"]["values"].as_array().unwrap();
        rows.iter().map(|r| (r["x"].as_f64().unwrap(), r["y"].as_f64().unwrap())).collect()
    };
    layers.map(of).filter(|values| !values.is_empty()).collect()
}

/// An attribute as words.
fn words<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let part = text.split_once(&format!("{key}=\"")).unwrap().1.split('"').next().unwrap();
    part.split([',', ' ']).collect()
}

/// Where a value lies on an axis, as a share.
fn share(span: &[&str], value: f64) -> f64 {
    let (low, high): (f64, f64) = (span[1].parse().unwrap(), span[2].parse().unwrap());
    match span[0] {
        "log" => (value / low).ln() / (high / low).ln(),
        _ => (value - low) / (high - low),
    }
}

#[test]
fn svg_and_vega_lite_show_the_same_numbers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results");
    let mut all = figures(shown());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "json") {
            let result: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            all.extend(figures(result_figures(&result).unwrap()));
        }
    }
    let mut compared = 0;
    for figure in all {
        let view: Value =
            serde_json::from_str(&vega_lite(std::slice::from_ref(&figure), 1, Theme::Light)).unwrap();
        let drawn = svg(&figure, Theme::Light);
        let drawn = drawn.split("<g class=\"key\">").next().unwrap();
        let frame: Vec<f64> = words(drawn, "data-frame").iter().map(|w| w.parse().unwrap()).collect();
        let (x, y) = (words(drawn, "data-x"), words(drawn, "data-y"));
        let paths: Vec<&str> = drawn
            .split("<path class=\"m c")
            .skip(1)
            .map(|rest| rest.split_once("d=\"").unwrap().1.split('"').next().unwrap())
            .collect();
        let told = told(&view);
        assert_eq!(paths.iter().filter(|p| !p.is_empty()).count(), told.len(), "{}", figure.title);
        for (path, values) in paths.iter().filter(|p| !p.is_empty()).zip(&told) {
            // A marker of several strokes begins more than one of them; all markers of a path have the same number.
            let strokes: Vec<(f64, f64)> = path
                .split('M')
                .skip(1)
                .map(|stroke| {
                    let end = stroke.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(stroke.len());
                    let (a, b) = stroke[..end].split_once(',').unwrap();
                    (a.parse().unwrap(), b.parse().unwrap())
                })
                .collect();
            assert_eq!(strokes.len() % values.len(), 0, "{}", figure.title);
            let each = strokes.len() / values.len();
            let place = |p: &(f64, f64)| (share(&x, p.0) * frame[2], (1.0 - share(&y, p.1)) * frame[3]);
            let first = place(&values[0]);
            for (stroke, value) in strokes.iter().step_by(each).zip(values) {
                let here = place(value);
                let (dx, dy) = (stroke.0 - strokes[0].0, stroke.1 - strokes[0].1);
                let apart = ((here.0 - first.0 - dx).abs()).max((here.1 - first.1 - dy).abs());
                assert!(apart < 0.03, "{}: {value:?} is {apart} pixels off", figure.title);
                compared += 1;
            }
        }
    }
    assert!(compared > 300, "{compared}");
}
