//! Smooth functions of the logarithms of the decision variables.

use isoflop_formula::{Graph, Node, NodeId};

/// A function with two derivatives. A point outside its domain gives NaN.
pub(crate) trait Smooth {
    /// The value at `z`.
    fn value(&self, z: &[f64]) -> f64;
    /// The value; the gradient (`n`) and the Hessian (`n` by `n`) are added to with weight: `gradient` as it is,
    /// `hessian` set. Both are overwritten.
    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64;
}

/// `log sum_k exp(b_k + a_k . z)`: the logarithm of a posynomial, convex in `z`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogSum {
    /// Logarithm of the coefficient and exponents of each term; not empty.
    pub(crate) terms: Vec<(f64, Vec<f64>)>,
}

impl LogSum {
    fn exponents(&self, z: &[f64]) -> (Vec<f64>, f64) {
        let dot = |a: &[f64]| a.iter().zip(z).map(|(a, z)| a * z).sum::<f64>();
        let u: Vec<f64> = self.terms.iter().map(|(b, a)| b + dot(a)).collect();
        let largest = u.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (u, largest)
    }

    /// Whether it is linear in `z`.
    pub(crate) fn is_affine(&self) -> bool {
        self.terms.len() == 1
    }
}

impl Smooth for LogSum {
    fn value(&self, z: &[f64]) -> f64 {
        let (u, largest) = self.exponents(z);
        if self.is_affine() {
            largest
        } else {
            largest + u.iter().map(|u| (u - largest).exp()).sum::<f64>().ln()
        }
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        let n = z.len();
        let (mut u, largest) = self.exponents(z);
        u.iter_mut().for_each(|u| *u = (*u - largest).exp());
        let sum: f64 = u.iter().sum();
        gradient.fill(0.0);
        hessian.fill(0.0);
        for (share, (_, a)) in u.iter().map(|u| u / sum).zip(&self.terms) {
            for i in 0..n {
                gradient[i] += share * a[i];
            }
        }
        // Centred exponents: no cancellation in the Hessian.
        for (share, (_, a)) in u.iter().map(|u| u / sum).zip(&self.terms) {
            for i in 0..n {
                for j in 0..n {
                    hessian[i * n + j] += share * (a[i] - gradient[i]) * (a[j] - gradient[j]);
                }
            }
        }
        largest + sum.ln()
    }
}

/// Nodes of a graph that are evaluated together at one point.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    order: Vec<NodeId>,
    size: usize,
    value: NodeId,
    gradient: Vec<NodeId>,
    hessian: Vec<NodeId>,
}

impl Program {
    /// The value of `node` and its derivatives in the first `n` inputs, which are added to the graph.
    pub(crate) fn new(graph: &mut Graph, node: NodeId, n: usize) -> Program {
        let gradient: Vec<NodeId> = (0..n).map(|i| graph.derivative(node, Node::Input(i as u32))).collect();
        let hessian: Vec<NodeId> = gradient
            .iter()
            .flat_map(|&slope| (0..n).map(move |j| (slope, j)))
            .map(|(slope, j)| graph.derivative(slope, Node::Input(j as u32)))
            .collect();
        let roots: Vec<NodeId> = [node].into_iter().chain(gradient.clone()).chain(hessian.clone()).collect();
        Program { order: graph.reachable(&roots), size: graph.len(), value: node, gradient, hessian }
    }
}

/// A node of a graph as a smooth function, at given parameter values.
pub(crate) struct GraphFunction<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) program: &'a Program,
    pub(crate) params: &'a [f64],
}

impl Smooth for GraphFunction<'_> {
    fn value(&self, z: &[f64]) -> f64 {
        value_at(self.graph, self.program.value, z, self.params)
    }

    fn expand(&self, z: &[f64], gradient: &mut [f64], hessian: &mut [f64]) -> f64 {
        let mut values = vec![0.0; self.program.size];
        run(self.graph, &self.program.order, z, self.params, &mut values);
        for (out, node) in gradient.iter_mut().zip(&self.program.gradient) {
            *out = values[node.index()];
        }
        for (out, node) in hessian.iter_mut().zip(&self.program.hessian) {
            *out = values[node.index()];
        }
        values[self.program.value.index()]
    }
}

