//! Runs of trackers: the samples that real tools wrote, where a checkout has them beside it.
//!
//! One sweep of two models went through every tool; `expected.json` holds the training loss at each step.
// Long because each tool has its tests here.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers are not seen as tests.

use std::path::PathBuf;

use isoflop_runs::{Column, Points, ReadOptions, RunTable, find_roles};
use serde_json::Value;

/// Steps at which the samples hold NaN or infinity, where the tool keeps them.
const NOT_FINITE: [i64; 2] = [850, 900];
const TOKENS_PER_STEP: f64 = 131_072.0;

fn sample(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/samples").join(name);
    if !path.exists() {
        println!("skipped: ../shared/data/samples/{name} is not there");
        return None;
    }
    Some(path)
}

fn options(loss: &str, points: Points) -> ReadOptions {
    ReadOptions { loss: Some(loss.into()), points, ..ReadOptions::default() }
}

/// What a tool keeps of the sweep.
struct Kept<'a> {
    /// Name of the training loss.
    loss: &'a str,
    /// Largest difference from the values that were logged.
    tolerance: f64,
    /// Values that are not finite, over both runs.
    not_finite: usize,
    /// Name of the column of tokens, if there is one.
    tokens: Option<&'a str>,
}

/// Reads every point of the training loss and compares it with what was logged.
#[track_caller]
fn check_golden(table: &RunTable, kept: &Kept<'_>) {
    let golden = std::fs::read_to_string(sample("expected.json").unwrap()).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let Column::Text(runs) = table.require("run").unwrap() else { panic!("run is not text") };
    let steps = &table.number("step").unwrap().values;
    let losses = &table.number(kept.loss).unwrap().values;
    let (mut seen, mut bad) = (0, 0);
    for (row, (&step, &loss)) in steps.iter().zip(losses).enumerate() {
        let run = runs.get(row).unwrap();
        let Some(expected) = golden[run][step.to_string()].as_f64() else { continue };
        if loss.is_finite() {
            seen += 1;
            assert!((loss - expected).abs() <= kept.tolerance, "{run} step {step}: {loss} for {expected}");
        } else {
            assert!(NOT_FINITE.contains(&(step as i64)), "{run} step {step}");
            bad += 1;
        }
        if let Some(tokens) = kept.tokens {
            assert_eq!(
                table.number(tokens).unwrap().values[row],
                step * TOKENS_PER_STEP,
                "{run} step {step}"
            );
        }
    }
    assert_eq!(bad, kept.not_finite);
    assert!(seen >= 76, "{seen} points");
}

/// Compares every point of the one run `n19M` with what was logged; all of them are finite.
#[track_caller]
fn check_one_run(table: &RunTable, loss: &str) {
    let golden = std::fs::read_to_string(sample("expected.json").unwrap()).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    let (steps, losses) = (table.number("step").unwrap(), table.number(loss).unwrap());
    assert_eq!(table.rows(), 40);
    for (step, loss) in steps.values.iter().zip(&losses.values) {
        assert_eq!(golden["n19M"][step.to_string()].as_f64(), Some(*loss), "step {step}");
    }
}

#[track_caller]
fn check_roles(table: &RunTable, roles: [&str; 3]) {
    let mapping = find_roles(table, &[]).unwrap();
    assert_eq!(["N", "D", "loss"].map(|role| mapping.column(role).unwrap_or("")), roles);
}

fn notes(table: &RunTable) -> String {
    table.notes().iter().map(|note| format!("{note}\n")).collect()
}

#[test]
fn wandb_of_four_writers() {
    for writer in ["out", "out_typed", "out_v0.22", "out_v0.16"] {
        let Some(path) = sample(&format!("wandb/{writer}")) else { return };
        let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
        let tokens = Some("tokens");
        check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: 4, tokens });
        assert!(notes(&table).contains("4 values of the loss not finite in 2 runs"), "{}", notes(&table));

        let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), 2);
        check_roles(&table, ["model.n_params", "tokens", "val/loss"]);
        assert_eq!(table.number("model.n_params").unwrap().values, [19e6, 70e6]);
        assert_eq!(table.number("opt.grad_norm").unwrap().values, [1.0 / 40.0; 2]);
        assert_eq!(table.number("config.lr").unwrap().values, [3e-3; 2]);
        assert_eq!(table.text("group").unwrap().get(1), Some("sweep-a"));
        assert_eq!(table.text("tags").unwrap().get(0), Some("scaling,cosine"));
        assert_eq!(table.text("state").unwrap().get(0), Some("finished"));
        assert!(table.column("hist").is_none() && table.column("_wandb").is_none());
    }
}

