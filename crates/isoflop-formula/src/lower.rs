//! Lowering: the graph that a law is written in becomes the graph that is evaluated.
//!
//! Every positive power becomes `exp(p * ln x)`, products of exponentials are merged into one exponential, and
//! the logarithm of a sum of positive terms becomes a log-sum-exp. Parameters are replaced by what the caller
//! gives for them (internal coordinates, held values), so a change of coordinates costs nothing per row.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// How to lower a graph.
pub struct Lowering<'a> {
    /// What stands for parameter `k`: a node that the closure makes in the new graph.
    pub param: &'a mut dyn FnMut(&mut Graph, u32) -> NodeId,
    /// Whether parameter `k` is known to be positive.
    pub positive_param: &'a dyn Fn(u32) -> bool,
    /// Whether input `k` is known to be positive on every row.
    pub positive_input: &'a dyn Fn(u32) -> bool,
    /// Whether a log-sum-exp subtracts its largest term first. Without it the sum costs one exponential
    /// less and can overflow; the evaluator falls back to the shifted form when that happens.
    pub shift: bool,
}

/// A lowered value: `coefficient * exp(exponent)`, either part absent when it is 1.
#[derive(Clone, Copy, Default)]
struct Value {
    coefficient: Option<NodeId>,
    exponent: Option<NodeId>,
    positive: bool,
}

/// Lowers `roots` of `source` into `target`, which may already hold other lowered nodes.
///
/// Returns the new nodes in the order of `roots`.
pub fn lower(source: &Graph, roots: &[NodeId], target: &mut Graph, how: &mut Lowering<'_>) -> Vec<NodeId> {
    let mut values = vec![Value::default(); source.len()];
    for id in source.reachable(roots) {
        let value = lower_one(source, id, &values, target, how);
        values[id.index()] = value;
    }
    roots.iter().map(|r| values[r.index()].node(target)).collect()
}

fn lower_one(source: &Graph, id: NodeId, values: &[Value], g: &mut Graph, how: &mut Lowering<'_>) -> Value {
    let of = |a: NodeId| values[a.index()];
    match source.node(id) {
        Node::Const(bits) => {
            let x = f64::from_bits(bits);
            Value::plain(g.number(x), x > 0.0)
        }
        Node::Input(k) => Value::plain(g.input(k), (how.positive_input)(k)),
        Node::Earlier(k) => Value::plain(g.earlier(k), (how.positive_input)(k)),
        Node::Param(k) => {
            let node = (how.param)(g, k);
            Value::from_node(g, node, (how.positive_param)(k))
        }
        Node::Unary(Unary::Exp, a) => {
            let exponent = of(a).node(g);
            Value { coefficient: None, exponent: Some(exponent), positive: true }
        }
        Node::Unary(Unary::Log, a) => {
            let log = of(a).log(g, how);
            Value::plain(log, false)
        }
        Node::Unary(op @ (Unary::Log2 | Unary::Log10), a) => {
            let scale = if op == Unary::Log2 { std::f64::consts::LOG2_E } else { std::f64::consts::LOG10_E };
            let (log, scale) = (of(a).log(g, how), g.number(scale));
            Value::plain(g.mul(log, scale), false)
        }
        Node::Unary(Unary::Sqrt, a) if of(a).positive => of(a).power(g, Power::Number(0.5), how),
        Node::Unary(op, a) => {
            let argument = of(a).node(g);
            Value::plain(g.unary(op, argument), matches!(op, Unary::Sigmoid | Unary::Softplus))
        }
        Node::Binary(Binary::Mul, a, b) => of(a).times(of(b), g),
        Node::Binary(Binary::Div, a, b) => of(a).over(of(b), g),
        Node::Binary(Binary::Pow, a, b) => {
            let exponent = of(b).node(g);
            let power = g.value(exponent).map_or(Power::Node(exponent), Power::Number);
            of(a).power(g, power, how)
        }
        Node::Binary(op, a, b) => {
            let positive = match op {
                Binary::Add | Binary::Min => of(a).positive && of(b).positive,
                Binary::Max => of(a).positive || of(b).positive,
                _ => false,
            };
            let (x, y) = (of(a).node(g), of(b).node(g));
            Value::plain(g.binary(op, x, y), positive)
        }
        Node::Unknown(k) => Value::plain(g.unknown(source.unknown_name(k)), false),
        Node::Root(k) => {
            let equation = source.equation(k);
            let (body, low, high) =
                (of(equation.body).node(g), of(equation.low).node(g), of(equation.high).node(g));
            let positive = source.value(equation.low).is_some_and(|low| low >= 0.0);
            Value::plain(g.root(source.unknown_name(equation.unknown), body, low, high), positive)
        }
        Node::Past(body, here, row) => {
            let (body, here, row) = (of(body).node(g), of(here).node(g), of(row).node(g));
            Value::plain(g.past(body, here, row), false)
        }
        Node::If(c, a, b) => {
            let (condition, x, y) = (of(c).node(g), of(a).node(g), of(b).node(g));
            Value::plain(g.select(condition, x, y), of(a).positive && of(b).positive)
        }
    }
}

