//! Runs at an address: fetched by a function that is handed over, and called by their address from then on.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::fs;

use isoflop_runs::{Fetched, Follower, Points, ReadOptions, RunTable, fetch_with, survey};

const STATE: &str = r#"{"global_step": 20, "log_history": [{"eval_loss": 3.5, "step": 10},
    {"eval_loss": 3.0, "step": 10}, {"eval_loss": NaN, "step": 20}]}"#;

/// A store in memory.
fn fetch(address: &str) -> Result<Fetched, String> {
    let files: &[(&str, &str)] = match address {
        "s3://bucket/runs/" => &[("runs/a/trainer_state.json", STATE), ("runs/b/trainer_state.json", STATE)],
        "https://host/runs.csv?token=1" => &[("runs.csv", "N,loss\n1e6,3.5\n2e6,inf\n")],
        "https://host/bad.csv" => &[("bad.csv", "N,loss\n1e6,3.5,9\n")],
        "gs://bucket/mixed/" => &[("mixed/a/trainer_state.json", STATE), ("mixed/metrics.json", "{}")],
        _ => return Err(format!("{address}: there is nothing at this address")),
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let top = files[0].0.split('/').next().unwrap();
    Ok(Fetched {
        path: folder.path().join(top),
        name: address.split('?').next().unwrap().to_owned(),
        objects: files.len() as u64,
        bytes: 7,
        left_out: 1,
        keep: Box::new(folder),
    })
}

/// Whether a text names a place on this machine.
fn names_the_folder(text: &str) -> bool {
    text.contains(&*std::env::temp_dir().to_string_lossy())
}

#[test]
fn a_prefix_is_a_directory_of_runs() {
    fetch_with(fetch);
    let options = ReadOptions { points: Points::Every, ..ReadOptions::default() };
    let table = RunTable::read(&["s3://bucket/runs/"], &options).unwrap();
    assert_eq!(table.number("eval/loss").unwrap().values[2], 3.0);
    assert_eq!(table.place(2).to_string(), "s3://bucket/runs/b/trainer_state.json row 1");
    assert_eq!(table.sources()[0].name, "s3://bucket/runs");
    let notes: Vec<String> = table.notes().iter().map(ToString::to_string).collect();
    assert_eq!(
        notes[0],
        "s3://bucket/runs/: 2 objects fetched, 7 bytes; 1 left there (weights, artifacts, hidden or empty)"
    );
    assert!(notes.iter().any(|note| note.contains("s3://bucket/runs/a/trainer_state.json")), "{notes:?}");
    assert!(!notes.iter().any(|note| names_the_folder(note)), "{notes:?}");

    let found = survey(&["s3://bucket/runs/"], &options).unwrap();
    assert_eq!((&*found[0].path, found[0].runs.len()), ("s3://bucket/runs/", 2));
    assert_eq!(found[0].runs[1].path, "s3://bucket/runs/b/trainer_state.json");
}

#[test]
fn a_file_is_a_table_and_stands_beside_others() {
    fetch_with(fetch);
    let table = RunTable::read(&["https://host/runs.csv?token=1"], &ReadOptions::default()).unwrap();
    assert_eq!(table.place(1).to_string(), "https://host/runs.csv:3");
    let paths = ["https://host/runs.csv?token=1", "s3://bucket/runs/"];
    let table = RunTable::read(&paths, &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 4);
    assert_eq!(table.place(0).to_string(), "https://host/runs.csv:2");
}

#[test]
fn errors_name_the_address() {
    fetch_with(fetch);
    let cases = [
        ("https://host/bad.csv", "R0115", "https://host/bad.csv:2: this row has 3 cells"),
        ("https://host/none.csv", "R0141", "https://host/none.csv: there is nothing"),
    ];
    for (address, code, says) in cases {
        let error = RunTable::read(&[address], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().starts_with(says) && !names_the_folder(&error.to_string()), "{error}");
    }
    let found = survey(&["https://host/bad.csv"], &ReadOptions::default()).unwrap();
    assert!(
        found[0].problems[0].to_string().starts_with("https://host/bad.csv:2"),
        "{:?}",
        found[0].problems
    );
    let error = Follower::new(&["s3://bucket/runs/"], &ReadOptions::default()).look().unwrap_err();
    assert!(error.to_string().contains("--follow looks at paths on this machine"), "{error}");
}
