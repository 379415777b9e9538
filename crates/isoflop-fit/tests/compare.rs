//! Comparisons of laws on simulated tables: the true law must stand, and no other may be picked with confidence.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::law;
use isoflop_fit::{
    Candidate, Clusters, CompareOptions, Comparison, Conclusion, Cuts, Data, FitError, FitOptions, compare,
    rolling_folds, simulate,
};
use isoflop_laws::Law;
use rayon::prelude::*;

/// Laws of the loss in N and D, some of them special cases of others.
const LAWS: [&str; 6] =
    ["chinchilla", "chinchilla_tied", "densing_loss", "kaplan_nd", "loss_to_loss_nd", "kaplan_n"];

/// The table of one law in the order of the inputs of another.
fn reordered(from: &Law, data: &Data, to: &Law) -> Data {
    let place = |name: &str| from.formula().symbols.inputs.iter().position(|i| i.name == name);
    let output = &to.formula().output.as_ref().unwrap().name;
    let column =
        |name: &str| if name == output { Vec::new() } else { data.inputs[place(name).unwrap()].clone() };
    let inputs = to.formula().symbols.inputs.iter().map(|i| column(&i.name)).collect();
    Data { inputs, output: data.output.clone(), clusters: data.clusters.clone(), ..Data::default() }
}

fn candidates(truth: &Law, data: &Data) -> Vec<Candidate> {
    LAWS.iter()
        .map(|id| {
            let law = law(id);
            let data = reordered(truth, data, &law);
            Candidate { law, data }
        })
        .collect()
}

fn options(objective: &str) -> CompareOptions {
    let fit =
        FitOptions { objective: Some(objective.parse().unwrap()), bootstrap: 0, ..FitOptions::default() };
    CompareOptions { fit, ..CompareOptions::default() }
}

fn compared(truth: &str, size: f64, seed: u64, objective: &str) -> Comparison {
    let truth = law(truth);
    let data = simulate(&truth, size, seed).unwrap();
    compare(&candidates(&truth, &data), &[], &options(objective), &()).unwrap()
}

/// 60 tables of 5 laws with noise of 0.3 to 3 %: the true law stands in nearly all, and is shown to be worse than
/// another one in hardly any. A law of which the true one is a special case may stand beside it.
#[test]
fn the_true_law_stands_and_no_wrong_one_is_picked() {
    let tables: Vec<(&str, u64)> =
        LAWS[..5].iter().flat_map(|law| (0..12).map(move |seed| (*law, seed))).collect();
    let found: Vec<Comparison> = tables
        .par_iter()
        .map(|&(truth, seed)| {
            let size = [0.003, 0.01, 0.03][seed as usize % 3];
            compared(truth, size, seed, ["huber-log", "squares-log"][seed as usize % 2])
        })
        .collect();
    let (mut stands, mut picked, mut wrong) = (0, 0, 0);
    for (&(truth, seed), found) in tables.iter().zip(&found) {
        let standing = found.standing();
        // The one law that does not know about tokens.
        assert!(!standing.contains(&"kaplan_n"), "{truth}, seed {seed}: {standing:?}");
        let is_one = matches!(found.conclusion, Conclusion::Best(_));
        if standing.contains(&truth) {
            stands += 1;
            picked += usize::from(is_one);
        } else {
            println!("{truth}, seed {seed}: {standing:?} instead");
            wrong += usize::from(is_one);
        }
    }
    let total = tables.len();
    println!(
        "{total} tables: the true law stands in {stands} and alone in {picked}; a wrong one alone in {wrong}"
    );
    assert!(stands * 100 >= total * 95, "{stands} of {total}");
    assert!(wrong * 100 < total * 2, "{wrong} of {total}");
    // Three of the five laws are special cases of another one: these cannot stand alone for long.
    assert!(picked > 0);
}

