//! The No-U-Turn Sampler: Hamiltonian steps until the path turns back (Hoffman and Gelman 2014), with multinomial choice
//! along it and the generalized criterion (Betancourt, A Conceptual Introduction to Hamiltonian Monte Carlo, 2017,
//! appendix A), and the step size by dual averaging (Hoffman and Gelman 2014, section 3.2).
//!
//! A sampler of our own and not a crate, for two reasons: what crates spend most of their code on, learning the shape of
//! the posterior, is known here from the certified optimum and its curvature; and the maintained crate brings more
//! packages than the whole fitter has. The space is whitened: momenta have unit variance.
//!
//! *Determinism*: every chain has its own stream.

use crate::linalg::Symmetric;
use crate::streams::Stream;

/// A density over whitened coordinates.
pub(crate) trait Target {
    /// Number of coordinates.
    fn len(&self) -> usize;
    /// Log density at `z`, its gradient in `slope`; not finite outside the support.
    fn at(&mut self, z: &[f64], slope: &mut [f64]) -> f64;
    /// Takes `root` (lower triangle, row by row) as the new unit: `z` before is `root z` after.
    fn rescale(&mut self, root: &[Vec<f64>]);
}

/// What one chain did.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chain {
    /// Kept positions, in the coordinates that `record` gave.
    pub(crate) draws: Vec<Vec<f64>>,
    /// Kept steps whose energy went astray.
    pub(crate) divergences: usize,
    /// Kept steps that reached the longest path.
    pub(crate) deepest: usize,
    /// Mean acceptance over the kept steps.
    pub(crate) acceptance: f64,
}

/// Longest path: two to this power steps.
const DEPTH: usize = 10;
/// Error of the energy that counts as divergence (Stan's).
const ASTRAY: f64 = 1000.0;
/// Acceptance that the step size aims at.
const AIM: f64 = 0.8;

/// A point with its momentum.
#[derive(Debug, Clone)]
struct Point {
    z: Vec<f64>,
    p: Vec<f64>,
    slope: Vec<f64>,
    log: f64,
}

impl Point {
    fn energy(&self) -> f64 {
        0.5 * dot(&self.p, &self.p) - self.log
    }
}

/// A piece of the path.
struct Tree {
    /// First and last point, as seen in the direction of growth.
    first: Vec<f64>,
    last: Point,
    /// Sum of all momenta.
    sum: Vec<f64>,
    chosen: Point,
    /// Log of the sum of weights.
    weight: f64,
}

/// The step size as it is learned.
struct Step {
    log: f64,
    mean: f64,
    error: f64,
    count: f64,
    centre: f64,
}

impl Step {
    fn new(size: f64) -> Step {
        Step { log: size.ln(), mean: 0.0, error: 0.0, count: 0.0, centre: (10.0 * size).ln() }
    }

    fn learn(&mut self, acceptance: f64) {
        const GAMMA: f64 = 0.05;
        const DELAY: f64 = 10.0;
        const DECAY: f64 = 0.75;
        self.count += 1.0;
        let share = 1.0 / (self.count + DELAY);
        self.error = (1.0 - share) * self.error + share * (AIM - acceptance);
        self.log = self.centre - self.error * self.count.sqrt() / GAMMA;
        let weight = self.count.powf(-DECAY);
        self.mean = weight * self.log + (1.0 - weight) * self.mean;
    }
}

/// Walks one chain from `start`: `warmup` steps to adapt in, `draws` to keep. `record` turns a position into what is
/// kept; `stop` ends the chain early.
pub(crate) fn walk<T: Target>(
    target: &mut T,
    start: &[f64],
    warmup: usize,
    draws: usize,
    mut stream: Stream,
    record: impl Fn(&T, &[f64]) -> Vec<f64>,
    stop: impl Fn() -> bool,
) -> Chain {
    let n = target.len();
    let mut here = Point { z: start.to_vec(), p: vec![0.0; n], slope: vec![0.0; n], log: 0.0 };
    here.log = target.at(&here.z, &mut here.slope);
    let mut chain = Chain::default();
    if !here.log.is_finite() {
        return chain;
    }
    let mut step = Step::new(first_step(target, &here, &mut stream));
    // The shape is learned in the middle of the adaptation, the step size before, during and after.
    let (from, to) = (warmup * 3 / 20, warmup * 9 / 10);
    let mut seen: Vec<Vec<f64>> = Vec::new();
    let mut acceptance = 0.0;
    for number in 0..warmup + draws {
        if stop() {
            break;
        }
        let size = if number < warmup { step.log.exp() } else { step.mean.exp() };
        let moved = transition(target, &here, size, &mut stream);
        here = moved.point;
        if number < warmup {
            step.learn(moved.acceptance);
            if (from..to).contains(&number) {
                seen.push(here.z.clone());
            }
            if number + 1 == to && seen.len() > 10 * n {
                let root = spread(&seen);
                target.rescale(&root);
                here.z = forward(&root, &here.z);
                here.log = target.at(&here.z, &mut here.slope);
                step = Step::new(first_step(target, &here, &mut stream));
            }
        } else {
            chain.draws.push(record(target, &here.z));
            chain.divergences += usize::from(moved.astray);
            chain.deepest += usize::from(moved.depth >= DEPTH);
            acceptance += moved.acceptance;
        }
    }
    chain.acceptance = acceptance / chain.draws.len().max(1) as f64;
    chain
}

