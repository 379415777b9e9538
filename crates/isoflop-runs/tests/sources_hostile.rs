//! Databases and archives that are damaged, hostile or being written: refused with a clear message or read in
//! part, and never changed.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::fs;
use std::io::Write;
use std::path::Path;

use isoflop_runs::{Column, Points, ReadOptions, RunTable, RunsError, Tool, survey};
use rusqlite::Connection;
use tempfile::TempDir;

fn read(path: impl AsRef<Path>) -> Result<RunTable, RunsError> {
    RunTable::read(&[path], &ReadOptions { points: Points::Every, ..ReadOptions::default() })
}

/// Names, contents and times of all files of a directory.
fn state(dir: &Path) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap(), modified)
        })
        .collect();
    files.sort();
    files
}

const TRACKIO: &str = "CREATE TABLE metrics(id INTEGER PRIMARY KEY, run_id TEXT, timestamp TEXT, run_name TEXT, \
                       step INTEGER, metrics TEXT);
    CREATE TABLE configs(id INTEGER PRIMARY KEY, run_id TEXT, run_name TEXT, config TEXT);
    INSERT INTO configs(run_id, run_name, config) VALUES ('r1', 'first', '{\"n_params\": 1000, \"_Group\": null}');
    INSERT INTO metrics(run_id, run_name, step, metrics) VALUES
        ('r1', 'first', 1, '{\"val/loss\": 3.5}'), ('r1', 'first', 2, '{\"val/loss\": \"NaN\"}');";

const MLFLOW: &str =
    "CREATE TABLE runs(run_uuid TEXT, name TEXT, status TEXT, lifecycle_stage TEXT, experiment_id INTEGER);
    CREATE TABLE params(key TEXT, value TEXT, run_uuid TEXT);
    CREATE TABLE metrics(key TEXT, value FLOAT, timestamp INTEGER, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);
    INSERT INTO runs VALUES ('a', 'kept', 'RUNNING', 'active', 1), ('b', 'gone', 'FINISHED', 'deleted', 1);
    INSERT INTO params VALUES ('n_params', '1e6', 'a'), ('n_params', '1e6', 'b'), ('n_params', '1', 'nobody');
    INSERT INTO metrics VALUES ('val_loss', 3.5, 1, 'a', 10, 0), ('val_loss', 0.0, 2, 'a', 20, 1),
        ('val_loss', 1.7976931348623157e308, 3, 'a', 30, 0), ('val_loss', 2.5, 4, 'a', 10, 0),
        ('val_loss', 1.0, 5, 'b', 10, 0), ('odd', 'text', 6, 'a', 10, 0), (NULL, NULL, NULL, 'a', NULL, NULL);";

/// A database made by these statements, with the connection that made it.
fn database(dir: &Path, name: &str, sql: &str) -> Connection {
    let connection = Connection::open(dir.join(name)).unwrap();
    connection.execute_batch(sql).unwrap();
    connection
}

#[test]
fn mlflow_rows_are_taken_with_their_flags_and_deleted_runs_are_not() {
    let dir = tempfile::tempdir().unwrap();
    drop(database(dir.path(), "mlflow.db", MLFLOW));
    let table = read(dir.path()).unwrap();
    let losses = &table.number("val_loss").unwrap().values;
    // Step 10 was logged twice: the later value counts.
    assert_eq!((losses.len(), losses[0], losses[2]), (3, 2.5, f64::INFINITY));
    assert!(losses[1].is_nan());
    assert_eq!(table.number("n_params").unwrap().values, [1e6; 3]);
    assert_eq!(table.text("state").unwrap().get(0), Some("running"));
    assert!(table.column("odd").is_none());
}

