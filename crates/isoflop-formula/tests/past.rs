//! Sums over the past: values against a loop, derivatives against differences, printed programs against values.

#![allow(clippy::unwrap_used, clippy::print_stderr)] // The helpers of the tests too.

use std::io::Write;
use std::process::{Command, Stdio};

use isoflop_formula::{
    ColumnList, Columns, Formula, Graph, InputKind, InputSpec, Lowering, Node, Output, Runs, Scope, Tape,
    Unit, evaluate, lower, print,
};

/// The law of Luo et al. 2025, equation of section 6.3 of the reference, over columns lr and S.
const MULTI_POWER: &str = "loss ~ L0 + A * S^-alpha \
    - B * sum(k in past: (lr[k-1] - lr[k]) * (1 - (C * lr[k]^-gamma * (S - S[k-1]) + 1)^-beta))";
const PARAMS: [(&str, f64); 7] =
    [("L0", 2.65), ("A", 0.6), ("alpha", 0.45), ("B", 438.0), ("C", 2.1), ("gamma", 0.65), ("beta", 0.6)];

fn scope() -> Scope {
    Scope::open(["lr", "S"].map(|name| InputSpec::new(name, Unit::default())).to_vec())
}

/// Two runs, rows mixed: one falls as a cosine, one holds and then drops. 700 rows each, so that blocks are crossed.
fn table() -> (Vec<u32>, Vec<f64>, Vec<f64>) {
    let (mut run, mut lr, mut sum) = (Vec::new(), Vec::new(), Vec::new());
    let mut total = [0.0; 2];
    for t in 0..700 {
        for (r, total) in total.iter_mut().enumerate() {
            let x = f64::from(t) / 700.0;
            let rate = 1e-3
                * if r == 0 {
                    0.55 + 0.45 * (std::f64::consts::PI * x).cos()
                } else {
                    1.0 - 0.9 * f64::from(u8::from(t > 450))
                };
            *total += rate;
            run.push(r as u32);
            lr.push(rate);
            sum.push(*total);
        }
    }
    (run, lr, sum)
}

fn values(formula: &Formula) -> Vec<f64> {
    formula.symbols.params.iter().map(|p| value_of(&p.name)).collect()
}

fn value_of(name: &str) -> f64 {
    PARAMS.iter().find(|(n, _)| *n == name).unwrap().1
}

/// Inputs of the formula for all rows of the table.
fn inputs(formula: &Formula) -> Vec<Vec<f64>> {
    let (run, lr, sum) = table();
    let runs = Runs::new(&run, None, |_| true);
    let column = |name: &str| -> &[f64] { if name == "lr" { &lr } else { &sum } };
    let values = formula.symbols.inputs.iter().map(|input| match &input.kind {
        InputKind::Column if input.name == "loss" => Vec::new(),
        InputKind::Column => column(&input.name).to_vec(),
        kind => runs.input(kind, 0..run.len(), |name| Some(column(name))).unwrap(),
    });
    values.collect()
}

fn slices(inputs: &[Vec<f64>]) -> Vec<&[f64]> {
    inputs.iter().map(Vec::as_slice).collect()
}

/// The multi-power law by a loop over the table.
fn by_loop(value_of: impl Fn(&str) -> f64) -> Vec<f64> {
    let (run, lr, sum) = table();
    let runs = Runs::new(&run, None, |_| true);
    (0..run.len())
        .map(|t| {
            let past = runs.past(t);
            let mut drop = 0.0;
            for k in 1..past.len() {
                let (now, before) = (past[k], past[k - 1]);
                let x = value_of("C") * lr[now].powf(-value_of("gamma")) * (sum[t] - sum[before]);
                drop += (lr[before] - lr[now]) * (1.0 - (1.0 + x).powf(-value_of("beta")));
            }
            value_of("L0") + value_of("A") * sum[t].powf(-value_of("alpha")) - value_of("B") * drop
        })
        .collect()
}

#[test]
fn values_are_those_of_a_loop() {
    let formula = Formula::compile(MULTI_POWER, &scope()).unwrap();
    let inputs = inputs(&formula);
    let mut out = vec![0.0; 1400];
    evaluate(&formula.graph, formula.body, &slices(&inputs), &values(&formula), &mut out);
    for (t, (ours, loops)) in out.iter().zip(by_loop(value_of)).enumerate() {
        assert!((ours - loops).abs() < 1e-12 * loops.abs(), "row {t}: {ours} {loops}");
    }
}

