//! Do the runs that `next` chooses narrow a forecast more than an isoFLOP grid or a ladder of the same cost?
//!
//! Every study has a law of its own, a few pilot runs, and a budget. Three ways spend it; then all fit the same law to
//! pilot and new runs, and profile the loss at a target far beyond them.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use isoflop_fit::{Data, DataDigest, FitOptions, Objective, SavedFit, fit, profile, simulate_at};
use isoflop_laws::{Catalogue, Law};
use isoflop_plan::{Goal, Model, NextRequest, Past, next};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const STUDIES: u64 = 100;
const BUDGET: f64 = 1e20;
const RUNS: usize = 24;
/// Share of the budget and of the runs that the first of two rounds gets.
const FIRST: f64 = 0.25;
const TARGET: (f64, f64) = (7e9, 140e9);
const LEVEL: f64 = 0.9;

/// A law to find, with the noise of its runs.
struct Truth {
    /// E, A, B, alpha, beta.
    values: [f64; 5],
    noise: f64,
}

fn truth(rng: &mut ChaCha8Rng) -> Truth {
    let mut between = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
    let (alpha, beta) = (between(0.28, 0.42), between(0.28, 0.42));
    // Terms of like size at 100M parameters and 2B tokens, as in published fits.
    let (a, b) = (between(0.5, 1.1) * 1e8_f64.powf(alpha), between(0.5, 1.1) * 2e9_f64.powf(beta));
    let noise = between(0.002_f64.ln(), 0.01_f64.ln()).exp();
    Truth { values: [between(1.4, 2.0), a, b, alpha, beta], noise }
}

/// N and D of runs.
type Runs = Vec<(f64, f64)>;

/// Three sizes with three token counts, for a thousandth of the budget.
fn pilot() -> Runs {
    [1e7, 2e7, 4e7].iter().flat_map(|&n| [10.0, 25.0, 60.0].map(|ratio| (n, ratio * n))).collect()
}

/// Four budgets a factor 3 apart, six sizes on each around 20 tokens per parameter.
fn isoflop_grid() -> Runs {
    let slices = [1.0, 3.0, 9.0, 27.0];
    let unit = BUDGET / (6.0 * slices.iter().sum::<f64>());
    let sizes = [0.35, 0.53, 0.8, 1.2, 1.9, 2.8];
    let run = |c: f64, size: f64| {
        let n = size * (c / 120.0).sqrt();
        (n, c / (6.0 * n))
    };
    slices.iter().flat_map(|s| sizes.map(|size| run(s * unit, size))).collect()
}

/// Six sizes, each twice the one before, at 5, 10, 20 and 40 tokens per parameter.
fn ladder() -> Runs {
    let ratios = [5.0, 10.0, 20.0, 40.0];
    let sizes: Vec<f64> = (0..6).map(|k| 2_f64.powi(k)).collect();
    let squares: f64 = sizes.iter().map(|s| s * s).sum();
    let smallest = (BUDGET / (6.0 * squares * ratios.iter().sum::<f64>())).sqrt();
    sizes.iter().flat_map(|s| ratios.map(|ratio| (s * smallest, ratio * s * smallest))).collect()
}

fn cost(runs: &Runs) -> f64 {
    runs.iter().map(|(n, d)| 6.0 * n * d).sum()
}

fn columns(law: &Law, runs: &Runs) -> Vec<Vec<f64>> {
    let column = |name: &str| match name {
        "N" => runs.iter().map(|r| r.0).collect(),
        "D" => runs.iter().map(|r| r.1).collect(),
        _ => Vec::new(),
    };
    law.formula().symbols.inputs.iter().map(|input| column(&input.name)).collect()
}

fn table(law: &Law, truth: &Truth, runs: &Runs, seed: u64) -> Data {
    let params: Vec<f64> = law
        .formula()
        .symbols
        .params
        .iter()
        .map(|p| truth.values[["E", "A", "B", "alpha", "beta"].iter().position(|n| *n == p.name).unwrap()])
        .collect();
    let inputs = columns(law, runs);
    let output = simulate_at(law.formula(), &params, &inputs, truth.noise, seed);
    Data { inputs, output, group_of_param: vec![None; params.len()], ..Data::default() }
}

