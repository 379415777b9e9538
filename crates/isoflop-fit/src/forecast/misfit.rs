//! How far the law itself goes wrong beyond the runs.
//!
//! A law is right within the runs or it would not fit them. Beyond them its slope may be off: the error grows in
//! proportion to the distance, the logarithm of the ratio by which a point lies beyond. With the error `e`, the noise
//! `s` and the spread of the parameters `v` of each forward forecast at distance `d`,
//!
//! ```text
//! e ~ Normal(0, s^2 + v^2 + rate^2 d^2)
//! ```
//!
//! so what noise and parameters explain is not counted twice. All forecasts of one cut share the same wrong slope, so
//! a cut counts as one observation: its log likelihood is the mean over its rows. Before any cut, `rate` is expected at
//! a tenth of the slope of the output along the size of the runs, with the weight of three cuts (a scaled inverse
//! chi-squared prior of `rate^2`; Gelman et al., Bayesian Data Analysis, 3rd edition 2013, section 2.6). The rate used is the
//! root of the posterior mean of its square; forecasts use it as the scale of a Student-t distribution.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::forecast::rolling::ForwardError;

/// Expected rate before any cut, relative to the slope of the output.
const PRIOR: f64 = 0.1;
/// Cuts that the expectation is worth.
const PRIOR_CUTS: f64 = 3.0;
/// Degrees of freedom of the misfit of a new forecast.
const TAILS: f64 = 4.0;
/// Most that calibration widens.
const MOST: f64 = 4.0;

/// The error of the law beyond the runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Misfit {
    /// Scale of the error per unit of distance, on the scale of the residuals.
    pub rate: f64,
    /// The rate that was expected before looking at forecasts of known runs.
    pub expected: f64,
    /// Cuts with forecasts of known runs; with none, the rate is the expected one, widened.
    pub cuts: usize,
    /// Factor in `rate` that makes the intervals hold on the forward errors.
    pub calibration: f64,
}

impl Misfit {
    /// From forward `errors` and `slope`, that of the output along the logarithm of size. `level` is that at which
    /// intervals are calibrated.
    pub(crate) fn of(errors: &[ForwardError], slope: f64, level: f64) -> Misfit {
        let expected = PRIOR * slope.abs();
        let mut folds: Vec<usize> = errors.iter().map(|e| e.fold).collect();
        folds.dedup();
        let rate = posterior(errors, &folds, expected);
        let wanted = conformal(errors, &folds, rate, level);
        // As the cuts are few, part of the way.
        let cuts = folds.len() as f64;
        let calibration = wanted.powf(cuts / (cuts + PRIOR_CUTS));
        Misfit { rate: rate * calibration, expected, cuts: folds.len(), calibration }
    }

    /// Quantile `q` of the misfit at a distance.
    pub(crate) fn quantile(&self, q: f64, distance: f64) -> f64 {
        tail(q) * self.rate * distance
    }
}

/// Quantile of the Student-t distribution of misfits.
pub(crate) fn tail(q: f64) -> f64 {
    StudentsT::new(0.0, 1.0, TAILS).map_or(0.0, |t| t.inverse_cdf(q))
}

/// Root of the posterior mean of the squared rate, over a grid of rates in the logarithm.
fn posterior(errors: &[ForwardError], folds: &[usize], expected: f64) -> f64 {
    const STEPS: usize = 120;
    if expected <= 0.0 {
        return 0.0;
    }
    let rates: Vec<f64> = (0..=STEPS)
        .map(|k| expected * (1e-2_f64.ln() + (3e2_f64 / 1e-2).ln() * k as f64 / STEPS as f64).exp())
        .collect();
    let logs: Vec<f64> = rates.iter().map(|&rate| log_posterior(errors, folds, expected, rate)).collect();
    let top = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logs.iter().map(|l| (l - top).exp()).collect();
    let mean: f64 = weights.iter().zip(&rates).map(|(w, r)| w * r * r).sum();
    (mean / weights.iter().sum::<f64>()).sqrt()
}

