//! Bayesian sampling: what the runs and the priors say of the parameters together.
//!
//! Residuals, on the scale of the objective (logs for one that ends with `-log`), have a Student distribution. Its scale
//! has the prior `1 / scale`; its degrees of freedom, above 1, have `gamma(2, rate 0.1)` (Juárez and Steel 2010), so that
//! normal and heavy-tailed noise both find their place. Priors of the parameters: see [`crate::Prior`]. A row of weight
//! `w` counts as `w` rows.
//!
//! The sampler moves logarithms of positive parameters and log odds of bounded ones, around the mode and in units of its
//! curvature.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use crate::accumulate::Order;
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::ends::{quantile, quantile_error};
use crate::interval::loo::{Loo, loo};
use crate::interval::nuts::{Chain, Target, inverse_root, walk};
use crate::interval::prior::settle;
use crate::interval::{Found, PriorLaw, Quantities, chains, packed};
use crate::coordinates::Coordinate;
use crate::linalg::Symmetric;
use crate::model::{Model, Scale, Scratch};
use crate::objective::Kernel;
use crate::request::FitOptions;
use crate::result::{Interval, Warning};
use crate::solve::{Solved, typical_size};
use crate::streams::{Purpose, Stream};

/// Draws kept in a fit: as many as the default of a bootstrap.
const KEPT: usize = 1000;
/// Log likelihoods kept at once for cross-validation.
const MOST_LIKELIHOODS: usize = 16_000_000;

/// What was sampled, and how well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Chains.
    pub chains: usize,
    /// Steps of each that were thrown away.
    pub warmup: usize,
    /// Steps of each that were kept.
    pub draws: usize,
    /// Prior of each free parameter, such as `alpha ~ normal(0.35, 0.1)`; the noise is described in words.
    pub priors: Vec<String>,
    /// Parameters, derived quantities, and scale and degrees of freedom of the noise.
    pub summary: Vec<Convergence>,
    /// Steps whose energy went astray: any means that a part of the posterior may be missing.
    pub divergences: usize,
    /// Steps that reached the longest path.
    pub deepest: usize,
    /// Mean acceptance; the step size aims at 0.8.
    pub acceptance: f64,
    /// Cross-validation; `None` if a row has no likelihood.
    pub loo: Option<Loo>,
}

/// Posterior and convergence of one quantity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convergence {
    /// Its name.
    pub name: String,
    /// Posterior mean.
    pub mean: f64,
    /// Posterior median.
    pub median: f64,
    /// Posterior standard deviation.
    pub sd: f64,
    /// R-hat: 1 for chains that agree; above 1.01 they do not.
    pub rhat: f64,
    /// Effective sample size for the middle.
    pub ess_bulk: f64,
    /// Effective sample size for the ends.
    pub ess_tail: f64,
}