fn joined(a: &Data, b: &Data) -> Data {
    let inputs = a.inputs.iter().zip(&b.inputs).map(|(x, y)| [x.as_slice(), y].concat()).collect();
    Data { inputs, output: [a.output.as_slice(), &b.output].concat(), ..a.clone() }
}

fn options(bootstrap: usize) -> FitOptions {
    let objective: Objective = "squares-log".parse().unwrap();
    FitOptions {
        objective: Some(objective),
        bootstrap,
        choices: false,
        level: LEVEL,
        ..FitOptions::default()
    }
}

/// The runs of `next` for a part of the budget, and the half width that it announces.
fn chosen(law: &Law, data: &Data, largest: f64, part: f64) -> (Runs, f64) {
    let fitted = fit(law, data, &options(64), &()).unwrap();
    let noise = fitted.rmse * (data.rows() as f64 / (data.rows() as f64 - 5.0)).sqrt();
    let digest = DataDigest { sha256: String::new(), rows: data.rows(), files: Vec::new() };
    let saved = SavedFit::new(&law.id, law.formula(), fitted, digest, 0, Vec::new());
    let model = Model::from_fit(&saved).unwrap();
    let goal = Goal::Output { point: vec![("N".into(), TARGET.0), ("D".into(), TARGET.1)] };
    let request = NextRequest {
        runs: (RUNS as f64 * part).round() as usize,
        largest,
        limits: vec![("N".into(), 1e7, 4e9), ("D".into(), 1e8, 1e11)],
        keep: vec!["D >= N".into(), "D <= 1000*N".into()],
        draws: 16,
        ..NextRequest::new(goal, BUDGET * part, noise)
    };
    let past = Past { columns: data.inputs.clone(), rows: data.rows() };
    let found = next(&model, &past, &request).unwrap();
    let one = |run: &isoflop_plan::NextRun| {
        let at = |name: &str| run.inputs.iter().find(|(known, _)| known == name).unwrap().1;
        std::iter::repeat_n((at("N"), at("D")), run.repeats).collect::<Vec<_>>()
    };
    (found.runs.iter().flat_map(one).collect(), found.outlooks[0].after)
}