#[test]
fn final_points_come_from_the_last_values_of_mlflow_where_these_say_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mlflow.db");
    let connection = database(
        dir.path(),
        "mlflow.db",
        "CREATE TABLE runs(run_uuid TEXT, name TEXT, status TEXT, lifecycle_stage TEXT);
        CREATE TABLE metrics(key TEXT, value FLOAT, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);
        CREATE TABLE latest_metrics(key TEXT, value FLOAT, run_uuid TEXT, step INTEGER, is_nan BOOLEAN);
        INSERT INTO runs VALUES ('a', 'one', 'FINISHED', 'active');
        INSERT INTO metrics VALUES ('val_loss', 3.5, 'a', 10, 0), ('tokens', 1e6, 'a', 10, 0),
            ('val_loss', 2.5, 'a', 20, 0), ('tokens', 2e6, 'a', 20, 0);
        -- Not what MLflow would keep, to tell which table was read.
        INSERT INTO latest_metrics VALUES ('val_loss', 2.25, 'a', 20, 0), ('tokens', 2e6, 'a', 20, 0);",
    );
    let last = || {
        let table = RunTable::read(&[&path], &ReadOptions::default()).unwrap();
        let cell = |name: &str| *table.number(name).unwrap().values.last().unwrap();
        (table.rows(), cell("val_loss"), cell("tokens"), cell("step"))
    };
    assert_eq!(last(), (1, 2.25, 2e6, 20.0));
    assert_eq!(read(&path).unwrap().number("val_loss").unwrap().values, [3.5, 2.5]);
    // Metrics that end at different steps, values that are not finite, a run without steps: the curves are read.
    for change in [
        "UPDATE latest_metrics SET step = 30 WHERE key = 'tokens'",
        "UPDATE latest_metrics SET step = 20; UPDATE latest_metrics SET is_nan = 1 WHERE key = 'val_loss'",
        "UPDATE latest_metrics SET step = 0, is_nan = 0",
        "DELETE FROM latest_metrics",
    ] {
        connection.execute_batch(change).unwrap();
        assert_eq!(last(), (1, 2.5, 2e6, 20.0), "{change}");
    }
}

#[test]
fn a_database_in_write_ahead_mode_is_read_to_its_last_row_and_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let writer = database(dir.path(), "project.db", TRACKIO);
    // Rows in the main file, then one that is in the log alone.
    writer.execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;").unwrap();
    let row = "INSERT INTO metrics(run_id, run_name, step, metrics) VALUES ('r1', 'first', 3, '{\"val/loss\": 2.5}')";
    writer.execute_batch(row).unwrap();
    assert!(fs::metadata(dir.path().join("project.db-wal")).unwrap().len() > 0);
    let before = state(dir.path());
    let table = read(dir.path()).unwrap();
    assert_eq!(table.number("val/loss").unwrap().values[2], 2.5);
    assert_eq!(table.number("n_params").unwrap().values, [1000.0; 3]);
    assert_eq!(state(dir.path()), before);
    drop(writer);
    // Closed, the log is gone; the mark of the mode in the file remains.
    let before = state(dir.path());
    assert_eq!(before.len(), 1);
    assert_eq!(read(dir.path().join("project.db")).unwrap().rows(), 3);
    assert_eq!(state(dir.path()), before);
}

#[test]
fn names_that_mean_something_in_an_address_are_only_names() {
    let dir = tempfile::tempdir().unwrap();
    drop(database(dir.path(), "a?mode=rwc&b#c%41 d.db", TRACKIO));
    let before = state(dir.path());
    assert_eq!(read(dir.path()).unwrap().rows(), 2);
    assert_eq!(state(dir.path()), before);
}

#[test]
fn a_half_written_database_is_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(database(dir.path(), "project.db", TRACKIO));
    let journal = [&[0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7][..], &[0; 600]].concat();
    fs::write(dir.path().join("project.db-journal"), journal).unwrap();
    let before = state(dir.path());
    let options = ReadOptions { from: Some(Tool::Trackio), ..ReadOptions::default() };
    let error = RunTable::read(&[dir.path().join("project.db")], &options).unwrap_err();
    assert_eq!(error.code(), "R0130");
    assert!(error.to_string().contains("its last change is not complete"), "{error}");
    assert_eq!(state(dir.path()), before);
    // A journal whose head was zeroed is one of a change that was completed.
    fs::write(dir.path().join("project.db-journal"), [0; 600]).unwrap();
    assert_eq!(read(dir.path()).unwrap().rows(), 2);
}

