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
            Node::Unary(op, a) => (a, g.undo(op, y)?),
            Node::Binary(op, a, b) => match (g.value(a), g.value(b)) {
                (None, Some(_)) => (a, g.undo_left(op, b, y)?),
                (Some(_), None) => (b, g.undo_right(op, a, y)?),
                _ => return None,
            },
            _ => return None,
        };
    }
    Some(y)
}

impl Graph {
    /// The `u` with `op(u) = y`; `None` for a function that has no inverse here. A square root gives a positive `y`.
    pub fn undo(&mut self, op: Unary, y: NodeId) -> Option<NodeId> {
        Some(match op {
            Unary::Neg => self.neg(y),
            Unary::Exp => self.unary(Unary::Log, y),
            Unary::Expm1 => self.unary(Unary::Log1p, y),
            Unary::Log => self.unary(Unary::Exp, y),
            Unary::Log1p => self.unary(Unary::Expm1, y),
            Unary::Log2 => self.power_of(2.0, y),
            Unary::Log10 => self.power_of(10.0, y),
            Unary::Sqrt => {
                let two = self.number(2.0);
                self.pow(y, two)
            }
            Unary::Sigmoid => self.unary(Unary::Logit, y),
            Unary::Logit => self.unary(Unary::Sigmoid, y),
            _ => return None,
        })
    }

    /// The `u` with `u op c = y`, on the positive branch of a power; `None` where a number `c` leaves none or many.
    pub fn undo_left(&mut self, op: Binary, c: NodeId, y: NodeId) -> Option<NodeId> {
        let factor = self.value(c).is_none_or(|value| value != 0.0);
        if self.value(c).is_some_and(|value| !value.is_finite()) {
            return None;
        }
        Some(match op {
            Binary::Add => self.sub(y, c),
            Binary::Sub => self.add(y, c),
            Binary::Mul if factor => self.div(y, c),
            Binary::Div if factor => self.mul(y, c),
            Binary::Pow if factor => {
                let one = self.number(1.0);
                let root = self.div(one, c);
                self.pow(y, root)
            }
            _ => return None,
        })
    }

    /// The `u` with `c op u = y`; `None` where a number `c` leaves none or many.
    pub fn undo_right(&mut self, op: Binary, c: NodeId, y: NodeId) -> Option<NodeId> {
        let value = self.value(c);
        if value.is_some_and(|value| !value.is_finite()) {
            return None;
        }
        Some(match op {
            Binary::Add => self.sub(y, c),
            Binary::Sub => self.sub(c, y),
            Binary::Mul if value != Some(0.0) => self.div(y, c),
            Binary::Div if value != Some(0.0) => self.div(c, y),
            Binary::Pow if value.is_none_or(|value| value > 0.0 && value != 1.0) => {
                let (top, bottom) = (self.unary(Unary::Log, y), self.unary(Unary::Log, c));
                self.div(top, bottom)
            }
            _ => return None,
        })
    }

    fn power_of(&mut self, base: f64, exponent: NodeId) -> NodeId {
        let base = self.number(base);
        self.pow(base, exponent)
    }
}
