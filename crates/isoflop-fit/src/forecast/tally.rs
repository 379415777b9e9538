//! How good frozen forecasts were, once the runs have ended.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use crate::forecast::frozen::FrozenForecast;

/// A forecast beside what came of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredForecast {
    /// What the run gave, in the unit of the output.
    pub observed: f64,
    /// Observed minus the estimate.
    pub error: f64,
    /// Observed over the estimate, minus 1.
    pub relative: f64,
    /// Whether the interval held.
    pub inside: bool,
    /// Continuous ranked probability score, in the unit of the output: 0 is best, the absolute error for a forecast
    /// without spread.
    pub crps: f64,
    /// Probability that the forecast gave to a value no larger than the observed one; evenly spread over many good
    /// forecasts.
    pub place: f64,
}

/// Many scored forecasts together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Forecasts.
    pub count: usize,
    /// Of these, inside their interval.
    pub inside: usize,
    /// How many were expected inside.
    pub expected: f64,
    /// Chance of so few inside, or fewer, if the intervals are right; by the smallest level where levels differ.
    pub chance: f64,
    /// Mean of `relative`: above 0 where runs came out higher than forecast.
    pub bias: f64,
    /// Median of the absolute value of `relative`.
    pub median: f64,
    /// Mean of the scores relative to the estimates.
    pub crps: f64,
}

impl ScoredForecast {
    /// Scores a forecast against the `observed` output of the run, in the same unit.
    ///
    /// The continuous ranked probability score is twice the mean quantile loss over all quantiles (Gneiting and
    /// Ranjan, Journal of Business and Economic Statistics 29, 2011, equation 4).
    pub fn new(frozen: &FrozenForecast, observed: f64) -> ScoredForecast {
        let count = frozen.quantiles.len() as f64;
        let loss = |(k, q): (usize, &f64)| {
            let p = (k as f64 + 0.5) / count;
            if observed >= *q { p * (observed - q) } else { (1.0 - p) * (q - observed) }
        };
        let crps = 2.0 * frozen.quantiles.iter().enumerate().map(loss).sum::<f64>() / count;
        let below = frozen.quantiles.iter().filter(|q| **q <= observed).count();
        ScoredForecast {
            observed,
            error: observed - frozen.estimate,
            relative: observed / frozen.estimate - 1.0,
            inside: frozen.low <= observed && observed <= frozen.high,
            crps,
            place: below as f64 / count,
        }
    }
}

impl Tally {
    /// All scores so far; `None` of none.
    pub fn of(scored: &[(FrozenForecast, ScoredForecast)]) -> Option<Tally> {
        let count = scored.len();
        let mean = |of: &dyn Fn(&(FrozenForecast, ScoredForecast)) -> f64| {
            scored.iter().map(of).sum::<f64>() / count as f64
        };
        let inside = scored.iter().filter(|s| s.1.inside).count();
        let level = scored.iter().map(|s| s.0.level).fold(1.0, f64::min);
        let chance = Binomial::new(level, count as u64).map_or(1.0, |law| law.cdf(inside as u64));
        (count > 0).then(|| Tally {
            count,
            inside,
            expected: scored.iter().map(|s| s.0.level).sum(),
            chance,
            bias: mean(&|s| s.1.relative),
            median: crate::score::median(scored.iter().map(|s| s.1.relative.abs()).collect()),
            crps: mean(&|s| s.1.crps / s.0.estimate.abs()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saved::DataDigest;
    use statrs::distribution::{Continuous, ContinuousCDF, Normal};

    fn normal(mean: f64, sd: f64) -> FrozenForecast {
        let law = Normal::new(mean, sd).unwrap();
        FrozenForecast {
            schema_version: 1,
            isoflop_version: String::new(),
            date: "2026-03-01".into(),
            name: None,
            law: String::new(),
            formula: String::new(),
            objective: String::new(),
            data: DataDigest { sha256: String::new(), rows: 1, files: Vec::new() },
            inputs: Vec::new(),
            levels: Vec::new(),
            output: String::new(),
            estimate: mean,
            level: 0.9,
            low: law.inverse_cdf(0.05),
            high: law.inverse_cdf(0.95),
            beyond: None,
            parts: None,
            laws: Vec::new(),
            quantiles: (0..199).map(|k| law.inverse_cdf((f64::from(k) + 0.5) / 199.0)).collect(),
            checksum: String::new(),
        }
    }

    #[test]
    fn the_score_of_a_normal_forecast_is_the_known_one() {
        // Gneiting and Raftery 2007, equation 21.
        let known = |sd: f64, z: f64| {
            let law = Normal::standard();
            sd * (z * (2.0 * law.cdf(z) - 1.0) + 2.0 * law.pdf(z) - 1.0 / std::f64::consts::PI.sqrt())
        };
        let frozen = normal(2.0, 0.1);
        for z in [-2.5, 0.0, 0.4, 3.0] {
            let scored = ScoredForecast::new(&frozen, 2.0 + 0.1 * z);
            assert!((scored.crps / known(0.1, z) - 1.0).abs() < 0.01, "{z}: {}", scored.crps);
            assert_eq!(scored.inside, z.abs() < 1.64);
            assert!((scored.place - Normal::standard().cdf(z)).abs() < 0.01);
        }
    }

    #[test]
    fn a_tally_counts_hits_and_says_how_likely_so_few_are() {
        let of = |observed: &[f64]| {
            let frozen = normal(1.0, 0.1);
            let list: Vec<_> =
                observed.iter().map(|&y| (frozen.clone(), ScoredForecast::new(&frozen, y))).collect();
            Tally::of(&list)
        };
        let tally = of(&[1.0, 1.1, 1.5, 1.6]).unwrap();
        assert_eq!((tally.count, tally.inside), (4, 2));
        assert!((tally.expected - 3.6).abs() < 1e-12);
        // 6 x 0.81 x 0.01 + 4 x 0.9 x 0.001 + 0.0001
        assert!((tally.chance - 0.0523).abs() < 1e-9, "{}", tally.chance);
        assert!((tally.bias - 0.3).abs() < 1e-12);
        assert!(of(&[]).is_none());
    }
}