#[test]
fn a_cut_wandb_file_gives_what_comes_before() {
    let Some(path) = sample("wandb/out/wandb/offline-run-20261122_042137-demo0001/run-demo0001.wandb") else {
        return;
    };
    let whole = std::fs::read(path).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("run-demo0001.wandb");
    let mut before = 0;
    for length in (4000..whole.len()).step_by(4001) {
        std::fs::write(&copy, &whole[..length]).unwrap();
        let Ok(table) = RunTable::read(&[&copy], &options("train/loss", Points::Every)) else { continue };
        assert!(table.rows() >= before);
        before = table.rows();
        assert_eq!(table.text("state").unwrap().get(0), Some("running"));
        assert!(notes(&table).contains("cut off inside a record"));
    }
    assert_eq!(before, 40);
    let mut damaged = whole.clone();
    damaged[20_000] ^= 1;
    std::fs::write(&copy, &damaged).unwrap();
    let error = RunTable::read(&[&copy], &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0130");
    assert!(error.to_string().contains("run-demo0001.wandb: byte"), "{error}");
}

#[test]
fn tensorboard_scalars_with_hyperparameters() {
    let Some(path) = sample("tensorboard/out/tbx") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    let tokens = Some("tokens");
    // Values are 32-bit floats.
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 5e-7, not_finite: 2, tokens });
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 2);
    check_roles(&table, ["n_params", "tokens", "val/loss"]);
    assert_eq!(table.number("n_params").unwrap().values, [19e6, 70e6]);
    assert_eq!(table.text("opt").unwrap().get(0), Some("adamw"));
    assert_eq!(table.number("group/b").unwrap().values, [2.0, 2.0]);
}

#[test]
fn tensorboard_scalars_as_tensors() {
    let Some(path) = sample("tensorboard/out/tf2") else { return };
    let table = RunTable::read(&[&path], &options("loss", Points::Every)).unwrap();
    let steps = &table.number("step").unwrap().values;
    let losses = &table.number("loss").unwrap().values;
    assert_eq!(losses.len(), 40);
    for (step, loss) in steps.iter().zip(losses) {
        let expected = 1.69 + 406.4 / 19e6_f64.powf(0.34) + 410.7 / (step * TOKENS_PER_STEP).powf(0.28);
        assert!((loss - expected).abs() < 5e-7, "{step}: {loss} for {expected}");
    }
}

#[test]
fn hugging_face_trainer() {
    let Some(path) = sample("hf_trainer/out") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    // The sample is rounded to 4 decimals, as the Trainer did before version 5.
    let tokens = Some("num_input_tokens_seen");
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 5.1e-5, not_finite: 2, tokens });
    assert!(notes(&table).contains("train/loss is written with 4 decimals"), "{}", notes(&table));
    assert_eq!(table.runs_column(), Some("run"));

    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 2);
    assert_eq!(table.runs_column(), None);
    check_roles(&table, ["params_from_total_flos", "num_input_tokens_seen", "eval/loss"]);
    assert_eq!(table.number("params_from_total_flos").unwrap().values, [19e6, 70e6]);
    assert_eq!(table.number("eval/loss").unwrap().values[0], 4.856_404_086_583_226);
    assert_eq!(table.number("total_flos").unwrap().values[0], 2.988_441_6e16);
}

