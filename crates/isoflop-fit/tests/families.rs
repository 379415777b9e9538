//! Outcome families against maximum-likelihood estimates found independently.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{data, estimate, point};
use isoflop_fit::{
    Candidate, CompareOptions, Data, Fit, FitOptions, IntervalMethod, IntervalOptions, Verdict, compare, fit,
    learn_forecast, predict, profile,
};
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

/// The law of the shares in the tables below.
fn logistic() -> Law {
    Law::from_formula("logit(share) ~ a + b * x", &["x", "share"], &[]).unwrap()
}

/// The table of `oracles/families`, and what was found there.
fn oracle() -> (Data, serde_json::Value) {
    let text = include_str!("../../../oracles/families/table.csv");
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    let column = |of: &dyn Fn(&Vec<f64>) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    let mut table = data(&logistic(), &[("x", column(&|r| r[0])), ("share", column(&|r| r[1] / r[2]))]);
    table.weights = Some(column(&|r| r[2]));
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("../../../oracles/families/expected.json")).unwrap();
    (table, expected["fit"].clone())
}

#[test]
fn beta_binomial_counts_give_the_estimates_of_sixty_digits() {
    let (table, expected) = oracle();
    let of = |name: &str| expected[name].as_f64().unwrap();
    let found = point(&logistic(), &table, "beta-binomial");
    for name in ["a", "b"] {
        assert!((estimate(&found, name) - of(name)).abs() < 1e-9, "{name}: {}", estimate(&found, name));
    }
    assert!((found.overdispersion.unwrap() - of("rho")).abs() < 1e-9, "{:?}", found.overdispersion);
    assert_ne!(found.certificate.verdict, Verdict::NotCertified, "{:?}", found.certificate);
}

#[test]
fn laws_of_shares_are_compared_by_their_likelihoods() {
    let (table, expected) = oracle();
    let flat = Law::from_formula("logit(share) ~ a + b * x^2", &["x", "share"], &[]).unwrap();
    let candidates = [logistic(), flat].map(|law| Candidate { law, data: table.clone() });
    let of = |objective: &str| {
        let fit = FitOptions { objective: Some(objective.parse().unwrap()), ..FitOptions::default() };
        compare(&candidates, &[], &CompareOptions { fit, ..CompareOptions::default() }, &()).unwrap()
    };
    let (wide, narrow) = (of("beta-binomial"), of("binomial"));
    let best = &wide.laws[0];
    let wanted = expected["log_likelihood"].as_f64().unwrap();
    assert!((best.log_likelihood.unwrap() - wanted).abs() < 1e-6, "{best:?}");
    assert!(
        best.formula.ends_with("b * x") && best.cross.is_some() && wide.laws[1].cross.as_ref().unwrap().worse
    );
    // Over-dispersion is one number more, and worth it.
    assert_eq!(best.parameters, narrow.laws[0].parameters);
    assert!(best.aicc.unwrap() < narrow.laws[0].aicc.unwrap() - 10.0);
}

/// A table of `rows` shares of `attempts` whose rate varies with correlation `rho`: an urn to which every draw adds.
fn urn(rows: usize, attempts: u32, rho: f64, seed: u64) -> Data {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let theta = rho / (1.0 - rho);
    let x: Vec<f64> = (0..rows).map(|row| -2.0 + 4.0 * row as f64 / (rows - 1) as f64).collect();
    let share = x.iter().map(|x| {
        let p = 1.0 / (1.0 + (-(0.2 + 0.7 * x)).exp());
        let mut passed = 0.0;
        for drawn in 0..attempts {
            let chance = (p + passed * theta) / (1.0 + f64::from(drawn) * theta);
            passed += f64::from(u8::from(uniform() < chance));
        }
        passed / f64::from(attempts)
    });
    let share = share.collect();
    let mut table = data(&logistic(), &[("x", x), ("share", share)]);
    table.weights = Some(vec![f64::from(attempts); rows]);
    table
}

#[test]
fn intervals_hold_under_over_dispersion_where_those_of_a_binomial_do_not() {
    const TABLES: u64 = 120;
    let law = logistic();
    let holds = |objective: &str, rho: f64| -> u64 {
        let interval = IntervalOptions { method: IntervalMethod::Laplace, ..IntervalOptions::default() };
        let options = FitOptions {
            objective: Some(objective.parse().unwrap()),
            bootstrap: 400,
            choices: false,
            interval,
            ..FitOptions::default()
        };
        let inside = |seed: u64| {
            let found = fit(&law, &urn(40, 60, rho, seed), &options, &()).unwrap();
            let slope = &found.parameters[1];
            u64::from((slope.low.unwrap()..=slope.high.unwrap()).contains(&0.7))
        };
        (0..TABLES).map(inside).sum()
    };
    let (narrow, right) = (holds("binomial", 0.1), holds("beta-binomial", 0.1));
    println!(
        "90 % intervals hold the slope in {narrow} (binomial) and {right} (beta-binomial) of {TABLES} tables"
    );
    assert!(narrow < 75, "{narrow}");
    // 108 in the mean, 3.3 standard deviation.
    assert!((98..=118).contains(&right), "{right}");
}