/// Samples the posterior around the optimum `best`.
pub(crate) fn run(
    task: &Task<'_>,
    best: &Solved,
    quantities: &Quantities,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Found, FitError> {
    let asked = options.interval.sampler;
    if asked.chains == 0 || asked.draws < 100 || asked.warmup < 100 {
        let (chains, draws, warmup) = (asked.chains, asked.draws, asked.warmup);
        return Err(FitError::TooFewDraws { chains, draws, warmup });
    }
    let estimates = task.model.natural(&best.theta);
    let (laws, slots) = settle(&task.model.coordinates.slots, &estimates, &options.interval.priors)?;
    let model = Model::plain(task.formula, task.root, task.data, slots, task.objective.log);
    let mut density = Density::new(&model, &laws, &estimates)?;
    density.climb()?;
    let total = asked.chains * (asked.warmup + asked.draws);
    let walked: Vec<Chain> = (0..asked.chains)
        .into_par_iter()
        .map(|number| {
            let mut own = density.copy();
            let mut stream = Stream::new(task.seed, Purpose::Chain, number as u64);
            // A start of its own, as far out as the posterior is wide; nearer if there is no density there.
            let mut start: Vec<f64> = (0..own.len()).map(|_| stream.normal()).collect();
            let mut slope = vec![0.0; own.len()];
            while !own.at(&start, &mut slope).is_finite() && start.iter().any(|z| z.abs() > 1e-3) {
                start.iter_mut().for_each(|z| *z *= 0.5);
            }
            let chain = walk(
                &mut own,
                &start,
                asked.warmup,
                asked.draws,
                stream,
                |target, z| target.natural(z),
                || progress.cancelled(),
            );
            progress.replicates((number + 1) * total / asked.chains, total);
            chain
        })
        .collect();
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    if walked.iter().any(|chain| chain.draws.len() < asked.draws) {
        return Err(FitError::NoDensity);
    }
    Ok(reported(task, &model, &laws, walked, quantities, options))
}

/// Ends, diagnostics and kept draws from finished chains.
fn reported(
    task: &Task<'_>,
    model: &Model,
    laws: &[Option<PriorLaw>],
    walked: Vec<Chain>,
    quantities: &Quantities,
    options: &FitOptions,
) -> Found {
    let asked = options.interval.sampler;
    let slots = laws.len();
    // Column `k` of every chain; after the quantities the scale and the degrees of freedom.
    let column = |k: usize| -> Vec<Vec<f64>> {
        let of = |chain: &Chain| match k.checked_sub(quantities.len()) {
            Some(noise) => chain.draws.iter().map(|draw| draw[slots + noise]).collect(),
            None => quantities.column(k, &chain.draws.iter().map(|d| &d[..slots]).collect::<Vec<_>>()),
        };
        walked.iter().map(of).collect()
    };
    let mut ends = Vec::new();
    let mut summary = Vec::new();
    for k in 0..quantities.len() + 2 {
        if k < quantities.len() && quantities.is_fixed(k) {
            ends.push(None);
            continue;
        }
        let name = match k.checked_sub(quantities.len()) {
            None => quantities.name(k),
            Some(0) => "scale of the noise",
            Some(_) => "degrees of freedom of the noise",
        };
        let columns = column(k);
        let mut all: Vec<f64> = columns.iter().flatten().copied().collect();
        let finite = all.iter().all(|v| v.is_finite());
        all.sort_by(f64::total_cmp);
        if k < quantities.len() {
            ends.push(finite.then(|| {
                let [low, high] = [0.5 - 0.5 * options.level, 0.5 + 0.5 * options.level];
                let error = |at: f64| quantile_error(&all, at, chains::ess_quantile(&columns, at).max(1.0));
                super::ends::Found {
                    low: quantile(&all, low),
                    high: quantile(&all, high),
                    low_error: error(low),
                    high_error: error(high),
                    width_error: None,
                }
            }));
        }
        if finite {
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let square = all.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
            summary.push(Convergence {
                name: name.to_string(),
                mean,
                median: quantile(&all, 0.5),
                sd: (square / (all.len() as f64 - 1.0)).sqrt(),
                rhat: chains::rhat(&columns),
                ess_bulk: chains::ess_bulk(&columns),
                ess_tail: chains::ess_tail(&columns),
            });
        }
    }
    // In turn from all chains.
    let steps = asked.draws.min(KEPT.div_ceil(asked.chains));
    let mut draws = Vec::with_capacity(steps * asked.chains);
    for step in 0..steps {
        for chain in &walked {
            draws.push(chain.draws[step * asked.draws / steps][..slots].to_vec());
        }
    }
    let posterior = Posterior {
        chains: asked.chains,
        warmup: asked.warmup,
        draws: asked.draws,
        priors: laws
            .iter()
            .zip(&model.coordinates.slots)
            .filter_map(|(law, slot)| Some(format!("{} ~ {}", slot.name, (*law)?)))
            .collect(),
        divergences: walked.iter().map(|c| c.divergences).sum(),
        deepest: walked.iter().map(|c| c.deepest).sum(),
        acceptance: walked.iter().map(|c| c.acceptance).sum::<f64>() / walked.len() as f64,
        loo: left_out(task, model, &walked, slots),
        summary,
    };
    let warnings = warnings(&posterior, task);
    let total = asked.chains * asked.draws;
    let found = Found {
        draws,
        ends: Vec::new(),
        interval: Interval {
            level: options.level,
            method: options.interval.method.words(task, &options.interval),
            ends: None,
            replicates: total,
            certified: total,
            clusters: None,
            precision: Vec::new(),
            posterior: Some(posterior),
        },
        warnings,
    };
    packed(found, quantities, ends)
}

fn warnings(posterior: &Posterior, task: &Task<'_>) -> Vec<Warning> {
    let mut list = Vec::new();
    let mut add = |code: &str, message: String| list.push(Warning { code: code.to_string(), message });
    if posterior.divergences > 0 {
        add(
            "divergences",
            format!(
                "{} of {} steps of the sampler went astray: a narrow part of the posterior may be missing; a prior on the worst parameter helps",
                posterior.divergences,
                posterior.chains * posterior.draws
            ),
        );
    }
    let worst = posterior.summary.iter().max_by(|a, b| a.rhat.total_cmp(&b.rhat));
    if let Some(worst) = worst.filter(|w| w.rhat > 1.01) {
        add(
            "chains-disagree",
            format!("the chains disagree on {}: R-hat is {:.3}, above 1.01; draw more", worst.name, worst.rhat),
        );
    }
    let least = |c: &Convergence| c.ess_bulk.min(c.ess_tail);
    let worst = posterior.summary.iter().min_by(|a, b| least(a).total_cmp(&least(b)));
    if let Some(worst) = worst.filter(|w| least(w) < 100.0 * posterior.chains as f64) {
        add(
            "few-effective-draws",
            format!("the draws of {} are worth only {:.0} independent ones; draw more", worst.name, least(worst)),
        );
    }
    if task.data.clusters.is_some() {
        add(
            "rows-independent",
            "the posterior takes rows as independent: with rows that belong together its intervals are too narrow; cluster resamples clusters".to_string(),
        );
    }
    list
}

/// Cross-validation from draws evenly spread over the chains.
fn left_out(task: &Task<'_>, model: &Model, walked: &[Chain], slots: usize) -> Option<Loo> {
    let rows = task.data.rows();
    let all: Vec<&Vec<f64>> = walked.iter().flat_map(|chain| &chain.draws).collect();
    let stride = (rows * all.len()).div_ceil(MOST_LIKELIHOODS).max(1);
    let used: Vec<&Vec<f64>> = all.into_iter().step_by(stride).collect();
    let columns: Vec<Vec<f64>> = used
        .par_iter()
        .map(|draw| {
            let (scale, nu) = (draw[slots], draw[slots + 1]);
            let kernel = Kernel::StudentT { nu };
            let norm = scale.ln() - constant(nu);
            let residuals = model.residuals(&model.internal(&draw[..slots]));
            residuals.iter().zip(&model.weights).map(|(r, w)| -w * (kernel.at(r / scale).rho + norm)).collect()
        })
        .collect();
    let mut by_row: Vec<Vec<f64>> =
        (0..rows).map(|row| columns.iter().map(|column| column[row]).collect()).collect();
    loo(by_row.iter_mut())
}

/// Log of the norm of Student's distribution with `nu` degrees of freedom.
fn constant(nu: f64) -> f64 {
    ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
}

/// How a coordinate of the model follows from one without bounds.
#[derive(Debug, Clone, Copy)]
enum Map {
    Free,
    Above(f64),
    Below(f64),
    Between(f64, f64),
}

impl Map {
    fn new(low: f64, high: f64) -> Map {
        match (low.is_finite(), high.is_finite()) {
            (true, true) => Map::Between(low, high),
            (true, false) => Map::Above(low),
            (false, true) => Map::Below(high),
            (false, false) => Map::Free,
        }
    }

    /// The coordinate, its derivative, the log of that, and the derivative of the log.
    fn at(self, u: f64) -> (f64, f64, f64, f64) {
        match self {
            Map::Free => (u, 1.0, 0.0, 0.0),
            Map::Above(low) => (low + u.exp(), u.exp(), u, 1.0),
            Map::Below(high) => (high - u.exp(), -u.exp(), u, 1.0),
            Map::Between(low, high) => {
                let share = 1.0 / (1.0 + (-u).exp());
                let log = (high - low).ln() - (-u).exp().ln_1p() - u.exp().ln_1p();
                (low + (high - low) * share, (high - low) * share * (1.0 - share), log, 1.0 - 2.0 * share)
            }
        }
    }

    /// The value without bounds for a coordinate, kept a little away from them.
    fn inverse(self, x: f64) -> f64 {
        match self {
            Map::Free => x,
            Map::Above(low) => (x - low).max(1e-3 * low.abs().max(1e-3)).ln(),
            Map::Below(high) => (high - x).max(1e-3 * high.abs().max(1e-3)).ln(),
            Map::Between(low, high) => {
                let share = ((x - low) / (high - low)).clamp(1e-3, 1.0 - 1e-3);
                (share / (1.0 - share)).ln()
            }
        }
    }
}

/// The log posterior density over whitened coordinates.
struct Density<'a> {
    model: &'a Model,
    laws: &'a [Option<PriorLaw>],
    maps: Vec<Map>,
    scratch: Scratch,
    weight: f64,
    /// Where the whitened coordinates are zero.
    centre: Vec<f64>,
    /// Their unit: coordinates are `centre + root z`.
    root: Vec<Vec<f64>>,
    theta: Vec<f64>,
}