#[test]
fn mlflow_file_store() {
    let Some(path) = sample("mlflow/out/mlruns") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    let tokens = Some("tokens");
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: 4, tokens });
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    check_roles(&table, ["model.n_params", "tokens", "val_loss"]);
    assert_eq!(table.number("eval acc").unwrap().values, [0.42, 0.42]);
    assert_eq!(table.text("opt/name").unwrap().get(0), Some("adamw"));
    assert_eq!(table.text("tags.note").unwrap().get(0), Some("multi\nline"));
    assert_eq!(table.text("state").unwrap().get(1), Some("finished"));
}

#[test]
fn mlflow_database() {
    let Some(path) = sample("mlflow/out/mlflow.db") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    let tokens = Some("tokens");
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: 4, tokens });
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    check_roles(&table, ["model.n_params", "tokens", "val_loss"]);
    assert_eq!(table.text("experiment").unwrap().get(0), Some("scaling-demo"));
    assert_eq!(table.text("tags.note").unwrap().get(0), Some("multi\nline"));
    assert_eq!(table.text("state").unwrap().get(1), Some("finished"));
    // Beside it lies a file store, which may hold the same runs.
    let error = RunTable::read(&[path.parent().unwrap()], &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0134");
    assert!(error.to_string().contains("--from mlflow-db"), "{error}");
}

#[test]
fn trackio_in_all_its_forms() {
    let forms = [
        "trackio/out_jsonl",
        "trackio/out",
        "trackio/out/scaling-demo.db",
        "trackio/out/scaling-demo.parquet",
    ];
    for (folder, not_finite) in forms.map(|form| (form, 4)) {
        let Some(path) = sample(folder) else { return };
        let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
        let tokens = Some("tokens");
        check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite, tokens });
        let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), 2);
        check_roles(&table, ["model.n_params", "tokens", "val/loss"]);
        assert_eq!(table.number("model.n_params").unwrap().values.iter().sum::<f64>(), 89e6);
    }
}

#[test]
fn dvclive() {
    let Some(path) = sample("dvclive/out") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    let bad = table.number("train/loss").unwrap().values.iter().filter(|x| !x.is_finite()).count();
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: bad, tokens: None });
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    assert_eq!(mapping.column("N"), Some("model.n_params"));
    assert_eq!(mapping.column("loss"), Some("val_loss"));
}

#[test]
fn clearml_as_directory_and_as_archive() {
    let session = "clearml/out/offline/offline-d4a8d4b07bf74fa7ac402982c0fb1b0e";
    for form in [session.to_owned(), format!("{session}.zip"), "clearml/out/offline".into()] {
        let Some(path) = sample(&form) else { return };
        let table = RunTable::read(&[&path], &options("loss/train", Points::Every)).unwrap();
        check_one_run(&table, "loss/train");
        check_roles(&table, ["n_params", "", "loss/train"]);
        assert_eq!(table.number("lr").unwrap().values[0], 3e-3);
    }
}

#[test]
fn neptune_exporter() {
    let Some(path) = sample("neptune/out") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: 0, tokens: None });
    assert_eq!(table.rows(), 80);
    check_roles(&table, ["config/n_params", "", "train/loss"]);
    assert_eq!(table.text("project").unwrap().get(0), Some("ws/scaling-demo"));
}

#[test]
fn aim_export() {
    let Some(path) = sample("aim/export.jsonl") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    check_golden(&table, &Kept { loss: "train/loss", tolerance: 0.0, not_finite: 0, tokens: None });
    check_roles(&table, ["model.n_params", "tokens", "train/loss"]);
}

#[test]
fn inspect_with_both_compressions_and_as_json() {
    for form in ["inspect/out/eval", "inspect/out/eval_deflate", "inspect/out/json"] {
        let Some(path) = sample(form) else { return };
        let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), 1, "{form}");
        let value = |name: &str| table.number(name).unwrap().values[0];
        assert_eq!(value("match/accuracy"), 1.0 / 6.0);
        assert_eq!(value("match/accuracy/pass_at_2"), 1.0 / 3.0);
        assert_eq!(value("includes/stderr"), 0.052_704_627_669_473);
        assert_eq!((value("usage.output_tokens"), value("results.completed_samples")), (59.0, 24.0));
        assert_eq!((value("config.epochs"), value("metadata.train_flops")), (4.0, 1e21));
        assert_eq!(table.text("run").unwrap().get(0), Some("mockllm/model"));
        assert_eq!(table.text("task").unwrap().get(0), Some("addition"));
        assert_eq!(table.text("state").unwrap().get(0), Some("finished"));
    }
}

