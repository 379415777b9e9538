//! Do intervals cover? Twelve designs (three laws, runs on their own or in clusters, normal or heavy-tailed noise), many
//! tables of each with known parameters, and the share of 90 % intervals that hold the truth: for the default, and for
//! the bootstrap that everybody uses.
//!
//! `cargo xtask study coverage` keeps what this prints. Arguments, for trying out: number of tables of each design, and
//! number of tables of four designs on which every method is tried.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use std::time::Instant;

use isoflop_fit::{
    Clusters, Data, Ends, Fit, FitError, FitOptions, IntervalMethod, IntervalOptions, Objective, Sampler,
    StartPlan, fit,
};
use isoflop_laws::{Catalogue, Law};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const LEVEL: f64 = 0.9;
/// Spread of the noise of a run, in the logarithm of the loss.
const NOISE: f64 = 0.005;
/// Replicates of a bootstrap.
const REPLICATES: usize = 400;

/// Tables of each design on which every method is tried.
const FEW: usize = 100;

/// A law with the truth and what is asked of it.
struct Subject {
    law: Law,
    truth: Vec<(&'static str, f64)>,
    /// Shown name and formula; the last is a size.
    asked: Vec<(&'static str, String)>,
}

fn subjects() -> Vec<Subject> {
    let catalogue = Catalogue::builtin().unwrap();
    let law = |id: &str| catalogue.find(id).unwrap().clone();
    let plain = |names: &[&'static str]| names.iter().map(|n| (*n, (*n).to_string())).collect::<Vec<_>>();
    let with = |names: &[&'static str], size: &str| {
        let mut asked = plain(names);
        asked.push(("N*", size.to_string()));
        asked
    };
    vec![
        Subject {
            law: law("chinchilla"),
            truth: vec![("E", 1.82), ("A", 482.0), ("B", 2085.0), ("alpha", 0.348), ("beta", 0.366)],
            asked: with(
                &["E", "alpha", "beta"],
                "(alpha * A / (beta * B))^(1 / (alpha + beta)) * (1e22 / 6)^(beta / (alpha + beta))",
            ),
        },
        Subject {
            law: law("chinchilla_tied"),
            truth: vec![("E", 1.82), ("A", 420.0), ("B", 1450.0), ("alpha", 0.35)],
            asked: with(&["E", "alpha"], "(A / B)^(1 / (2 * alpha)) * (1e22 / 6)^0.5"),
        },
        Subject {
            law: law("henighan_n"),
            truth: vec![("E", 1.7), ("N0", 2e7), ("alpha_N", 0.35)],
            asked: with(&["E", "alpha_N"], "N0 / (1.85 - E)^(1 / alpha_N)"),
        },
    ]
}

/// How noise is made.
#[derive(Clone, Copy, PartialEq)]
struct Design {
    clustered: bool,
    heavy: bool,
}

impl Design {
    const ALL: [Design; 4] = [
        Design { clustered: false, heavy: false },
        Design { clustered: false, heavy: true },
        Design { clustered: true, heavy: false },
        Design { clustered: true, heavy: true },
    ];

    fn name(self) -> &'static str {
        match (self.clustered, self.heavy) {
            (false, false) => "runs, normal",
            (false, true) => "runs, heavy",
            (true, false) => "clusters, normal",
            (true, true) => "clusters, heavy",
        }
    }
}

/// Normal, or Student with 3 degrees of freedom of the same scale.
fn noise(stream: &mut ChaCha8Rng, heavy: bool) -> f64 {
    let mut normal = || {
        let (u, v): (f64, f64) = (1.0 - stream.random::<f64>(), stream.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let z = normal();
    if !heavy {
        return z;
    }
    let square: f64 = (0..3).map(|_| normal().powi(2)).sum();
    z / (square / 3.0).sqrt()
}

/// One table: 60 runs of ten sizes and six lengths, or 40 runs of ten sizes with five checkpoints each.
fn table(subject: &Subject, design: Design, seed: u64) -> Data {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    let formula = subject.law.formula();
    let sizes: Vec<f64> = (0..10).map(|k| 3e7 * 100_f64.powf(f64::from(k) / 9.0)).collect();
    let (mut n, mut d, mut offset, mut codes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (k, &size) in sizes.iter().enumerate() {
        if design.clustered {
            for run in 0..4 {
                let shared = noise(&mut stream, design.heavy);
                for checkpoint in 0..5 {
                    n.push(size);
                    d.push(5e8 * 2_f64.powi(run + checkpoint) * 1.3_f64.powi(run));
                    offset.push(0.5_f64.sqrt() * (shared + noise(&mut stream, design.heavy)));
                    codes.push((4 * k) as u32 + run as u32);
                }
            }
        } else {
            for length in 0..6 {
                n.push(size);
                d.push(5e8 * 100_f64.powf(f64::from(length) / 5.0));
                offset.push(noise(&mut stream, design.heavy));
            }
        }
    }
    let output = (0..n.len())
        .map(|row| {
            let inputs = [("N", n[row]), ("D", d[row])];
            let exact = subject.law.predict(&subject.truth, &inputs).unwrap();
            exact * (NOISE * offset[row]).exp()
        })
        .collect();
    let column = |name: &str| match name {
        "N" => n.clone(),
        "D" => d.clone(),
        _ => Vec::new(),
    };
    let clusters = design.clustered.then(|| Clusters { column: "run".into(), codes, count: 40 });
    Data {
        inputs: formula.symbols.inputs.iter().map(|i| column(&i.name)).collect(),
        output,
        clusters,
        ..Data::default()
    }
}

/// The rows of one size as a stratum: the six runs of a size, or its four runs with their checkpoints.
fn sizes(data: &Data) -> Clusters {
    let each = data.rows() / 10;
    let codes = (0..data.rows()).map(|row| (row / each) as u32).collect();
    Clusters { column: "N".into(), codes, count: 10 }
}

fn options(subject: &Subject, method: IntervalMethod, ends: Ends, seed: u64) -> FitOptions {
    FitOptions {
        objective: Some(Objective::DEFAULT),
        starts: StartPlan::At(subject.truth.iter().map(|(n, v)| ((*n).to_string(), *v)).collect()),
        bootstrap: REPLICATES,
        interval: IntervalOptions {
            method,
            ends,
            quantities: subject.asked.iter().map(|a| a.1.clone()).filter(|t| t.len() > 8).collect(),
            sampler: Sampler { chains: 4, warmup: 500, draws: 500 },
            ..IntervalOptions::default()
        },
        level: LEVEL,
        seed,
        choices: false,
        ..FitOptions::default()
    }
}

/// Ends of what was asked, in its order.
fn ends(subject: &Subject, found: &Fit) -> Vec<Option<(f64, f64)>> {
    let of = |text: &str| {
        let parameter = found.parameters.iter().find(|p| p.name == text).map(|p| (p.low, p.high));
        let derived = found.derived.iter().find(|d| d.formula == text).map(|d| (d.low, d.high));
        parameter.or(derived).and_then(|(low, high)| low.zip(high))
    };
    subject.asked.iter().map(|(_, text)| of(text)).collect()
}

/// What one rule did over all tables: per quantity the hits, the misses on either side, the relative widths.
#[derive(Default, Clone)]
struct Tally {
    hits: Vec<usize>,
    missing: Vec<usize>,
    widths: Vec<Vec<f64>>,
    tables: usize,
}

impl Tally {
    fn add(&mut self, truth: &[f64], ends: Vec<Option<(f64, f64)>>) {
        self.tables += 1;
        self.hits.resize(truth.len(), 0);
        self.missing.resize(truth.len(), 0);
        self.widths.resize(truth.len(), Vec::new());
        for (k, (truth, ends)) in truth.iter().zip(ends).enumerate() {
            match ends {
                Some((low, high)) => {
                    self.hits[k] += usize::from(low <= *truth && *truth <= high);
                    self.widths[k].push((high - low) / truth);
                }
                None => self.missing[k] += 1,
            }
        }
    }

    fn coverage(&self, k: usize) -> f64 {
        100.0 * self.hits[k] as f64 / self.tables as f64
    }

    fn width(&self, k: usize) -> f64 {
        let mut sorted = self.widths[k].clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

type Rule = (IntervalMethod, Ends);

/// The ends of every quantity that was asked for.
type Intervals = Vec<Option<(f64, f64)>>;

/// The bootstrap that everybody uses.
const USUAL: Rule = (IntervalMethod::Point, Ends::Percentile);

/// The tallies of `rules` over `tables` tables.
fn measure(subject: &Subject, design: Design, rules: &[Rule], tables: usize) -> Result<Vec<Tally>, FitError> {
    let truth: Vec<f64> = subject.asked.iter().map(|(_, text)| at(&subject.truth, text)).collect();
    let found: Vec<Vec<Option<Intervals>>> = (0..tables as u64)
        .into_par_iter()
        .map(|number| {
            let data = table(subject, design, number);
            let mut last: Option<Fit> = None;
            rules
                .iter()
                .map(|&(method, ends_rule)| {
                    // Without clusters the bootstraps have the same replicates.
                    if let (Some(fit), true) = (&last, (method, ends_rule) == USUAL && !design.clustered) {
                        return Some(percentiles(subject, fit));
                    }
                    let mut options = options(subject, method, ends_rule, number);
                    if method == IntervalMethod::Stratified {
                        options.interval.strata = Some(sizes(&data));
                    }
                    let found = fit(&subject.law, &data, &options, &()).ok()?;
                    let ends = ends(subject, &found);
                    last = (method == IntervalMethod::Auto).then_some(found);
                    Some(ends)
                })
                .collect()
        })
        .collect();
    let mut tallies = vec![Tally::default(); rules.len()];
    for per_rule in found {
        for (tally, ends) in tallies.iter_mut().zip(per_rule) {
            tally.add(&truth, ends.unwrap_or_else(|| vec![None; truth.len()]));
        }
    }
    Ok(tallies)
}

/// Quantiles of the replicates of a fit.
fn percentiles(subject: &Subject, fit: &Fit) -> Vec<Option<(f64, f64)>> {
    let names: Vec<&str> = fit.parameters.iter().map(|p| p.name.as_str()).collect();
    let of = |text: &String| {
        let mut values: Vec<f64> = fit
            .draws
            .iter()
            .map(|draw| at(&names.iter().copied().zip(draw.iter().copied()).collect::<Vec<_>>(), text))
            .collect();
        values.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let place = q * (values.len() - 1) as f64;
            let (below, part) = (place as usize, place.fract());
            values[below] + part * (values[(below + 1).min(values.len() - 1)] - values[below])
        };
        (quantile(0.5 - 0.5 * LEVEL), quantile(0.5 + 0.5 * LEVEL))
    };
    subject.asked.iter().map(|(_, text)| Some(of(text))).collect()
}

/// A formula of the parameters at these values.
fn at(values: &[(&str, f64)], text: &str) -> f64 {
    let known = |name: &str| values.iter().find(|v| v.0 == name).map(|v| v.1);
    if let Some(value) = known(text) {
        return value;
    }
    use isoflop_formula::{Formula, InputSpec, Scope, Unit, evaluate};
    let inputs = values.iter().map(|v| InputSpec::new(v.0, Unit::default())).collect();
    let formula = Formula::expression(text, &Scope { inputs, ..Scope::default() }).unwrap();
    let columns: Vec<Vec<f64>> =
        formula.symbols.inputs.iter().map(|i| vec![known(&i.name).unwrap()]).collect();
    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let mut out = [0.0];
    evaluate(&formula.graph, formula.body, &slices, &[], &mut out);
    out[0]
}

fn main() -> Result<(), FitError> {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let tables = given.first().copied().unwrap_or(400);
    let few = given.get(1).copied().unwrap_or(FEW);
    let start = Instant::now();
    println!("# Coverage of intervals\n");
    println!(
        "Share, in percent, of nominal {:.0} % intervals that hold the truth; {tables} tables of each design, so that a share \
         is known to ±{:.1} (one standard error). The objective is Huber on log residuals with a threshold of 0.001, the \
         bootstraps have {REPLICATES} replicates.\n",
        100.0 * LEVEL,
        100.0 * (LEVEL * (1.0 - LEVEL) / tables.max(1) as f64).sqrt(),
    );
    println!(
        "*Runs*: 60 runs of ten sizes from 3e7 to 3e9 parameters and six lengths, each with its own noise. *Clusters*: 40 runs \
         of ten sizes with five checkpoints each; half of the variance of the noise belongs to the run. Noise is {:.1} % of \
         the loss, *normal* or (*heavy*) Student with 3 degrees of freedom of that scale. N* is the best size at 1e22 FLOP; \
         for `henighan_n`, which has sizes only, the size that reaches a loss of 1.85.\n",
        100.0 * NOISE
    );
    let default = IntervalOptions::default();
    let ours: Rule = (default.method, default.ends);
    let mut outside = [0, 0];
    let mut cells = 0;
    if tables > 0 {
        println!("## The default and the usual bootstrap\n");
        println!(
            "Default: bootstrap of rows, or of runs where rows belong to runs, ends {}. Usual: percentiles of a bootstrap \
             of rows.\n",
            default.ends.name()
        );
        println!("| law | design | quantity | default | width | usual | width |");
        println!("|---|---|---|--:|--:|--:|--:|");
        for subject in subjects() {
            for design in Design::ALL {
                let found = measure(&subject, design, &[ours, USUAL], tables)?;
                eprintln!("{} {}: {:.0} s", subject.law.id, design.name(), start.elapsed().as_secs_f64());
                for (k, (name, _)) in subject.asked.iter().enumerate() {
                    cells += 1;
                    for (out, tally) in outside.iter_mut().zip(&found) {
                        *out += usize::from(!(87.0..=93.0).contains(&tally.coverage(k)));
                    }
                    println!(
                        "| {} | {} | {name} | {:.1} | {:.3} | {:.1} | {:.3} |",
                        subject.law.id,
                        design.name(),
                        found[0].coverage(k),
                        found[0].width(k),
                        found[1].coverage(k),
                        found[1].width(k)
                    );
                }
            }
        }
        println!(
            "\nWidths are medians, relative to the truth. Outside 87 to 93: {} of {cells} for the default, {} for the usual \
             bootstrap; with exact coverage {:.1} would be expected from {tables} tables.\n",
            outside[0],
            outside[1],
            cells as f64 * chance_outside(tables)
        );
    }
    if few > 0 {
        println!("## All methods\n");
        println!(
            "The law `chinchilla`, {few} tables of each design (a share is known to ±{:.1}): E / alpha / beta / N*. Strata \
             are the runs of one size; the sampler walks four chains of 500 draws. Profile, Laplace and the sampler take \
             rows as independent, and each has the noise of its own likelihood.\n",
            100.0 * (LEVEL * (1.0 - LEVEL) / few as f64).sqrt()
        );
        methods(few, start)?;
    }
    eprintln!("{:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// Chance that a share with the right expectation lies outside 87 to 93 %.
fn chance_outside(tables: usize) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    let error = (LEVEL * (1.0 - LEVEL) / tables as f64).sqrt();
    2.0 * Normal::standard().cdf(-0.03 / error)
}

fn methods(tables: usize, start: Instant) -> Result<(), FitError> {
    use isoflop_fit::WildWeights::{Rademacher, Webb};
    let names = Design::ALL.map(Design::name);
    println!("| method | ends | {} |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(names.len()));
    let rule = |name: &str, ends: Ends| (name.parse::<IntervalMethod>(), ends);
    let mut rules: Vec<Rule> = Vec::new();
    for ends in [Ends::Percentile, Ends::Expanded, Ends::Bca, Ends::Smoothed] {
        for method in ["point", "auto"] {
            rules.push((rule(method, ends).0?, ends));
        }
    }
    rules.push((IntervalMethod::Stratified, Ends::Percentile));
    rules.push((IntervalMethod::Stratified, Ends::Expanded));
    rules.push((IntervalMethod::Weighted, Ends::Percentile));
    rules.push((IntervalMethod::Weighted, Ends::Smoothed));
    rules.push((IntervalMethod::Residual, Ends::Expanded));
    rules.push((IntervalMethod::WildCluster { weights: Webb }, Ends::Expanded));
    rules.push((IntervalMethod::WildCluster { weights: Rademacher }, Ends::Expanded));
    for method in ["laplace", "sandwich", "profile", "robust-profile", "nuts"] {
        rules.push((method.parse()?, Ends::Percentile));
    }
    let subject = &subjects()[0];
    let mut rows: Vec<Vec<String>> = vec![Vec::new(); rules.len()];
    for design in Design::ALL {
        let found = measure(subject, design, &rules, tables)?;
        eprintln!("methods, {}: {:.0} s", design.name(), start.elapsed().as_secs_f64());
        for (row, tally) in rows.iter_mut().zip(&found) {
            let shares: Vec<String> =
                (0..subject.asked.len()).map(|k| format!("{:.0}", tally.coverage(k))).collect();
            row.push(shares.join(" / "));
        }
    }
    for ((method, ends), row) in rules.iter().zip(rows) {
        let ends = if method.has_ends() { ends.name() } else { "" };
        let name = if *method == IntervalMethod::Auto { "auto (rows or clusters)" } else { method.name() };
        println!("| {name} | {ends} | {} |", row.join(" | "));
    }
    Ok(())
}
