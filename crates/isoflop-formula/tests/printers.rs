//! What is printed means what the graph means: text is read back to the same graph, and Python and JavaScript
//! compute the same values.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use std::process::{Command, Stdio};

use common::{UNARY, expressions, symbols, tree_size, value};
use isoflop_formula::{Formula, Graph, Node, NodeId, Scope, Symbols, print};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

/// Whether two nodes of two graphs are the same expression, names compared and not positions.
fn same(a: (&Graph, &Symbols, NodeId), b: (&Graph, &Symbols, NodeId)) -> bool {
    let pairs = |x: NodeId, y: NodeId| same((a.0, a.1, x), (b.0, b.1, y));
    match (a.0.node(a.2), b.0.node(b.2)) {
        (Node::Const(x), Node::Const(y)) => x == y,
        (Node::Input(x), Node::Input(y)) => a.1.inputs[x as usize] == b.1.inputs[y as usize],
        (Node::Param(x), Node::Param(y)) => a.1.params[x as usize] == b.1.params[y as usize],
        (Node::Unary(f, x), Node::Unary(h, y)) => f == h && pairs(x, y),
        (Node::Binary(f, x1, x2), Node::Binary(h, y1, y2)) => f == h && pairs(x1, y1) && pairs(x2, y2),
        (Node::If(x0, x1, x2), Node::If(y0, y1, y2)) => pairs(x0, y0) && pairs(x1, y1) && pairs(x2, y2),
        _ => false,
    }
}

#[test]
fn text_is_read_back_to_the_same_graph() {
    let symbols = symbols();
    let scope = Scope::of(&symbols);
    let mut runner =
        TestRunner::new(Config { rng_seed: SEED, failure_persistence: None, ..Config::with_cases(800) });
    runner
        .run(&expressions(40, 16), |(graph, node)| {
            if tree_size(&graph, node) > 2000.0 {
                return Ok(());
            }
            let text = print::text(&graph, &symbols, node);
            let again = match Formula::expression(&text, &scope) {
                Ok(again) => again,
                Err(errors) => panic!("{}", errors.render(&text)),
            };
            assert!(
                same((&graph, &symbols, node), (&again.graph, &again.symbols, again.body)),
                "{text}\nis read as\n{}",
                again.to_text()
            );
            Ok(())
        })
        .unwrap();
}

const SEED: proptest::test_runner::RngSeed = proptest::test_runner::RngSeed::Fixed(7);

/// One expression with rows of inputs, parameters, and the values there.
struct Case {
    graph: Graph,
    node: NodeId,
    rows: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Case {
    /// Compares what another language computed.
    fn check(&self, k: usize, found: f64, printed: &str) {
        let (inputs, params) = &self.rows[k];
        let expected = value(&self.graph, self.node, inputs, params, 0.0);
        if expected.is_nan() || found.is_nan() || expected == found {
            assert!(
                expected == found || (expected.is_nan() && found.is_nan()),
                "{printed}: {expected} {found}"
            );
            return;
        }
        // An expression may magnify rounding, which differs between libraries.
        let shift =
            [1e-13, -1e-13].map(|e| (value(&self.graph, self.node, inputs, params, e) - expected).abs());
        let allowed = 1e-11 * expected.abs() + 1e-14 + 100.0 * shift[0].max(shift[1]);
        assert!(
            (found - expected).abs() <= allowed || !allowed.is_finite(),
            "{printed}\nat {inputs:?} {params:?}: {found}, expected {expected}"
        );
    }
}

/// Every function of one argument over a range of values, then `count` random expressions over ordinary
/// numbers, each with rows of ordinary values.
fn cases(count: usize) -> Vec<Case> {
    let mut list = Vec::new();
    for values in
        [[-3.3, -0.7, 0.2, 1.1], [2.4, 2.6, 5.0, 9.5], [12.0, 30.0, -8.5, 0.25], [0.5, 1.0, 2.0, -0.01]]
    {
        for op in UNARY {
            let mut graph = Graph::new();
            let x = graph.input(0);
            let node = graph.unary(op, x);
            let rows = values.map(|x| (vec![x, 0.0, 0.0, 0.0, 1.0], vec![0.0; 5])).to_vec();
            list.push(Case { graph, node, rows });
        }
    }
    let count = list.len() + count;
    let mut runner = TestRunner::new(Config { rng_seed: SEED, ..Config::default() });
    let strategy = expressions(14, 11);
    let mut seed = 0.0;
    while list.len() < count {
        let (graph, node) = strategy.new_tree(&mut runner).unwrap().current();
        if tree_size(&graph, node) > 300.0 || graph.value(node).is_some() {
            continue;
        }
        let mut next = || {
            seed += 1.0;
            let golden: f64 = 0.618_033_988_749_894_8;
            4.0 * (seed * golden).fract() - 0.5
        };
        let rows = (0..4).map(|k| {
            let is = |level| f64::from(k % 2 == level);
            let inputs = vec![next(), next(), next(), is(0), is(1)];
            (inputs, (0..5).map(|_| next()).collect())
        });
        list.push(Case { rows: rows.collect(), graph, node });
    }
    list
}

/// Runs a program with a script on its input and gives its output lines; `None` if it is not there.
fn run(program: &str, arguments: &[&str], script: &str) -> Option<Vec<String>> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut input = child.stdin.take().unwrap();
    let script = script.to_string();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut input, script.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program}: {errors}");
    Some(String::from_utf8_lossy(&output.stdout).lines().map(String::from).collect())
}

