//! Tables of published rules: what each says for the given values, and whether they lie where it was measured.
//!
//! Some questions have no optimum to search: a published law names the learning rate directly. Then several laws
//! can be asked at once, and that they disagree is part of the answer.

use std::collections::BTreeMap;

use isoflop_formula::{Formula, InputSpec, Scope, parse_number};
use isoflop_laws::{Catalogue, CoefficientSet, Value};
use serde::Deserialize;

use crate::error::PlanError;
use crate::model::Measured;
use crate::named::NamedPlan;
use crate::smooth::value_at;

/// A line of a table: a law of the catalogue at the given values, or a formula of what stands above it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it says something about.
    pub name: String,
    /// The law with its coefficients, `step_law_lr@printed`.
    pub law: Option<String>,
    /// A derived quantity of the law instead of its output.
    pub quantity: Option<String>,
    /// Inputs of the law as formulas of given values and rules above; `'text'` for a text. Left out: the same name.
    #[serde(default)]
    pub inputs: BTreeMap<String, String>,
    /// Formula of the law's output (or quantity), given values and rules above; without a law, the rule itself.
    pub value: Option<String>,
    /// Name under which later rules may use the value.
    pub called: Option<String>,
    /// Unit of the value where it is not that of the law's output.
    pub unit: Option<String>,
    /// Where a rule without a law comes from.
    pub source: Option<String>,
}

/// What a rule says.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// What about.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit; empty for a pure number.
    pub unit: String,
    /// The law with its coefficients; `None` for a formula.
    pub law: Option<String>,
    /// Where the coefficients come from; for a formula see `source`.
    pub measured: Option<Measured>,
    /// Where a formula comes from.
    pub source: Option<String>,
    /// Whether an input could be compared with the runs behind the law.
    pub compared: bool,
    /// Inputs that lie outside them.
    pub outside: Vec<Outside>,
}

/// An input outside the runs behind a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Outside {
    /// The input.
    pub name: String,
    /// Its value here.
    pub value: f64,
    /// Smallest value among the runs.
    pub low: f64,
    /// Largest value among the runs.
    pub high: f64,
}

impl NamedPlan {
    /// What every rule of this plan says for the given values.
    ///
    /// # Errors
    /// A value that is missing, unknown or no number; laws and formulas of a user's file that do not work.
    ///
    /// ```
    /// use isoflop_laws::Catalogue;
    /// use isoflop_plan::NamedPlan;
    /// let plan = NamedPlan::find("hyperparameters").unwrap();
    /// let given = [("N".to_owned(), "1B".to_owned()), ("D".to_owned(), "100B".to_owned())];
    /// let advice = plan.advise(&given, &Catalogue::builtin()?).unwrap();
    /// assert!((advice[0].value - 1.632e-3).abs() < 1e-6);
    /// # Ok::<(), isoflop_laws::LawErrors>(())
    /// ```
    pub fn advise(
        &self,
        given: &[(String, String)],
        catalogue: &Catalogue,
    ) -> Result<Vec<Advice>, PlanError> {
        let mut known: Vec<(String, f64)> = Vec::new();
        let mut words: Vec<(String, String)> = Vec::new();
        for (name, text) in self.filled(given)? {
            let Some(asked) = self.given.get(&name) else {
                return Err(PlanError::UnusedGiven {
                    option: "--given",
                    name,
                    law: format!("the plan {}", self.id),
                });
            };
            match parse_number(&text).filter(|x| x.is_finite()) {
                Some(number) => known.push((name, number)),
                None if parse_number(&asked.example).is_none() => words.push((name, text)),
                None => return Err(PlanError::NotANumber { name, value: text }),
            }
        }
        let mut list = Vec::new();
        for rule in &self.rule {
            let advice = self.follow(rule, &known, &words, catalogue)?;
            known.extend(rule.called.iter().map(|name| (name.clone(), advice.value)));
            list.push(advice);
        }
        Ok(list)
    }

