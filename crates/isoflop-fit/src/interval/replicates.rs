//! Replicates: tables like this one, every one solved to certificate tolerance.
//!
//! A replicate starts from the optimum of the full table and is solved as tightly: a loose tolerance would leave it near
//! that start and make the interval many times too narrow.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::Units;
use crate::model::{Model, Scratch};
use crate::solve::{CERTIFIED, Solved};
use crate::streams::{Purpose, Stream};

/// What the replicates of a bootstrap are made of.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    /// Units drawn with replacement.
    Drawn(Units),
    /// Units with exponential weights.
    Weighted(Units),
    /// The fitted values plus residuals drawn with replacement.
    Residuals,
    /// The fitted values plus the residuals of each unit times one random number.
    Wild(Units, WildWeights),
}

impl Plan {
    /// Whether replicates have an output of their own.
    fn makes_output(&self) -> bool {
        matches!(self, Plan::Residuals | Plan::Wild(..))
    }

    /// The weight of every unit in a replicate, for plans that are made of weights.
    pub(crate) fn weights(&self, seed: u64, number: u64) -> Option<Vec<f64>> {
        let mut weights = Vec::new();
        match self {
            Plan::Drawn(units) => units.draw(seed, number, &mut weights),
            Plan::Weighted(units) => {
                let mut stream = Stream::new(seed, Purpose::Bootstrap, number);
                weights.extend((0..units.count).map(|_| -(1.0 - stream.uniform(0.0, 1.0)).ln()));
            }
            Plan::Residuals | Plan::Wild(..) => return None,
        }
        Some(weights)
    }
}

/// The random factors of a wild bootstrap: mean 0, variance 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WildWeights {
    /// Six values, plus and minus the roots of 1/2, 1 and 3/2: enough different tables for few clusters (Webb, Reworking
    /// wild bootstrap-based inference for clustered errors, 2023, section 3).
    Webb,
    /// Plus or minus 1.
    Rademacher,
}

impl WildWeights {
    fn draw(self, stream: &mut Stream) -> f64 {
        match self {
            WildWeights::Webb => {
                let place = stream.below(6);
                let size = (0.5 * (1 + place % 3) as f64).sqrt();
                if place < 3 { size } else { -size }
            }
            WildWeights::Rademacher => [1.0, -1.0][stream.below(2)],
        }
    }
}

/// One replicate: natural values of all parameters, or `None` where the solver did not reach the tolerance of a
/// certificate.
pub type Replicate = Option<Vec<f64>>;

/// The optima of the replicates.
pub(crate) struct Replicates {
    /// Natural values of all slots, one list per certified replicate.
    pub(crate) draws: Vec<Vec<f64>>,
    /// Number of each of them in the plan.
    pub(crate) numbers: Vec<usize>,
}

impl Replicates {
    /// All replicates in the order of their numbers.
    pub(crate) fn of(solved: Vec<Replicate>) -> Replicates {
        let (numbers, draws) =
            solved.into_iter().enumerate().filter_map(|(k, draw)| Some((k, draw?))).unzip();
        Replicates { draws, numbers }
    }
}

/// Solves `total` replicates of `plan` from the optimum `best`.
pub(crate) fn replicate(
    task: &Task<'_>,
    best: &Solved,
    plan: &Plan,
    total: usize,
    progress: &dyn Progress,
) -> Result<Replicates, FitError> {
    Ok(Replicates::of(solve_each(task, best, plan, 0..total, progress)?))
}

