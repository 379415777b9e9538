//! Predictions of a fitted law, with an interval and how far each input lies outside the runs.

use isoflop_formula::{Formula, NodeId, evaluate};
use serde::{Deserialize, Serialize};

use crate::error::FitError;
use crate::fit::{quantiles, root};
use crate::forecast::{ChoiceWeight, LawForecast, Parts, Point, Predictive, Rival};
use crate::objective::Objective;
use crate::result::Fit;

/// The prediction at one point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Inputs by name.
    pub inputs: Vec<(String, f64)>,
    /// Predicted output, in its own unit.
    pub estimate: f64,
    /// Lower end of the interval for a new run; `None` without replicates.
    pub low: Option<f64>,
    /// Upper end of the interval for a new run.
    pub high: Option<f64>,
    /// For each input how many times it lies beyond the range of the runs; 1 inside.
    pub extrapolation: Vec<(String, f64)>,
    /// How many times the point lies beyond the runs along their size or any input; `None` without forecast model.
    #[serde(default)]
    pub beyond: Option<f64>,
    /// What the interval is made of; `None` without replicates.
    #[serde(default)]
    pub parts: Option<Parts>,
    /// What each law that shares the forecast says ([`crate::weigh_laws`]); empty if none were weighed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawForecast>,
}

/// Predicts the output of `formula` (the law of `fit`) at each of `points`, given as names and values of the inputs.
///
/// The interval of nominal coverage `level` is for one new run. With a forecast model ([`crate::learn_forecast`]) it holds
/// the uncertainty of the parameters, the noise of runs, the misfit of the law beyond the runs, the choice of the
/// objective, and that of the law where others were weighed ([`crate::weigh_laws`]); a fit without one, such as an old saved fit, knows the parameters and the scatter of its residuals alone.
///
/// # Errors
/// A law with parameters per level (take the formula and the parameters of one level first), a missing input, a level outside 0 to 1, a point at which the law has no finite value.
pub fn predict(
    formula: &Formula,
    fit: &Fit,
    points: &[Vec<(String, f64)>],
    level: f64,
) -> Result<Vec<Prediction>, FitError> {
    check(formula, fit, level)?;
    let rivals = Rival::all(formula, fit)?;
    let asked = |point| Ok(Asked { rivals: &rivals, ..Asked::new(formula, fit, point)? });
    points.iter().map(|point| one(asked(point)?, level)).collect()
}

/// [`predict`] at one row of a run, for a law with sums over the past.
///
/// `inputs` are those of the formula in their order, one value each, and for [`isoflop_formula::InputKind::Earlier`] the
/// rows of the run up to this one; `point` are those that are columns, by name.
///
/// # Errors
/// A law with parameters per level, a level outside 0 to 1, a row at which the law has no finite value.
pub fn predict_row(
    formula: &Formula,
    fit: &Fit,
    point: &[(String, f64)],
    inputs: Vec<Vec<f64>>,
    level: f64,
) -> Result<Prediction, FitError> {
    check(formula, fit, level)?;
    one(Asked { inputs, ..Asked::bare(formula, fit, point) }.checked()?, level)
}

/// Whether the law has one value for each parameter, and the level is one.
fn check(formula: &Formula, fit: &Fit, level: f64) -> Result<(), FitError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(FitError::BadLevel { level });
    }
    match formula.symbols.params.iter().find_map(|p| p.group.clone()) {
        Some(column) if fit.parameters.len() != formula.symbols.params.len() => {
            Err(FitError::GroupedPrediction { column })
        }
        _ => Ok(()),
    }
}

/// `count` evenly spaced quantiles of the forecast of one new run at `point`, in the unit of the output.
///
/// Quantile `k` belongs to the probability `(k + 1/2) / count`.
///
/// # Errors
/// As [`predict`], and a fit without replicates or forecast model.
pub fn forecast_quantiles(
    formula: &Formula,
    fit: &Fit,
    point: &[(String, f64)],
    count: usize,
) -> Result<Vec<f64>, FitError> {
    let rivals = Rival::all(formula, fit)?;
    let asked = Asked { rivals: &rivals, ..Asked::new(formula, fit, point)? };
    let found = asked.predictive(0.9).ok_or(FitError::NoForecast)?;
    let last = found.sample.len() - 1;
    let quantile = |k: usize| {
        let place =
            ((k as f64 + 0.5) / count as f64 * found.sample.len() as f64 - 0.5).clamp(0.0, last as f64);
        let (below, part) = (place.floor() as usize, place.fract());
        asked.natural(found.sample[below] * (1.0 - part) + found.sample[(below + 1).min(last)] * part)
    };
    Ok((0..count).map(quantile).collect())
}

