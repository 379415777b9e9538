//! Predictions of a fitted law, with an interval and how far each input lies outside the runs.

use isoflop_formula::{Formula, evaluate};
use serde::{Deserialize, Serialize};

use crate::error::FitError;
use crate::fit::{quantiles, root};
use crate::result::Fit;

/// The prediction at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Inputs by name.
    pub inputs: Vec<(String, f64)>,
    /// Predicted output, in its own unit.
    pub estimate: f64,
    /// Lower end of the interval for a new run; `None` without replicates.
    pub low: Option<f64>,
    /// Upper end of the interval for a new run.
    pub high: Option<f64>,
    /// For each input how many times it lies beyond the range of the runs; 1 inside.
    pub extrapolation: Vec<(String, f64)>,
}

/// Predicts the output of `formula` (the law of `fit`) at each of `points`, given as names and values of the inputs.
///
/// The interval of nominal coverage `level` is for one new run: every bootstrap replicate predicts with its own
/// parameters and adds a residual of the fit, taken in turn over evenly spaced quantiles. It holds the
/// uncertainty of the parameters and the scatter of runs, not the error of the law itself far outside the runs.
///
/// # Errors
/// A law with parameters per level (take the formula and the parameters of one level first), a missing input, a level outside 0 to 1, a point at which the law has no finite value.
pub fn predict(
    formula: &Formula,
    fit: &Fit,
    points: &[Vec<(String, f64)>],
    level: f64,
) -> Result<Vec<Prediction>, FitError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(FitError::BadLevel { level });
    }
    if let Some(column) = formula.symbols.params.iter().find_map(|p| p.group.clone())
        && fit.parameters.len() != formula.symbols.params.len()
    {
        return Err(FitError::GroupedPrediction { column });
    }
    let mut residuals = fit.residuals.clone();
    residuals.sort_by(f64::total_cmp);
    points.iter().map(|point| one(formula, fit, point, level, &residuals)).collect()
}

fn one(
    formula: &Formula,
    fit: &Fit,
    point: &[(String, f64)],
    level: f64,
    residuals: &[f64],
) -> Result<Prediction, FitError> {
    let names = |list: &[&str]| if list.is_empty() { "nothing".to_string() } else { list.join(", ") };
    let needed: Vec<&str> = fit.ranges.iter().map(|r| r.name.as_str()).collect();
    let mut inputs = Vec::new();
    for input in &formula.symbols.inputs {
        let value = point.iter().find(|(name, _)| *name == input.name).map(|p| p.1);
        if value.is_none() && needed.contains(&input.name.as_str()) {
            let given: Vec<&str> = point.iter().map(|p| p.0.as_str()).collect();
            return Err(FitError::MissingInput { needed: names(&needed), given: names(&given) });
        }
        inputs.push(vec![value.unwrap_or(f64::NAN)]);
    }
    let slices: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
    let log = fit.objective.name.ends_with("-log");
    // The residual lives on the log of the output, or on the left side of the law as written.
    let scale = if log { root(formula, true) } else { formula.body };
    let output = formula.output.as_ref();
    let value = |params: &[f64], node| {
        let mut out = [f64::NAN];
        evaluate(&formula.graph, node, &slices, params, &mut out);
        out[0]
    };
    let plain: Vec<f64> = fit.parameters.iter().map(|p| p.estimate).collect();
    let estimate = value(&plain, root(formula, true));
    if !estimate.is_finite() {
        let text: Vec<String> = point.iter().map(|(n, v)| format!("{n}={v}")).collect();
        return Err(FitError::NoValue { point: text.join(", ") });
    }
    let identity = output.is_none_or(|o| o.prediction == formula.body);
    let count = if log || identity { fit.draws.len() } else { 0 };
    let centres = fit.draws.iter().map(|draw| value(draw, scale));
    let ends = new_run(centres, count, residuals, log, level);
    let extrapolation = fit
        .ranges
        .iter()
        .map(|range| {
            let x = point.iter().find(|(name, _)| *name == range.name).map_or(f64::NAN, |p| p.1);
            let ratio = if x > range.high {
                x / range.high
            } else if x < range.low {
                range.low / x
            } else {
                1.0
            };
            (range.name.clone(), ratio)
        })
        .collect();
    let inputs = point.iter().filter(|(name, _)| needed.contains(&name.as_str())).cloned().collect();
    Ok(Prediction { inputs, estimate, low: ends.map(|e| e.0), high: ends.map(|e| e.1), extrapolation })
}

/// The interval for one new run from the law at each of `count` replicates (`centres`, on the scale of the output, or
/// of the residual) and the sorted `residuals` of the fit.
pub(crate) fn new_run(
    centres: impl Iterator<Item = f64>,
    count: usize,
    residuals: &[f64],
    log: bool,
    level: f64,
) -> Option<(f64, f64)> {
    if residuals.is_empty() || count == 0 {
        return None;
    }
    let mut draws: Vec<f64> = centres
        .take(count)
        .enumerate()
        .map(|(b, centre)| {
            // A fixed shuffle of the residual quantiles, so that they do not go along with the replicates.
            let place = (b * 7919 + 13) % count;
            let noise = residuals[place * residuals.len() / count % residuals.len()];
            if log { centre * noise.exp() } else { centre + noise }
        })
        .collect();
    quantiles(&mut draws, level)
}
