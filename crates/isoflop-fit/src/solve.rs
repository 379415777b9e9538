//! The solver: damped Newton steps on the sums of one pass, from least squares towards the robust objective.
//!
//! A robust loss with a small threshold is nearly a sum of absolute values: started far away, most rows pull with
//! constant force and no curvature is seen. So the solver first fits least squares, then narrows the threshold
//! step by step, each time from the last optimum, and only then polishes with exact second derivatives.
//!
//! *Units and space*: internal coordinates ([`crate::coordinates`]); residuals on the scale of the objective.
//! *Determinism*: none of this is random.
//!
//! Reference: Nocedal and Wright, Numerical Optimization, 2nd edition (2006), sections 4.1 (damping by
//! predicted decrease), 10.3 (Levenberg-Marquardt) and 16.7 (projection on bounds).

use crate::accumulate::{Order, Sums};
use crate::linalg::Symmetric;
use crate::model::{Model, Scale, Scratch};
use crate::objective::{Kernel, Loss, Objective};
use crate::varpro;

/// Relative size of the projected gradient at which the solver stops: rounding noise is about 1e-13.
pub(crate) const POLISHED: f64 = 1e-11;
/// Relative size of the projected gradient that a certificate demands.
pub(crate) const CERTIFIED: f64 = 1e-8;
/// Longest move of a coordinate in one step, relative to its size if that is above 1 (most are logs or exponents).
const LONGEST: f64 = 4.0;

/// Where the solver stopped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Solved {
    /// Free coordinates, with the log scale at the end for a free-scale objective, or the over-dispersion.
    pub(crate) theta: Vec<f64>,
    /// The objective.
    pub(crate) value: f64,
    /// Largest projected gradient entry, relative to the sum of its absolute contributions.
    pub(crate) gradient: f64,
    /// Passes over the rows.
    pub(crate) passes: usize,
}

/// One minimisation problem: a model under a loss and row weights.
pub(crate) struct Problem<'a> {
    pub(crate) model: &'a Model,
    pub(crate) objective: Objective,
    pub(crate) weights: &'a [f64],
    /// Free coordinates that least squares on the scale of the residual solves for directly.
    pub(crate) linear: &'a [usize],
}

