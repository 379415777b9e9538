//! The next runs: the set of runs within a budget that says most about what is to be known.
//!
//! Around given values of its parameters a law is linear in them, and every run adds its share to their precision
//! (Fedorov, Theory of Optimal Experiments, 1972, chapter 2). A goal is a quantity whose variance follows from that
//! precision: the loss at a point, a formula of the parameters, the regret of a decision; or how clearly two laws will
//! come apart. The set is chosen from a grid of candidates by exchange, with the cost of runs under a price that is
//! tuned until the budget holds. Where the model has draws, the mean over them counts and not one guess (Chaloner and
//! Verdinelli, Bayesian Experimental Design, 1995, section 4): a design for one guess alone is brittle.
//!
//! *Determinism*: nothing is random.

mod candidates;
mod choose;
mod goal;
mod outlook;
mod request;
mod result;
mod sensitivity;

use crate::error::PlanError;
use crate::model::Model;
use candidates::Candidates;
use choose::{Limits, choose};
use goal::{Lens, lens, rival_lens};
use outlook::outlooks;
pub use request::{Goal, NextRequest, Past};
pub use result::{Next, NextRun, Outlook, OutlookKind};
use sensitivity::Sensitivity;

/// Chooses the runs to do next for the law of `model`, given the runs of `past`.
///
/// # Errors
/// A law with grouped parameters or texts, inputs without limits or values, a goal or a cost that does not compile,
/// limits that leave no run within the budget.
///
/// ```
/// use isoflop_laws::Catalogue;
/// use isoflop_plan::{Goal, Model, NextRequest, Past, next};
///
/// let model = Model::parse("chinchilla@besiroglu", &Catalogue::builtin()?).unwrap();
/// let goal = Goal::Quantity { name: "a_opt".into(), formula: "beta / (alpha + beta)".into() };
/// let request = NextRequest { candidates: 400, runs: 12, ..NextRequest::new(goal, 2e20, 0.005) };
/// let next = next(&model, &Past::default(), &request).unwrap();
/// assert!(next.cost <= 2e20 && next.outlooks[0].after < 0.1);
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
pub fn next(model: &Model, past: &Past, request: &NextRequest) -> Result<Next, PlanError> {
    request.check()?;
    let law = Sensitivity::new(model)?;
    past.check(&law)?;
    let best = law.values(model)?;
    let mut candidates = Candidates::new(&law, model, past, request)?;
    candidates.keep_usable(&law, &best)?;
    let mut points = vec![best];
    let stride = model.draws.len().div_ceil(request.draws.max(1)).max(1);
    if request.draws > 0 {
        points.extend(model.draws.iter().step_by(stride).filter_map(|draw| law.draw(model, draw)));
    }
    let (first, rest) = points.split_at(1);
    let mut own: Vec<Lens> = Vec::new();
    for point in first {
        own.push(lens(&law, model, point, past, &candidates, request)?);
    }
    // Some draws are too wild for a plan; they are left out.
    own.extend(rest.iter().filter_map(|point| lens(&law, model, point, past, &candidates, request).ok()));
    let share = 1.0 / own.len() as f64;
    own.iter_mut().for_each(|lens| lens.weight = share);
    let mut all = own.clone();
    for goal in &request.goals {
        if let Goal::Doubt { rival } = goal {
            all.push(rival_lens(&law, model, rival, past, &candidates, request)?);
        }
    }
    let limits = Limits { budget: request.budget, runs: request.runs, repeats: request.repeats };
    let counts = choose(&all, &candidates.costs, &limits);
    let best = &points[0];
    let predicted = law.predict(&candidates.columns, best);
    let runs: Vec<NextRun> = counts
        .iter()
        .map(|&(i, repeats)| NextRun {
            inputs: candidates.at(i),
            repeats,
            cost: candidates.costs[i],
            expected: predicted[i],
        })
        .collect();
    let outlooks = outlooks(&law, best, &own, &counts, past, request);
    let cost = runs.iter().map(|run| run.cost * run.repeats as f64).sum();
    let warnings = result::warnings(&runs, &outlooks, past, &candidates, request);
    Ok(Next {
        runs,
        cost,
        budget: request.budget,
        outlooks,
        candidates: candidates.costs.len(),
        limits: candidates.limits.clone(),
        draws: own.len() - 1,
        noise: request.noise,
        level: request.level,
        warnings,
    })
}
