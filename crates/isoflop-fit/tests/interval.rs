//! Intervals of every method on tables whose answers are known otherwise.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{data, law};
use isoflop_fit::{
    Clusters, Data, Ends, Fit, FitError, FitOptions, IntervalMethod, IntervalOptions, Sampler, fit, profile,
    simulate,
};
use isoflop_laws::Law;

fn options(method: &str, ends: Ends) -> FitOptions {
    FitOptions {
        objective: Some("squares-log".parse().unwrap()),
        bootstrap: 800,
        interval: IntervalOptions { method: method.parse().unwrap(), ends, ..IntervalOptions::default() },
        choices: false,
        ..FitOptions::default()
    }
}

fn ends(fit: &Fit, name: &str) -> (f64, f64) {
    let parameter = fit.parameters.iter().find(|p| p.name == name).map(|p| (p.low, p.high));
    let derived = fit.derived.iter().find(|d| d.name == name).map(|d| (d.low, d.high));
    let (low, high) = parameter.or(derived).unwrap();
    (low.unwrap(), high.unwrap())
}

/// `y = a x` with noise of 2 %: the log of `a` is the mean of `log(y / x)`, whose intervals are in every textbook.
fn mean_of_logs(rows: usize) -> (Law, Data, f64, f64) {
    let law = Law::from_formula("y ~ a * x", &["x", "y"], &[]).unwrap();
    let noise = |i: usize| 0.02 * (((i * 7919 + 13) % 101) as f64 / 50.0 - 1.0);
    let x: Vec<f64> = (0..rows).map(|i| 1.0 + i as f64).collect();
    let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| 3.0 * x * noise(i).exp()).collect();
    let logs: Vec<f64> = (0..rows).map(|i| 3.0_f64.ln() + noise(i)).collect();
    let mean = logs.iter().sum::<f64>() / rows as f64;
    let variance = logs.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / (rows as f64 - 1.0);
    let table = data(&law, &[("x", x), ("y", y)]);
    (law, table, mean, (variance / rows as f64).sqrt())
}

#[test]
fn another_level_has_the_ends_of_a_fit_at_that_level() {
    let (law, table, ..) = mean_of_logs(40);
    let at = |method: &str, ends: Ends, level: f64| {
        let options = FitOptions { level, bootstrap: 200, ..options(method, ends) };
        fit(&law, &table, &options, &()).unwrap()
    };
    for ends in [Ends::Percentile, Ends::Expanded, Ends::Bca, Ends::Smoothed] {
        for method in ["point", "weighted", "residual", "laplace"] {
            let (narrow, wide) = (at(method, ends, 0.5), at(method, ends, 0.9));
            let own = |found: &Fit| vec![found.parameters[0].low.zip(found.parameters[0].high)];
            assert_eq!(wide.ends_at(0.5).unwrap(), own(&narrow), "{method} {}", ends.name());
            assert_eq!(wide.ends_at(0.9).unwrap(), own(&wide), "{method} {}", ends.name());
        }
    }
    assert!(at("profile", Ends::Smoothed, 0.9).ends_at(0.5).is_none());
}

#[test]
fn a_mean_has_the_interval_of_the_textbook_by_every_method() {
    let (law, table, mean, error) = mean_of_logs(40);
    // Quantile of Student with 39 degrees of freedom.
    let exact = 1.684_875 * error;
    for method in [
        "point",
        "weighted",
        "residual",
        "wild-cluster",
        "wild-cluster-rademacher",
        "laplace",
        "sandwich",
        "profile",
        "robust-profile",
    ] {
        let found = fit(&law, &table, &options(method, Ends::Expanded), &()).unwrap();
        let (low, high) = ends(&found, "a");
        let (low, high) = ((mean - low.ln()) / exact, (high.ln() - mean) / exact);
        // Quantiles of 800 draws are known to about 5 %; profiles exactly.
        let tolerance = if method.ends_with("profile") { 1e-3 } else { 0.16 };
        assert!((low - 1.0).abs() < tolerance && (high - 1.0).abs() < tolerance, "{method}: {low} {high}");
        let interval = found.interval.unwrap();
        assert_eq!(interval.certified, interval.replicates, "{method}");
    }
}

