//! The log probability (or density) of every row under a fitted law, with the dispersion that makes the rows most likely:
//! what laws are compared by.

use statrs::function::gamma::ln_gamma;

use crate::data::Data;
use crate::density::{Density, minimum};
use crate::objective::{Loss, Objective};
use crate::overdispersed::log_probability;

/// Log scores of the rows of `data`, whose residuals under a law are `residuals`; times their weights, where these are not
/// numbers of attempts. `None` where there are none: all residuals zero, or one not finite.
pub(crate) fn log_scores(objective: Objective, data: &Data, residuals: &[f64]) -> Option<Vec<f64>> {
    let weight = |row: usize| data.weights.as_ref().and_then(|w| w.get(row)).copied().unwrap_or(1.0);
    let rows = || residuals.iter().enumerate().map(|(row, r)| (row, data.output[row], data.output[row] - r));
    let shares = |theta: f64| rows().map(move |(row, y, f)| log_probability(y, weight(row), f, theta));
    let scores: Vec<f64> = match objective.loss {
        Loss::Binomial => shares(0.0).collect(),
        Loss::BetaBinomial => {
            let cost = |log_theta: f64| {
                let value = -shares(log_theta.exp()).sum::<f64>();
                if value.is_finite() { value } else { f64::INFINITY }
            };
            let best = minimum(&cost, -25.0, 7.0);
            let none: f64 = shares(0.0).sum();
            let theta = if none >= -cost(best) { 0.0 } else { best.exp() };
            shares(theta).collect()
        }
        Loss::Poisson => {
            rows().map(|(row, y, f)| weight(row) * (y * f.ln() - f - ln_gamma(y + 1.0))).collect()
        }
        _ => {
            let density = Density::of(objective, residuals, data.weights.as_deref())?;
            residuals.iter().enumerate().map(|(row, &r)| weight(row) * density.log(r)).collect()
        }
    };
    scores.iter().all(|s| s.is_finite()).then_some(scores)
}

/// Numbers beside the parameters that the scores estimate.
pub(crate) fn dispersions(objective: Objective) -> usize {
    usize::from(!matches!(objective.loss, Loss::Binomial | Loss::Poisson))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_add_up_to_one() {
        for (name, n) in [("binomial", 12.0), ("beta-binomial", 12.0)] {
            let objective: Objective = name.parse().unwrap();
            let theta = if name == "binomial" { 0.0 } else { 0.2 };
            let sum: f64 = (0..=12).map(|k| log_probability(f64::from(k) / n, n, 0.3, theta).exp()).sum();
            assert!((sum - 1.0).abs() < 1e-12 && objective.is_family(), "{name} {sum}");
        }
        let counts: Vec<f64> = (0..60).map(f64::from).collect();
        let data = Data { output: counts.clone(), ..Data::default() };
        let residuals: Vec<f64> = counts.iter().map(|y| y - 7.5).collect();
        let scores = log_scores("poisson".parse().unwrap(), &data, &residuals).unwrap();
        assert!((scores.iter().map(|s| s.exp()).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn rows_without_over_dispersion_are_scored_as_a_binomial() {
        // As even as shares can be.
        let data = Data { output: vec![0.5; 8], weights: Some(vec![10.0; 8]), ..Data::default() };
        let of = |name: &str| log_scores(name.parse().unwrap(), &data, &[0.0; 8]).unwrap();
        assert_eq!(of("beta-binomial"), of("binomial"));
    }
}
