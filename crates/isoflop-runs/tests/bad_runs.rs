//! What is wrong with a path of runs, reader by reader: empty, cut off, foreign, without permission, without a loss.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::fs;

use isoflop_runs::{ReadOptions, RunTable, RunsError, Tool};
use tempfile::TempDir;

/// Each tool with a name that its files have.
const FILES: [(Tool, &str); 16] = [
    (Tool::Wandb, "run-x.wandb"),
    (Tool::TensorBoard, "events.out.tfevents.1.x"),
    (Tool::HfTrainer, "trainer_state.json"),
    (Tool::LmEval, "results_x.json"),
    (Tool::Mlflow, "meta.yaml"),
    (Tool::MlflowDb, "mlflow.db"),
    (Tool::Trackio, "project.db"),
    (Tool::DvcLive, "metrics.json"),
    (Tool::Inspect, "2026_x.eval"),
    (Tool::ClearMl, "offline-x.zip"),
    (Tool::Neptune, "RUN-1_part_0.parquet"),
    (Tool::Aim, "export.jsonl"),
    (Tool::WandbHistory, "x.history.parquet"),
    (Tool::Lightning, "metrics.csv"),
    (Tool::WandbChart, "wandb_export.csv"),
    (Tool::Log, "train.log"),
];

fn place(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

/// The error of a path that no tool, or this one, should read.
fn refused(path: &std::path::Path, from: Option<Tool>) -> RunsError {
    RunTable::read(&[path], &ReadOptions { from, ..ReadOptions::default() }).unwrap_err()
}

#[test]
fn every_tool_has_a_case_here() {
    assert!(Tool::ALL.iter().all(|tool| FILES.iter().any(|(known, _)| known == tool)));
}

#[test]
fn empty_files_and_files_of_another_kind_are_refused_by_name() {
    let contents: [&[u8]; 4] =
        [b"", b"\x00\x01\x02\xff\xfe nothing that a tool writes \x80", b"{\"a\": [1, 2", b"PAR1PAR1"];
    for (tool, name) in FILES {
        for content in contents {
            let dir = place(&[(name, content)]);
            let path = dir.path().join(name);
            let error = refused(&path, Some(tool));
            let text = error.to_string();
            let names_it = text.contains(&*dir.path().to_string_lossy());
            assert!(error.code().starts_with("R01") && names_it, "{tool:?} {content:?}: {text}");
            assert!(text.len() < 600 && !text.contains("panicked"), "{tool:?}: {text}");
        }
    }
}

#[test]
fn an_empty_directory_is_refused_with_what_to_give() {
    let dir = place(&[]);
    let error = refused(dir.path(), None);
    assert_eq!(error.code(), "R0103");
    assert!(error.to_string().contains("; it is empty; give tables"), "{error}");
    for (tool, _) in FILES {
        let error = refused(dir.path(), Some(tool));
        assert_eq!(error.code(), "R0131", "{tool:?}: {error}");
        assert!(error.to_string().contains(tool.title()), "{tool:?}: {error}");
    }
}

#[test]
fn a_directory_without_runs_is_refused_with_what_lies_in_it() {
    let dir = place(&[("a.csv", b"N,loss\n1,2\n"), ("b.csv", b""), ("notes.txt", b"x"), ("LICENSE", b"x")]);
    fs::create_dir(dir.path().join("more")).unwrap();
    let error = refused(dir.path(), None);
    assert_eq!(error.code(), "R0103");
    let text = error.to_string();
    assert!(
        text.contains("found: 2 .csv, 1 .txt, 1 without an ending, folders: 1; give the files in it"),
        "{text}"
    );
}

#[test]
fn a_database_that_is_cut_off_is_named_whichever_way_it_is_given() {
    let dir = place(&[]);
    let path = dir.path().join("mlflow.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    for table in 0..40 {
        database.execute(&format!("CREATE TABLE t{table} (a TEXT, b TEXT)"), []).unwrap();
    }
    drop(database);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, whole.get(..whole.len() / 2).unwrap()).unwrap();
    for given in [dir.path(), path.as_path()] {
        let error = refused(given, None);
        let text = error.to_string();
        assert_eq!(error.code(), "R0130", "{text}");
        assert!(text.contains("mlflow.db: the database") && text.contains("damaged or cut off"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt;
    for (tool, name) in FILES {
        let dir = place(&[(name, b"x")]);
        let path = dir.path().join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
        if fs::File::open(&path).is_ok() {
            eprintln!("skipped: this user may read everything");
            return;
        }
        let error = refused(&path, Some(tool));
        assert!(error.to_string().contains("permission"), "{tool:?}: {error}");
    }
}

#[test]
fn two_tools_at_one_path_are_refused_with_the_choice() {
    let state = br#"{"global_step": 1, "log_history": [{"eval_loss": 3.5, "step": 1}]}"#;
    let dir = place(&[("trainer_state.json", state), ("run-x.wandb", b":W&B\xe1\xbe\x00")]);
    let error = refused(dir.path(), None);
    assert_eq!(error.code(), "R0134");
    let text = error.to_string();
    assert!(text.contains("--from hf") && text.contains("--from wandb"), "{text}");
    // With the choice made, the other is not looked at.
    let options = ReadOptions { from: Some(Tool::HfTrainer), ..ReadOptions::default() };
    assert_eq!(RunTable::read(&[dir.path()], &options).unwrap().rows(), 1);
}

#[test]
fn runs_without_a_loss_say_which_metrics_there_are() {
    let state = br#"{"global_step": 1, "log_history": [{"grad_norm": 3.5, "step": 1}, {"grad_norm": 3.0, "step": 2}]}"#;
    let dir = place(&[("trainer_state.json", state)]);
    let options = ReadOptions { points: "best".parse().unwrap(), ..ReadOptions::default() };
    let text = RunTable::read(&[dir.path()], &options).unwrap_err().to_string();
    assert!(text.contains("grad_norm") && text.contains("--map loss=METRIC"), "{text}");
}
