//! From texts to one graph: objective and constraints over the decision variables, the laws written out in them.

use isoflop_formula::{Binary, Formula, Graph, InputKind, Node, NodeId, print};

use crate::error::PlanError;
use crate::laws::Role;
use crate::names::{Names, Read};
use crate::request::{Request, Sense};
use crate::signomial::signomial;
use crate::smooth::value_at;

/// A plan as mathematics. Input `i` of the graph is decision variable `i`, its parameters are those of the laws, one law
/// after the other.
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
    /// Parameter values of the laws.
    pub(crate) params: Vec<f64>,
    /// Other values of them; draw `k` of one law goes with draw `k` of the others.
    pub(crate) draws: Vec<Vec<f64>>,
    /// What the laws read.
    pub(crate) reads: Vec<Read>,
    /// Where each decision usually lies, if a law says so.
    pub(crate) usual: Vec<Option<(f64, f64)>>,
    /// Decisions of which a law says that only whole numbers make sense.
    pub(crate) whole: Vec<String>,
    /// Shares: decisions that a constraint makes add up to a number.
    pub(crate) shares: Vec<Shares>,
}

/// Decisions `w_i` with `w_1 + w_2 + ... == total`, each of which may be 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shares {
    pub(crate) members: Vec<usize>,
    pub(crate) total: f64,
    /// The constraint that says so.
    pub(crate) constraint: usize,
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
    /// Reads the request over the laws, which must decide something that matters.
    pub(crate) fn new(roles: &[Role<'_>], request: &Request) -> Result<Problem, PlanError> {
        request.check()?;
        let problem = Problem::read(roles, request)?;
        problem.check_use(&request.objective)?;
        Ok(problem)
    }

    /// Reads the request over the laws.
    pub(crate) fn read(roles: &[Role<'_>], request: &Request) -> Result<Problem, PlanError> {
        let mut names = Names::new(roles, request)?;
        let mut graph = Graph::new();
        let place = match request.sense {
            Sense::Minimize => "--minimize",
            Sense::Maximize => "--maximize",
        };
        let formula = names.compile(place, &request.objective)?;
        let objective = names.import(&mut graph, &formula, formula.body)?;
        let mut constraints = Vec::new();
        for text in &request.constraints {
            let formula = names.compile("--subject-to", &with_equals(text))?;
            for (part, text) in parts(&formula, text) {
                constraints.push(constraint(&mut names, &mut graph, &formula, part, text)?);
            }
        }
        let mut report = Vec::new();
        for (name, text) in &request.report {
            let formula = names.compile("--report", text)?;
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
            draws: Vec::new(),
            reads: Vec::new(),
            usual: Vec::new(),
            whole: Vec::new(),
            shares: Vec::new(),
        };
        names.check_given()?;
        problem.take_values(roles, &names.places()?);
        problem.reads = std::mem::take(&mut names.reads);
        problem.describe(roles);
        problem.shares = problem.find_shares();
        Ok(problem)
    }

    /// Values and draws of the parameters, which stand at these places of the laws.
    fn take_values(&mut self, roles: &[Role<'_>], places: &[Option<(usize, usize)>]) {
        if places.iter().all(Option::is_none) {
            return;
        }
        let value =
            |place: &Option<(usize, usize)>| place.map_or(f64::NAN, |(law, at)| roles[law].1.values[at].1);
        self.params = places.iter().map(value).collect();
        let used = |law: usize| places.iter().flatten().any(|(known, _)| *known == law);
        let with_draws =
            roles.iter().enumerate().filter(|(k, (_, model))| used(*k) && !model.draws.is_empty());
        let count = with_draws.map(|(_, (_, model))| model.draws.len()).min().unwrap_or(0);
        let in_draw = |k: usize, place: &Option<(usize, usize)>| {
            let Some((law, at)) = *place else { return f64::NAN };
            let model = roles[law].1;
            match model.draws.get(k) {
                Some(draw) => draw.get(at).copied().unwrap_or(f64::NAN),
                None => model.values[at].1,
            }
        };
        self.draws = (0..count).map(|k| places.iter().map(|place| in_draw(k, place)).collect()).collect();
    }

    /// What the laws say about the decisions.
    fn describe(&mut self, roles: &[Role<'_>]) {
        let of = |name: &str| {
            roles.iter().find_map(|(role, model)| {
                let own = name
                    .strip_prefix(role)
                    .and_then(|rest| rest.strip_prefix('_'))
                    .filter(|_| !role.is_empty());
                let is_it = |known: &String| known == name || own == Some(known.as_str());
                let inputs = &model.formula.symbols.inputs;
                let is_input = inputs.iter().any(|i| i.kind == InputKind::Column && is_it(&i.name));
                let usual = model.usual.iter().find(|(known, ..)| is_it(known)).map(|u| (u.1, u.2));
                is_input.then(|| (usual, model.whole.iter().any(is_it)))
            })
        };
        let found: Vec<_> = self.over.iter().map(|name| of(name).unwrap_or((None, false))).collect();
        self.whole =
            self.over.iter().zip(&found).filter(|(_, f)| f.1).map(|(name, _)| name.clone()).collect();
        self.usual = found.into_iter().map(|f| f.0.filter(|(low, high)| *low > 0.0 && high >= low)).collect();
    }

    /// Constraints of the form `w_1 + w_2 + ... == number`.
    fn find_shares(&self) -> Vec<Shares> {
        let n = self.over.len();
        let mut found: Vec<Shares> = Vec::new();
        for (k, c) in self.constraints.iter().enumerate().filter(|(_, c)| c.equal) {
            let side = |node| signomial(&self.graph, node, &self.params, n);
            let (Some(small), Some(large)) = (side(c.small), side(c.large)) else { continue };
            let sums = [(&small, &large), (&large, &small)];
            let Some((sum, total)) = sums.into_iter().find(|(sum, total)| sum.len() > 1 && total.len() == 1)
            else {
                continue;
            };
            let member = |m: &crate::signomial::Monomial| {
                let mut used = m.exponents.iter().enumerate().filter(|(_, a)| **a != 0.0);
                match (used.next(), used.next()) {
                    (Some((i, a)), None) if *a == 1.0 && m.coefficient == 1.0 => Some(i),
                    _ => None,
                }
            };
            let constant: f64 = sum.iter().filter(|m| m.is_constant()).map(|m| m.coefficient).sum();
            let members: Option<Vec<usize>> = sum.iter().filter(|m| !m.is_constant()).map(member).collect();
            let Some(members) = members.filter(|_| total[0].is_constant()) else { continue };
            let total = total[0].coefficient - constant;
            let is_new = !members.iter().any(|i| found.iter().any(|known| known.members.contains(i)));
            if is_new && members.len() > 1 && total > 0.0 {
                found.push(Shares { members, total, constraint: k });
            }
        }
        found
    }

    /// The same plan with one more constraint: decision `i` is this.
    pub(crate) fn held(&self, i: usize, value: f64) -> Problem {
        let mut problem = self.clone();
        let (small, large) = (problem.graph.input(i as u32), problem.graph.number(value));
        let text = format!("{} == {value:e}", self.over[i]);
        problem.constraints.push(Constraint { text, small, large, equal: true, flipped: false });
        problem
    }

    /// The same plan with another number as the right side of constraint `k`.
    pub(crate) fn limited(&self, k: usize, limit: f64) -> Problem {
        let mut problem = self.clone();
        let number = problem.graph.number(limit);
        let c = &mut problem.constraints[k];
        if c.flipped {
            c.small = number
        } else {
            c.large = number
        }
        problem
    }

    /// All decisions that are shares.
    pub(crate) fn vanishing(&self) -> Vec<usize> {
        self.shares.iter().flat_map(|group| group.members.iter().copied()).collect()
    }

    /// Whether decision `i` is one of several shares.
    pub(crate) fn is_share(&self, i: usize) -> bool {
        self.shares.iter().any(|group| group.members.contains(&i))
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
pub(crate) fn parts(formula: &Formula, text: &str) -> Vec<(NodeId, String)> {
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

/// A constraint of the request; `part` is one comparison of its formula.
fn constraint(
    names: &mut Names<'_>,
    graph: &mut Graph,
    formula: &Formula,
    part: NodeId,
    text: String,
) -> Result<Constraint, PlanError> {
    let (equal, a, b) = match formula.graph.node(part) {
        Node::Binary(Binary::LessEqual | Binary::Less, a, b) => (false, a, b),
        Node::Binary(Binary::Equal, a, b) => (true, a, b),
        Node::Const(_) => return Err(PlanError::IdleConstraint { text, over: names.over.to_vec() }),
        _ => return Err(PlanError::NoConstraint { text }),
    };
    let (small, large) = (names.import(graph, formula, a)?, names.import(graph, formula, b)?);
    let flipped = text.contains('>');
    Ok(Constraint { text, small, large, equal, flipped })
}

/// A single `=` is an equation too.
pub(crate) fn with_equals(text: &str) -> String {
    let bytes = text.as_bytes();
    let is_single = |at: usize| {
        let around = |place: Option<usize>| place.and_then(|place| bytes.get(place)).copied().unwrap_or(b' ');
        !b"<>=!".contains(&around(at.checked_sub(1))) && around(Some(at + 1)) != b'='
    };
    let one =
        |(at, c): (usize, char)| if c == '=' && is_single(at) { "==".to_owned() } else { c.to_string() };
    text.char_indices().map(one).collect()
}
