//! Solving one form: a feasible point, the barrier, the last digits, and what is proved about the answer.

use crate::barrier::{Feasible, Nlp};
use crate::form::Form;
use crate::polish::Active;
use crate::smooth::Smooth;

/// Convex plans are searched, and their proofs hold, for decisions between 1e-60 and 1e60.
pub(crate) const FAR: f64 = 140.0;
/// Nobody decides on anything above 1e30 or below 1e-30: an optimum out there is one that runs away slowly.
const SENSIBLE: f64 = 69.0;
/// Equations are given this width, in logarithms, until the last steps make them exact.
const WIDTH: f64 = 1e-4;
/// Constraints that miss by less are taken to touch: two that meet in a point have no inside.
const TOUCH: f64 = 1e-7;
/// Constraints hold to this, in logarithms.
const EXACT: f64 = 1e-10;

/// An optimum of a form.
#[derive(Debug, Clone)]
pub(crate) struct Optimum {
    /// Logarithms of the decisions.
    pub(crate) z: Vec<f64>,
    /// Of each row of the form.
    pub(crate) multipliers: Vec<f64>,
    /// Objective of the form.
    pub(crate) value: f64,
    /// Proved distance of [`Optimum::value`] from the best possible, for convex forms.
    pub(crate) gap: Option<f64>,
    /// Whether the last steps were taken.
    pub(crate) exact: bool,
}

/// Why there is none.
#[derive(Debug, Clone)]
pub(crate) enum Failed {
    /// No point meets the constraints; rows in the way.
    Infeasible { excess: f64, blame: Vec<usize> },
    /// The start has no values.
    NoValue,
    /// Variables that reach the edge, and whether upwards.
    Unbounded(Vec<(usize, bool)>),
    /// Not to the accuracy that is promised; where the search ended, to four digits or so.
    Inexact(Vec<f64>),
}

/// `sign * f(z) - width`.
struct Sided<'a> {
    f: &'a dyn Smooth,
    sign: f64,
    width: f64,
}

impl Smooth for Sided<'_> {
    fn value(&self, z: &[f64]) -> f64 {
        self.sign * self.f.value(z) - self.width
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        let value = self.f.expand(z, gradient, hessian);
        gradient.iter_mut().chain(hessian).for_each(|x| *x *= self.sign);
        self.sign * value - self.width
    }
}

/// Solves from `start`, within the box; `weight` is that of the objective at first ([`Nlp::solve`]).
pub(crate) fn solve(
    form: &Form<'_>,
    start: &[f64],
    weight: f64,
    lower: &[f64],
    upper: &[f64],
) -> Result<Optimum, Failed> {
    match attempt(form, start, weight, lower, upper, 0.0) {
        Err(Failed::Infeasible { excess, .. }) if excess < TOUCH => {
            attempt(form, start, weight, lower, upper, 10.0 * TOUCH)
        }
        other => other,
    }
}

fn attempt(
    form: &Form<'_>,
    start: &[f64],
    weight: f64,
    lower: &[f64],
    upper: &[f64],
    slack: f64,
) -> Result<Optimum, Failed> {
    let mut sided = Vec::new();
    let mut owner = Vec::new();
    for (k, row) in form.rows.iter().enumerate() {
        let width = if row.equal { WIDTH } else { slack };
        sided.push(Sided { f: &*row.f, sign: 1.0, width });
        owner.push((k, 1.0));
        if row.equal {
            sided.push(Sided { f: &*row.f, sign: -1.0, width });
            owner.push((k, -1.0));
        }
    }
    let nlp = Nlp {
        objective: &*form.objective,
        constraints: sided.iter().map(|s| s as &dyn Smooth).collect(),
        lower: lower.to_vec(),
        upper: upper.to_vec(),
    };
    let inside = match nlp.feasible(start).ok_or(Failed::NoValue)? {
        Feasible::Point(z) => z,
        Feasible::No { excess, blame } => {
            let total: f64 = blame.iter().sum();
            let mut rows: Vec<usize> =
                owner.iter().zip(&blame).filter(|(_, b)| **b > 1e-3 * total).map(|((k, _), _)| *k).collect();
            rows.dedup();
            return Err(Failed::Infeasible { excess, blame: rows });
        }
    };
    let ended = nlp.solve(&inside, weight, &|_| false).ok_or(Failed::NoValue)?;
    let edge: Vec<(usize, bool)> = (0..start.len())
        .filter_map(|i| {
            let z = ended.z[i];
            let (low, high) = ((lower[i] + 1.0).max(-SENSIBLE), (upper[i] - 1.0).min(SENSIBLE));
            let vanishes = form.shares.contains(&i);
            if z < low && !vanishes { Some((i, false)) } else { (z > high).then_some((i, true)) }
        })
        .collect();
    if !edge.is_empty() {
        return Err(Failed::Unbounded(edge));
    }
    let mut multipliers = vec![0.0; form.rows.len()];
    for ((k, sign), y) in owner.iter().zip(&ended.multipliers) {
        multipliers[*k] += sign * y;
    }
    let settled = active_sets(form, &multipliers)
        .find_map(|active| polish(form, &ended.z, &multipliers, &active, lower, upper));
    if let Some(optimum) = settled {
        return Ok(optimum);
    }
    if form.rows.iter().any(|row| row.equal) || slack > 0.0 {
        return Err(Failed::Inexact(ended.z));
    }
    let value = form.objective.value(&ended.z);
    let gap = gap(form, &ended.z, &multipliers);
    Ok(Optimum { z: ended.z, multipliers, value, gap, exact: false })
}

