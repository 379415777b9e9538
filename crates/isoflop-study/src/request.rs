//! What a user asks of a fit, as plain data: every front end makes one of these.

use isoflop_fit::{Clusters, FitError, IntervalOptions, Objective, Overrides, Sampler};
use isoflop_formula::parse_number;
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// What to fit to a table, and how. Texts are written as on the command line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Id of a law, or a formula such as `loss ~ E + A / N^alpha`.
    pub law: Option<String>,
    /// Columns that stand for names of the law: `loss=val_loss`.
    pub maps: Vec<String>,
    /// New columns: `D = C / (6*N)`.
    pub lets: Vec<String>,
    /// Rows to keep: `C < 1e21`.
    pub filters: Vec<String>,
    /// Column with a weight for each row, above 0.
    pub weight: Option<String>,
    /// Column whose values say which rows belong together when the bootstrap resamples.
    pub cluster: Option<String>,
    /// Name of the objective; `None` for what the law recommends.
    pub objective: Option<String>,
    /// Threshold of the objective, in the unit of the residual.
    pub delta: Option<f64>,
    /// Changes to the parameters of the law.
    pub changes: Changes,
    /// Starting points: `auto`, a number, or `hoffmann`.
    pub starts: String,
    /// Bootstrap replicates behind the intervals; 0 for none.
    pub bootstrap: usize,
    /// How intervals are found, and of what.
    pub interval: IntervalRequest,
    /// Coverage of the intervals, between 0 and 1.
    pub level: f64,
    /// Decides starts and replicates: the same seed gives the same bits.
    pub seed: u64,
    /// Threads; `None` for as many as the machine has.
    pub threads: Option<usize>,
    /// Whether the other objectives are fitted as well, to show how much the choice moves the answer.
    pub choices: bool,
    /// Laws that share the forecasts of the fit by how well they forecast rows held out: ids, formulas, or `auto`; none
    /// for the law of the fit alone.
    pub among: Vec<String>,
}

impl Default for Request {
    fn default() -> Self {
        Request {
            law: None,
            maps: Vec::new(),
            lets: Vec::new(),
            filters: Vec::new(),
            weight: None,
            cluster: None,
            objective: None,
            delta: None,
            changes: Changes::default(),
            starts: "auto".to_owned(),
            bootstrap: 1000,
            interval: IntervalRequest::default(),
            level: 0.9,
            seed: 0,
            threads: None,
            choices: true,
            among: Vec::new(),
        }
    }
}

/// How intervals are to be found, as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalRequest {
    /// One of [`isoflop_fit::IntervalMethod::NAMES`]; `None` for the default.
    pub method: Option<String>,
    /// One of [`isoflop_fit::Ends::NAMES`]; `None` for the default.
    pub ends: Option<String>,
    /// Column within whose levels a stratified bootstrap draws.
    pub strata: Option<String>,
    /// Formulas of parameters that get an interval besides what the law derives.
    pub quantities: Vec<String>,
    /// Priors: `alpha ~ normal(0.35, 0.1)`.
    pub priors: Vec<String>,
    /// Draws that each chain of a sampler keeps; `None` for the default.
    pub draws: Option<usize>,
}

impl IntervalRequest {
    /// The request as the fitter takes it; `strata` are the levels of its column.
    ///
    /// # Errors
    /// A name that does not exist, a prior that is none, ends for a method that has no replicates.
    pub fn options(&self, strata: Option<Clusters>) -> Result<IntervalOptions, StudyError> {
        let mut options =
            IntervalOptions { strata, quantities: self.quantities.clone(), ..Default::default() };
        if let Some(method) = &self.method {
            options.method = method.parse()?;
        }
        if let Some(ends) = &self.ends {
            options.ends = ends.parse()?;
            if !options.method.has_ends() {
                return Err(FitError::EndsWithout { method: options.method.name() }.into());
            }
        }
        options.priors = self.priors.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
        if let Some(draws) = self.draws {
            options.sampler = Sampler { draws, ..options.sampler };
        }
        Ok(options)
    }
}

