//! Golden values on the reconstructed Chinchilla table (Besiroglu et al. 2024), and how sure the search is.

#![allow(clippy::print_stdout)]

mod common;

use common::{chinchilla, data, estimate, law, point};
use isoflop_fit::{Ends, FitOptions, StartPlan, Verdict, fit};

/// Checks A, B, E, alpha, beta to `digits` given as printed.
fn check(drop: usize, objective: &str, value: Option<f64>, expected: [(&str, f64, f64); 5]) {
    let Some(columns) = chinchilla(drop) else { return };
    let law = law("chinchilla");
    let found = point(&law, &data(&law, &columns), objective);
    println!("{} rows {objective}: {:?} {:#?}", found.rows, found.objective, found.certificate);
    for p in &found.parameters {
        println!("  {} = {}", p.name, p.estimate);
    }
    assert_ne!(found.certificate.verdict, Verdict::NotCertified);
    if let Some(value) = value {
        assert!((found.objective.value - value).abs() < 0.6e-8, "objective {}", found.objective.value);
    }
    for (name, wanted, tolerance) in expected {
        let got = estimate(&found, name);
        assert!((got - wanted).abs() <= tolerance, "{objective}: {name} = {got} instead of {wanted}");
    }
}

#[test]
fn huber_log_240() {
    check(
        5,
        "huber-log",
        Some(0.001_018_27),
        [
            ("A", 477.83, 0.01),
            ("B", 2143.4, 0.1),
            ("E", 1.8172, 1e-4),
            ("alpha", 0.34731, 1e-5),
            ("beta", 0.3672, 1e-4),
        ],
    );
}

#[test]
fn huber_log_245() {
    check(
        0,
        "huber-log",
        Some(0.001_826_01),
        [
            ("A", 495.73, 0.01),
            ("B", 12845.6, 0.5),
            ("E", 1.8913, 1e-4),
            ("alpha", 0.3493, 1e-4),
            ("beta", 0.4530, 1e-4),
        ],
    );
}

#[test]
fn least_squares_raw_240() {
    check(
        5,
        "squares",
        None,
        [
            ("A", 567.81, 0.01),
            ("B", 7581.9, 0.1),
            ("E", 1.8828, 1e-4),
            ("alpha", 0.3576, 1e-4),
            ("beta", 0.4276, 1e-4),
        ],
    );
}

#[test]
fn free_scale_density_240() {
    check(
        5,
        "huber-density-log",
        None,
        [
            ("A", 482.01, 0.01),
            ("B", 2085.4, 0.1),
            ("E", 1.8169, 1e-4),
            ("alpha", 0.3478, 1e-4),
            ("beta", 0.3659, 1e-4),
        ],
    );
}

#[test]
fn data_scaled_starts_reach_the_best_optimum() {
    for drop in [5, 0] {
        let Some(columns) = chinchilla(drop) else { return };
        let law = law("chinchilla");
        let options = FitOptions {
            starts: StartPlan::Count(1000),
            bootstrap: 0,
            choices: false,
            ..FitOptions::default()
        };
        let found = fit(&law, &data(&law, &columns), &options, &()).unwrap();
        println!("{} rows: {:?}", found.rows, found.certificate.starts);
        assert!(found.certificate.starts.agreeing >= 990, "{:?}", found.certificate.starts);
    }
}

#[test]
fn bootstrap_of_points() {
    let Some(columns) = chinchilla(5) else { return };
    let law = law("chinchilla");
    let mut options = FitOptions { level: 0.95, choices: false, ..FitOptions::default() };
    options.interval.ends = Ends::Percentile;
    let found = fit(&law, &data(&law, &columns), &options, &()).unwrap();
    let interval = found.interval.as_ref().unwrap();
    let place = |name: &str| found.parameters.iter().position(|p| p.name == name).unwrap();
    let alpha: Vec<f64> = found.draws.iter().map(|d| d[place("alpha")]).collect();
    let mean = alpha.iter().sum::<f64>() / alpha.len() as f64;
    let sd = (alpha.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / (alpha.len() - 1) as f64).sqrt();
    let a_opt = found.derived.iter().find(|d| d.name == "a_opt").unwrap();
    println!("{interval:?} alpha sd {sd} a_opt {a_opt:?}");
    assert!(interval.certified >= 990);
    assert!((sd - 0.0146).abs() < 0.0015);
    assert!((a_opt.low.unwrap() - 0.4805).abs() < 0.006 && (a_opt.high.unwrap() - 0.5554).abs() < 0.006);
}