fn one(asked: Asked<'_>, level: f64) -> Result<Prediction, FitError> {
    let Asked { formula, fit, point, .. } = asked;
    let estimate = asked.value(&asked.estimates(), root(formula, true));
    let (ends, parts) = match asked.predictive(level) {
        Some(found) => {
            let ends = found.ends(level).map(|(low, high)| (asked.natural(low), asked.natural(high)));
            (ends, Some(asked.natural_parts(found.parts, estimate)))
        }
        None => asked.without_model(level, estimate).unzip(),
    };
    let ends = ends.map(|(low, high)| (asked.possible(low), asked.possible(high)));
    let extrapolation = fit
        .ranges
        .iter()
        .map(|range| {
            let x = asked.input(&range.name);
            let ratio = if x > range.high {
                x / range.high
            } else if x < range.low {
                range.low / x
            } else {
                1.0
            };
            (range.name.clone(), ratio)
        })
        .collect();
    let needed = |name: &str| fit.ranges.iter().any(|range| range.name == name);
    let size = fit.forecast.as_ref().and_then(|model| model.size.as_ref());
    Ok(Prediction {
        inputs: point.iter().filter(|(name, _)| needed(name)).cloned().collect(),
        estimate,
        low: ends.map(|e| e.0),
        high: ends.map(|e| e.1),
        extrapolation,
        beyond: size.map(|size| size.distance(&|name| asked.input(name)).exp()),
        laws: asked.laws(estimate),
        parts,
    })
}

/// A point at which a fitted law is asked for.
struct Asked<'a> {
    formula: &'a Formula,
    fit: &'a Fit,
    point: &'a [(String, f64)],
    inputs: Vec<Vec<f64>>,
    /// The laws of the forecast model, in their order; empty where they cannot be asked.
    rivals: &'a [Option<Rival>],
    /// Whether residuals are differences of logs.
    log: bool,
    /// Whether they are those of shares or counts, and so of the output itself.
    family: bool,
}

