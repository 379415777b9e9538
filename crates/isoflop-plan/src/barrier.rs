//! A feasible interior-point method: Newton steps on the logarithmic barrier, for a handful of variables.
//!
//! Boyd and Vandenberghe, Convex Optimization (2004), chapter 11. Written here because a plan has two to ten variables
//! and is solved again for each of a thousand draws, where a general conic solver would cost more than the whole of
//! the rest; and because the same steps serve programs that are not convex, where the Hessian is shifted until it is
//! positive definite. What it finds is checked by the caller: a dual bound for convex programs, other starts for the rest.

use crate::dense::solve_positive;
use crate::smooth::Smooth;

/// Minimise `objective` where every constraint is at most 0 and `lower < z < upper`.
pub(crate) struct Nlp<'a> {
    pub(crate) objective: &'a dyn Smooth,
    pub(crate) constraints: Vec<&'a dyn Smooth>,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) z: Vec<f64>,
    /// Multiplier of each constraint, at least 0.
    pub(crate) multipliers: Vec<f64>,
}

/// Weight of the objective against the barrier at the end: the gap left is the number of constraints over this.
const LAST_WEIGHT: f64 = 1e9;
const WEIGHT_FACTOR: f64 = 20.0;
/// Newton steps per weight.
const STEPS: usize = 80;
/// Longest change of a logarithm in one step.
const LONGEST: f64 = 12.0;

impl Nlp<'_> {
    /// Follows the central path from the strictly feasible `start`, first with this weight of the objective against
    /// the barrier: a small one goes to the middle of the feasible set, a large one stays near the start. `enough` can
    /// end the search early.
    pub(crate) fn solve(
        &self,
        start: &[f64],
        first_weight: f64,
        enough: &dyn Fn(&[f64]) -> bool,
    ) -> Option<Ended> {
        let mut z = start.to_vec();
        let mut weight = first_weight;
        self.barrier(&z, weight)?;
        loop {
            for _ in 0..STEPS {
                if enough(&z) {
                    return Some(self.ended(z, weight));
                }
                match self.step(&z, weight) {
                    Some((next, decrement)) => {
                        z = next;
                        if decrement < 1e-12 {
                            break;
                        }
                    }
                    None => break,
                }
            }
            if weight >= LAST_WEIGHT {
                return Some(self.ended(z, weight));
            }
            weight *= WEIGHT_FACTOR;
        }
    }

    fn ended(&self, z: Vec<f64>, weight: f64) -> Ended {
        let multipliers = self.constraints.iter().map(|f| -1.0 / (weight * f.value(&z))).collect();
        Ended { z, multipliers }
    }

    /// The barrier function; `None` outside.
    fn barrier(&self, z: &[f64], weight: f64) -> Option<f64> {
        let mut sum = 0.0;
        for (i, z) in z.iter().enumerate() {
            let (below, above) = (z - self.lower[i], self.upper[i] - z);
            if below.is_nan() || below <= 0.0 || above <= 0.0 {
                return None;
            }
            sum -= below.ln() + above.ln();
        }
        for f in &self.constraints {
            let value = f.value(z);
            if value.is_nan() || value >= 0.0 {
                return None;
            }
            sum -= (-value).ln();
        }
        sum += weight * self.objective.value(z);
        sum.is_finite().then_some(sum)
    }

    /// One Newton step with its decrement, or `None` when no step goes down any more.
    fn step(&self, z: &[f64], weight: f64) -> Option<(Vec<f64>, f64)> {
        let n = z.len();
        let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
        let (mut gradient, mut hessian) = (vec![0.0; n], vec![0.0; n * n]);
        self.objective.expand(z, &mut g, &mut h);
        gradient.iter_mut().zip(&g).for_each(|(sum, g)| *sum = weight * g);
        hessian.iter_mut().zip(&h).for_each(|(sum, h)| *sum = weight * h);
        for f in &self.constraints {
            let value = -f.expand(z, &mut g, &mut h);
            for i in 0..n {
                gradient[i] += g[i] / value;
                for j in 0..n {
                    hessian[i * n + j] += h[i * n + j] / value + g[i] * g[j] / (value * value);
                }
            }
        }
        for i in 0..n {
            let (below, above) = (z[i] - self.lower[i], self.upper[i] - z[i]);
            gradient[i] += 1.0 / above - 1.0 / below;
            hessian[i * n + i] += 1.0 / (above * above) + 1.0 / (below * below);
        }
        let downhill: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let direction = solve_positive(&hessian, &downhill)?;
        let decrement: f64 = direction.iter().zip(&downhill).map(|(d, g)| d * g).sum();
        let longest = direction.iter().fold(0.0, |m: f64, d| m.max(d.abs()));
        let here = self.barrier(z, weight)?;
        let mut step = (LONGEST / longest).min(1.0);
        while step > 1e-13 {
            let next: Vec<f64> = z.iter().zip(&direction).map(|(z, d)| z + step * d).collect();
            let rounding = 1e-15 * here.abs();
            if self.barrier(&next, weight).is_some_and(|b| b <= here - 0.05 * step * decrement + rounding) {
                return Some((next, decrement));
            }
            step *= 0.5;
        }
        None
    }
}

