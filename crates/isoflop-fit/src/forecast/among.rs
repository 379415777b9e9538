//! How much the choice of the law matters: the other laws that the runs allow, weighted by how well they forecast rows
//! held out.
//!
//! The laws are compared as by [`crate::compare()`], under the objective of the fit. Those that are not shown to be worse
//! than the best share the forecast by their stacking weights (Yao, Vehtari, Simpson and Gelman, Bayesian Analysis 13,
//! 2018, equation 4), and the forecast of one new run is their mixture: the errors of each law are taken to be spread
//! about it as those of the fitted law are about the fitted law.
//!
//! *Determinism*: the seed of the options decides starts and parts.

use isoflop_formula::{Formula, InputKind, InputSpec, ParamSpec, Scope, evaluate};
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

use crate::compare::{Candidate, CompareOptions, compare};
use crate::comparison::{Compared, Comparison, LeftOut};
use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, root};
use crate::request::{self, FitOptions, Overrides};
use crate::result::Fit;

/// The weight of a law in a forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawWeight {
    /// Id of the law, or its formula.
    pub law: String,
    /// Whether it is the law of the fit.
    pub own: bool,
    /// Share in the mixture that forecasts rows held out best; all sum to 1.
    pub weight: f64,
    /// Its formula; empty for the law of the fit.
    pub formula: String,
    /// Its parameters at the optimum, by name; empty for the law of the fit.
    pub parameters: Vec<(String, f64)>,
}

/// Laws weighed for forecasts.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighedLaws {
    /// The law of the fit first, then those of a weight above 0, the heaviest first.
    pub laws: Vec<LawWeight>,
    /// Laws that could not be fitted or compared, with the reason.
    pub left_out: Vec<LeftOut>,
    /// What the comparison found, in one or two sentences.
    pub sentence: String,
}

/// What a law of one forecast said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawForecast {
    /// Id of the law, or its formula.
    pub law: String,
    /// Its share in the forecast.
    pub weight: f64,
    /// What it predicts, in the unit of the output; `None` where it has no value.
    pub estimate: Option<f64>,
}