impl<'a> Density<'a> {
    fn new(model: &'a Model, laws: &'a [Option<PriorLaw>], estimates: &[f64]) -> Result<Density<'a>, FitError> {
        let p = model.len();
        let maps: Vec<Map> = (0..p)
            .map(|j| {
                let (low, high) = model.coordinates.bounds(j);
                Map::new(low, high)
            })
            .collect();
        let mut centre: Vec<f64> =
            model.internal(estimates).iter().zip(&maps).map(|(x, map)| map.inverse(*x)).collect();
        if centre.iter().any(|u| !u.is_finite()) {
            return Err(FitError::NoDensity);
        }
        let theta: Vec<f64> = centre.iter().zip(&maps).map(|(u, map)| map.at(*u).0).collect();
        let size = typical_size(&model.residuals(&theta), &model.weights);
        if size.is_nan() || size <= 0.0 {
            return Err(FitError::PerfectFit);
        }
        // Scale, and degrees of freedom above 1.
        centre.extend([size.ln(), 4.0_f64.ln()]);
        let root = (0..p + 2).map(|i| (0..p + 2).map(|k| f64::from(u8::from(i == k))).collect()).collect();
        Ok(Density {
            model,
            laws,
            maps,
            scratch: model.scratch(),
            weight: model.weights.iter().sum(),
            centre,
            root,
            theta: vec![0.0; p + 1],
        })
    }

    fn copy(&self) -> Density<'a> {
        Density {
            model: self.model,
            laws: self.laws,
            maps: self.maps.clone(),
            scratch: self.model.scratch(),
            weight: self.weight,
            centre: self.centre.clone(),
            root: self.root.clone(),
            theta: self.theta.clone(),
        }
    }

    fn place(&self, z: &[f64]) -> Vec<f64> {
        let moved = self.root.iter().map(|row| row.iter().zip(z).map(|(a, b)| a * b).sum::<f64>());
        self.centre.iter().zip(moved).map(|(c, m)| c + m).collect()
    }

    /// Natural values of all slots, the scale of the noise and its degrees of freedom.
    fn natural(&self, z: &[f64]) -> Vec<f64> {
        let u = self.place(z);
        let p = self.maps.len();
        let theta: Vec<f64> = u.iter().zip(&self.maps).map(|(u, map)| map.at(*u).0).collect();
        let mut all = self.model.natural(&theta);
        all.extend([u[p].exp(), 1.0 + u[p + 1].exp()]);
        all
    }

    /// Log density at coordinates without bounds, its gradient in `slope`.
    fn log(&mut self, u: &[f64], slope: &mut [f64]) -> f64 {
        let p = self.maps.len();
        let nu = 1.0 + u[p + 1].exp();
        for ((theta, u), map) in self.theta.iter_mut().zip(u).zip(&self.maps) {
            *theta = map.at(*u).0;
        }
        self.theta[p] = u[p];
        if !nu.is_finite() || !self.theta[p].exp().is_finite() {
            return f64::NEG_INFINITY;
        }
        let kernel = Kernel::StudentT { nu };
        let sums = self.model.pass(
            &self.theta,
            kernel,
            Scale::Free,
            &self.model.weights,
            Order::Gradient,
            &mut self.scratch,
        );
        if !sums.value.is_finite() || sums.gradient.len() != p + 1 {
            return f64::NEG_INFINITY;
        }
        let mut log = -sums.value + self.weight * constant(nu);
        let c = &self.model.coordinates;
        for j in 0..p {
            let (theta, unit, stretch, stretch_slope) = self.maps[j].at(u[j]);
            // What the prior of the parameter makes of its coordinate.
            let is_log = matches!(
                c.kinds[c.free[j]],
                Coordinate::Log | Coordinate::LogTerm | Coordinate::LogAlong(_)
            );
            let (value, step) = if is_log { (theta.exp(), theta.exp()) } else { (theta, 1.0) };
            let (prior, prior_slope) = self.laws[c.free[j]].map_or((0.0, 0.0), |law| law.log(value));
            let (log_step, log_step_slope) = if is_log { (theta, 1.0) } else { (0.0, 0.0) };
            log += prior + log_step + stretch;
            slope[j] = (-sums.gradient[j] + prior_slope * step + log_step_slope) * unit + stretch_slope;
        }
        // The prior of the scale is flat in its logarithm.
        slope[p] = -sums.gradient[p];
        // Degrees of freedom: the likelihood, gamma(2, 0.1), and the derivative of `1 + exp(u)`.
        let loss = sums.value - self.weight * u[p];
        let pull = self.weight - sums.gradient[p];
        let of_losses = loss / (nu + 1.0) - 0.5 * pull / nu;
        let of_norm = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - 1.0 / nu);
        log += nu.ln() - 0.1 * nu + u[p + 1];
        slope[p + 1] =
            (self.weight * of_norm - of_losses + 1.0 / nu - 0.1) * u[p + 1].exp() + 1.0;
        log
    }

    /// Curvature of the log density, by differences of its gradient.
    fn curvature(&mut self, u: &[f64]) -> Symmetric {
        const STEP: f64 = 1e-4;
        let n = u.len();
        let mut rows = vec![vec![0.0; n]; n];
        let (mut up, mut down) = (vec![0.0; n], vec![0.0; n]);
        for (k, row) in rows.iter_mut().enumerate() {
            let mut there = u.to_vec();
            there[k] += STEP;
            self.log(&there, &mut up);
            there[k] -= 2.0 * STEP;
            self.log(&there, &mut down);
            row.iter_mut().zip(up.iter().zip(&down)).for_each(|(h, (a, b))| *h = (b - a) / (2.0 * STEP));
        }
        let mut h = Symmetric::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                h.set(i, j, 0.5 * (rows[i][j] + rows[j][i]));
            }
        }
        h
    }

    /// Moves the centre to the mode and takes the curvature there as the unit.
    fn climb(&mut self) -> Result<(), FitError> {
        /// No coordinate is wider than its prior lets it.
        const LEAST: f64 = 0.02;
        let n = self.centre.len();
        let mut u = self.centre.clone();
        let mut slope = vec![0.0; n];
        let mut here = self.log(&u, &mut slope);
        if !here.is_finite() {
            return Err(FitError::NoDensity);
        }
        for _ in 0..30 {
            let root = inverse_root(&self.curvature(&u), LEAST);
            let along: Vec<f64> = (0..n).map(|k| (0..n).map(|i| root[i][k] * slope[i]).sum()).collect();
            let move_: Vec<f64> =
                root.iter().map(|row| row.iter().zip(&along).map(|(a, b)| a * b).sum()).collect();
            let expected: f64 = move_.iter().zip(&slope).map(|(m, g)| m * g).sum();
            if expected < 1e-8 {
                break;
            }
            let mut share = 1.0;
            let mut next = None;
            while share > 1e-6 {
                let there: Vec<f64> = u.iter().zip(&move_).map(|(u, m)| u + share * m).collect();
                let mut there_slope = vec![0.0; n];
                let value = self.log(&there, &mut there_slope);
                if value.is_finite() && value > here {
                    next = Some((there, value, there_slope));
                    break;
                }
                share *= 0.5;
            }
            let Some((there, value, there_slope)) = next else { break };
            (u, here, slope) = (there, value, there_slope);
        }
        self.root = inverse_root(&self.curvature(&u), LEAST);
        self.centre = u;
        if self.root.iter().flatten().any(|v| !v.is_finite()) {
            return Err(FitError::NoDensity);
        }
        Ok(())
    }
}

