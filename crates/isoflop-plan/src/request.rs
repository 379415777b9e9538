//! What is asked for.

use crate::error::PlanError;

/// Which way the objective is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

/// A plan to make. All texts are formulas of the language over decision variables, given names, and the output of the
/// law under its name.
///
/// ```
/// use isoflop_plan::Request;
/// let request = Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 1e21");
/// assert_eq!(request.over, ["N", "D"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The objective, such as `loss` or `6*N*D + 2*N*demand`.
    pub objective: String,
    /// Which way it is better.
    pub sense: Sense,
    /// What is decided; every one is positive.
    pub over: Vec<String>,
    /// Those of the decisions that must be whole numbers, 1 or more.
    pub whole: Vec<String>,
    /// Constraints with `<=`, `>=` or `==`.
    pub constraints: Vec<String>,
    /// Names with values: numbers, or texts for columns that the law compares or groups by.
    pub given: Vec<(String, String)>,
    /// Names with formulas: `C` and `6*N*D`, for a law that reads C in a plan over N and D.
    pub lets: Vec<(String, String)>,
    /// Shares that add up to 1: patterns or lists of names, `mix_*` or `web,code,books`. Those that are not given are decided.
    pub simplex: Vec<String>,
    /// Solve the equation among the constraints for this one, instead of looking for the best.
    pub solve: Option<String>,
    /// What to report at the optimum beside the objective: a name and a formula, such as `D / N`.
    pub report: Vec<(String, String)>,
    /// Coverage of the intervals.
    pub level: f64,
    /// Loss of objective that counts as no loss, as a share: the indifference range is where the best is missed by no more.
    pub tolerance: f64,
    /// Starts of the search where there is no proof.
    pub starts: usize,
}

impl Request {
    /// Minimise this formula.
    pub fn minimize(objective: impl Into<String>) -> Request {
        Request {
            objective: objective.into(),
            sense: Sense::Minimize,
            over: Vec::new(),
            whole: Vec::new(),
            constraints: Vec::new(),
            given: Vec::new(),
            lets: Vec::new(),
            simplex: Vec::new(),
            solve: None,
            report: Vec::new(),
            level: 0.9,
            tolerance: 0.005,
            starts: 24,
        }
    }

    /// Maximise this formula.
    pub fn maximize(objective: impl Into<String>) -> Request {
        Request { sense: Sense::Maximize, ..Request::minimize(objective) }
    }

    /// Decide these.
    #[must_use]
    pub fn over<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Request {
        self.over.extend(names.into_iter().map(Into::into));
        self
    }

    /// These of the decisions in whole numbers.
    #[must_use]
    pub fn whole<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Request {
        self.whole.extend(names.into_iter().map(Into::into));
        self
    }

    /// Under this constraint too.
    #[must_use]
    pub fn subject_to(mut self, constraint: impl Into<String>) -> Request {
        self.constraints.push(constraint.into());
        self
    }

    /// With this value.
    #[must_use]
    pub fn given(mut self, name: impl Into<String>, value: impl ToString) -> Request {
        self.given.push((name.into(), value.to_string()));
        self
    }

    /// With a name for a formula, which formulas and inputs of laws may use.
    #[must_use]
    pub fn define(mut self, name: impl Into<String>, formula: impl Into<String>) -> Request {
        self.lets.push((name.into(), formula.into()));
        self
    }

    /// With shares that add up to 1.
    #[must_use]
    pub fn simplex(mut self, names: impl Into<String>) -> Request {
        self.simplex.push(names.into());
        self
    }

    /// The value of `name` at which the equation among the constraints holds; with decisions, the least such value.
    ///
    /// ```
    /// use isoflop_plan::Request;
    /// let request = Request::solve("D").subject_to("loss == 2.0").given("N", "7B");
    /// assert!(request.over.is_empty());
    /// ```
    pub fn solve(name: impl Into<String>) -> Request {
        let name = name.into();
        Request { solve: Some(name.clone()), ..Request::minimize(name) }
    }

    /// Report this formula at the optimum, under this name.
    #[must_use]
    pub fn report(mut self, name: impl Into<String>, formula: impl Into<String>) -> Request {
        self.report.push((name.into(), formula.into()));
        self
    }

    /// Refuses numbers that no plan can be made with.
    pub(crate) fn check(&self) -> Result<(), PlanError> {
        let inside = |x: f64| x > 0.0 && x < 1.0;
        if self.over.is_empty() {
            return Err(PlanError::NothingToDecide);
        }
        if !inside(self.level) {
            return Err(PlanError::OutsideUnit { name: "level", value: self.level });
        }
        if !inside(self.tolerance) {
            return Err(PlanError::OutsideUnit { name: "tolerance", value: self.tolerance });
        }
        Ok(())
    }
}
