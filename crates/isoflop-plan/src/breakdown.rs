//! What the sums of a plan are made of: training and serving in a cost, irreducible loss and the terms that size and tokens
//! remove in a loss.

use isoflop_formula::{Binary, Formula, Graph, Node, NodeId, Unary, print};
use serde::Serialize;

use crate::error::PlanError;
use crate::expand::expanded;
use crate::laws::Laws;
use crate::names::{Meaning, Names};
use crate::problem::Problem;
use crate::request::Request;
use crate::result::Plan;
use crate::smooth::value_at;

/// How deep names are looked up for a sum behind them.
const DEEPEST: usize = 8;

/// A sum at the optimum of a plan, and its terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Breakdown {
    /// `objective`, `constraint` or `report`.
    pub of: &'static str,
    /// The formula as written, or the name in the report.
    pub name: String,
    /// Its value at the optimum.
    pub value: f64,
    /// Its terms, in the order written.
    pub terms: Vec<Term>,
}

/// A term of a sum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// The term as written, without the factors that all terms share.
    pub text: String,
    /// Its value at the optimum, with these factors.
    pub value: f64,
    /// Its share of the sum; shares add up to 1, and that of a term that is taken away is negative.
    pub share: f64,
}

/// The sums among objective, left sides of constraints and reports of a finished plan of the same laws and request. What is no
/// sum is left out; a plan of an unknown has none.
///
/// # Errors
/// As [`crate::plan_laws`]; none for a request that was planned.
///
/// ```
/// use isoflop_laws::Catalogue;
/// use isoflop_plan::{Laws, Model, Request, breakdown, plan_laws};
///
/// let laws = Laws::one(Model::parse("chinchilla@hoffmann", &Catalogue::builtin()?).unwrap());
/// let request = Request::minimize("6*N*D + 2*N*1e13").over(["N", "D"]).subject_to("loss <= 2.0");
/// let plan = plan_laws(&laws, &request).unwrap();
/// let sums = breakdown(&laws, &request, &plan).unwrap();
/// let texts: Vec<&str> = sums[1].terms.iter().map(|term| term.text.as_str()).collect();
/// assert_eq!(texts, ["E", "A / N^alpha", "B / D^beta"]); // of the loss in the constraint
/// assert!((sums[0].terms[0].value / (sums[0].value * sums[0].terms[0].share) - 1.0).abs() < 1e-12);
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
pub fn breakdown(laws: &Laws, request: &Request, plan: &Plan) -> Result<Vec<Breakdown>, PlanError> {
    if request.solve.is_some() {
        return Ok(Vec::new());
    }
    let roles = laws.roles();
    let request = expanded(&roles, request)?;
    let params = Problem::read(&roles, &request)?.params;
    let x: Vec<f64> = plan.decision.iter().map(|d| d.estimate).collect();
    let mut at = Optimum { names: Names::new(&roles, &request)?, graph: Graph::new(), x, params };
    let mut found = Vec::new();
    let objective = at.names.compile("the objective", &request.objective)?;
    found.extend(at.sum("objective", &request.objective, &objective, objective.body)?);
    for text in &request.constraints {
        let formula = at.names.compile("--subject-to", &crate::problem::with_equals(text))?;
        for (part, text) in crate::problem::parts(&formula, text) {
            let Node::Binary(_, small, large) = formula.graph.node(part) else { continue };
            let left = if text.contains('>') { large } else { small };
            found.extend(at.sum("constraint", &text, &formula, left)?);
        }
    }
    for (name, text) in &request.report {
        let formula = at.names.compile("--report", text)?;
        found.extend(at.sum("report", name, &formula, formula.body)?);
    }
    Ok(found)
}

/// The place at which the sums are evaluated.
struct Optimum<'a> {
    names: Names<'a>,
    graph: Graph,
    x: Vec<f64>,
    params: Vec<f64>,
}

