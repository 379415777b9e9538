//! Trackio's Parquet export: `PROJECT.parquet` with a row for each step, and `PROJECT_configs.parquet` beside it
//! with a row for each run.

use std::path::{Path, PathBuf};

use super::run::{Named, Run, Setting};
use super::walk::Dir;
use super::{Sink, Unit, trackio_db};
use crate::cell::{Cell, read_cell};
use crate::column::Column;
use crate::error::RunsError;
use crate::read::ReadOptions;
use crate::table::RunTable;

const CONFIGS: &str = "_configs.parquet";
/// Columns that Trackio adds to metrics and settings.
const OWN: [&str; 8] = ["id", "run_id", "run_name", "timestamp", "created_at", "step", "log_id", "space_id"];

/// One unit for each project: both files. Beside the database that it was made from, an export is the same runs.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let has_database = |dir: &Dir, name: &str| {
        let database = name.trim_end_matches("parquet").to_owned() + "db";
        dir.has_file(&database) && trackio_db::is_project(&dir.path.join(database))
    };
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(move |name| (dir, name)));
    let exports = files.filter(|(_, name)| name.ends_with(".parquet"));
    let files = exports.filter(|(dir, name)| !has_database(dir, name)).map(|(dir, name)| dir.path.join(name));
    files.filter_map(|path| Some(Unit { files: vec![path.clone(), configs_of(&path)?], path })).collect()
}

/// The file of settings beside a file of metrics, if there is one.
fn configs_of(path: &Path) -> Option<PathBuf> {
    let project = path.file_name()?.to_str()?.strip_suffix(".parquet")?;
    let configs = path.with_file_name(format!("{project}{CONFIGS}"));
    configs.is_file().then_some(configs)
}

/// Reads all runs of a project.
pub(super) fn read(points: &Path, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let name = points.display().to_string();
    let table = RunTable::read_table(&name, &ReadOptions::default())?;
    let steps = table.number("step").map_err(|error| lacking(&name, &error))?;
    let names = table.require("run_name").map_err(|error| lacking(&name, &error))?;
    let keys = table.column("run_id").unwrap_or(names);
    let mut runs: Named<Run> = Named::default();
    for row in 0..table.rows() {
        let Some(key) = text(keys, row) else { continue };
        let run = runs.entry(&key);
        if run.path.is_empty() {
            run.name = text(names, row).unwrap_or_default();
            run.path = format!("{name} ({})", run.name);
            run.id.clone_from(&key);
        }
        let step = steps.values.get(row).copied().unwrap_or(f64::NAN);
        if !step.is_finite() {
            continue;
        }
        for (metric, column) in table.columns().filter(|(metric, _)| !OWN.contains(metric)) {
            if let Some(value) = setting(column, row).number() {
                run.log(metric, step as i64, value);
            }
        }
    }
    if let Some(configs) = configs_of(points) {
        let name = configs.display().to_string();
        let table = RunTable::read_table(&name, &ReadOptions::default())?;
        let keys = table.column("run_id").map_or_else(|| table.require("run_name"), Ok);
        let keys = keys.map_err(|error| lacking(&name, &error))?;
        for row in 0..table.rows() {
            let Some(run) = text(keys, row).filter(|key| runs.get(key).is_some()) else { continue };
            let run = runs.entry(&run);
            for (name, column) in table.columns() {
                // `_Username`, `_Created` and `_Group` are Trackio's own.
                if !OWN.contains(&name) && !name.starts_with('_') {
                    run.set(name, setting(column, row));
                }
            }
        }
    }
    for (_, run) in runs.iter_mut() {
        sink.run(std::mem::take(run))?;
    }
    Ok(())
}

/// The error of a file without a column that every export has.
fn lacking(file: &str, error: &RunsError) -> RunsError {
    let place = "the columns".to_owned();
    RunsError::BadRunFile { file: file.to_owned(), place, reason: error.to_string() }
}

fn setting(column: &Column, row: usize) -> Setting {
    match column {
        Column::Numbers(numbers) if numbers.missing.contains(row) => Setting::Missing,
        Column::Numbers(numbers) => {
            numbers.values.get(row).copied().map_or(Setting::Missing, Setting::Number)
        }
        Column::Text(texts) => match texts.get(row).map(|text| (text, read_cell(text, false))) {
            None | Some((_, Cell::Missing)) => Setting::Missing,
            Some((_, Cell::Number(value))) => Setting::Number(value),
            Some((text, Cell::Text(_))) => Setting::Text(text.to_owned()),
        },
    }
}

/// The text of a cell that names a run.
fn text(column: &Column, row: usize) -> Option<String> {
    match column {
        Column::Text(texts) => texts.get(row).map(str::to_owned),
        Column::Numbers(numbers) => numbers.values.get(row).map(|&value| crate::cell::number_text(value)),
    }
}
