//! Internal coordinates: what the solver moves instead of the parameters themselves.
//!
//! A positive parameter moves by its logarithm. A coefficient of one term moves by the (log of the) *size of its
//! term at the centre of the table*, so that neither the units of the inputs nor the strong tie between a
//! coefficient and its exponent (`A` and `alpha` in `A / N^alpha`) slow the solver or change its path.

use isoflop_formula::{Binary, Formula, Graph, Lowering, Node, NodeId, Unary, lower};

use crate::data::Data;

/// One number of the law: a parameter, or one level of a grouped parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// Name with its level, such as `alpha` or `A[llama]`.
    pub name: String,
    /// Position of the parameter in the formula's symbols.
    pub param: u32,
    /// Level of a grouped parameter, by position.
    pub level: Option<usize>,
    /// Lower bound, in the parameter's own unit.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
    /// Held value, if the parameter is not free.
    pub fixed: Option<f64>,
    /// Typical size, for starting points.
    pub scale: Option<f64>,
}

/// How a slot is moved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Coordinate {
    /// Not moved.
    Fixed(f64),
    /// The value itself.
    Linear,
    /// Its natural logarithm.
    Log,
    /// `slope * ln(value) + offset`: the log of its term at the centre of the table.
    LogTerm,
    /// `value * exp(offset)`: its term at the centre of the table, of either sign.
    LinearTerm,
    /// A logarithm that lives on the scale of input `k`, such as the break of a broken law.
    LogAlong(u32),
}

/// Slots with their coordinates, and the lowered law over the free ones.
#[derive(Debug, Clone)]
pub(crate) struct Coordinates {
    pub(crate) slots: Vec<Slot>,
    pub(crate) kinds: Vec<Coordinate>,
    /// Slot of each free coordinate.
    pub(crate) free: Vec<usize>,
    /// Free coordinates that are logarithms of coefficients.
    pub(crate) logs: Vec<usize>,
    /// The lowered graph; its parameters are the free coordinates.
    pub(crate) graph: Graph,
    /// The law on the scale of the residual; second with shifted log-sum-exps.
    pub(crate) roots: [NodeId; 2],
    /// Value of every slot as a function of the free coordinates.
    pub(crate) natural: Vec<NodeId>,
    /// Offset and slope of every term coordinate as functions of the other free coordinates.
    pub(crate) offset: Vec<Option<(NodeId, NodeId)>>,
}

/// The slots of a formula: one per parameter, and one per level for grouped parameters.
pub(crate) fn slots(formula: &Formula, data: &Data) -> Vec<Slot> {
    let mut slots = Vec::new();
    for (param, p) in formula.symbols.params.iter().enumerate() {
        let slot = |name: String, level| Slot {
            name,
            param: param as u32,
            level,
            lower: p.lower,
            upper: p.upper,
            fixed: p.fixed,
            scale: p.scale,
        };
        match p.group.as_ref().and_then(|g| data.group(g)) {
            Some(group) => slots.extend(
                group
                    .levels
                    .iter()
                    .enumerate()
                    .map(|(l, level)| slot(format!("{}[{level}]", p.name), Some(l))),
            ),
            None => slots.push(slot(p.name.clone(), None)),
        }
    }
    slots
}

impl Coordinates {
    /// Lowers `formula` over `data`; `log` asks for the law of the logarithm of the output. Without `centred` no
    /// coefficient moves by its term: the right thing for a start that the user chose in the parameters' own space.
    pub(crate) fn new(
        formula: &Formula,
        data: &Data,
        slots: Vec<Slot>,
        root: NodeId,
        log: bool,
        centred: bool,
    ) -> Self {
        let kinds: Vec<Coordinate> = slots.iter().map(plain_kind).collect();
        let mut source = formula.graph.clone();
        let root = if log { source.unary(Unary::Log, root) } else { root };
        let mut graph = Graph::new();
        let mut lowered = |shift: bool| {
            lower(
                &source,
                &[root],
                &mut graph,
                &mut Lowering {
                    param: &mut |g, k| param_node(g, k, &slots, &kinds, formula, data),
                    positive_param: &|k| slots.iter().filter(|s| s.param == k).all(|s| s.lower >= 0.0),
                    positive_input: &|k| data.is_positive(k as usize),
                    shift,
                },
            )[0]
        };
        let roots = [lowered(false), lowered(true)];
        let mut this = Coordinates {
            slots,
            kinds,
            free: Vec::new(),
            logs: Vec::new(),
            graph,
            roots,
            natural: Vec::new(),
            offset: Vec::new(),
        };
        this.finish(data, centred);
        this
    }

