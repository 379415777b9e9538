//! The history of runs of Weights & Biases as Parquet, as its artifacts of type `wandb-history` and its export hold
//! it: columns for metrics beside `_step`, `_timestamp` and `_runtime`.

use std::path::Path;

use super::columns::{self, number};
use super::run::Run;
use super::walk::{self, Dir};
use super::{Sink, Unit};
use crate::error::RunsError;

const STEP: &str = "_step";

/// One unit for each run: the parts in a directory of an artifact are one run, other files are one each.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for dir in dirs {
        let is_artifact = dir.name().contains("-history");
        for name in dir.files.iter().filter(|name| name.ends_with(".parquet")) {
            let path = dir.path.join(name);
            if !is_history(&path) {
                continue;
            }
            match units.last_mut().filter(|unit| is_artifact && unit.path == dir.path) {
                Some(unit) => unit.files.push(path),
                None if is_artifact => units.push(Unit { path: dir.path.clone(), files: vec![path] }),
                None => units.push(Unit { path: path.clone(), files: vec![path] }),
            }
        }
    }
    units
}

fn is_history(path: &Path) -> bool {
    let names = columns::names(path);
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    // Histories of several runs that somebody put into one table are a run table.
    let is_table = ["run", "run_id", "run_name", "name"].into_iter().any(has);
    has(STEP) && (has("_timestamp") || has("_runtime")) && !is_table
}

/// Reads one run.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let stem = walk::name_of(&unit.path);
    let stem = stem.trim_end_matches(".parquet");
    let id = stem.split("-history").next().unwrap_or(stem).trim_start_matches("run-");
    let mut run = Run::new(id, &unit.path.display().to_string());
    id.clone_into(&mut run.id);
    for file in &unit.files {
        let names = columns::names(file);
        let mut wanted = vec![STEP];
        wanted.extend(names.iter().map(String::as_str).filter(|name| !name.starts_with('_')));
        if !names.iter().any(|name| name == STEP) {
            let (file, place) = (file.display().to_string(), "the columns".into());
            let reason = "there is no column `_step`, as a history of Weights & Biases has".into();
            return Err(RunsError::BadRunFile { file, place, reason });
        }
        columns::read(file, &wanted, &mut |batch| {
            let steps = batch.numbers(0);
            for (column, name) in wanted.iter().enumerate().skip(1) {
                // Media and text are no numbers.
                let Some(values) = batch.numbers(column) else { continue };
                for row in 0..batch.rows() {
                    if let (Some(step), Some(value)) =
                        (number(steps.as_ref(), row), number(Some(&values), row))
                    {
                        run.log(name, step as i64, value);
                    }
                }
            }
            Ok(())
        })?;
    }
    sink.run(run)
}
