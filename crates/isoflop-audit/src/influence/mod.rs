//! Which runs decide the answer, and which choices do.
//!
//! Every run, and every size, is left out in turn and the law fitted again: exactly, not by the first-order formula that
//! fails where it matters. How far the fit moves is measured three ways: on the parameters, on all fitted values (Cook
//! 1977, Technometrics 19, equation 5, with the refit itself), and on the decision, which is the compute-optimal N at a
//! budget.

mod choices;
mod leave_out;
mod outliers;

use isoflop_fit::{Data, FitOptions, Objective, Progress, Refitter, overridden};
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

pub use choices::{Alternative, Convention, Kind};
pub(crate) use leave_out::OUTLIER;
pub use leave_out::{LeftOutGroup, LeftOutRow};
pub(crate) use outliers::outliers;

use crate::error::AuditError;
use crate::surface::{FLOP, Surface, params_at};

/// What is asked.
#[derive(Debug, Clone)]
pub struct InfluenceOptions {
    /// The fit: objective, starts, seed and overrides count, the bootstrap is not used.
    pub fit: FitOptions,
    /// Budget of the decision, in FLOP; `None` takes ten times the largest of the runs.
    pub budget: Option<f64>,
    /// How many runs are left out together in [`Influences::without`].
    pub together: usize,
    /// Whether the law is also fitted with E held at other values, under other objectives and other conventions.
    pub choices: bool,
}

impl Default for InfluenceOptions {
    fn default() -> Self {
        InfluenceOptions {
            fit: FitOptions { bootstrap: 0, choices: false, ..FitOptions::default() },
            budget: None,
            together: 5,
            choices: true,
        }
    }
}

/// What decides a fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Influences {
    /// What was minimised.
    pub objective: String,
    /// Rows of the fit.
    pub rows: usize,
    /// Names of all parameters.
    pub parameters: Vec<String>,
    /// The fit to all rows, and the decision.
    pub all: Answer,
    /// Budget of the decision in FLOP; `None` for a law without N and D.
    pub budget: Option<f64>,
    /// Jackknife standard error of each parameter, over the rows left out in turn.
    pub errors: Vec<f64>,
    /// Jackknife standard error of the log of the decision.
    pub decision_error: Option<f64>,
    /// One entry per row, in the order of the rows.
    pub single: Vec<LeftOutRow>,
    /// One entry per size N (or per cluster, if rows belong together), smallest first.
    pub groups: Vec<LeftOutGroup>,
    /// The column of [`Self::groups`].
    pub group_column: String,
    /// Refits that did not reach the tolerance of a certificate; they are counted in nothing else.
    pub lost: usize,
    /// Rows of [`Self::without`], most suspect first.
    pub suspects: Vec<usize>,
    /// The fit without the suspects.
    pub without: Option<Answer>,
    /// The same table under other choices.
    pub choices: Vec<Alternative>,
}

/// Parameters and the decision that follows from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Parameters, in the order of [`Influences::parameters`].
    pub estimates: Vec<f64>,
    /// Compute-optimal N at the budget.
    pub decision: Option<f64>,
    /// Whether the fit reached the tolerance of a certificate.
    pub certified: bool,
}

/// Leaves out every run and every size of `data` in turn and fits `law` again, finds outliers, and fits under other
/// choices. `conventions` are other ways to count N, D or C whose columns exist: the same rows with other inputs.
///
/// # Errors
/// What is wrong with the request or the table; see [`isoflop_fit::FitError`] and [`AuditError`].
pub fn influence(
    law: &Law,
    data: &Data,
    conventions: &[Convention],
    options: &InfluenceOptions,
    progress: &dyn Progress,
) -> Result<Influences, AuditError> {
    let formula = overridden(law, &options.fit.overrides)?;
    let objective = match options.fit.objective {
        Some(objective) => objective,
        None => Objective::recommended(law)?,
    };
    let refitter = Refitter::new(&formula, data, objective, &options.fit.starts, options.fit.seed, progress)?;
    let decision = Decision::new(Surface::new(&formula, data), options.budget)?;
    let fit = refitter.all();
    let all = decision.answer(&refitter, &fit, None);
    let found = leave_out::leave_out(&refitter, data, &decision, &all, progress)?;
    let chances = outliers(&formula, data, objective, options.fit.seed, progress)?;
    let mut single = found.single;
    for (row, chance) in single.iter_mut().zip(&chances) {
        row.outlier = *chance;
    }
    let suspects =
        leave_out::suspects(&single, options.together.min(data.rows().saturating_sub(refitter.free() + 1)));
    let without = if suspects.is_empty() {
        None
    } else {
        let refits =
            refitter.refits(1, |_, weights| suspects.iter().for_each(|&r| weights[r] = 0.0), progress)?;
        refits.first().map(|refit| decision.answer(&refitter, refit, all.decision))
    };
    let choices = if options.choices {
        let names: Vec<String> = refitter.slots().iter().map(|s| s.name.clone()).collect();
        choices::choices(law, data, conventions, objective, options, &decision, &fit, &names, progress)?
    } else {
        Vec::new()
    };
    Ok(Influences {
        objective: objective.to_string(),
        rows: data.rows(),
        parameters: refitter.slots().iter().map(|s| s.name.clone()).collect(),
        budget: decision.surface.is_some().then_some(decision.budget),
        all,
        errors: found.errors,
        decision_error: found.decision_error,
        single,
        groups: found.groups,
        group_column: found.group_column,
        lost: found.lost,
        suspects,
        without,
        choices,
    })
}

/// The decision of a fit: the compute-optimal N at a budget.
pub(crate) struct Decision {
    surface: Option<Surface>,
    budget: f64,
}

impl Decision {
    fn new(surface: Option<Surface>, budget: Option<f64>) -> Result<Decision, AuditError> {
        if let Some(budget) = budget.filter(|b| !(*b > 0.0 && b.is_finite())) {
            return Err(AuditError::BadBudget { budget });
        }
        let budget = match (&surface, budget) {
            (_, Some(budget)) => budget,
            (Some(surface), None) => 10.0 * surface.budgets(FLOP).1,
            (None, None) => f64::NAN,
        };
        Ok(Decision { surface, budget })
    }

    /// The decision at these parameters; `near` is that of a fit nearby. Grouped laws have one per level and so none.
    fn of(&self, refitter: &Refitter<'_>, estimates: &[f64], near: Option<f64>) -> Option<f64> {
        let slots = refitter.slots();
        if slots.iter().any(|s| s.level.is_some_and(|l| l > 0)) {
            return None;
        }
        let params = params_at(slots, estimates, 0);
        Some(self.surface.as_ref()?.optimum(&params, self.budget, FLOP, near)?.0)
    }

    pub(crate) fn answer(
        &self,
        refitter: &Refitter<'_>,
        refit: &isoflop_fit::Refit,
        near: Option<f64>,
    ) -> Answer {
        Answer {
            decision: self.of(refitter, &refit.estimates, near),
            estimates: refit.estimates.clone(),
            certified: refit.certified,
        }
    }
}
