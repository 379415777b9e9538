//! Fits on directories of runs, as tools leave them.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

mod support;

use std::fs;
use std::path::Path;

use serde_json::json;
use support::Place;

/// The law that the runs follow, without noise.
fn loss(n: f64, d: f64) -> f64 {
    1.69 + 406.4 / n.powf(0.34) + 410.7 / d.powf(0.28)
}

/// Output directories of the Hugging Face Trainer, one for each of 5 sizes, with losses at 6 numbers of tokens.
fn trainer_runs(root: &Path) {
    for n in [1e7, 3e7, 1e8, 3e8, 1e9] {
        let tokens = |step: i32| 2e8 * 3_f64.powi(step);
        let rows: Vec<_> = (1..=6)
            .map(|step| json!({"step": step, "eval_loss": loss(n, tokens(step)), "num_input_tokens_seen": tokens(step)}))
            .collect();
        let state = json!({
            "global_step": 6, "max_steps": 6, "log_history": rows,
            "total_flos": 6.0 * n * tokens(6), "num_input_tokens_seen": tokens(6),
        });
        let dir = root.join(format!("n{n:.0}/checkpoint-6"));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("trainer_state.json"), state.to_string()).unwrap();
    }
}

#[test]
fn every_point_of_a_directory_of_runs() {
    let place = Place::new();
    trainer_runs(&place.path("out"));
    let args =
        ["fit", "out", "--law", "chinchilla", "--points", "every", "--bootstrap", "20", "--format", "json"];
    let ended = place.ok(&args);
    let fit: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let text = fit.to_string();
    assert!(text.contains("\"certified\""), "{text}");
    for told in [
        "out: 5 runs of Hugging Face Trainer",
        "points: every value of eval/loss",
        "N = params_from_total_flos",
        "D = num_input_tokens_seen",
        "whole runs are resampled, as by --cluster run",
    ] {
        assert!(ended.stderr.contains(told), "{told}\n{}", ended.stderr);
    }
    let value = |name: &str| fit["parameters"][name]["estimate"].as_f64().unwrap();
    for (name, expected) in [("E", 1.69), ("alpha", 0.34), ("beta", 0.28)] {
        assert!((value(name) / expected - 1.0).abs() < 1e-4, "{name} = {}", value(name));
    }
}

#[test]
fn the_final_points_are_the_default_and_a_wrong_choice_is_refused() {
    let place = Place::new();
    trainer_runs(&place.path("out"));
    let fit = ["fit", "out", "--law", "loss ~ E + A / N^alpha", "--bootstrap", "0"];
    assert!(place.ok(&fit).stderr.contains("out: 5 rows"));
    let refused = |more: &[&str]| place.refused(&[&fit[..], more].concat());
    assert!(refused(&["--points", "middle"]).contains("--points middle: write final, best"));
    assert!(refused(&["--restarts", "never"]).contains("--restarts never"));
    assert!(refused(&["--from", "wandb"]).contains("no runs of Weights & Biases"));
    assert!(refused(&["--log-pattern", "loss (.*)"]).contains("no named group"));
}

#[test]
fn what_lies_at_a_path() {
    let place = Place::new();
    trainer_runs(&place.path("out"));
    let text = place.ok(&["runs", "out"]).stdout;
    for told in [
        "out: 5 runs of Hugging Face Trainer (--from hf)",
        "computed: total_flos / (6 num_input_tokens_seen)",
        "10M .. 1B",
        "eval/loss",
        "finished",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
    let found = place.json(&["runs", "out", "--format", "json"]);
    assert_eq!(found["schema_version"], 1);
    let found = &found["found"][0];
    assert_eq!((&found["tool"], &found["rows"]), (&json!("hf"), &json!(5)));
    assert_eq!(found["roles"]["loss"]["column"], "eval/loss");
    let metrics = found["runs"][0]["metrics"].as_array().unwrap();
    let curve = metrics.iter().find(|metric| metric["name"] == "eval/loss").unwrap();
    assert_eq!(
        (&curve["values"], &curve["first_step"], &curve["last_step"]),
        (&json!(6), &json!(1), &json!(6))
    );
    assert_eq!(curve["last"], json!(loss(1e7, 2e8 * 729.0)));

    // One file that cannot be read is told and does not stop the rest.
    fs::write(place.path("out/n10000000/checkpoint-6/trainer_state.json"), "{\"log_history\": [1 2]}")
        .unwrap();
    let text = place.ok(&["runs", "out"]).stdout;
    assert!(text.contains("out: 4 runs") && text.contains("line 1: expected `,`"), "{text}");

    let followed = place.ok(&["runs", "out", "--follow", "--every", "0.01", "--looks", "2", "-qq"]).stdout;
    assert_eq!(followed.lines().count(), 4, "{followed}");
    assert!(followed.contains("n30000000  step 6  eval/loss"), "{followed}");

    assert!(place.refused(&["runs", "absent"]).contains("R0101"));
    assert!(place.refused(&["runs", "out", "--map", "loss=evalloss"]).contains("eval/loss"));
    fs::create_dir(place.path("empty")).unwrap();
    assert!(place.refused(&["runs", "empty"]).contains("without runs of a tool that is known"));
}

#[test]
fn an_exported_table_gives_the_same_fit() {
    let place = Place::new();
    trainer_runs(&place.path("out"));
    let estimates = |runs: &str, more: &[&str]| {
        let fit = ["fit", runs, "--law", "chinchilla", "--bootstrap", "0", "--format", "json"];
        place.json(&[&fit[..], more].concat())["parameters"].clone()
    };
    let expected = estimates("out", &["--points", "every"]);
    for name in ["runs.parquet", "runs.csv"] {
        let told = place.ok(&["export", "out", "-o", name]).stderr;
        assert!(told.contains(&format!("{name}: 30 rows of ")), "{told}");
        assert_eq!(estimates(name, &[]), expected, "{name}");
    }
    let table =
        place.ok(&["export", "out", "-o", "-", "--points", "values", "--where", "step == 6", "-q"]).stdout;
    let mut lines = table.lines();
    assert!(lines.next().unwrap().ends_with("source_file,source_row,source_tool"), "{table}");
    // Loss and tokens at the last step, and the count of FLOP, for each of five runs.
    assert_eq!(lines.filter(|line| line.ends_with(",hf")).count(), 15, "{table}");

    assert!(place.refused(&["export", "out", "-o", "runs.txt"]).contains("C1301"));
    assert!(place.refused(&["export", "runs.csv", "-o", "runs.csv"]).contains("C1302"));
    assert!(
        place.refused(&["export", "out", "-o", "x.csv", "--where", "step > 6"]).contains("no row is left")
    );
}
