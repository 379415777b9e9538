//! Simulation study of the contrast of two recipes: does its 90 % interval hold a planted multiplier and a planted
//! crossover? Prints Markdown; `cargo xtask study contrast` keeps it as `studies/contrast.md`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use isoflop_audit::{Contrast, ContrastOptions, Sharing, Verdict, contrast};
use isoflop_fit::{Data, Group};
use isoflop_laws::{Catalogue, Law};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// E, A, B, alpha, beta.
type Values = [f64; 5];
/// The law as published by Hoffmann et al. 2022.
const HOFFMANN: Values = [1.69, 406.4, 410.7, 0.34, 0.28];
/// Lower floor, larger terms: worse small, better large.
const LATE: Values = [1.62, 440.0, 435.0, 0.34, 0.28];
/// The same with exponents of its own.
const BENT: Values = [1.66, 300.0, 580.0, 0.32, 0.295];
const TIMES: f64 = 2.1;
const SIMULATIONS: u64 = 200;
/// Half as many as `isoflop contrast` takes.
const REPLICATES: usize = 500;
const NOISE: f64 = 0.004;

struct Design {
    name: &'static str,
    second: Values,
    sharing: Sharing,
    heavy: bool,
    small: bool,
    planted: &'static str,
}

fn main() {
    let law = Catalogue::containing("chinchilla").unwrap().find("chinchilla").unwrap().clone();
    println!("# Contrast of two recipes: coverage\n");
    println!(
        "{SIMULATIONS} simulated tables for each line: two recipes, each with 8 sizes from 20M to 2B parameters at 6 ratios \
         from 5 to 160 tokens per parameter (96 rows; few runs: 5 sizes at 4 ratios from 5 to 40, 40 rows), relative \
         noise of {NOISE} (normal, or Student-t with 4 degrees of freedom of the same scale), fitted by huber-log, with \
         {REPLICATES} replicates and ends as in `isoflop fit`. *Covered*: the interval of the multiplier at that scale, or of \
         the crossover, holds the planted value; nominal 90 %. *Verdict right*: the planted one over all scales compared, up to \
         a hundred times the largest run; *wrong*: another one with confidence; the rest is \"the runs do not tell\".\n"
    );
    println!(
        "| planted | exponents | noise | covered | median width (factor) | verdict right | verdict wrong | test rejects at 5 % |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let slow = slower(HOFFMANN, TIMES);
    let design = |name, second, sharing, planted| Design {
        name,
        second,
        sharing,
        heavy: false,
        small: false,
        planted,
    };
    let (separate, auto) = (Sharing::Separate, Sharing::Auto);
    let designs = [
        design("2.1x at all scales", slow, separate, "multiplier"),
        design("2.1x at all scales", slow, auto, "multiplier"),
        Design { heavy: true, ..design("2.1x at all scales", slow, separate, "multiplier") },
        Design { small: true, ..design("2.1x, few runs", slow, auto, "multiplier") },
        design("crossover", LATE, separate, "crossover"),
        design("crossover", LATE, auto, "crossover"),
        Design { heavy: true, ..design("crossover", LATE, separate, "crossover") },
        Design { small: true, ..design("crossover, few runs", LATE, auto, "crossover") },
        design("crossover, other exponents", BENT, separate, "crossover"),
        design("crossover, other exponents", BENT, auto, "crossover"),
    ];
    for design in &designs {
        line(&law, design);
    }
    for second in [LATE, BENT] {
        println!("\nPlanted crossover of {second:?}: {:.3e} FLOP.", crossing(second));
    }
}

fn line(law: &Law, design: &Design) {
    let found: Vec<Contrast> =
        (0..SIMULATIONS).into_par_iter().map(|seed| simulate(law, design, seed)).collect();
    let truth = crossing(design.second);
    let kind = match design.sharing {
        Sharing::Auto => "auto",
        Sharing::Shared => "shared",
        Sharing::Separate => "separate",
    };
    let noise = if design.heavy { "Student-t" } else { "normal" };
    let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / found.len() as f64);
    let right = |c: &&Contrast| match design.planted {
        "multiplier" => c.verdict == Verdict::First,
        _ => c.verdict == Verdict::FirstThenSecond,
    };
    let wrong = found.iter().filter(|c| !right(c) && c.verdict != Verdict::Unknown).count();
    let rejected = found.iter().filter(|c| c.test.p.is_some_and(|p| p < 0.05)).count();
    let print = |what: String, covered: usize, mut widths: Vec<f64>| {
        widths.sort_by(f64::total_cmp);
        let width = widths[widths.len() / 2];
        let width = if width.is_finite() { format!("{width:.2}") } else { "open".to_owned() };
        println!(
            "| {what} | {kind} | {noise} | {} | {width} | {} | {} | {} |",
            share(covered),
            share(found.iter().filter(right).count()),
            share(wrong),
            share(rejected)
        );
    };
    if design.planted == "multiplier" {
        // Points 1 to 5 of the scales lie between the smallest run and a hundred times the largest.
        for (place, name) in [(2, "inside the runs"), (4, "near the largest run"), (5, "beyond the runs")] {
            let of = |c: &Contrast| c.points[place].multiplier;
            let holds = |c: &&Contrast| of(c).low.unwrap() <= TIMES && of(c).high.unwrap() >= TIMES;
            let widths = found.iter().map(|c| of(c).high.unwrap() / of(c).low.unwrap()).collect();
            print(
                format!("{}, {name} ({:.0e} FLOP)", design.name, found[0].points[place].scale),
                found.iter().filter(holds).count(),
                widths,
            );
        }
        return;
    }
    // An open end reaches as far as the comparison.
    let ends = |c: &Contrast| {
        c.crossing_interval.map(|[low, high]| (low.unwrap_or(0.0), high.unwrap_or(f64::INFINITY)))
    };
    let covered =
        found.iter().filter(|c| ends(c).is_some_and(|(low, high)| low <= truth && truth <= high)).count();
    let widths = found.iter().map(|c| ends(c).map_or(f64::INFINITY, |(low, high)| high / low)).collect();
    print(design.name.to_owned(), covered, widths);
}

