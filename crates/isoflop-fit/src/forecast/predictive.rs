//! The distribution of one new run: the four parts together.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::fit::quantiles;
use crate::forecast::misfit::tail;
use crate::forecast::model::ForecastModel;

/// Values of the sample that stands for the distribution. A prime, so that every step is a permutation of it.
const SAMPLE: usize = 2003;
/// Replicates that are enough for an interval.
const ENOUGH: usize = 10;
/// Steps of the lattice rule of powers of one number (Korobov 1959) that is most even in four dimensions: the smallest
/// P_2 among all for this sample (Sloan and Joe, Lattice Methods for Multiple Integration, 1994, equation 4.9). The fifth,
/// the next power, picks laws.
const STEPS: [usize; 5] = [1, 129, 617, 1476, 119];

/// Half the width of the interval if each part were alone, in the unit of the output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Uncertainty of the parameters; `None` where too few replicates could be solved to say.
    pub parameters: Option<f64>,
    /// Scatter of one run about the law.
    pub noise: f64,
    /// Error of the law beyond the runs; `None` for a fit without forecast model.
    pub misfit: Option<f64>,
    /// Choice of the objective; `None` if the fit does not know the others, or cannot weigh them.
    pub choice: Option<f64>,
    /// Choice of the law: the normal half width of the laws' spread about the law of the fit; `None` if no others were
    /// weighed.
    #[serde(default)]
    pub law: Option<f64>,
}

/// What a forecast at one point is made of, on the scale of the residuals.
pub(crate) struct Point<'a> {
    /// The law at the estimates.
    pub(crate) estimate: f64,
    /// The law at each replicate.
    pub(crate) centres: Vec<f64>,
    /// The law under each objective of [`ForecastModel::choices`], in their order.
    pub(crate) others: Vec<f64>,
    /// What each law of [`ForecastModel::laws`] says, in their order.
    pub(crate) laws: Vec<f64>,
    /// Logarithm of the size of the point, and its distance beyond the runs.
    pub(crate) log_size: f64,
    pub(crate) distance: f64,
    pub(crate) model: &'a ForecastModel,
}

/// A forecast as a sample.
pub(crate) struct Predictive {
    /// Rising values, on the scale of the residuals.
    pub(crate) sample: Vec<f64>,
    /// Half widths, on the scale of the residuals.
    pub(crate) parts: Parts,
}

impl Predictive {
    /// The distribution at a point, with the parts at `level`; `None` where the law has no value.
    ///
    /// Where fewer than [`ENOUGH`] replicates could be solved, all parameters are those of the estimate. The forecasts
    /// of known runs came from fits of the same kind, so the misfit stands for the parameters too.
    pub(crate) fn of(point: &Point<'_>, level: f64) -> Option<Predictive> {
        let model = point.model;
        let mut centres: Vec<f64> = point.centres.iter().copied().filter(|c| c.is_finite()).collect();
        let noise = &model.noise.quantiles;
        if !point.estimate.is_finite() || noise.is_empty() {
            return None;
        }
        let is_known = centres.len() >= ENOUGH;
        if !is_known {
            centres = vec![point.estimate];
        }
        let factor = model.noise.factor(point.log_size);
        let choice = choice_sd(point);
        let inside = model.noise.excess;
        let normal = Normal::standard();
        let at = |k: usize, step: usize| k * STEPS[step] % SAMPLE;
        let part = |k: usize, step: usize| (at(k, step) as f64 + 0.5) / SAMPLE as f64;
        let misfits = tails();
        let shifts = Shifts::of(point);
        let mut sample: Vec<f64> = (0..SAMPLE)
            .map(|k| {
                let parameters = centres[at(k, 0) * centres.len() / SAMPLE];
                let noise = factor * noise[at(k, 1) * noise.len() / SAMPLE];
                let beyond = misfits[at(k, 2)] * model.misfit.rate * point.distance;
                let rest = inside.hypot(choice.unwrap_or(0.0));
                let rest = if rest > 0.0 { rest * normal.inverse_cdf(part(k, 3)) } else { 0.0 };
                let law = if shifts.0.is_empty() { 0.0 } else { shifts.at(part(k, 4)) };
                parameters + noise + beyond + rest + law
            })
            .collect();
        sample.sort_by(f64::total_cmp);
        let half = |mut values: Vec<f64>| quantiles(&mut values, level).map_or(0.0, |(l, h)| 0.5 * (h - l));
        let q = 0.5 + 0.5 * level;
        let beyond = model.misfit.quantile(q, point.distance);
        let z = normal.inverse_cdf(q);
        Some(Predictive {
            sample,
            parts: Parts {
                parameters: is_known.then(|| half(centres)),
                noise: factor * model.noise.half(level),
                misfit: Some(beyond.hypot(z * inside)),
                choice: choice.map(|sd| z * sd),
                law: shifts.sd().map(|sd| z * sd),
            },
        })
    }

