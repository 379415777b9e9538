//! What the form of a formula proves about it: bounds, whether it only rises or falls, whether it is convex.
//!
//! The rules of disciplined convex programming (Grant, Boyd and Ye 2006): a convex function that rises, of a convex
//! argument, is convex, and so on. They prove much and not everything; "unknown" says nothing.

use isoflop_formula::{Binary, Graph, Node, NodeId, Unary};

/// How a function bends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    Constant,
    Affine,
    Convex,
    Concave,
    Unknown,
}

/// How a function moves as all of its variables grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slope {
    Flat,
    Up,
    Down,
    Unknown,
}

/// What is proved about a node, over all variables within their bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) curve: Curve,
    pub(crate) slope: Slope,
}

impl Curve {
    pub(crate) fn is_convex(self) -> bool {
        matches!(self, Curve::Constant | Curve::Affine | Curve::Convex)
    }

    pub(crate) fn is_concave(self) -> bool {
        matches!(self, Curve::Constant | Curve::Affine | Curve::Concave)
    }

    fn flipped(self) -> Curve {
        match self {
            Curve::Convex => Curve::Concave,
            Curve::Concave => Curve::Convex,
            same => same,
        }
    }

    fn plus(self, other: Curve) -> Curve {
        match (self, other) {
            (Curve::Constant, one) | (one, Curve::Constant) => one,
            (Curve::Affine, one) | (one, Curve::Affine) => one,
            (a, b) if a == b => a,
            _ => Curve::Unknown,
        }
    }
}

impl Slope {
    fn flipped(self) -> Slope {
        match self {
            Slope::Up => Slope::Down,
            Slope::Down => Slope::Up,
            same => same,
        }
    }

    fn plus(self, other: Slope) -> Slope {
        match (self, other) {
            (Slope::Flat, one) | (one, Slope::Flat) => one,
            (a, b) if a == b => a,
            _ => Slope::Unknown,
        }
    }
}

impl Shape {
    fn constant(value: f64) -> Shape {
        Shape { low: value, high: value, curve: Curve::Constant, slope: Slope::Flat }
    }

    fn unknown() -> Shape {
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        Shape { low, high, curve: Curve::Unknown, slope: Slope::Unknown }
    }

    fn number(self) -> Option<f64> {
        (self.curve == Curve::Constant && self.low == self.high).then_some(self.low)
    }

    fn flipped(self) -> Shape {
        Shape { low: -self.high, high: -self.low, curve: self.curve.flipped(), slope: self.slope.flipped() }
    }

    fn scaled(self, factor: f64) -> Shape {
        if factor == 0.0 {
            return Shape::constant(0.0);
        }
        let up = Shape { low: factor.abs() * self.low, high: factor.abs() * self.high, ..self };
        if factor < 0.0 { up.flipped() } else { up }
    }

    fn plus(self, other: Shape) -> Shape {
        Shape {
            low: self.low + other.low,
            high: self.high + other.high,
            curve: self.curve.plus(other.curve),
            slope: self.slope.plus(other.slope),
        }
    }

    /// A function that only rises, of this; `bend` is how the function itself bends over the range of this.
    fn under_rising(self, value: impl Fn(f64) -> f64, bend: Curve) -> Shape {
        let curve = match bend {
            _ if self.curve == Curve::Constant => Curve::Constant,
            Curve::Affine => self.curve,
            Curve::Convex if self.curve.is_convex() => Curve::Convex,
            Curve::Concave if self.curve.is_concave() => Curve::Concave,
            _ => Curve::Unknown,
        };
        Shape { low: value(self.low), high: value(self.high), curve, slope: self.slope }
    }

    /// A product of two functions, neither of them a number.
    fn times(self, other: Shape) -> Shape {
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let ends =
            [(self.low, other.low), (self.low, other.high), (self.high, other.low), (self.high, other.high)];
        let values = ends.map(|(a, b)| product(a, b));
        let slope =
            if self.low >= 0.0 && other.low >= 0.0 { self.slope.plus(other.slope) } else { Slope::Unknown };
        Shape {
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            curve: Curve::Unknown,
            slope,
        }
    }

    /// This to the power of a number; only bases that are nowhere negative.
    fn power(self, exponent: f64) -> Shape {
        if self.low < 0.0 {
            return Shape::unknown();
        }
        match exponent {
            1.0 => self,
            0.0 => Shape::constant(1.0),
            _ if exponent > 1.0 => self.under_rising(|x| x.powf(exponent), Curve::Convex),
            _ if exponent > 0.0 => self.under_rising(|x| x.powf(exponent), Curve::Concave),
            // Falling: minus a function that rises and is concave.
            _ => self.under_rising(|x| -x.powf(exponent), Curve::Concave).flipped(),
        }
    }
}

