//! Forward errors: the law fitted to the smaller runs forecasts the larger ones.

use isoflop_formula::Formula;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::backtest::Quiet;
use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, Task, quantiles};
use crate::forecast::noise::Noise;
use crate::forecast::size::{Size, at_row};
use crate::interval::{Units, draws};
use crate::model::Model;
use crate::objective::Objective;
use crate::request::{FitOptions, StartPlan};
use crate::solve::Problem;
use crate::split::{Cuts, Fold, rolling_folds, tables};

/// Cuts of the rolling origin within the runs.
const CUTS: usize = 5;
/// Replicates of each fit, for the share that the parameters have in its errors.
const REPLICATES: usize = 24;
/// Starts of each fit, unless the user asks for a number.
const STARTS: usize = 3;
/// Forecasts that a cut makes at most, evenly spaced over the rows it holds out.
const MOST: usize = 100;
/// Coverage of one standard deviation on either side in a normal sample.
const ONE_SD: f64 = 0.682_689_492;

/// How wrong a forecast of a run that is known was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ForwardError {
    /// Position of the cut.
    pub fold: usize,
    /// Row of the fit, counted from 0.
    pub row: usize,
    /// Logarithm of the ratio by which the run lies beyond those fitted; 0 inside.
    pub distance: f64,
    /// Observed minus predicted, on the scale of the residuals.
    pub error: f64,
    /// Standard deviation of the noise that the runs fitted show.
    pub noise: f64,
    /// Standard deviation of the forecast over replicates: the share of the parameters.
    pub parameters: f64,
}

/// What the rolling origin within the runs gives.
pub(crate) struct Rolling {
    pub(crate) errors: Vec<ForwardError>,
    /// Errors of the same forecasts under other objectives: `[objective][forecast]`.
    pub(crate) others: Vec<Vec<f64>>,
}

/// One cut.
struct Cut {
    errors: Vec<ForwardError>,
    others: Vec<Vec<f64>>,
}

/// Law, table and objective of the fit whose forecasts are judged.
pub(crate) struct Judged<'a> {
    pub(crate) formula: &'a Formula,
    pub(crate) data: &'a Data,
    pub(crate) objective: Objective,
    pub(crate) others: &'a [Objective],
    pub(crate) size: &'a Size,
    pub(crate) free: usize,
}

/// Errors of a rolling origin over the size of the runs; cuts that cannot be fitted are left out. Empty if the runs do
/// not suffice for a cut.
pub(crate) fn rolling(
    judged: &Judged<'_>,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Rolling, FitError> {
    let logs = judged.size.logs(judged.formula, judged.data);
    // Relative to the smallest, so that no product of inputs overflows.
    let by: Vec<f64> = logs.iter().map(|l| (l - judged.size.low).exp()).collect();
    let least = (2 * judged.free).max(judged.free + 3);
    // Too few runs, or too few sizes, for a cut: there is none.
    let folds = rolling_folds("size", &by, &Cuts::Count(CUTS), least).unwrap_or_default();
    let ends: Vec<Result<Cut, FitError>> = folds
        .par_iter()
        .enumerate()
        .map(|(k, fold)| cut(judged, k, fold, options, &Quiet(progress)))
        .collect();
    let mut found = Rolling { errors: Vec::new(), others: vec![Vec::new(); judged.others.len()] };
    for end in ends {
        match end {
            Err(FitError::Cancelled) => return Err(FitError::Cancelled),
            Err(_) => {}
            Ok(cut) => {
                found.errors.extend(cut.errors);
                found.others.iter_mut().zip(cut.others).for_each(|(all, own)| all.extend(own));
            }
        }
    }
    Ok(found)
}

/// Fits the rows below a cut and forecasts those above it.
fn cut(
    judged: &Judged<'_>,
    number: usize,
    fold: &Fold,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Cut, FitError> {
    let Judged { formula, data, objective, .. } = *judged;
    let step = fold.held.len().div_ceil(MOST);
    let fold = Fold { held: fold.held.iter().copied().step_by(step).collect(), ..fold.clone() };
    let (train, held, rows) = tables(data, &fold);
    let Some(size) = Size::of(formula, &train).filter(|_| !rows.is_empty()) else {
        return Err(FitError::NothingHeldOut);
    };
    let task = Task::new(formula, &train, objective, options.seed)?;
    let plan = if options.starts == StartPlan::Auto { &StartPlan::Count(STARTS) } else { &options.starts };
    let (best, starts) = task.search(plan, progress)?;
    let best = best.ok_or(FitError::NoStart { tried: starts.tried })?;
    let estimates = task.model.natural(&best.theta);
    let draws = draws(&task, &best, Units::natural(task.data), REPLICATES, progress)?;
    let residuals = task.model.residuals(&best.theta);
    let noise = Noise::of(&train, &residuals, judged.free, &size.logs(formula, &train));

    let slots = task.model.coordinates.slots.clone();
    let model = Model::plain(formula, task.root, &held, slots, objective.log);
    let errors_at = |parameters: &[f64]| model.residuals(&model.internal(parameters));
    let errors = errors_at(&estimates);
    let replicates: Vec<Vec<f64>> = draws.iter().map(|draw| errors_at(draw)).collect();
    let others: Vec<Vec<f64>> = judged
        .others
        .iter()
        .map(|&other| Ok(errors_at(&refitted(&task, other, &estimates)?)))
        .collect::<Result<_, FitError>>()?;
    let usable: Vec<usize> = (0..rows.len()).filter(|&k| errors[k].is_finite()).collect();
    let error = |&k: &usize| {
        let at = at_row(formula, &held, k);
        let log = size.log(&at);
        ForwardError {
            fold: number,
            row: rows[k],
            distance: size.distance(&at),
            error: errors[k],
            noise: noise.sd(log).hypot(noise.excess),
            parameters: robust_sd(replicates.iter().map(|r| r[k]).collect()),
        }
    };
    Ok(Cut {
        errors: usable.iter().map(error).collect(),
        others: others.iter().map(|own| usable.iter().map(|&k| own[k]).collect()).collect(),
    })
}

/// The parameters under another objective, searched from those of this one.
fn refitted(task: &Task<'_>, objective: Objective, from: &[f64]) -> Result<Vec<f64>, FitError> {
    let solved = |task: &Task<'_>| {
        let problem = Problem { objective, ..task.problem(&task.model, &task.model.weights) };
        let end = problem.solve(&task.model.internal(from), &mut task.model.scratch());
        task.model.natural(&end.theta)
    };
    // The same scale of residuals is the same compiled law.
    if objective.log == task.objective.log && !task.objective.is_family() {
        return Ok(solved(task));
    }
    Ok(solved(&Task::new(task.formula, task.data, objective, task.seed)?))
}

/// Half the distance between the 16 % and the 84 % quantile: the standard deviation of a normal sample, and no larger
/// for a few replicates far off.
fn robust_sd(mut values: Vec<f64>) -> f64 {
    quantiles(&mut values, ONE_SD).map_or(0.0, |(low, high)| 0.5 * (high - low))
}
