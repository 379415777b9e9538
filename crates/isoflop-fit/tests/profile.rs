//! Profiles against refits that know nothing of them: another law with the quantity put in by hand.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{law, point};
use isoflop_fit::{Data, FitError, FitOptions, Overrides, Profile, fit, profile, simulate};
use isoflop_laws::Law;

fn options(objective: &str, level: f64) -> FitOptions {
    FitOptions {
        objective: Some(objective.parse().unwrap()),
        bootstrap: 0,
        choices: false,
        level,
        ..FitOptions::default()
    }
}

fn table(seed: u64) -> (Law, Data) {
    let law = law("chinchilla");
    let data = simulate(&law, 0.01, seed).unwrap();
    (law, data)
}

/// The same rows for a law with other parameters and the same inputs.
fn hand_made(text: &str, from: &Law, data: &Data) -> (Law, Data) {
    let law = Law::from_formula(text, &["N", "D", "loss"], &[]).unwrap();
    let inputs = law
        .formula()
        .symbols
        .inputs
        .iter()
        .map(|i| {
            data.inputs[from.formula().symbols.inputs.iter().position(|k| k.name == i.name).unwrap()].clone()
        })
        .collect();
    let data = Data { inputs, output: data.output.clone(), ..Data::default() };
    (law, data)
}

/// Likelihood ratio of least squares from two root mean squares.
fn ratio(rows: usize, held: f64, best: f64) -> f64 {
    2.0 * rows as f64 * (held / best).ln()
}

