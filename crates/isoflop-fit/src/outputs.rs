//! Laws with several outputs: one table of the rows of all outputs, and how much each output weighs.
//!
//! Every output has noise of its own size, which nobody knows. A row of output `k` therefore weighs `1 / m_k`, with `m_k`
//! the mean loss of the residuals of that output at the optimum under these weights: the optimum of
//! `sum over k of n_k ln m_k`. For squares that is maximum likelihood with one variance per output, found as in iterated
//! seemingly unrelated regressions (Zellner 1962; Oberhofer and Kmenta 1974, Econometrica 42, 579) without correlations
//! between outputs; for absolute errors, that of Laplace noise. The weights are then held: certificate and replicates are
//! about the weighted fit.

use isoflop_formula::{Formula, Node};
use serde::{Deserialize, Serialize};

use crate::data::{Data, Group};
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::objective::Objective;
use crate::request::StartPlan;
use crate::result::Fit;

/// Rounds of weighing after which it ends, settled or not.
const ROUNDS: usize = 200;
/// Logarithms of weights that move less have settled.
const SETTLED: f64 = 1e-9;
/// Least mean loss of the residuals of an output, as a share of that of the output around its mean: exact data have no
/// noise to weigh by.
const LEAST: f64 = 1e-14;

/// One output of a law with several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutputFit {
    /// Its name.
    pub name: String,
    /// Rows that observe it.
    pub rows: usize,
    /// What one of its rows weighs, relative to one of the first output.
    pub weight: f64,
    /// Root mean square of its residuals on the scale of the objective.
    pub rmse: f64,
    /// Its residuals, as in [`Fit::residuals`].
    pub residuals: Vec<f64>,
}

impl Fit {
    /// The fit as one of output `k` alone, for [`isoflop_formula::Formula::part`]; itself for a law with one output.
    pub fn of_output(&self, k: usize) -> Fit {
        let Some(output) = self.outputs.get(k) else { return self.clone() };
        Fit {
            rows: output.rows,
            rmse: output.rmse,
            residuals: output.residuals.clone(),
            outputs: Vec::new(),
            ..self.clone()
        }
    }
}

impl Data {
    /// The rows of all outputs of a law below each other, for [`isoflop_formula::Formula::stacked`]: the rows of the first
    /// part observe the first output, and so on. Clusters are left out.
    ///
    /// ```
    /// use isoflop_fit::Data;
    /// let part = |output: f64| Data { inputs: vec![vec![], vec![1e6]], output: vec![output], ..Data::default() };
    /// let data = Data::stacked(vec![part(3.0), part(0.6)]);
    /// assert_eq!(data.output, [3.0, 0.6]);
    /// assert_eq!(data.inputs, [vec![], vec![1e6, 1e6], vec![1.0, 0.0], vec![0.0, 1.0]]);
    /// ```
    pub fn stacked(parts: Vec<Data>) -> Data {
        let sizes: Vec<usize> = parts.iter().map(Data::rows).collect();
        let mut parts = parts.into_iter();
        let mut all = Data { clusters: None, ..parts.next().unwrap_or_default() };
        for part in parts {
            let rows = (all.rows(), part.rows());
            for (column, more) in all.inputs.iter_mut().zip(part.inputs) {
                column.extend(more);
            }
            all.output.extend(part.output);
            all.weights = match (all.weights, part.weights) {
                (None, None) => None,
                (a, b) => {
                    let ones = |n: usize| vec![1.0; n];
                    let (a, b) = (a.unwrap_or_else(|| ones(rows.0)), b.unwrap_or_else(|| ones(rows.1)));
                    Some([a, b].concat())
                }
            };
            for (group, more) in all.groups.iter_mut().zip(&part.groups) {
                group.append(more);
            }
        }
        let mut first = 0;
        for size in sizes {
            let own = first..first + size;
            all.inputs
                .push((0..all.output.len()).map(|row| f64::from(u8::from(own.contains(&row)))).collect());
            first += size;
        }
        all
    }

    /// The rows of output `k` of a stacked table for a law with `outputs` of them.
    pub(crate) fn rows_of(&self, k: usize, outputs: usize) -> Vec<usize> {
        let marks = &self.inputs[self.inputs.len() - outputs + k];
        (0..marks.len()).filter(|&row| marks[row] != 0.0).collect()
    }
}

impl Group {
    /// Adds the rows of another table, whose levels may come in another order.
    pub fn append(&mut self, more: &Group) {
        let codes: Vec<u32> = more
            .levels
            .iter()
            .map(|level| {
                let place = self.levels.iter().position(|known| known == level).unwrap_or_else(|| {
                    self.levels.push(level.clone());
                    self.levels.len() - 1
                });
                place as u32
            })
            .collect();
        self.codes.extend(more.codes.iter().map(|&code| codes[code as usize]));
    }
}