fn check_lines(cases: &[Case], lines: &[String], printed: impl Fn(&Case) -> String) {
    assert_eq!(lines.len(), cases.len() * 4);
    for (i, line) in lines.iter().enumerate() {
        let found = match line.as_str() {
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            other => other.parse().unwrap(),
        };
        let case = &cases[i / 4];
        case.check(i % 4, found, &printed(case));
    }
}

fn family(inputs: &[f64]) -> &'static str {
    if inputs[3] == 1.0 { r#""llama""# } else { r#""a \"b\" \\ c""# }
}

#[test]
fn javascript_computes_the_same() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: node is not on the path");
        return;
    }
    let symbols = symbols();
    let cases = cases(250);
    let mut script = String::new();
    for case in &cases {
        script += &format!("var f = {};\n", print::javascript(&case.graph, &symbols, case.node));
        for (x, p) in &case.rows {
            let family = family(x);
            script += &format!(
                "console.log(f({{\"N\": {}, \"train/loss\": {}, \"and\": {}, family: {family}, alpha: {}, lambda: {}, \
                 A: {{{family}: {}}}, \"not a name\": {}, log: {}}}));\n",
                x[0], x[1], x[2], p[0], p[1], p[2], p[3], p[4]
            );
        }
    }
    let lines = run("node", &["-"], &script).unwrap();
    // The arrow function takes only the names in `symbols`, so a missing one would give NaN or an error.
    check_lines(&cases, &lines, |case| print::javascript(&case.graph, &symbols, case.node));
}

#[test]
fn python_computes_the_same() {
    let probe = Command::new("python3").args(["-c", "import numpy, scipy.special"]).output();
    if !probe.is_ok_and(|p| p.status.success()) {
        eprintln!("skipped: python3 with numpy and scipy is not on the path");
        return;
    }
    let symbols = symbols();
    let cases = cases(250);
    let identifiers: Vec<String> = print::python_names(&symbols).into_iter().map(|(_, id)| id).collect();
    assert_eq!(
        identifiers,
        ["N", "train_loss", "and_", "family", "alpha", "lambda_", "A", "not_a_name", "log"]
    );
    let mut script = String::from(
        "import warnings\nimport numpy as np\nimport scipy.special\nwarnings.simplefilter('ignore')\n\
         class ByName(dict):\n  def __getitem__(self, k): return super().__getitem__(str(k))\n",
    );
    for case in &cases {
        script += &format!(
            "def f({}): return {}\n",
            identifiers.join(", "),
            print::python(&case.graph, &symbols, case.node)
        );
        for (x, p) in &case.rows {
            let [n, loss, and, alpha, lambda, name, log] =
                [x[0], x[1], x[2], p[0], p[1], p[3], p[4]].map(|v| format!("np.float64({v:?})"));
            let family = family(x);
            script += &format!(
                "print(float(f({n}, {loss}, {and}, np.str_({family}), {alpha}, {lambda}, \
                 ByName({{{family}: np.float64({:?})}}), {name}, {log})))\n",
                p[2]
            );
        }
    }
    let lines = run("python3", &["-"], &script).unwrap();
    check_lines(&cases, &lines, |case| print::python(&case.graph, &symbols, case.node));
}