impl Problem<'_> {
    /// Minimises the objective from free coordinates `theta` (without scale), through least squares and a
    /// narrowing threshold.
    pub(crate) fn solve(&self, theta: &[f64], scratch: &mut Scratch) -> Solved {
        let (tolerance, most) = if self.objective.loss == Loss::Squares { (1e-6, 1000) } else { (1e-2, 200) };
        let rough = self.descend(
            theta.to_vec(),
            Kernel::Squares,
            Scale::One,
            tolerance,
            most,
            Order::Gradient,
            scratch,
        );
        if self.objective.loss == Loss::Squares && self.model.outcomes.is_none() {
            let passes = rough.passes;
            return self.polish(rough.theta, passes, scratch);
        }
        self.narrow(rough, scratch)
    }

    /// Minimises the objective from the optimum of a nearby problem (the full table, for a bootstrap replicate).
    pub(crate) fn resolve(&self, theta: &[f64], scratch: &mut Scratch) -> Solved {
        let p = self.model.len();
        let warm = match self.objective.loss {
            Loss::Squares | Loss::StudentT { .. } => self.polish(theta.to_vec(), 0, scratch),
            _ if self.objective.is_family() => self.polish(theta.to_vec(), 0, scratch),
            Loss::HuberDensity => {
                let start = Solved { theta: theta[..p].to_vec(), ..Solved::default() };
                self.narrow(start, scratch)
            }
            _ => {
                let kernel = self.objective.kernel(4.0 * self.threshold(1.0));
                let last = self.last();
                let wide = self.descend(theta.to_vec(), kernel, last, 1e-2, 30, Order::Newton, scratch);
                let passes = wide.passes;
                self.polish(wide.theta, passes, scratch)
            }
        };
        if warm.gradient <= CERTIFIED { warm } else { self.solve(&theta[..p], scratch) }
    }

    /// Polishes free coordinates `theta` that are near an optimum of the objective already.
    pub(crate) fn finish(&self, theta: &[f64], scratch: &mut Scratch) -> Solved {
        if self.last() == Scale::Spread {
            let start = Solved { theta: theta[..self.model.len()].to_vec(), ..Solved::default() };
            self.narrow(start, scratch)
        } else if self.objective.has_free_scale() {
            self.solve(theta, scratch)
        } else {
            self.polish(theta.to_vec(), 0, scratch)
        }
    }

    /// The absolute threshold that the objective ends at, for residuals of typical size `size`.
    fn threshold(&self, size: f64) -> f64 {
        match self.objective.loss {
            // Small against the noise, yet large against the rounding of residuals.
            Loss::Quantile { .. } => 1e-6 * size,
            _ => self.objective.delta,
        }
    }

    fn narrow(&self, from: Solved, scratch: &mut Scratch) -> Solved {
        let Solved { mut theta, mut passes, .. } = from;
        let near = if self.model.outcomes.is_some() { Scale::Rows } else { Scale::One };
        if self.objective.is_family() || self.objective.loss == Loss::Squares {
            if self.last() == Scale::Spread {
                let kernel = self.objective.kernel(self.objective.delta);
                let step = self.descend(theta, kernel, near, 1e-3, 100, Order::Newton, scratch);
                (theta, passes) = (self.with_spread(step.theta), passes + step.passes);
            }
            return self.polish(theta, passes, scratch);
        }
        let residuals = self.model.residuals(&theta);
        let size = typical_size(&residuals, self.weights);
        if let Loss::StudentT { .. } = self.objective.loss {
            theta.push(size.max(f64::MIN_POSITIVE).ln());
            return self.polish(theta, passes, scratch);
        }
        let density = self.objective.loss == Loss::HuberDensity;
        let mut target =
            if density { self.density_scale(&theta) * self.objective.delta } else { self.threshold(size) };
        let mut width = size;
        while width > target {
            width = (0.25 * width).max(target);
            if width <= target && !density {
                break;
            }
            let kernel = match self.objective.loss {
                Loss::HuberDensity => Kernel::Huber { delta: width, up: 1.0, down: 1.0 },
                _ => self.objective.kernel(width),
            };
            let step = self.descend(theta, kernel, near, 1e-3, 30, Order::Newton, scratch);
            theta = step.theta;
            passes += step.passes;
            if density {
                target = self.density_scale(&theta) * self.objective.delta;
            }
        }
        if density {
            return self.alternate(theta, passes, scratch);
        }
        if self.last() == Scale::Spread {
            theta = self.with_spread(theta);
        }
        self.polish(theta, passes, scratch)
    }

    /// The free-scale Huber density, from an optimum nearby: parameters for a held scale and the scale for held
    /// parameters in turn. Its threshold is so small that the law passes exactly through as many rows as it has
    /// parameters; moving the scale along with them would drown that in rounding noise.
    fn alternate(&self, mut theta: Vec<f64>, mut passes: usize, scratch: &mut Scratch) -> Solved {
        let mut scale = self.density_scale(&theta);
        for _ in 0..50 {
            let kernel = Kernel::Huber { delta: self.objective.delta * scale, up: 1.0, down: 1.0 };
            let step = self.descend(theta, kernel, Scale::One, POLISHED, 100, Order::Newton, scratch);
            theta = step.theta;
            passes += step.passes;
            let next = self.density_scale(&theta);
            let change = (next / scale - 1.0).abs();
            scale = next;
            if change < 1e-14 {
                break;
            }
        }
        theta.push(scale.ln());
        let sums = self.sums(&theta, Order::Newton, scratch);
        let bounds: Vec<(f64, f64)> =
            (0..self.model.len()).map(|j| self.model.coordinates.bounds(j)).chain([OPEN]).collect();
        let gradient = relative_gradient(&sums, &free_of_bounds(&theta, &sums.gradient, &bounds));
        Solved { theta, value: sums.value, gradient, passes: passes + 1 }
    }

    /// The scale that maximises the Huber density for fixed parameters: the root of `sum z psi(z) = sum of weights`.
    /// Nearly all residuals lie in the linear part, where it is `delta * mean |r|`; a few rounds settle the rest.
    fn density_scale(&self, theta: &[f64]) -> f64 {
        let residuals = self.model.residuals(&theta[..self.model.len()]);
        let delta = self.objective.delta;
        let weight: f64 = self.weights.iter().sum();
        let pull = |s: f64| -> f64 {
            let of = |r: &f64| (r / s).abs() * (r / s).abs().min(delta);
            residuals.iter().zip(self.weights).map(|(r, w)| w * of(r)).sum()
        };
        let sum: f64 = residuals.iter().zip(self.weights).map(|(r, w)| w * r.abs()).sum();
        let mut scale = (delta * sum / weight).max(f64::MIN_POSITIVE);
        for _ in 0..20 {
            let ratio = pull(scale) / weight;
            scale = (scale * ratio).max(f64::MIN_POSITIVE);
            if (ratio - 1.0).abs() < 1e-15 {
                break;
            }
        }
        scale
    }

    /// `theta` with a first over-dispersion behind it.
    fn with_spread(&self, mut theta: Vec<f64>) -> Vec<f64> {
        let values = self.model.values(&theta);
        let first =
            self.model.outcomes.as_ref().map(|o| o.first_spread(&self.model.y, &values, self.weights));
        theta.extend(first);
        theta
    }

    /// What the objective has beside the coordinates of the law.
    pub(crate) fn last(&self) -> Scale {
        match &self.model.outcomes {
            _ if self.objective.has_free_scale() => Scale::Free,
            Some(outcomes) if outcomes.has_spread => Scale::Spread,
            Some(_) => Scale::Rows,
            None => Scale::One,
        }
    }

    /// The objective itself, to rounding noise.
    fn polish(&self, theta: Vec<f64>, passes: usize, scratch: &mut Scratch) -> Solved {
        let scale = self.last();
        let kernel = self.final_kernel(&theta);
        let mut solved = self.descend(theta, kernel, scale, POLISHED, 400, Order::Newton, scratch);
        if solved.gradient > CERTIFIED && !self.model.has_exact() {
            let theta = std::mem::take(&mut solved.theta);
            let more = self.descend(theta, kernel, scale, POLISHED, 2000, Order::Gradient, scratch);
            solved = Solved { passes: solved.passes + more.passes, ..more };
        }
        solved.passes += passes;
        solved
    }

    /// The kernel that the objective ends at.
    pub(crate) fn final_kernel(&self, theta: &[f64]) -> Kernel {
        let size = match self.objective.loss {
            Loss::Quantile { .. } => {
                typical_size(&self.model.residuals(&theta[..self.model.len()]), self.weights)
            }
            _ => 1.0,
        };
        self.objective.kernel(self.threshold(size))
    }

    /// One full pass at `theta` under the final kernel.
    pub(crate) fn sums(&self, theta: &[f64], order: Order, scratch: &mut Scratch) -> Sums {
        let scale = self.last();
        self.model.pass(theta, self.final_kernel(theta), scale, self.weights, order, scratch)
    }

    /// Damped Newton descent on one kernel until the relative projected gradient is below `tolerance`.
    #[allow(clippy::too_many_arguments)]
    fn descend(
        &self,
        mut theta: Vec<f64>,
        kernel: Kernel,
        scale: Scale,
        tolerance: f64,
        most: usize,
        order: Order,
        scratch: &mut Scratch,
    ) -> Solved {
        let n = theta.len();
        let bounds: Vec<(f64, f64)> = (0..n)
            .map(|j| match scale {
                _ if j < self.model.len() => self.model.coordinates.bounds(j),
                Scale::Spread => SPREAD,
                _ => OPEN,
            })
            .collect();
        project(&mut theta, &bounds);
        // Variable projection belongs to least squares far from the optimum; Newton steps need no help.
        let linear = if kernel == Kernel::Squares && order == Order::Gradient { self.linear } else { &[] };
        let mut pass = |theta: &mut Vec<f64>| {
            if !linear.is_empty() {
                varpro::project(self.model, linear, theta, self.weights, scratch);
            }
            self.model.pass(theta, kernel, scale, self.weights, order, scratch)
        };
        let logs = &self.model.coordinates.logs;
        let mut here = pass(&mut theta);
        let mut passes = 1;
        let mut damping = if order == Order::Newton { 1e-6 } else { 1e-3 };
        let mut gradient = f64::INFINITY;
        if here.value.is_finite() {
            for _ in 0..most {
                let free = free_of_bounds(&theta, &here.gradient, &bounds);
                gradient = relative_gradient(&here, &free);
                if gradient <= tolerance || free.is_empty() {
                    break;
                }
                let scale = Scaling { bounds: &bounds, linear, logs };
                let Some((next, sums, tries)) =
                    step(&theta, &here, &free, scale, &mut damping, tolerance, &mut pass)
                else {
                    break;
                };
                passes += tries;
                theta = next;
                here = sums;
            }
            let free = free_of_bounds(&theta, &here.gradient, &bounds);
            gradient = gradient.min(relative_gradient(&here, &free));
        }
        Solved { theta, value: here.value, gradient, passes }
    }
}