/// Root of the covariance of positions, drawn a little towards the unit matrix as Stan does.
fn spread(seen: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (n, count) = (seen[0].len(), seen.len() as f64);
    let mean: Vec<f64> = (0..n).map(|i| seen.iter().map(|z| z[i]).sum::<f64>() / count).collect();
    let shrink = count / (count + 5.0);
    let covariance: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            (0..n)
                .map(|j| {
                    let sum: f64 = seen.iter().map(|z| (z[i] - mean[i]) * (z[j] - mean[j])).sum();
                    shrink * sum / (count - 1.0) + if i == j { 1e-3 * (1.0 - shrink) } else { 0.0 }
                })
                .collect()
        })
        .collect();
    super::normal::cholesky(&covariance)
}

/// The `x` with `root x = b`, for a lower triangle.
fn forward(root: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = b.to_vec();
    for i in 0..x.len() {
        let known: f64 = (0..i).map(|k| root[i][k] * x[k]).sum();
        x[i] = (x[i] - known) / root[i][i];
    }
    x
}

struct Moved {
    point: Point,
    acceptance: f64,
    astray: bool,
    depth: usize,
}

/// State of the growth of one path.
struct Growth<'a, T> {
    target: &'a mut T,
    stream: &'a mut Stream,
    /// Signed step.
    step: f64,
    /// Energy at the start.
    energy: f64,
    astray: bool,
    /// Sum of acceptances over the steps, and their number.
    accepted: f64,
    steps: f64,
}

fn transition<T: Target>(target: &mut T, here: &Point, size: f64, stream: &mut Stream) -> Moved {
    let mut start = here.clone();
    start.p.iter_mut().for_each(|p| *p = stream.normal());
    let energy = start.energy();
    let mut growth = Growth { target, stream, step: size, energy, astray: false, accepted: 0.0, steps: 0.0 };
    let (mut left, mut right) = (start.clone(), start.clone());
    let mut chosen = start.clone();
    let mut sum = start.p.clone();
    let mut weight = 0.0;
    let mut depth = 0;
    while depth < DEPTH {
        let forwards = growth.stream.below(2) == 1;
        growth.step = if forwards { size } else { -size };
        let from = if forwards { right.clone() } else { left.clone() };
        let Some(tree) = growth.grow(depth, &from) else { break };
        depth += 1;
        if tree.weight - weight > 0.0 || growth.stream.uniform(0.0, 1.0).ln() < tree.weight - weight {
            chosen = tree.chosen;
        }
        weight = log_add(weight, tree.weight);
        let before = std::mem::take(&mut sum);
        sum = added(&before, &tree.sum);
        // The whole path, and each half together with the first point of the other.
        let near = if forwards { right.p.clone() } else { left.p.clone() };
        let far = if forwards { left.p.clone() } else { right.p.clone() };
        let whole = turns(&far, &tree.last.p, &sum);
        let old = turns(&far, &tree.first, &added(&before, &tree.first));
        let new = turns(&near, &tree.last.p, &added(&tree.sum, &near));
        if forwards {
            right = tree.last
        } else {
            left = tree.last
        }
        if whole || old || new {
            break;
        }
    }
    Moved { acceptance: growth.accepted / growth.steps.max(1.0), astray: growth.astray, depth, point: chosen }
}

impl<T: Target> Growth<'_, T> {
    /// A piece of two to the power `depth` steps on from `from`; `None` if it turns back or goes astray.
    fn grow(&mut self, depth: usize, from: &Point) -> Option<Tree> {
        if depth == 0 {
            let next = leap(self.target, from, self.step);
            let off = self.energy - next.energy();
            self.steps += 1.0;
            if off.is_nan() || off < -ASTRAY {
                self.astray = true;
                return None;
            }
            self.accepted += off.exp().min(1.0);
            return Some(Tree {
                first: next.p.clone(),
                sum: next.p.clone(),
                chosen: next.clone(),
                last: next,
                weight: off,
            });
        }
        let near = self.grow(depth - 1, from)?;
        let far = self.grow(depth - 1, &near.last)?;
        let weight = log_add(near.weight, far.weight);
        let sum = added(&near.sum, &far.sum);
        let turned = turns(&near.first, &far.last.p, &sum)
            || turns(&near.first, &far.first, &added(&near.sum, &far.first))
            || turns(&near.last.p, &far.last.p, &added(&far.sum, &near.last.p));
        if turned {
            return None;
        }
        let take_far = self.stream.uniform(0.0, 1.0).ln() < far.weight - weight;
        Some(Tree {
            first: near.first,
            last: far.last,
            sum,
            chosen: if take_far { far.chosen } else { near.chosen },
            weight,
        })
    }
}

