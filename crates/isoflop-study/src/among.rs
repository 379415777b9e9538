//! Other laws for the forecasts of a fit: which ones a request names, weighed on the rows of the fit.

use isoflop_fit::{Data, FitOptions, LeftOut, Progress, WeighedLaws, weigh_laws};
use isoflop_formula::InputKind;
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{Mapping, RunTable};

use crate::bind::{law_of_formula, law_over};
use crate::compare::ROWS_PER_PARAMETER;
use crate::error::StudyError;
use crate::note::Listener;
use crate::outputs::one_output;

/// The law of a fit with its rows, and where other laws come from.
#[derive(Debug)]
pub(crate) struct Around<'a> {
    pub(crate) law: &'a Law,
    pub(crate) data: &'a Data,
    pub(crate) options: &'a FitOptions,
    pub(crate) table: &'a RunTable,
    pub(crate) mapping: &'a Mapping,
    pub(crate) catalogue: &'a Catalogue,
}

impl Around<'_> {
    /// The laws of `names`: ids, formulas, or `auto` for every law of the catalogue that predicts the same from the same
    /// columns, with three rows for each parameter.
    ///
    /// # Errors
    /// A law that does not exist, predicts something else or reads what the law of the fit does not.
    pub(crate) fn rivals(&self, names: &[String]) -> Result<Vec<Law>, StudyError> {
        const WHAT: &str = "a forecast shared by several laws";
        if !names.is_empty() {
            one_output(self.law, WHAT)?;
        }
        let mut rivals: Vec<Law> = Vec::new();
        for name in names {
            if name == "auto" {
                rivals.extend(self.automatic()?);
            } else {
                let law = self.named(name)?;
                one_output(&law, WHAT)?;
                self.check(&law)?;
                rivals.push(law);
            }
        }
        let mut seen: Vec<String> = Vec::new();
        rivals.retain(|law| {
            let is_new = !seen.contains(&law.id);
            seen.push(law.id.clone());
            is_new
        });
        Ok(rivals)
    }

    /// Weighs them.
    ///
    /// # Errors
    /// Whatever [`isoflop_fit::weigh_laws`] refuses.
    pub(crate) fn weigh(&self, rivals: &[Law], progress: &dyn Progress) -> Result<WeighedLaws, StudyError> {
        Ok(weigh_laws(self.law, self.data, rivals, self.options, progress)?)
    }

    fn named(&self, name: &str) -> Result<Law, StudyError> {
        if !name.contains('~') {
            return law_over(self.catalogue.find(name)?, self.table);
        }
        let mut law = law_of_formula(name, self.table, self.mapping)?;
        law.id = name.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(law)
    }

    /// Whether a law that was asked for by name can take part.
    fn check(&self, law: &Law) -> Result<(), StudyError> {
        if law.output.name != self.law.output.name {
            return Err(StudyError::TwoOutputs {
                first: self.law.id.clone(),
                output: self.law.output.name.clone(),
                second: law.id.clone(),
                other: law.output.name.clone(),
            });
        }
        match self.foreign(law) {
            None => Ok(()),
            Some(input) => {
                Err(StudyError::ForeignInput { law: law.id.clone(), input, own: self.law.id.clone() })
            }
        }
    }

    /// What a law reads that the law of the fit does not.
    fn foreign(&self, law: &Law) -> Option<String> {
        let own = &self.law.formula().symbols.inputs;
        let known = |name: &str| own.iter().any(|i| i.kind == InputKind::Column && i.name == name);
        let inputs = law.formula().symbols.inputs.iter();
        let mut foreign = inputs.filter(|i| i.kind != InputKind::Column || !known(&i.name));
        foreign.next().map(|input| input.name.clone())
    }

    fn automatic(&self) -> Result<Vec<Law>, StudyError> {
        let mut found = Vec::new();
        for law in self.catalogue.laws().iter().filter(|law| law.output.name == self.law.output.name) {
            let law = law_over(law, self.table)?;
            let symbols = &law.formula().symbols;
            let free = symbols.params.iter().filter(|p| p.fixed.is_none()).count();
            let is_small = free * ROWS_PER_PARAMETER <= self.data.rows();
            let is_grouped = symbols.params.iter().any(|p| p.group.is_some());
            if law.formula().parts.is_empty() && is_small && !is_grouped && self.foreign(&law).is_none() {
                found.push(law);
            }
        }
        Ok(found)
    }
}

/// Says which laws of `names` take no part, and whether the law of the fit has none.
pub(crate) fn tell(found: &WeighedLaws, names: &[String], notes: &dyn Listener) {
    for LeftOut { law, reason } in found.left_out.iter().filter(|out| names.contains(&out.law)) {
        notes.warning(&format!("{law} does not take part in forecasts: {reason}"));
    }
    if found.laws.first().is_none_or(|first| !first.own || first.weight == 0.0) {
        let sentence = &found.sentence;
        notes.warning(&format!("the law of this fit has no weight in its own forecasts: {sentence}"));
    }
}
