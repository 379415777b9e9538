//! From texts to one graph: objective and constraints over the decision variables, the law written out in them.

use isoflop_formula::{
    Binary, Formula, Graph, InputKind, InputSpec, Node, NodeId, Scope, Symbols, parse_number, print,
};

use crate::error::PlanError;
use crate::model::Model;
use crate::request::{Request, Sense};
use crate::smooth::value_at;

/// A plan as mathematics. Input `i` of the graph is decision variable `i`, parameter `k` that of the law.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) graph: Graph,
    /// Names of the decision variables.
    pub(crate) over: Vec<String>,
    pub(crate) sense: Sense,
    pub(crate) objective: NodeId,
    pub(crate) constraints: Vec<Constraint>,
    /// What to report, by name.
    pub(crate) report: Vec<(String, NodeId)>,
    /// Parameter values of the law.
    pub(crate) params: Vec<f64>,
    /// Where each parameter stands in a draw of the model.
    places: Vec<usize>,
}

/// `small <= large`, or `small == large`.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) text: String,
    pub(crate) small: NodeId,
    pub(crate) large: NodeId,
    pub(crate) equal: bool,
    /// Whether it was written with `>=`, so that its left side is the large one.
    pub(crate) flipped: bool,
}

impl Constraint {
    /// Left and right side as written.
    pub(crate) fn sides(&self) -> (NodeId, NodeId) {
        if self.flipped { (self.large, self.small) } else { (self.small, self.large) }
    }
}

impl Problem {
    /// Reads the request over the law.
    pub(crate) fn new(model: &Model, request: &Request) -> Result<Problem, PlanError> {
        request.check()?;
        let mut names = Names::new(model, request)?;
        let scope = names.scope();
        let mut graph = Graph::new();
        let place = match request.sense {
            Sense::Minimize => "--minimize",
            Sense::Maximize => "--maximize",
        };
        let compile = |place: &str, text: &str| {
            Formula::expression(text, &scope).map_err(|diagnostics| PlanError::Formula {
                place: place.to_owned(),
                text: text.to_owned(),
                diagnostics,
            })
        };
        let formula = compile(place, &request.objective)?;
        let objective = names.import(&mut graph, &formula, formula.body)?;
        let mut constraints = Vec::new();
        for text in &request.constraints {
            let formula = compile("--subject-to", text)?;
            for (part, text) in parts(&formula, text) {
                constraints.push(names.constraint(&mut graph, &formula, part, text)?);
            }
        }
        let mut report = Vec::new();
        for (name, text) in &request.report {
            let formula = compile("--report", text)?;
            report.push((name.clone(), names.import(&mut graph, &formula, formula.body)?));
        }
        let mut problem = Problem {
            graph,
            report,
            over: request.over.clone(),
            sense: request.sense,
            objective,
            constraints,
            params: Vec::new(),
            places: Vec::new(),
        };
        problem.check_use(&request.objective)?;
        names.check_given()?;
        if names.uses_law {
            problem.places = names.places()?;
            problem.params = problem.places.iter().map(|&place| model.values[place].1).collect();
        }
        Ok(problem)
    }

    /// The parameters of the law in one draw of the model.
    pub(crate) fn draw(&self, draw: &[f64]) -> Vec<f64> {
        self.places.iter().map(|&place| draw.get(place).copied().unwrap_or(f64::NAN)).collect()
    }

    /// The value of a node at these decisions.
    pub(crate) fn value(&self, node: NodeId, x: &[f64], params: &[f64]) -> f64 {
        value_at(&self.graph, node, x, params)
    }

    /// Whether the law's parameters enter a constraint.
    pub(crate) fn depends_on_law(&self, constraint: &Constraint) -> bool {
        let nodes = self.graph.reachable(&[constraint.small, constraint.large]);
        nodes.into_iter().any(|id| matches!(self.graph.node(id), Node::Param(_)))
    }

    fn check_use(&self, objective: &str) -> Result<(), PlanError> {
        let decided = |roots: &[NodeId]| {
            self.graph.reachable(roots).into_iter().any(|id| matches!(self.graph.node(id), Node::Input(_)))
        };
        if !decided(&[self.objective]) {
            return Err(PlanError::IdleObjective { text: objective.to_owned(), over: self.over.clone() });
        }
        for c in &self.constraints {
            if !decided(&[c.small, c.large]) {
                return Err(PlanError::IdleConstraint { text: c.text.clone(), over: self.over.clone() });
            }
        }
        let roots: Vec<NodeId> =
            self.constraints.iter().flat_map(|c| [c.small, c.large]).chain([self.objective]).collect();
        let nodes = self.graph.reachable(&roots);
        for (i, name) in self.over.iter().enumerate() {
            if !nodes.iter().any(|&id| self.graph.node(id) == Node::Input(i as u32)) {
                return Err(PlanError::IdleVariable { name: name.clone() });
            }
        }
        Ok(())
    }
}