/// Solves the replicates `numbers` of `plan` from the optimum `best`; each depends on its number alone.
pub(crate) fn solve_each(
    task: &Task<'_>,
    best: &Solved,
    plan: &Plan,
    numbers: Range<usize>,
    progress: &dyn Progress,
) -> Result<Vec<Replicate>, FitError> {
    let made = Made::new(task, best, plan);
    let done = AtomicUsize::new(0);
    let total = numbers.len();
    let solved: Vec<Replicate> = numbers
        .into_par_iter()
        .with_min_len(total / 64 + 1)
        .map_init(
            || Bench::new(task, plan),
            |bench, number| {
                if progress.cancelled() {
                    return None;
                }
                let end = made.solve(bench, number as u64);
                progress.replicates(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                (end.gradient <= CERTIFIED).then(|| task.model.natural(&end.theta))
            },
        )
        .collect();
    if progress.cancelled() { Err(FitError::Cancelled) } else { Ok(solved) }
}

/// Natural values of all slots in refits without one unit each, or without one block of units where there are many;
/// refits that could not be certified are left out.
pub(crate) fn without_each(
    task: &Task<'_>,
    best: &Solved,
    units: &Units,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, FitError> {
    /// Refits at most.
    const MOST: usize = 400;
    let blocks = units.count.min(MOST);
    let refits: Vec<Option<Vec<f64>>> = (0..blocks)
        .into_par_iter()
        .with_min_len(blocks / 64 + 1)
        .map_init(
            || (task.model.scratch(), Vec::new()),
            |(scratch, weights), block| {
                if progress.cancelled() {
                    return None;
                }
                let keep: Vec<f64> =
                    (0..units.count).map(|unit| f64::from(u8::from(unit % blocks != block))).collect();
                units.weigh(&task.model.weights, &keep, weights);
                let end = task.problem(&task.model, weights).resolve(&best.theta, scratch);
                (end.gradient <= CERTIFIED).then(|| task.model.natural(&end.theta))
            },
        )
        .collect();
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    Ok(refits.into_iter().flatten().collect())
}

/// Scratch memory of one thread. Plans that change the output have a copy of the model to change it in.
struct Bench {
    scratch: Scratch,
    model: Option<Model>,
    drawn: Vec<f64>,
    weights: Vec<f64>,
}

impl Bench {
    fn new(task: &Task<'_>, plan: &Plan) -> Bench {
        let model = plan.makes_output().then(|| task.model.clone());
        Bench { scratch: task.model.scratch(), model, drawn: Vec::new(), weights: Vec::new() }
    }
}

/// What all replicates share.
struct Made<'a> {
    task: &'a Task<'a>,
    best: &'a Solved,
    plan: &'a Plan,
    values: Vec<f64>,
    /// Residuals of the fit, as large as the noise is: those of a fit are smaller.
    residuals: Vec<f64>,
}

impl<'a> Made<'a> {
    fn new(task: &'a Task<'a>, best: &'a Solved, plan: &'a Plan) -> Made<'a> {
        let (mut values, mut residuals) = (Vec::new(), Vec::new());
        if plan.makes_output() {
            values = task.model.values(&best.theta);
            residuals = task.model.residuals(&best.theta);
            let (n, p) = (residuals.len() as f64, task.model.len() as f64);
            let mut factor = (n / (n - p).max(1.0)).sqrt();
            if let Plan::Wild(units, _) = plan {
                let g = units.count as f64;
                factor = (g / (g - 1.0) * (n - 1.0) / (n - p).max(1.0)).sqrt();
            }
            residuals.iter_mut().for_each(|r| *r *= factor);
        }
        Made { task, best, plan, values, residuals }
    }

    fn solve(&self, bench: &mut Bench, number: u64) -> Solved {
        let Made { task, best, .. } = self;
        let Bench { scratch, model, drawn, weights } = bench;
        match (self.plan, model) {
            (Plan::Drawn(units), _) => {
                units.resample(&task.model.weights, task.seed, number, drawn, weights);
                task.problem(&task.model, weights).resolve(&best.theta, scratch)
            }
            (plan @ Plan::Weighted(units), _) => {
                let factors = plan.weights(task.seed, number).unwrap_or_default();
                units.weigh(&task.model.weights, &factors, weights);
                task.problem(&task.model, weights).resolve(&best.theta, scratch)
            }
            (Plan::Residuals, Some(model)) => {
                let mut stream = Stream::new(task.seed, Purpose::Residuals, number);
                // A row of weight w has noise of 1 / sqrt(w).
                let root = |row: usize| task.model.weights[row].sqrt();
                for row in 0..self.values.len() {
                    let from = stream.below(self.residuals.len());
                    model.y[row] = self.values[row] + self.residuals[from] * root(from) / root(row);
                }
                task.problem(model, &task.model.weights).resolve(&best.theta, scratch)
            }
            (Plan::Wild(units, weights), Some(model)) => {
                let mut stream = Stream::new(task.seed, Purpose::Wild, number);
                drawn.clear();
                drawn.extend((0..units.count).map(|_| weights.draw(&mut stream)));
                for (row, &unit) in units.of_row.iter().enumerate() {
                    model.y[row] = self.values[row] + self.residuals[row] * drawn[unit as usize];
                }
                task.problem(model, &task.model.weights).resolve(&best.theta, scratch)
            }
            (_, None) => (*best).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wild_factors_have_mean_zero_and_variance_one() {
        for weights in [WildWeights::Webb, WildWeights::Rademacher] {
            let mut stream = Stream::new(1, Purpose::Wild, 0);
            let drawn: Vec<f64> = (0..60_000).map(|_| weights.draw(&mut stream)).collect();
            let mean = |f: &dyn Fn(f64) -> f64| drawn.iter().map(|v| f(*v)).sum::<f64>() / 6e4;
            assert!(mean(&|v| v).abs() < 0.02 && (mean(&|v| v * v) - 1.0).abs() < 0.02, "{weights:?}");
            assert!(mean(&|v| v * v * v).abs() < 0.03);
        }
    }
}