const OPEN: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
/// From a binomial to shares that are all or nothing.
const SPREAD: (f64, f64) = (0.0, 1e9);

/// The box of every coordinate, and how it is damped.
#[derive(Clone, Copy)]
struct Scaling<'a> {
    bounds: &'a [(f64, f64)],
    /// Coordinates that are projected after the step, and so not damped in it.
    linear: &'a [usize],
    /// Coordinates that are logarithms of coefficients.
    logs: &'a [usize],
}

/// One accepted step: the new point, its sums and the passes it took; `None` if no step helps any more.
fn step(
    theta: &[f64],
    here: &Sums,
    free: &[usize],
    Scaling { bounds, linear, logs }: Scaling<'_>,
    damping: &mut f64,
    tolerance: f64,
    pass: &mut impl FnMut(&mut Vec<f64>) -> Sums,
) -> Option<(Vec<f64>, Sums, usize)> {
    let exact = here.exact.n > 0;
    let curvature = if exact { here.exact.part(free) } else { here.gauss.part(free) };
    let slope: Vec<f64> = free.iter().map(|&j| -here.gradient[j]).collect();
    let size: Vec<f64> = free.iter().map(|&j| here.gauss.get(j, j)).collect();
    let largest = size.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let before = relative_gradient(here, free);
    let mut tries = 0;
    while *damping < 1e16 {
        let damped = |(s, j): (&f64, &usize)| {
            let part = if linear.contains(j) { 1e-12 } else { *damping };
            part * s.max(1e-12 * largest)
        };
        let diagonal: Vec<f64> = size.iter().zip(free).map(damped).collect();
        let Some(mut move_) = curvature.solve(&diagonal, &slope) else {
            *damping = (*damping * 10.0).max(1e-8);
            continue;
        };
        // A coefficient that moves by its logarithm wants a step of `s` times its own size. Beyond its size the
        // logarithm follows: a dead term comes back to life in one step, however small it has become.
        let mut longest = 0.0_f64;
        for (&j, s) in free.iter().zip(&mut move_) {
            if logs.contains(&j) && *s > 1.0 {
                *s = 1.0 + s.ln();
            } else {
                longest = longest.max(s.abs() / theta[j].abs().max(1.0));
            }
        }
        if longest > LONGEST {
            move_.iter_mut().for_each(|s| *s *= LONGEST / longest);
        }
        let mut next = theta.to_vec();
        for (&j, s) in free.iter().zip(&move_) {
            next[j] += s;
        }
        project(&mut next, bounds);
        let moved: Vec<f64> = free.iter().map(|&j| next[j] - theta[j]).collect();
        if moved.iter().all(|m| *m == 0.0) {
            return None;
        }
        let predicted = predicted_decrease(&curvature, &slope, &moved);
        let sums = pass(&mut next);
        tries += 1;
        let actual = here.value - sums.value;
        let noise = 1e-13 * here.value.abs() + f64::MIN_POSITIVE;
        let accept = if !sums.value.is_finite() {
            false
        } else if predicted.abs() <= noise && actual.abs() <= 10.0 * noise {
            // The objective cannot tell the two points apart any more: the gradient can.
            let after = relative_gradient(&sums, &free_of_bounds(&next, &sums.gradient, bounds));
            after < before || after <= tolerance
        } else {
            actual > 0.0 && actual >= 1e-4 * predicted
        };
        if accept {
            let quality = if predicted > noise { actual / predicted } else { 1.0 };
            *damping *= match quality {
                q if q > 0.75 => 0.1,
                q if q > 0.25 => 0.5,
                _ => 3.0,
            };
            *damping = damping.max(if exact { 1e-16 } else { 1e-12 });
            return Some((next, sums, tries));
        }
        if tries > 60 {
            break;
        }
        *damping = (*damping * 8.0).max(1e-8);
    }
    // A fresh damping for whoever tries again.
    *damping = 1e-3;
    None
}

