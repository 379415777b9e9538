//! Backtests as JSON.

use isoflop_fit::Score;
use serde_json::{Value, json};

use crate::backtest::{Backtests, Tested};
use crate::json::{SCHEMA_VERSION, number, optional, verdict};

/// `{schema_version, by, level, laws: [{folds, total, bands, forecasts}]}`.
pub fn backtests_json(report: &Backtests) -> Value {
    let Backtests { tested, by, places, seed } = report;
    let laws: Vec<Value> = tested.iter().map(|one| law_json(one, places)).collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "by": by,
        "rows": places.len(),
        "seed": seed,
        "laws": laws,
    })
}

fn law_json(tested: &Tested, places: &[String]) -> Value {
    let result = &tested.result;
    let folds = result.folds.iter().map(|fold| {
        json!({
            "held_out": fold.label,
            "cut": optional(fold.cut),
            "fitted": fold.train,
            "rows": fold.held,
            "verdict": fold.verdict.map(verdict),
            "reason": fold.reason,
            "score": fold.score.as_ref().map(score_json),
        })
    });
    let bands = result.bands.iter().map(
        |band| json!({"from": number(band.from), "to": optional(band.to), "score": score_json(&band.score)}),
    );
    let forecasts = result.forecasts.iter().map(|f| {
        json!({
            "fold": f.fold,
            "row": places.get(f.row),
            "beyond": number(f.beyond),
            "observed": number(f.observed),
            "predicted": number(f.predicted),
            "low": optional(f.low),
            "high": optional(f.high),
        })
    });
    json!({
        "law": tested.law,
        "formula": tested.formula,
        "objective": result.objective,
        "level": number(result.level),
        "total": score_json(&result.total),
        "bands": bands.collect::<Vec<_>>(),
        "folds": folds.collect::<Vec<_>>(),
        "forecasts": forecasts.collect::<Vec<_>>(),
    })
}

/// A score as an object.
pub(super) fn score_json(score: &Score) -> Value {
    json!({
        "forecasts": score.forecasts,
        "failed": score.failed,
        "median_error": number(score.median),
        "bias": number(score.bias),
        "rms_log": optional(score.rms_log),
        "rms_log_error": optional(score.rms_log_error),
        "coverage": optional(score.coverage),
        "width_log": optional(score.width),
    })
}