/// Everything of a comparison, on one table: criteria, weights, backtest, the order, the sentence.
#[test]
fn a_comparison_is_complete_and_the_same_on_any_number_of_threads() {
    let truth = law("chinchilla");
    let data = simulate(&truth, 0.01, 3).unwrap();
    let place = |name: &str| truth.formula().symbols.inputs.iter().position(|i| i.name == name).unwrap();
    let c: Vec<f64> =
        data.inputs[place("N")].iter().zip(&data.inputs[place("D")]).map(|(n, d)| 6.0 * n * d).collect();
    let forward = rolling_folds("C", &c, &Cuts::Count(2), 15).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut candidates = candidates(&truth, &data);
        candidates.retain(|c| ["chinchilla", "densing_loss", "kaplan_n"].contains(&c.law.id.as_str()));
        // The same law under another name.
        let mut twin = candidates[0].clone();
        twin.law.id = "twin".into();
        candidates.push(twin);
        let mut options = options("squares-log");
        options.fit.bootstrap = 40;
        pool.install(|| compare(&candidates, &forward, &options, &()).unwrap())
    };
    let found = run(1);
    assert_eq!(found, run(3));
    let twins = found.laws.iter().find(|l| l.law == "chinchilla").unwrap();
    assert_eq!(twins.same, ["twin"]);
    let weights: f64 = found.laws.iter().map(|l| l.weight).sum();
    assert!((weights - 1.0).abs() < 1e-9);
    let scores: Vec<f64> = found.laws.iter().map(|l| l.cross.as_ref().unwrap().log_score).collect();
    assert!(scores.windows(2).all(|w| w[0] >= w[1]));
    assert_eq!(found.laws.iter().filter(|l| l.forward.as_ref().unwrap().best).count(), 1);
    let n = data.rows() as f64;
    for law in &found.laws {
        let (l, k) = (law.log_likelihood.unwrap(), law.parameters as f64 + 1.0);
        assert!((law.bic.unwrap() - (k * n.ln() - 2.0 * l)).abs() < 1e-9);
        assert!((law.aicc.unwrap() - (2.0 * k * n / (n - k - 1.0) - 2.0 * l)).abs() < 1e-9);
        // Least squares: the likelihood of normal noise with the variance of the residuals.
        let own = common::law(&law.law);
        let fit = common::point(&own, &reordered(&truth, &data, &own), "squares-log");
        let normal = -0.5 * n * ((std::f64::consts::TAU * fit.rmse.powi(2)).ln() + 1.0);
        assert!((l - normal).abs() < 1e-6 * normal.abs(), "{}: {l} {normal}", law.law);
    }
    assert!(found.sentence.contains("chinchilla"), "{}", found.sentence);
}

/// A law of size alone cannot describe a table in which tokens matter, and the sentence says so.
#[test]
fn a_law_without_an_input_that_matters_loses() {
    let truth = law("chinchilla");
    let data = simulate(&truth, 0.01, 5).unwrap();
    let mut two = candidates(&truth, &data);
    two.retain(|c| ["chinchilla", "kaplan_n"].contains(&c.law.id.as_str()));
    let found = compare(&two, &[], &options("huber-log"), &()).unwrap();
    assert_eq!(found.conclusion, Conclusion::Best("chinchilla".into()));
    let start = "chinchilla describes these runs better than kaplan_n, which has ";
    assert!(found.sentence.starts_with(start), "{}", found.sentence);
    assert!(found.laws[0].weight > 0.95);
}

#[test]
fn comparisons_that_cannot_be_made_are_errors() {
    let truth = law("chinchilla");
    let data = simulate(&truth, 0.01, 5).unwrap();
    let mut two = candidates(&truth, &data);
    two.truncate(2);
    assert!(matches!(compare(&[], &[], &options("huber-log"), &()), Err(FitError::NothingToCompare)));
    let many = CompareOptions { parts: Some(10_000), ..options("huber-log") };
    assert!(matches!(compare(&two, &[], &many, &()), Err(FitError::TooFewForFolds { .. })));
    for candidate in &mut two {
        let codes = (0..candidate.data.rows()).map(|row| (row % 4) as u32).collect();
        candidate.data.clusters = Some(Clusters { column: "run".into(), codes, count: 4 });
    }
    // Fewer clusters than the usual parts: as many parts as clusters.
    assert_eq!(compare(&two, &[], &options("huber-log"), &()).unwrap().parts, 4);
    two[1].data.output.pop();
    assert!(matches!(compare(&two, &[], &options("huber-log"), &()), Err(FitError::DifferentRows { .. })));
}