#[test]
fn views_computed_columns_and_virtual_tables_are_not_run() {
    let cases = [
        "CREATE VIEW metrics AS SELECT 'r' AS run_name, 1 AS step, hex(zeroblob(1000000)) AS metrics",
        "CREATE TABLE metrics(run_name TEXT, step INTEGER, metrics TEXT AS (hex(zeroblob(1000000))))",
        "CREATE VIRTUAL TABLE metrics USING fts5(run_name, step, metrics)",
    ];
    for sql in cases {
        let dir = tempfile::tempdir().unwrap();
        let made = Connection::open(dir.path().join("x.db")).unwrap();
        // The virtual table needs a module that may not be built in.
        if made.execute_batch(sql).is_err() {
            assert!(sql.contains("VIRTUAL"), "{sql}");
            continue;
        }
        drop(made);
        let error = RunTable::read(&[dir.path().join("x.db")], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), "R0109", "{sql}: {error}");
        assert!(error.to_string().contains("not one that MLflow or Trackio made"), "{error}");
    }
}

/// Reads damaged copies of a file: whatever comes is an error that names the file, or a table.
fn damage(name: &str, whole: &[u8], from: Tool, cuts: usize) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    let options = ReadOptions { from: Some(from), points: Points::Every, ..ReadOptions::default() };
    for at in (0..whole.len()).step_by((whole.len() / cuts).max(1)) {
        let flip = |bits: u8| {
            let mut bytes = whole.to_vec();
            bytes[at] ^= bits;
            bytes
        };
        for bytes in [whole[..at].to_vec(), flip(1), flip(0x80), flip(0xff)] {
            fs::write(&path, &bytes).unwrap();
            if let Err(error) = RunTable::read(&[&path], &options) {
                let names_it = error.to_string().contains(&*dir.path().to_string_lossy());
                assert!(error.code().starts_with('R') && names_it, "{name} {at}: {error}");
            }
        }
    }
}

#[test]
fn damaged_databases_are_refused_or_read_in_part() {
    let dir = tempfile::tempdir().unwrap();
    for (name, sql, tool) in [("m.db", MLFLOW, Tool::MlflowDb), ("t.db", TRACKIO, Tool::Trackio)] {
        drop(database(dir.path(), name, sql));
        damage(name, &fs::read(dir.path().join(name)).unwrap(), tool, 50);
    }
}

/// An entry of an archive: name, method, data as stored, size that the directory claims.
struct Entry<'a> {
    name: &'a str,
    method: u16,
    stored: Vec<u8>,
    size: u32,
    crc: u32,
}

fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = file.len() as u32;
        let mut common = Vec::new();
        for field in [20, 0, entry.method, 0, 0] {
            common.extend(u16::to_le_bytes(field));
        }
        for field in [entry.crc, entry.stored.len() as u32, entry.size] {
            common.extend(field.to_le_bytes());
        }
        for field in [entry.name.len() as u16, 0] {
            common.extend(field.to_le_bytes());
        }
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(entry.name.as_bytes());
        file.extend(&entry.stored);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let (count, start) = (entries.len() as u16, file.len() as u32);
    file.extend(&directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count.to_le_bytes());
    file.extend(count.to_le_bytes());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const LOG: &str = r#"{"status": "success", "eval": {"task": "sums", "model": "m"}, "results":
    {"scores": [{"name": "match", "reducer": "mean", "metrics": {"accuracy": {"value": 0.5}}}]}}"#;

/// The header entry of a log, stored by this method.
fn header(method: u16) -> Entry<'static> {
    let stored = match method {
        8 => deflate(LOG.as_bytes()),
        93 => zstd::stream::encode_all(LOG.as_bytes(), 3).unwrap(),
        _ => LOG.as_bytes().to_vec(),
    };
    Entry { name: "header.json", method, stored, size: LOG.len() as u32, crc: crc(LOG.as_bytes()) }
}

fn place(name: &str, bytes: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(name), bytes).unwrap();
    dir
}

#[test]
fn archives_by_every_method_and_with_names_that_lead_elsewhere() {
    for method in [0, 8, 93] {
        let outside = Entry { name: "../../outside.json", ..header(0) };
        let dir = place("a.eval", &archive(&[outside, header(method)]));
        let table = RunTable::read(&[dir.path()], &ReadOptions::default()).unwrap();
        assert_eq!(table.number("match/accuracy").unwrap().values, [0.5], "method {method}");
        // Nothing is unpacked.
        assert_eq!(state(dir.path()).len(), 1);
    }
}

