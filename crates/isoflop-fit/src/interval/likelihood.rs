//! Intervals by profile likelihood, one pair of ends after the other.
//!
//! The plain profile believes the density that the objective belongs to. The robust one compares how much a quantity
//! varies by the sandwich with how much by that density, and moves the limit of the likelihood ratio by the factor between
//! them (Stafford, A Robust Adjustment of the Profile Likelihood, Annals of Statistics 24, 1996, equation 2), with the
//! degrees of freedom of rows or clusters: it keeps the lopsided shape of the profile and the width that rows or clusters
//! show.

use isoflop_laws::Law;
use rayon::prelude::*;

use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::normal::{Spread, laplace, sandwich};
use crate::interval::{Found, IntervalMethod, Quantities, Units};
use crate::profile::{Stretch, ends_of};
use crate::request::FitOptions;
use crate::result::{Interval, Warning};
use crate::solve::{CERTIFIED, Solved};

/// Profiles every quantity.
pub(crate) fn run(
    law: &Law,
    task: &Task<'_>,
    best: &Solved,
    quantities: &Quantities,
    options: &FitOptions,
    method: IntervalMethod,
    progress: &dyn Progress,
) -> Result<Found, FitError> {
    if best.gradient > CERTIFIED {
        return Err(FitError::NoOptimum { gradient: best.gradient });
    }
    let units = Units::natural(task.data);
    let robust = method == IntervalMethod::RobustProfile;
    let spreads = if robust { Some((sandwich(task, best, &units)?, laplace(task, best)?)) } else { None };
    let found: Vec<Result<[Option<f64>; 2], FitError>> = (0..quantities.len())
        .into_par_iter()
        .map(|k| {
            if quantities.is_fixed(k) || progress.cancelled() {
                return Ok([None, None]);
            }
            let stretch = match &spreads {
                None => Stretch::default(),
                Some((wide, plain)) => {
                    let slope = slope(task, best, quantities, k);
                    let factor = variance(wide, &slope) / variance(plain, &slope);
                    Stretch {
                        factor: if factor.is_finite() { factor } else { 1.0 },
                        degrees: Some(wide.degrees),
                    }
                }
            };
            ends_of(law, task, best, quantities.text(k), options.level, &stretch)
        })
        .collect();
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    let mut warnings = Vec::new();
    let mut ends = Vec::new();
    for (k, found) in found.into_iter().enumerate() {
        match found {
            Ok([low, high]) => ends.push(low.zip(high)),
            // Some quantities cannot be held: the others still can.
            Err(error @ FitError::BadQuantity { .. }) => {
                warnings.push(Warning {
                    code: "no-profile".to_string(),
                    message: format!("{}: {}", quantities.name(k), error.message()),
                });
                ends.push(None);
            }
            Err(error) => return Err(error),
        }
    }
    let clusters = task.data.clusters.as_ref();
    if clusters.is_some() && !robust {
        warnings.push(Warning {
            code: "rows-independent".to_string(),
            message: "profile likelihood takes rows as independent: with rows that belong together its intervals are too narrow; robust-profile counts clusters".to_string(),
        });
    }
    Ok(Found {
        draws: Vec::new(),
        ends,
        interval: Interval {
            level: options.level,
            method: method.words(task, &options.interval),
            ends: None,
            units: 0,
            used: 0,
            replicates: 0,
            certified: 0,
            clusters: clusters.filter(|_| robust).map(|c| c.count),
            precision: Vec::new(),
            posterior: None,
        },
        warnings,
    })
}

/// Change of quantity `k` per unit of each free coordinate.
fn slope(task: &Task<'_>, best: &Solved, quantities: &Quantities, k: usize) -> Vec<f64> {
    const STEP: f64 = 1e-6;
    let at = |j: usize, step: f64| {
        let mut theta = best.theta.clone();
        theta[j] += step;
        quantities.column(k, &[&task.model.natural(&theta)])[0]
    };
    (0..task.model.len()).map(|j| (at(j, STEP) - at(j, -STEP)) / (2.0 * STEP)).collect()
}

/// Variance of a quantity with this slope.
fn variance(spread: &Spread, slope: &[f64]) -> f64 {
    let part: Vec<f64> = spread.free.iter().map(|&j| slope[j]).collect();
    let rows = spread.covariance.iter().zip(&part);
    rows.map(|(row, a)| a * row.iter().zip(&part).map(|(c, b)| c * b).sum::<f64>()).sum()
}