/// Sets of rows that may hold with equality at the optimum, the likeliest first: those with large multipliers, and, as
/// a price that is nearly nothing tells little, all others where there are few rows.
fn active_sets<'a>(form: &'a Form<'_>, multipliers: &'a [f64]) -> impl Iterator<Item = Vec<usize>> + 'a {
    let rows = form.rows.len();
    let likely = [1e-5, 1e-3, 1e-7, 0.1].into_iter().map(|share| active(form, multipliers, share));
    let subsets = if rows <= MOST_ROWS { 1usize << rows } else { 0 };
    let all = (0..subsets)
        .map(move |mask| (0..rows).filter(|&k| form.rows[k].equal || mask >> k & 1 == 1).collect::<Vec<_>>());
    likely.chain(all)
}

/// Up to this many rows all sets of them are tried.
const MOST_ROWS: usize = 7;

fn active(form: &Form<'_>, multipliers: &[f64], share: f64) -> Vec<usize> {
    (0..form.rows.len()).filter(|&k| form.rows[k].equal || multipliers[k] > share).collect()
}

/// The optimum near another one, of a form that differs little; `None` if it is not found by a few steps.
pub(crate) fn refine(
    form: &Form<'_>,
    z: &[f64],
    multipliers: &[f64],
    lower: &[f64],
    upper: &[f64],
) -> Option<Optimum> {
    polish(form, z, multipliers, &active(form, multipliers, 1e-13), lower, upper)
}

/// The last digits from a point near an optimum: `None` if they cannot be had, or the result is no optimum.
fn polish(
    form: &Form<'_>,
    z: &[f64],
    multipliers: &[f64],
    active: &[usize],
    lower: &[f64],
    upper: &[f64],
) -> Option<Optimum> {
    let program = Active {
        objective: &*form.objective,
        constraints: active.iter().map(|&k| &*form.rows[k].f).collect(),
    };
    let start: Vec<f64> = active.iter().map(|&k| multipliers[k]).collect();
    let (z, y) = program.solve(z, &start)?;
    let mut multipliers = vec![0.0; form.rows.len()];
    for (&k, y) in active.iter().zip(y) {
        if !form.rows[k].equal && y < -1e-12 {
            return None;
        }
        multipliers[k] = if form.rows[k].equal { y } else { y.max(0.0) };
    }
    let holds = form.rows.iter().all(|row| {
        let value = row.f.value(&z);
        value <= EXACT && (!row.equal || value >= -EXACT)
    });
    let inside = z.iter().zip(lower).zip(upper).all(|((z, l), u)| z > l && z < u);
    let value = form.objective.value(&z);
    (holds && inside && value.is_finite()).then(|| {
        let gap = gap(form, &z, &multipliers);
        Optimum { z, multipliers, value, gap, exact: true }
    })
}

/// How far the value at `z` can lie above the best possible one, for a convex form.
///
/// With multipliers of the right sign the Lagrangian is convex and nowhere above the objective where the constraints
/// hold, and it lies above its tangent at `z`. Its smallest value over the box is therefore at least
/// `L(z) - sum |dL/dz_i| * (largest distance to an edge)`.
fn gap(form: &Form<'_>, z: &[f64], multipliers: &[f64]) -> Option<f64> {
    if !form.convex {
        return None;
    }
    let n = z.len();
    let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
    let mut slope = vec![0.0; n];
    form.objective.expand(z, &mut slope, &mut h);
    let mut slack = 0.0;
    for (row, y) in form.rows.iter().zip(multipliers) {
        let value = row.f.expand(z, &mut g, &mut h);
        // A constraint may be missed by a rounding error; that part of the bound is not a gain.
        slack += (y * value).abs();
        slope.iter_mut().zip(&g).for_each(|(s, g)| *s += y * g);
    }
    let reach = |i: usize| FAR + z[i].abs();
    Some(slack + slope.iter().enumerate().map(|(i, s)| s.abs() * reach(i)).sum::<f64>())
}