#[test]
fn bombs_lies_and_unknown_methods_are_refused() {
    let zeros = vec![b' '; 80 << 20];
    let (bomb, sum) = (deflate(&zeros), crc(&zeros));
    let zstd_bomb = zstd::stream::encode_all(zeros.as_slice(), 3).unwrap();
    let size = zeros.len() as u32;
    let cases = [
        (Entry { stored: bomb.clone(), size, crc: sum, ..header(8) }, "it would grow to"),
        (Entry { stored: bomb, size: 1000, crc: sum, ..header(8) }, "it grows beyond"),
        (Entry { stored: zstd_bomb, size: 1000, crc: sum, ..header(93) }, "it grows beyond"),
        (Entry { crc: 1, ..header(8) }, "its checksum does not match"),
        (Entry { size: 5, ..header(0) }, "its checksum does not match"),
        (Entry { method: 12, ..header(0) }, "compressed by method 12"),
        (Entry { stored: vec![0x55; 40], ..header(8) }, "its data are damaged"),
        (Entry { stored: vec![0x55; 40], ..header(93) }, "its data are damaged"),
        (Entry { name: "other.json", ..header(0) }, "there is no such entry"),
    ];
    for (entry, message) in cases {
        let dir = place("a.eval", &archive(&[entry]));
        let error = RunTable::read(&[dir.path()], &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), "R0130");
        assert!(error.to_string().contains(message), "{message}: {error}");
    }
    let whole = archive(&[header(8)]);
    let dir = place("a.eval", &whole[..whole.len() - 30]);
    let error = RunTable::read(&[dir.path()], &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("its directory cannot be read"), "{error}");
}

