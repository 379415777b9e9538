//! Comparisons: the error of each law on runs that it did not see.

use isoflop_figure::Axis;
use serde_json::Value;

use super::forest::{Entry, axis, forest};
use super::{cell, head, list, num, text};
use crate::figures::Shown;

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    vec![forward(result), cross(result)]
}

/// Whether nothing tells the law from the best.
fn stands(result: &Value, law: &str) -> bool {
    list(result, "standing").iter().any(|name| name.as_str() == Some(law))
}

fn entry(result: &Value, law: &Value, value: (f64, f64, f64)) -> Entry {
    let name = text(law, "law").to_owned();
    let (colour, group) = if stands(result, &name) { (0, "not told from the best") } else { (1, "worse") };
    Entry { name, value, colour, group: group.to_owned() }
}

fn forward(result: &Value) -> Shown {
    let nothing = Value::Null;
    let score = |law: &Value| law.pointer("/forward/score").cloned().unwrap_or(Value::Null);
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for law in list(result, "laws") {
        let score = score(law);
        let (error, doubt) = (100.0 * num(&score, "rms_log"), 100.0 * num(&score, "rms_log_error"));
        if error.is_finite() {
            entries.push(entry(result, law, (error, error - 1.645 * doubt, error + 1.645 * doubt)));
        }
        let forward = law.get("forward").unwrap_or(&nothing);
        rows.push(vec![
            text(law, "law").to_owned(),
            text(law, "verdict").to_owned(),
            cell(error),
            cell(100.0 * num(&score, "coverage")),
            cell(num(forward, "p")),
            cell(num(law, "weight")),
        ]);
    }
    let values: Vec<f64> = entries.iter().map(|e| e.value.0).collect();
    let mut x = axis("root mean square error of forecasts (%)", values.into_iter());
    if x.scale == isoflop_figure::Scale::Log {
        // An interval may reach below 0.
        entries.iter_mut().for_each(|e| e.value.1 = e.value.1.max(e.value.0 / 10.0));
    }
    x.range = None;
    Shown {
        caption: format!(
            "Each law was fitted to the small runs and forecast the large ones: root mean square of the log error, with \
             90 % intervals. {}",
            text(result, "sentence")
        ),
        figure: forest("error of forecasts by law".into(), x, &entries, None),
        head: head(&["law", "fit", "forecast error %", "covered %", "p", "weight"]),
        rows,
    }
}

fn cross(result: &Value) -> Shown {
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for law in list(result, "laws") {
        let cross = law.get("cross_validation").unwrap_or(&Value::Null);
        let (behind, doubt) = (num(cross, "behind"), num(cross, "behind_error"));
        if behind.is_finite() {
            let ends = (behind, behind - 1.645 * doubt, behind + 1.645 * doubt);
            entries.push(entry(result, law, ends));
        }
        rows.push(vec![
            text(law, "law").to_owned(),
            cell(num(law, "parameters")),
            cell(num(cross, "log_score")),
            cell(behind),
            cell(doubt),
            cell(num(cross, "p")),
            cell(num(law, "aicc")),
            cell(num(law, "bic")),
        ]);
    }
    let label = "log score behind the best (nats, 0 is best)";
    Shown {
        caption: "Cross-validation: how much worse each law predicts runs that were left out, in nats of log likelihood over \
                  all rows, with 90 % intervals of the difference."
            .to_owned(),
        figure: forest("cross-validation by law".into(), Axis::linear(label), &entries, Some(0.0)),
        head: head(&["law", "parameters", "log score", "behind", "error of it", "p", "AICc", "BIC"]),
        rows,
    }
}