    fn follow(
        &self,
        rule: &Rule,
        known: &[(String, f64)],
        words: &[(String, String)],
        catalogue: &Catalogue,
    ) -> Result<Advice, PlanError> {
        let place = format!("the rule {} of the plan {}", rule.name, self.id);
        let mut advice = Advice {
            name: rule.name.clone(),
            value: f64::NAN,
            unit: rule.unit.clone().unwrap_or_default(),
            law: rule.law.clone(),
            measured: None,
            source: rule.source.clone(),
            compared: false,
            outside: Vec::new(),
        };
        let Some(text) = &rule.law else {
            let formula = rule.value.as_deref().unwrap_or_default();
            advice.value = evaluate(&place, formula, known)?;
            return Ok(advice);
        };
        let bad = |reason: String| PlanError::BadSource { text: text.clone(), reason };
        let (id, set) = text.split_once('@').unwrap_or((text, ""));
        let law = catalogue.find(id).map_err(|error| bad(error.to_string()))?;
        let set = law.coefficients(set).ok_or_else(|| bad("there is no such coefficient set".to_owned()))?;
        let values = set
            .complete()
            .ok_or_else(|| bad(format!("the set {} has no values that can predict", set.id)))?;
        let quantity = rule.quantity.as_deref();
        let names: Vec<String> = match quantity.and_then(|name| law.derived(name)) {
            Some(derived) => derived.inputs.iter().map(|(name, _)| name.clone()).collect(),
            None => law.inputs.iter().map(|input| input.name.clone()).collect(),
        };
        let mut inputs: Vec<(String, Value)> = Vec::new();
        for name in names {
            let formula = rule.inputs.get(&name).unwrap_or(&name);
            let word = words.iter().find(|(word, _)| word == formula).map(|(_, text)| text.as_str());
            let word = word.or_else(|| formula.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')));
            let value = match word {
                Some(word) => Value::Text(word.to_owned()),
                None => Value::Number(evaluate(&place, formula, known)?),
            };
            inputs.push((name, value));
        }
        let found = match quantity {
            Some(name) => law.derive(name, values, &inputs),
            None => law.predict(values, &inputs),
        };
        advice.value = found.map_err(|error| bad(error.to_string()))?;
        if rule.unit.is_none() && rule.value.is_none() && quantity.is_none() {
            advice.unit = Some(law.output.unit.to_string()).filter(|unit| unit != "1").unwrap_or_default();
        }
        if let Some(formula) = &rule.value {
            let own = quantity.unwrap_or(&law.output.name);
            let mut all: Vec<_> = known.iter().filter(|(name, _)| name != own).cloned().collect();
            all.push((own.to_owned(), advice.value));
            advice.value = evaluate(&place, formula, &all)?;
        }
        advice.compared = set.range.iter().any(|(name, ..)| inputs.iter().any(|(known, _)| known == name));
        advice.outside = outside(set, &inputs);
        advice.measured = Some(Measured::of(law, set));
        Ok(advice)
    }
}

/// Inputs outside the runs of the set.
fn outside(set: &CoefficientSet, inputs: &[(String, Value)]) -> Vec<Outside> {
    let mut list = Vec::new();
    for (name, low, high) in &set.range {
        let Some(Value::Number(value)) = inputs.iter().find(|(n, _)| n == name).map(|(_, value)| value)
        else {
            continue;
        };
        // Printed ranges have two or three digits.
        if *value < low / 1.01 || *value > high * 1.01 {
            list.push(Outside { name: name.clone(), value: *value, low: *low, high: *high });
        }
    }
    list
}

/// The value of a formula of known numbers. `place` is what messages name.
pub(crate) fn evaluate(place: &str, text: &str, known: &[(String, f64)]) -> Result<f64, PlanError> {
    let inputs = known.iter().map(|(name, _)| InputSpec::new(name, Default::default())).collect();
    let scope = Scope { inputs, ..Scope::default() };
    let formula = Formula::expression(text, &scope).map_err(|diagnostics| PlanError::Formula {
        place: place.to_owned(),
        text: text.to_owned(),
        diagnostics,
    })?;
    let of = |name: &str| known.iter().find(|(n, _)| n == name).map_or(f64::NAN, |(_, value)| *value);
    let inputs: Vec<f64> = formula.symbols.inputs.iter().map(|input| of(&input.name)).collect();
    Ok(value_at(&formula.graph, formula.body, &inputs, &[]))
}
