//! Shares: decisions that add up to a number, such as the weights of a mixture, each of which may be 0.
//!
//! The solver works in logarithms, where a share of 0 lies infinitely far away: it comes near, and what is left is taken
//! for 0. Whether it should have stayed there is checked by the slope in the share itself; where a plan decides shares alone,
//! a scan of the whole simplex gives starts and a comparison, and a convex objective (seen by its form) a proof: a convex
//! function lies above its tangent, whose least value on a simplex is at a corner (Frank and Wolfe 1956).

use isoflop_formula::Node;

use crate::form::Form;
use crate::problem::{Problem, Shares};
use crate::request::Sense;
use crate::result::{ConstraintResult, Plan};
use crate::shape::shape;
use crate::smooth::{Smooth, value_at};
use crate::solve::Optimum;

/// Shares below this part of the total are none.
const NOTHING: f64 = 1e-8;
/// Shares below this are asked whether they should grow.
const SMALL: f64 = 1e-5;
/// Mixtures of a scan.
const MOST_SCANNED: usize = 4000;
/// Share of a domain that a start leaves out.
const START: f64 = 1e-4;

/// A decision as the objective: `sign` times the decision itself, not its logarithm.
pub(crate) struct Own {
    pub(crate) i: usize,
    pub(crate) sign: f64,
}

impl Smooth for Own {
    fn value(&self, z: &[f64]) -> f64 {
        self.sign * z[self.i].exp()
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        let value = self.value(z);
        gradient.fill(0.0);
        hessian.fill(0.0);
        gradient[self.i] = value;
        hessian[self.i * z.len() + self.i] = value;
        value
    }
}

/// Whether a share that came out as nearly nothing would make the plan better if it grew.
pub(crate) fn sticks(form: &Form<'_>, optimum: &Optimum) -> bool {
    let z = &optimum.z;
    let n = z.len();
    let small: Vec<usize> = form.shares.iter().copied().filter(|&i| z[i] < SMALL.ln()).collect();
    if small.is_empty() {
        return false;
    }
    let (mut slope, mut g, mut h) = (vec![0.0; n], vec![0.0; n], vec![0.0; n * n]);
    form.objective.expand(z, &mut slope, &mut h);
    let largest = slope.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
    for (row, y) in form.rows.iter().zip(&optimum.multipliers) {
        row.f.expand(z, &mut g, &mut h);
        slope.iter_mut().zip(&g).for_each(|(s, g)| *s += y * g);
    }
    small.iter().any(|&i| slope[i] / z[i].exp() < -1e-6 * (1.0 + largest))
}

/// Brings the shares of a start to their totals.
pub(crate) fn normalized(groups: &[Shares], z: &mut [f64]) {
    for group in groups {
        let sum: f64 = group.members.iter().map(|&i| z[i].exp()).sum();
        group.members.iter().for_each(|&i| z[i] += (group.total / sum).ln());
    }
}

/// The best of a scan of all mixtures, as logarithms, and how many met the constraints; for plans that decide the shares
/// of one group and nothing else.
pub(crate) fn scan(problem: &Problem, params: &[f64]) -> Option<(Vec<f64>, f64, usize)> {
    let [group] = problem.shares.as_slice() else { return None };
    let n = problem.over.len();
    if group.members.len() != n {
        return None;
    }
    // As fine as the number of mixtures allows: steps in n - 1 dimensions.
    let steps = (1..=60).rev().find(|&steps| mixtures(steps, n) <= MOST_SCANNED)?;
    let sign = if problem.sense == Sense::Minimize { 1.0 } else { -1.0 };
    let mut best: Option<(f64, Vec<f64>)> = None;
    let mut met = 0;
    let mut parts = vec![0; n];
    parts[0] = steps;
    loop {
        let x: Vec<f64> = parts.iter().map(|&k| group.total * k as f64 / steps as f64).collect();
        let holds = problem.constraints.iter().enumerate().all(|(k, c)| {
            let (small, large) = (problem.value(c.small, &x, params), problem.value(c.large, &x, params));
            k == group.constraint || (small <= large && (!c.equal || small >= large))
        });
        let value = sign * problem.value(problem.objective, &x, params);
        if holds && value.is_finite() {
            met += 1;
            if best.as_ref().is_none_or(|(known, _)| value < *known) {
                best = Some((value, x));
            }
        }
        if !advance(&mut parts) {
            break;
        }
    }
    let (value, x) = best?;
    let mut z: Vec<f64> = x.iter().map(|x| x.max(START * group.total).ln()).collect();
    normalized(&problem.shares, &mut z);
    Some((z, value, met))
}

