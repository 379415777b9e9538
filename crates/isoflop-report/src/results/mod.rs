//! Figures of results: the JSON that `isoflop compare`, `backtest`, `profile`, `methods`, `contrast`, `influence`, `plan`,
//! `next` and `cost` print.

mod backtest;
mod breakdown;
mod compare;
mod contrast;
mod cost;
mod forest;
mod influence;
mod methods;
mod next;
mod plan;
mod profile;

use isoflop_study::significant;
use serde_json::Value;

use crate::figures::{Shown, shown};

/// One kind of result: how it is known, what it is called, and its figures.
struct Kind {
    /// Keys that only this result has.
    keys: &'static [&'static str],
    name: &'static str,
    figures: fn(&Value) -> Vec<Shown>,
}

const KINDS: [Kind; 9] = [
    Kind { keys: &["by", "laws", "rows", "seed"], name: "backtest", figures: backtest::figures },
    Kind { keys: &["sentence", "standing"], name: "compare", figures: compare::figures },
    Kind { keys: &["profiles"], name: "profile", figures: profile::figures },
    Kind { keys: &["methods", "slices"], name: "methods", figures: methods::figures },
    Kind { keys: &["arms", "points"], name: "contrast", figures: contrast::figures },
    Kind { keys: &["single", "groups"], name: "influence", figures: influence::figures },
    Kind { keys: &["outlook", "cost_formula"], name: "next", figures: next::figures },
    Kind { keys: &["decision", "constraints"], name: "plan", figures: plan::figures },
    Kind { keys: &["architecture", "costs"], name: "cost", figures: cost::figures },
];

/// Which command printed a result: `compare`, `backtest`, `profile`, `methods`, `contrast`, `influence`, `next`, `plan` or
/// `cost`; `None` for anything else.
pub fn result_kind(result: &Value) -> Option<&'static str> {
    kind(result).map(|kind| kind.name)
}

/// The figures of a result that a command printed with `--format json`, the main one first; empty if there is nothing in it to
/// draw, `None` if it is no such result. What is missing in the result is left out of the figures.
pub fn result_figures(result: &Value) -> Option<Vec<Shown>> {
    let mut all = (kind(result)?.figures)(result);
    all.retain(|shown| shown.figure.series.iter().any(|series| !series.is_empty()));
    let provenance = provenance(result);
    all.iter_mut().for_each(|shown| shown.figure.provenance.clone_from(&provenance));
    Some(all)
}

fn kind(result: &Value) -> Option<&'static Kind> {
    // A comparison has `by` and `laws` too.
    let has = |kind: &&Kind| kind.keys.iter().all(|key| result.get(key).is_some());
    let is_comparison = result.get("standing").is_some();
    KINDS.iter().filter(|kind| !is_comparison || kind.name == "compare").find(has)
}

/// `chinchilla on 240 rows, seed 0, isoflop 0.1.0`.
fn provenance(result: &Value) -> String {
    let law = result.get("law").and_then(Value::as_str).map(|law| {
        let rows = result.get("rows").and_then(Value::as_u64);
        rows.map_or_else(|| law.to_owned(), |rows| format!("{law} on {rows} rows"))
    });
    let seed = result.get("seed").and_then(Value::as_u64).map(|seed| format!("seed {seed}"));
    let version = text(result, "isoflop_version");
    let version = (!version.is_empty()).then(|| format!("isoflop {version}"));
    [law, seed, version].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A number of an object; NaN where there is none.
fn num(value: &Value, key: &str) -> f64 {
    value.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A list of numbers; NaN for what is none.
fn numbers(value: &Value, key: &str) -> Vec<f64> {
    list(value, key).iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

/// Names and values of an object.
fn entries<'a>(value: &'a Value, key: &str) -> Vec<(&'a str, &'a Value)> {
    let object = value.get(key).and_then(Value::as_object);
    object.map_or_else(Vec::new, |object| object.iter().map(|(k, v)| (k.as_str(), v)).collect())
}

/// Estimate, low and high of an object.
fn ends(value: Option<&Value>) -> (f64, f64, f64) {
    value.map_or((f64::NAN, f64::NAN, f64::NAN), |v| (num(v, "estimate"), num(v, "low"), num(v, "high")))
}

/// A number of a table; empty where there is none.
fn cell(value: f64) -> String {
    match value {
        value if !value.is_finite() => String::new(),
        value if value.abs() >= 1e3 => shown(value),
        value => significant(value, 4),
    }
}

/// A share as a percentage.
fn percent_of(share: f64) -> String {
    if share.is_finite() { format!("{} %", cell(100.0 * share)) } else { String::new() }
}

/// `low … high`.
fn interval(low: f64, high: f64) -> String {
    if low.is_finite() || high.is_finite() {
        format!("{} … {}", cell(low), cell(high))
    } else {
        String::new()
    }
}

fn head(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The end of a long name, which tells rows of the same file apart.
fn tail(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    if count <= letters {
        return name.to_owned();
    }
    std::iter::once('…').chain(name.chars().skip(count - letters + 1)).collect()
}
