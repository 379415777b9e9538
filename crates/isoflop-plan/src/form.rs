//! The two forms in which a plan is solved, both in the logarithms of the decision variables.
//!
//! A plan whose sums have positive terms only is a *geometric program*: convex, so that what is found is the best there
//! is, with a proof (Boyd, Kim, Vandenberghe and Hassibi, A tutorial on geometric programming, 2007). Any other plan is
//! taken as it is, by derivatives of its graph, and searched from many starts.

use isoflop_formula::{Graph, Node, NodeId, Unary};

use crate::problem::Problem;
use crate::request::Sense;
use crate::signomial::{Monomial, added, signomial};
use crate::smooth::{GraphFunction, LogSum, Program, Smooth};

/// `f(z) <= 0`, or `f(z) = 0`.
pub(crate) struct Row<'a> {
    pub(crate) f: Box<dyn Smooth + 'a>,
    pub(crate) equal: bool,
    /// An equation that is solved as `<= 0` and must turn out tight.
    pub(crate) must_bind: bool,
    /// The constraint of the problem that it stands for.
    pub(crate) of: usize,
    /// Raising the larger side of the constraint by 1 lowers `f` by this.
    pub(crate) rate: Rate<'a>,
}

pub(crate) enum Rate<'a> {
    /// `sign / monomial`; the sign is -1 for an equation that was turned round.
    Monomial(LogSum, f64),
    /// 1 over the value of a node.
    Side(&'a Graph, NodeId, &'a [f64]),
    Constant(f64),
}

impl Rate<'_> {
    pub(crate) fn at(&self, z: &[f64]) -> f64 {
        match self {
            Rate::Monomial(log, sign) => sign * (-log.value(z)).exp(),
            Rate::Side(graph, node, params) => 1.0 / crate::smooth::value_at(graph, *node, z, params),
            Rate::Constant(rate) => *rate,
        }
    }
}

/// How the objective of the form relates to that of the user (`F`, negated where more is better).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Link {
    /// The form has `log(F - constant)`.
    Log { constant: f64 },
    /// The form has `-log(constant - F)`.
    MinusLog { constant: f64 },
    /// The form has `F`.
    Same,
}

impl Link {
    /// The objective of the form for this value of `F`.
    pub(crate) fn of(self, value: f64) -> f64 {
        match self {
            Link::Log { constant } => (value - constant).ln(),
            Link::MinusLog { constant } => -(constant - value).ln(),
            Link::Same => value,
        }
    }

    /// Change of `F` per change of the objective of the form.
    pub(crate) fn slope(self, value: f64) -> f64 {
        match self {
            Link::Log { constant } => value - constant,
            Link::MinusLog { constant } => constant - value,
            Link::Same => 1.0,
        }
    }
}

/// A plan ready to be solved at given parameter values.
pub(crate) struct Form<'a> {
    pub(crate) objective: Box<dyn Smooth + 'a>,
    pub(crate) link: Link,
    pub(crate) rows: Vec<Row<'a>>,
    pub(crate) convex: bool,
    /// Decisions that may vanish.
    pub(crate) shares: Vec<usize>,
    /// Constraints that no point at all meets, and the distance between their sides that always remains.
    pub(crate) impossible: Vec<(usize, f64)>,
}

/// The plan as a geometric program, if it is one at these parameter values.
pub(crate) fn geometric(problem: &Problem, params: &[f64]) -> Option<Form<'static>> {
    let n = problem.over.len();
    let sum = |node| signomial(&problem.graph, node, params, n);
    let sign = if problem.sense == Sense::Minimize { 1.0 } else { -1.0 };
    let mut objective = sum(problem.objective)?;
    objective.iter_mut().for_each(|m| m.coefficient *= sign);
    let constant: f64 = objective.iter().filter(|m| m.is_constant()).map(|m| m.coefficient).sum();
    objective.retain(|m| !m.is_constant());
    let (objective, link) = match objective.as_slice() {
        [m] if m.coefficient < 0.0 => {
            let inverse = Monomial {
                coefficient: -1.0 / m.coefficient,
                exponents: m.exponents.iter().map(|a| -a).collect(),
            };
            (log_sum(&[inverse], None), Link::MinusLog { constant })
        }
        terms if !terms.is_empty() && terms.iter().all(|m| m.coefficient > 0.0) => {
            (log_sum(terms, None), Link::Log { constant })
        }
        _ => return None,
    };
    let (mut rows, mut impossible) = (Vec::new(), Vec::new());
    for (of, constraint) in problem.constraints.iter().enumerate() {
        let mut large = sum(constraint.large)?;
        large.iter_mut().for_each(|m| m.coefficient *= -1.0);
        let difference = added(&sum(constraint.small)?, &large);
        let (mut more, mut less): (Vec<_>, Vec<_>) =
            difference.into_iter().partition(|m| m.coefficient > 0.0);
        less.iter_mut().for_each(|m| m.coefficient *= -1.0);
        let equal = constraint.equal;
        match (more.is_empty(), less.is_empty()) {
            (_, true) if !more.is_empty() || equal => impossible.push((of, least(&more))),
            (true, _) if equal => impossible.push((of, least(&less))),
            (true, _) => {}
            _ if less.len() == 1 || (equal && more.len() == 1) => {
                // An equation may be turned round so that its single term is the larger side.
                let turned = less.len() != 1;
                if turned {
                    std::mem::swap(&mut more, &mut less);
                }
                let rate = Rate::Monomial(log_sum(&less, None), if turned { -1.0 } else { 1.0 });
                let f = log_sum(&more, Some(&less[0]));
                let affine = f.is_affine();
                rows.push(Row {
                    f: Box::new(f),
                    equal: equal && affine,
                    must_bind: equal && !affine,
                    of,
                    rate,
                });
            }
            _ => return None,
        }
    }
    Some(Form {
        objective: Box::new(objective),
        link,
        rows,
        convex: true,
        shares: problem.vanishing(),
        impossible,
    })
}