/// What is proved about `node`, with every input between 0 and `high` and the parameters at these values.
pub(crate) fn shape(graph: &Graph, node: NodeId, params: &[f64], high: f64) -> Shape {
    let mut known: Vec<Shape> = vec![Shape::unknown(); node.index() + 1];
    for id in graph.reachable(&[node]) {
        let of = |a: NodeId| known[a.index()];
        let mut found = match graph.node(id) {
            Node::Const(bits) => Shape::constant(f64::from_bits(bits)),
            Node::Param(k) => params.get(k as usize).map_or_else(Shape::unknown, |&x| Shape::constant(x)),
            Node::Input(_) => Shape { low: 0.0, high, curve: Curve::Affine, slope: Slope::Up },
            Node::Unary(op, a) => unary(op, of(a)),
            Node::Binary(op, a, b) => binary(op, of(a), of(b)),
            Node::If(c, a, b) => match of(c).number() {
                Some(c) => of(if c != 0.0 { a } else { b }),
                None => Shape::unknown(),
            },
            Node::Earlier(_) | Node::Past(..) | Node::Unknown(_) | Node::Root(_) => Shape::unknown(),
        };
        if found.low.is_nan() || found.high.is_nan() {
            found = Shape::unknown();
        }
        known[id.index()] = found;
    }
    known[node.index()]
}

fn unary(op: Unary, a: Shape) -> Shape {
    if let Some(x) = a.number() {
        return Shape::constant(op.apply(x));
    }
    let rising = |bend| a.under_rising(|x| op.apply(x), bend);
    match op {
        Unary::Neg => a.flipped(),
        Unary::Exp | Unary::Expm1 | Unary::Softplus => rising(Curve::Convex),
        Unary::Log | Unary::Log2 | Unary::Log10 | Unary::Sqrt if a.low >= 0.0 => rising(Curve::Concave),
        Unary::Log1p if a.low >= -1.0 => rising(Curve::Concave),
        Unary::Sigmoid | Unary::Tanh | Unary::Erf | Unary::Atan | Unary::Normcdf if a.low >= 0.0 => {
            rising(Curve::Concave)
        }
        Unary::Sigmoid | Unary::Tanh | Unary::Erf | Unary::Atan | Unary::Normcdf if a.high <= 0.0 => {
            rising(Curve::Convex)
        }
        Unary::Sigmoid | Unary::Tanh | Unary::Erf | Unary::Atan | Unary::Normcdf => rising(Curve::Unknown),
        Unary::Abs if a.low >= 0.0 => a,
        Unary::Detach => a,
        _ => Shape::unknown(),
    }
}

fn binary(op: Binary, a: Shape, b: Shape) -> Shape {
    match (op, a.number(), b.number()) {
        (_, Some(x), Some(y)) => Shape::constant(op.apply(x, y)),
        (Binary::Add, ..) => a.plus(b),
        (Binary::Sub, ..) => a.plus(b.flipped()),
        (Binary::Mul, Some(x), _) => b.scaled(x),
        (Binary::Mul, _, Some(y)) => a.scaled(y),
        (Binary::Mul, ..) => a.times(b),
        (Binary::Div, _, Some(y)) => a.scaled(1.0 / y),
        (Binary::Div, Some(x), _) => b.power(-1.0).scaled(x),
        (Binary::Div, ..) => a.times(b.power(-1.0)),
        (Binary::Pow, _, Some(y)) => a.power(y),
        // x^b = exp(b ln x)
        (Binary::Pow, Some(x), _) if x > 0.0 => unary(Unary::Exp, b.scaled(x.ln())),
        (Binary::Max | Binary::Min, ..) => {
            let convex = if op == Binary::Max { Curve::Convex } else { Curve::Concave };
            let bends = |c: Curve| if op == Binary::Max { c.is_convex() } else { c.is_concave() };
            let curve = if bends(a.curve) && bends(b.curve) { convex } else { Curve::Unknown };
            Shape {
                low: op.apply(a.low, b.low),
                high: op.apply(a.high, b.high),
                curve,
                slope: a.slope.plus(b.slope),
            }
        }
        _ => Shape::unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_formula::{Formula, InputSpec, Scope};

    fn of(text: &str) -> Shape {
        let inputs = ["x", "y"].map(|n| InputSpec::new(n, Default::default())).into();
        let f = Formula::expression(text, &Scope { inputs, ..Scope::default() }).unwrap();
        shape(&f.graph, f.body, &[], 1.0)
    }

    #[test]
    fn mixture_laws_are_seen_to_be_convex_and_others_are_not() {
        assert_eq!(of("2 + 1 / (2 * x^0.5 + y^0.7)").curve, Curve::Convex);
        assert_eq!(of("2 + 0.3 * exp(-2 * x - 0.4 * y)").curve, Curve::Convex);
        assert_eq!(of("3 - 2 * x + y").curve, Curve::Affine);
        assert_eq!(of("x^0.5 + log(1 + y)").curve, Curve::Concave);
        assert_eq!(of("max(x, 1 - y)").curve, Curve::Convex);
        assert_eq!(of("x * y").curve, Curve::Unknown);
        assert_eq!(of("1 / (2 * x^1.5 + y)").curve, Curve::Unknown);
        assert_eq!(of("x^0.5 + y^2").curve, Curve::Unknown);
    }

    #[test]
    fn what_only_rises_or_falls_is_seen() {
        assert_eq!(of("2 + 3 / x^0.3 + 1 / y").slope, Slope::Down);
        assert_eq!(of("x * (1 + y)").slope, Slope::Up);
        assert_eq!(of("0.2 + 0.5 * exp(-3 / x)").slope, Slope::Up);
        assert_eq!(of("1 / x + x").slope, Slope::Unknown);
        let bounded = of("sigmoid(x + y)");
        assert!((bounded.low - 0.5).abs() < 1e-15 && bounded.high < 0.9 && bounded.slope == Slope::Up);
    }
}
