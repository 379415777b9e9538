//! All 27 nonlinear problems of the NIST Statistical Reference Datasets, from both start points.

#![allow(clippy::unwrap_used)]

use isoflop_fit::{Data, FitOptions, StartPlan, fit};
use isoflop_laws::Law;

struct Reference {
    starts: [Vec<(String, f64)>; 2],
    certified: Vec<(String, f64)>,
    residual: f64,
    y: Vec<f64>,
    x: Vec<Vec<f64>>,
}

/// Reads a .dat file by the layout that nist/README.md describes.
fn read(file: &str, parameters: usize) -> Reference {
    let path = format!("{}/tests/nist/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let numbers = |line: &str| -> Vec<f64> { line.split_whitespace().map(|w| w.parse().unwrap()).collect() };
    let (mut first, mut second, mut certified) = (Vec::new(), Vec::new(), Vec::new());
    for line in &lines[40..40 + parameters] {
        let (name, rest) = line.split_once('=').unwrap();
        let values = numbers(rest);
        let name = name.trim().to_string();
        first.push((name.clone(), values[0]));
        second.push((name.clone(), values[1]));
        certified.push((name, values[2]));
    }
    let residual = lines[41 + parameters].split_once(':').unwrap().1.trim().parse().unwrap();
    let rows: Vec<Vec<f64>> =
        lines[60..].iter().filter(|l| !l.trim().is_empty()).map(|l| numbers(l)).collect();
    let column = |k: usize| rows.iter().map(|r| r[k]).collect();
    let x = (1..rows[0].len()).map(column).collect();
    Reference { starts: [first, second], certified, residual, y: column(0), x }
}

/// Digits to which `got` agrees with `wanted`: the log relative error of NIST.
fn digits(got: f64, wanted: f64) -> f64 {
    if got == wanted { 15.0 } else { -((got - wanted).abs() / wanted.abs()).log10() }
}

#[derive(serde::Deserialize)]
struct Problems {
    problem: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    name: String,
    file: String,
    formula: String,
    inputs: Vec<String>,
    parameters: usize,
    observations: usize,
}

#[test]
fn all_problems_from_both_starts() {
    let list = include_str!("nist/problems.toml");
    let problems: Problems = toml::from_str(list).unwrap();
    assert_eq!(problems.problem.len(), 27);
    let mut missed = Vec::new();
    for p in &problems.problem {
        let reference = read(&p.file, p.parameters);
        assert_eq!(reference.y.len(), p.observations, "{}", p.name);
        let mut names: Vec<&str> = p.inputs.iter().map(String::as_str).collect();
        names.push("y");
        let law = Law::from_formula(&p.formula, &names, &[]).unwrap();
        let data = Data {
            inputs: law
                .formula()
                .symbols
                .inputs
                .iter()
                .map(|i| {
                    p.inputs
                        .iter()
                        .position(|n| *n == i.name)
                        .map_or_else(Vec::new, |k| reference.x[k].clone())
                })
                .collect(),
            output: reference.y.clone(),
            ..Data::default()
        };
        for (s, start) in reference.starts.iter().enumerate() {
            let options = FitOptions {
                objective: Some("squares".parse().unwrap()),
                starts: StartPlan::At(start.clone()),
                bootstrap: 0,
                choices: false,
                ..FitOptions::default()
            };
            let found = match fit(&law, &data, &options, &()) {
                Ok(found) => found,
                Err(e) => {
                    missed.push(format!("{} start {}: {e}", p.name, s + 1));
                    continue;
                }
            };
            let mut estimates: Vec<(&str, f64)> =
                found.parameters.iter().map(|p| (p.name.as_str(), p.estimate)).collect();
            if p.name.starts_with("Lanczos") {
                sort_terms(&mut estimates);
            }
            let worst = [0usize, 1]
                .iter()
                .map(|&swap| {
                    reference
                        .certified
                        .iter()
                        .map(|(name, wanted)| {
                            let twin = if swap == 1 { twin(&p.name, name) } else { name.clone() };
                            let got = estimates.iter().find(|e| e.0 == twin).unwrap().1;
                            // Only the squares of the widths of the bells enter.
                            let got = if p.name.starts_with("Gauss") { got.abs() } else { got };
                            digits(got, *wanted)
                        })
                        .fold(15.0, f64::min)
                })
                .fold(0.0, f64::max);
            let residual = digits(2.0 * found.objective.value, reference.residual);
            println!(
                "{:9} start {}: parameters {worst:.1} digits, residual sum {residual:.1}, gradient {:.1e}",
                p.name,
                s + 1,
                found.certificate.gradient
            );
            if worst < 6.0 {
                missed.push(format!("{} start {}: {worst:.1} digits", p.name, s + 1));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Puts the equal terms `b1 exp(-b2 x) + b3 exp(-b4 x) + b5 exp(-b6 x)` in the order of their rates, as certified.
fn sort_terms(estimates: &mut [(&str, f64)]) {
    let of = |name: &str| estimates.iter().find(|e| e.0 == name).unwrap().1;
    let mut terms = [(of("b1"), of("b2")), (of("b3"), of("b4")), (of("b5"), of("b6"))];
    terms.sort_by(|a, b| a.1.total_cmp(&b.1));
    for (name, value) in estimates {
        let k: usize = name[1..].parse().unwrap();
        let term = terms[(k - 1) / 2];
        *value = if k % 2 == 1 { term.0 } else { term.1 };
    }
}

/// The name that a parameter has when two equal terms change places.
fn twin(problem: &str, name: &str) -> String {
    let pairs: &[(&str, &str)] = match problem {
        "MGH17" => &[("b2", "b3"), ("b4", "b5")],
        p if p.starts_with("Gauss") => &[("b3", "b6"), ("b4", "b7"), ("b5", "b8")],
        _ => &[],
    };
    for (a, b) in pairs {
        if name == *a {
            return b.to_string();
        }
        if name == *b {
            return a.to_string();
        }
    }
    name.to_string()
}
