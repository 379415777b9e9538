//! Making a plan: the optimum, its intervals, how flat it is and what a wrong choice costs.

use crate::caution::{cautions, outside};
use crate::error::PlanError;
use crate::expand::expanded;
use crate::form::{Rate, Row};
use crate::laws::{Laws, Role};
use crate::model::Model;
use crate::problem::Problem;
use crate::request::{Request, Sense};
use crate::result::{ConstraintResult, Method, Plan, Quantity, Range, Regret, Warning};
use crate::search::{Found, Search, binds};
use crate::shares;
use crate::smooth::{LogSum, Smooth};
use crate::solve::{Failed, solve};
use crate::unknown::solved;
use crate::whole::whole_plan;

/// Below this the objective is taken not to care about a constraint.
const IDLE: f64 = 1e-9;

/// Makes the plan that `request` asks for, with the law of `model`.
///
/// Every draw of the model is planned again, which gives the intervals; the regret is what the chosen plan would lose
/// if that draw were the truth.
///
/// # Errors
/// A formula that does not compile, names without a value, constraints that cannot hold (and which), an objective
/// without an optimum.
///
/// ```
/// use isoflop_laws::Catalogue;
/// use isoflop_plan::{Model, Request, plan};
/// let model = Model::parse("chinchilla@besiroglu", &Catalogue::builtin()?).unwrap();
/// let request = Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 1e21");
/// let plan = plan(&model, &request).unwrap();
/// assert!((plan.decision[0].estimate / 2.77846e9 - 1.0).abs() < 1e-5);
/// assert!(plan.gap.unwrap() < 1e-10);
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
pub fn plan(model: &Model, request: &Request) -> Result<Plan, PlanError> {
    plan_roles(&[("", model)], request)
}

/// [`plan`] with several laws, each under its role ([`Laws`]).
///
/// # Errors
/// As [`plan`]; a name that several laws predict, laws that need each other, a law that no formula uses.
pub fn plan_laws(laws: &Laws, request: &Request) -> Result<Plan, PlanError> {
    plan_roles(&laws.roles(), request)
}

