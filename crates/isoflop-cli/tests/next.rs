//! `isoflop next` and `isoflop simulate`, from the outside.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::Place;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn number(found: &Value, pointer: &str) -> f64 {
    found.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {pointer} in {found}"))
}

#[test]
fn what_was_simulated_is_fitted_and_gets_runs_within_budget_and_limits() {
    let place = Place::new();
    let law = "chinchilla@besiroglu";
    place.ok(&["simulate", law, "--budgets", "1e17,1e18,3e18", "--sizes", "6", "-o", "runs.csv"]);
    let goals = ["--goal", "loss at N=7B,D=140B", "--goal", "a_opt", "--goal", "regret at 1e22"];
    let options = ["next", "runs.csv", "--law", "chinchilla", "--budget", "1e20", "--candidates", "400"];
    let limits = ["--limit", "N=20M..1B", "--largest", "2e19", "--format", "json"];
    let ask = [&options[..], &goals, &limits].concat();
    let found = json(&place.ok(&ask).stdout);
    assert!(number(&found, "/cost") <= 1e20 && number(&found, "/cost") > 5e19);
    let runs = found["runs"].as_array().unwrap();
    let seeds: f64 = runs.iter().map(|run| number(run, "/seeds")).sum();
    assert!(seeds <= 24.0 && runs.len() > 5);
    for run in runs {
        let (n, d) = (number(run, "/inputs/N"), number(run, "/inputs/D"));
        assert!((2e7..=1e9).contains(&n) && d >= 2.0 * n && d <= 500.0 * n, "{n} {d}");
        assert!(number(run, "/cost") <= 2e19 && (number(run, "/cost") / (6.0 * n * d) - 1.0).abs() < 1e-12);
    }
    for k in 0..3 {
        let ends = [format!("/outlook/{k}/before"), format!("/outlook/{k}/after")];
        assert!(number(&found, &ends[1]) < number(&found, &ends[0]));
    }
    // The same again, bit for bit, on one thread.
    let again = json(&place.ok(&[&ask[..], &["--threads", "1"]].concat()).stdout);
    assert_eq!(found, again);
}

#[test]
fn before_any_run_a_law_by_name_says_what_a_budget_buys() {
    let place = Place::new();
    let ask = |budget: &str| {
        let words =
            ["next", "chinchilla@besiroglu", "--noise", "0.5%", "--budget", budget, "--goal", "a_opt"];
        json(&place.ok(&[&words[..], &["--candidates", "400", "--format", "json"]].concat()).stdout)
    };
    let (small, large) = (ask("2e19"), ask("2e21"));
    assert!(number(&large, "/outlook/0/after") < number(&small, "/outlook/0/after"));
    assert!(small.pointer("/outlook/0/before").unwrap().is_null());
    let text = place.ok(&[
        "next",
        "chinchilla@besiroglu",
        "--noise",
        "0.5%",
        "--budget",
        "1e20",
        "--goal",
        "against chinchilla@hoffmann",
    ]);
    assert!(text.stdout.contains("odds of"), "{}", text.stdout);
}

#[test]
fn simulated_tables_repeat_themselves_and_follow_the_law() {
    let place = Place::new();
    let words =
        ["simulate", "chinchilla:E=1,A=100,B=100,alpha=0.5,beta=0.5", "--design", "N=1e4..1e6:3,D=1e4"];
    let exact = place.ok(&[&words[..], &["--noise", "0"]].concat()).stdout;
    assert_eq!(exact, "N,D,loss\n10000,10000,3\n100000,10000,2.316227766016838\n1000000,10000,2.1\n");
    let noisy =
        |seed| place.ok(&[&words[..], &["--noise", "1%", "--repeats", "2", "--seed", seed]].concat()).stdout;
    assert_eq!(noisy("1"), noisy("1"));
    assert_ne!(noisy("1"), noisy("2"));
    assert_eq!(noisy("1").lines().count(), 7);
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let place = Place::with_runs();
    let law = "chinchilla@besiroglu";
    let next = |more: &[&str]| {
        let words = ["next", "runs.csv", "--law", "chinchilla", "--budget", "1e20"];
        place.refused(&[&words[..], more].concat())
    };
    let cases = [
        (next(&["--goal", "loss at N=7B"]), "P0308"),
        (next(&["--goal", "lose at N=7B,D=1B"]), "P0312"),
        (next(&["--goal", "3"]), "P0309"),
        (next(&["--goal", "a_opt", "--limit", "M=1..2"]), "P0303"),
        (next(&["--goal", "a_opt", "--limit", "N=2B..1B"]), "P0302"),
        (next(&["--goal", "a_opt", "--largest", "1"]), "P0305"),
        (next(&["--goal", "a_opt", "--keep", "D < 1"]), "P0311"),
        (place.refused(&["next", law, "--budget", "1e20", "--goal", "a_opt"]), "C1202"),
        (place.refused(&["next", "runs.csv", "--budget", "1e20", "--goal", "a_opt"]), "C1203"),
        (place.refused(&["simulate", law, "--design", "N=1M..1B:4"]), "C1205"),
        (place.refused(&["simulate", "kaplan_n@kaplan", "--budgets", "1e18"]), "C1206"),
    ];
    for (said, code) in cases {
        assert!(said.contains(code), "{code}: {said}");
    }
}

#[test]
fn a_level_of_a_grouped_law_is_simulated_and_designed_for() {
    let place = Place::new();
    let law = "data_mixing_size:c[even]=1.9,c[web]=2.1,n0[even]=1e7,n0[web]=2e7,alpha=0.3";
    let words = ["simulate", law, "--design", "N=1e7..1e9:8", "--noise", "0.2%"];
    let of = |level: &str| place.ok(&[&words[..], &["--given", &format!("mixture={level}")]].concat()).stdout;
    let (even, web) = (of("even"), of("web"));
    assert!(even.starts_with("mixture,N,") && even.contains("\neven,10000000,"), "{even}");
    let rows = web.lines().skip(1).map(|line| format!("{line}\n")).collect::<String>();
    place.write("runs.csv", &(even + &rows));
    let ask = [
        "next",
        "runs.csv",
        "--law",
        "data_mixing_size",
        "--budget",
        "2e9",
        "--cost",
        "N",
        "--goal",
        "alpha",
    ];
    let rest = ["--candidates", "60", "--draws", "0", "--format", "json"];
    let given = |level: &'static str| [&ask[..], &rest, &["--given", level]].concat();
    let found = json(&place.ok(&given("mixture=web")).stdout);
    assert!(!found["runs"].as_array().unwrap().is_empty());
    assert!(place.refused(&given("mixture=wep")).contains("did you mean web?"));
    assert!(place.refused(&[&ask[..], &rest].concat()).contains("mixture"));
}
