//! Backtest: the law fitted to a part of the runs forecasts the others, which are known.
//!
//! Every fold is a fit of its own, with certificate, bootstrap and forecast model, and forecasts its held-out rows with
//! the interval of [`crate::predict`]. What comes out is the error that a user of the law would have made, and how often the
//! interval held, by how far the rows lay beyond the runs.
//!
//! *Determinism*: the seed of the options, and the fold; any number of threads gives the same bits.

use std::sync::atomic::{AtomicUsize, Ordering};

use isoflop_laws::Law;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::certificate::Verdict;
use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, fit, root};
use crate::forecast::{Point, Predictive, at_row, learn_forecast};
use crate::model::Model;
use crate::request::{self, FitOptions};
use crate::result::Fit;
use crate::score::{Score, score};
use crate::split::{Fold, tables};

/// Ends of the bands of extrapolation ratios.
const BANDS: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 100.0, f64::INFINITY];

/// What the held-out rows say about a law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// What was minimised in each fit.
    pub objective: String,
    /// Nominal coverage of the intervals.
    pub level: f64,
    /// One entry per fold, in their order.
    pub folds: Vec<FoldResult>,
    /// All forecasts, fold after fold.
    pub forecasts: Vec<Forecast>,
    /// All folds together.
    pub total: Score,
    /// The forecasts by how far they lie beyond the runs; bands without any are left out.
    pub bands: Vec<Band>,
}

/// One fit of a backtest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// What was held out.
    pub label: String,
    /// The cut of a rolling origin.
    pub cut: Option<f64>,
    /// Rows fitted.
    pub train: usize,
    /// Rows held out; those of a group level without fitted rows have no forecast.
    pub held: usize,
    /// Verdict on the fit; `None` if it could not be done.
    pub verdict: Option<Verdict>,
    /// Why there is no fit, or why it is not certified.
    pub reason: Option<String>,
    /// Its forecasts.
    pub score: Option<Score>,
}

/// The forecast of one held-out row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Position of the fold.
    pub fold: usize,
    /// Row of the table, counted from 0.
    pub row: usize,
    /// How many times it lies beyond the rows fitted; 1 inside.
    pub beyond: f64,
    /// Output of the run.
    pub observed: f64,
    /// What the law said; NaN where it has no value.
    pub predicted: f64,
    /// Lower end of the interval; `None` without replicates.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

/// Forecasts in one band of extrapolation ratios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Ratios above this; 1 holds rows inside the runs too.
    pub from: f64,
    /// Ratios up to this; `None` for no end.
    pub to: Option<f64>,
    /// Its forecasts.
    pub score: Score,
}

/// Fits `law` to the rows that each fold leaves and forecasts the rows that it holds out.
///
/// `options` hold for every fit; `bootstrap` replicates make the intervals (0 for none), and the answers under other
/// objectives are not computed. A fold that cannot be fitted says why and has no forecasts. `progress` counts folds.
///
/// # Errors
/// What is wrong with the request, or the reason of the first fold if none can be fitted.
pub fn backtest(
    law: &Law,
    data: &Data,
    folds: &[Fold],
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Backtest, FitError> {
    let objective = request::objective(law, options)?;
    let options = FitOptions { choices: false, objective: Some(objective), ..options.clone() };
    let done = AtomicUsize::new(0);
    let ends: Vec<Result<Ended, FitError>> = folds
        .par_iter()
        .enumerate()
        .map(|(k, fold)| {
            let end = one(law, data, k, fold, &options, progress);
            progress.replicates(done.fetch_add(1, Ordering::Relaxed) + 1, folds.len());
            end
        })
        .collect();
    let mut forecasts = Vec::new();
    let mut results = Vec::new();
    let mut first_error = None;
    for (fold, end) in folds.iter().zip(ends) {
        let (train, held) = (fold.train.len(), fold.held.len());
        let result = FoldResult {
            label: fold.label.clone(),
            cut: fold.cut,
            train,
            held,
            verdict: None,
            reason: None,
            score: None,
        };
        results.push(match end {
            Err(FitError::Cancelled) => return Err(FitError::Cancelled),
            Err(error) => {
                let reason = Some(error.message());
                first_error.get_or_insert(error);
                FoldResult { reason, ..result }
            }
            Ok(Ended { fit, forecasts: own }) => {
                let score = (!own.is_empty()).then(|| score(&own));
                forecasts.extend(own);
                let certificate = fit.certificate;
                let bad = certificate.verdict == Verdict::NotCertified;
                let reason = certificate.reasons.into_iter().next().filter(|_| bad);
                FoldResult { verdict: Some(certificate.verdict), reason, score, ..result }
            }
        });
    }
    if forecasts.is_empty() {
        return Err(first_error.unwrap_or(FitError::NothingHeldOut));
    }
    let total = score(&forecasts);
    Ok(Backtest {
        objective: objective.to_string(),
        level: options.level,
        folds: results,
        bands: bands(&forecasts),
        forecasts,
        total,
    })
}

struct Ended {
    fit: Fit,
    forecasts: Vec<Forecast>,
}

/// Hears whether to stop, and does not count replicates of single folds.
pub(crate) struct Quiet<'a>(pub(crate) &'a dyn Progress);