#[test]
fn shares_as_even_as_a_binomial_have_no_over_dispersion() {
    let table = urn(40, 60, 0.0, 3);
    let even: Vec<f64> = table.output.iter().map(|y| (60.0 * y).round() / 60.0).collect();
    let smooth = Data {
        output: table.inputs[1].iter().map(|x| 1.0 / (1.0 + (-(0.2 + 0.7 * x)).exp())).collect(),
        ..table.clone()
    };
    let found = point(&logistic(), &smooth, "beta-binomial");
    assert_eq!(found.overdispersion, Some(0.0));
    assert!((estimate(&found, "b") - 0.7).abs() < 1e-9);
    let counted = Data { output: even, ..table };
    let (wide, narrow) =
        (point(&logistic(), &counted, "beta-binomial"), point(&logistic(), &counted, "binomial"));
    if wide.overdispersion == Some(0.0) {
        assert!((estimate(&wide, "b") - estimate(&narrow, "b")).abs() < 1e-9);
    } else {
        assert!(wide.overdispersion.unwrap() < 0.02 && wide.objective.value < narrow.objective.value);
    }
}

#[test]
fn over_dispersion_is_found_warned_of_and_shown_beside_the_binomial() {
    let table = urn(200, 100, 0.05, 11);
    let run = |objective: &str| -> Fit {
        let options =
            FitOptions { objective: Some(objective.parse().unwrap()), bootstrap: 0, ..FitOptions::default() };
        fit(&logistic(), &table, &options, &()).unwrap()
    };
    let (wide, narrow) = (run("beta-binomial"), run("binomial"));
    assert!((wide.overdispersion.unwrap() / 0.05 - 1.0).abs() < 0.3, "{:?}", wide.overdispersion);
    let warned = |fit: &Fit| fit.warnings.iter().any(|w| w.code == "over-dispersed");
    assert!(warned(&narrow) && !warned(&wide));
    let choice = wide.choices.iter().find(|c| c.objective == "binomial").unwrap();
    assert!(choice.certified && (choice.estimates[1] - estimate(&narrow, "b")).abs() < 1e-9);
    let ends = profile(
        &logistic(),
        &table,
        "b",
        &FitOptions { objective: Some("beta-binomial".parse().unwrap()), ..FitOptions::default() },
        3,
        &(),
    )
    .unwrap();
    let width = ends.high.unwrap() - ends.low.unwrap();
    let thin = profile(
        &logistic(),
        &table,
        "b",
        &FitOptions { objective: Some("binomial".parse().unwrap()), ..FitOptions::default() },
        3,
        &(),
    )
    .unwrap();
    // 1 + 99 * 0.05 = 5.95 times the variance.
    let ratio = width / (thin.high.unwrap() - thin.low.unwrap());
    assert!((ratio / 5.95_f64.sqrt() - 1.0).abs() < 0.2, "{ratio}");
}

#[test]
fn over_dispersion_needs_attempts() {
    let law = logistic();
    let mut table = urn(10, 20, 0.1, 1);
    let options = FitOptions { objective: Some("beta-binomial".parse().unwrap()), ..FitOptions::default() };
    let mut refused = |weights: Option<Vec<f64>>, share: f64| {
        table.weights = weights;
        table.output[3] = share;
        fit(&law, &table, &options, &()).unwrap_err().to_string()
    };
    for weights in [None, Some(vec![1.0; 10])] {
        assert!(refused(weights, 0.5).contains("needs the number of attempts behind each share"));
    }
    let error = refused(Some(vec![20.0; 10]), 1.05);
    assert!(error.contains("row 4 has share = 1.05, which beta-binomial cannot give"), "{error}");
}

#[test]
fn forecasts_of_shares_have_the_scatter_of_shares() {
    let (law, table) = (logistic(), urn(60, 50, 0.08, 5));
    let options = FitOptions {
        objective: Some("beta-binomial".parse().unwrap()),
        bootstrap: 200,
        choices: false,
        ..FitOptions::default()
    };
    let mut found = fit(&law, &table, &options, &()).unwrap();
    let at = |x: f64| vec![vec![("x".to_string(), x)]];
    for step in 0..2 {
        // Without a forecast model, then with one: the residuals are those of the share, whatever the left side is.
        let ends: Vec<(f64, f64)> = [-6.0, 0.0, 6.0]
            .map(|x| {
                let one = &predict(law.formula(), &found, &at(x), 0.9).unwrap()[0];
                (one.low.unwrap(), one.high.unwrap())
            })
            .to_vec();
        assert!(ends.iter().all(|(low, high)| *low >= 0.0 && *high <= 1.0 && low < high), "{ends:?}");
        // Standard deviation sqrt(p (1 - p) (1 + 49 rho) / 50), 0.157 here.
        let width = ends[1].1 - ends[1].0;
        assert!((0.35..0.7).contains(&width), "{step}: {ends:?}");
        found.forecast = learn_forecast(&law, &table, &found, &options, &()).unwrap();
        assert!(found.forecast.is_some());
    }
}