    /// The two ends of the central interval of `level`.
    pub(crate) fn ends(&self, level: f64) -> Option<(f64, f64)> {
        quantiles(&mut self.sample.clone(), level)
    }
}

/// Standard deviation of the law over the objectives, about the one that was chosen.
fn choice_sd(point: &Point<'_>) -> Option<f64> {
    let choices = &point.model.choices;
    if choices.is_empty() || choices.len() != point.others.len() {
        return None;
    }
    let square = |(choice, other): (&super::ChoiceWeight, &f64)| {
        let off = other - point.estimate;
        if off.is_finite() { choice.weight * off * off } else { 0.0 }
    };
    Some(choices.iter().zip(&point.others).map(square).sum::<f64>().sqrt())
}

/// How far each law lies from the law of the fit, with its weight; a law without a value there counts as that of the
/// fit.
struct Shifts(Vec<(f64, f64)>);

impl Shifts {
    fn of(point: &Point<'_>) -> Shifts {
        let laws = point.model.laws.iter().zip(&point.laws);
        let shift = |value: f64| Some(value - point.estimate).filter(|off| off.is_finite()).unwrap_or(0.0);
        Shifts(laws.map(|(law, &value)| (law.weight, shift(value))).collect())
    }

    /// The shift of the law that a share from 0 to 1 of all weight ends in.
    fn at(&self, share: f64) -> f64 {
        let mut sum = 0.0;
        let law = self.0.iter().find(|(weight, _)| {
            sum += weight;
            share < sum
        });
        law.or(self.0.last()).map_or(0.0, |law| law.1)
    }

    /// Root mean square of the shifts.
    fn sd(&self) -> Option<f64> {
        let square: f64 = self.0.iter().map(|(weight, shift)| weight * shift * shift).sum();
        (!self.0.is_empty()).then(|| square.sqrt())
    }
}

