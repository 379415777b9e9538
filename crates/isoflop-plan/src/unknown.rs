//! Solving for an unknown: the tokens that bring a model to a loss, the GPUs that meet a deadline.
//!
//! With nothing else to decide, an equation in one unknown is scanned from 1e-30 to 1e30 for changes of sign, and each is
//! closed in by halving. That there is only one solution is proved by Descartes' rule of signs, which holds for real
//! exponents too (Jameson 2006), or by sides that only rise and only fall. With decisions, the least value is planned.

use crate::caution::outside;
use crate::error::PlanError;
use crate::expand::expanded;
use crate::laws::Role;
use crate::plan::{plan_roles, quantile};
use crate::problem::{Constraint, Problem};
use crate::request::{Request, Sense};
use crate::result::{ConstraintResult, Method, Plan, Quantity, Warning};
use crate::shape::{Slope, shape};
use crate::signomial::{added, signomial};
use crate::smooth::value_at;
use isoflop_formula::Node;

/// Solutions are looked for between 1e-30 and 1e30, in logarithms.
const EDGE: f64 = 69.077_552_789_821_37;
/// Points of the scan for each factor of e.
const DENSITY: usize = 9;

/// Makes the plan of a request with an unknown.
pub(crate) fn solved(roles: &[Role<'_>], request: &Request) -> Result<Plan, PlanError> {
    let name = request.solve.clone().unwrap_or_default();
    let predicted = roles.iter().any(|(role, model)| {
        let output = model.formula.output.as_ref().map_or("", |left| left.name.as_str());
        name == output || (!role.is_empty() && name == format!("{role}_{output}"))
    });
    let mut asked =
        Request { solve: None, sense: Sense::Minimize, objective: name.clone(), ..request.clone() };
    if !request.over.is_empty() {
        if !predicted && !asked.over.contains(&name) {
            asked.over.push(name);
        }
        return plan_roles(roles, &asked);
    }
    if predicted {
        return evaluated(roles, &asked);
    }
    asked.over.push(name);
    let asked = expanded(roles, &asked)?;
    let problem = Problem::new(roles, &asked)?;
    root(roles, &asked, &problem)
}

/// What a law predicts, with nothing to decide.
fn evaluated(roles: &[Role<'_>], request: &Request) -> Result<Plan, PlanError> {
    let problem = Problem::read(roles, request)?;
    if let Some(c) = problem.constraints.first() {
        return Err(PlanError::IdleConstraint { text: c.text.clone(), over: Vec::new() });
    }
    let nodes: Vec<_> =
        [problem.objective].into_iter().chain(problem.report.iter().map(|(_, node)| *node)).collect();
    let of =
        |params: &[f64]| nodes.iter().map(|&node| problem.value(node, &[], params)).collect::<Vec<f64>>();
    let values = of(&problem.params);
    if values.iter().any(|x| !x.is_finite()) {
        return Err(PlanError::NoValue { starts: 1 });
    }
    let draws: Vec<Vec<f64>> = problem.draws.iter().map(|params| of(params)).collect();
    let mut plan = blank(&problem, request, &values, &draws);
    plan.gap = Some(0.0);
    plan.warnings = warnings(&problem, roles, &[]);
    Ok(plan)
}

/// The plan of values and their draws: the unknown, then what is reported.
fn blank(problem: &Problem, request: &Request, values: &[f64], draws: &[Vec<f64>]) -> Plan {
    let quantity = |name: &str, k: usize| {
        let mut column: Vec<f64> = draws.iter().map(|draw| draw[k]).collect();
        let mut end = |level| quantile(&mut column, level).filter(|x| x.is_finite());
        let (low, high) = (end(0.5 - 0.5 * request.level), end(0.5 + 0.5 * request.level));
        Quantity { name: name.to_owned(), estimate: values[k], low, high }
    };
    let unknown = quantity(&request.objective, 0);
    Plan {
        decision: vec![unknown.clone()],
        objective: unknown,
        report: problem.report.iter().enumerate().map(|(k, (name, _))| quantity(name, k + 1)).collect(),
        constraints: Vec::new(),
        method: Method::Root,
        gap: None,
        starts: (1, 1),
        scanned: 0,
        regret: None,
        indifference: Vec::new(),
        tolerance: request.tolerance,
        level: request.level,
        draws: draws.len(),
        warnings: Vec::new(),
    }
}

fn warnings(problem: &Problem, roles: &[Role<'_>], x: &[f64]) -> Vec<Warning> {
    let said = roles.iter().flat_map(|(_, model)| &model.warnings);
    let mut list: Vec<Warning> = said.map(|message| Warning::new("law", message.clone())).collect();
    list.extend(outside(problem, roles, x));
    list
}

/// The solution of the one equation of the problem.
fn root(roles: &[Role<'_>], request: &Request, problem: &Problem) -> Result<Plan, PlanError> {
    let name = &problem.over[0];
    let equations: Vec<&Constraint> = problem.constraints.iter().filter(|c| c.equal).collect();
    let equation = match (equations.as_slice(), problem.constraints.as_slice()) {
        ([only], _) => *only,
        // A single limit is met with equality.
        ([], [only]) => only,
        _ => return Err(PlanError::NoEquation { name: name.clone(), equations: equations.len() }),
    };
    let sides = Sides { problem, equation };
    let roots = sides.roots(&problem.params);
    if roots.is_empty() {
        return Err(PlanError::NoSolution {
            name: name.clone(),
            text: equation.text.clone(),
            why: sides.why(&problem.params),
        });
    }
    let broken = |z: f64| {
        let x = [z.exp()];
        problem.constraints.iter().find(|c| {
            let (small, large) =
                (problem.value(c.small, &x, &problem.params), problem.value(c.large, &x, &problem.params));
            !std::ptr::eq(*c, equation) && small > large + 1e-9 * large.abs().max(small.abs())
        })
    };
    let Some(&z) = roots.iter().find(|z| broken(**z).is_none()) else {
        let other = roots.first().and_then(|z| broken(*z)).map_or_else(String::new, |c| c.text.clone());
        let hint = format!("; `{}` holds at {name} = {:.6e}", equation.text, roots[0].exp());
        return Err(PlanError::Infeasible { blame: vec![equation.text.clone(), other], hint });
    };
    let mut out_of_reach = 0;
    let mut draws = Vec::new();
    for params in &problem.draws {
        let own = sides.near(params, z);
        out_of_reach += usize::from(own.is_infinite());
        let x = [own.exp()];
        draws.push(
            [x[0]]
                .into_iter()
                .chain(problem.report.iter().map(|(_, node)| problem.value(*node, &x, params)))
                .collect(),
        );
    }
    let x = [z.exp()];
    let values: Vec<f64> = [x[0]]
        .into_iter()
        .chain(problem.report.iter().map(|(_, node)| problem.value(*node, &x, &problem.params)))
        .collect();
    let mut plan = blank(problem, request, &values, &draws);
    plan.constraints =
        problem.constraints.iter().map(|c| met(problem, c, &x, std::ptr::eq(c, equation))).collect();
    plan.gap = sides.is_only(&problem.params).then_some(1e-15);
    plan.starts = (roots.len(), 1);
    plan.warnings = warnings(problem, roles, &x);
    if roots.len() > 1 {
        let others: Vec<String> =
            roots.iter().filter(|other| **other != z).map(|z| format!("{:.4e}", z.exp())).collect();
        let message = format!("{name} = {} solves the equation too", others.join(" and "));
        plan.warnings.push(Warning::new("several-solutions", message));
    }
    if out_of_reach > 0 {
        let message = format!("in {out_of_reach} of {} draws no {name} solves the equation", draws.len());
        plan.warnings.push(Warning::new("draws-without-plan", message));
    }
    Ok(plan)
}

/// A constraint at the solution; raising the right side of the equation by 1 moves the unknown by its shadow price.
fn met(problem: &Problem, c: &Constraint, x: &[f64], active: bool) -> ConstraintResult {
    let (left, right) = c.sides();
    let mut graph = problem.graph.clone();
    let difference = graph.sub(left, right);
    let slope = graph.derivative(difference, Node::Input(0));
    let slope = value_at(&graph, slope, x, &problem.params);
    ConstraintResult {
        text: c.text.clone(),
        value: problem.value(left, x, &problem.params),
        limit: problem.value(right, x, &problem.params),
        active,
        shadow_price: if active { 1.0 / slope } else { 0.0 },
        holds: None,
    }
}

/// The two sides of the equation as functions of the logarithm of the unknown.
struct Sides<'a> {
    problem: &'a Problem,
    equation: &'a Constraint,
}

impl Sides<'_> {
    fn difference(&self, z: f64, params: &[f64]) -> f64 {
        let x = [z.exp()];
        self.problem.value(self.equation.small, &x, params)
            - self.problem.value(self.equation.large, &x, params)
    }

    /// All changes of sign of a scan, closed in.
    fn roots(&self, params: &[f64]) -> Vec<f64> {
        let steps = (2.0 * EDGE) as usize * DENSITY;
        let mut found = Vec::new();
        let mut last: Option<(f64, f64)> = None;
        for k in 0..=steps {
            let z = -EDGE + 2.0 * EDGE * k as f64 / steps as f64;
            let value = self.difference(z, params);
            if value.is_nan() {
                last = None;
                continue;
            }
            if let Some((from, before)) = last
                && (before > 0.0) != (value > 0.0)
            {
                let root = self.halved(params, from, z, before > 0.0);
                // A jump, as at a kink to infinity, is no solution.
                if self.difference(root, params).is_finite() {
                    found.push(root);
                }
            }
            last = Some((z, value));
        }
        found
    }

    fn halved(&self, params: &[f64], mut low: f64, mut high: f64, positive: bool) -> f64 {
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if (self.difference(middle, params) > 0.0) == positive { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// The solution of a draw nearest to that of the estimate; infinite on the side where the sides come closest if there is
    /// none.
    fn near(&self, params: &[f64], z: f64) -> f64 {
        let here = self.difference(z, params) > 0.0;
        let mut step = 0.02;
        let (mut below, mut above) = (z, z);
        while below > -EDGE || above < EDGE {
            let (down, up) = ((z - step).max(-EDGE), (z + step).min(EDGE));
            if (self.difference(down, params) > 0.0) != here {
                return self.halved(params, down, below, !here);
            }
            if (self.difference(up, params) > 0.0) != here {
                return self.halved(params, above, up, here);
            }
            (below, above) = (down, up);
            step *= 2.0;
        }
        let far = |z: f64| self.difference(z, params).abs();
        if far(EDGE) <= far(-EDGE) { f64::INFINITY } else { f64::NEG_INFINITY }
    }

    /// Whether the form of the sides proves that there is one solution at most.
    fn is_only(&self, params: &[f64]) -> bool {
        let graph = &self.problem.graph;
        let sum = |node| signomial(graph, node, params, 1);
        if let (Some(small), Some(mut large)) = (sum(self.equation.small), sum(self.equation.large)) {
            large.iter_mut().for_each(|m| m.coefficient *= -1.0);
            let mut terms = added(&small, &large);
            terms.sort_by(|a, b| a.exponents[0].total_cmp(&b.exponents[0]));
            let changes =
                terms.windows(2).filter(|w| (w[0].coefficient > 0.0) != (w[1].coefficient > 0.0)).count();
            if changes <= 1 {
                return true;
            }
        }
        let of = |node| shape(graph, node, params, f64::INFINITY).slope;
        matches!(
            (of(self.equation.small), of(self.equation.large)),
            (Slope::Up | Slope::Flat, Slope::Down | Slope::Flat)
                | (Slope::Down | Slope::Flat, Slope::Up | Slope::Flat)
        )
    }

    /// Why there is no solution: how near the sides come, and where.
    fn why(&self, params: &[f64]) -> String {
        let (left, right) = self.equation.sides();
        let at = |z: f64| {
            let x = [z.exp()];
            (self.problem.value(left, &x, params), self.problem.value(right, &x, params))
        };
        let steps = (2.0 * EDGE) as usize;
        let places = (0..=steps).map(|k| -EDGE + 2.0 * EDGE * k as f64 / steps as f64);
        let known = places.map(|z| (z, at(z))).filter(|(_, (a, b))| a.is_finite() && b.is_finite());
        let distance = |(_, (a, b)): &(f64, (f64, f64))| (a - b).abs();
        let Some((z, (a, b))) = known.min_by(|p, q| distance(p).total_cmp(&distance(q))) else {
            return "its sides have no finite value".to_owned();
        };
        let name = &self.problem.over[0];
        let place = if z > EDGE - 1.0 {
            format!("however large {name} is")
        } else if z < 1.0 - EDGE {
            format!("however small {name} is")
        } else {
            format!("and comes nearest at {name} = {:.3e}", z.exp())
        };
        let side = if a > b { "above" } else { "below" };
        let most = if a > b { "more" } else { "less" };
        let number = |x: f64| format!("{x:.6e}").parse().unwrap_or(x);
        format!("its left side stays {side} {}: it is {} or {most}, {place}", number(b), number(a))
    }
}
