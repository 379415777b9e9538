//! What gets an interval: every parameter, what the law derives from them, and formulas of them that a user asks for.

use isoflop_formula::{Formula, InputSpec, ParamSpec, Scope, Unit, evaluate};
use isoflop_laws::Law;

use crate::coordinates::Slot;
use crate::error::FitError;
use crate::result::Derived;

/// A formula over the slots of a law.
#[derive(Debug, Clone)]
struct Expression {
    name: String,
    text: String,
    compiled: Formula,
    /// Slot of each of its inputs.
    slots: Vec<usize>,
}

/// The slots of a law, and behind them the quantities made of them.
#[derive(Debug, Clone)]
pub(crate) struct Quantities {
    slots: Vec<Slot>,
    derived: Vec<Expression>,
}

impl Quantities {
    /// The slots, the derived quantities of `law` that need no input (those of grouped parameters are left out), and
    /// the formulas `asked`.
    ///
    /// # Errors
    /// A formula that was asked for and does not compile.
    pub(crate) fn new(
        law: &Law,
        formula: &Formula,
        slots: &[Slot],
        asked: &[String],
    ) -> Result<Quantities, FitError> {
        let inputs = slots.iter().map(|s| InputSpec::new(&s.name, Unit::default())).collect();
        let mut scope = Scope { inputs, sets: law.scope().sets, ..Scope::default() };
        // A tied parameter is one of the others under its own name.
        scope.params = formula
            .ties
            .iter()
            .map(|tie| ParamSpec {
                tie: Some(isoflop_formula::print::text(&formula.graph, &formula.symbols, tie.node)),
                ..ParamSpec::new(&tie.name)
            })
            .collect();
        let expression = |name: &str, text: &str, compiled: Formula| {
            let place = |name: &str| slots.iter().position(|s| s.name == name).unwrap_or(0);
            let slots = compiled.symbols.inputs.iter().map(|i| place(&i.name)).collect();
            Expression { name: name.to_string(), text: text.to_string(), compiled, slots }
        };
        let mut derived: Vec<Expression> = law
            .derived
            .iter()
            .filter(|d| d.inputs.is_empty())
            .filter_map(|d| Some(expression(&d.name, &d.text, Formula::expression(&d.text, &scope).ok()?)))
            .collect();
        for text in asked {
            let compiled = Formula::expression(text, &scope).map_err(|report| FitError::UnknownQuantity {
                of: text.clone(),
                reason: report.render(text),
            })?;
            if let Some(unknown) = compiled.symbols.params.first() {
                return Err(FitError::UnknownQuantity {
                    of: text.clone(),
                    reason: format!("the law has no parameter {}", unknown.name),
                });
            }
            if !derived.iter().any(|d| d.name == *text || d.text == *text) {
                derived.push(expression(text, text, compiled));
            }
        }
        Ok(Quantities { slots: slots.to_vec(), derived })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() + self.derived.len()
    }

    /// Name of quantity `k`.
    pub(crate) fn name(&self, k: usize) -> &str {
        match self.slots.get(k) {
            Some(slot) => &slot.name,
            None => &self.derived[k - self.slots.len()].name,
        }
    }

    /// Formula of quantity `k`.
    pub(crate) fn text(&self, k: usize) -> &str {
        match self.slots.get(k) {
            Some(slot) => &slot.name,
            None => &self.derived[k - self.slots.len()].text,
        }
    }

    /// Whether quantity `k` is a parameter that was held.
    pub(crate) fn is_fixed(&self, k: usize) -> bool {
        self.slots.get(k).is_some_and(|slot| slot.fixed.is_some())
    }

    /// Quantity `k` at each set of slot values.
    pub(crate) fn column(&self, k: usize, sets: &[&[f64]]) -> Vec<f64> {
        if k < self.slots.len() {
            return sets.iter().map(|set| set[k]).collect();
        }
        let Expression { compiled, slots, .. } = &self.derived[k - self.slots.len()];
        let columns: Vec<Vec<f64>> =
            slots.iter().map(|&slot| sets.iter().map(|set| set[slot]).collect()).collect();
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let mut out = vec![0.0; sets.len()];
        evaluate(&compiled.graph, compiled.body, &slices, &[], &mut out);
        out
    }

    /// The derived ones as results, with the ends that `ends` gives for each quantity.
    pub(crate) fn derived(&self, estimates: &[f64], ends: &[Option<(f64, f64)>]) -> Vec<Derived> {
        (self.slots.len()..self.len())
            .map(|k| {
                let ends = ends.get(k).copied().flatten();
                Derived {
                    name: self.name(k).to_string(),
                    formula: self.text(k).to_string(),
                    estimate: self.column(k, &[estimates])[0],
                    low: ends.map(|e| e.0),
                    high: ends.map(|e| e.1),
                }
            })
            .collect()
    }
}
