//! The certificate: what is proved about an optimum, and what is not.

use serde::{Deserialize, Serialize};

/// The answer to "can this fit be trusted?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All checks passed.
    Certified,
    /// An optimum, but read the warnings.
    CertifiedWithWarnings,
    /// Not shown to be an optimum, or the table cannot determine the law.
    NotCertified,
}

/// What was checked about the optimum of a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The verdict.
    pub verdict: Verdict,
    /// Why the verdict is not `certified`; empty if it is.
    pub reasons: Vec<String>,
    /// Largest entry of the projected gradient, relative to the sum of its absolute contributions.
    pub gradient: f64,
    /// Whether the law passes through every row up to rounding: no optimum can be better, and the gradient is made of
    /// rounding errors.
    #[serde(default)]
    pub exact: bool,
    /// Independent starts.
    pub starts: Starts,
    /// Terms of the law, in its order.
    pub terms: Vec<Term>,
    /// Condition number of the curvature after scaling each coordinate; `None` if it is singular.
    pub condition: Option<f64>,
    /// The worst-determined direction.
    pub direction: Option<Direction>,
    /// Rows whose removal moves an answer by more than one standard error, worst first.
    pub influential: Vec<Influence>,
}

impl Certificate {
    /// Takes note of bootstrap replicates that found no certified optimum: more than one in twenty says that the
    /// table is close to not determining the law.
    pub(crate) fn note_lost(&mut self, lost: usize, replicates: usize) {
        if lost * 20 > replicates {
            self.reasons
                .push(format!("{lost} of {replicates} bootstrap replicates have no certified optimum"));
            if self.verdict == Verdict::Certified {
                self.verdict = Verdict::CertifiedWithWarnings;
            }
        }
    }
}

/// How independent starts ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Starts {
    /// Starts tried.
    pub tried: usize,
    /// Starts that ended at the best objective within one part in a million.
    pub agreeing: usize,
    /// Starts that ended elsewhere, at an optimum of their own.
    pub elsewhere: usize,
    /// Starts that reached no optimum.
    pub failed: usize,
}

/// One additive term of the law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// The term as text, such as `A / N^alpha`.
    pub text: String,
    /// Median share of the prediction over the rows.
    pub share: f64,
    /// Largest share over the rows.
    pub largest_share: f64,
    /// Relative rise of the objective when the law is refitted without the term; `None` if that refit failed.
    pub cost: Option<f64>,
}

/// A direction in which the parameters can move at almost no cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// In words: "E and alpha trade off: +0.02 in E costs almost nothing if alpha rises by 0.01".
    pub text: String,
    /// Change of every free parameter along one standard error of the direction.
    pub moves: Vec<(String, f64)>,
}

/// A row that decides an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Influence {
    /// Row of the fit, counted from 0.
    pub row: usize,
    /// The answer that moves most.
    pub parameter: String,
    /// Its move when the row is left out.
    pub shift: f64,
    /// The move in standard errors.
    pub standard_errors: f64,
}
