//! The typed, hash-consed expression graph: equal expressions are one node.
//!
//! Nodes are made only through the constructors on [`Graph`], which fold constants and drop identities, so
//! the graph is simplified as it grows. Truth values are numbers: 0 is false, anything else true.

use rustc_hash::FxHashMap;

use crate::special;

/// A node of a [`Graph`]; meaningless without its graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Position in the graph; arguments of a node always have smaller positions.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation of the graph. `Const` holds the bits of an `f64` so that nodes can be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// A number, as `f64::to_bits`.
    Const(u64),
    /// An input, by its position in [`crate::Symbols::inputs`].
    Input(u32),
    /// An input of the kind [`crate::InputKind::Earlier`], at the row that a sum over the past has come to.
    Earlier(u32),
    /// A parameter, by its position in [`crate::Symbols::params`].
    Param(u32),
    /// A function of one argument.
    Unary(Unary, NodeId),
    /// A function of two arguments.
    Binary(Binary, NodeId, NodeId),
    /// `if(condition, then, otherwise)`.
    If(NodeId, NodeId, NodeId),
    /// The unknown of an equation, by its name's position in the graph.
    Unknown(u32),
    /// The root of an equation, by its position in the graph; see [`Graph::equation`].
    Root(u32),
    /// The sum of the first node over the rows of the run up to this one; then the place of this row among the rows
    /// of all runs, and its number in its run.
    Past(NodeId, NodeId, NodeId),
}

/// `solve(x in low..high: body = 0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Equation {
    /// Number of the unknown `x`.
    pub unknown: u32,
    /// What is 0 at the root.
    pub body: NodeId,
    /// Lower end of the range of the root.
    pub low: NodeId,
    /// Upper end.
    pub high: NodeId,
}

/// Functions of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Unary {
    Neg,
    Not,
    Exp,
    Expm1,
    Log,
    Log1p,
    Log2,
    Log10,
    Sqrt,
    Abs,
    Sigmoid,
    Logit,
    Softplus,
    Tanh,
    Erf,
    Normcdf,
    Lgamma,
    /// Derivative of `Lgamma`; made by differentiation, also a function of the language.
    Digamma,
    /// Derivative of `Digamma`.
    Trigamma,
    Sin,
    Cos,
    Atan,
    /// -1, 0 or 1; the derivative of `Abs`.
    Sign,
    /// Its argument, with derivative 0: marks the shift of a log-sum-exp. Made by lowering only.
    Detach,
}

/// Functions of two arguments. `softmin(a, b) = -log(exp(-a) + exp(-b))` and
/// `softmin2(a, b, k)`-like forms are expanded when text is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Min,
    Max,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