/// Weighs `rivals` against `law` on the rows of `data`, for the forecasts of the fit of `law` with the same `options`:
/// the weights belong into [`crate::ForecastModel::laws`].
///
/// A rival may read what the law reads, and nothing else: a forecast is asked for at those inputs. The cost is that of
/// eleven searches per law, for ten-fold cross-validation.
///
/// # Errors
/// [`FitError::CannotWeigh`] for a law that looks back over runs, and for a fit with parameters held, bounded or tied,
/// as the others are compared without; [`FitError::Cancelled`]; one cluster alone. A rival that cannot be fitted or reads
/// other inputs is left out with the reason.
pub fn weigh_laws(
    law: &Law,
    data: &Data,
    rivals: &[Law],
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<WeighedLaws, FitError> {
    let because = |reason: &str| FitError::CannotWeigh { law: law.id.clone(), reason: reason.to_string() };
    if options.overrides != Overrides::default() {
        let reason = "it was fitted with --fix, --bound or --tie, and the others are compared without; write it as a \
                      formula instead";
        return Err(because(reason));
    }
    if law.formula().symbols.look_back() {
        return Err(because("it looks back over the rows of a run"));
    }
    let objective = request::objective(law, options)?;
    let mut left_out = Vec::new();
    let mut candidates = vec![Candidate { law: law.clone(), data: data.clone() }];
    for rival in rivals.iter().filter(|rival| rival.id != law.id) {
        match over(rival, law.formula(), data) {
            Ok(data) => candidates.push(Candidate { law: rival.clone(), data }),
            Err(reason) => left_out.push(LeftOut { law: rival.id.clone(), reason }),
        }
    }
    let compared = CompareOptions {
        fit: FitOptions { objective: Some(objective), bootstrap: 0, choices: false, ..options.clone() },
        ..CompareOptions::default()
    };
    let comparison = compare(&candidates, &[], &compared, progress)?;
    let laws = weights(&comparison, &candidates);
    if laws.iter().map(|law| law.weight).sum::<f64>() <= 0.0 {
        return Err(because("no law could be cross-validated on these rows"));
    }
    left_out.extend(comparison.left_out);
    Ok(WeighedLaws { laws, left_out, sentence: comparison.sentence })
}

/// The table in the order of the inputs of `rival`, or why a forecast cannot use it.
fn over(rival: &Law, formula: &Formula, data: &Data) -> Result<Data, String> {
    let symbols = &rival.formula().symbols;
    if symbols.params.iter().any(|param| param.group.is_some()) {
        return Err("it has parameters of its own for each level".to_string());
    }
    let output = |f: &Formula| f.output.as_ref().map(|o| (o.name.clone(), o.input as usize));
    let (name, place) = output(rival.formula()).unwrap_or_default();
    let own = output(formula).map_or_else(String::new, |o| o.0);
    if name != own {
        return Err(format!("it predicts {name} and not {own}"));
    }
    let known = |name: &str| {
        let inputs = formula.symbols.inputs.iter();
        inputs.clone().position(|input| input.kind == InputKind::Column && input.name == name)
    };
    let mut inputs = Vec::new();
    for (k, input) in symbols.inputs.iter().enumerate() {
        let column = (input.kind == InputKind::Column).then(|| known(&input.name)).flatten();
        match column.and_then(|column| data.inputs.get(column)) {
            _ if k == place => inputs.push(Vec::new()),
            Some(values) => inputs.push(values.clone()),
            None => return Err(format!("it reads {}, which the law of the fit does not", input.name)),
        }
    }
    Ok(Data {
        inputs,
        output: data.output.clone(),
        weights: data.weights.clone(),
        clusters: data.clusters.clone(),
        ..Data::default()
    })
}

/// Weights of the laws that stand, from those of the comparison.
fn weights(comparison: &Comparison, candidates: &[Candidate]) -> Vec<LawWeight> {
    let is_own = |name: &String| candidates.first().is_some_and(|first| first.law.id == *name);
    let text = |name: &String| {
        let law = candidates.iter().map(|c| &c.law).find(|law| law.id == *name);
        law.map_or_else(String::new, |law| law.formula().to_text())
    };
    let stands = |law: &&Compared| law.cross.as_ref().is_some_and(|cross| !cross.worse);
    let total: f64 = comparison.laws.iter().filter(stands).map(|law| law.weight).sum();
    let weigh = |found: &Compared| {
        let own = is_own(&found.law);
        LawWeight {
            law: found.law.clone(),
            own,
            weight: if stands(&found) { found.weight / total.max(f64::MIN_POSITIVE) } else { 0.0 },
            formula: if own { String::new() } else { text(&found.law) },
            parameters: if own { Vec::new() } else { found.estimates.clone() },
        }
    };
    let mut laws: Vec<LawWeight> = comparison.laws.iter().map(weigh).collect();
    // What does not matter is not kept.
    const LEAST: f64 = 1e-3;
    laws.retain(|law| law.own || law.weight >= LEAST);
    laws.sort_by(|a, b| b.own.cmp(&a.own).then(b.weight.total_cmp(&a.weight)));
    let kept: f64 = laws.iter().map(|law| law.weight).sum();
    laws.iter_mut().for_each(|law| law.weight /= kept.max(f64::MIN_POSITIVE));
    laws
}

/// A law beside the fitted one, ready to predict.
pub(crate) struct Rival {
    formula: Formula,
    parameters: Vec<f64>,
}

impl Rival {
    /// The laws of a forecast in their order; `None` for the law of the fit.
    ///
    /// # Errors
    /// A formula that does not compile, or has other parameters, as after editing a saved fit by hand.
    pub(crate) fn all(formula: &Formula, fit: &Fit) -> Result<Vec<Option<Rival>>, FitError> {
        let laws = fit.forecast.as_ref().map_or(&[][..], |model| &model.laws);
        laws.iter().map(|law| if law.own { Ok(None) } else { Rival::new(law, formula).map(Some) }).collect()
    }

    fn new(law: &LawWeight, own: &Formula) -> Result<Rival, FitError> {
        let mut scope = Scope::default();
        let output = own.output.as_ref().map(|o| o.name.as_str());
        for input in own.symbols.inputs.iter().filter(|input| input.kind == InputKind::Column) {
            // Units were checked when the law was read.
            let spec = InputSpec::new(&input.name, isoflop_formula::Unit::default());
            match output == Some(input.name.as_str()) {
                true => scope.output = Some(spec),
                false => scope.inputs.push(spec),
            }
        }
        scope.params = law.parameters.iter().map(|(name, _)| ParamSpec::new(name)).collect();
        let formula = Formula::compile(&law.formula, &scope)
            .map_err(|d| FitError::SavedLaw { reason: d.render(&law.formula) })?;
        let value = |name: &str| law.parameters.iter().find(|p| p.0 == name).map(|p| p.1);
        let parameters: Option<Vec<f64>> = formula.symbols.params.iter().map(|p| value(&p.name)).collect();
        let other = || FitError::SavedLaw { reason: format!("{} has other parameters", law.law) };
        Ok(Rival { parameters: parameters.ok_or_else(other)?, formula })
    }

    /// The output that the law predicts; NaN where it has no value.
    pub(crate) fn value(&self, input: &dyn Fn(&str) -> f64) -> f64 {
        let inputs: Vec<[f64; 1]> =
            self.formula.symbols.inputs.iter().map(|symbol| [input(&symbol.name)]).collect();
        let inputs: Vec<&[f64]> = inputs.iter().map(|value| &value[..]).collect();
        let mut out = [f64::NAN];
        evaluate(&self.formula.graph, root(&self.formula, true), &inputs, &self.parameters, &mut out);
        out[0]
    }
}
