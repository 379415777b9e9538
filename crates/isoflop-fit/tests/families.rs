//! Outcome families against maximum-likelihood estimates found independently.
#![allow(clippy::unwrap_used)]

mod common;

use common::{data, estimate, point};
use isoflop_fit::{FitOptions, Verdict, fit};
use isoflop_laws::Law;

const X: [f64; 6] = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0];

/// Maximum-likelihood `(a, b)` by Newton's method on the log likelihood, whose row `i` has first and second derivative
/// `slopes(eta, i)` in `eta = a + b x`.
fn newton(slopes: impl Fn(f64, usize) -> (f64, f64)) -> (f64, f64) {
    let (mut a, mut b) = (0.0, 0.0);
    for _ in 0..100 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (i, x) in X.iter().enumerate() {
            let (first, second) = slopes(a + b * x, i);
            g0 += first;
            g1 += first * x;
            h00 -= second;
            h01 -= second * x;
            h11 -= second * x * x;
        }
        let determinant = h00 * h11 - h01 * h01;
        a += (h11 * g0 - h01 * g1) / determinant;
        b += (h00 * g1 - h01 * g0) / determinant;
    }
    (a, b)
}

#[test]
fn binomial_counts_give_the_logistic_regression() {
    let (passes, trials) = ([1.0, 4.0, 9.0, 30.0, 17.0, 40.0], [20.0, 25.0, 18.0, 44.0, 19.0, 40.0]);
    let law = Law::from_formula("logit(share) ~ a + b * x", &["x", "share"], &[]).unwrap();
    let share: Vec<f64> = passes.iter().zip(&trials).map(|(k, n)| k / n).collect();
    let mut table = data(&law, &[("x", X.to_vec()), ("share", share)]);
    table.weights = Some(trials.to_vec());
    let found = point(&law, &table, "binomial");
    let (a, b) = newton(|eta, i| {
        let p = 1.0 / (1.0 + (-eta).exp());
        (passes[i] - trials[i] * p, -trials[i] * p * (1.0 - p))
    });
    assert!((estimate(&found, "a") - a).abs() < 1e-8 && (estimate(&found, "b") - b).abs() < 1e-8);
    assert_ne!(found.certificate.verdict, Verdict::NotCertified, "{:?}", found.certificate);
}

#[test]
fn poisson_counts_give_the_log_linear_model() {
    let counts = [2.0, 1.0, 4.0, 9.0, 14.0, 33.0];
    let law = Law::from_formula("log(count) ~ a + b * x", &["x", "count"], &[]).unwrap();
    let table = data(&law, &[("x", X.to_vec()), ("count", counts.to_vec())]);
    let found = point(&law, &table, "poisson");
    let (a, b) = newton(|eta, i| (counts[i] - eta.exp(), -eta.exp()));
    assert!((estimate(&found, "a") - a).abs() < 1e-8 && (estimate(&found, "b") - b).abs() < 1e-8);
}

#[test]
fn what_a_family_cannot_give_is_an_error() {
    let law = Law::from_formula("share ~ a + b * x", &["x", "share"], &[]).unwrap();
    let table = data(&law, &[("x", X.to_vec()), ("share", vec![0.1, 0.2, 0.5, 1.2, 0.7, 0.9])]);
    let options = FitOptions { objective: Some("binomial".parse().unwrap()), ..FitOptions::default() };
    let error = fit(&law, &table, &options, &()).unwrap_err().to_string();
    assert!(error.contains("row 4 has share = 1.2, which binomial cannot give"), "{error}");
}