impl Optimum<'_> {
    fn sum(
        &mut self,
        of: &'static str,
        name: &str,
        formula: &Formula,
        node: NodeId,
    ) -> Result<Option<Breakdown>, PlanError> {
        let own = self.names.import(&mut self.graph, formula, node)?;
        let value = self.value(own);
        let terms = self.terms(formula, node, DEEPEST)?;
        // Factors that all terms share are put back.
        let sum: f64 = terms.iter().map(|term| term.1).sum();
        if terms.len() < 2 || !(value / sum).is_finite() {
            return Ok(None);
        }
        let term =
            |(text, part): (String, f64)| Term { text, value: part * (value / sum), share: part / sum };
        let terms = terms.into_iter().map(term).collect();
        Ok(Some(Breakdown { of, name: name.trim().to_owned(), value, terms }))
    }

    fn value(&self, node: NodeId) -> f64 {
        value_at(&self.graph, node, &self.x, &self.params)
    }

    /// Texts and values of the terms of a node, behind factors and names; one for what is no sum.
    fn terms(
        &mut self,
        formula: &Formula,
        node: NodeId,
        deepest: usize,
    ) -> Result<Vec<(String, f64)>, PlanError> {
        let parts = split(&formula.graph, node);
        if let [(only, _)] = parts[..]
            && let Node::Input(k) = formula.graph.node(only)
            && deepest > 0
        {
            let name = &formula.symbols.inputs[k as usize].name;
            match self.names.meaning(name)? {
                Some(Meaning::Written(text)) => return self.terms(&text, text.body, deepest - 1),
                Some(Meaning::Predicted(law, root)) => {
                    let node = self.names.import(&mut self.graph, formula, only)?;
                    return Ok(self.terms_of_law(law, root, node));
                }
                None => {}
            }
        }
        let one = |(node, sign): &(NodeId, f64)| {
            let own = self.names.import(&mut self.graph, formula, *node)?;
            let text = print::text(&formula.graph, &formula.symbols, *node);
            Ok((signed(text, *sign), sign * value_at(&self.graph, own, &self.x, &self.params)))
        };
        parts.iter().map(one).collect()
    }

    /// Terms of a law: texts from its formula, values from the plan's graph. Both have the same form, unless given numbers made
    /// terms vanish.
    fn terms_of_law(&self, law: &Formula, root: NodeId, node: NodeId) -> Vec<(String, f64)> {
        let (texts, nodes) = (split(&law.graph, root), split(&self.graph, node));
        if texts.len() != nodes.len() {
            return vec![(String::new(), self.value(node))];
        }
        let one = |((text, sign), (node, own)): (&(NodeId, f64), &(NodeId, f64))| {
            (signed(print::text(&law.graph, &law.symbols, *text), *sign), own * self.value(*node))
        };
        texts.iter().zip(&nodes).map(one).collect()
    }
}

fn signed(text: String, sign: f64) -> String {
    if sign < 0.0 { format!("- {text}") } else { text }
}

/// The terms of a sum with their signs; of a product with one sum among its factors, those of the sum.
fn split(graph: &Graph, node: NodeId) -> Vec<(NodeId, f64)> {
    let mut terms = Vec::new();
    flatten(graph, node, 1.0, &mut terms);
    let [(only, sign)] = terms[..] else { return terms };
    let inner = match graph.node(only) {
        Node::Binary(Binary::Mul, a, b) => {
            let (left, right) = (split(graph, a), split(graph, b));
            match (left.len(), right.len()) {
                (1, 2..) => right,
                (2.., 1) => left,
                _ => return terms,
            }
        }
        Node::Binary(Binary::Div, a, _) => split(graph, a),
        _ => return terms,
    };
    if inner.len() < 2 { terms } else { inner.into_iter().map(|(node, own)| (node, own * sign)).collect() }
}

fn flatten(graph: &Graph, node: NodeId, sign: f64, terms: &mut Vec<(NodeId, f64)>) {
    match graph.node(node) {
        Node::Binary(Binary::Add, a, b) => {
            flatten(graph, a, sign, terms);
            flatten(graph, b, sign, terms);
        }
        Node::Binary(Binary::Sub, a, b) => {
            flatten(graph, a, sign, terms);
            flatten(graph, b, -sign, terms);
        }
        Node::Unary(Unary::Neg, a) => flatten(graph, a, -sign, terms),
        _ => terms.push((node, sign)),
    }
}