pub(crate) fn plan_roles(roles: &[Role<'_>], request: &Request) -> Result<Plan, PlanError> {
    if request.solve.is_some() {
        return solved(roles, request);
    }
    let request = &expanded(roles, request)?;
    if !request.whole.is_empty() {
        return whole_plan(roles, request);
    }
    let problem = Problem::new(roles, request)?;
    let search = Search::new(&problem, request.starts);
    let found = search.solve(&problem.params)?;
    let z = &found.optimum.z;
    let x: Vec<f64> = z.iter().map(|z| z.exp()).collect();
    let objective = problem.value(problem.objective, &x, &problem.params);
    let constraints = constraints(&search, &found, &x, objective);
    let mut warnings: Vec<Warning> = roles
        .iter()
        .flat_map(|(_, model)| &model.warnings)
        .map(|message| Warning::new("law", message.clone()))
        .collect();
    let mut plan = Plan {
        decision: problem.over.iter().zip(&x).map(|(name, &x)| quantity(name, x)).collect(),
        objective: quantity(&request.objective, objective),
        report: problem
            .report
            .iter()
            .map(|(name, node)| quantity(name, problem.value(*node, &x, &problem.params)))
            .collect(),
        gap: gap(&search, &found, objective),
        scanned: 0,
        method: found.method,
        starts: found.starts,
        regret: None,
        indifference: indifference(&search, &found, objective, request.tolerance),
        constraints,
        tolerance: request.tolerance,
        level: request.level,
        draws: 0,
        warnings: Vec::new(),
    };
    if found.method == Method::MultiStart && !problem.shares.is_empty() {
        plan.scanned = shares::scan(&problem, &problem.params).map_or(0, |(_, _, met)| met);
        if let Some(gap) = shares::proof(&problem, &x, &plan.constraints) {
            (plan.method, plan.gap) = (Method::Convex, Some(gap));
        }
    }
    replan(&mut plan, &search, &found, &x, &mut warnings);
    warnings.extend(outside(&problem, roles, &x));
    warnings.extend(cautions(&plan, &problem, &found));
    shares::round(&mut plan, &problem);
    plan.warnings = warnings;
    Ok(plan)
}

fn quantity(name: &str, estimate: f64) -> Quantity {
    Quantity { name: name.to_owned(), estimate, low: None, high: None }
}

/// -1 where more is better.
fn sign(problem: &Problem) -> f64 {
    if problem.sense == Sense::Minimize { 1.0 } else { -1.0 }
}

/// Values and shadow prices.
fn constraints(search: &Search<'_>, found: &Found, x: &[f64], objective: f64) -> Vec<ConstraintResult> {
    let problem = search.problem;
    let mut list: Vec<ConstraintResult> = problem
        .constraints
        .iter()
        .map(|c| {
            let (left, right) = c.sides();
            ConstraintResult {
                text: c.text.clone(),
                value: problem.value(left, x, &problem.params),
                limit: problem.value(right, x, &problem.params),
                active: false,
                shadow_price: 0.0,
                holds: None,
            }
        })
        .collect();
    search.with_form(found.method, &problem.params, |form, _, _| {
        let slope = form.link.slope(sign(problem) * objective);
        for (row, y) in form.rows.iter().zip(&found.optimum.multipliers) {
            let constraint = &mut list[row.of];
            constraint.active = row.equal || row.must_bind || *y > IDLE;
            if constraint.active {
                // Raising the larger side by 1 lowers the row by its rate, which is worth the multiplier.
                let worth = -sign(problem) * slope * y * row.rate.at(&found.optimum.z);
                constraint.shadow_price = if problem.constraints[row.of].flipped { -worth } else { worth };
            }
        }
    });
    list
}

/// The proved gap relative to the objective itself.
fn gap(search: &Search<'_>, found: &Found, objective: f64) -> Option<f64> {
    let gap = found.optimum.gap?;
    search.with_form(found.method, &search.problem.params, |form, _, _| {
        let part = form.link.slope(sign(search.problem) * objective).abs();
        (part * gap.exp_m1() / objective.abs().max(f64::MIN_POSITIVE)).abs()
    })
}

/// The objective may be missed by no more than the tolerance.
struct AtMost<'a> {
    f: Box<dyn Smooth + 'a>,
    most: f64,
}

impl Smooth for AtMost<'_> {
    fn value(&self, z: &[f64]) -> f64 {
        self.f.value(z) - self.most
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        self.f.expand(z, gradient, hessian) - self.most
    }
}

/// For each decision its smallest and largest value that lose no more than the tolerance.
fn indifference(search: &Search<'_>, found: &Found, objective: f64, tolerance: f64) -> Vec<Range> {
    let problem = search.problem;
    let worst = sign(problem) * objective + tolerance * objective.abs();
    let n = problem.over.len();
    let end = |i: usize, up: bool| {
        let solved = search.with_form(found.method, &problem.params, |mut form, lower, upper| {
            let mut exponents = vec![0.0; n];
            exponents[i] = if up { -1.0 } else { 1.0 };
            let most = form.link.of(worst);
            let target: Box<dyn Smooth> = match problem.is_share(i) {
                true => Box::new(shares::Own { i, sign: if up { -1.0 } else { 1.0 } }),
                false => Box::new(LogSum { terms: vec![(0.0, exponents)] }),
            };
            let f = std::mem::replace(&mut form.objective, target);
            if !most.is_finite() {
                return None;
            }
            let limit = Box::new(AtMost { f, most });
            let rate = Rate::Constant(1.0);
            form.rows.push(Row { f: limit, equal: false, must_bind: false, of: 0, rate });
            match solve(&form, &found.optimum.z, 1.0, lower, upper) {
                Ok(optimum) => binds(&form, &optimum).then(|| optimum.z[i].exp()),
                // Many points may share the end of a range of shares.
                Err(Failed::Inexact(z)) if problem.is_share(i) => Some(z[i].exp()),
                Err(_) => None,
            }
        });
        solved.flatten()
    };
    let range =
        |(i, name): (usize, &String)| Range { name: name.clone(), low: end(i, false), high: end(i, true) };
    problem.over.iter().enumerate().map(range).collect()
}