impl<'a> Asked<'a> {
    fn new(formula: &'a Formula, fit: &'a Fit, point: &'a [(String, f64)]) -> Result<Asked<'a>, FitError> {
        let names = |list: &[&str]| if list.is_empty() { "nothing".to_string() } else { list.join(", ") };
        let needed: Vec<&str> = fit.ranges.iter().map(|r| r.name.as_str()).collect();
        let mut inputs = Vec::new();
        for input in &formula.symbols.inputs {
            let value = point.iter().find(|(name, _)| *name == input.name).map(|p| p.1);
            if value.is_none() && needed.contains(&input.name.as_str()) {
                let given: Vec<&str> = point.iter().map(|p| p.0.as_str()).collect();
                return Err(FitError::MissingInput { needed: names(&needed), given: names(&given) });
            }
            inputs.push(vec![value.unwrap_or(f64::NAN)]);
        }
        Asked { inputs, ..Asked::bare(formula, fit, point) }.checked()
    }

    /// Without inputs.
    fn bare(formula: &'a Formula, fit: &'a Fit, point: &'a [(String, f64)]) -> Asked<'a> {
        Asked {
            formula,
            fit,
            point,
            inputs: Vec::new(),
            rivals: &[],
            log: fit.objective.name.ends_with("-log"),
            family: Objective::is_name_of_family(&fit.objective.name),
        }
    }

    /// Itself, if the law has a value there.
    fn checked(self) -> Result<Asked<'a>, FitError> {
        if !self.value(&self.estimates(), root(self.formula, true)).is_finite() {
            let text: Vec<String> = self.point.iter().map(|(n, v)| format!("{n}={v}")).collect();
            return Err(FitError::NoValue { point: text.join(", ") });
        }
        Ok(self)
    }

    fn input(&self, name: &str) -> f64 {
        self.point.iter().find(|(known, _)| known == name).map_or(f64::NAN, |p| p.1)
    }

    fn estimates(&self) -> Vec<f64> {
        self.fit.parameters.iter().map(|p| p.estimate).collect()
    }

    fn value(&self, params: &[f64], node: NodeId) -> f64 {
        let slices: Vec<&[f64]> = self.inputs.iter().map(Vec::as_slice).collect();
        let mut out = [f64::NAN];
        evaluate(&self.formula.graph, node, &slices, params, &mut out);
        out[0]
    }

    /// Whether the scale of the residuals is that of the output or its logarithm.
    fn is_natural(&self) -> bool {
        self.log
            || self.family
            || self.formula.output.as_ref().is_none_or(|o| o.prediction == self.formula.body)
    }

    /// The nearest value that a share or a count can have.
    fn possible(&self, value: f64) -> f64 {
        match self.fit.objective.name.as_str() {
            "poisson" => value.max(0.0),
            _ if self.family => value.clamp(0.0, 1.0),
            _ => value,
        }
    }

    /// From the scale of the residuals to the output.
    fn natural(&self, value: f64) -> f64 {
        if self.log { value.exp() } else { value }
    }

    /// The law on the scale of the residuals.
    fn scaled(&self, params: &[f64]) -> f64 {
        let value = self.value(params, root(self.formula, true));
        if self.log { value.ln() } else { value }
    }

    /// What a law beside that of the fit says, in the unit of the output.
    fn beside(&self, rival: &Rival) -> f64 {
        rival.value(&|name| self.input(name))
    }

    /// What every law says, that of the fit being `estimate`.
    fn laws(&self, estimate: f64) -> Vec<LawForecast> {
        let model = self.fit.forecast.as_ref();
        let laws = model.map_or(&[][..], |model| &model.laws).iter().zip(self.rivals);
        laws.map(|(law, rival)| {
            let said = rival.as_ref().map_or(estimate, |rival| self.beside(rival));
            let estimate = Some(said).filter(|value| value.is_finite());
            LawForecast { law: law.law.clone(), weight: law.weight, estimate }
        })
        .collect()
    }

    fn predictive(&self, level: f64) -> Option<Predictive> {
        let model = self.fit.forecast.as_ref().filter(|_| self.is_natural())?;
        let under = |weight: &ChoiceWeight| {
            let choices = self.fit.choices.iter();
            let mut same = choices.filter(|c| c.objective == weight.objective && c.delta == weight.delta);
            same.next().map_or(f64::NAN, |choice| self.scaled(&choice.estimates))
        };
        let at = |name: &str| self.input(name);
        let own = self.scaled(&self.estimates());
        let beside = |rival: &Option<Rival>| {
            let Some(rival) = rival else { return own };
            let value = self.beside(rival);
            if self.log { value.ln() } else { value }
        };
        let point = Point {
            estimate: own,
            centres: self.fit.draws.iter().map(|draw| self.scaled(draw)).collect(),
            others: model.choices.iter().map(under).collect(),
            laws: self.rivals.iter().map(beside).collect(),
            log_size: model.size.as_ref().map_or(0.0, |size| size.log(&at)),
            distance: model.size.as_ref().map_or(0.0, |size| size.distance(&at)),
            model,
        };
        Predictive::of(&point, level)
    }

    /// From the scale of the residuals to the output, also where the left side of the law is a function of it.
    fn inverse(&self) -> Option<impl Fn(f64) -> f64> {
        let (graph, node) = self.formula.inverse()?;
        let (log, natural) = (self.log, self.is_natural());
        Some(move |value: f64| match (log, natural) {
            (true, _) => value.exp(),
            (false, true) => value,
            (false, false) => {
                let mut out = [f64::NAN];
                evaluate(&graph, node, &[], &[value], &mut out);
                out[0]
            }
        })
    }

    /// Half widths in the unit of the output.
    fn natural_parts(&self, parts: Parts, estimate: f64) -> Parts {
        let half = |h: f64| if self.log { estimate.abs() * h.sinh() } else { h };
        self.parts_by(parts, half)
    }

    fn parts_by(&self, parts: Parts, half: impl Fn(f64) -> f64 + Copy) -> Parts {
        Parts {
            parameters: parts.parameters.map(half),
            noise: half(parts.noise),
            misfit: parts.misfit.map(half),
            choice: parts.choice.map(half),
            law: parts.law.map(half),
        }
    }

    /// The interval of a fit without forecast model: replicates, each with a residual of the fit.
    fn without_model(&self, level: f64, estimate: f64) -> Option<((f64, f64), Parts)> {
        let mut residuals = self.fit.residuals.clone();
        residuals.sort_by(f64::total_cmp);
        let count = if residuals.is_empty() { 0 } else { self.fit.draws.len() };
        let (inverse, natural) = (self.inverse()?, self.is_natural());
        // On the scale of the residuals.
        let scaled = |params: &[f64]| {
            if natural { self.scaled(params) } else { self.value(params, self.formula.body) }
        };
        let centres: Vec<f64> = self.fit.draws[..count].iter().map(|draw| scaled(draw)).collect();
        let mut draws: Vec<f64> = centres
            .iter()
            .enumerate()
            .map(|(b, centre)| {
                // A fixed shuffle of the residual quantiles, so that they do not go along with the replicates.
                let place = (b * 7919 + 13) % count;
                inverse(centre + residuals[place * residuals.len() / count % residuals.len()])
            })
            .collect();
        let ends = quantiles(&mut draws, level)?;
        let half = |mut values: Vec<f64>| quantiles(&mut values, level).map_or(0.0, |(l, h)| 0.5 * (h - l));
        let parts = Parts {
            parameters: Some(half(centres)),
            noise: half(residuals),
            misfit: None,
            choice: None,
            law: None,
        };
        if natural {
            return Some((ends, self.natural_parts(parts, estimate)));
        }
        let centre = scaled(&self.estimates());
        let half = |h: f64| 0.5 * (inverse(centre + h) - inverse(centre - h)).abs();
        Some((ends, self.parts_by(parts, half)))
    }
}