#[test]
fn clusters_of_copies_count_once() {
    // Every row four times: a bootstrap of rows halves the interval, one of clusters does not.
    let (law, table, ..) = mean_of_logs(30);
    let rows: Vec<usize> = (0..120).map(|i| i / 4).collect();
    let copies = Data {
        inputs: table
            .inputs
            .iter()
            .map(|v| if v.is_empty() { vec![] } else { rows.iter().map(|&r| v[r]).collect() })
            .collect(),
        output: rows.iter().map(|&r| table.output[r]).collect(),
        clusters: Some(Clusters {
            column: "run".into(),
            codes: rows.iter().map(|&r| r as u32).collect(),
            count: 30,
        }),
        ..table.clone()
    };
    let width = |data: &Data, method: &str| {
        let (low, high) = ends(&fit(&law, data, &options(method, Ends::Percentile), &()).unwrap(), "a");
        high - low
    };
    let once = width(&table, "point");
    for method in ["cluster", "auto", "weighted", "wild-cluster", "sandwich", "robust-profile"] {
        let ratio = width(&copies, method) / once;
        assert!((0.85..1.2).contains(&ratio), "{method}: {ratio}");
    }
    for method in ["point", "residual", "profile", "laplace"] {
        let ratio = width(&copies, method) / once;
        assert!((0.42..0.6).contains(&ratio), "{method}: {ratio}");
    }
}

#[test]
fn strata_keep_their_sizes_and_errors_say_what_to_do() {
    let (law, table, ..) = mean_of_logs(30);
    let strata = |codes: Vec<u32>, count: usize| Some(Clusters { column: "kind".into(), codes, count });
    let with = |method: &str, strata: Option<Clusters>, data: &Data| {
        let mut options = options(method, Ends::Percentile);
        options.interval.strata = strata;
        fit(&law, data, &options, &())
    };
    let code = |found: Result<Fit, FitError>| found.unwrap_err().to_string()[1..6].to_string();
    let halves: Vec<u32> = (0..30).map(|i| i / 15).collect();
    let found = with("stratified", strata(halves.clone(), 2), &table).unwrap();
    assert_eq!(found.interval.unwrap().method, "bootstrap of rows within kind");
    assert_eq!(code(with("stratified", None, &table)), "T0804");
    assert_eq!(code(with("stratified", strata((0..30).collect(), 30), &table)), "T0806");
    assert_eq!(code(with("point", strata(halves, 2), &table)), "T0818");
    assert_eq!(code(with("cluster", None, &table)), "T0803");
    let pairs = Clusters { column: "run".into(), codes: (0..30).map(|i| i / 2).collect(), count: 15 };
    let paired = Data { clusters: Some(pairs), ..table.clone() };
    let odd: Vec<u32> = (0..30).map(|i| i % 2).collect();
    assert_eq!(code(with("stratified", strata(odd, 2), &paired)), "T0805");
    let one = Clusters { column: "run".into(), codes: vec![0; 30], count: 1 };
    assert_eq!(code(with("cluster", None, &Data { clusters: Some(one), ..table.clone() })), "T0207");
    let mut asked = options("point", Ends::Percentile);
    asked.interval.quantities = vec!["a * b".into()];
    assert_eq!(code(fit(&law, &table, &asked, &())), "T0808");
    asked.interval.quantities.clear();
    asked.interval.priors = vec!["a ~ normal(3, 1)".parse().unwrap()];
    assert_eq!(code(fit(&law, &table, &asked, &())), "T0815");
    for name in IntervalMethod::NAMES {
        assert_eq!(name.parse::<IntervalMethod>().unwrap().name(), name);
    }
    for name in Ends::NAMES {
        assert_eq!(name.parse::<Ends>().unwrap().name(), name);
    }
}

#[test]
fn a_quantity_that_was_asked_for_has_the_interval_that_its_profile_has() {
    let law = law("chinchilla");
    let table = simulate(&law, 0.01, 3).unwrap();
    let best_size = "(alpha * A / (beta * B))^(1 / (alpha + beta)) * (1e21 / 6)^(beta / (alpha + beta))";
    let mut asked = options("profile", Ends::Percentile);
    asked.interval.quantities = vec![best_size.into()];
    let found = fit(&law, &table, &asked, &()).unwrap();
    for of in ["alpha", "a_opt", best_size] {
        let (low, high) = ends(&found, of);
        let alone = profile(&law, &table, of, &asked, 3, &()).unwrap();
        let same = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(same(low, alone.low.unwrap()) && same(high, alone.high.unwrap()), "{of}");
    }
    // gamma has every parameter twice: no profile, and a warning instead of a failure.
    assert!(found.derived.iter().any(|d| d.name == "gamma" && d.low.is_none()));
    assert!(found.warnings.iter().any(|w| w.code == "no-profile"));
}

