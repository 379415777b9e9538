//! The tape against the graph walked node by node, and derivatives against finite differences.

use isoflop_formula::{
    Binary, ColumnList, Columns, Graph, Lowering, Node, NodeId, Output, Tape, Unary, lower,
};
use proptest::prelude::*;

/// Value of `node` by walking the graph.
fn walk(g: &Graph, node: NodeId, inputs: &[f64], params: &[f64]) -> f64 {
    let mut values = vec![0.0; g.len()];
    for id in g.reachable(&[node]) {
        let of = |a: NodeId| values[a.index()];
        values[id.index()] = match g.node(id) {
            Node::Const(bits) => f64::from_bits(bits),
            Node::Input(k) => inputs[k as usize],
            Node::Param(k) => params[k as usize],
            Node::Unknown(_) | Node::Root(_) => unreachable!("tests/roots.rs has the equations"),
            Node::Earlier(_) | Node::Past(..) => unreachable!("tests/past.rs has the sums over the past"),
            Node::Unary(op, a) => op.apply(of(a)),
            Node::Binary(op, a, b) => op.apply(of(a), of(b)),
            Node::If(c, a, b) => {
                if of(c) != 0.0 {
                    of(a)
                } else {
                    of(b)
                }
            }
        };
    }
    values[node.index()]
}

/// A random expression over two positive inputs and three positive parameters.
fn expression() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0u8..14, any::<u8>(), any::<u8>()), 1..14)
}

