//! Expressions as text: the language itself, LaTeX, Python and JavaScript.
//!
//! Every printer takes a graph, its symbols and the node to print. A node that is used several times is
//! written out each time; pieces longer than a mebibyte, which only derivatives of very large formulas reach,
//! are replaced by `...`, which no reader of the text accepts by mistake.

use rustc_hash::FxHashMap;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

mod javascript;
mod latex;
mod names;
mod python;
mod text;

pub use javascript::javascript;
pub use latex::latex;
pub use python::{PYTHON_ROOT, python, python_names};
pub use text::text;

/// Longest piece of text, in bytes.
const LONGEST: usize = 1 << 20;

/// How tightly a piece binds; the order of the languages' operators.
mod strength {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 2;
    pub(super) const NOT: u8 = 3;
    pub(super) const COMPARE: u8 = 4;
    pub(super) const ADD: u8 = 5;
    pub(super) const MULTIPLY: u8 = 6;
    pub(super) const MINUS: u8 = 7;
    pub(super) const POWER: u8 = 8;
    pub(super) const ATOM: u8 = 9;
}

/// A printed part of an expression.
#[derive(Debug, Clone)]
struct Piece {
    text: String,
    strength: u8,
    /// Whether it is a truth value of the target language and not a number.
    truth: bool,
}

impl Piece {
    fn new(text: impl Into<String>, strength: u8) -> Self {
        Self { text: text.into(), strength, truth: false }
    }

    fn atom(text: impl Into<String>) -> Self {
        Self::new(text, strength::ATOM)
    }

    fn truth(text: impl Into<String>, strength: u8) -> Self {
        Self { text: text.into(), strength, truth: true }
    }

    /// The text, in brackets if it binds less tightly than `least`.
    fn at(&self, least: u8) -> String {
        if self.strength < least { format!("({})", self.text) } else { self.text.clone() }
    }
}

/// How one target language writes each kind of node.
trait Style {
    fn number(&self, value: f64) -> Piece;
    fn input(&self, index: u32) -> Piece;
    fn param(&self, index: u32) -> Piece;
    fn unary(&mut self, op: Unary, a: &Piece) -> Piece;
    fn binary(&mut self, op: Binary, a: &Piece, b: &Piece) -> Piece;
    fn select(&mut self, condition: &Piece, then: &Piece, otherwise: &Piece) -> Piece;
    fn unknown(&self, name: &str) -> Piece;
    /// `sum(k in past: body)`
    fn past(&mut self, body: &Piece) -> Piece;
    /// `solve(name in low..high: body = 0)`
    fn root(&mut self, name: &str, body: &Piece, low: &Piece, high: &Piece) -> Piece;
}

/// Prints from the leaves up, so that deep graphs need no deep stack.
fn write(graph: &Graph, root: NodeId, style: &mut impl Style) -> Piece {
    let mut reachable = vec![root];
    let mut seen: FxHashMap<NodeId, Option<Piece>> = FxHashMap::from_iter([(root, None)]);
    let mut next = 0;
    while next < reachable.len() {
        for a in graph.arguments(reachable[next]) {
            if seen.insert(a, None).is_none() {
                reachable.push(a);
            }
        }
        next += 1;
    }
    // Arguments stand before the nodes that use them.
    reachable.sort_unstable();
    let missing = Piece::atom("...");
    for id in reachable {
        let piece = |a: NodeId| seen.get(&a).and_then(Option::as_ref).unwrap_or(&missing);
        let mut printed = match graph.node(id) {
            Node::Const(bits) => style.number(f64::from_bits(bits)),
            Node::Input(i) | Node::Earlier(i) => style.input(i),
            Node::Param(i) => style.param(i),
            Node::Unary(op, a) => style.unary(op, piece(a)),
            Node::Binary(op, a, b) => style.binary(op, piece(a), piece(b)),
            Node::If(c, a, b) => style.select(piece(c), piece(a), piece(b)),
            Node::Past(body, ..) => style.past(piece(body)),
            Node::Unknown(k) => style.unknown(graph.unknown_name(k)),
            Node::Root(k) => {
                let equation = graph.equation(k);
                let name = graph.unknown_name(equation.unknown);
                style.root(name, piece(equation.body), piece(equation.low), piece(equation.high))
            }
        };
        if printed.text.len() > LONGEST {
            printed = missing.clone();
        }
        seen.insert(id, Some(printed));
    }
    seen.remove(&root).flatten().unwrap_or(missing)
}

/// `a, b, c` without brackets of their own.
fn list(pieces: &[&Piece]) -> String {
    pieces.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join(", ")
}
