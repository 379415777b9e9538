//! Equations inside a formula: values, derivatives of the implicit function, and what the printers make of them.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a panic is how a test fails")]

use std::process::Command;

use isoflop_formula::{ColumnList, Columns, Formula, InputSpec, Node, Output, Scope, Tape, evaluate, print};

fn compiled(text: &str) -> Formula {
    let scope = Scope::open(vec![InputSpec::new("x", Default::default())]);
    Formula::expression(text, &scope).unwrap_or_else(|e| panic!("{}", e.render(text)))
}

/// `u + p u^3 = x`, and a second equation with its own unknown.
const TEXT: &str = "q * solve(u in 0..10: u + p * u^3 = x) + solve(v in -20..20: exp(v) + v = x / p)";

fn value(formula: &Formula, node: isoflop_formula::NodeId, params: &[f64], x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    let inputs: Vec<&[f64]> = formula.symbols.inputs.iter().map(|_| x).collect();
    evaluate(&formula.graph, node, &inputs, params, &mut out);
    out
}

#[test]
fn the_root_solves_the_equation() {
    let formula = compiled("solve(u in 0..10: u + p * u^3 = x)");
    let x = [0.01, 0.5, 3.0, 40.0];
    for (u, x) in value(&formula, formula.body, &[0.7], &x).iter().zip(x) {
        assert!((u + 0.7 * u.powi(3) - x).abs() < 1e-14 * x.max(1.0), "{u} {x}");
    }
    assert!(value(&formula, formula.body, &[0.7], &[5000.0])[0].is_nan());
}

#[test]
fn derivatives_are_those_of_the_implicit_function() {
    let mut formula = compiled(TEXT);
    let place = |name: &str| formula.symbols.params.iter().position(|p| p.name == name).unwrap();
    let (p, q) = (place("p"), place("q"));
    let mut at = vec![0.0; 2];
    (at[p], at[q]) = (0.7, 1.3);
    let x = [0.3, 1.0, 4.0];
    let body = formula.body;
    for wrt in [Node::Param(p as u32), Node::Param(q as u32), Node::Input(0)] {
        let first = formula.graph.derivative(body, wrt);
        let second = formula.graph.derivative(first, wrt);
        let h = 1e-5;
        let moved = |by: f64| {
            let (mut params, mut x) = (at.clone(), x.to_vec());
            match wrt {
                Node::Param(k) => params[k as usize] += by,
                _ => x.iter_mut().for_each(|x| *x += by),
            }
            (value(&formula, body, &params, &x), value(&formula, first, &params, &x))
        };
        let (up, down) = (moved(h), moved(-h));
        let (slope, bend) = (value(&formula, first, &at, &x), value(&formula, second, &at, &x));
        for i in 0..x.len() {
            let difference = (up.0[i] - down.0[i]) / (2.0 * h);
            assert!((slope[i] - difference).abs() < 1e-8, "{wrt:?}: {} {difference}", slope[i]);
            let difference = (up.1[i] - down.1[i]) / (2.0 * h);
            assert!((bend[i] - difference).abs() < 1e-8, "{wrt:?}: {} {difference}", bend[i]);
        }
    }
}

#[test]
fn a_tape_with_hoisted_columns_gives_the_same() {
    let formula = compiled(TEXT);
    let x: Vec<f64> = (0..700).map(|i| 0.01 + 0.02 * f64::from(i)).collect();
    let mut list = ColumnList::default();
    let tape = Tape::compile(&formula.graph, &[formula.body], &mut list, true);
    let columns = Columns::hoist(&formula.graph, &list, &[&x], x.len());
    let mut ws = tape.workspace();
    let params = [1.3, 0.7];
    tape.start(&params, &mut ws);
    let expected = value(&formula, formula.body, &params, &x);
    for row in (0..x.len()).step_by(isoflop_formula::BLOCK) {
        let len = isoflop_formula::BLOCK.min(x.len() - row);
        tape.run(&columns, row, len, &mut ws);
        let Output::Row(values) = tape.output(0, &columns, row, &ws) else { panic!("one value") };
        for i in 0..len {
            assert!((values[i] - expected[row + i]).abs() < 1e-12 * expected[row + i].abs().max(1.0));
        }
    }
}

#[test]
fn text_is_read_back() {
    let formula = compiled(TEXT);
    let text = formula.to_text();
    assert_eq!(
        text,
        "q * solve(u in 0..10: u + p * u^3 - x = 0) + solve(v in -20..20: exp(v) + v - x / p = 0)"
    );
    assert_eq!(compiled(&text).to_text(), text);
    assert!(formula.to_latex().contains("operatorname{solve}"));
}

/// What a program prints for a script; `None`, and a word, if `needs` does not run in it.
fn run(program: &str, argument: &str, needs: &str, script: &str) -> Option<String> {
    let run = |script: &str| Command::new(program).arg(argument).arg(script).output();
    if !run(needs).is_ok_and(|output| output.status.success()) {
        println!("skipped: {program} is missing, or `{needs}` fails in it");
        return None;
    }
    let output = run(script).unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn other_languages_find_the_same_root() {
    let formula = compiled(TEXT);
    let place = |name: &str| formula.symbols.params.iter().position(|p| p.name == name).unwrap();
    let mut params = [0.0; 2];
    (params[place("p")], params[place("q")]) = (0.7, 1.3);
    let expected = value(&formula, formula.body, &params, &[4.0])[0];
    let function = print::javascript(&formula.graph, &formula.symbols, formula.body);
    let script = format!("console.log(({function})({{x: 4, p: 0.7, q: 1.3}}))");
    if let Some(text) = run("node", "-e", "0", &script) {
        assert!((text.trim().parse::<f64>().unwrap() - expected).abs() < 1e-12, "{text} {expected}");
    }
    let expression = print::python(&formula.graph, &formula.symbols, formula.body);
    let helper = print::PYTHON_ROOT;
    let script =
        format!("import numpy as np\n{helper}\nx, p, q = 4.0, 0.7, 1.3\nprint(repr(float({expression})))");
    if let Some(text) = run("python3", "-c", "import numpy", &script) {
        assert!((text.trim().parse::<f64>().unwrap() - expected).abs() < 1e-12, "{text} {expected}");
    }
}