#[test]
fn items_of_inspect_add_up_to_its_scores() {
    for form in ["inspect/out/eval", "inspect/out/eval_deflate", "inspect/out/json"] {
        let Some(path) = sample(form) else { return };
        let options = ReadOptions { points: Points::Samples, ..ReadOptions::default() };
        let table = RunTable::read(&[&path], &options).unwrap();
        assert_eq!(table.rows(), 6, "{form}");
        let sum = |name: &str| table.number(name).unwrap().values.iter().sum::<f64>();
        assert_eq!((sum("match/attempts"), sum("match/successes")), (24.0, 4.0), "{form}");
        assert_eq!(table.number("metadata.human_minutes").unwrap().values, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]);
        // Its own estimate of pass@2 from successes c of 4 attempts: 1 - C(4 - c, 2) / C(4, 2).
        let pass = |c: &f64| 1.0 - (4.0 - c) * (3.0 - c) / 12.0;
        let passed = table.number("match/successes").unwrap().values.iter().map(pass).sum::<f64>() / 6.0;
        assert!((passed - 1.0 / 3.0).abs() < 1e-12, "{form}: {passed}");
        // The mean over attempts, and the log's own total.
        assert_eq!((4.0 * sum("usage.output_tokens")).round(), 59.0, "{form}");
        assert_eq!(table.text("item").unwrap().get(5), Some("q5"));
    }
}

#[test]
fn documents_of_lm_evaluation_harness_add_up_to_its_means() {
    let Some(path) = sample("lm_eval/out") else { return };
    let means = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    let options = ReadOptions { points: Points::Samples, ..ReadOptions::default() };
    let table = RunTable::read(&[&path], &options).unwrap();
    let tasks = table.text("task").unwrap();
    for task in ["toy_mc", "toy_mc_b"] {
        for metric in ["acc", "correct_nll", "correct_prob", "correct_bits_per_byte"] {
            let values = &table.number(metric).unwrap().values;
            let of_task: Vec<f64> = (0..table.rows())
                .filter(|&row| tasks.get(row) == Some(task))
                .map(|row| values[row])
                .collect();
            let mean = of_task.iter().sum::<f64>() / of_task.len() as f64;
            let known = means.number(&format!("{task}/{metric}")).unwrap().values[0];
            assert!(
                of_task.len() == 12 && (mean - known).abs() < 1e-12,
                "{task} {metric}: {mean}, not {known}"
            );
        }
    }
    assert_eq!(table.number("step").unwrap().values[0], means.number("step").unwrap().values[0]);
}

#[test]
fn lightning_csv_logger_and_tables() {
    let Some(path) = sample("csv/out/lightning_logs") else { return };
    let table = RunTable::read(&[&path], &options("train_loss", Points::Every)).unwrap();
    assert_eq!(table.rows(), 40);
    let (steps, losses) = (table.number("step").unwrap(), table.number("train_loss").unwrap());
    for (step, loss) in steps.values.iter().zip(&losses.values) {
        assert!((loss - quiet_loss(step + 1.0)).abs() < 1e-12);
    }
    assert_eq!(table.number("n_params").unwrap().values, [19e6; 40]);
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(table.number("val_loss").unwrap().values, [quiet_loss(2000.0)]);

    let Some(path) = sample("csv/out/wandb_runs_table.csv") else { return };
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    check_roles(&table, ["model.n_params", "tokens", "val/loss"]);
    let expected = 1.69 + 406.4 / 70e6_f64.powf(0.34) + 410.7 / 1e10_f64.powf(0.28);
    assert_eq!(table.rows(), 6);
    assert!((table.number("val/loss").unwrap().values[5] - expected).abs() < 1e-12);

    let Some(path) = sample("csv/out/sweep.csv") else { return };
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    check_roles(&table, ["params", "tokens", "loss"]);
    assert_eq!(table.rows(), 35);
}