impl Target for Density<'_> {
    fn len(&self) -> usize {
        self.centre.len()
    }

    fn at(&mut self, z: &[f64], slope: &mut [f64]) -> f64 {
        let u = self.place(z);
        let n = u.len();
        let mut outer = vec![0.0; n];
        let log = self.log(&u, &mut outer);
        for (k, s) in slope.iter_mut().enumerate() {
            *s = (0..n).map(|i| self.root[i][k] * outer[i]).sum();
        }
        log
    }

    fn rescale(&mut self, root: &[Vec<f64>]) {
        let n = self.centre.len();
        self.root = self
            .root
            .iter()
            .map(|row| (0..n).map(|k| (0..n).map(|j| row[j] * root[j][k]).sum()).collect())
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::Objective;
    use isoflop_laws::Catalogue;

    #[test]
    fn the_gradient_is_that_of_the_density() {
        let law = Catalogue::builtin().unwrap().find("chinchilla").unwrap().clone();
        let data = crate::simulate(&law, 0.01, 1).unwrap();
        let task = Task::new(law.formula(), &data, Objective::DEFAULT, 0).unwrap();
        let truth: Vec<f64> = law.design.as_ref().unwrap().values.iter().map(|v| v.1).collect();
        let asked = ["alpha ~ normal(0.3, 0.05)".parse().unwrap(), "E ~ student(4, 1.7, 0.1)".parse().unwrap()];
        let (laws, slots) = settle(&task.model.coordinates.slots, &truth, &asked).unwrap();
        let model = Model::plain(task.formula, task.root, task.data, slots, true);
        let mut density = Density::new(&model, &laws, &truth).unwrap();
        let u: Vec<f64> = density.centre.iter().enumerate().map(|(k, u)| u + 0.01 * k as f64).collect();
        let n = u.len();
        let (mut slope, mut none) = (vec![0.0; n], vec![0.0; n]);
        density.log(&u, &mut slope);
        for k in 0..n {
            let h = 1e-5;
            let mut at = |step: f64| {
                let mut there = u.clone();
                there[k] += step;
                density.log(&there, &mut none)
            };
            let numeric = (at(h) - at(-h)) / (2.0 * h);
            assert!((numeric - slope[k]).abs() < 1e-5 * (1.0 + numeric.abs()), "{k}: {numeric} {}", slope[k]);
        }
    }

    #[test]
    fn maps_and_their_inverses_agree() {
        for map in [Map::Free, Map::Above(0.3), Map::Below(2.0), Map::Between(-1.0, 2.5)] {
            for u in [-1.3, 0.2, 1.1] {
                let (x, slope, log, log_slope) = map.at(u);
                let h = 1e-6;
                let near = |f: &dyn Fn(f64) -> f64| (f(u + h) - f(u - h)) / (2.0 * h);
                assert!((map.inverse(x) - u).abs() < 1e-9);
                assert!((near(&|u| map.at(u).0) - slope).abs() < 1e-7);
                assert!((slope.abs().ln() - log).abs() < 1e-9);
                assert!((near(&|u| map.at(u).2) - log_slope).abs() < 1e-7);
            }
        }
    }
}