/// Ways to write `steps` as a sum of `n` numbers in order.
fn mixtures(steps: usize, n: usize) -> usize {
    (1..n).fold(1usize, |ways, k| (ways * (steps + k) / k).min(usize::MAX / 128))
}

/// The next way to write the same sum; `false` after the last.
fn advance(parts: &mut [usize]) -> bool {
    let Some(last) = parts.len().checked_sub(1) else { return false };
    let Some(from) = (0..last).rev().find(|&i| parts[i] > 0) else { return false };
    let tail = std::mem::take(&mut parts[last]);
    parts[from] -= 1;
    parts[from + 1] = tail + 1;
    true
}

/// How far, relatively, the objective at `x` can lie above the best there is, for plans that decide shares alone and are
/// convex in them; `None` for others.
pub(crate) fn proof(problem: &Problem, x: &[f64], constraints: &[ConstraintResult]) -> Option<f64> {
    let n = problem.over.len();
    if (0..n).any(|i| !problem.is_share(i)) {
        return None;
    }
    let params = &problem.params;
    let high = problem.shares.iter().map(|group| group.total).fold(0.0, f64::max);
    let of = |node| shape(&problem.graph, node, params, high).curve;
    let minimize = problem.sense == Sense::Minimize;
    let curve = of(problem.objective);
    if !(if minimize { curve.is_convex() } else { curve.is_concave() }) {
        return None;
    }
    let mut graph = problem.graph.clone();
    let mut lagrangian = if minimize { problem.objective } else { graph.neg(problem.objective) };
    let objective = value_at(&graph, lagrangian, x, params);
    for (k, (c, result)) in problem.constraints.iter().zip(constraints).enumerate() {
        if problem.shares.iter().any(|group| group.constraint == k) {
            continue;
        }
        let fits = of(c.small).is_convex() && of(c.large).is_concave();
        let turned = of(c.large).is_convex() && of(c.small).is_concave();
        if !fits || (c.equal && !turned) {
            return None;
        }
        let worth = if c.flipped { -result.shadow_price } else { result.shadow_price };
        let price = if minimize { -worth } else { worth };
        if !c.equal && price < 0.0 {
            return None;
        }
        let difference = graph.sub(c.small, c.large);
        let price = graph.number(price);
        let term = graph.mul(price, difference);
        lagrangian = graph.add(lagrangian, term);
    }
    let slopes: Vec<f64> = (0..n)
        .map(|i| {
            let slope = graph.derivative(lagrangian, Node::Input(i as u32));
            value_at(&graph, slope, x, params)
        })
        .collect();
    let mut bound = value_at(&graph, lagrangian, x, params);
    for group in &problem.shares {
        let least = group.members.iter().map(|&i| slopes[i]).fold(f64::INFINITY, f64::min);
        bound += group.total * least - group.members.iter().map(|&i| slopes[i] * x[i]).sum::<f64>();
    }
    let gap = (objective - bound).max(0.0) / objective.abs().max(f64::MIN_POSITIVE);
    gap.is_finite().then_some(gap)
}

/// Shares that are next to nothing as 0.
pub(crate) fn round(plan: &mut Plan, problem: &Problem) {
    for group in &problem.shares {
        let nothing = NOTHING * group.total;
        let clean = |x: f64| if x < nothing { 0.0 } else { x };
        for &i in &group.members {
            let decided = &mut plan.decision[i];
            decided.estimate = clean(decided.estimate);
            decided.low = decided.low.map(clean);
            decided.high = decided.high.map(clean);
            if let Some(range) = plan.indifference.get_mut(i) {
                range.low = range.low.map(clean);
                range.high = range.high.map(clean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mixture_is_met_once() {
        let mut parts = vec![4, 0, 0];
        let mut seen = vec![parts.clone()];
        while advance(&mut parts) {
            assert_eq!(parts.iter().sum::<usize>(), 4);
            assert!(!seen.contains(&parts));
            seen.push(parts.clone());
        }
        assert_eq!(seen.len(), mixtures(4, 3));
        assert_eq!(mixtures(4, 3), 15);
    }
}