/// The parts of a constraint that are joined by `and`, each with its text.
fn parts(formula: &Formula, text: &str) -> Vec<(NodeId, String)> {
    let mut rest = vec![formula.body];
    let mut found = Vec::new();
    while let Some(node) = rest.pop() {
        match formula.graph.node(node) {
            Node::Binary(Binary::And, a, b) => rest.extend([b, a]),
            _ => found.push(node),
        }
    }
    match found.as_slice() {
        [only] => vec![(*only, text.trim().to_owned())],
        _ => found.iter().map(|&id| (id, print::text(&formula.graph, &formula.symbols, id))).collect(),
    }
}

/// What the names in the formulas stand for.
struct Names<'a> {
    model: &'a Model,
    over: &'a [String],
    given: Vec<(&'a str, Given<'a>, bool)>,
    outputs: Vec<&'a str>,
    /// Of each output, once it was asked for.
    predictions: Vec<Option<NodeId>>,
    uses_law: bool,
}

#[derive(Clone, Copy)]
enum Given<'a> {
    Number(f64),
    Text(&'a str),
}

impl<'a> Names<'a> {
    fn new(model: &'a Model, request: &'a Request) -> Result<Names<'a>, PlanError> {
        let outputs = model.formula.outputs();
        let texts = texts(&model.formula.symbols);
        let clash =
            |name: &str, first, second| Err(PlanError::TwoMeanings { name: name.to_owned(), first, second });
        let mut given: Vec<(&str, Given<'_>, bool)> = Vec::new();
        for (i, name) in request.over.iter().enumerate() {
            if request.over[..i].contains(name) {
                return clash(name, "decided", "decided once more");
            }
            if outputs.contains(&name.as_str()) {
                return clash(name, "decided", "what the law predicts");
            }
        }
        for (name, value) in &request.given {
            if request.over.contains(name) {
                return clash(name, "decided", "given");
            }
            if given.iter().any(|(known, ..)| known == name) {
                return clash(name, "given", "given once more");
            }
            if outputs.contains(&name.as_str()) {
                return clash(name, "given", "what the law predicts");
            }
            let value = match parse_number(value).filter(|x| x.is_finite()) {
                Some(number) if !texts.contains(&name.as_str()) => Given::Number(number),
                _ if texts.contains(&name.as_str()) => Given::Text(value),
                _ => return Err(PlanError::NotANumber { name: name.clone(), value: value.clone() }),
            };
            given.push((name, value, false));
        }
        let predictions = vec![None; outputs.len()];
        Ok(Names { model, over: &request.over, given, outputs, predictions, uses_law: false })
    }

    /// Decision variables, given numbers and the output, with the units that the law declares.
    fn scope(&self) -> Scope {
        let unit = |name: &str| {
            let formula = &self.model.formula;
            let input = formula.symbols.inputs.iter().find(|i| i.name == name).map(|i| i.unit);
            let output = || formula.parts.iter().find(|part| part.left.name == name).map(|p| p.left.unit);
            input.or_else(output).unwrap_or_default()
        };
        let numbers = self.given.iter().filter(|g| matches!(g.1, Given::Number(_))).map(|g| g.0);
        let names = self.over.iter().map(String::as_str).chain(numbers).chain(self.outputs.iter().copied());
        Scope { inputs: names.map(|name| InputSpec::new(name, unit(name))).collect(), ..Scope::default() }
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        let given = self.given.iter_mut().find(|g| g.0 == name)?;
        given.2 = true;
        match given.1 {
            Given::Number(x) => Some(x),
            Given::Text(_) => None,
        }
    }

