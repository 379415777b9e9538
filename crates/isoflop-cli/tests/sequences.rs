//! Laws that look back over the rows of a run: fits, predictions on tables, and what they refuse.

#![allow(clippy::unwrap_used)] // The helpers of the tests too.

mod support;

use support::Place;

/// Loss of a law with a sum over the past, at E 2, A 0.5, B 1: a falling rate gains at once.
const LAW: &str = "loss ~ E + A * cumsum(lr)^-0.5 - B * sum(k in past: (lr[k-1] - lr[k]) / row[k])";

/// A run of 30 steps whose rate falls from step `fall` on; the loss of its first rows is missing.
fn run(name: &str, fall: usize) -> String {
    let rate = |k: usize| if k < fall { 1.0 } else { 1.0 - 0.03 * (k + 1 - fall) as f64 };
    (0..30)
        .map(|k| {
            let total: f64 = (0..=k).map(rate).sum();
            let gain: f64 = (1..=k).map(|j| (rate(j - 1) - rate(j)) / (j + 1) as f64).sum();
            let loss = 2.0 + 0.5 / total.sqrt() - gain;
            let loss = if k < 3 { String::new() } else { loss.to_string() };
            format!("{name},{k},{},{loss}\n", rate(k))
        })
        .collect()
}

fn place() -> Place {
    let place = Place::new();
    let table = |runs: &[(&str, usize)]| {
        let rows: String = runs.iter().map(|(name, fall)| run(name, *fall)).collect();
        format!("run,step,lr,loss\n{rows}")
    };
    place.write("runs.csv", table(&[("a", 5), ("b", 20)]));
    place.write("new.csv", table(&[("c", 12)]));
    place
}

const FIT: [&str; 8] = ["fit", "runs.csv", "--law", LAW, "--bootstrap", "0", "--format", "json"];

#[test]
fn a_law_over_the_past_is_recovered_and_predicts_another_run() {
    let place = place();
    let fit = place.json(&[&FIT[..], &["--objective", "squares", "--save", "fit.json"]].concat());
    for (name, truth) in [("E", 2.0), ("A", 0.5), ("B", 1.0)] {
        let found = fit["parameters"][name]["estimate"].as_f64().unwrap();
        assert!((found / truth - 1.0).abs() < 1e-8, "{name}: {found}");
    }
    // The rows without loss are no part of the fit, but of the past.
    assert_eq!(fit["rows"]["used"], 54);
    let csv = place.ok(&["predict", "fit.json", "new.csv", "--format", "csv"]).stdout;
    let last: f64 = csv.lines().last().unwrap().split(',').find_map(|cell| cell.parse().ok()).unwrap();
    let truth: f64 = run("c", 12).lines().last().unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert!((last / truth - 1.0).abs() < 1e-8, "{last} {truth}\n{csv}");
}

#[test]
fn what_needs_a_single_point_is_refused() {
    let place = place();
    place.ok(&[&FIT[..], &["--save", "fit.json"]].concat());
    let refused = place.refused(&["predict", "fit.json", "--at", "lr=1"]);
    assert!(refused.contains("C0408") && refused.contains("looks back"), "{refused}");
    let refused = place.refused(&["plan", "fit.json", "--minimize", "loss", "--over", "lr"]);
    assert!(refused.contains("P0120"), "{refused}");
    let refused = place.refused(&["audit", "runs.csv", "--law", LAW]);
    assert!(refused.contains("A0112"), "{refused}");
    place.ok(&["report", "fit.json", "-o", "report.html"]);
    let page = place.read("report.html");
    assert!(page.contains("looks back over the rows of a run") && !page.contains("const law ="));
}
