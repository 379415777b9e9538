//! MLflow's database, `mlflow.db`: runs, and for each a row for every value of a metric.
//!
//! Where a value is not a number, the row says so in a column of its own; infinities are the largest finite
//! numbers. A metric may have several rows at one step, which is the business of the rule for restarts.
//!
//! MLflow keeps the last value of every metric in a table of its own. Where only the final point of each run is wanted
//! and that table says all about it, the curves, thousands of times as many rows, are not read.

use super::run::{Named, Run, Setting, State};
use super::sqlite::{self, Database};
use super::walk::Dir;
use super::{Sink, Unit};
use crate::error::RunsError;

const RUNS: [&str; 4] = ["run_uuid", "name", "status", "lifecycle_stage"];
const METRICS: [&str; 5] = ["key", "value", "run_uuid", "step", "is_nan"];
const LATEST: [&str; 5] = ["key", "value", "step", "is_nan", "run_uuid"];
const SETTINGS: [&str; 3] = ["key", "value", "run_uuid"];

/// One unit for each database with the tables of MLflow.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| (name, dir.path.join(name))));
    let databases = files.filter(|(name, _)| sqlite::is_database(name)).map(|(_, path)| path);
    databases
        .filter(|path| sqlite::is_one(path, is_mlflow))
        .map(|path| Unit { path: path.clone(), files: vec![path] })
        .collect()
}

fn is_mlflow(database: &Database) -> Result<bool, RunsError> {
    Ok(database.has("runs", &RUNS)? && database.has("metrics", &METRICS)?)
}

/// Reads all runs of a database; those that were deleted stay in it and are left out.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for path in &unit.files {
        let database = Database::open(path)?;
        if !is_mlflow(&database)? {
            return Err(database.error("it has no tables `runs` and `metrics` as MLflow makes them"));
        }
        let mut runs = list(&database, &path.display().to_string())?;
        for table in ["params", "tags"] {
            if database.has(table, &SETTINGS)? {
                settings(&database, table, &mut runs)?;
            }
        }
        if !(sink.wants_ends_alone() && latest(&database, &mut runs)?) {
            metrics(&database, "metrics", &mut runs)?;
        }
        for (_, run) in runs.iter_mut() {
            let mut run = std::mem::take(run);
            number(&mut run, sink);
            sink.run(run)?;
        }
    }
    Ok(())
}

/// The runs that are not deleted, under their ids.
fn list(database: &Database, file: &str) -> Result<Named<Run>, RunsError> {
    let mut experiments: Vec<(i64, String)> = Vec::new();
    let has_experiments = database.has("experiments", &["experiment_id", "name"])?
        && database.has("runs", &["experiment_id"])?;
    if has_experiments {
        database.rows("SELECT experiment_id, name FROM experiments", &mut |row| {
            experiments.extend(row.integer(0).zip(row.text(1)));
            Ok(())
        })?;
    }
    let experiment = if has_experiments { "experiment_id" } else { "NULL" };
    let mut runs: Named<Run> = Named::default();
    let query = format!("SELECT run_uuid, name, status, lifecycle_stage, {experiment} FROM runs");
    database.rows(&query, &mut |row| {
        let Some(id) = row.text(0).filter(|_| row.str(3) != Some("deleted")) else { return Ok(()) };
        let run = runs.entry(&id);
        run.name = row.text(1).unwrap_or_default();
        run.state = match row.str(2) {
            Some("RUNNING" | "SCHEDULED") => State::Running,
            Some("FINISHED") => State::Finished,
            Some("FAILED" | "KILLED") => State::Failed,
            _ => State::Unknown,
        };
        if let Some((_, name)) = experiments.iter().find(|(id, _)| Some(*id) == row.integer(4)) {
            run.set("experiment", Setting::Text(name.clone()));
        }
        run.path = format!("{file} ({})", if run.name.is_empty() { &id } else { &run.name });
        run.id = id;
        Ok(())
    })?;
    Ok(runs)
}

fn settings(database: &Database, table: &str, runs: &mut Named<Run>) -> Result<(), RunsError> {
    let is_tags = table == "tags";
    database.rows(&format!("SELECT key, value, run_uuid FROM {table}"), &mut |row| {
        let (Some(key), Some(value), Some(id)) = (row.str(0), row.text(1), row.str(2)) else { return Ok(()) };
        let Some(run) = runs.get_mut(id) else { return Ok(()) };
        match key {
            "mlflow.runName" if is_tags && run.name.is_empty() => run.name = value,
            _ if is_tags && key.starts_with("mlflow.") => {}
            _ if is_tags => run.set(&format!("tags.{key}"), Setting::Text(value)),
            _ => run.set(key, Setting::Text(value)),
        }
        Ok(())
    })
}

/// Takes the last values alone. `false`, and nothing taken, where they do not say what the final point is: metrics of a run
/// that end at different steps or without one, values that are not finite.
fn latest(database: &Database, runs: &mut Named<Run>) -> Result<bool, RunsError> {
    if !database.has("latest_metrics", &LATEST)? {
        return Ok(false);
    }
    metrics(database, "latest_metrics", runs)?;
    let says_all = |run: &Run| {
        let mut ends = run.metrics.iter().flat_map(|(_, series)| &series.points);
        let first = ends.next().map(|point| point.step);
        let is_one = ends.all(|point| Some(point.step) == first);
        let mut values = run.metrics.iter().flat_map(|(_, series)| &series.points);
        is_one && first != Some(0) && values.all(|point| point.value.is_finite())
    };
    let is_enough = runs.iter().any(|(_, run)| run.points() > 0) && runs.iter().all(|(_, run)| says_all(run));
    if !is_enough {
        runs.iter_mut().for_each(|(_, run)| run.metrics = Named::default());
    }
    Ok(is_enough)
}

/// Takes the values in a table of metrics.
fn metrics(database: &Database, table: &str, runs: &mut Named<Run>) -> Result<(), RunsError> {
    database.rows(&format!("SELECT key, value, run_uuid, step, is_nan FROM {table}"), &mut |row| {
        let Some(run) = row.str(2).and_then(|id| runs.get_mut(id)) else { return Ok(()) };
        let (Some(key), Some(value)) = (row.str(0), row.number(1)) else { return Ok(()) };
        let value = match value {
            _ if row.integer(4).is_some_and(|flag| flag != 0) => f64::NAN,
            f64::MAX => f64::INFINITY,
            f64::MIN => f64::NEG_INFINITY,
            value => value,
        };
        run.log(key, row.integer(3).unwrap_or(0), value);
        Ok(())
    })
}

/// Who logs without steps gets step 0 for every value: they are numbered instead.
fn number(run: &mut Run, sink: &mut Sink<'_>) {
    let path = run.path.clone();
    for (name, series) in run.metrics.iter_mut() {
        let points = &mut series.points;
        if points.len() > 1 && points.iter().all(|point| point.step == 0) {
            sink.tally.numbered(name, &path);
            for (i, point) in points.iter_mut().enumerate() {
                point.step = i as i64 + 1;
            }
        }
    }
}