    fn text(&mut self, name: &str) -> Option<&'a str> {
        let given = self.given.iter_mut().find(|g| g.0 == name)?;
        given.2 = true;
        match given.1 {
            Given::Text(text) => Some(text),
            Given::Number(_) => None,
        }
    }

    /// Copies a node of a formula of the plan.
    fn import(&mut self, graph: &mut Graph, formula: &Formula, node: NodeId) -> Result<NodeId, PlanError> {
        let inputs = &formula.symbols.inputs;
        import(graph, &formula.graph, node, &mut |graph, leaf| {
            let Node::Input(k) = leaf else { return Ok(None) };
            let name = inputs[k as usize].name.as_str();
            if let Some(i) = self.over.iter().position(|over| over == name) {
                return Ok(Some(graph.input(i as u32)));
            }
            if let Some(k) = self.outputs.iter().position(|output| *output == name) {
                return self.prediction(graph, k).map(Some);
            }
            Ok(self.number(name).map(|x| graph.number(x)))
        })
    }

    fn constraint(
        &mut self,
        graph: &mut Graph,
        formula: &Formula,
        part: NodeId,
        text: String,
    ) -> Result<Constraint, PlanError> {
        let (equal, a, b) = match formula.graph.node(part) {
            Node::Binary(Binary::LessEqual | Binary::Less, a, b) => (false, a, b),
            Node::Binary(Binary::Equal, a, b) => (true, a, b),
            Node::Const(_) => return Err(PlanError::IdleConstraint { text, over: self.over.to_vec() }),
            _ => return Err(PlanError::NoConstraint { text }),
        };
        let (small, large) = (self.import(graph, formula, a)?, self.import(graph, formula, b)?);
        let flipped = text.contains('>');
        Ok(Constraint { text, small, large, equal, flipped })
    }

    /// The law's prediction of output `k` in decision variables and given values, written out once.
    fn prediction(&mut self, graph: &mut Graph, k: usize) -> Result<NodeId, PlanError> {
        if let Some(Some(node)) = self.predictions.get(k) {
            return Ok(*node);
        }
        self.uses_law = true;
        let formula = &self.model.formula;
        if formula.symbols.look_back() {
            return Err(PlanError::LooksBack { law: self.model.name.clone() });
        }
        let left = formula.parts.get(k).map(|part| &part.left).or(formula.output.as_ref());
        let root = left.map_or(formula.body, |left| left.prediction);
        let mut missing: Vec<String> = Vec::new();
        let node = import(graph, &formula.graph, root, &mut |graph, leaf| {
            let k = match leaf {
                Node::Param(k) => return Ok(Some(graph.param(k))),
                Node::Input(k) => k,
                _ => return Ok(None),
            };
            let input = &formula.symbols.inputs[k as usize];
            let (name, value) = match &input.kind {
                InputKind::Column => match self.over.iter().position(|over| *over == input.name) {
                    Some(i) => return Ok(Some(graph.input(i as u32))),
                    None => (&input.name, self.number(&input.name)),
                },
                InputKind::TextEquals { column, value } => {
                    (column, self.text(column).map(|text| f64::from(u8::from(text == value))))
                }
                // Refused above.
                InputKind::Earlier { .. } | InputKind::Row | InputKind::Here => (&input.name, None),
            };
            if value.is_none() && !missing.contains(name) {
                missing.push(name.clone());
            }
            Ok(Some(graph.number(value.unwrap_or(f64::NAN))))
        })?;
        if !missing.is_empty() {
            return Err(PlanError::MissingInputs { law: self.model.name.clone(), names: missing });
        }
        if let Some(known) = self.predictions.get_mut(k) {
            *known = Some(node);
        }
        Ok(node)
    }

    /// Where the value of each parameter stands, by the given levels.
    fn places(&mut self) -> Result<Vec<usize>, PlanError> {
        let mut places = Vec::new();
        for param in &self.model.formula.symbols.params {
            let level = param.group.as_deref().and_then(|group| self.text(group));
            let place = self.model.place(&param.name, level);
            places.push(place.ok_or_else(|| PlanError::MissingParameter {
                law: self.model.name.clone(),
                name: param.name.clone(),
                group: param.group.clone(),
            })?);
        }
        Ok(places)
    }

    fn check_given(&self) -> Result<(), PlanError> {
        // Levels are looked up later; every other given value was met by now.
        let unused = self.given.iter().find(|(name, _, used)| {
            let groups = self.model.formula.symbols.params.iter().filter_map(|p| p.group.as_deref());
            !used && !groups.clone().any(|group| group == *name)
        });
        match unused {
            Some((name, ..)) => {
                Err(PlanError::UnusedGiven { name: (*name).to_owned(), law: self.model.name.clone() })
            }
            None => Ok(()),
        }
    }
}

/// Columns that hold texts.
fn texts(symbols: &Symbols) -> Vec<&str> {
    let compared = symbols.inputs.iter().filter_map(|input| match &input.kind {
        InputKind::TextEquals { column, .. } => Some(column.as_str()),
        _ => None,
    });
    compared.chain(symbols.params.iter().filter_map(|p| p.group.as_deref())).collect()
}

/// What stands for a leaf in the new graph; `None` leaves it without a value.
type Leaf<'l> = dyn FnMut(&mut Graph, Node) -> Result<Option<NodeId>, PlanError> + 'l;

/// Copies `root` from one graph to another.
fn import(
    target: &mut Graph,
    source: &Graph,
    root: NodeId,
    leaf: &mut Leaf<'_>,
) -> Result<NodeId, PlanError> {
    let nothing = target.number(f64::NAN);
    let mut new = vec![nothing; root.index() + 1];
    for id in source.reachable(&[root]) {
        let of = |a: NodeId| new[a.index()];
        new[id.index()] = match source.node(id) {
            Node::Const(bits) => target.number(f64::from_bits(bits)),
            node @ (Node::Input(_) | Node::Param(_)) => leaf(target, node)?.unwrap_or(nothing),
            // Laws with sums over the past are refused, and no other formula here can hold one.
            Node::Earlier(_) | Node::Past(..) => nothing,
            Node::Unary(op, a) => target.unary(op, of(a)),
            Node::Binary(op, a, b) => target.binary(op, of(a), of(b)),
            Node::If(c, a, b) => target.select(of(c), of(a), of(b)),
            Node::Unknown(k) => target.unknown(source.unknown_name(k)),
            Node::Root(k) => {
                let equation = source.equation(k);
                let name = source.unknown_name(equation.unknown);
                target.root(name, of(equation.body), of(equation.low), of(equation.high))
            }
        };
    }
    Ok(new[root.index()])
}
