//! Do the runs that `next` chooses narrow a forecast more than an isoFLOP grid or a ladder of the same cost?
//!
//! Every study has a law of its own, a few pilot runs, and a budget. Several ways spend it; then all fit the same law to
//! pilot and new runs, and profile the loss at a target far beyond them. One way knows the law: no choice of as many runs
//! does much better.
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

/// Four budgets a factor 3 apart, sizes from 0.35 to 2.8 on each around 20 tokens per parameter.
fn isoflop_grid(sizes: usize) -> Runs {
    let slices = [1.0, 3.0, 9.0, 27.0];
    let unit = BUDGET / (sizes as f64 * slices.iter().sum::<f64>());
    let sizes: Vec<f64> = (0..sizes).map(|k| 0.35 * 8_f64.powf(k as f64 / (sizes - 1) as f64)).collect();
    let run = |c: f64, size: f64| {
        let n = size * (c / 120.0).sqrt();
        (n, c / (6.0 * n))
    };
    slices.iter().flat_map(|s| sizes.iter().map(move |size| run(s * unit, *size))).collect()
}

/// Six sizes, each twice the one before, at 5, 10, 20 and 40 tokens per parameter, with some seeds of each.
fn ladder(seeds: usize) -> Runs {
    let ratios = [5.0, 10.0, 20.0, 40.0];
    let sizes: Vec<f64> = (0..6).map(|k| 2_f64.powi(k)).collect();
    let squares: f64 = sizes.iter().map(|s| s * s).sum();
    let smallest = (BUDGET / (seeds as f64 * 6.0 * squares * ratios.iter().sum::<f64>())).sqrt();
    let once: Runs =
        sizes.iter().flat_map(|s| ratios.map(|ratio| (s * smallest, ratio * s * smallest))).collect();
    once.repeat(seeds)
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

/// How `next` is asked.
#[derive(Clone, Copy)]
struct Ask {
    /// Share of the budget and of the runs.
    part: f64,
    runs: usize,
    largest: f64,
    smallest: f64,
}

const ASK: Ask = Ask { part: 1.0, runs: RUNS, largest: f64::INFINITY, smallest: 1e7 };

/// The law as the runs of a table tell it, with draws, and the noise that they show.
fn fitted(law: &Law, data: &Data) -> (Model, f64) {
    let fitted = fit(law, data, &options(64), &()).unwrap();
    let noise = fitted.rmse * (data.rows() as f64 / (data.rows() as f64 - 5.0)).sqrt();
    let digest = DataDigest { sha256: String::new(), rows: data.rows(), files: Vec::new() };
    let saved = SavedFit::new(&law.id, law.formula(), fitted, digest, 0, Vec::new());
    (Model::from_fit(&saved).unwrap(), noise)
}

/// The runs of `next`, and the half width that it announces.
fn chosen((model, noise): &(Model, f64), data: &Data, ask: Ask) -> (Runs, f64) {
    let goal = Goal::Output { point: vec![("N".into(), TARGET.0), ("D".into(), TARGET.1)] };
    let request = NextRequest {
        runs: (ask.runs as f64 * ask.part).round() as usize,
        largest: ask.largest,
        limits: vec![("N".into(), ask.smallest, 4e9), ("D".into(), 10.0 * ask.smallest, 1e11)],
        keep: vec!["D >= N".into(), "D <= 1000*N".into()],
        draws: 16,
        ..NextRequest::new(goal, BUDGET * ask.part, *noise)
    };
    let past = Past { columns: data.inputs.clone(), rows: data.rows() };
    let found = next(model, &past, &request).unwrap();
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

/// The ways to spend the budget; the last four are not chosen by `next`.
const WAYS: [&str; 11] = [
    "`next`, 24 runs",
    "`next`, 24 runs, two rounds",
    "`next`, 24 runs, dearest run of the grid",
    "24 runs chosen by who knows the law",
    "`next`, 24 runs, N from 3M",
    "`next`, 48 runs",
    "`next`, 48 runs, two rounds",
    "isoFLOP grid, 24 runs",
    "2x ladder, 24 runs",
    "isoFLOP grid, 48 runs",
    "2x ladder, 48 runs",
];
const FIXED: usize = 7;

/// Widths and coverage of the ways to spend the budget, and what `next` announced for its first way.
struct Outcome {
    announced: f64,
    answers: Vec<(f64, bool)>,
}

/// One study.
fn outcome(law: &Law, study: u64, fixed: &[Runs; 4]) -> Outcome {
    let truth = truth(&mut ChaCha8Rng::seed_from_u64(study));
    let pilot = table(law, &truth, &pilot(), 10 * study);
    let after = |runs: &Runs, before: &Data, stream: u64| {
        joined(before, &table(law, &truth, runs, 100 * (study + 100) + stream))
    };
    let known = fitted(law, &pilot);
    let names = ["E", "A", "B", "alpha", "beta"].map(str::to_owned);
    let truly = Model::from_law("truth", law, names.into_iter().zip(truth.values).collect());
    let (free, announced) = chosen(&known, &pilot, ASK);
    let once = |ask: Ask| chosen(&known, &pilot, ask).0;
    let rounds = |runs: usize, stream: u64| {
        let first = once(Ask { part: FIRST, runs, ..ASK });
        let halfway = after(&first, &pilot, stream);
        let rest = Ask { part: 1.0 - FIRST, runs, ..ASK };
        let (second, _) = chosen(&fitted(law, &halfway), &halfway, rest);
        assert!(cost(&[first.clone(), second.clone()].concat()) <= BUDGET);
        after(&second, &halfway, stream + 1)
    };
    let single = [
        free,
        once(Ask { largest: dearest(&fixed[0]), ..ASK }),
        chosen(&(truly, truth.noise), &pilot, ASK).0,
        once(Ask { smallest: 3e6, ..ASK }),
        once(Ask { runs: 2 * RUNS, ..ASK }),
    ];
    let mut tables: Vec<Data> =
        single.iter().chain(fixed).zip(0..).map(|(r, k)| after(r, &pilot, k)).collect();
    assert!(single.iter().all(|runs| cost(runs) <= BUDGET));
    tables.insert(1, rounds(RUNS, 20));
    tables.insert(6, rounds(2 * RUNS, 30));
    Outcome { announced, answers: tables.iter().map(|data| answer(law, data, &truth)).collect() }
}

/// Cost of the dearest run.
fn dearest(runs: &Runs) -> f64 {
    runs.iter().map(|(n, d)| 6.0 * n * d).fold(0.0, f64::max)
}

fn main() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let fixed = [isoflop_grid(6), ladder(1), isoflop_grid(12), ladder(2)];
    assert!(fixed.iter().all(|runs| (cost(runs) / BUDGET - 1.0).abs() < 1e-9));
    let rows: Vec<Outcome> = (0..STUDIES).into_par_iter().map(|study| outcome(law, study, &fixed)).collect();
    println!("# Runs chosen by `next`, an isoFLOP grid and a ladder at the same cost\n");
    println!(
        "{STUDIES} studies. Each draws a law `E + A / N^alpha + B / D^beta` (E 1.4 to 2, exponents 0.28 to 0.42, terms of\n\
         0.5 to 1.1 nats at 100M parameters and 2B tokens) and noise of 0.2 to 1 % of the loss, and starts from nine pilot\n\
         runs of 10M to 40M parameters ({:.1e} FLOP). Then each way spends {BUDGET:e} FLOP:\n",
        cost(&pilot())
    );
    println!(
        "* `next`, which knows the pilot runs alone: goal the loss at 7B parameters and 140B tokens (5.9e21 FLOP), N 10M to\n  \
         4B, D/N 1 to 1000, at most 3 seeds of one configuration, at most 24 runs;\n\
         * the same in two rounds of a quarter and three quarters, the second chosen with the runs of the first;\n\
         * one round with no run dearer than the dearest of the isoFLOP grid;\n\
         * one round by the true law and noise in place of the pilot's fit: nobody has them, it shows how far 24 runs go;\n\
         * one round whose smallest model has 3M parameters in place of 10M;\n\
         * one round, and two, of at most 48 runs: as many FLOP in more and smaller runs;\n\
         * an isoFLOP grid: four budgets a factor 3 apart, six sizes on each around 20 tokens per parameter (dearest run\n  \
         {:.1e} FLOP), or twelve sizes;\n\
         * a ladder: six sizes, each twice the one before, at 5, 10, 20 and 40 tokens per parameter (dearest run {:.1e} FLOP),\n  \
         or two seeds of each at 0.71 times the sizes.\n",
        dearest(&fixed[0]),
        dearest(&fixed[1])
    );
    println!(
        "All fit the same law to pilot and new runs by least squares on logs, and give the 90 % profile interval of the loss\n\
         at the target. An interval without an end counts as infinitely wide, a fit without an interval as a miss. Shares\n\
         below 1 say how much narrower the interval is than after the grid or the ladder of so many runs, in the median over\n\
         studies.\n"
    );
    println!(
        "| runs | median width, % of the loss | coverage | no finite interval | over grid of 24 | over ladder of 24 | over grid of 48 | over ladder of 48 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (k, name) in WAYS.iter().enumerate() {
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
        let shares: Vec<String> = (FIXED..WAYS.len()).map(|rival| format!("{:.2}", over(rival))).collect();
        println!(
            "| {name} | {:.2} | {:.0} % | {open} | {} |",
            median(rows.iter().map(|row| row.answers[k].0)),
            100.0 * covered,
            shares.join(" | ")
        );
    }
    let honest = median(rows.iter().map(|row| row.answers[0].0 / (200.0 * row.announced.ln_1p())));
    println!(
        "\nThe width found was {honest:.2} times the one that `next` announced beforehand, in the median.\n"
    );
    println!(
        "What is spent is the same for all; how many runs it is spent on is part of the choice. Of as many runs as the ladder has, even\n\
         those chosen by the true law narrow the interval by little more: number and smallest size of the runs are what is left to gain by.\n\
         48 runs and 3M parameters were settled on after a look at 24 to 96 runs and at wider limits for a few known laws."
    );
}
