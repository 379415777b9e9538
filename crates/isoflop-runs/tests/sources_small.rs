//! Readers of runs on small files made here: rules for points, restarts, cut files, and what is refused.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::fs;
use std::path::Path;

use isoflop_runs::{Points, ReadOptions, Restarts, RunTable, RunsError};
use tempfile::TempDir;

/// A directory with these files.
fn place(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<RunTable, RunsError> {
    RunTable::read(&[path], options)
}

fn with(points: Points) -> ReadOptions {
    ReadOptions { points, ..ReadOptions::default() }
}

fn notes(table: &RunTable) -> String {
    table.notes().iter().map(|note| format!("{note}\n")).collect()
}

/// A state with the losses of steps 10, 20, ...; tokens are a thousand for each step.
fn state(losses: &[&str]) -> String {
    let row = |(i, loss): (usize, &&str)| {
        let step = 10 * (i + 1);
        format!("{{\"eval_loss\": {loss}, \"step\": {step}, \"num_input_tokens_seen\": {}}}", 1000 * step)
    };
    let rows: Vec<String> = losses.iter().enumerate().map(row).collect();
    let last = 10 * losses.len();
    format!("{{\"global_step\": {last}, \"log_history\": [{}], \"max_steps\": {last}}}", rows.join(", "))
}

const LLAMA: &str = r#"{"model_type": "llama", "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32,
    "intermediate_size": 11008, "num_attention_heads": 32, "torch_dtype": "bfloat16", "eos_token_id": [1, 2]}"#;

#[test]
fn rules_for_points() {
    let text = state(&["3.0", "2.5", "NaN", "2.0", "2.2"]);
    let dir = place(&[("out/checkpoint-50/trainer_state.json", text.as_bytes())]);
    let loss = |points| read(dir.path(), &with(points)).unwrap().number("eval/loss").unwrap().values.clone();
    assert_eq!(loss(Points::Final), [2.2]);
    assert_eq!(loss(Points::Best), [2.0]);
    assert_eq!(loss(Points::Last(2)), [2.1]);
    assert!(loss(Points::Last(3))[0].is_nan());
    assert_eq!(loss(Points::Every).len(), 5);
    // Half way between 10k and 20k tokens on a log scale, and at a point; 90k is beyond the end.
    let at = loss(Points::At(vec![1e4 * 2_f64.sqrt(), 4e4, 9e4]));
    assert_eq!(at.len(), 2);
    assert!((at[0] - 2.75).abs() < 1e-12 && at[1] == 2.0, "{at:?}");

    let table = read(dir.path(), &with(Points::At(vec![9e4]))).unwrap_err();
    assert_eq!(table.code(), "R0137");
    assert!(table.to_string().contains("its loss is not known around these tokens"), "{table}");
    let table = read(dir.path(), &ReadOptions::default()).unwrap();
    assert!(notes(&table).contains("1 value of the loss not finite in 1 run"), "{}", notes(&table));
    assert!(notes(&table).contains("points: the final value of eval/loss"), "{}", notes(&table));
    assert!(table.place(0).to_string().ends_with("checkpoint-50/trainer_state.json row 1"));
}

#[test]
fn hf_newest_checkpoint_and_architecture() {
    let (old, new) = (state(&["3.0"]), state(&["3.0", "2.5"]));
    let dir = place(&[
        ("a/checkpoint-9/trainer_state.json", old.as_bytes()),
        ("a/checkpoint-20/trainer_state.json", new.as_bytes()),
        ("a/checkpoint-20/config.json", LLAMA.as_bytes()),
        ("b/trainer_state.json", new.as_bytes()),
        ("b/checkpoint-10/trainer_state.json", old.as_bytes()),
    ]);
    let table = read(dir.path(), &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 2);
    assert_eq!(table.number("eval/loss").unwrap().values, [2.5, 2.5]);
    assert_eq!(table.number("total_params").unwrap().values[0], 6_738_415_616.0);
    assert_eq!(table.number("non_embedding_params").unwrap().values[0], 6_476_271_616.0);
    assert_eq!(table.number("flops_6nd").unwrap().values[0], 6.0 * 6_738_415_616.0 * 20_000.0);
    assert!(table.number("total_params").unwrap().values[1].is_nan());
    assert!(notes(&table).contains("`flops_6nd` is 6 N D (1 run)"), "{}", notes(&table));
}

#[test]
fn restarts_keep_the_last_value_unless_told_otherwise() {
    let text = r#"{"global_step": 20, "log_history": [{"eval_loss": 3, "step": 10}, {"eval_loss": 2, "step": 20},
        {"eval_loss": 1, "step": 10}]}"#;
    let dir = place(&[("trainer_state.json", text.as_bytes())]);
    let every = |restarts| read(dir.path(), &ReadOptions { restarts, ..with(Points::Every) });
    let last = every(Restarts::Last).unwrap();
    assert_eq!(last.number("eval/loss").unwrap().values, [1.0, 2.0]);
    assert!(notes(&last).contains("1 value more than once at one step in 1 run"), "{}", notes(&last));
    assert_eq!(every(Restarts::First).unwrap().number("eval/loss").unwrap().values, [3.0, 2.0]);
    assert_eq!(every(Restarts::Error).unwrap_err().code(), "R0135");
}

#[test]
fn a_cut_state_gives_what_comes_before_and_a_damaged_one_is_refused() {
    let text = state(&["3.0", "2.5", "2.4"]);
    for cut in text.find("2.4").unwrap()..text.find("]").unwrap() {
        let dir = place(&[("trainer_state.json", &text.as_bytes()[..cut])]);
        let table = read(dir.path(), &ReadOptions::default()).unwrap();
        assert_eq!(table.number("eval/loss").unwrap().values, [2.5], "{}", &text[..cut]);
        assert!(notes(&table).contains("cut off inside a record"), "{}", notes(&table));
    }
    let damaged = text.replace("\"step\": 20", "\"step\" 20");
    let dir = place(&[("trainer_state.json", damaged.as_bytes())]);
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0130");
    assert!(error.to_string().contains("trainer_state.json: line 1: expected `:`"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_a_directory_without_runs_is_an_error() {
    let dir = place(&[("inner/notes.csv", b"N,loss\n1,2\n")]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("inner/loop")).unwrap();
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0103");
    let from = ReadOptions { from: Some("hf".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(read(dir.path(), &from).unwrap_err().code(), "R0131");
}
