//! Intervals: how far parameters, and what is made of them, can be from their estimates.
//!
//! One module per way to find out, behind [`IntervalMethod`]:
//!
//! | module | method |
//! |---|---|
//! | `units`, `replicates` | bootstrap of rows, clusters, strata, residuals; wild bootstrap |
//! | `ends`, `level` | percentile, BCa and levels for few units; errors of the ends; ends at another level |
//! | `normal` | Laplace's approximation, the sandwich |
//! | `likelihood` | profile likelihood, and with the sandwich in place of the density |
//! | `prior`, `noise`, `posterior`, `nuts`, `chains`, `loo` | Bayesian sampling and its diagnostics |
//!
//! All give the same thing: two ends per quantity, with the error that the ends themselves have, and where there are any,
//! draws of the parameters for whoever carries the uncertainty on (predictions, plans). Which method is the default was
//! decided by `studies/coverage.md`.

mod chains;
mod ends;
mod level;
mod likelihood;
mod loo;
mod method;
mod noise;
mod normal;
mod nuts;
mod posterior;
mod prior;
mod quantities;
mod replicates;
mod units;

pub use ends::{EndRule, Ends};
pub use loo::Loo;
pub use method::{IntervalMethod, IntervalOptions, Precision, Sampler};
pub use posterior::{Convergence, Posterior};
pub use prior::{Prior, PriorLaw};
pub(crate) use quantities::Quantities;
pub use replicates::Replicate;
pub use replicates::WildWeights;
pub(crate) use units::Units;

use std::ops::Range;

use isoflop_laws::Law;

use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::ends::{Found as TwoEnds, Rule, Weights};
use crate::interval::replicates::{Plan, Replicates, replicate, solve_each, without_each};
use crate::request::FitOptions;
use crate::result::{Interval, Warning};
use crate::solve::Solved;

/// More units than this make the error of a width drown in that of finitely many replicates.
const MOST_JACKKNIFED: usize = 400;

/// What a method found.
pub(crate) struct Found {
    /// Natural values of all slots: replicates or posterior draws.
    pub(crate) draws: Vec<Vec<f64>>,
    /// Ends of every quantity.
    pub(crate) ends: Vec<Option<(f64, f64)>>,
    pub(crate) interval: Interval,
    pub(crate) warnings: Vec<Warning>,
}

/// Intervals of `quantities` around the optimum `best` of `task`, as `options` ask; with the replicates of a bootstrap
/// if they were solved before.
pub(crate) fn run(
    law: &Law,
    task: &Task<'_>,
    best: &Solved,
    quantities: &Quantities,
    options: &FitOptions,
    given: Option<&[Replicate]>,
    progress: &dyn Progress,
) -> Result<Found, FitError> {
    let method = options.interval.method.settled(task.data);
    method.check(task, &options.interval)?;
    let mut found = match method {
        IntervalMethod::Profile | IntervalMethod::RobustProfile => {
            likelihood::run(law, task, best, quantities, options, method, progress)?
        }
        IntervalMethod::Nuts => posterior::run(task, best, quantities, options, progress)?,
        IntervalMethod::Laplace | IntervalMethod::Sandwich => {
            approximate(task, best, quantities, options, method)?
        }
        _ => bootstrap(task, best, quantities, options, method, given, progress)?,
    };
    let estimates = task.model.natural(&best.theta);
    let outside: Vec<&str> = (0..quantities.len())
        .filter(|&k| {
            let value = quantities.column(k, &[&estimates])[0];
            found.ends[k].is_some_and(|(low, high)| value < low || value > high)
        })
        .map(|k| quantities.name(k))
        .collect();
    if !outside.is_empty() {
        let message = format!(
            "the estimates of {} lie outside their intervals: the estimates minimise {}, the intervals are by {}",
            outside.join(", "),
            task.objective,
            found.interval.method
        );
        found.warnings.push(Warning { code: "estimate-outside".to_string(), message });
    }
    let open: Vec<&str> = (0..quantities.len())
        .filter(|&k| !quantities.is_fixed(k) && found.ends[k].is_none())
        .map(|k| quantities.name(k))
        .collect();
    if !open.is_empty() {
        let message = format!("{} gave no interval for {}", found.interval.method, open.join(", "));
        found.warnings.push(Warning { code: "no-interval".to_string(), message });
    }
    Ok(found)
}

