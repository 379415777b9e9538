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

use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::ends::{quantile, quantile_error};
use crate::interval::loo::{Loo, loo};
use crate::interval::noise::{Density, constant};
use crate::interval::nuts::{Chain, Target, walk};
use crate::interval::prior::settle;
use crate::interval::{Found, PriorLaw, Quantities, chains, packed};
use crate::model::Model;
use crate::objective::Kernel;
use crate::request::FitOptions;
use crate::result::{Interval, Warning};
use crate::solve::Solved;
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
                    smoothness: 1.0,
                    acceleration: 0.0,
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
            units: 0,
            used: 0,
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
            format!(
                "the chains disagree on {}: R-hat is {:.3}, above 1.01; draw more",
                worst.name, worst.rhat
            ),
        );
    }
    let least = |c: &Convergence| c.ess_bulk.min(c.ess_tail);
    let worst = posterior.summary.iter().min_by(|a, b| least(a).total_cmp(&least(b)));
    if let Some(worst) = worst.filter(|w| least(w) < 100.0 * posterior.chains as f64) {
        add(
            "few-effective-draws",
            format!(
                "the draws of {} are worth only {:.0} independent ones; draw more",
                worst.name,
                least(worst)
            ),
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
            residuals
                .iter()
                .zip(&model.weights)
                .map(|(r, w)| -w * (kernel.at(r / scale).rho + norm))
                .collect()
        })
        .collect();
    let mut by_row: Vec<Vec<f64>> =
        (0..rows).map(|row| columns.iter().map(|column| column[row]).collect()).collect();
    loo(by_row.iter_mut())
}
