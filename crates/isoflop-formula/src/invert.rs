//! Solving the left side of a law for its output.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};

/// The value of `x` at which `lhs`, a function of the node `x`, equals `y`; `None` if `lhs` is not a chain of
/// invertible functions with numbers.
///
/// Powers and square roots are inverted on the positive branch: laws are about positive quantities.
pub(crate) fn invert(g: &mut Graph, lhs: NodeId, x: NodeId, y: NodeId) -> Option<NodeId> {
    let (mut at, mut y) = (lhs, y);
    while at != x {
        (at, y) = match g.node(at) {
            Node::Unary(op, a) => (a, inverse(g, op, y)?),
            Node::Binary(op, a, b) => match (g.value(a), g.value(b)) {
                (None, Some(c)) => (a, undo_right(g, op, b, c, y)?),
                (Some(c), None) => (b, undo_left(g, op, a, c, y)?),
                _ => return None,
            },
            _ => return None,
        };
    }
    Some(y)
}

fn inverse(g: &mut Graph, op: Unary, y: NodeId) -> Option<NodeId> {
    Some(match op {
        Unary::Neg => g.neg(y),
        Unary::Exp => g.unary(Unary::Log, y),
        Unary::Expm1 => g.unary(Unary::Log1p, y),
        Unary::Log => g.unary(Unary::Exp, y),
        Unary::Log1p => g.unary(Unary::Expm1, y),
        Unary::Log2 => {
            let two = g.number(2.0);
            g.pow(two, y)
        }
        Unary::Log10 => {
            let ten = g.number(10.0);
            g.pow(ten, y)
        }
        Unary::Sqrt => {
            let two = g.number(2.0);
            g.pow(y, two)
        }
        Unary::Sigmoid => g.unary(Unary::Logit, y),
        Unary::Logit => g.unary(Unary::Sigmoid, y),
        _ => return None,
    })
}

/// The `u` with `u op c = y`.
fn undo_right(g: &mut Graph, op: Binary, c: NodeId, value: f64, y: NodeId) -> Option<NodeId> {
    if !value.is_finite() {
        return None;
    }
    Some(match op {
        Binary::Add => g.sub(y, c),
        Binary::Sub => g.add(y, c),
        Binary::Mul if value != 0.0 => g.div(y, c),
        Binary::Div if value != 0.0 => g.mul(y, c),
        Binary::Pow if value != 0.0 => {
            let root = g.number(1.0 / value);
            g.pow(y, root)
        }
        _ => return None,
    })
}

/// The `u` with `c op u = y`.
fn undo_left(g: &mut Graph, op: Binary, c: NodeId, value: f64, y: NodeId) -> Option<NodeId> {
    if !value.is_finite() {
        return None;
    }
    Some(match op {
        Binary::Add => g.sub(y, c),
        Binary::Sub => g.sub(c, y),
        Binary::Mul if value != 0.0 => g.div(y, c),
        Binary::Div if value != 0.0 => g.div(c, y),
        Binary::Pow if value > 0.0 && value != 1.0 => {
            let log = g.unary(Unary::Log, y);
            let scale = g.number(value.ln());
            g.div(log, scale)
        }
        _ => return None,
    })
}