/// Plans every draw again: intervals, regret, and how often the constraints hold.
fn replan(plan: &mut Plan, search: &Search<'_>, found: &Found, x: &[f64], warnings: &mut Vec<Warning>) {
    let problem = search.problem;
    if problem.draws.is_empty() {
        return;
    }
    let by_law: Vec<bool> = problem.constraints.iter().map(|c| problem.depends_on_law(c)).collect();
    let width = plan.decision.len() + 1 + plan.report.len();
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(problem.draws.len()); width];
    let mut regrets = Vec::with_capacity(problem.draws.len());
    let mut holds = vec![0usize; by_law.len()];
    let mut failed = 0;
    for params in &problem.draws {
        for (count, c) in holds.iter_mut().zip(&problem.constraints) {
            let (small, large) = (problem.value(c.small, x, params), problem.value(c.large, x, params));
            let room = 1e-9 * large.abs().max(small.abs());
            *count += usize::from(small <= large + room && (!c.equal || small >= large - room));
        }
        let Ok(best) = search.again(params, found) else {
            failed += 1;
            continue;
        };
        let own: Vec<f64> = best.optimum.z.iter().map(|z| z.exp()).collect();
        let objective = problem.value(problem.objective, &own, params);
        let report = problem.report.iter().map(|(_, node)| problem.value(*node, &own, params));
        let row = own.iter().copied().chain([objective]).chain(report);
        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        regrets.push(sign(problem) * (problem.value(problem.objective, x, params) - objective));
    }
    plan.draws = regrets.len();
    if failed > 0 {
        let message = format!(
            "{failed} of {} draws have no plan that meets the constraints; the intervals are about the others",
            problem.draws.len()
        );
        warnings.push(Warning::new("draws-without-plan", message));
    }
    let quantities = plan.decision.iter_mut().chain([&mut plan.objective]).chain(&mut plan.report);
    for (quantity, column) in quantities.zip(&mut columns) {
        quantity.low = quantile(column, 0.5 - 0.5 * plan.level);
        quantity.high = quantile(column, 0.5 + 0.5 * plan.level);
    }
    let binding = plan.constraints.iter().zip(&by_law).any(|(c, by_law)| c.active && *by_law);
    if !binding && let Some(high) = quantile(&mut regrets, plan.level) {
        let median = quantile(&mut regrets, 0.5).unwrap_or(high);
        // Below zero only by rounding.
        let mean = regrets.iter().map(|r| r.max(0.0)).sum::<f64>() / regrets.len() as f64;
        plan.regret = Some(Regret { mean, median: median.max(0.0), high: high.max(0.0) });
    }
    for ((constraint, by_law), count) in plan.constraints.iter_mut().zip(by_law).zip(holds) {
        constraint.holds = by_law.then(|| count as f64 / problem.draws.len() as f64);
    }
}

/// A quantile by linear interpolation between the sorted values; sorts them.
pub(crate) fn quantile(values: &mut [f64], level: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let place = level * (values.len().checked_sub(1)?) as f64;
    let (low, part) = (place.floor() as usize, place.fract());
    let high = (low + 1).min(values.len() - 1);
    // Ends that are infinite stay so.
    Some(if part == 0.0 { values[low] } else { values[low] + part * (values[high] - values[low]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&mut [1.0, 2.0], 0.25), Some(1.25));
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