fn log_posterior(errors: &[ForwardError], folds: &[usize], expected: f64, rate: f64) -> f64 {
    let ratio = expected / rate;
    let mut sum = PRIOR_CUTS * ratio.ln() - 0.5 * PRIOR_CUTS * ratio * ratio;
    for &fold in folds {
        let own = errors.iter().filter(|e| e.fold == fold);
        let (total, count) = own.fold((0.0, 0.0), |(total, count), e| {
            let scale = total_scale(e, rate).max(1e-12 * expected);
            (total - 0.5 * (e.error / scale).powi(2) - scale.ln(), count + 1.0)
        });
        sum += total / count;
    }
    sum
}

fn total_scale(e: &ForwardError, rate: f64) -> f64 {
    (e.noise.powi(2) + e.parameters.powi(2) + (rate * e.distance).powi(2)).sqrt()
}

/// The factor from 1 to [`MOST`] in `rate` at which the share `level` of the forward errors, each cut counting alike,
/// lies inside its interval: a conformal step (Vovk et al., Algorithmic Learning in a Random World, 2005) whose score is
/// the rate that an error asks for. Cuts overlap, so its coverage is measured, not proved.
fn conformal(errors: &[ForwardError], folds: &[usize], rate: f64, level: f64) -> f64 {
    let q = 0.5 + 0.5 * level;
    let z = statrs::distribution::Normal::standard().inverse_cdf(q);
    let t = tail(q);
    let mut asked: Vec<(f64, f64)> = Vec::new();
    for &fold in folds {
        let own: Vec<&ForwardError> = errors.iter().filter(|e| e.fold == fold).collect();
        let weight = 1.0 / own.len() as f64;
        asked.extend(own.iter().map(|e| {
            let left = e.error.powi(2) - z * z * (e.noise.powi(2) + e.parameters.powi(2));
            let unit = (t * rate * e.distance).powi(2);
            let factor = if left <= 0.0 { 0.0 } else { (left / unit).sqrt() };
            (factor, weight)
        }));
    }
    asked.sort_by(|a, b| a.0.total_cmp(&b.0));
    let goal = level * folds.len() as f64;
    let mut sum = 0.0;
    for (factor, weight) in asked {
        sum += weight;
        if sum >= goal {
            return factor.clamp(1.0, MOST);
        }
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Purpose, Stream};

    /// Cuts whose forecasts go wrong by a common slope of standard deviation `rate`.
    fn errors(cuts: usize, rate: f64) -> Vec<ForwardError> {
        let mut list = Vec::new();
        for fold in 0..cuts {
            let mut stream = Stream::new(5, Purpose::Noise, fold as u64);
            let q = (fold as f64 + 0.5) / cuts as f64;
            let slope = rate * statrs::distribution::Normal::standard().inverse_cdf(q);
            for row in 0..30 {
                let distance = 0.1 * f64::from(row);
                let error = slope * distance + 0.01 * stream.normal();
                list.push(ForwardError {
                    fold,
                    row: row as usize,
                    distance,
                    error,
                    noise: 0.01,
                    parameters: 0.0,
                });
            }
        }
        list
    }

    #[test]
    fn the_rate_is_found_from_many_cuts() {
        for rate in [0.02, 0.1] {
            let found = Misfit::of(&errors(60, rate), 0.1, 0.9);
            assert!((found.rate / rate - 1.0).abs() < 0.25, "{rate}: {found:?}");
        }
    }

    #[test]
    fn without_cuts_it_is_wider_than_expected() {
        let none = Misfit::of(&[], 0.1, 0.9);
        assert_eq!((none.cuts, none.expected), (0, 0.1 * 0.1));
        assert!(none.rate > 1.5 * none.expected, "{none:?}");
        // A few cuts that go well make it smaller, and a few that go badly larger.
        assert!(Misfit::of(&errors(5, 0.0), 0.1, 0.9).rate < 0.7 * none.rate);
        assert!(Misfit::of(&errors(5, 0.1), 0.1, 0.9).rate > 1.5 * none.rate);
    }

    #[test]
    fn calibration_only_widens() {
        let quiet = Misfit::of(&errors(20, 0.0), 0.1, 0.9);
        assert_eq!(quiet.calibration, 1.0);
        let wild: Vec<ForwardError> =
            errors(20, 0.01).into_iter().map(|e| ForwardError { error: 0.3 * e.distance, ..e }).collect();
        assert!(Misfit::of(&wild, 0.1, 0.9).calibration >= 1.0);
    }
}