fn simulate(law: &Law, design: &Design, seed: u64) -> Contrast {
    let mut rng = ChaCha8Rng::seed_from_u64(1000 * seed + u64::from(design.heavy));
    let (mut n, mut d, mut output, mut codes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (code, values) in [HOFFMANN, design.second].into_iter().enumerate() {
        let (sizes, ratios) = if design.small { (5, 4) } else { (8, 6) };
        for i in 0..sizes {
            for k in 0..ratios {
                let size = 2e7 * 100_f64.powf(f64::from(i) / f64::from(sizes - 1));
                let tokens = size * 5.0 * 2_f64.powi(k);
                n.push(size);
                d.push(tokens);
                output.push(loss(values, size, tokens) * (NOISE * noise(&mut rng, design.heavy)).exp());
                codes.push(code as u32);
            }
        }
    }
    let inputs = law.formula().symbols.inputs.iter().map(|input| match input.name.as_str() {
        "N" => n.clone(),
        "D" => d.clone(),
        _ => Vec::new(),
    });
    let data = Data { inputs: inputs.collect(), output, ..Data::default() };
    let arm = Group { column: "recipe".into(), levels: vec!["first".into(), "second".into()], codes };
    let mut options = ContrastOptions { sharing: design.sharing, proposals: 0, ..ContrastOptions::default() };
    options.fit.bootstrap = REPLICATES;
    options.fit.seed = seed;
    contrast(law, &data, &arm, &options, &()).unwrap()
}

fn loss([e, a, b, alpha, beta]: Values, n: f64, d: f64) -> f64 {
    e + a / n.powf(alpha) + b / d.powf(beta)
}

/// The recipe that needs `times` the compute of `values` for any loss.
fn slower([e, a, b, alpha, beta]: Values, times: f64) -> Values {
    let sum = alpha + beta;
    [e, a * times.powf(beta / sum * alpha), b * times.powf(alpha / sum * beta), alpha, beta]
}

/// Loss at the best N for a budget.
fn best([e, a, b, alpha, beta]: Values, c: f64) -> f64 {
    let n = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta)) * (c / 6.0).powf(beta / (alpha + beta));
    loss([e, a, b, alpha, beta], n, c / 6.0 / n)
}

/// The budget at which the recipes are equal, by bisection.
fn crossing(second: Values) -> f64 {
    let gap = |x: f64| best(HOFFMANN, x.exp()) - best(second, x.exp());
    let (mut low, mut high) = (1e15_f64.ln(), 1e25_f64.ln());
    if gap(low) * gap(high) > 0.0 {
        return f64::NAN;
    }
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if gap(middle) * gap(low) > 0.0 { low = middle } else { high = middle }
    }
    low.exp()
}

fn noise(rng: &mut ChaCha8Rng, heavy: bool) -> f64 {
    let mut normal = || {
        let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let z = normal();
    if !heavy {
        return z;
    }
    let square: f64 = (0..4).map(|_| normal().powi(2)).sum();
    z / (square / 4.0).sqrt()
}
