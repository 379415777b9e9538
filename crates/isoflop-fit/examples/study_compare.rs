//! Simulation study of the comparison of laws: does the true law stand, and is a wrong one ever picked? Prints Markdown;
//! `cargo xtask study compare` keeps it as `studies/compare.md`. An argument is the number of tables of each line, for
//! trying out.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)]

use isoflop_fit::{Candidate, CompareOptions, Comparison, Conclusion, Data, FitOptions, compare, simulate};
use isoflop_laws::{Catalogue, Law};
use rayon::prelude::*;

/// Laws of the loss in N and D, some of them special cases of others, and two that know about one of the two only.
const LAWS: [&str; 7] = [
    "chinchilla",
    "chinchilla_tied",
    "densing_loss",
    "kaplan_nd",
    "loss_to_loss_nd",
    "kaplan_n",
    "henighan_n",
];
/// Those that the tables are simulated with.
const TRUE: usize = 5;
const NOISE: [f64; 3] = [0.003, 0.01, 0.03];
const OBJECTIVES: [&str; 2] = ["huber-log", "squares-log"];
/// Tables of each law, noise and objective.
const TABLES: u64 = 20;

/// What came of the tables of one line.
#[derive(Default, Clone, Copy)]
struct Count {
    tables: usize,
    /// The true law alone.
    picked: usize,
    /// The true law among others: cannot tell.
    among: usize,
    /// Other laws, none of them alone.
    missed: usize,
    /// Another law alone.
    wrong: usize,
}

impl Count {
    fn add(self, other: Count) -> Count {
        Count {
            tables: self.tables + other.tables,
            picked: self.picked + other.picked,
            among: self.among + other.among,
            missed: self.missed + other.missed,
            wrong: self.wrong + other.wrong,
        }
    }

    fn line(self, name: &str) {
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / self.tables as f64);
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} |",
            self.tables,
            share(self.picked),
            share(self.among),
            share(self.picked + self.among),
            share(self.missed),
            share(self.wrong)
        );
    }
}

fn main() {
    let tables = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(TABLES);
    let catalogue = Catalogue::builtin().unwrap();
    let laws: Vec<Law> = LAWS.iter().map(|id| catalogue.find(id).unwrap().clone()).collect();
    println!("# Comparison of laws\n");
    println!(
        "{tables} tables of each of {TRUE} laws, simulated on its own design with its own coefficients, for each of {} sizes of \
         relative noise (normal) and {} objectives. `compare` is given {} laws, the true one among them, and decides by \
         cross-validation as it does by default. *Cannot tell*: the true law stands beside others, of which it may be a \
         special case. *Right*: one of these two. *Missed*: the true law is said to be worse, and several others stand. \
         *Wrong*: another law is picked alone. Asked for are at least 95 % right and less than 2 % wrong.\n\nThe laws: {}.\n",
        NOISE.len(),
        OBJECTIVES.len(),
        LAWS.len(),
        LAWS.map(|law| format!("`{law}`")).join(", ")
    );
    println!(
        "| true law, noise, objective | tables | true law alone | cannot tell | right | missed | wrong |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let mut all = Count::default();
    for truth in &laws[..TRUE] {
        for size in NOISE {
            for objective in OBJECTIVES {
                let counts: Vec<Count> = (0..tables)
                    .into_par_iter()
                    .map(|seed| count(truth, &compared(&laws, truth, size, seed, objective)))
                    .collect();
                let sum = counts.into_iter().fold(Count::default(), Count::add);
                sum.line(&format!("`{}`, {} %, {objective}", truth.id, 100.0 * size));
                eprintln!("{} {size} {objective}", truth.id);
                all = all.add(sum);
            }
        }
    }
    all.line("**all**");
}

fn compared(laws: &[Law], truth: &Law, size: f64, seed: u64, objective: &str) -> Comparison {
    let data = simulate(truth, size, seed).unwrap();
    let candidates: Vec<Candidate> =
        laws.iter().map(|law| Candidate { law: law.clone(), data: reordered(truth, &data, law) }).collect();
    let fit = FitOptions {
        objective: Some(objective.parse().unwrap()),
        bootstrap: 0,
        seed,
        ..FitOptions::default()
    };
    compare(&candidates, &[], &CompareOptions { fit, ..CompareOptions::default() }, &()).unwrap()
}

fn count(truth: &Law, found: &Comparison) -> Count {
    let stands = found.standing().contains(&truth.id.as_str());
    let alone = matches!(found.conclusion, Conclusion::Best(_));
    Count {
        tables: 1,
        picked: usize::from(stands && alone),
        among: usize::from(stands && !alone),
        missed: usize::from(!stands && !alone),
        wrong: usize::from(!stands && alone),
    }
}

/// The table of one law in the order of the inputs of another.
fn reordered(from: &Law, data: &Data, to: &Law) -> Data {
    let place = |name: &str| from.formula().symbols.inputs.iter().position(|i| i.name == name);
    let output = &to.formula().output.as_ref().unwrap().name;
    let column =
        |name: &str| if name == output { Vec::new() } else { data.inputs[place(name).unwrap()].clone() };
    let inputs = to.formula().symbols.inputs.iter().map(|i| column(&i.name)).collect();
    Data { inputs, output: data.output.clone(), ..Data::default() }
}