fn predicted_decrease(curvature: &Symmetric, slope: &[f64], moved: &[f64]) -> f64 {
    let mut decrease = 0.0;
    for i in 0..moved.len() {
        decrease += slope[i] * moved[i];
        for j in 0..moved.len() {
            decrease -= 0.5 * moved[i] * moved[j] * curvature.get(i, j);
        }
    }
    decrease
}

/// Largest gradient entry of the coordinates `free`, relative to the sum of its absolute contributions.
pub(crate) fn relative_gradient(sums: &Sums, free: &[usize]) -> f64 {
    free.iter()
        .map(|&j| {
            let size = sums.activity[j];
            if size > 0.0 { sums.gradient[j].abs() / size } else { 0.0 }
        })
        .fold(0.0, f64::max)
}

/// Coordinates that are not held at a bound by the gradient.
pub(crate) fn free_of_bounds(theta: &[f64], gradient: &[f64], bounds: &[(f64, f64)]) -> Vec<usize> {
    (0..theta.len())
        .filter(|&j| {
            let (low, high) = bounds[j];
            !(theta[j] <= low && gradient[j] > 0.0 || theta[j] >= high && gradient[j] < 0.0)
        })
        .collect()
}

fn project(theta: &mut [f64], bounds: &[(f64, f64)]) {
    for (t, &(low, high)) in theta.iter_mut().zip(bounds) {
        *t = t.max(low).min(high);
    }
}

/// Median absolute residual over rows of positive weight, times 1.4826: the standard deviation if residuals
/// were normal.
pub(crate) fn typical_size(residuals: &[f64], weights: &[f64]) -> f64 {
    let mut sizes: Vec<f64> =
        residuals.iter().zip(weights).filter(|(_, w)| **w > 0.0).map(|(r, _)| r.abs()).collect();
    if sizes.is_empty() {
        return 0.0;
    }
    let middle = sizes.len() / 2;
    1.4826 * *sizes.select_nth_unstable_by(middle, f64::total_cmp).1
}