    /// Chooses term coordinates and rewrites the graph over the free coordinates.
    fn finish(&mut self, data: &Data, centred: bool) {
        self.free =
            (0..self.slots.len()).filter(|&s| !matches!(self.kinds[s], Coordinate::Fixed(_))).collect();
        let centre = data.centre();
        // Offsets over slot numbers first; they may use only slots that have no offset themselves.
        let mut terms: Vec<Option<(NodeId, NodeId)>> = vec![None; self.slots.len()];
        for slot in self.free.clone() {
            if centred && let Some((kind, offset, slope)) = self.term_of(slot, &centre, data) {
                let uses = |g: &Graph, other: usize| {
                    let leaf = Node::Param(other as u32);
                    g.depends_on(offset, leaf) || g.depends_on(slope, leaf)
                };
                let clash = (0..self.slots.len())
                    .any(|other| (other == slot || terms[other].is_some()) && uses(&self.graph, other))
                    || terms.iter().flatten().any(|&(o, s)| {
                        let leaf = Node::Param(slot as u32);
                        self.graph.depends_on(o, leaf) || self.graph.depends_on(s, leaf)
                    });
                if !clash {
                    self.kinds[slot] = kind;
                    terms[slot] = Some((offset, slope));
                }
            }
            if self.kinds[slot] == Coordinate::Log
                && let Some(input) = self.lives_along(slot)
            {
                self.kinds[slot] = Coordinate::LogAlong(input);
            }
        }
        let is_log = |&j: &usize| matches!(self.kinds[self.free[j]], Coordinate::Log | Coordinate::LogTerm);
        self.logs = (0..self.free.len()).filter(is_log).collect();
        // Renumber slots to free coordinates, first where no offset is involved, then inside the offsets.
        let position: Vec<Option<u32>> =
            (0..self.slots.len()).map(|s| self.free.iter().position(|&f| f == s).map(|p| p as u32)).collect();
        let g = &mut self.graph;
        let renumber = |g: &mut Graph, k: u32| position[k as usize].map(|p| g.param(p));
        self.offset = terms
            .iter()
            .map(|t| {
                t.map(|(o, s)| {
                    let mut plain = |g: &mut Graph, leaf| match leaf {
                        Node::Param(k) => renumber(g, k),
                        _ => None,
                    };
                    (g.substitute(o, &mut plain), g.substitute(s, &mut plain))
                })
            })
            .collect();
        // What stands for the raw coordinate (the log, or the value) of each slot.
        let raw: Vec<Option<NodeId>> = (0..position.len())
            .map(|slot| {
                let node = g.param(position[slot]?);
                Some(match (self.kinds[slot], self.offset[slot]) {
                    (Coordinate::LogTerm, Some((offset, slope))) => {
                        let top = g.sub(node, offset);
                        g.div(top, slope)
                    }
                    (Coordinate::LinearTerm, Some((offset, _))) => {
                        let shift = g.neg(offset);
                        let factor = g.unary(Unary::Exp, shift);
                        g.mul(node, factor)
                    }
                    _ => node,
                })
            })
            .collect();
        for root in &mut self.roots {
            *root = g.substitute(*root, &mut |_, leaf| match leaf {
                Node::Param(k) => raw[k as usize],
                _ => None,
            });
        }
        self.natural = (0..position.len())
            .map(|slot| match (self.kinds[slot], raw[slot]) {
                (Coordinate::Fixed(value), _) => g.number(value),
                (Coordinate::Log | Coordinate::LogTerm | Coordinate::LogAlong(_), Some(node)) => {
                    g.unary(Unary::Exp, node)
                }
                (_, Some(node)) => node,
                (_, None) => g.number(f64::NAN),
            })
            .collect();
    }

    /// The one term that a coefficient belongs to: its kind of coordinate, offset and slope over slot numbers.
    fn term_of(&mut self, slot: usize, centre: &[f64], data: &Data) -> Option<(Coordinate, NodeId, NodeId)> {
        let leaf = Node::Param(slot as u32);
        let s = self.slots[slot].clone();
        let (open, level) = (s.upper == f64::INFINITY, s.level);
        let (kind, exponent) = match self.kinds[slot] {
            Coordinate::Log if open && s.lower == 0.0 => (Coordinate::LogTerm, self.sole_exponent(leaf)?),
            Coordinate::Linear if open && s.lower == f64::NEG_INFINITY && level.is_none() => {
                (Coordinate::LinearTerm, self.sole_factor(leaf)?)
            }
            _ => return None,
        };
        let g = &mut self.graph;
        // A term inside an equation or in a sum over the past has no size of its own at the centre.
        let moves = |&id: &NodeId| {
            matches!(g.node(id), Node::Unknown(_) | Node::Root(_) | Node::Earlier(_) | Node::Past(..))
        };
        if g.reachable(&[exponent]).iter().any(moves) {
            return None;
        }
        let own = level.and_then(|l| data.indicator(&s.name_of_group(data, s.param)?, l));
        let indicators = data.indicators();
        let at_centre = |g: &mut Graph, leaf: Node| match leaf {
            Node::Input(k) if Some(k) == own => Some(g.number(1.0)),
            Node::Input(k) if indicators.contains(&k) => Some(g.number(0.0)),
            Node::Input(k) => Some(g.number(centre[k as usize])),
            _ => None,
        };
        let slope = match kind {
            Coordinate::LogTerm => {
                let d = g.derivative(exponent, leaf);
                g.substitute(d, &mut { at_centre })
            }
            _ => g.number(1.0),
        };
        if g.depends_on(slope, leaf) || g.value(slope) == Some(0.0) {
            return None;
        }
        let offset = g.substitute(exponent, &mut |g, node| {
            if node == leaf { Some(g.number(0.0)) } else { at_centre(g, node) }
        });
        Some((kind, offset, slope))
    }

