//! What a comparison of laws found, as data.

use serde::{Deserialize, Serialize};

use crate::certificate::Verdict;
use crate::score::Score;

/// Laws compared on the same rows under one objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What was minimised, for all laws.
    pub objective: String,
    /// Rows.
    pub rows: usize,
    /// Parts of the cross-validation.
    pub parts: usize,
    /// Folds of the backtest.
    pub forward_folds: usize,
    /// Nominal coverage of the intervals of the backtest.
    pub level: f64,
    /// Chance of telling laws apart that are not, over the whole comparison.
    pub significance: f64,
    /// The laws, best held-out score first; those that could not be cross-validated last.
    pub laws: Vec<Compared>,
    /// Laws that could not be fitted, with the reason.
    pub left_out: Vec<LeftOut>,
    /// What can be concluded.
    pub conclusion: Conclusion,
    /// The same in one or two sentences.
    pub sentence: String,
}

/// What a comparison can conclude.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// One law is better than all others.
    Best(String),
    /// These cannot be told apart; all others are worse than the first.
    CannotTell(Vec<String>),
    /// Fewer than two laws could be compared.
    Nothing,
}

impl Comparison {
    /// The laws that are not shown to be worse than the best, the best first, with those that are the same law.
    pub fn standing(&self) -> Vec<&str> {
        let standing = self.laws.iter().filter(|law| law.cross.as_ref().is_some_and(|c| !c.worse));
        standing.flat_map(|law| std::iter::once(&law.law).chain(&law.same)).map(String::as_str).collect()
    }
}

/// One law of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Id of the law, or its formula.
    pub law: String,
    /// Formula as text.
    pub formula: String,
    /// Other laws with as many parameters that say the same on every row.
    pub same: Vec<String>,
    /// Free parameters, the scale of the noise not counted.
    pub parameters: usize,
    /// All parameters at the optimum over all rows, by name; one per level for grouped ones.
    pub estimates: Vec<(String, f64)>,
    /// Verdict on the fit to all rows.
    pub verdict: Verdict,
    /// Why it is not certified.
    pub reason: Option<String>,
    /// Condition number of the scaled curvature; `None` if a direction is flat.
    pub condition: Option<f64>,
    /// Log likelihood at the optimum, under the density that the objective belongs to with its dispersion estimated.
    pub log_likelihood: Option<f64>,
    /// Akaike's criterion with the correction for few rows; `None` with hardly more rows than parameters.
    pub aicc: Option<f64>,
    /// Schwarz's criterion.
    pub bic: Option<f64>,
    /// Cross-validation over all rows; `None` if a part could not be fitted or forecast.
    pub cross: Option<Cross>,
    /// Backtest; `None` if there was none.
    pub forward: Option<Forward>,
    /// Share in the best mixture of the laws.
    pub weight: f64,
}

/// Rows held out in random parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cross {
    /// Root mean square of the held-out residuals on the scale of the objective.
    pub rms: f64,
    /// Parts whose fit has no certified optimum, after a second search too; their forecasts count all the same.
    pub uncertified: usize,
    /// Sum of the log density of the held-out residuals.
    pub log_score: f64,
    /// How much the best law scores more.
    pub behind: f64,
    /// Standard error of `behind`, paired over rows or clusters and widened for the overlap of the fits.
    pub behind_error: Option<f64>,
    /// Chance of a difference this large between laws that are equally good; `None` for the best law.
    pub p: Option<f64>,
    /// Whether the law is shown to be worse than the best one.
    pub worse: bool,
}

/// Larger rows held out in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forward {
    /// All forecasts of the backtest; with intervals for laws that are not shown to be worse.
    pub score: Score,
    /// Folds that could be fitted.
    pub folds: usize,
    /// Chance of a difference this large to the law with the smallest error, paired over folds and rows; `None` for
    /// that law itself and for one that not all folds could be fitted with.
    pub p: Option<f64>,
    /// Whether this law has the smallest error of those that all folds could be fitted with.
    pub best: bool,
}

/// A law that was not compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Id of the law, or its formula.
    pub law: String,
    /// Why.
    pub reason: String,
}
