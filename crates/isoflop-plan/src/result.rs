//! A plan as data.

use serde::Serialize;

/// A number with its interval; without draws there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantity {
    /// Its name, or the formula as written.
    pub name: String,
    /// Its value at the optimum for the estimated parameters.
    pub estimate: f64,
    /// Lower end of the interval: each draw is planned again.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// A constraint at the optimum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConstraintResult {
    /// As written.
    pub text: String,
    /// Its left side at the optimum.
    pub value: f64,
    /// Its right side at the optimum.
    pub limit: f64,
    /// Whether it holds with equality and costs something.
    pub active: bool,
    /// Change of the best objective when the right side rises by 1, to first order; 0 where the constraint is idle.
    pub shadow_price: f64,
    /// Share of the draws in which the chosen plan meets it; `None` where it does not depend on the law, or without draws.
    pub holds: Option<f64>,
}

/// What the chosen plan loses if a draw is the truth, against the plan that would then be best: in the unit of the objective.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regret {
    /// Mean over the draws.
    pub mean: f64,
    /// Median over the draws.
    pub median: f64,
    /// Quantile at the level of the plan.
    pub high: f64,
}

/// How far a decision can move, the others following, before the objective is worse by the tolerance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Range {
    /// The decision variable.
    pub name: String,
    /// Smallest value; `None` if there is no end, or it was not found.
    pub low: Option<f64>,
    /// Largest value.
    pub high: Option<f64>,
}

/// How the optimum was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A geometric program: the best there is, with a proof.
    GeometricProgram,
    /// Convex in the shares that are decided: the best there is, with a proof.
    Convex,
    /// The best of several local searches; no bound is known.
    MultiStart,
    /// The solution of an equation; [`Plan::gap`] says whether it is the only one.
    Root,
}

/// Something that the user should know, with a stable code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// Stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
    /// What lies outside which range, where it is about that.
    #[serde(flatten)]
    pub outside: Option<Beyond>,
}

impl Warning {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Warning {
        Warning { code, message: message.into(), outside: None }
    }
}

/// An input outside the range in which its law was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beyond {
    /// The input.
    pub name: String,
    /// Its value in the plan.
    pub value: f64,
    /// Lower end of the range.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// How many times it lies beyond the nearer end, above 1.
    pub ratio: f64,
}

/// A finished plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Plan {
    /// The decision variables, in the order asked for.
    pub decision: Vec<Quantity>,
    /// The objective.
    pub objective: Quantity,
    /// What was to be reported beside.
    pub report: Vec<Quantity>,
    /// The constraints, in the order given.
    pub constraints: Vec<ConstraintResult>,
    /// How it was found.
    pub method: Method,
    /// Proved relative distance of the objective from the best possible; `None` where there is no proof.
    pub gap: Option<f64>,
    /// Local searches that were started, and those of them that ended at this optimum.
    pub starts: (usize, usize),
    /// Mixtures of a scan over the simplex, none of which is better; 0 where there are no shares, or other decisions too.
    pub scanned: usize,
    /// Price of being wrong; `None` without draws, or where a constraint that binds depends on the law.
    pub regret: Option<Regret>,
    /// Ranges within [`Plan::tolerance`] of the best objective.
    pub indifference: Vec<Range>,
    /// Share of the objective that counts as no loss.
    pub tolerance: f64,
    /// Coverage of the intervals.
    pub level: f64,
    /// Draws that were planned again.
    pub draws: usize,
    /// What to know.
    pub warnings: Vec<Warning>,
}
