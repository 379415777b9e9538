//! Curves of a plan for figures: the frontier (the best as a limit moves), the valley of regret around every decision, and
//! slices at other limits.

use rayon::prelude::*;
use serde::Serialize;

use crate::error::PlanError;
use crate::expand::expanded;
use crate::laws::Laws;
use crate::plan::quantile;
use crate::problem::Problem;
use crate::request::{Request, Sense};
use crate::result::Plan;
use crate::search::{Found, Search};

/// Points of a frontier, over three decades to either side.
const LIMITS: usize = 31;
/// Points of a valley or slice.
const VALUES: usize = 41;
/// How far a valley reaches to either side, as a factor, where nothing says how flat it is.
const REACH: f64 = 30.0;
/// Limits of the slices, relative to that of the plan.
const SLICES: [f64; 5] = [0.01, 0.1, 1.0, 10.0, 100.0];
/// Draws that a frontier plans again.
const DRAWS: usize = 100;

/// The best objective as the limit of one constraint moves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frontier {
    /// The constraint, as written.
    pub constraint: String,
    /// The limit in the plan itself.
    pub at: f64,
    /// Limits, rising, evenly spaced in the logarithm.
    pub limit: Vec<f64>,
    /// Best objective at each; `None` where no plan meets the constraints.
    pub objective: Vec<Option<f64>>,
    /// Lower end of its interval; `None` without draws.
    pub low: Vec<Option<f64>>,
    /// Upper end.
    pub high: Vec<Option<f64>>,
    /// What is decided: name, and a value for each limit.
    pub decision: Vec<(String, Vec<Option<f64>>)>,
}

/// The objective as one decision moves, the others chosen anew.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Valley {
    /// The decision.
    pub name: String,
    /// Its value in the plan.
    pub at: f64,
    /// Values, rising, evenly spaced in the logarithm.
    pub value: Vec<f64>,
    /// Best objective at each; `None` where no plan meets the constraints.
    pub objective: Vec<Option<f64>>,
    /// How much worse it is than the best, at least 0.
    pub regret: Vec<Option<f64>>,
    /// The other decisions: name, and a value for each value.
    pub decision: Vec<(String, Vec<Option<f64>>)>,
}

/// A valley of the first decision at another limit: an isoFLOP slice, where the limit is a budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    /// The constraint, as written.
    pub constraint: String,
    /// The decision.
    pub name: String,
    /// The limit.
    pub limit: f64,
    /// Values of the decision.
    pub value: Vec<f64>,
    /// Best objective at each.
    pub objective: Vec<Option<f64>>,
}

/// All curves of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curves {
    /// One for each binding constraint with a number on its right side.
    pub frontier: Vec<Frontier>,
    /// One for each decision.
    pub valley: Vec<Valley>,
    /// At limits of the first frontier.
    pub slices: Vec<Slice>,
}

/// The curves around a finished plan of the same laws and request. Plans of unknowns, and decisions in whole numbers, have
/// none.
///
/// # Errors
/// As [`crate::plan_laws`]; none for a request that was planned.
pub fn curves(laws: &Laws, request: &Request, plan: &Plan) -> Result<Curves, PlanError> {
    let mut all = Curves { frontier: Vec::new(), valley: Vec::new(), slices: Vec::new() };
    if !request.whole.is_empty() || request.solve.is_some() {
        return Ok(all);
    }
    let roles = laws.roles();
    let request = expanded(&roles, request)?;
    let problem = Problem::new(&roles, &request)?;
    for (k, c) in plan.constraints.iter().enumerate() {
        let is_number = |k: usize| {
            let (_, right) = problem.constraints[k].sides();
            problem.graph.value(right).is_some_and(|x| x > 0.0)
        };
        let is_sum_of_shares = problem.shares.iter().any(|group| group.constraint == k);
        if c.active && is_number(k) && !is_sum_of_shares {
            all.frontier.push(frontier(&problem, &request, k, c.limit));
        }
    }
    let at: Vec<f64> = plan.decision.iter().map(|d| d.estimate).collect();
    for i in 0..problem.over.len() {
        let reach =
            plan.indifference.get(i).and_then(|range| reach(at[i], range.low, range.high)).unwrap_or(REACH);
        if at[i] > 0.0 {
            all.valley.push(valley(&problem, &request, i, at[i], reach, plan.objective.estimate));
        }
    }
    if let Some((k, c)) =
        plan.constraints.iter().enumerate().find(|(_, c)| all.frontier.iter().any(|f| f.constraint == c.text))
    {
        let slice = |part: f64| slice(&problem, &request, k, part * c.limit);
        all.slices = SLICES.into_par_iter().filter_map(slice).collect();
    }
    Ok(all)
}