/// Whether a path with these momenta at its ends and this sum of momenta has turned back at one of them.
fn turns(first: &[f64], last: &[f64], sum: &[f64]) -> bool {
    dot(first, sum) <= 0.0 || dot(last, sum) <= 0.0
}

/// One leapfrog step.
fn leap<T: Target>(target: &mut T, from: &Point, step: f64) -> Point {
    let mut to = from.clone();
    for (p, g) in to.p.iter_mut().zip(&from.slope) {
        *p += 0.5 * step * g;
    }
    for (z, p) in to.z.iter_mut().zip(&to.p) {
        *z += step * p;
    }
    to.log = target.at(&to.z, &mut to.slope);
    for (p, g) in to.p.iter_mut().zip(&to.slope) {
        *p += 0.5 * step * g;
    }
    to
}

/// A step size of about the right order: halved or doubled until one step is accepted with a chance of about a half.
fn first_step<T: Target>(target: &mut T, here: &Point, stream: &mut Stream) -> f64 {
    let mut start = here.clone();
    start.p.iter_mut().for_each(|p| *p = stream.normal());
    let energy = start.energy();
    let mut size = 1.0_f64;
    let mut off = |size: f64| {
        let value = energy - leap(target, &start, size).energy();
        if value.is_nan() { f64::NEG_INFINITY } else { value }
    };
    let limit = 0.8_f64.ln();
    let grow = off(size) > limit;
    for _ in 0..40 {
        let next = if grow { 2.0 * size } else { 0.5 * size };
        if (off(next) > limit) != grow {
            return if grow { size } else { next };
        }
        size = next;
    }
    size
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn added(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// A matrix whose product with its transpose is the inverse of `curvature`, eigenvalues below `least` raised to it.
pub(crate) fn inverse_root(curvature: &Symmetric, least: f64) -> Vec<Vec<f64>> {
    let n = curvature.n;
    let (values, vectors) = curvature.eigen();
    (0..n).map(|i| (0..n).map(|k| vectors[k][i] / values[k].max(least).sqrt()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::Purpose;

    /// A correlated normal in two dimensions and a heavy-tailed third.
    struct Known {
        unit: Vec<Vec<f64>>,
    }

    impl Known {
        fn place(&self, z: &[f64]) -> Vec<f64> {
            self.unit.iter().map(|row| dot(row, z)).collect()
        }
    }

    impl Target for Known {
        fn len(&self) -> usize {
            3
        }

        fn at(&mut self, z: &[f64], slope: &mut [f64]) -> f64 {
            let x = self.place(z);
            // Covariance [[1, 1.8], [1.8, 4]]: precision [[4, -1.8], [-1.8, 1]] / 0.76; Student with 5 degrees.
            let (a, b, c) = (x[0] - 3.0, x[1] + 1.0, x[2]);
            let log = -0.5 * (4.0 * a * a - 3.6 * a * b + b * b) / 0.76 - 3.0 * (c * c / 5.0).ln_1p();
            let g = [(-4.0 * a + 1.8 * b) / 0.76, (1.8 * a - b) / 0.76, -6.0 * c / (5.0 + c * c)];
            for (k, s) in slope.iter_mut().enumerate() {
                *s = (0..3).map(|i| self.unit[i][k] * g[i]).sum();
            }
            log
        }

        fn rescale(&mut self, root: &[Vec<f64>]) {
            let old = self.unit.clone();
            for (i, row) in self.unit.iter_mut().enumerate() {
                for (k, v) in row.iter_mut().enumerate() {
                    *v = (0..3).map(|j| old[i][j] * root[j][k]).sum();
                }
            }
        }
    }

    #[test]
    fn moments_of_a_known_density_come_out() {
        let unit = (0..3).map(|i| (0..3).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        let mut target = Known { unit };
        let stream = Stream::new(3, Purpose::Chain, 0);
        let chain = walk(&mut target, &[0.0; 3], 1000, 20_000, stream, |t, z| t.place(z), || false);
        let mean = |f: &dyn Fn(&[f64]) -> f64| {
            chain.draws.iter().map(|x| f(x)).sum::<f64>() / chain.draws.len() as f64
        };
        assert_eq!((chain.draws.len(), chain.divergences), (20_000, 0));
        assert!((mean(&|x| x[0]) - 3.0).abs() < 0.05 && (mean(&|x| x[1]) + 1.0).abs() < 0.1);
        let (a, b) = (|x: &[f64]| x[0] - 3.0, |x: &[f64]| x[1] + 1.0);
        assert!((mean(&|x| a(x) * a(x)) - 1.0).abs() < 0.08);
        assert!((mean(&|x| b(x) * b(x)) - 4.0).abs() < 0.3);
        assert!((mean(&|x| a(x) * b(x)) - 1.8).abs() < 0.15);
        // Variance of Student with 5 degrees of freedom.
        assert!((mean(&|x| x[2] * x[2]) - 5.0 / 3.0).abs() < 0.2);
        assert!((chain.acceptance - AIM).abs() < 0.12, "{}", chain.acceptance);
    }
}