impl Progress for Quiet<'_> {
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

fn one(
    law: &Law,
    data: &Data,
    number: usize,
    fold: &Fold,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Ended, FitError> {
    let (train, held, rows) = tables(data, fold);
    let mut fit = fit(law, &train, options, &Quiet(progress))?;
    if options.bootstrap > 0 {
        fit.forecast = learn_forecast(law, &train, &fit, options, &Quiet(progress))?;
    }
    let formula = request::overridden(law, &options.overrides)?;
    let log = fit.objective.name.ends_with("-log");
    let slots = crate::coordinates::slots(&formula, &train);
    // On the scale of the output: the residuals of a raw objective may live on the left side of the law.
    let natural = Model::plain(&formula, root(&formula, true), &held, slots, false);
    let values = |parameters: &[f64]| natural.values(&natural.internal(parameters));
    let estimates: Vec<f64> = fit.parameters.iter().map(|p| p.estimate).collect();
    let predicted = if rows.is_empty() { Vec::new() } else { values(&estimates) };
    let draws: Vec<Vec<f64>> = if rows.is_empty() || fit.forecast.is_none() {
        Vec::new()
    } else {
        fit.draws.iter().map(|draw| values(draw)).collect()
    };
    let scaled = |value: f64| if log { value.ln() } else { value };
    let interval = |k: usize| {
        let model = fit.forecast.as_ref()?;
        let at = at_row(&formula, &held, k);
        let point = Point {
            estimate: scaled(predicted[k]),
            centres: draws.iter().map(|values| scaled(values[k])).collect(),
            others: Vec::new(),
            laws: Vec::new(),
            log_size: model.size.as_ref().map_or(0.0, |size| size.log(&at)),
            distance: model.size.as_ref().map_or(0.0, |size| size.distance(&at)),
            model,
        };
        let (low, high) = Predictive::of(&point, options.level)?.ends(options.level)?;
        Some(if log { (low.exp(), high.exp()) } else { (low, high) })
    };
    let forecasts = rows
        .iter()
        .enumerate()
        .map(|(k, &row)| {
            let ends = interval(k);
            let place = fold.held.iter().position(|&r| r == row);
            let beyond = place.and_then(|p| fold.beyond.get(p)).copied();
            Forecast {
                fold: number,
                row,
                beyond: beyond.unwrap_or_else(|| outside(&train, &held, k)),
                observed: held.output[k],
                predicted: predicted.get(k).copied().unwrap_or(f64::NAN),
                low: ends.map(|e| e.0),
                high: ends.map(|e| e.1),
            }
        })
        .collect();
    Ok(Ended { fit, forecasts })
}

/// How many times row `row` of `held` lies beyond `train` in the input in which it lies furthest.
fn outside(train: &Data, held: &Data, row: usize) -> f64 {
    let ratio = |(k, (fitted, asked)): (usize, (&Vec<f64>, &Vec<f64>))| {
        if !train.is_measured(k) {
            return None;
        }
        let (x, low, high) = (
            *asked.get(row)?,
            fitted.iter().copied().fold(f64::INFINITY, f64::min),
            fitted.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        );
        (low > 0.0 && x > 0.0).then(|| (x / high).max(low / x).max(1.0))
    };
    train.inputs.iter().zip(&held.inputs).enumerate().filter_map(ratio).fold(1.0, f64::max)
}

fn bands(forecasts: &[Forecast]) -> Vec<Band> {
    BANDS
        .windows(2)
        .filter_map(|ends| {
            let (from, to) = (ends[0], ends[1]);
            let inside = |f: &&Forecast| f.beyond <= to && (f.beyond > from || from == 1.0);
            let part: Vec<Forecast> = forecasts.iter().filter(inside).copied().collect();
            (!part.is_empty()).then(|| Band { from, to: to.is_finite().then_some(to), score: score(&part) })
        })
        .collect()
}