#[test]
fn wandb_chart() {
    let Some(path) = sample("csv/out/wandb_chart.csv") else { return };
    let table = RunTable::read(&[&path], &options("train/loss", Points::Every)).unwrap();
    // One cell of the sample is empty.
    assert_eq!(table.rows(), 79);
    assert_eq!(table.number("train/loss").unwrap().values[1], 7.213_074_676_304_148);
    let Column::Text(runs) = table.require("run").unwrap() else { panic!("run is not text") };
    assert_eq!((runs.get(0), runs.get(78)), (Some("n19M"), Some("n70M")));
}

#[test]
fn lm_evaluation_harness() {
    let Some(path) = sample("lm_eval/out") else { return };
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 1);
    let value = |name: &str| table.number(name).unwrap().values[0];
    assert_eq!(value("toy_mc/acc"), 0.416_666_666_666_666_7);
    assert_eq!(value("toy_mc/acc_stderr"), 0.148_647_097_502_640_8);
    assert_eq!(value("toy_ppl/bits_per_byte"), 0.049_804_153_019_633_4);
    assert_eq!(value("toy_mc/n_samples"), 12.0);
    assert!(table.column("toy_mc/brier_score_stderr").is_none());
    // For its Brier score the harness wrote down the same shares of probability, with 8 digits.
    let samples = path.join("results/org__toy-70m/samples_toy_mc_2026-11-22T03-52-26.905602.jsonl");
    let samples = std::fs::read_to_string(samples).unwrap();
    let (mut shares, mut nll, mut count) = (0.0, 0.0, 0.0);
    for line in samples.lines() {
        let sample: Value = serde_json::from_str(line).unwrap();
        let gold = usize::try_from(sample["brier_score"][0].as_u64().unwrap()).unwrap();
        let listed = sample["brier_score"][1].as_str().unwrap().trim_matches(['[', ']']);
        shares += listed.split_whitespace().nth(gold).unwrap().parse::<f64>().unwrap();
        nll -= sample["filtered_resps"][gold][0].as_str().unwrap().parse::<f64>().unwrap();
        count += 1.0;
    }
    assert!((value("toy_mc/correct_prob") - shares / count).abs() < 1e-7);
    assert!((value("toy_mc/correct_nll") - nll / count).abs() < 1e-12);
}

/// Loss of the text logs at a step, without noise.
fn quiet_loss(step: f64) -> f64 {
    1.69 + 406.4 / 19e6_f64.powf(0.34) + 410.7 / (step * TOKENS_PER_STEP).powf(0.28)
}

#[test]
fn text_logs_of_seven_programs() {
    let logs = [
        ("nanogpt.log", "val/loss", 4, 5e-5),
        ("megatron.log", "lm loss validation", 4, 5e-6),
        ("torchtitan.log", "val/loss", 4, 5e-5),
        ("llmc_main.log", "val/loss", 4, 5e-5),
        ("modded_nanogpt.log", "val/loss", 4, 5e-5),
        ("maxtext.log", "learning/loss", 40, 0.08),
        // Every value is printed with four digits.
        ("olmo_core.log", "train/CE loss", 40, 0.08),
    ];
    for (log, metric, count, tolerance) in logs {
        let Some(path) = sample(&format!("textlogs/out/{log}")) else { return };
        let table = RunTable::read(&[&path], &options(metric, Points::Every)).unwrap();
        assert_eq!(table.rows(), count, "{log}");
        let steps = &table.number("step").unwrap().values;
        for (&step, loss) in steps.iter().zip(&table.number(metric).unwrap().values) {
            assert!((loss - quiet_loss(step)).abs() <= tolerance, "{log} step {step}: {loss}");
        }
    }
}