/// The value of a node at one point.
pub(crate) fn value_at(graph: &Graph, node: NodeId, inputs: &[f64], params: &[f64]) -> f64 {
    let mut values = vec![0.0; node.index() + 1];
    run(graph, &graph.reachable(&[node]), inputs, params, &mut values);
    values[node.index()]
}

/// Evaluates nodes in order. The vectorised evaluator is made for many rows; here there is one.
fn run(graph: &Graph, order: &[NodeId], inputs: &[f64], params: &[f64], values: &mut [f64]) {
    run_at(graph, order, (inputs, params, f64::NAN), values);
}

/// [`run`] with a value for the unknown of an equation.
fn run_at(graph: &Graph, order: &[NodeId], at: (&[f64], &[f64], f64), values: &mut [f64]) {
    let (inputs, params, unknown) = at;
    for &id in order {
        let of = |a: NodeId| values[a.index()];
        values[id.index()] = match graph.node(id) {
            Node::Const(bits) => f64::from_bits(bits),
            Node::Input(k) => inputs.get(k as usize).copied().unwrap_or(f64::NAN),
            Node::Param(k) => params.get(k as usize).copied().unwrap_or(f64::NAN),
            Node::Unary(op, a) => op.apply(of(a)),
            Node::Binary(op, a, b) => op.apply(of(a), of(b)),
            Node::If(c, a, b) => of(if of(c) != 0.0 { a } else { b }),
            Node::Unknown(_) => unknown,
            Node::Earlier(_) | Node::Past(..) => f64::NAN,
            Node::Root(k) => {
                let equation = graph.equation(k);
                root(graph, equation.body, (inputs, params), of(equation.low), of(equation.high))
            }
        };
    }
}

/// The unknown between `low` and `high` at which `body` is 0, by bisection; NaN without a change of sign.
fn root(graph: &Graph, body: NodeId, (inputs, params): (&[f64], &[f64]), low: f64, high: f64) -> f64 {
    let order = graph.reachable(&[body]);
    let mut values = vec![0.0; body.index() + 1];
    let mut at = |x: f64| {
        run_at(graph, &order, (inputs, params, x), &mut values);
        values[body.index()]
    };
    let (mut low, mut high) = (low, high);
    let (first, last) = (at(low), at(high));
    if first.is_nan() || last.is_nan() || (first > 0.0) == (last > 0.0) {
        return f64::NAN;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if (at(middle) > 0.0) == (first > 0.0) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_sum_and_its_graph_agree() {
        let sum =
            LogSum { terms: vec![(0.3, vec![1.0, -2.0]), (-1.0, vec![0.5, 0.7]), (0.1, vec![0.0, 1.5])] };
        let mut g = Graph::new();
        let mut node = g.number(0.0);
        for (b, a) in &sum.terms {
            let mut exponent = g.number(*b);
            for (i, a) in a.iter().enumerate() {
                let (a, z) = (g.number(*a), g.input(i as u32));
                let product = g.mul(a, z);
                exponent = g.add(exponent, product);
            }
            let term = g.unary(isoflop_formula::Unary::Exp, exponent);
            node = g.add(node, term);
        }
        let node = g.unary(isoflop_formula::Unary::Log, node);
        let program = Program::new(&mut g, node, 2);
        let other = GraphFunction { graph: &g, program: &program, params: &[] };
        let z = [0.4, -0.9];
        let (mut g1, mut h1, mut g2, mut h2) = ([0.0; 2], [0.0; 4], [0.0; 2], [0.0; 4]);
        assert!((sum.expand(&z, &mut g1, &mut h1) - other.expand(&z, &mut g2, &mut h2)).abs() < 1e-14);
        assert!((sum.value(&z) - other.value(&z)).abs() < 1e-14);
        assert!(g1.iter().chain(&h1).zip(g2.iter().chain(&h2)).all(|(a, b)| (a - b).abs() < 1e-13));
    }
}
