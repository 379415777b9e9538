//! Random expressions, and their values by walking the graph.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(dead_code, reason = "each test file uses a part of this module")]

use isoflop_formula::{Binary, Graph, Input, InputKind, Node, NodeId, Param, Symbols, Unary, Unit};
use proptest::prelude::*;

/// Every function of one argument that a text can name.
pub(crate) const UNARY: [Unary; 23] = [
    Unary::Neg,
    Unary::Not,
    Unary::Exp,
    Unary::Expm1,
    Unary::Log,
    Unary::Log1p,
    Unary::Log2,
    Unary::Log10,
    Unary::Sqrt,
    Unary::Abs,
    Unary::Sigmoid,
    Unary::Logit,
    Unary::Softplus,
    Unary::Tanh,
    Unary::Erf,
    Unary::Normcdf,
    Unary::Lgamma,
    Unary::Digamma,
    Unary::Trigamma,
    Unary::Sin,
    Unary::Cos,
    Unary::Atan,
    Unary::Sign,
];

/// Every function of two arguments.
pub(crate) const BINARY: [Binary; 13] = [
    Binary::Add,
    Binary::Sub,
    Binary::Mul,
    Binary::Div,
    Binary::Pow,
    Binary::Min,
    Binary::Max,
    Binary::Less,
    Binary::LessEqual,
    Binary::Equal,
    Binary::NotEqual,
    Binary::And,
    Binary::Or,
];

/// Columns and parameters with ordinary and awkward names.
pub(crate) fn symbols() -> Symbols {
    let column = |name: &str| Input { name: name.into(), kind: InputKind::Column, unit: Unit::default() };
    let text = |value: &str| Input {
        name: "family".into(),
        kind: InputKind::TextEquals { column: "family".into(), value: value.into() },
        unit: Unit::one(),
    };
    let param = |name: &str, group: Option<&str>| Param {
        name: name.into(),
        group: group.map(String::from),
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        fixed: None,
        scale: None,
        unit: None,
    };
    Symbols {
        inputs: vec![column("N"), column("train/loss"), column("and"), text("llama"), text("a \"b\" \\ c")],
        params: vec![
            param("alpha", None),
            param("lambda", None),
            param("A", Some("family")),
            param("not a name", None),
            param("log", None),
        ],
    }
}

/// Numbers with all kinds of spelling.
const NUMBERS: [f64; 16] = [
    0.0,
    1.0,
    2.0,
    -1.0,
    -2.5,
    0.5,
    1e21,
    1.4e-12,
    1234567.0,
    0.1,
    std::f64::consts::PI,
    -1e-7,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// A graph that was built by the constructors, and its last node. Each step applies one operation to nodes
/// among the latest ones, so that expressions grow deep and share parts.
pub(crate) fn expressions(steps: usize, numbers: usize) -> impl Strategy<Value = (Graph, NodeId)> {
    let step = (0..40u8, any::<u8>(), any::<u8>(), any::<u8>());
    proptest::collection::vec(step, 1..steps).prop_map(move |steps| build(&steps, &NUMBERS[..numbers]))
}

fn build(steps: &[(u8, u8, u8, u8)], numbers: &[f64]) -> (Graph, NodeId) {
    let symbols = symbols();
    let mut g = Graph::new();
    let mut nodes: Vec<NodeId> = (0..symbols.inputs.len() as u32).map(|i| g.input(i)).collect();
    nodes.extend((0..symbols.params.len() as u32).map(|i| g.param(i)));
    for &(kind, a, b, c) in steps {
        // Half of the arguments are among the last four nodes.
        let pick = |k: u8| {
            let window = if k.is_multiple_of(2) { 4 } else { nodes.len() };
            nodes[nodes.len() - 1 - (k as usize / 2) % window]
        };
        let node = match kind {
            0..5 => g.number(numbers[a as usize % numbers.len()]),
            5..16 => g.unary(UNARY[a as usize % UNARY.len()], pick(b)),
            16..28 => g.binary(BINARY[a as usize % 5], pick(b), pick(c)),
            28..37 => g.binary(BINARY[a as usize % BINARY.len()], pick(b), pick(c)),
            _ => g.select(pick(a), pick(b), pick(c)),
        };
        nodes.push(node);
    }
    let last = *nodes.last().expect("there are inputs");
    (g, last)
}

/// The value of a node, every operation by itself. `noise` is a relative error put on each result, to see
/// how much rounding matters.
pub(crate) fn value(g: &Graph, node: NodeId, inputs: &[f64], params: &[f64], noise: f64) -> f64 {
    match g.node(node) {
        Node::Const(bits) => f64::from_bits(bits),
        Node::Input(i) => inputs[i as usize],
        Node::Param(i) => params[i as usize],
        Node::Unknown(_) | Node::Root(_) => unreachable!("tests/roots.rs has the equations"),
        Node::Earlier(_) | Node::Past(..) => unreachable!("tests/past.rs has the sums over the past"),
        Node::Unary(op, a) => op.apply(value(g, a, inputs, params, noise)) * (1.0 + noise),
        Node::Binary(op, a, b) => {
            op.apply(value(g, a, inputs, params, noise), value(g, b, inputs, params, noise)) * (1.0 + noise)
        }
        Node::If(c, a, b) => {
            let branch = if value(g, c, inputs, params, noise) != 0.0 { a } else { b };
            value(g, branch, inputs, params, noise)
        }
    }
}

/// Number of operations when the expression is written out.
pub(crate) fn tree_size(g: &Graph, node: NodeId) -> f64 {
    let mut sizes = vec![0.0; node.index() + 1];
    fn walk(g: &Graph, node: NodeId, sizes: &mut [f64]) -> f64 {
        if sizes[node.index()] == 0.0 {
            sizes[node.index()] = 1.0 + g.arguments(node).map(|a| walk(g, a, sizes)).sum::<f64>();
        }
        sizes[node.index()]
    }
    walk(g, node, &mut sizes)
}