#[derive(Clone, Copy)]
enum Power {
    Number(f64),
    Node(NodeId),
}

impl Value {
    fn plain(node: NodeId, positive: bool) -> Self {
        Value { coefficient: Some(node), exponent: None, positive }
    }

    /// Takes `exp(u)` apart, so that a parameter in log coordinates joins the exponents around it.
    fn from_node(g: &Graph, node: NodeId, positive: bool) -> Self {
        match g.node(node) {
            Node::Unary(Unary::Exp, u) => Value { coefficient: None, exponent: Some(u), positive: true },
            _ => Value::plain(node, positive),
        }
    }

    fn node(self, g: &mut Graph) -> NodeId {
        let exponential = self.exponent.map(|u| g.unary(Unary::Exp, u));
        match (self.coefficient, exponential) {
            (Some(c), Some(e)) => g.mul(c, e),
            (Some(c), None) => c,
            (None, Some(e)) => e,
            (None, None) => g.number(1.0),
        }
    }

    fn times(self, other: Value, g: &mut Graph) -> Value {
        Value {
            coefficient: join(self.coefficient, other.coefficient, |a, b| g.mul(a, b)),
            exponent: join(self.exponent, other.exponent, |a, b| g.add(a, b)),
            positive: self.positive && other.positive,
        }
    }

    fn over(self, other: Value, g: &mut Graph) -> Value {
        let coefficient = match (self.coefficient, other.coefficient) {
            (a, None) => a,
            (a, Some(b)) => {
                let top = a.unwrap_or_else(|| g.number(1.0));
                Some(g.div(top, b))
            }
        };
        let exponent = match (self.exponent, other.exponent) {
            (a, None) => a,
            (Some(a), Some(b)) => Some(g.sub(a, b)),
            (None, Some(b)) => Some(g.neg(b)),
        };
        Value { coefficient, exponent, positive: self.positive && other.positive }
    }

    /// `ln` of the value: `ln(coefficient) + exponent`.
    fn log(self, g: &mut Graph, how: &Lowering<'_>) -> NodeId {
        let coefficient = self.coefficient.map(|c| log(g, c, how));
        match (coefficient, self.exponent) {
            (Some(c), Some(u)) => g.add(c, u),
            (Some(c), None) => c,
            (None, Some(u)) => u,
            (None, None) => g.number(0.0),
        }
    }

    fn power(self, g: &mut Graph, power: Power, how: &Lowering<'_>) -> Value {
        let small = match power {
            Power::Number(n) if n.fract() == 0.0 && n.abs() <= 16.0 => Some(n as i32),
            _ => None,
        };
        // A pure exponential, or anything to a power that is not a small whole number.
        if self.coefficient.is_none()
            || (small.is_none() && (self.positive || matches!(power, Power::Node(_))))
        {
            let log = self.log(g, how);
            let p = match power {
                Power::Number(n) => g.number(n),
                Power::Node(p) => p,
            };
            return Value { coefficient: None, exponent: Some(g.mul(p, log)), positive: true };
        }
        let base = self.node(g);
        match (small, power) {
            (Some(n), _) => {
                let product = whole_power(g, base, n.unsigned_abs());
                let one = g.number(1.0);
                let node = if n < 0 { g.div(one, product) } else { product };
                Value::plain(node, self.positive || n % 2 == 0)
            }
            (None, Power::Number(n)) => {
                let p = g.number(n);
                Value::plain(g.pow(base, p), self.positive)
            }
            (None, Power::Node(p)) => Value::plain(g.pow(base, p), self.positive),
        }
    }
}