/// A valley shows some ten times the range in which nothing is lost, as losses grow with the square of the distance.
fn reach(at: f64, low: Option<f64>, high: Option<f64>) -> Option<f64> {
    let wide = (high? / at).max(at / low?).powi(4);
    wide.is_finite().then(|| wide.clamp(2.0, 1000.0))
}

fn solved(problem: &Problem, request: &Request) -> Option<(Found, Vec<f64>, f64)> {
    let search = Search::new(problem, request.starts);
    let found = search.solve(&problem.params).ok()?;
    let x: Vec<f64> = found.optimum.z.iter().map(|z| z.exp()).collect();
    let objective = problem.value(problem.objective, &x, &problem.params);
    Some((found, x, objective))
}

fn spaced(low: f64, high: f64, count: usize) -> Vec<f64> {
    (0..count).map(|k| low * (high / low).powf(k as f64 / (count - 1) as f64)).collect()
}

fn frontier(problem: &Problem, request: &Request, k: usize, at: f64) -> Frontier {
    let limit = spaced(1e-3 * at, 1e3 * at, LIMITS);
    let stride = problem.draws.len().div_ceil(DRAWS).max(1);
    let one = |limit: &f64| {
        let moved = problem.limited(k, *limit);
        let (found, x, objective) = solved(&moved, request)?;
        let search = Search::new(&moved, request.starts);
        let again = |params: &Vec<f64>| {
            let best = search.again(params, &found).ok()?;
            let x: Vec<f64> = best.optimum.z.iter().map(|z| z.exp()).collect();
            Some(moved.value(moved.objective, &x, params))
        };
        let mut draws: Vec<f64> = moved.draws.iter().step_by(stride).filter_map(again).collect();
        let low = quantile(&mut draws, 0.5 - 0.5 * request.level);
        let high = quantile(&mut draws, 0.5 + 0.5 * request.level);
        Some((x, objective, low, high))
    };
    let points: Vec<_> = limit.par_iter().map(one).collect();
    Frontier {
        constraint: problem.constraints[k].text.clone(),
        at,
        objective: points.iter().map(|p| p.as_ref().map(|p| p.1)).collect(),
        low: points.iter().map(|p| p.as_ref().and_then(|p| p.2)).collect(),
        high: points.iter().map(|p| p.as_ref().and_then(|p| p.3)).collect(),
        decision: decisions(
            problem,
            &points.iter().map(|p| p.as_ref().map(|p| p.0.as_slice())).collect::<Vec<_>>(),
        ),
        limit,
    }
}

/// Name and values of every decision.
fn decisions(problem: &Problem, points: &[Option<&[f64]>]) -> Vec<(String, Vec<Option<f64>>)> {
    let of = |i: usize| points.iter().map(|x| x.map(|x| x[i])).collect();
    problem.over.iter().enumerate().map(|(i, name)| (name.clone(), of(i))).collect()
}

fn valley(problem: &Problem, request: &Request, i: usize, at: f64, reach: f64, best: f64) -> Valley {
    let share = problem.shares.iter().find(|group| group.members.contains(&i));
    let high = share.map_or(at * reach, |group| (at * reach).min(0.999 * group.total));
    let value = spaced(at / reach, high, VALUES);
    let points: Vec<_> = value.par_iter().map(|&x| solved(&problem.held(i, x), request)).collect();
    let sign = if problem.sense == Sense::Minimize { 1.0 } else { -1.0 };
    let mut decision =
        decisions(problem, &points.iter().map(|p| p.as_ref().map(|p| p.1.as_slice())).collect::<Vec<_>>());
    decision.remove(i);
    Valley {
        name: problem.over[i].clone(),
        at,
        objective: points.iter().map(|p| p.as_ref().map(|p| p.2)).collect(),
        // Below zero only by rounding.
        regret: points.iter().map(|p| p.as_ref().map(|p| (sign * (p.2 - best)).max(0.0))).collect(),
        decision,
        value,
    }
}

fn slice(problem: &Problem, request: &Request, k: usize, limit: f64) -> Option<Slice> {
    let moved = problem.limited(k, limit);
    let (_, x, _) = solved(&moved, request)?;
    let value = spaced(x[0] / REACH, x[0] * REACH, VALUES);
    let objective = value.iter().map(|&v| Some(solved(&moved.held(0, v), request)?.2)).collect();
    Some(Slice {
        constraint: problem.constraints[k].text.clone(),
        name: problem.over[0].clone(),
        limit,
        value,
        objective,
    })
}