fn build(g: &mut Graph, recipe: &[(u8, u8, u8)]) -> NodeId {
    let mut stack: Vec<NodeId> = (0..2).map(|k| g.input(k)).collect();
    stack.extend((0..3).map(|k| g.param(k)));
    stack.push(g.number(1.5));
    for &(op, i, j) in recipe {
        let a = stack[i as usize % stack.len()];
        let b = stack[j as usize % stack.len()];
        let node = match op {
            0 | 1 => g.add(a, b),
            2 => g.mul(a, b),
            3 => {
                let c = g.mul(a, b);
                let d = stack[0];
                g.sub(d, c)
            }
            4 => g.div(a, b),
            5 => g.unary(Unary::Softplus, a),
            6 => g.unary(Unary::Tanh, a),
            7 => g.unary(Unary::Sigmoid, a),
            8 => {
                let n = g.neg(b);
                let s = g.unary(Unary::Tanh, n);
                let p = g.param(0);
                g.pow(p, s)
            }
            9 => {
                let x = g.input(0);
                let n = g.unary(Unary::Sigmoid, b);
                g.pow(x, n)
            }
            10 => {
                let e = g.unary(Unary::Sigmoid, a);
                g.unary(Unary::Log, e)
            }
            11 => g.binary(Binary::Max, a, b),
            12 => {
                let c = g.binary(Binary::Less, a, b);
                g.select(c, a, b)
            }
            _ => {
                let t = g.unary(Unary::Tanh, a);
                g.unary(Unary::Exp, t)
            }
        };
        stack.push(node);
    }
    stack[stack.len() - 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn tape_equals_walk(recipe in expression(), rows in 1usize..600, shift: bool, hoist: bool) {
        let mut g = Graph::new();
        let root = build(&mut g, &recipe);
        let mut target = Graph::new();
        let lowered = lower(&g, &[root], &mut target, &mut Lowering {
            param: &mut |t, k| t.param(k),
            positive_param: &|_| true,
            positive_input: &|_| true,
            shift,
        });
        let inputs: Vec<Vec<f64>> =
            (0..2).map(|k| (0..rows).map(|r| 0.3 + ((r * 7 + k * 3) % 11) as f64 * 0.37).collect()).collect();
        let slices: Vec<&[f64]> = inputs.iter().map(|v| v.as_slice()).collect();
        let params = [0.7, 1.3, 2.1];
        let mut list = ColumnList::default();
        let tape = Tape::compile(&target, &lowered, &mut list, hoist);
        let columns = if hoist { Columns::hoist(&target, &list, &slices, rows) } else {
            let mut c = Columns::new(rows);
            for &n in list.nodes() {
                if let Node::Input(k) = target.node(n) { c.push(inputs[k as usize].clone()); }
            }
            c
        };
        let mut ws = tape.workspace();
        tape.start(&params, &mut ws);
        let mut row = 0;
        while row < rows {
            let len = (rows - row).min(256);
            tape.run(&columns, row, len, &mut ws);
            for i in 0..len {
                let got = match tape.output(0, &columns, row, &ws) { Output::Row(v) => v[i], Output::One(v) => v };
                let want = walk(&g, root, &[inputs[0][row + i], inputs[1][row + i]], &params);
                let tolerance = 1e-9 * (1.0 + want.abs());
                prop_assert!((got - want).abs() <= tolerance || got == want || (got.is_nan() && want.is_nan()),
                    "row {}: {} instead of {}", row + i, got, want);
            }
            row += len;
        }
    }

    #[test]
    fn derivative_equals_finite_difference(recipe in expression()) {
        let mut g = Graph::new();
        let root = build(&mut g, &recipe);
        let inputs = [0.83, 1.91];
        let params = [0.7123, 1.3377, 2.1411];
        for k in 0..3u32 {
            let d = g.derivative(root, Node::Param(k));
            let slope = |h: f64| {
                let (mut up, mut down) = (params, params);
                up[k as usize] += h;
                down[k as usize] -= h;
                (walk(&g, root, &inputs, &up) - walk(&g, root, &inputs, &down)) / (2.0 * h)
            };
            let exact = walk(&g, d, &inputs, &params);
            let (coarse, fine) = (slope(2e-5), slope(1e-5));
            // Only where the two differences agree is there a slope to compare with (no kink, no overflow).
            let scale = walk(&g, root, &inputs, &params).abs() + fine.abs() + 1e-3;
            if fine.is_finite() && (coarse - fine).abs() <= 1e-6 * scale && scale < 1e8 {
                prop_assert!((exact - fine).abs() <= 1e-5 * scale, "p{}: {} against {}", k, exact, fine);
            }
        }
    }
}

#[test]
fn a_shifted_log_sum_exp_survives_what_overflows_unshifted() {
    let mut g = Graph::new();
    let (a, b) = (g.param(0), g.param(1));
    let (ea, eb) = (g.unary(Unary::Exp, a), g.unary(Unary::Exp, b));
    let sum = g.add(ea, eb);
    let log = g.unary(Unary::Log, sum);
    let value = |shift: bool, params: [f64; 2]| {
        let mut target = Graph::new();
        let root = lower(
            &g,
            &[log],
            &mut target,
            &mut Lowering {
                param: &mut |t, k| t.param(k),
                positive_param: &|_| false,
                positive_input: &|_| false,
                shift,
            },
        )[0];
        walk(&target, root, &[], &params)
    };
    assert_eq!(value(true, [800.0, 800.0]), 800.0 + 2f64.ln());
    assert_eq!(value(false, [800.0, 800.0]), f64::INFINITY);
    assert_eq!(value(true, [-900.0, -901.0]), -900.0 + (-1f64).exp().ln_1p());
}

#[test]
fn linear_parameters_and_terms_of_a_chinchilla_law() {
    // E + A / N^alpha + B / D^beta with parameters 0..5 in that order.
    let mut g = Graph::new();
    let p: Vec<NodeId> = (0..5).map(|k| g.param(k)).collect();
    let (n, d) = (g.input(0), g.input(1));
    let (na, db) = (g.pow(n, p[2]), g.pow(d, p[4]));
    let (t1, t2) = (g.div(p[1], na), g.div(p[3], db));
    let sum = g.add(p[0], t1);
    let loss = g.add(sum, t2);
    assert_eq!(g.linear_params(loss, &[0, 1, 2, 3, 4]), vec![0, 1, 3]);
    assert_eq!(g.terms(loss), vec![(1.0, p[0]), (1.0, t1), (1.0, t2)]);
    assert!(g.is_positive(loss, &|_| true));
    assert!(!g.is_positive(loss, &|leaf| leaf != Node::Param(0)));
}