#[test]
fn a_log_with_a_restart_and_one_with_tokens() {
    let Some(path) = sample("textlogs/out/megatron.log") else { return };
    let table = RunTable::read(&[&path], &options("lm loss", Points::Every)).unwrap();
    assert_eq!(table.rows(), 40);
    assert!(notes(&table).contains("more than once at one step"), "{}", notes(&table));
    assert_eq!(table.number("consumed samples").unwrap().values[39], 51_200.0);

    let Some(path) = sample("textlogs/out/nanogpt.log") else { return };
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    check_roles(&table, ["n_params", "tokens", "val/loss"]);
    assert_eq!(table.number("tokens").unwrap().values, [400.0 * TOKENS_PER_STEP]);
    assert!(notes(&table).contains("`tokens` is step x tokens_per_iter"), "{}", notes(&table));

    let Some(path) = sample("textlogs/out/olmo_core.log") else { return };
    let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
    assert_eq!(table.number("throughput/total tokens").unwrap().values, [52_428_800.0]);
    assert_eq!(table.number("train/CE loss").unwrap().values, [5.857]);

    let Some(path) = sample("textlogs/out") else { return };
    let pattern = r"step[: ]+(?P<step>\d+).* loss: *(?P<loss>[\d.]+)";
    let own = ReadOptions { log_pattern: Some(pattern.into()), ..ReadOptions::default() };
    let table = RunTable::read(&[path.join("nanochat.log")], &own).unwrap();
    assert_eq!(table.number("loss").unwrap().values, [5.857_206]);
}

/// Stores of the samples, each with the test that reads it.
const STORES: [(&str, &str); 25] = [
    ("aim/export.jsonl", "aim_export"),
    ("clearml/out", "clearml_as_directory_and_as_archive"),
    ("csv/out", "lightning_csv_logger_and_tables, wandb_chart"),
    ("dvclive/out", "dvclive"),
    ("hf_trainer/out", "hugging_face_trainer"),
    ("inspect/out/eval", "inspect_with_both_compressions_and_as_json"),
    ("inspect/out/eval_deflate", "inspect_with_both_compressions_and_as_json"),
    ("inspect/out/json", "inspect_with_both_compressions_and_as_json"),
    ("lm_eval/out", "lm_evaluation_harness"),
    ("mlflow/out/mlflow.db", "mlflow_database"),
    ("mlflow/out/mlruns", "mlflow_file_store"),
    ("neptune/out", "neptune_exporter"),
    ("tensorboard/out/tbx", "tensorboard_scalars_with_hyperparameters"),
    ("tensorboard/out/tf2", "tensorboard_scalars_as_tensors"),
    ("textlogs/out", "text_logs_of_seven_programs, a_log_with_a_restart_and_one_with_tokens"),
    ("trackio/out", "trackio_in_all_its_forms"),
    ("trackio/out_jsonl", "trackio_in_all_its_forms"),
    ("wandb/out", "wandb_of_four_writers"),
    ("wandb/out_typed", "wandb_of_four_writers"),
    ("wandb/out_v0.16", "wandb_of_four_writers"),
    ("wandb/out_v0.22", "wandb_of_four_writers"),
    // Scripts and what they read, not stores.
    ("README.md", ""),
    ("VERSIONS.txt", ""),
    ("check_all.py", ""),
    ("expected.json", ""),
];

/// A store that is added to the samples needs a test here.
#[test]
fn every_store_of_the_samples_has_a_test() {
    let Some(root) = sample("README.md").and_then(|path| path.parent().map(PathBuf::from)) else { return };
    let names = |dir: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    };
    let known = |path: &str| STORES.iter().any(|(store, _)| path == *store);
    for name in names(&root) {
        if known(&name) {
            continue;
        }
        for inner in names(&root.join(&name)) {
            let path = format!("{name}/{inner}");
            let is_script = inner.ends_with(".py") || inner.starts_with('.');
            // A folder that holds several stores.
            let parts = STORES.iter().filter(|(store, _)| store.starts_with(&format!("{path}/"))).count();
            assert!(is_script || known(&path) || parts > 0, "{path} has no test");
            if parts > 0 {
                for part in names(&root.join(&path)) {
                    // What MLflow's scripts leave beside the two stores.
                    let path = format!("{path}/{part}");
                    assert!(
                        known(&path) || part.starts_with('.') || part == "artifacts",
                        "{path} has no test"
                    );
                }
            }
        }
    }
}
