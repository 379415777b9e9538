//! Trackio's databases: one for each project, a row for each step with its metrics as JSON, and a row for each
//! run with its settings.

use std::path::Path;

use super::json::{self, Scalar};
use super::run::{Named, Run};
use super::sqlite::{self, Database};
use super::walk::Dir;
use super::{Sink, Unit};
use crate::error::RunsError;

const METRICS: [&str; 3] = ["run_name", "step", "metrics"];
const CONFIGS: [&str; 2] = ["run_name", "config"];

/// One unit for each project.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| (name, dir.path.join(name))));
    let databases = files.filter(|(name, _)| sqlite::is_database(name)).map(|(_, path)| path);
    databases
        .filter(|path| is_project(path))
        .map(|path| Unit { path: path.clone(), files: vec![path] })
        .collect()
}

/// Whether this is a database of Trackio.
pub(super) fn is_project(path: &Path) -> bool {
    sqlite::is_one(path, |database| database.has("metrics", &METRICS))
}

/// Reads all runs of a project.
pub(super) fn read(path: &Path, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let database = Database::open(path)?;
    let columns = database.columns("metrics")?;
    if !METRICS.iter().all(|name| columns.iter().any(|column| column == name)) {
        return Err(database.error("it has no table `metrics` as Trackio makes it"));
    }
    let file = path.display().to_string();
    let mut runs: Named<Run> = Named::default();
    let id = id_of(&columns);
    database.rows(&format!("SELECT {id}, run_name, step, metrics FROM metrics"), &mut |row| {
        let (Some(id), Some(step), Some(text)) = (row.text(0), row.integer(2), row.str(3)) else {
            return Ok(());
        };
        let run = runs.entry(&id);
        if run.path.is_empty() {
            run.name = row.text(1).unwrap_or_default();
            run.path = format!("{file} ({})", run.name);
            run.id = id;
        }
        json::walk(text, &mut |path, scalar| {
            if let (Some(name), Some(value)) = (json::dotted(path, '.'), scalar.number()) {
                run.log(&name, step, value);
            }
        })
        .map_err(|fault| {
            database.error(&format!("the metrics of step {step} of {}: {}", run.name, fault.reason))
        })
    })?;
    let columns = database.columns("configs")?;
    if CONFIGS.iter().all(|name| columns.iter().any(|column| column == name)) {
        let id = id_of(&columns);
        database.rows(&format!("SELECT {id}, config FROM configs"), &mut |row| {
            let Some(run) = row.str(0).and_then(|id| runs.get_mut(id)) else { return Ok(()) };
            let text = row.str(1).unwrap_or("{}");
            json::walk(text, &mut |path, scalar| {
                // `_Username`, `_Created` and `_Group` are Trackio's own.
                if let Some(name) = json::dotted(path, '.').filter(|name| !name.starts_with('_'))
                    && scalar != Scalar::Null
                {
                    run.set(&name, scalar);
                }
            })
            .map_err(|fault| database.error(&format!("the settings of {}: {}", run.name, fault.reason)))
        })?;
    }
    for (_, run) in runs.iter_mut() {
        sink.run(std::mem::take(run))?;
    }
    Ok(())
}

/// The column that tells runs apart: older databases know them by name only.
fn id_of(columns: &[String]) -> &'static str {
    if columns.iter().any(|column| column == "run_id") { "run_id" } else { "run_name" }
}