/// The constant part of a sum of positive terms, which nothing takes away.
fn least(terms: &[Monomial]) -> f64 {
    terms.iter().filter(|m| m.is_constant()).map(|m| m.coefficient).sum()
}

/// `log sum of the terms`, or `log (sum / monomial)`.
fn log_sum(terms: &[Monomial], over: Option<&Monomial>) -> LogSum {
    let term = |m: &Monomial| {
        let less = |i: usize| over.map_or(0.0, |over| over.exponents[i]);
        let exponents = m.exponents.iter().enumerate().map(|(i, a)| a - less(i)).collect();
        (m.coefficient.ln() - over.map_or(0.0, |over| over.coefficient.ln()), exponents)
    };
    LogSum { terms: terms.iter().map(term).collect() }
}

/// The derivatives of a plan that is no geometric program, made once for all parameter values.
#[derive(Debug, Clone)]
pub(crate) struct General {
    graph: Graph,
    objective: (Program, Link),
    rows: Vec<(Program, bool, Side)>,
    shares: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    /// The row is `log(small) - log(large)`; the node is the large side.
    Log(NodeId),
    /// The row is `(small - large) / scale`.
    Plain(f64),
}

impl General {
    /// Writes the plan in logarithms of the decision variables. Sides that are positive by their form (with the
    /// parameters that are positive in `params`) are compared by their logarithms, which units do not matter to.
    pub(crate) fn new(problem: &Problem, params: &[f64]) -> General {
        let n = problem.over.len();
        let mut graph = problem.graph.clone();
        let leaf = |node: Node| match node {
            Node::Param(k) => params.get(k as usize).is_some_and(|&p| p > 0.0),
            _ => false,
        };
        let in_logs = |graph: &mut Graph, node| {
            graph.substitute(node, &mut |graph, leaf| match leaf {
                Node::Input(k) => {
                    let z = graph.input(k);
                    Some(graph.unary(Unary::Exp, z))
                }
                _ => None,
            })
        };
        let objective = in_logs(&mut graph, problem.objective);
        let is_positive = graph.is_positive(objective, &leaf);
        let (objective, link) = match (problem.sense, is_positive) {
            (Sense::Minimize, true) => (graph.unary(Unary::Log, objective), Link::Log { constant: 0.0 }),
            (Sense::Minimize, false) => (objective, Link::Same),
            (Sense::Maximize, true) => {
                let log = graph.unary(Unary::Log, objective);
                (graph.neg(log), Link::MinusLog { constant: 0.0 })
            }
            (Sense::Maximize, false) => (graph.neg(objective), Link::Same),
        };
        let objective = (Program::new(&mut graph, objective, n), link);
        let mut rows = Vec::new();
        for constraint in &problem.constraints {
            let small = in_logs(&mut graph, constraint.small);
            let large = in_logs(&mut graph, constraint.large);
            let (node, side) = if graph.is_positive(small, &leaf) && graph.is_positive(large, &leaf) {
                let (a, b) = (graph.unary(Unary::Log, small), graph.unary(Unary::Log, large));
                (graph.sub(a, b), Side::Log(large))
            } else {
                let constant = |node| graph.value(node).map(f64::abs).filter(|&x| x > 0.0 && x.is_finite());
                let scale = constant(small).or(constant(large)).unwrap_or(1.0);
                let difference = graph.sub(small, large);
                let by = graph.number(scale);
                (graph.div(difference, by), Side::Plain(scale))
            };
            rows.push((Program::new(&mut graph, node, n), constraint.equal, side));
        }
        General { graph, objective, rows, shares: problem.vanishing() }
    }

    /// The plan at these parameter values.
    pub(crate) fn form<'a>(&'a self, params: &'a [f64]) -> Form<'a> {
        let function = |program| Box::new(GraphFunction { graph: &self.graph, program, params });
        let row = |(of, (program, equal, side)): (usize, &'a (Program, bool, Side))| Row {
            f: function(program),
            equal: *equal,
            must_bind: false,
            of,
            rate: match *side {
                Side::Log(large) => Rate::Side(&self.graph, large, params),
                Side::Plain(scale) => Rate::Constant(1.0 / scale),
            },
        };
        Form {
            objective: function(&self.objective.0),
            link: self.objective.1,
            rows: self.rows.iter().enumerate().map(row).collect(),
            convex: false,
            shares: self.shares.clone(),
            impossible: Vec::new(),
        }
    }
}