/// What the search for a feasible point found.
#[derive(Debug)]
pub(crate) enum Feasible {
    /// Strictly inside all constraints.
    Point(Vec<f64>),
    /// None here: by how much the constraints are missed at best, and the part of each in that.
    No { excess: f64, blame: Vec<f64> },
}

impl Nlp<'_> {
    /// Finds a point strictly inside from any `start` where the constraints have values, by lowering the largest of them.
    pub(crate) fn feasible(&self, start: &[f64]) -> Option<Feasible> {
        let n = start.len();
        let largest =
            |z: &[f64]| self.constraints.iter().map(|f| f.value(z)).fold(f64::NEG_INFINITY, f64::max);
        let excess =
            self.constraints.iter().map(|f| f.value(start)).try_fold(f64::NEG_INFINITY, |m: f64, v| {
                (!v.is_nan() && v < f64::INFINITY).then(|| m.max(v))
            })?;
        if excess < -MARGIN {
            return Some(Feasible::Point(start.to_vec()));
        }
        let lifted: Vec<Lifted<'_>> = self.constraints.iter().map(|f| Lifted(*f)).collect();
        let with = |list: &[f64], last: f64| list.iter().copied().chain([last]).collect::<Vec<f64>>();
        let relaxed = Nlp {
            objective: &Last,
            constraints: lifted.iter().map(|f| f as &dyn Smooth).collect(),
            lower: with(&self.lower, -1.0),
            upper: with(&self.upper, excess.abs() + excess + 3.0),
        };
        let start = with(start, excess.max(-0.5) + 1.0);
        let ended = relaxed.solve(&start, 1.0, &|z| largest(&z[..n]) < -MARGIN)?;
        let z = ended.z[..n].to_vec();
        let excess = largest(&z);
        // Feasible sets without an inside (two constraints that meet in a point) are left to the caller's slack.
        if excess < 0.0 {
            Some(Feasible::Point(z))
        } else {
            Some(Feasible::No { excess, blame: ended.multipliers })
        }
    }
}

/// A point this far inside ends the search for a feasible one. It is small against the width that equalities are
/// given ([`crate::solve`]).
const MARGIN: f64 = 1e-4;

/// `f(z) - s` with `s` the last variable.
struct Lifted<'a>(&'a dyn Smooth);

impl Smooth for Lifted<'_> {
    fn value(&self, z: &[f64]) -> f64 {
        let (s, z) = z.split_last().unwrap_or((&0.0, &[]));
        self.0.value(z) - s
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        let (s, z) = z.split_last().unwrap_or((&0.0, &[]));
        let n = z.len();
        let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
        let value = self.0.expand(z, &mut g, &mut h);
        hessian.fill(0.0);
        gradient[..n].copy_from_slice(&g);
        gradient[n] = -1.0;
        for i in 0..n {
            hessian[i * (n + 1)..][..n].copy_from_slice(&h[i * n..][..n]);
        }
        value - s
    }
}

/// The last variable.
struct Last;

impl Smooth for Last {
    fn value(&self, z: &[f64]) -> f64 {
        z.last().copied().unwrap_or(0.0)
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        gradient.fill(0.0);
        hessian.fill(0.0);
        if let Some(last) = gradient.last_mut() {
            *last = 1.0;
        }
        self.value(z)
    }
}
