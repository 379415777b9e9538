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