/// Changes to the parameters of a law, as texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Parameters to hold: `E=1.69`.
    pub fixed: Vec<String>,
    /// Bounds, either end may be left out: `alpha=0..1`.
    pub bounds: Vec<String>,
    /// Parameters to replace by formulas of others: `beta=alpha`.
    pub ties: Vec<String>,
}

impl Request {
    /// The objective asked for, else that of the law's recipe, else the default; with the threshold asked for.
    ///
    /// # Errors
    /// An unknown name; a threshold for an objective that has none.
    pub fn objective(&self, law: &Law) -> Result<Objective, StudyError> {
        let objective = match &self.objective {
            Some(name) => name.parse()?,
            None => Objective::recommended(law)?,
        };
        self.with_delta(objective)
    }

    /// One objective for all laws, whatever they recommend: likelihoods and errors on different scales cannot be
    /// compared.
    ///
    /// # Errors
    /// As for [`Request::objective`].
    pub fn common_objective(&self) -> Result<Objective, StudyError> {
        let objective = match &self.objective {
            Some(name) => name.parse()?,
            None => Objective::DEFAULT,
        };
        self.with_delta(objective)
    }

    fn with_delta(&self, objective: Objective) -> Result<Objective, StudyError> {
        match self.delta {
            None => Ok(objective),
            Some(delta) if objective.has_delta() => Ok(objective.with_delta(delta)),
            Some(_) => Err(StudyError::NoDelta { objective: objective.name() }),
        }
    }
}

impl Changes {
    /// The changes as the fitter takes them.
    ///
    /// # Errors
    /// A text that is no assignment.
    pub fn overrides(&self) -> Result<Overrides, StudyError> {
        let mut overrides = Overrides::default();
        for text in &self.fixed {
            let bad = || StudyError::BadAssignment {
                option: "--fix",
                text: text.clone(),
                example: "NAME=NUMBER, such as E=1.69",
            };
            let (name, value) = assignment(text).ok_or_else(bad)?;
            overrides.fix.push((name, parse_number(&value).ok_or_else(bad)?));
        }
        for text in &self.bounds {
            let example = "NAME=LOW..HIGH, such as alpha=0..1, E=0.. or x=..5";
            let bad = || StudyError::BadAssignment { option: "--bound", text: text.clone(), example };
            let (name, range) = assignment(text).ok_or_else(bad)?;
            let (low, high) = range.split_once("..").ok_or_else(bad)?;
            let end = |text: &str, open: f64| match text.trim() {
                "" => Some(open),
                text => parse_number(text),
            };
            let low = end(low, f64::NEG_INFINITY).ok_or_else(bad)?;
            let high = end(high, f64::INFINITY).ok_or_else(bad)?;
            overrides.bounds.push((name, low, high));
        }
        for text in &self.ties {
            let example = "NAME=FORMULA, such as beta=alpha";
            let bad = || StudyError::BadAssignment { option: "--tie", text: text.clone(), example };
            overrides.ties.push(assignment(text).ok_or_else(bad)?);
        }
        Ok(overrides)
    }
}

/// `name = value`, both not empty.
fn assignment(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn overrides_take_suffixes_and_open_ends() {
        let read = Changes {
            fixed: texts(&["A=1.5k"]),
            bounds: texts(&["E=0..", "x = -1..2"]),
            ties: texts(&["beta=2*alpha"]),
        };
        let read = read.overrides().unwrap();
        assert_eq!(read.fix, [("A".to_owned(), 1500.0)]);
        assert_eq!(read.bounds, [("E".to_owned(), 0.0, f64::INFINITY), ("x".to_owned(), -1.0, 2.0)]);
        assert_eq!(read.ties, [("beta".to_owned(), "2*alpha".to_owned())]);
    }

    #[test]
    fn bad_overrides_are_errors() {
        for fixed in ["E", "E=x"] {
            assert!(Changes { fixed: texts(&[fixed]), ..Changes::default() }.overrides().is_err(), "{fixed}");
        }
        assert!(Changes { bounds: texts(&["E=1"]), ..Changes::default() }.overrides().is_err());
        assert!(Changes { ties: texts(&["=a"]), ..Changes::default() }.overrides().is_err());
    }
}
