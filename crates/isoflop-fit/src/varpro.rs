//! Variable projection: coefficients that enter linearly are solved for, not searched for.
//!
//! With the nonlinear coordinates held, least squares in the linear ones is solved exactly, sign bounds kept
//! (Golub and Pereyra 1973; a step that leaves the linear coordinates undamped and solves them again afterwards is
//! Kaufman's variant, 1975).

use isoflop_formula::{Formula, NodeId};

use crate::accumulate::{Order, Sums};
use crate::coordinates::Coordinate;
use crate::linalg::nonnegative_solve;
use crate::model::{Model, Scale, Scratch};
use crate::objective::Kernel;

/// Smallest size of a term after a projection, as a share of the output, so that it can come back to life.
const LEAST_SHARE: f64 = 1e-3;

/// The free coordinates of `model` in which `root`, which it was made from, is linear, all together.
pub(crate) fn linear_coordinates(formula: &Formula, root: NodeId, model: &Model) -> Vec<usize> {
    let mut graph = formula.graph.clone();
    let params: Vec<u32> = (0..formula.symbols.params.len() as u32).collect();
    let linear = graph.linear_params(root, &params);
    let c = &model.coordinates;
    (0..c.free.len()).filter(|&j| linear.contains(&c.slots[c.free[j]].param)).collect()
}

/// Moves the coordinates `linear` of `theta` to their least-squares optimum under `weights`, the others held.
///
/// Leaves `theta` alone where the system cannot be solved.
pub(crate) fn project(
    model: &Model,
    linear: &[usize],
    theta: &mut [f64],
    weights: &[f64],
    scratch: &mut Scratch,
) {
    let sums: Sums = model.pass(theta, Kernel::Squares, Scale::One, weights, Order::Gradient, scratch);
    if !sums.value.is_finite() || sums.gradient.is_empty() {
        return;
    }
    let c = &model.coordinates;
    let is_log = |j: usize| matches!(c.kinds[c.free[j]], Coordinate::Log | Coordinate::LogTerm);
    // A log coordinate is solved for as a factor on its term, whose value is its own derivative.
    let now: Vec<f64> = linear.iter().map(|&j| if is_log(j) { 1.0 } else { theta[j] }).collect();
    let g = sums.gauss.part(linear);
    let b: Vec<f64> = (0..now.len())
        .map(|i| (0..now.len()).map(|k| g.get(i, k) * now[k]).sum::<f64>() - sums.gradient[linear[i]])
        .collect();
    let bounded: Vec<bool> = linear.iter().map(|&j| is_log(j) || c.slots[c.free[j]].lower >= 0.0).collect();
    let Some(solution) = nonnegative_solve(&g, &b, &bounded) else { return };
    let size = output_size(model, weights);
    for (i, (&j, x)) in linear.iter().zip(solution).enumerate() {
        if is_log(j) {
            let term = g.get(i, i).sqrt();
            theta[j] += x.max(LEAST_SHARE * size / term).ln();
        } else {
            let (low, high) = c.bounds(j);
            theta[j] = x.max(low).min(high);
        }
    }
}

/// Root of the weighted sum of squares of the output.
fn output_size(model: &Model, weights: &[f64]) -> f64 {
    model.y.iter().zip(weights).map(|(y, w)| w * y * y).sum::<f64>().sqrt()
}