/// A hash-consed expression graph.
///
/// ```
/// use isoflop_formula::Graph;
/// let mut g = Graph::new();
/// let x = g.input(0);
/// let one = g.number(1.0);
/// let y = g.mul(x, one);
/// assert_eq!(x, y); // x * 1 is x
/// ```
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    index: FxHashMap<Node, NodeId>,
    unknowns: Vec<String>,
    equations: Vec<Equation>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether no node was made yet.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The operation at `id`.
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.index()]
    }

    /// The number at `id`, if it is one.
    pub fn value(&self, id: NodeId) -> Option<f64> {
        match self.node(id) {
            Node::Const(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// The arguments of `id`, in order.
    pub fn arguments(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let (list, count) = match self.node(id) {
            Node::Const(_) | Node::Input(_) | Node::Earlier(_) | Node::Param(_) | Node::Unknown(_) => {
                ([id; 3], 0)
            }
            Node::Root(k) => {
                let Equation { body, low, high, .. } = self.equations[k as usize];
                ([low, high, body], 3)
            }
            Node::Unary(_, a) => ([a; 3], 1),
            Node::Binary(_, a, b) => ([a, b, b], 2),
            Node::If(a, b, c) | Node::Past(a, b, c) => ([a, b, c], 3),
        };
        list.into_iter().take(count)
    }

    /// A number. All NaNs are one node, and so are 0 and -0.
    pub fn number(&mut self, value: f64) -> NodeId {
        let value = if value.is_nan() { f64::NAN } else { value + 0.0 };
        self.intern(Node::Const(value.to_bits()))
    }

    /// Input number `index` of the symbols.
    pub fn input(&mut self, index: u32) -> NodeId {
        self.intern(Node::Input(index))
    }

    /// Input number `index` of the symbols in the body of a [`Graph::past`].
    pub fn earlier(&mut self, index: u32) -> NodeId {
        self.intern(Node::Earlier(index))
    }

    /// Parameter number `index` of the symbols.
    pub fn param(&mut self, index: u32) -> NodeId {
        self.intern(Node::Param(index))
    }

    /// The unknown called `name`, for the body of an equation.
    pub fn unknown(&mut self, name: &str) -> NodeId {
        let number = self.unknown_number(name);
        self.intern(Node::Unknown(number))
    }

    fn unknown_number(&mut self, name: &str) -> u32 {
        let known = self.unknowns.iter().position(|n| n == name);
        known.unwrap_or_else(|| {
            self.unknowns.push(name.into());
            self.unknowns.len() - 1
        }) as u32
    }

    /// Name of unknown number `k`.
    pub fn unknown_name(&self, k: u32) -> &str {
        &self.unknowns[k as usize]
    }

    /// The value of the unknown `name` between `low` and `high` at which `body` is 0.
    ///
    /// NaN where `body` has the same sign at both ends. Its derivatives are those of the implicit function.
    pub fn root(&mut self, name: &str, body: NodeId, low: NodeId, high: NodeId) -> NodeId {
        let equation = Equation { unknown: self.unknown_number(name), body, low, high };
        let number = self.equations.iter().position(|e| *e == equation).unwrap_or_else(|| {
            self.equations.push(equation);
            self.equations.len() - 1
        });
        self.intern(Node::Root(number as u32))
    }

    /// The sum of `body` over the rows of the run up to the present one. Inputs of the kind
    /// [`crate::InputKind::Earlier`] differ by row of the sum, all others are those of the present row. A row whose
    /// part has a factor of earlier inputs alone that is 0 adds nothing, even where another factor has
    /// no value.
    ///
    /// `here` and `row` are the inputs of the kinds [`crate::InputKind::Here`] and [`crate::InputKind::Row`].
    pub fn past(&mut self, body: NodeId, here: NodeId, row: NodeId) -> NodeId {
        if self.value(body) == Some(0.0) { body } else { self.intern(Node::Past(body, here, row)) }
    }

    /// Equation number `k`, as in [`Node::Root`].
    pub fn equation(&self, k: u32) -> Equation {
        self.equations[k as usize]
    }

    /// `a + b`
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Add, a, b)
    }

    /// `a - b`
    pub fn sub(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Sub, a, b)
    }

    /// `a * b`
    pub fn mul(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Mul, a, b)
    }

    /// `a / b`
    pub fn div(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Div, a, b)
    }

    /// `a ^ b`
    pub fn pow(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.binary(Binary::Pow, a, b)
    }

    /// `-a`
    pub fn neg(&mut self, a: NodeId) -> NodeId {
        self.unary(Unary::Neg, a)
    }

    /// `if(condition, then, otherwise)`
    pub fn select(&mut self, condition: NodeId, then: NodeId, otherwise: NodeId) -> NodeId {
        match self.value(condition) {
            Some(c) if c != 0.0 => then,
            Some(_) => otherwise,
            None if then == otherwise => then,
            None => self.intern(Node::If(condition, then, otherwise)),
        }
    }

    /// A function of one argument, simplified where that is exact.
    pub fn unary(&mut self, op: Unary, a: NodeId) -> NodeId {
        if let Some(x) = self.value(a) {
            return self.number(op.apply(x));
        }
        match (op, self.node(a)) {
            (Unary::Neg, Node::Unary(Unary::Neg, x)) => x,
            (Unary::Neg, Node::Binary(Binary::Sub, x, y)) => self.sub(y, x),
            (Unary::Exp, Node::Unary(Unary::Log, x)) => x,
            (Unary::Log, Node::Unary(Unary::Exp, x)) => x,
            (Unary::Expm1, Node::Unary(Unary::Log1p, x)) => x,
            (Unary::Log1p, Node::Unary(Unary::Expm1, x)) => x,
            (Unary::Sigmoid, Node::Unary(Unary::Logit, x)) => x,
            (Unary::Logit, Node::Unary(Unary::Sigmoid, x)) => x,
            _ => self.intern(Node::Unary(op, a)),
        }
    }

    /// A function of two arguments, simplified where that is exact for finite values.
    pub fn binary(&mut self, op: Binary, a: NodeId, b: NodeId) -> NodeId {
        let (va, vb) = (self.value(a), self.value(b));
        if let (Some(x), Some(y)) = (va, vb) {
            return self.number(op.apply(x, y));
        }
        let negated = |g: &Self, x: NodeId| match g.node(x) {
            Node::Unary(Unary::Neg, y) => Some(y),
            _ => None,
        };
        match op {
            Binary::Add if va == Some(0.0) => return b,
            Binary::Add | Binary::Sub if vb == Some(0.0) => return a,
            Binary::Add => {
                if let Some(y) = negated(self, b) {
                    return self.sub(a, y);
                }
                if let Some(x) = negated(self, a) {
                    return self.sub(b, x);
                }
            }
            Binary::Sub if va == Some(0.0) => return self.neg(b),
            Binary::Sub if a == b => return self.number(0.0),
            Binary::Sub => {
                if let Some(y) = negated(self, b) {
                    return self.add(a, y);
                }
            }
            Binary::Mul if va == Some(1.0) => return b,
            Binary::Mul | Binary::Div | Binary::Pow if vb == Some(1.0) => return a,
            Binary::Mul if va == Some(0.0) || vb == Some(0.0) => return self.number(0.0),
            Binary::Mul if va == Some(-1.0) => return self.neg(b),
            Binary::Mul | Binary::Div if vb == Some(-1.0) => return self.neg(a),
            Binary::Mul | Binary::Div => {
                let (na, nb) = (negated(self, a), negated(self, b));
                if na.is_some() || nb.is_some() {
                    let product = self.binary(op, na.unwrap_or(a), nb.unwrap_or(b));
                    return if na.is_some() && nb.is_some() { product } else { self.neg(product) };
                }
                if op == Binary::Div && va == Some(0.0) {
                    return self.number(0.0);
                }
                if op == Binary::Div && a == b {
                    return self.number(1.0);
                }
            }
            Binary::Pow if vb == Some(0.0) => return self.number(1.0),
            Binary::Pow if va == Some(1.0) => return self.number(1.0),
            Binary::Min | Binary::Max if a == b => return a,
            _ => {}
        }
        if op.is_commutative()
            && let Some(&id) = self.index.get(&Node::Binary(op, b, a))
        {
            return id;
        }
        self.intern(Node::Binary(op, a, b))
    }

    fn intern(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.index.get(&node) {
            return id;
        }
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.index.insert(node, id);
        id
    }
}

