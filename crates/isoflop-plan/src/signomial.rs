//! Sums of monomials: what a formula must be for a geometric program.

use isoflop_formula::{Binary, Graph, Node, NodeId, Unary};

/// `coefficient * x_1^a_1 * x_2^a_2 * ...` with any sign.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Monomial {
    pub(crate) coefficient: f64,
    pub(crate) exponents: Vec<f64>,
}

/// A sum of monomials in which no two have the same exponents.
pub(crate) type Signomial = Vec<Monomial>;

/// More terms than this are no longer a formula that somebody wrote.
const MOST_TERMS: usize = 300;

impl Monomial {
    pub(crate) fn is_constant(&self) -> bool {
        self.exponents.iter().all(|&a| a == 0.0)
    }
}

/// `node` as a sum of monomials of the first `n` inputs at these parameter values, if it is one.
pub(crate) fn signomial(graph: &Graph, node: NodeId, params: &[f64], n: usize) -> Option<Signomial> {
    let mut known: Vec<Option<Signomial>> = vec![None; node.index() + 1];
    let constant = |value: f64| vec![Monomial { coefficient: value, exponents: vec![0.0; n] }];
    for id in graph.reachable(&[node]) {
        let of = |a: NodeId| known[a.index()].as_ref();
        let sum = match graph.node(id) {
            Node::Const(bits) => Some(constant(f64::from_bits(bits))),
            Node::Param(k) => params.get(k as usize).map(|&value| constant(value)),
            Node::Input(k) => {
                let mut exponents = vec![0.0; n];
                if let Some(a) = exponents.get_mut(k as usize) {
                    *a = 1.0;
                }
                Some(vec![Monomial { coefficient: 1.0, exponents }])
            }
            Node::Unary(op, a) => of(a).and_then(|a| match op {
                Unary::Neg => Some(scaled(a, -1.0)),
                Unary::Sqrt => power(a, 0.5),
                op => number(a).map(|x| constant(op.apply(x))),
            }),
            Node::Binary(op, a, b) => of(a).zip(of(b)).and_then(|(a, b)| match (op, number(a), number(b)) {
                (_, Some(x), Some(y)) => Some(constant(op.apply(x, y))),
                (Binary::Add, ..) => Some(added(a, b)),
                (Binary::Sub, ..) => Some(added(a, &scaled(b, -1.0))),
                (Binary::Mul, ..) => multiplied(a, b),
                (Binary::Div, ..) => multiplied(a, &power(b, -1.0)?),
                (Binary::Pow, _, Some(exponent)) => power(a, exponent),
                _ => None,
            }),
            Node::If(c, a, b) => match of(c).and_then(number) {
                Some(c) => of(if c != 0.0 { a } else { b }).cloned(),
                None => None,
            },
            Node::Earlier(_) | Node::Past(..) | Node::Unknown(_) | Node::Root(_) => None,
        };
        let usable =
            |sum: &Signomial| sum.len() <= MOST_TERMS && sum.iter().all(|m| m.coefficient.is_finite());
        known[id.index()] = sum.filter(usable);
    }
    known[node.index()].take()
}

/// The value of a sum that is a number.
fn number(sum: &Signomial) -> Option<f64> {
    match sum.as_slice() {
        [] => Some(0.0),
        [only] if only.is_constant() => Some(only.coefficient),
        _ => None,
    }
}

fn scaled(sum: &Signomial, factor: f64) -> Signomial {
    let term =
        |m: &Monomial| Monomial { coefficient: m.coefficient * factor, exponents: m.exponents.clone() };
    sum.iter().map(term).collect()
}

/// The sum of two sums, like terms collected.
pub(crate) fn added(a: &Signomial, b: &Signomial) -> Signomial {
    let mut sum = a.clone();
    for m in b {
        match sum.iter_mut().find(|known| known.exponents == m.exponents) {
            Some(known) => known.coefficient += m.coefficient,
            None => sum.push(m.clone()),
        }
    }
    sum.retain(|m| m.coefficient != 0.0);
    sum
}

fn multiplied(a: &Signomial, b: &Signomial) -> Option<Signomial> {
    if a.len() * b.len() > MOST_TERMS {
        return None;
    }
    let mut product = Signomial::new();
    for m in a {
        let times = |k: &Monomial| Monomial {
            coefficient: m.coefficient * k.coefficient,
            exponents: m.exponents.iter().zip(&k.exponents).map(|(a, b)| a + b).collect(),
        };
        product = added(&product, &b.iter().map(times).collect());
    }
    Some(product)
}

fn power(sum: &Signomial, exponent: f64) -> Option<Signomial> {
    if let [m] = sum.as_slice() {
        let exponents = m.exponents.iter().map(|a| a * exponent).collect();
        return Some(vec![Monomial { coefficient: m.coefficient.powf(exponent), exponents }]);
    }
    let small = exponent.fract() == 0.0 && (2.0..=4.0).contains(&exponent);
    small.then(|| (1..exponent as u32).try_fold(sum.clone(), |product, _| multiplied(&product, sum)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use isoflop_formula::{Formula, InputSpec, Scope};

    fn of(text: &str) -> Option<Signomial> {
        let scope = Scope {
            inputs: ["x", "y"].map(|n| InputSpec::new(n, Default::default())).into(),
            ..Scope::default()
        };
        let f = Formula::expression(text, &scope).unwrap();
        // The order of first use is x, y in every case below.
        signomial(&f.graph, f.body, &[], 2)
    }

    #[test]
    fn monomials_are_found() {
        let m = |coefficient, a, b| Monomial { coefficient, exponents: vec![a, b] };
        assert_eq!(of("6 * x * y").unwrap(), [m(6.0, 1.0, 1.0)]);
        assert_eq!(of("x - 2 * sqrt(y) - x").unwrap(), [m(-2.0, 0.0, 0.5)]);
        assert_eq!(of("(x + y)^2").unwrap(), [m(1.0, 2.0, 0.0), m(2.0, 1.0, 1.0), m(1.0, 0.0, 2.0)]);
        assert_eq!(of("(x + 3) / (2 * y^0.5)").unwrap(), [m(0.5, 1.0, -0.5), m(1.5, 0.0, -0.5)]);
        assert_eq!(of("1 / (x + y)"), None);
        assert_eq!(of("exp(x) + y"), None);
    }
}