/// The value at which `f` crosses zero between `low` and `high`.
fn bisect(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let sign = f(low).signum();
    for _ in 0..36 {
        let middle = 0.5 * (low + high);
        if f(middle).signum() == sign { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

fn check(found: &Profile, brute: impl Fn(f64) -> f64) {
    assert!(found.curve.len() >= 9, "{found:#?}");
    for p in &found.curve {
        let other = brute(p.value);
        assert!(
            (p.ratio - other).abs() < 1e-6 * (1.0 + other),
            "{} at {}: {} {other}",
            found.of,
            p.value,
            p.ratio
        );
    }
    for (end, outside) in [(found.low, found.curve[0].value), (found.high, found.curve.last().unwrap().value)]
    {
        let other = bisect(|x| brute(x) - found.limit, found.estimate, outside);
        let error = (end.unwrap() / other - 1.0).abs();
        println!(
            "{}: end {} by brute force {other}, relative difference {error:.1e}",
            found.of,
            end.unwrap()
        );
        assert!(error < 1e-6);
    }
}

#[test]
fn a_parameter_is_profiled_as_by_fits_that_hold_it() {
    let (law, data) = table(11);
    let found = profile(&law, &data, "alpha", &options("squares-log", 0.9), 11, &()).unwrap();
    let best = point(&law, &data, "squares-log").rmse;
    check(&found, |alpha| {
        let overrides = Overrides { fix: vec![("alpha".into(), alpha)], ..Overrides::default() };
        let held = fit(&law, &data, &FitOptions { overrides, ..options("squares-log", 0.9) }, &()).unwrap();
        ratio(data.rows(), held.rmse, best)
    });
}

/// `a_opt = beta / (alpha + beta)`: by hand, beta is put in terms of alpha and the value; the profile picks alpha.
#[test]
fn a_derived_quantity_is_profiled_as_by_a_law_with_it_put_in() {
    let (law, data) = table(12);
    let best = point(&law, &data, "squares-log").rmse;
    let brute = |value: f64| {
        let text = format!("loss ~ E + A / N^alpha + B / D^(alpha * {value:.17} / (1 - {value:.17}))");
        let (own, rows) = hand_made(&text, &law, &data);
        ratio(data.rows(), point(&own, &rows, "squares-log").rmse, best)
    };
    let named = profile(&law, &data, "a_opt", &options("squares-log", 0.95), 11, &()).unwrap();
    check(&named, brute);
    let spelled =
        profile(&law, &data, "beta / (alpha + beta)", &options("squares-log", 0.95), 11, &()).unwrap();
    assert_eq!((named.low, named.high, named.curve), (spelled.low, spelled.high, spelled.curve));
}

/// A prediction far outside the runs: by hand, A is put in terms of the other parameters; the profile picks E.
#[test]
fn a_prediction_is_profiled_as_by_a_law_with_it_put_in() {
    let (law, data) = table(13);
    let best = point(&law, &data, "squares-log").rmse;
    let found =
        profile(&law, &data, "E + A / 1e12^alpha + B / 1e13^beta", &options("squares-log", 0.9), 9, &())
            .unwrap();
    check(&found, |value| {
        let text = format!("loss ~ E + ({value:.17} - E - B / 1e13^beta) * (1e12 / N)^alpha + B / D^beta");
        let (own, rows) = hand_made(&text, &law, &data);
        ratio(data.rows(), point(&own, &rows, "squares-log").rmse, best)
    });
}

/// For a law that is linear in its parameters the interval is the textbook one.
#[test]
fn a_straight_line_has_the_interval_of_students_distribution() {
    let law = Law::from_formula("y ~ a + b * x", &["x", "y"], &[]).unwrap();
    let x: Vec<f64> = (0..12).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| 3.0 + 0.5 * x + 0.1 * ((7.0 * x + 1.0).sin())).collect();
    let data = common::data(&law, &[("x", x.clone()), ("y", y.clone())]);
    let found = profile(&law, &data, "b", &options("squares", 0.9), 5, &()).unwrap();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / 12.0;
    let (mx, my) = (mean(&x), mean(&y));
    let sxx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
    let slope = x.iter().zip(&y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / sxx;
    let rss: f64 = x.iter().zip(&y).map(|(x, y)| (y - my - slope * (x - mx)).powi(2)).sum();
    // The 95 % quantile of Student's distribution with 10 degrees of freedom, from tables.
    let half = 1.812_461_122_8 * (rss / 10.0 / sxx).sqrt();
    assert!((found.estimate - slope).abs() < 1e-10);
    assert!((found.low.unwrap() - (slope - half)).abs() < 1e-7 * half);
    assert!((found.high.unwrap() - (slope + half)).abs() < 1e-7 * half);
}

/// The interval of the robust default holds the truth about as often as it says.
#[test]
fn intervals_hold_the_truth() {
    let mut inside = [0, 0];
    for seed in 0..30 {
        let (law, data) = table(100 + seed);
        let truth = law.design.as_ref().unwrap().values.iter().find(|v| v.0 == "alpha").unwrap().1;
        for (k, objective) in ["squares-log", "huber-log"].iter().enumerate() {
            let found = profile(&law, &data, "alpha", &options(objective, 0.9), 3, &()).unwrap();
            let low = found.low.unwrap_or(f64::NEG_INFINITY);
            inside[k] += usize::from(low <= truth && truth <= found.high.unwrap_or(f64::INFINITY));
        }
    }
    println!("truth inside 90 % intervals of 30 tables: least squares {}, Huber {}", inside[0], inside[1]);
    assert!(inside[0] >= 22, "{inside:?}");
    assert!(inside[1] >= 20, "{inside:?}");
}

#[test]
fn what_cannot_be_profiled_is_an_error() {
    let (law, data) = table(14);
    let run = |of: &str, options: &FitOptions| profile(&law, &data, of, options, 5, &());
    let plain = options("squares-log", 0.9);
    for of in ["gamma", "alpha +", "N * alpha", "alpha^alpha", "1 + 2", "E + E^2", "abs(alpha)"] {
        assert!(matches!(run(of, &plain), Err(FitError::BadQuantity { .. })), "{of}");
    }
    let overrides = Overrides { fix: vec![("E".into(), 1.8)], ..Overrides::default() };
    let held = FitOptions { overrides, ..plain.clone() };
    assert!(matches!(run("E", &held), Err(FitError::HeldAlready { .. })));
    assert!(run("A / B", &held).is_ok());
    assert!(matches!(run("E", &options("squares-log", 1.5)), Err(FitError::BadLevel { .. })));
}
