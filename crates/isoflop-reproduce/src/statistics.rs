//! How a law with given parameters does on given rows.

use isoflop_fit::Objective;
use isoflop_formula::{Formula, NodeId, evaluate};

use crate::bind::Columns;

/// Differences between prediction `p` and observation `y`, both of the output itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statistics {
    rows: f64,
    r2: f64,
    mean_abs_error: f64,
    relative_error: f64,
    rms_log_error: f64,
    /// Means over the rows, for quantities on a single one.
    prediction: f64,
    observed: f64,
    pub(crate) objective: f64,
}

impl Statistics {
    /// With the names that formulas of quantities use.
    pub(crate) fn named(self) -> [(String, f64); 7] {
        [
            ("rows", self.rows),
            ("r2", self.r2),
            ("mean_abs_error", self.mean_abs_error),
            ("relative_error", self.relative_error),
            ("rms_log_error", self.rms_log_error),
            ("prediction", self.prediction),
            ("observed", self.observed),
        ]
        .map(|(name, value)| (name.to_owned(), value))
    }
}

/// The statistics of `formula` with `values` (by name) on the rows of `columns`.
pub(crate) fn of(
    formula: &Formula,
    columns: &Columns,
    values: &[(String, f64)],
    objective: Objective,
) -> Statistics {
    let predicted = predictions(formula, columns, values);
    let at = |node: NodeId| evaluated(formula, node, columns, values);
    let left = formula.output.as_ref();
    let observed = left.and_then(|left| columns.inputs.get(left.input as usize)).cloned().unwrap_or_default();
    let residuals: Vec<f64> = match left {
        Some(left) if !objective.log => {
            at(left.lhs).iter().zip(at(formula.body)).map(|(y, f)| y - f).collect()
        }
        _ => observed.iter().zip(&predicted).map(|(y, p)| y.ln() - p.ln()).collect(),
    };
    let weight = |row: usize| columns.weights.as_ref().map_or(1.0, |weights| weights[row]);
    let count = predicted.len() as f64;
    let mean = |f: &dyn Fn(f64, f64) -> f64| {
        observed.iter().zip(&predicted).map(|(&y, &p)| f(y, p)).sum::<f64>() / count
    };
    let centre = mean(&|y, _| y);
    Statistics {
        rows: count,
        r2: 1.0 - mean(&|y, p| (y - p).powi(2)) / mean(&|y, _| (y - centre).powi(2)),
        mean_abs_error: mean(&|y, p| (p - y).abs()),
        relative_error: mean(&|y, p| ((p - y) / y).abs()),
        rms_log_error: mean(&|y, p| (p.ln() - y.ln()).powi(2)).sqrt(),
        prediction: mean(&|_, p| p),
        observed: centre,
        objective: residuals.iter().enumerate().map(|(row, &r)| weight(row) * objective.loss_of(r)).sum(),
    }
}

/// Predictions of the output itself.
pub(crate) fn predictions(formula: &Formula, columns: &Columns, values: &[(String, f64)]) -> Vec<f64> {
    let node = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
    evaluated(formula, node, columns, values)
}

/// A node on every row.
fn evaluated(formula: &Formula, node: NodeId, columns: &Columns, values: &[(String, f64)]) -> Vec<f64> {
    let value = |name: &str| values.iter().find(|(known, _)| known == name).map_or(f64::NAN, |v| v.1);
    let parameters: Vec<f64> = formula.symbols.params.iter().map(|param| value(&param.name)).collect();
    let slices: Vec<&[f64]> = columns.inputs.iter().map(Vec::as_slice).collect();
    let mut out = vec![0.0; columns.rows.len()];
    evaluate(&formula.graph, node, &slices, &parameters, &mut out);
    out
}
