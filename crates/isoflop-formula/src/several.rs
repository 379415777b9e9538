//! Laws with several outputs: one statement each, parameters of one name shared.
//!
//! For a fit the rows of all outputs are stacked into one table with a column that says which output a row observes, so
//! that solver, certificate and bootstrap see one law.

use crate::formula::{Formula, LeftSide};
use crate::graph::{Graph, NodeId};
use crate::invert::invert;
use crate::scope::{InputSpec, Scope};
use crate::symbols::{Input, InputKind};
use crate::units::Unit;

/// One statement of a law with several outputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its left side; the output is the first input of the formula, whatever its name.
    pub left: LeftSide,
    /// Its right side.
    pub body: NodeId,
}

impl Formula {
    /// Names of what the law predicts, in the order of its statements; empty for a bare expression.
    pub fn outputs(&self) -> Vec<&str> {
        match &self.output {
            _ if !self.parts.is_empty() => self.parts.iter().map(|part| part.left.name.as_str()).collect(),
            Some(left) => vec![&left.name],
            None => Vec::new(),
        }
    }

    /// The statement of output `k` as a law of its own, with all inputs and parameters of the whole law. A law with one
    /// output, or a `k` that does not exist, gives itself.
    ///
    /// ```
    /// use isoflop_formula::{Formula, InputSpec, Scope, Unit};
    /// let scope = Scope::open(vec![InputSpec::new("N", Unit::default())]);
    /// let law = Formula::compile("loss ~ E + A / N^alpha; logit(accuracy) ~ b - k * loss", &scope)?;
    /// assert_eq!(law.outputs(), ["loss", "accuracy"]);
    /// assert_eq!(law.part(1).to_text(), "logit(accuracy) ~ b - k * (E + A / N^alpha)");
    /// # Ok::<(), isoflop_formula::Diagnostics>(())
    /// ```
    pub fn part(&self, k: usize) -> Formula {
        let Some(part) = self.parts.get(k) else { return self.clone() };
        let mut formula = self.clone();
        if let Some(input) = formula.symbols.inputs.first_mut() {
            (input.name, input.unit) = (part.left.name.clone(), part.left.unit);
        }
        (formula.output, formula.body) = (Some(part.left.clone()), part.body);
        formula.parts.clear();
        formula.text = formula.to_text();
        formula
    }

    /// All statements as one law of a stacked table, whose rows observe one output each. Behind the inputs of the law
    /// come as many 0/1 inputs as it has outputs, each 1 on the rows of its output. A law with one output gives itself.
    pub fn stacked(&self) -> Formula {
        let mut formula = self.clone();
        let first = formula.symbols.inputs.len() as u32;
        for part in &self.parts {
            formula.symbols.inputs.push(Input {
                name: format!("is {}", part.left.name),
                kind: InputKind::TextEquals { column: STACKED.to_owned(), value: part.left.name.clone() },
                unit: Unit::one(),
            });
        }
        let mut choose = |of: &dyn Fn(&Part) -> NodeId| {
            let nodes: Vec<NodeId> = self.parts.iter().map(of).collect();
            select(&mut formula.graph, first, &nodes)
        };
        let nodes = [choose(&|p| p.body), choose(&|p| p.left.lhs), choose(&|p| p.left.prediction)];
        if let [Some(body), Some(lhs), Some(prediction)] = nodes {
            let name = self.outputs().join("; ");
            formula.output = Some(LeftSide { name, unit: Unit::default(), input: 0, lhs, prediction });
            formula.body = body;
        }
        formula
    }

    /// The output as a function of the value of the left side, which is parameter 0 of the graph; `None` for a bare
    /// expression.
    ///
    /// ```
    /// use isoflop_formula::{Formula, Scope, evaluate};
    /// let law = Formula::compile("log(loss) ~ a", &Scope::open(Vec::new()))?;
    /// let (graph, node) = law.inverse().unwrap();
    /// let mut loss = [0.0];
    /// evaluate(&graph, node, &[], &[1.0], &mut loss);
    /// assert!((loss[0] - std::f64::consts::E).abs() < 1e-15);
    /// # Ok::<(), isoflop_formula::Diagnostics>(())
    /// ```
    pub fn inverse(&self) -> Option<(Graph, NodeId)> {
        let left = self.output.as_ref()?;
        let mut graph = self.graph.clone();
        let (output, value) = (graph.input(left.input), graph.param(0));
        let node = invert(&mut graph, left.lhs, output, value)?;
        Some((graph, node))
    }

    /// The scope in which [`Formula::text`] means the same again; sets of columns are not known to a formula.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::of(&self.symbols);
        let spec = |left: &LeftSide| InputSpec { name: left.name.clone(), unit: left.unit };
        scope.output = self.output.as_ref().map(spec);
        scope.further_outputs = self.parts.iter().skip(1).map(|part| spec(&part.left)).collect();
        let name = scope.output.as_ref().map(|output| output.name.clone());
        scope.inputs.retain(|input| Some(&input.name) != name.as_ref());
        scope
    }
}

/// What the column is called that tells which output a row of a stacked table observes.
const STACKED: &str = "output";

/// The node of the output that a row observes; `first` is the 0/1 input of the first one.
fn select(graph: &mut Graph, first: u32, nodes: &[NodeId]) -> Option<NodeId> {
    let (last, rest) = nodes.split_last()?;
    let mut chosen = *last;
    for (k, node) in rest.iter().enumerate().rev() {
        let is_it = graph.input(first + k as u32);
        chosen = graph.select(is_it, *node, chosen);
    }
    Some(chosen)
}
