//! What the names in the formulas of a plan stand for: decisions, given values, definitions, and what laws predict.

use isoflop_formula::{
    Formula, Graph, InputKind, InputSpec, Node, NodeId, Scope, Symbols, Unit, parse_number,
};

use crate::error::PlanError;
use crate::laws::Role;
use crate::model::{Model, same_level};
use crate::request::Request;

/// An input of a law as the plan fills it.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// Name of the input in the law.
    pub(crate) name: String,
    /// What stands for it.
    pub(crate) node: NodeId,
    /// Number of the law.
    pub(crate) law: usize,
}

/// A law and what became of it.
struct Law<'a> {
    role: &'a str,
    model: &'a Model,
    /// Number of its first parameter in the graph.
    offset: usize,
    outputs: Vec<Output<'a>>,
}

/// Something that a law predicts.
struct Output<'a> {
    name: &'a str,
    unit: Unit,
    /// Its node in the formula of the law.
    root: NodeId,
    /// Its node in the plan, once it was asked for.
    node: Option<NodeId>,
}

/// What the law of this formula predicts.
fn outputs_of(formula: &Formula) -> Vec<Output<'_>> {
    let parts = formula.parts.iter().map(|part| &part.left);
    let left = parts.chain(formula.output.iter().filter(|_| formula.parts.is_empty()));
    left.map(|l| Output { name: &l.name, unit: l.unit, root: l.prediction, node: None }).collect()
}

impl Law<'_> {
    /// The output of this name, by its own name or with the role before it.
    fn output(&self, name: &str, with_role: bool) -> Option<usize> {
        let own = match (with_role, self.role) {
            (true, "") => return None,
            (true, role) => name.strip_prefix(role)?.strip_prefix('_')?,
            (false, _) => name,
        };
        self.outputs.iter().position(|output| output.name == own)
    }

    fn predicts(&self, name: &str) -> bool {
        self.output(name, false).or_else(|| self.output(name, true)).is_some()
    }

    /// Names under which a value for this input is looked up, the first one foremost.
    fn aliases(&self, input: &str) -> Vec<String> {
        let with_role = (!self.role.is_empty()).then(|| format!("{}_{input}", self.role));
        with_role.into_iter().chain([input.to_owned()]).collect()
    }
}

/// The formula that a name stands for.
pub(crate) enum Meaning<'a> {
    /// A definition.
    Written(Box<Formula>),
    /// What a law predicts, at this node of its formula.
    Predicted(&'a Formula, NodeId),
}

struct GivenName<'a> {
    name: &'a str,
    value: Given<'a>,
    used: bool,
}

#[derive(Clone, Copy)]
enum Given<'a> {
    Number(f64),
    Text(&'a str),
}

struct Definition<'a> {
    name: &'a str,
    text: &'a str,
    node: Option<NodeId>,
}