#[test]
fn compiled_derivatives_are_those_of_differences() {
    let mut formula = Formula::compile(MULTI_POWER, &scope()).unwrap();
    let inputs = inputs(&formula);
    let slices = slices(&inputs);
    let at = values(&formula);
    let mut roots = vec![formula.body];
    roots.extend((0..at.len() as u32).map(|k| formula.graph.derivative(formula.body, Node::Param(k))));
    let mut lowered = Graph::new();
    let mut how = Lowering {
        param: &mut |g, k| g.param(k),
        positive_param: &|_| true,
        positive_input: &|_| true,
        shift: false,
    };
    let roots = lower(&formula.graph, &roots, &mut lowered, &mut how);
    let mut list = ColumnList::default();
    let tape = Tape::compile(&lowered, &roots, &mut list, true);
    let columns = Columns::hoist(&lowered, &list, &slices, 1400);
    let mut ws = tape.workspace();
    tape.start(&at, &mut ws);
    let rows = 256..512;
    tape.run(&columns, rows.start, rows.len(), &mut ws);
    for (k, value) in at.iter().enumerate() {
        let step = 1e-5 * value;
        let moved = |sign: f64| {
            let name = &formula.symbols.params[k].name;
            by_loop(|n| value_of(n) + if n == name { sign * step } else { 0.0 })
        };
        let (up, down) = (moved(1.0), moved(-1.0));
        let Output::Row(slope) = tape.output(k + 1, &columns, rows.start, &ws) else {
            // The slope in L0.
            assert_eq!(formula.symbols.params[k].name, "L0");
            continue;
        };
        for (i, row) in rows.clone().enumerate() {
            let expected = (up[row] - down[row]) / (2.0 * step);
            let name = &formula.symbols.params[k].name;
            assert!((slope[i] - expected).abs() < 1e-6 * expected.abs().max(1e-3), "{name}, row {row}");
        }
    }
}

#[test]
fn texts_are_read_back_as_they_were() {
    let texts = [
        MULTI_POWER,
        "loss ~ a * cumsum(lr)",
        "loss ~ a * decayed_sum(lr - S, r)",
        "loss ~ a * at(lr, 3) + last(S)",
        "loss ~ sum(j in past: a * lr[j-2]^b * row[j] / row)",
    ];
    for text in texts {
        let formula = Formula::compile(text, &scope()).unwrap();
        let again = Formula::compile(&formula.to_text(), &scope()).unwrap();
        assert_eq!(again.to_text(), formula.to_text(), "{text}");
        assert_eq!(again.symbols, formula.symbols, "{text}");
    }
}

#[test]
fn functions_of_a_sequence_are_what_they_say() {
    let (run, lr, _) = table();
    let runs = Runs::new(&run, None, |_| true);
    let value = |text: &str| {
        let formula = Formula::expression(text, &scope()).unwrap();
        let inputs = inputs(&formula);
        let mut out = vec![0.0; 1400];
        evaluate(&formula.graph, formula.body, &slices(&inputs), &[0.9], &mut out);
        out
    };
    let (total, decayed, third, last) =
        (value("cumsum(lr)"), value("decayed_sum(lr, r)"), value("at(lr, 3)"), value("last(lr)"));
    let (mut sums, mut tails) = ([0.0; 2], [0.0; 2]);
    for t in 0..run.len() {
        let r = run[t] as usize;
        sums[r] += lr[t];
        tails[r] = 0.9 * tails[r] + lr[t];
        let past = runs.past(t);
        assert!((total[t] / sums[r] - 1.0).abs() < 1e-13, "{t}");
        assert!((decayed[t] / tails[r] - 1.0).abs() < 1e-12, "{t}");
        assert_eq!(third[t], lr[past[2.min(past.len() - 1)]], "{t}");
        assert_eq!(last[t], lr[t], "{t}");
    }
}

/// Runs a program that reads a script from stdin and returns what it prints.
fn run(program: &str, arguments: &[&str], script: &str) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| eprintln!("skipped: {program} does not start: {error}"))
        .ok()?;
    child.stdin.take()?.write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn javascript_gives_the_same_number() {
    let formula = Formula::compile(MULTI_POWER, &scope()).unwrap();
    let function = print::javascript(&formula.graph, &formula.symbols, formula.body);
    let (run_of, lr, sum) = table();
    let runs = Runs::new(&run_of, None, |_| true);
    let t = 1001;
    let past = |column: &[f64]| format!("{:?}", runs.past(t).iter().map(|&k| column[k]).collect::<Vec<_>>());
    let mut script = format!("const law = {function};\nconsole.log(law({{lr_past: {}, ", past(&lr));
    script += &format!("S_past: {}, S: {}, row: {}", past(&sum), sum[t], runs.past(t).len());
    for (name, value) in PARAMS {
        script += &format!(", {name}: {value}");
    }
    script += "}));";
    let Some(printed) = run("node", &[], &script) else { return };
    let (ours, expected) = (printed.parse::<f64>().unwrap(), by_loop(value_of)[t]);
    assert!((ours - expected).abs() < 1e-12 * expected, "{ours} {expected}");
}