impl Unary {
    /// The value of the function at `x`, by the standard library and libm.
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Unary::Neg => -x,
            Unary::Not => f64::from(x == 0.0),
            Unary::Exp => x.exp(),
            Unary::Expm1 => x.exp_m1(),
            Unary::Log => x.ln(),
            Unary::Log1p => x.ln_1p(),
            Unary::Log2 => x.log2(),
            Unary::Log10 => x.log10(),
            Unary::Sqrt => x.sqrt(),
            Unary::Abs => x.abs(),
            Unary::Sigmoid => special::sigmoid(x),
            Unary::Logit => x.ln() - (-x).ln_1p(),
            Unary::Softplus => special::softplus(x),
            Unary::Tanh => x.tanh(),
            Unary::Erf => libm::erf(x),
            Unary::Normcdf => 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
            Unary::Lgamma => special::lgamma(x),
            Unary::Digamma => special::digamma(x),
            Unary::Trigamma => special::trigamma(x),
            Unary::Sin => x.sin(),
            Unary::Cos => x.cos(),
            Unary::Atan => x.atan(),
            Unary::Sign => special::sign(x),
            Unary::Detach => x,
        }
    }
}

impl Binary {
    /// The value of the function at `(x, y)`.
    pub fn apply(self, x: f64, y: f64) -> f64 {
        match self {
            Binary::Add => x + y,
            Binary::Sub => x - y,
            Binary::Mul => x * y,
            Binary::Div => x / y,
            Binary::Pow => x.powf(y),
            Binary::Min => x.min(y),
            Binary::Max => x.max(y),
            Binary::Less => f64::from(x < y),
            Binary::LessEqual => f64::from(x <= y),
            Binary::Equal => f64::from(x == y),
            Binary::NotEqual => f64::from(x != y),
            Binary::And => f64::from(x != 0.0 && y != 0.0),
            Binary::Or => f64::from(x != 0.0 || y != 0.0),
        }
    }

    /// Whether the order of the arguments does not matter.
    pub fn is_commutative(self) -> bool {
        use Binary::{Add, And, Equal, Max, Min, Mul, NotEqual, Or};
        matches!(self, Add | Mul | Min | Max | Equal | NotEqual | And | Or)
    }
}