#[test]
fn the_errors_of_ends_are_those_that_other_seeds_show() {
    let law = law("chinchilla");
    let table = simulate(&law, 0.01, 3).unwrap();
    let found = |seed: u64| {
        let options = FitOptions { seed, bootstrap: 300, ..options("point", Ends::Percentile) };
        fit(&law, &table, &options, &()).unwrap()
    };
    let lows: Vec<f64> = (0..30).map(|seed| ends(&found(seed), "alpha").0).collect();
    let mean = lows.iter().sum::<f64>() / 30.0;
    let spread = (lows.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / 29.0).sqrt();
    let interval = found(0).interval.unwrap();
    let claimed = interval.precision.iter().find(|p| p.name == "alpha").unwrap().low_error;
    assert!((0.5..2.0).contains(&(claimed / spread)), "{claimed} {spread}");
}

fn csv() -> Vec<(&'static str, Vec<f64>)> {
    let text = include_str!("../../../oracles/nuts/table.csv");
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    ["N", "D", "loss"]
        .into_iter()
        .enumerate()
        .map(|(k, n)| (n, rows.iter().map(|r| r[k]).collect()))
        .collect()
}

#[test]
fn the_posterior_is_that_of_numpyro() {
    let expected: serde_json::Value =
        serde_json::from_str(include_str!("../../../oracles/nuts/expected.json")).unwrap();
    let law = law("chinchilla");
    let table = data(&law, &csv());
    let mut asked = options("nuts", Ends::Percentile);
    asked.interval.priors = vec!["alpha ~ normal(0.35, 0.05)".parse().unwrap()];
    asked.interval.sampler = Sampler { chains: 4, warmup: 500, draws: 1500 };
    let found = fit(&law, &table, &asked, &()).unwrap();
    let interval = found.interval.as_ref().unwrap();
    let posterior = interval.posterior.as_ref().unwrap();
    assert_eq!(
        posterior.priors,
        [
            "E ~ lognormal(1.8, 3)",
            "A ~ lognormal(450, 3)",
            "alpha ~ normal(0.35, 0.05)",
            "B ~ lognormal(2000, 3)",
            "beta ~ uniform(0, 2.5)"
        ]
    );
    assert!(posterior.divergences == 0 && (0.7..0.95).contains(&posterior.acceptance), "{posterior:?}");
    for (name, reference) in expected["summary"].as_object().unwrap() {
        let own = posterior.summary.iter().find(|s| s.name == *name).unwrap();
        let sd = reference["sd"].as_f64().unwrap();
        let error = sd / own.ess_bulk.sqrt();
        let theirs = sd / reference["ess_bulk"].as_f64().unwrap().sqrt();
        let z = (own.mean - reference["mean"].as_f64().unwrap()) / error.hypot(theirs);
        assert!(z.abs() < 4.5, "mean of {name}: {z}");
        assert!(own.rhat < 1.01 && own.ess_bulk > 1000.0 && own.ess_tail > 1000.0, "{own:?}");
        assert!((0.8..1.25).contains(&(own.sd / sd)), "sd of {name}: {} {sd}", own.sd);
        let Some(precision) = interval.precision.iter().find(|p| p.name == *name) else { continue };
        let (low, high) = ends(&found, name);
        for (at, value, own) in [(0, low, precision.low_error), (2, high, precision.high_error)] {
            let theirs = reference["quantile_errors"][at].as_f64().unwrap();
            let z = (value - reference["quantiles"][at].as_f64().unwrap()) / own.hypot(theirs);
            assert!(z.abs() < 4.5, "end {at} of {name}: {z}");
        }
    }
    println!("{:?}", posterior.loo);
    // One run lies so far out that its weights have no finite variance: such sums are known to about 1, the shape to some tenths.
    let (loo, reference) = (posterior.loo.as_ref().unwrap(), &expected["loo"]);
    let near = |a: f64, key: &str, by: f64| (a - reference[key].as_f64().unwrap()).abs() < by;
    assert!(near(loo.elpd, "elpd", 1.0) && near(loo.error, "error", 1.0), "{loo:?}");
    assert!(near(loo.parameters, "parameters", 1.0) && near(loo.worst, "worst", 0.7), "{loo:?}");
    // Draws for predictions come from all chains.
    assert_eq!(found.draws.len(), 1000);
}

#[test]
fn a_prior_moves_what_the_table_leaves_open() {
    let law = law("chinchilla");
    let table = data(&law, &csv());
    let mut asked = options("nuts", Ends::Percentile);
    asked.interval.sampler = Sampler { chains: 2, warmup: 300, draws: 400 };
    let median = |asked: &FitOptions| {
        let found = fit(&law, &table, asked, &()).unwrap();
        let posterior = found.interval.unwrap().posterior.unwrap();
        posterior.summary.iter().find(|s| s.name == "E").unwrap().median
    };
    let weak = median(&asked);
    asked.interval.priors = vec!["E ~ normal(1.7, 0.001)".parse().unwrap()];
    let strong = median(&asked);
    assert!((strong - 1.7).abs() < 0.003 && weak > 1.72, "{weak} {strong}");
}