/// Natural values of all slots in `count` replicates of the plain bootstrap of `units`, those that could be certified.
pub(crate) fn draws(
    task: &Task<'_>,
    best: &Solved,
    units: Units,
    count: usize,
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, FitError> {
    Ok(replicate(task, best, &Plan::Drawn(units), count, progress)?.draws)
}

/// The replicates `numbers` of the bootstrap that `options` ask for.
///
/// # Errors
/// A method without replicates, or one that this table does not allow.
pub(crate) fn some_replicates(
    task: &Task<'_>,
    best: &Solved,
    options: &FitOptions,
    numbers: Range<usize>,
    progress: &dyn Progress,
) -> Result<Vec<Replicate>, FitError> {
    let method = options.interval.method.settled(task.data);
    method.check(task, &options.interval)?;
    if !method.has_ends() {
        return Err(FitError::NoReplicates { method: method.name() });
    }
    let plan = plan_of(method, &units_of(task, options, method)?);
    solve_each(task, best, &plan, numbers, progress)
}

/// What the bootstrap draws.
fn units_of(task: &Task<'_>, options: &FitOptions, method: IntervalMethod) -> Result<Units, FitError> {
    Ok(match (method, &options.interval.strata) {
        (IntervalMethod::Stratified, Some(strata)) => Units::natural(task.data).within(strata)?,
        (IntervalMethod::Point | IntervalMethod::Residual, _) => Units::rows(task.data),
        _ => Units::natural(task.data),
    })
}

/// What its replicates are made of.
fn plan_of(method: IntervalMethod, units: &Units) -> Plan {
    match method {
        IntervalMethod::Residual => Plan::Residuals,
        IntervalMethod::Weighted => Plan::Weighted(units.clone()),
        IntervalMethod::WildCluster { weights } => Plan::Wild(units.clone(), weights),
        _ => Plan::Drawn(units.clone()),
    }
}

/// The bootstraps.
fn bootstrap(
    task: &Task<'_>,
    best: &Solved,
    quantities: &Quantities,
    options: &FitOptions,
    method: IntervalMethod,
    given: Option<&[Replicate]>,
    progress: &dyn Progress,
) -> Result<Found, FitError> {
    let units = units_of(task, options, method)?;
    let mut warnings = Vec::new();
    if method == IntervalMethod::Stratified && units.smallest_stratum() < 4 {
        warnings.push(Warning {
            code: "small-strata".to_string(),
            message: format!(
                "a stratum holds only {} unit(s): resampled within strata they vary too little, and intervals are too narrow",
                units.smallest_stratum()
            ),
        });
    }
    let plan = plan_of(method, &units);
    let found = match given {
        Some(solved) => Replicates::of(solved.to_vec()),
        None => replicate(task, best, &plan, options.bootstrap, progress)?,
    };
    let estimates = task.model.natural(&best.theta);
    let left_out = match options.interval.ends.needs_jackknife() {
        true => without_each(task, best, &units, progress)?,
        false => Vec::new(),
    };
    // What weight each unit had in each replicate: for levels and for the error of the width.
    let weights: Vec<Vec<f64>> = match units.count <= MOST_JACKKNIFED {
        true => found.numbers.iter().filter_map(|&k| plan.weights(task.seed, k as u64)).collect(),
        false => Vec::new(),
    };
    let weights = Weights { of: &weights, units: units.count };
    let rule = Rule::new(options.interval.ends, options.level, units.count, task.model.len());
    let ends = quantities_ends(quantities, &estimates, &found.draws, &left_out, rule, weights);
    let clusters = task.data.clusters.as_ref().filter(|_| method.uses_clusters());
    Ok(packed(
        Found {
            interval: Interval {
                level: options.level,
                method: method.words(task, &options.interval),
                ends: Some(options.interval.ends),
                units: units.count,
                used: task.model.len(),
                replicates: options.bootstrap,
                certified: found.draws.len(),
                clusters: clusters.map(|c| c.count),
                precision: Vec::new(),
                posterior: None,
            },
            draws: found.draws,
            ends: Vec::new(),
            warnings,
        },
        quantities,
        ends,
    ))
}

/// Laplace's approximation and the sandwich.
fn approximate(
    task: &Task<'_>,
    best: &Solved,
    quantities: &Quantities,
    options: &FitOptions,
    method: IntervalMethod,
) -> Result<Found, FitError> {
    let units = Units::natural(task.data);
    let spread = match method {
        IntervalMethod::Laplace => normal::laplace(task, best)?,
        _ => normal::sandwich(task, best, &units)?,
    };
    let draws = spread.draws(task, best, options.bootstrap);
    let estimates = task.model.natural(&best.theta);
    let rule = Rule::new(Ends::Percentile, options.level, units.count, 0);
    let ends = quantities_ends(quantities, &estimates, &draws, &[], rule, Weights::default());
    let clusters = task.data.clusters.as_ref().filter(|_| method.uses_clusters());
    Ok(packed(
        Found {
            interval: Interval {
                level: options.level,
                method: method.words(task, &options.interval),
                ends: None,
                units: units.count,
                used: 0,
                replicates: options.bootstrap,
                certified: draws.len(),
                clusters: clusters.map(|c| c.count),
                precision: Vec::new(),
                posterior: None,
            },
            draws,
            ends: Vec::new(),
            warnings: Vec::new(),
        },
        quantities,
        ends,
    ))
}

/// Ends of every quantity from draws of the slots.
fn quantities_ends(
    quantities: &Quantities,
    estimates: &[f64],
    draws: &[Vec<f64>],
    left_out: &[Vec<f64>],
    rule: Rule,
    weights: Weights<'_>,
) -> Vec<Option<TwoEnds>> {
    let rows: Vec<&[f64]> = draws.iter().map(Vec::as_slice).collect();
    let left_out: Vec<&[f64]> = left_out.iter().map(Vec::as_slice).collect();
    (0..quantities.len())
        .map(|k| {
            if quantities.is_fixed(k) {
                return None;
            }
            let estimate = quantities.column(k, &[estimates])[0];
            let values = quantities.column(k, &rows);
            ends::ends(&values, estimate, rule, &quantities.column(k, &left_out), weights)
        })
        .collect()
}

/// Puts ends and their errors into the result.
fn packed(mut found: Found, quantities: &Quantities, ends: Vec<Option<TwoEnds>>) -> Found {
    found.ends = ends.iter().map(|e| e.map(|e| (e.low, e.high))).collect();
    let precision = |(k, ends): (usize, &Option<TwoEnds>)| {
        let ends = ends.as_ref()?;
        Some(Precision {
            name: quantities.name(k).to_string(),
            low_error: ends.low_error,
            high_error: ends.high_error,
            width_error: ends.width_error,
            smoothness: ends.smoothness,
            acceleration: ends.acceleration,
        })
    };
    found.interval.precision = ends.iter().enumerate().filter_map(precision).collect();
    found
}