/// The rows of each output of a stacked formula.
pub(crate) fn rows_of_outputs(formula: &Formula, data: &Data) -> Vec<Vec<usize>> {
    let count = formula.parts.len();
    (0..count).map(|k| data.rows_of(k, count)).collect()
}

/// What one row of each output weighs, relative to the first, with the data so weighed. `formula` is the stacked one.
///
/// # Errors
/// An objective with a scale of its own; an output with too few rows for what it depends on; no start with a value.
pub(crate) fn weighed(
    formula: &Formula,
    data: &Data,
    objective: Objective,
    (starts, seed): (&StartPlan, u64),
    progress: &dyn Progress,
) -> Result<(Data, Vec<f64>), FitError> {
    let rows = rows_of_outputs(formula, data);
    check(formula, objective, &rows)?;
    let mut relative = vec![1.0; rows.len()];
    // Likelihoods of shares and counts weigh themselves.
    if objective.is_family() {
        return Ok((data.clone(), relative));
    }
    let base = data.weights.clone().unwrap_or_else(|| vec![1.0; data.rows()]);
    let with = |relative: &[f64]| {
        let mut weights = base.clone();
        for (rows, factor) in rows.iter().zip(relative) {
            rows.iter().for_each(|&row| weights[row] *= factor);
        }
        weights
    };
    let losses = |residuals: &[f64]| -> Vec<f64> {
        rows.iter().map(|rows| mean_loss(objective, residuals, &base, rows)).collect()
    };
    let model = Task::unchecked(formula, data, objective, seed)?.model;
    let around: Vec<f64> = losses(&centred(&model.y, &rows));
    let relative_to_first = |m: &[f64]| -> Vec<f64> { m.iter().map(|m_k| m[0] / m_k).collect() };
    if around.iter().all(|m| *m > 0.0) {
        relative = relative_to_first(&around);
    }
    let first = Data { weights: Some(with(&relative)), ..data.clone() };
    let task = Task::new(formula, &first, objective, seed)?;
    let (Some(mut best), _) = task.search(starts, progress)? else {
        return Err(FitError::NoStart { tried: 0 });
    };
    let mut scratch = task.model.scratch();
    for _ in 0..ROUNDS {
        if progress.cancelled() {
            return Err(FitError::Cancelled);
        }
        let found = losses(&task.model.residuals(&best.theta));
        let found: Vec<f64> = found.iter().zip(&around).map(|(m, a)| m.max(LEAST * a)).collect();
        if found.iter().any(|m| !(m.is_finite() && *m > 0.0)) {
            break;
        }
        let next = relative_to_first(&found);
        let moved = next.iter().zip(&relative).map(|(a, b)| (a / b).ln().abs()).fold(0.0, f64::max);
        relative = next;
        if moved < SETTLED {
            break;
        }
        let mut weights = with(&relative);
        weights.resize(task.model.weights.len(), 0.0);
        let end = task.problem(&task.model, &weights).solve(&best.theta, &mut scratch);
        if !end.value.is_finite() {
            break;
        }
        best = end;
    }
    Ok((Data { weights: Some(with(&relative)), ..data.clone() }, relative))
}

/// Mean loss of the residuals at `rows`.
pub(crate) fn mean_loss(objective: Objective, residuals: &[f64], weights: &[f64], rows: &[usize]) -> f64 {
    let sum: f64 = rows.iter().map(|&row| weights[row] * objective.loss_of(residuals[row])).sum();
    sum / rows.iter().map(|&row| weights[row]).sum::<f64>()
}

/// Values of each output around their mean.
fn centred(y: &[f64], rows: &[Vec<usize>]) -> Vec<f64> {
    let mut out = y.to_vec();
    for rows in rows {
        let mean = rows.iter().map(|&row| y[row]).sum::<f64>() / rows.len() as f64;
        rows.iter().for_each(|&row| out[row] -= mean);
    }
    out
}

fn check(formula: &Formula, objective: Objective, rows: &[Vec<usize>]) -> Result<(), FitError> {
    if objective.has_free_scale() {
        return Err(FitError::OneScale {
            objective: objective.name(),
            outputs: formula.outputs().join(", "),
        });
    }
    for (part, rows) in formula.parts.iter().zip(rows) {
        let uses = |k: usize| formula.graph.depends_on(part.body, Node::Param(k as u32));
        let params = formula.symbols.params.iter().enumerate();
        let free = params.filter(|(k, param)| param.fixed.is_none() && uses(*k)).count();
        // Else the output can be met exactly, and would outweigh all others.
        if rows.len() <= free {
            return Err(FitError::TooFewOfOutput {
                output: part.left.name.clone(),
                rows: rows.len(),
                parameters: free,
            });
        }
    }
    Ok(())
}