/// Width of the interval in per cent of the loss, and whether it holds the truth.
fn answer(law: &Law, data: &Data, truth: &Truth) -> (f64, bool) {
    let of = format!("E + A / {:e}^alpha + B / {:e}^beta", TARGET.0, TARGET.1);
    let [e, a, b, alpha, beta] = truth.values;
    let loss = e + a / TARGET.0.powf(alpha) + b / TARGET.1.powf(beta);
    let Ok(found) = profile(law, data, &of, &options(0), 3, &()) else { return (f64::INFINITY, false) };
    let (low, high) = (found.low.unwrap_or(0.0), found.high.unwrap_or(f64::INFINITY));
    (100.0 * (high / low).ln(), low <= loss && loss <= high)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Widths and coverage of the ways to spend the budget, and what `next` announced for its first way.
struct Outcome {
    announced: f64,
    answers: [(f64, bool); 5],
}

/// One study.
fn outcome(law: &Law, study: u64, fixed: &[Runs; 2], largest: [f64; 2]) -> Outcome {
    let truth = truth(&mut ChaCha8Rng::seed_from_u64(study));
    let pilot = table(law, &truth, &pilot(), 10 * study);
    let after = |runs: &Runs, before: &Data, stream: u64| {
        joined(before, &table(law, &truth, runs, 10 * study + stream))
    };
    let (free, announced) = chosen(law, &pilot, f64::INFINITY, 1.0);
    let (capped, _) = chosen(law, &pilot, largest[0], 1.0);
    let (first, _) = chosen(law, &pilot, f64::INFINITY, FIRST);
    let halfway = after(&first, &pilot, 3);
    let (second, _) = chosen(law, &halfway, f64::INFINITY, 1.0 - FIRST);
    for runs in [&free, &capped, &[first, second.clone()].concat()] {
        assert!(cost(runs) <= BUDGET && runs.len() <= RUNS);
    }
    let tables = [
        after(&free, &pilot, 1),
        after(&second, &halfway, 4),
        after(&capped, &pilot, 2),
        after(&fixed[0], &pilot, 5),
        after(&fixed[1], &pilot, 6),
    ];
    Outcome { announced, answers: tables.map(|data| answer(law, &data, &truth)) }
}

fn main() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let fixed = [isoflop_grid(), ladder()];
    let largest = [0, 1].map(|k| fixed[k].iter().map(|(n, d)| 6.0 * n * d).fold(0.0, f64::max));
    let rows: Vec<Outcome> =
        (0..STUDIES).into_par_iter().map(|study| outcome(law, study, &fixed, largest)).collect();
    println!("# Runs chosen by `next`, an isoFLOP grid and a ladder at the same cost\n");
    println!(
        "{STUDIES} studies. Each draws a law `E + A / N^alpha + B / D^beta` (E 1.4 to 2, exponents 0.28 to 0.42, terms of\n\
         0.5 to 1.1 nats at 100M parameters and 2B tokens) and noise of 0.2 to 1 % of the loss, and starts from nine pilot\n\
         runs of 10M to 40M parameters ({:.1e} FLOP). Then {BUDGET:e} FLOP are spent in {RUNS} runs:\n",
        cost(&pilot())
    );
    println!(
        "* `next`, which knows the pilot runs alone: goal the loss at 7B parameters and 140B tokens (5.9e21 FLOP), N 10M to\n  \
         4B, D/N 1 to 1000, at most 3 seeds of one configuration;\n\
         * the same in two rounds of a quarter and three quarters, the second chosen with the runs of the first;\n\
         * one round with no run dearer than the dearest of the isoFLOP grid;\n\
         * an isoFLOP grid: four budgets a factor 3 apart, six sizes on each around 20 tokens per parameter (dearest run\n  \
         {:.1e} FLOP);\n\
         * a ladder: six sizes, each twice the one before, at 5, 10, 20 and 40 tokens per parameter (dearest run {:.1e} FLOP).\n",
        largest[0], largest[1]
    );
    println!(
        "All fit the same law to pilot and new runs by least squares on logs, and give the 90 % profile interval of the loss\n\
         at the target. An interval without an end counts as infinitely wide, a fit without an interval as a miss. Shares\n\
         below 1 say how much narrower the interval is, in the median over studies.\n"
    );
    println!(
        "| runs | median width, % of the loss | coverage | no finite interval | width over that of the grid | over that of the ladder |"
    );
    println!("|---|---|---|---|---|---|");
    let names =
        ["`next`", "`next`, two rounds", "`next`, dearest run of the grid", "isoFLOP grid", "2x ladder"];
    for (k, name) in names.iter().enumerate() {
        let covered = rows.iter().filter(|row| row.answers[k].1).count() as f64 / rows.len() as f64;
        let open = rows.iter().filter(|row| !row.answers[k].0.is_finite()).count();
        let over = |rival: usize| {
            let ratio = |row: &Outcome| match (row.answers[k].0, row.answers[rival].0) {
                (own, its) if its.is_finite() => own / its,
                (own, _) if own.is_finite() => 0.0,
                _ => 1.0,
            };
            median(rows.iter().map(ratio))
        };
        println!(
            "| {name} | {:.2} | {:.0} % | {open} | {:.2} | {:.2} |",
            median(rows.iter().map(|row| row.answers[k].0)),
            100.0 * covered,
            over(3),
            over(4)
        );
    }
    let honest = median(rows.iter().map(|row| row.answers[0].0 / (200.0 * row.announced.ln_1p())));
    println!(
        "\nThe width found was {honest:.2} times the one that `next` announced beforehand, in the median."
    );
}