#[test]
fn samples_of_a_log_that_did_not_end_come_from_its_journal() {
    let start =
        Entry { name: "_journal/start.json", ..text_entry(r#"{"eval": {"task": "sums", "model": "m"}}"#) };
    let part = |id: &str, epoch: u32, value: &str| {
        format!(r#"[{{"epoch": {epoch}, "scores": {{"match": {{"value": {value}}}}}, "id": {id}}}]"#)
    };
    let first = part("7", 1, r#"{"exact": 1, "close": "P"}"#);
    let second = part("7", 2, r#"{"exact": false, "close": "unknown"}"#);
    let parts = [
        start,
        Entry { name: "_journal/summaries/10.json", ..text_entry(&second) },
        Entry { name: "_journal/summaries/2.json", ..text_entry(&first) },
    ];
    let dir = place("a.eval", &archive(&parts));
    let options = ReadOptions { points: Points::Samples, ..ReadOptions::default() };
    let table = RunTable::read(&[dir.path()], &options).unwrap();
    let value = |name: &str| table.number(name).unwrap().values.clone();
    assert_eq!((value("match/exact"), value("match/exact/attempts")), (vec![0.5], vec![2.0]));
    assert_eq!((value("match/close"), value("match/close/attempts")), (vec![0.5], vec![1.0]));
    assert_eq!(value("item"), [7.0]);
    assert!(table.notes().iter().any(|note| note.to_string().contains("cut off")), "{:?}", table.notes());
    // A log whose summaries are cut off inside is damaged, not short.
    let broken = Entry { name: "summaries.json", ..text_entry(&first[..first.len() - 9]) };
    let dir = place("a.eval", &archive(&[header(8), broken]));
    let error = RunTable::read(&[dir.path()], &options).unwrap_err();
    assert!(error.code() == "R0130" && error.to_string().contains("summaries.json"), "{error}");
    // Other tools keep none.
    drop(database(dir.path(), "project.db", TRACKIO));
    let error = RunTable::read(&[dir.path().join("project.db")], &options).unwrap_err();
    assert!(error.to_string().contains("it keeps no samples"), "{error}");
}

#[test]
fn damaged_archives_are_refused_or_read_in_part() {
    for method in [0, 8, 93] {
        damage("a.eval", &archive(&[header(method)]), Tool::Inspect, 40);
    }
    let task = Entry { name: "task.json", ..text_entry(r#"{"id": "a", "name": "b"}"#) };
    let lines =
        r#"[{"type": "training_stats_scalar", "metric": "loss", "variant": "train", "iter": 1, "value": 2}]"#;
    let metrics = Entry { name: "metrics.jsonl", ..text_entry(lines) };
    damage("offline-a.zip", &archive(&[task, metrics]), Tool::ClearMl, 60);
}

fn text_entry(text: &str) -> Entry<'static> {
    Entry {
        name: "",
        method: 8,
        stored: deflate(text.as_bytes()),
        size: text.len() as u32,
        crc: crc(text.as_bytes()),
    }
}

#[test]
fn a_survey_goes_on_after_what_cannot_be_read() {
    let dir = place("a.eval", &archive(&[header(8)]));
    fs::write(dir.path().join("b.eval"), "no archive").unwrap();
    drop(database(dir.path(), "project.db", TRACKIO));
    let found = survey(&[dir.path()], &ReadOptions::default()).unwrap();
    assert_eq!(
        found.iter().map(|found| found.tool).collect::<Vec<_>>(),
        [Some(Tool::Trackio), Some(Tool::Inspect)]
    );
    let [trackio, inspect] = &found[..] else { panic!("{found:?}") };
    assert_eq!((inspect.runs.len(), inspect.problems.len()), (1, 1));
    assert_eq!(inspect.problems[0].code(), "R0130");
    let curve = trackio.runs[0].curves[0];
    assert_eq!((&*trackio.metrics[curve.metric], curve.values, curve.not_finite), ("val/loss", 2, 1));
    assert_eq!((curve.first_step, curve.last_step, curve.low, curve.high), (1, 2, 3.5, 3.5));
    assert_eq!((trackio.runs[0].settings, &*trackio.runs[0].name), (1, "first"));
    assert_eq!(trackio.table.rows(), 1);
}

/// A row group of minus some rows had no end, and for a dictionary of a few bytes 13 GB were reserved.
#[test]
fn what_parquet_claims_is_checked_before_there_is_room_for_it() {
    let rows: &[u8] = include_bytes!("../../../fuzz/corpus/parquet/negative_rows");
    let dictionary: &[u8] = include_bytes!("../../../fuzz/corpus/parquet/huge_dictionary");
    // The dictionary is that of a column that only a whole table has; the header before it is none.
    for (bytes, claim, name, tool) in [
        (rows, "claims -", "a_part_0.parquet", Tool::Neptune),
        (rows, "claims -", "project.parquet", Tool::Trackio),
        (dictionary, "header of a page", "project.parquet", Tool::Trackio),
    ] {
        let dir = place(name, bytes);
        let options = ReadOptions { from: Some(tool), ..ReadOptions::default() };
        let error = RunTable::read(&[dir.path().join(name)], &options).unwrap_err();
        assert_eq!(error.code(), "R0118", "{error}");
        assert!(error.to_string().contains(claim), "{error}");
    }
}

/// The Parquet library panics at some of these; what comes out is an error all the same.
#[test]
fn damaged_parquet_is_refused_or_read_in_part() {
    let texts = |text: &'static str| Column::from_texts((0..300).map(|_| Some(text)));
    let columns = [
        ("run_id", texts("a")),
        ("attribute_path", texts("val/loss")),
        ("attribute_type", texts("float_series")),
        ("step", Column::from((0..300).map(f64::from).collect::<Vec<_>>())),
        ("float_value", Column::from((0..300).map(|i| 1.0 / f64::from(i + 1)).collect::<Vec<_>>())),
    ];
    let columns = columns.map(|(name, column)| (name.to_owned(), column)).to_vec();
    let mut whole = Vec::new();
    RunTable::from_columns(columns).unwrap().write_parquet("whole", &mut whole).unwrap();
    let dir = place("a_part_0.parquet", &whole);
    assert_eq!(read(dir.path()).unwrap().number("val/loss").unwrap().values[299], 1.0 / 300.0);
    // A backtrace for each would take longer than the test.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    damage("a_part_0.parquet", &whole, Tool::Neptune, 250);
    std::panic::set_hook(hook);
}