    /// The `u` of the only `exp(u)` in which the leaf enters linearly.
    fn sole_exponent(&mut self, leaf: Node) -> Option<NodeId> {
        let mut found = None;
        for id in self.graph.reachable(&self.roots[..1]) {
            let Node::Unary(Unary::Exp, u) = self.graph.node(id) else { continue };
            if !self.graph.depends_on(u, leaf) {
                continue;
            }
            let slope = self.graph.derivative(u, leaf);
            if !self.graph.depends_on(slope, leaf) {
                if found.is_some_and(|f| f != u) {
                    return None;
                }
                found = Some(u);
            }
        }
        // A law that is one term is lowered to its exponent when its log is fitted.
        found.or_else(|| {
            let root = self.roots[0];
            let slope = self.graph.derivative(root, leaf);
            (slope != self.graph.number(0.0) && !self.graph.depends_on(slope, leaf)).then_some(root)
        })
    }

    /// The `v` of the only `p * exp(v)` in which the leaf `p` occurs, if it occurs nowhere else.
    fn sole_factor(&self, leaf: Node) -> Option<NodeId> {
        let g = &self.graph;
        let mut found = None;
        for id in g.reachable(&self.roots[..1]) {
            if !g.arguments(id).any(|a| g.node(a) == leaf) {
                continue;
            }
            let Node::Binary(Binary::Mul, a, b) = g.node(id) else { return None };
            let other = if g.node(a) == leaf { b } else { a };
            match g.node(other) {
                Node::Unary(Unary::Exp, v) if found.is_none() => found = Some(v),
                _ => return None,
            }
        }
        found
    }

    /// The input whose logarithm is compared with this slot: `ln x - slot` somewhere in the law.
    fn lives_along(&self, slot: usize) -> Option<u32> {
        let g = &self.graph;
        let leaf = Node::Param(slot as u32);
        g.reachable(&self.roots[..1]).into_iter().find_map(|id| {
            let Node::Binary(Binary::Sub, a, b) = g.node(id) else { return None };
            let (left, right) = (g.node(a), g.node(b));
            match (left, right) {
                (Node::Unary(Unary::Log, x), node) | (node, Node::Unary(Unary::Log, x)) if node == leaf => {
                    match g.node(x) {
                        Node::Input(k) => Some(k),
                        _ => None,
                    }
                }
                _ => None,
            }
        })
    }

    /// Box of free coordinate `j`.
    pub(crate) fn bounds(&self, j: usize) -> (f64, f64) {
        let slot = &self.slots[self.free[j]];
        match self.kinds[self.free[j]] {
            Coordinate::Linear => (slot.lower, slot.upper),
            Coordinate::Log | Coordinate::LogAlong(_) => (slot.lower.max(0.0).ln(), slot.upper.ln()),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

impl Slot {
    fn name_of_group(&self, data: &Data, param: u32) -> Option<String> {
        data.group_of_param.get(param as usize).cloned().flatten()
    }
}

fn plain_kind(slot: &Slot) -> Coordinate {
    match slot.fixed {
        Some(value) => Coordinate::Fixed(value),
        // Bounded exponents move as they are; a coefficient has no upper bound worth the name.
        None if slot.lower >= 0.0 && slot.upper > 100.0 => Coordinate::Log,
        None => Coordinate::Linear,
    }
}

/// What stands for parameter `k` of the formula, over slot numbers: `sum over levels of slot * indicator`.
fn param_node(
    g: &mut Graph,
    k: u32,
    slots: &[Slot],
    kinds: &[Coordinate],
    formula: &Formula,
    data: &Data,
) -> NodeId {
    let members: Vec<usize> = (0..slots.len()).filter(|&s| slots[s].param == k).collect();
    let group = formula.symbols.params[k as usize].group.as_deref();
    let log = members.iter().all(|&s| kinds[s] == Coordinate::Log);
    let mut sum = None;
    for s in members {
        let value = match kinds[s] {
            Coordinate::Fixed(value) => g.number(value),
            Coordinate::Log if !log => {
                let raw = g.param(s as u32);
                g.unary(Unary::Exp, raw)
            }
            _ => g.param(s as u32),
        };
        let indicator = slots[s].level.and_then(|l| data.indicator(group?, l));
        let part = match indicator {
            Some(input) => {
                let i = g.input(input);
                g.mul(value, i)
            }
            None => value,
        };
        sum = Some(match sum {
            None => part,
            Some(total) => g.add(total, part),
        });
    }
    match sum {
        Some(node) if log => g.unary(Unary::Exp, node),
        Some(node) => node,
        None => g.number(f64::NAN),
    }
}
