//! The same table under other choices: E held elsewhere, other objectives, other ways to count.

use isoflop_fit::{Data, Objective, Progress, Refit, Refitter, StartPlan, overridden};
use isoflop_formula::Node;
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

use crate::error::AuditError;
use crate::influence::{Answer, Decision, InfluenceOptions};
use crate::surface::Surface;

/// Values of E that are tried.
const SWEEP: usize = 9;
/// Name of the irreducible loss.
const FLOOR: &str = "E";
/// Objectives that are tried.
const OBJECTIVES: [&str; 6] =
    ["squares", "squares-log", "huber-log", "student-t-log", "cauchy-log", "huber-density-log"];

/// What differs from the main fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The irreducible loss is held.
    HeldFloor,
    /// Another objective.
    Objective,
    /// Another way to count N, D or C.
    Counting,
}

/// The same rows with inputs counted another way.
#[derive(Debug, Clone)]
pub struct Convention {
    /// What is counted, such as `N = non_embedding_params`.
    pub name: String,
    /// The rows with these inputs, bound to the same law; they may be fewer.
    pub data: Data,
}

/// The answer under another choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// What differs.
    pub kind: Kind,
    /// The choice, such as `E = 1.7` or `squares-log`.
    pub name: String,
    /// Rows that it can use.
    pub rows: usize,
    /// Parameters and decision; `None` if it could not be fitted.
    pub answer: Option<Answer>,
    /// For a held E: the objective there, relative to the best.
    pub cost: Option<f64>,
}

/// All choices: E, objectives, conventions.
#[allow(clippy::too_many_arguments)]
pub(crate) fn choices(
    law: &Law,
    data: &Data,
    conventions: &[Convention],
    objective: Objective,
    options: &InfluenceOptions,
    decision: &Decision,
    best: &Refit,
    names: &[String],
    progress: &dyn Progress,
) -> Result<Vec<Alternative>, AuditError> {
    let values: Vec<(String, f64)> = names.iter().cloned().zip(best.estimates.iter().copied()).collect();
    let mut list = floors(law, data, objective, options, decision, best, &values)?;
    let formula = overridden(law, &options.fit.overrides)?;
    let seed = options.fit.seed;
    let positive = data.output.iter().all(|&y| y > 0.0);
    for name in OBJECTIVES {
        let other: Objective = name.parse()?;
        if objective.is_family() || other.log && !positive || other.name() == objective.name() {
            continue;
        }
        let other = other.with_delta(objective.delta);
        let refitter = Refitter::near(&formula, data, other, &values, seed)
            .or_else(|_| Refitter::new(&formula, data, other, &StartPlan::Count(3), seed, progress));
        let answer = match refitter {
            Ok(refitter) => Some(decision.answer(&refitter, &refitter.all(), None)),
            Err(isoflop_fit::FitError::NoStart { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        list.push(Alternative {
            kind: Kind::Objective,
            name: other.to_string(),
            rows: data.rows(),
            answer,
            cost: None,
        });
    }
    for convention in conventions {
        let data = &convention.data;
        let decision = Decision::new(Surface::new(&formula, data), Some(decision.budget))?;
        let answer = Refitter::new(&formula, data, objective, &options.fit.starts, seed, progress)
            .ok()
            .map(|refitter| decision.answer(&refitter, &refitter.all(), None));
        list.push(Alternative {
            kind: Kind::Counting,
            name: convention.name.clone(),
            rows: data.rows(),
            answer,
            cost: None,
        });
    }
    Ok(list)
}

/// E held on a grid around its estimate, between 0 and the lowest output; empty for a law without a free E that is a
/// term of its own.
fn floors(
    law: &Law,
    data: &Data,
    objective: Objective,
    options: &InfluenceOptions,
    decision: &Decision,
    best: &Refit,
    values: &[(String, f64)],
) -> Result<Vec<Alternative>, AuditError> {
    let formula = overridden(law, &options.fit.overrides)?;
    let Some(place) = formula.symbols.params.iter().position(|p| p.name == FLOOR) else {
        return Ok(Vec::new());
    };
    let param = &formula.symbols.params[place];
    if param.fixed.is_some() || param.group.is_some() {
        return Ok(Vec::new());
    }
    let output = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
    let own = |id: &(f64, _)| formula.graph.node(id.1) == Node::Param(place as u32);
    if !formula.graph.terms(output).iter().any(own) {
        return Ok(Vec::new());
    }
    let estimate = best.estimates[place];
    let lowest = data.output.iter().copied().fold(f64::INFINITY, f64::min);
    let room = (0.95 * (lowest - estimate)).min(0.5 * estimate);
    if room.is_nan() || room <= 0.0 {
        return Ok(Vec::new());
    }
    let mut list = Vec::new();
    for k in 0..SWEEP {
        let held = estimate + room * (2.0 * k as f64 / (SWEEP - 1) as f64 - 1.0);
        if k == SWEEP / 2 {
            continue;
        }
        let mut overrides = options.fit.overrides.clone();
        overrides.fix.push((FLOOR.to_owned(), held));
        let formula = overridden(law, &overrides)?;
        let Ok(refitter) = Refitter::near(&formula, data, objective, values, options.fit.seed) else {
            continue;
        };
        let refit = refitter.all();
        list.push(Alternative {
            kind: Kind::HeldFloor,
            name: format!("{FLOOR} = {held:.4}"),
            rows: data.rows(),
            cost: Some(refit.value / best.value),
            answer: Some(decision.answer(&refitter, &refit, None)),
        });
    }
    Ok(list)
}