/// Evenly spaced quantiles of the misfit, worked out once.
fn tails() -> &'static [f64] {
    static TAILS: std::sync::OnceLock<Vec<f64>> = std::sync::OnceLock::new();
    TAILS.get_or_init(|| (0..SAMPLE).map(|k| tail((k as f64 + 0.5) / SAMPLE as f64)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::{ChoiceWeight, Misfit, Noise};

    fn model() -> ForecastModel {
        let normal = Normal::standard();
        let quantiles = (0..199).map(|k| 0.02 * normal.inverse_cdf((f64::from(k) + 0.5) / 199.0)).collect();
        let misfit = Misfit { rate: 0.03, expected: 0.03, cuts: 5, calibration: 1.0 };
        let weight =
            |objective: &str, weight| ChoiceWeight { objective: objective.into(), delta: None, weight };
        ForecastModel {
            level: 0.9,
            size: None,
            noise: Noise { quantiles, repeats: None, slope: 0.0, centre: 0.0, ends: (0.0, 0.0), excess: 0.0 },
            misfit,
            choices: vec![weight("squares-log", 0.5), weight("huber-log", 0.5)],
            laws: Vec::new(),
            errors: Vec::new(),
        }
    }

    #[test]
    fn the_parts_add_as_independent_ones_do() {
        let normal = Normal::standard();
        let centres: Vec<f64> = (0..500)
            .map(|k| 1.0 + 0.025 * normal.inverse_cdf((f64::from((k * 7) % 500) + 0.5) / 500.0))
            .collect();
        let model = model();
        let point = Point {
            estimate: 1.0,
            centres,
            others: vec![1.04, 1.0],
            laws: Vec::new(),
            log_size: 0.0,
            distance: 1.0,
            model: &model,
        };
        let found = Predictive::of(&point, 0.9).unwrap();
        let parts = &found.parts;
        let z = 1.644_853_627;
        assert!((parts.parameters.unwrap() / (0.025 * z) - 1.0).abs() < 0.02);
        assert!((parts.noise / (0.02 * z) - 1.0).abs() < 0.03);
        assert!((parts.misfit.unwrap() / (0.03 * 2.131_847) - 1.0).abs() < 1e-3);
        assert!((parts.choice.unwrap() / (0.04 * 0.5_f64.sqrt() * z) - 1.0).abs() < 1e-3);
        // Variances add; that of t_4 is twice its squared scale.
        let wanted = 0.025_f64.powi(2) + 0.02_f64.powi(2) + 2.0 * 0.03_f64.powi(2) + 0.04_f64.powi(2) / 2.0;
        let mean = found.sample.iter().sum::<f64>() / SAMPLE as f64;
        let variance = found.sample.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / SAMPLE as f64;
        assert!(
            (mean - 1.0).abs() < 1e-3 && (variance / wanted - 1.0).abs() < 0.06,
            "{mean} {variance} {wanted}"
        );
    }

    #[test]
    fn laws_share_the_forecast_by_weight() {
        let mut model = model();
        let law = |law: &str, own, weight| crate::forecast::LawWeight {
            law: law.into(),
            own,
            weight,
            formula: String::new(),
            parameters: Vec::new(),
        };
        model.laws = vec![law("a", true, 0.75), law("b", false, 0.25)];
        let (centres, others) = (vec![1.0; 20], vec![1.0, 1.0]);
        let at = |laws: Vec<f64>| {
            let (centres, others) = (centres.clone(), others.clone());
            let point =
                Point { estimate: 1.0, centres, others, laws, log_size: 0.0, distance: 0.0, model: &model };
            Predictive::of(&point, 0.9).unwrap()
        };
        let found = at(vec![1.0, 2.0]);
        // A quarter of the mass lies about the other law, on its side only.
        let above = found.sample.iter().filter(|v| **v > 1.5).count() as f64 / SAMPLE as f64;
        assert!((above - 0.25).abs() < 2e-3, "{above}");
        let (low, high) = found.ends(0.9).unwrap();
        assert!(low > 0.95 && high > 1.95, "{low} {high}");
        assert!((found.parts.law.unwrap() / (1.644_853_627 * 0.5) - 1.0).abs() < 1e-6);
        // A law without a value there says nothing.
        let unknown = at(vec![1.0, f64::NAN]);
        assert_eq!(unknown.parts.law, Some(0.0));
        assert!(unknown.ends(0.9).unwrap().1 < 1.05);
    }

    #[test]
    fn intervals_grow_with_the_distance() {
        let model = model();
        let width = |distance| {
            let point = Point {
                estimate: 0.0,
                centres: vec![0.0; 20],
                others: vec![0.0, 0.0],
                laws: Vec::new(),
                log_size: 0.0,
                distance,
                model: &model,
            };
            let (low, high) = Predictive::of(&point, 0.9).unwrap().ends(0.9).unwrap();
            high - low
        };
        let widths = [0.0, 0.5, 2.0, 6.0].map(width);
        assert!(widths.windows(2).all(|w| w[1] > 1.1 * w[0]), "{widths:?}");
    }
}