fn join<T>(a: Option<T>, b: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(both(a, b)),
        (a, b) => a.or(b),
    }
}

fn whole_power(g: &mut Graph, base: NodeId, n: u32) -> NodeId {
    match n {
        0 => g.number(1.0),
        1 => base,
        n => {
            let half = whole_power(g, base, n / 2);
            let square = g.mul(half, half);
            if n % 2 == 1 { g.mul(square, base) } else { square }
        }
    }
}

/// `ln(node)`. Products and quotients of positive parts are taken apart, so that logs of inputs stand alone and
/// can be taken once per table; a sum of exponentials becomes `m + ln(sum exp(u - m))` if shifting is asked for.
fn log(g: &mut Graph, node: NodeId, how: &Lowering<'_>) -> NodeId {
    match g.node(node) {
        Node::Binary(op @ (Binary::Mul | Binary::Div), a, b)
            if positive(g, a, how) && positive(g, b, how) =>
        {
            let (a, b) = (log(g, a, how), log(g, b, how));
            if op == Binary::Mul { g.add(a, b) } else { g.sub(a, b) }
        }
        Node::Unary(Unary::Exp, exponent) => exponent,
        // The logs of the branches, so that the sums in them are seen.
        Node::If(condition, a, b) => {
            let (a, b) = (log(g, a, how), log(g, b, how));
            g.select(condition, a, b)
        }
        _ if how.shift => log_of_sum(g, node),
        _ => g.unary(Unary::Log, node),
    }
}

/// Whether a lowered node is positive by its form alone.
fn positive(g: &Graph, node: NodeId, how: &Lowering<'_>) -> bool {
    match g.node(node) {
        Node::Const(bits) => f64::from_bits(bits) > 0.0,
        Node::Input(k) | Node::Earlier(k) => (how.positive_input)(k),
        Node::Unary(op, _) => matches!(op, Unary::Exp | Unary::Sigmoid | Unary::Softplus),
        Node::Binary(Binary::Add | Binary::Mul | Binary::Div, a, b) => {
            positive(g, a, how) && positive(g, b, how)
        }
        _ => false,
    }
}

fn log_of_sum(g: &mut Graph, node: NodeId) -> NodeId {
    let Some(exponents) = exponents_of_sum(g, node) else { return g.unary(Unary::Log, node) };
    let mut largest = exponents[0];
    for &u in &exponents[1..] {
        largest = g.binary(Binary::Max, largest, u);
    }
    let m = g.unary(Unary::Detach, largest);
    let mut sum = None;
    for u in exponents {
        let shifted = g.sub(u, m);
        let term = g.unary(Unary::Exp, shifted);
        sum = Some(match sum {
            None => term,
            Some(s) => g.add(s, term),
        });
    }
    let log = match sum {
        Some(s) => g.unary(Unary::Log, s),
        None => g.number(f64::NEG_INFINITY),
    };
    g.add(m, log)
}

/// The exponents `u` of a sum of at least two terms `exp(u)` or positive constants.
fn exponents_of_sum(g: &mut Graph, node: NodeId) -> Option<Vec<NodeId>> {
    let mut stack = vec![node];
    let mut exponents = Vec::new();
    while let Some(id) = stack.pop() {
        match g.node(id) {
            Node::Binary(Binary::Add, a, b) => stack.extend([b, a]),
            Node::Unary(Unary::Exp, u) => exponents.push(u),
            Node::Const(bits) if f64::from_bits(bits) > 0.0 => {
                exponents.push(g.number(f64::from_bits(bits).ln()));
            }
            _ => return None,
        }
    }
    (exponents.len() >= 2).then_some(exponents)
}
