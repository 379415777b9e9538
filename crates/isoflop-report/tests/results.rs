//! The figures of every kind of result against kept drawings, and results of which something is missing.
//!
//! The results below `tests/results` were printed by this program for simulated runs (the command is in their README),
//! numbers cut to six digits. `ISOFLOP_UPDATE_SNAPSHOTS=1` writes the drawings again; look at them before a commit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::{Path, PathBuf};

use isoflop_figure::{Figure, Theme, sheet, terminal, vega_lite};
use isoflop_report::{Shown, result_figures, result_kind};
use serde_json::{Value, json};

/// Kind of result and its number of figures.
const KINDS: [(&str, usize); 9] = [
    ("backtest", 2),
    ("compare", 2),
    ("profile", 1),
    ("methods", 4),
    ("contrast", 2),
    ("influence", 3),
    ("next", 2),
    ("plan", 6),
    ("cost", 3),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn result(name: &str) -> Value {
    let text = std::fs::read_to_string(folder("results").join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn figures(shown: &[Shown]) -> Vec<Figure> {
    shown.iter().map(|shown| shown.figure.clone()).collect()
}

#[test]
fn figures_of_results_are_the_kept_ones() {
    for (name, count) in KINDS {
        let result = result(name);
        assert_eq!(result_kind(&result), Some(name));
        let shown = result_figures(&result).unwrap();
        assert_eq!(shown.len(), count, "{name}");
        for one in &shown {
            let width = one.head.len();
            assert!(!one.rows.is_empty() && one.rows.iter().all(|row| row.len() == width), "{name}: {one:?}");
            assert!(!one.caption.contains("NaN") && one.caption.ends_with('.'), "{}", one.caption);
        }
        let drawn = sheet(&figures(&shown), 2, Theme::Light);
        assert!(!drawn.contains("NaN") && !drawn.contains("inf\""), "{name}");
        let path = folder("snapshots").join(format!("{name}.svg"));
        if std::env::var_os("ISOFLOP_UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, &drawn).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap_or_default() == drawn, "{name}.svg changed");
    }
}

/// Every number of a value made `null`, or every list emptied.
fn without(value: &Value, numbers: bool) -> Value {
    match value {
        Value::Number(_) if numbers => Value::Null,
        Value::Array(_) if !numbers => json!([]),
        Value::Array(list) => list.iter().map(|value| without(value, numbers)).collect(),
        Value::Object(object) => object.iter().map(|(k, v)| (k.clone(), without(v, numbers))).collect(),
        other => other.clone(),
    }
}

#[test]
fn what_is_missing_in_a_result_is_left_out() {
    for (name, _) in KINDS {
        for numbers in [true, false] {
            let bare = without(&result(name), numbers);
            let shown = result_figures(&bare).unwrap();
            assert!(shown.iter().all(|one| one.figure.series.iter().any(|s| !s.is_empty())), "{name}");
            let figures = figures(&shown);
            let drawn = sheet(&figures, 2, Theme::Dark) + &vega_lite(&figures, 2, Theme::Dark);
            assert!(!drawn.contains("NaN"), "{name}");
            figures.iter().for_each(|figure| assert!(!terminal(figure, 60, 12, false).is_empty()));
        }
    }
    for other in [json!(null), json!([1]), json!({"schema_version": 1}), json!({"laws": []})] {
        assert_eq!(result_kind(&other), None);
        assert!(result_figures(&other).is_none());
    }
}