pub(crate) struct Names<'a> {
    laws: Vec<Law<'a>>,
    pub(crate) over: &'a [String],
    given: Vec<GivenName<'a>>,
    lets: Vec<Definition<'a>>,
    /// What is being written out, to notice circles.
    open: Vec<String>,
    /// Inputs of the laws that were written out.
    pub(crate) reads: Vec<Read>,
    /// Names that laws share, with the unit and the law that said it first.
    units: Vec<(String, Unit, String)>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(roles: &[Role<'a>], request: &'a Request) -> Result<Names<'a>, PlanError> {
        let mut laws = Vec::new();
        let mut offset = 0;
        for &(role, model) in roles {
            laws.push(Law { role, model, offset, outputs: outputs_of(&model.formula) });
            offset += model.formula.symbols.params.len();
        }
        let mut names = Names {
            laws,
            over: &request.over,
            given: Vec::new(),
            lets: Vec::new(),
            open: Vec::new(),
            reads: Vec::new(),
            units: Vec::new(),
        };
        let clash =
            |name: &str, first, second| Err(PlanError::TwoMeanings { name: name.to_owned(), first, second });
        let predicted = |names: &Names<'_>, name: &str| names.laws.iter().any(|l| l.predicts(name));
        for (i, name) in request.over.iter().enumerate() {
            if request.over[..i].contains(name) {
                return clash(name, "decided", "decided once more");
            }
            if predicted(&names, name) {
                return clash(name, "decided", "what the law predicts");
            }
        }
        let texts: Vec<String> = names.laws.iter().flat_map(Law::texts).collect();
        for (name, value) in &request.given {
            if request.over.contains(name) {
                return clash(name, "decided", "given");
            }
            if names.given.iter().any(|known| known.name == name) {
                return clash(name, "given", "given once more");
            }
            if predicted(&names, name) {
                return clash(name, "given", "what the law predicts");
            }
            let is_text = texts.contains(name);
            let value = match parse_number(value).filter(|x| x.is_finite()) {
                Some(number) if !is_text => Given::Number(number),
                _ if is_text => Given::Text(value),
                _ => return Err(PlanError::NotANumber { name: name.clone(), value: value.clone() }),
            };
            names.given.push(GivenName { name, value, used: false });
        }
        for (name, text) in &request.lets {
            if request.over.contains(name) {
                return clash(name, "decided", "defined");
            }
            if names.given.iter().any(|known| known.name == name) {
                return clash(name, "given", "defined");
            }
            if names.lets.iter().any(|known| known.name == name) {
                return clash(name, "defined", "defined once more");
            }
            if predicted(&names, name) {
                return clash(name, "defined", "what the law predicts");
            }
            names.lets.push(Definition { name, text, node: None });
        }
        Ok(names)
    }

    /// All names that formulas may use, with the units that the laws declare.
    pub(crate) fn scope(&self) -> Scope {
        let unit = |name: &str| {
            let of = |law: &Law<'_>| {
                let inputs = &law.model.formula.symbols.inputs;
                let found = inputs.iter().find(|i| law.aliases(&i.name).iter().any(|alias| alias == name));
                let output = || law.output(name, true).map(|k| law.outputs[k].unit);
                found.map(|i| i.unit).or_else(output).filter(Unit::is_known)
            };
            self.laws.iter().find_map(of).unwrap_or_default()
        };
        let numbers = self.given.iter().filter(|g| matches!(g.value, Given::Number(_))).map(|g| g.name);
        let lets = self.lets.iter().map(|l| l.name);
        let outputs = self.laws.iter().flat_map(|l| l.outputs.iter().map(|o| o.name.to_owned()));
        let with_roles = self.laws.iter().filter(|l| !l.role.is_empty());
        let with_roles = with_roles.flat_map(|l| l.outputs.iter().map(|o| format!("{}_{}", l.role, o.name)));
        let mut names: Vec<String> =
            self.over.iter().map(String::as_str).chain(numbers).chain(lets).map(str::to_owned).collect();
        names.extend(outputs.chain(with_roles));
        names.sort();
        names.dedup();
        Scope {
            inputs: names.iter().map(|name| InputSpec::new(name, unit(name))).collect(),
            ..Scope::default()
        }
    }

    /// Compiles a formula of the plan; `place` is the option that it came from.
    pub(crate) fn compile(&self, place: &str, text: &str) -> Result<Formula, PlanError> {
        Formula::expression(text, &self.scope()).map_err(|diagnostics| PlanError::Formula {
            place: place.to_owned(),
            text: text.to_owned(),
            diagnostics,
        })
    }

    /// Copies a node of a formula of the plan.
    pub(crate) fn import(
        &mut self,
        graph: &mut Graph,
        formula: &Formula,
        node: NodeId,
    ) -> Result<NodeId, PlanError> {
        let inputs = &formula.symbols.inputs;
        import(graph, &formula.graph, node, &mut |graph, leaf| {
            let Node::Input(k) = leaf else { return Ok(None) };
            self.named(graph, &inputs[k as usize].name, None)
        })
    }

    /// The formula behind a name, where there is one.
    pub(crate) fn meaning(&self, name: &str) -> Result<Option<Meaning<'a>>, PlanError> {
        if let Some(definition) = self.lets.iter().find(|l| l.name == name) {
            let formula = self.compile("--let", definition.text)?;
            return Ok(Some(Meaning::Written(Box::new(formula))));
        }
        let of = |with_role: bool| {
            let found = |law: &Law<'a>| {
                let root = law.outputs[law.output(name, with_role)?].root;
                Some(Meaning::Predicted(&law.model.formula, root))
            };
            self.laws.iter().find_map(found)
        };
        Ok(of(true).or_else(|| of(false)))
    }

    /// What a name stands for; `asking` is the law that reads it.
    fn named(
        &mut self,
        graph: &mut Graph,
        name: &str,
        asking: Option<usize>,
    ) -> Result<Option<NodeId>, PlanError> {
        if let Some(i) = self.over.iter().position(|over| over == name) {
            return Ok(Some(graph.input(i as u32)));
        }
        if let Some(x) = self.number(name) {
            return Ok(Some(graph.number(x)));
        }
        if let Some(k) = self.lets.iter().position(|l| l.name == name) {
            return self.definition(graph, k).map(Some);
        }
        let others = |with_role: bool| {
            let laws = self.laws.iter().enumerate().filter(|(k, _)| Some(*k) != asking);
            laws.filter_map(|(k, law)| Some((k, law.output(name, with_role)?))).collect::<Vec<_>>()
        };
        let exact = others(true);
        let found = if exact.is_empty() { others(false) } else { exact };
        match found.as_slice() {
            [] => Ok(None),
            [(k, output)] => self.prediction(graph, *k, *output).map(Some),
            many => {
                let choices = many.iter().map(|(k, _)| format!("{}_{name}", self.laws[*k].role)).collect();
                Err(PlanError::Ambiguous { name: name.to_owned(), choices })
            }
        }
    }

    fn number(&mut self, name: &str) -> Option<f64> {
        let given = self.given.iter_mut().find(|g| g.name == name)?;
        given.used = true;
        match given.value {
            Given::Number(x) => Some(x),
            Given::Text(_) => None,
        }
    }

    fn text(&mut self, names: &[String]) -> Option<&'a str> {
        let given = names.iter().find_map(|name| self.given.iter().position(|g| g.name == name))?;
        self.given[given].used = true;
        match self.given[given].value {
            Given::Text(text) => Some(text),
            Given::Number(_) => None,
        }
    }

    /// A definition, written out once.
    fn definition(&mut self, graph: &mut Graph, k: usize) -> Result<NodeId, PlanError> {
        if let Some(node) = self.lets[k].node {
            return Ok(node);
        }
        let (name, text) = (self.lets[k].name, self.lets[k].text);
        self.enter(name)?;
        let formula = self.compile("--let", text)?;
        let node = self.import(graph, &formula, formula.body)?;
        self.open.pop();
        self.lets[k].node = Some(node);
        Ok(node)
    }

    fn enter(&mut self, name: &str) -> Result<(), PlanError> {
        if let Some(first) = self.open.iter().position(|open| open == name) {
            let mut names = self.open[first..].to_vec();
            names.push(name.to_owned());
            return Err(PlanError::Circle { names });
        }
        self.open.push(name.to_owned());
        Ok(())
    }

    /// What law `k` predicts as its output `output`, in decision variables and given values, written out once.
    fn prediction(&mut self, graph: &mut Graph, k: usize, output: usize) -> Result<NodeId, PlanError> {
        if let Some(node) = self.laws[k].outputs[output].node {
            return Ok(node);
        }
        let (model, offset) = (self.laws[k].model, self.laws[k].offset);
        let formula = &model.formula;
        if formula.symbols.look_back() {
            return Err(PlanError::LooksBack { law: model.name.clone() });
        }
        let called = match self.laws[k].role {
            "" => model.name.clone(),
            role => format!("{role} ({})", model.name),
        };
        self.enter(&called)?;
        let root = self.laws[k].outputs[output].root;
        let mut missing: Vec<String> = Vec::new();
        let node = import(graph, &formula.graph, root, &mut |graph, leaf| {
            let place = match leaf {
                Node::Param(place) => return Ok(Some(graph.param(place + offset as u32))),
                Node::Input(place) => place,
                _ => return Ok(None),
            };
            let input = &formula.symbols.inputs[place as usize];
            let (name, node) = match &input.kind {
                InputKind::Column => (&input.name, self.read(graph, k, &input.name, input.unit)?),
                InputKind::TextEquals { column, value } => {
                    let names = self.laws[k].aliases(column);
                    let text = self.text(&names);
                    (column, text.map(|text| graph.number(f64::from(u8::from(same_level(text, value))))))
                }
                // Refused above.
                InputKind::Earlier { .. } | InputKind::Row | InputKind::Here => (&input.name, None),
            };
            if node.is_none() && !missing.contains(name) {
                missing.push(name.clone());
            }
            Ok(node)
        })?;
        if !missing.is_empty() {
            return Err(PlanError::MissingInputs { law: model.name.clone(), names: missing });
        }
        self.open.pop();
        self.laws[k].outputs[output].node = Some(node);
        Ok(node)
    }

    /// What stands for a numeric input of law `k`.
    fn read(
        &mut self,
        graph: &mut Graph,
        k: usize,
        name: &str,
        unit: Unit,
    ) -> Result<Option<NodeId>, PlanError> {
        for alias in self.laws[k].aliases(name) {
            let Some(node) = self.named(graph, &alias, Some(k))? else { continue };
            self.agree(k, &alias, unit)?;
            self.reads.push(Read { name: name.to_owned(), node, law: k });
            return Ok(Some(node));
        }
        Ok(None)
    }

    /// Whether the laws that share a name mean the same unit by it.
    fn agree(&mut self, k: usize, name: &str, unit: Unit) -> Result<(), PlanError> {
        let law = self.laws[k].model.name.clone();
        let others = self.laws.iter().enumerate().filter(|(other, _)| *other != k);
        let written = others.filter_map(|(_, l)| {
            let output = l.output(name, true).or_else(|| l.output(name, false))?;
            Some((l.outputs[output].unit, l.model.name.clone()))
        });
        let shared =
            self.units.iter().filter(|(known, ..)| known == name).map(|(_, unit, law)| (*unit, law.clone()));
        let other =
            written.chain(shared).find(|(other, _)| unit.is_known() && other.is_known() && *other != unit);
        if let Some((other_unit, other)) = other {
            let units = [(other, other_unit.to_string()), (law, unit.to_string())];
            return Err(PlanError::UnitsDiffer { name: name.to_owned(), units: Box::new(units) });
        }
        self.units.push((name.to_owned(), unit, law));
        Ok(())
    }

    /// Where the value of each parameter of the graph stands: law and place among its values; `None` for laws that no
    /// formula uses.
    pub(crate) fn places(&mut self) -> Result<Vec<Option<(usize, usize)>>, PlanError> {
        let mut places = Vec::new();
        for k in 0..self.laws.len() {
            let model = self.laws[k].model;
            if self.laws[k].outputs.iter().all(|output| output.node.is_none()) {
                if self.laws.len() > 1 {
                    let output = self.laws[k].outputs.first().map_or("", |output| output.name);
                    let name = format!("{}_{output}", self.laws[k].role);
                    return Err(PlanError::IdleLaw { role: self.laws[k].role.to_owned(), name });
                }
                places.extend(model.formula.symbols.params.iter().map(|_| None));
                continue;
            }
            for param in &model.formula.symbols.params {
                let group = param.group.as_deref();
                let level = group.and_then(|group| {
                    let names = self.laws[k].aliases(group);
                    self.text(&names)
                });
                let place = model.place(&param.name, level).ok_or_else(|| match (group, level) {
                    (Some(column), Some(level)) => PlanError::UnknownLevel {
                        law: model.name.as_str().into(),
                        column: column.into(),
                        level: level.into(),
                        known: model.levels(&param.name),
                    },
                    _ => PlanError::MissingParameter {
                        law: model.name.as_str().into(),
                        name: param.name.as_str().into(),
                        group: group.map(Into::into),
                        levels: model.levels(&param.name),
                    },
                })?;
                places.push(Some((k, place)));
            }
        }
        Ok(places)
    }

    /// Whether every given value and definition was met. Levels of groups are looked up by [`Names::places`].
    pub(crate) fn check_given(&self) -> Result<(), PlanError> {
        let laws: Vec<&str> = self.laws.iter().map(|l| l.model.name.as_str()).collect();
        let unused = |name: &str, option| {
            Err(PlanError::UnusedGiven { option, name: name.to_owned(), law: laws.join(" nor ") })
        };
        let groups: Vec<String> = self.laws.iter().flat_map(Law::texts).collect();
        if let Some(given) =
            self.given.iter().find(|g| !g.used && !groups.iter().any(|group| group == g.name))
        {
            return unused(given.name, "--given");
        }
        match self.lets.iter().find(|l| l.node.is_none()) {
            Some(definition) => unused(definition.name, "--let"),
            None => Ok(()),
        }
    }
}

impl Law<'_> {
    /// Names under which texts may be given: columns that are compared or choose a level.
    fn texts(&self) -> Vec<String> {
        let symbols: &Symbols = &self.model.formula.symbols;
        let compared = symbols.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::TextEquals { column, .. } => Some(column.as_str()),
            _ => None,
        });
        let columns = compared.chain(symbols.params.iter().filter_map(|p| p.group.as_deref()));
        columns.flat_map(|column| self.aliases(column)).collect()
    }
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
