//! DVCLive: a directory with `metrics.json`, `params.yaml` and a table for each metric under `plots/metrics`.

use std::path::Path;

use super::run::{Run, State};
use super::walk::{self, Dir};
use super::{Sink, Unit, json, yaml};
use crate::cell::{Cell, read_cell};
use crate::error::RunsError;

const PLOTS: &str = "plots/metrics";

/// One unit for each directory with plots of metrics.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for dir in dirs.iter().filter(|dir| dir.files.iter().any(|name| name.ends_with(".tsv"))) {
        let Some(root) = dir.path.ancestors().find(|path| dir.path.starts_with(path.join(PLOTS))) else {
            continue;
        };
        let files = dir.files.iter().filter(|name| name.ends_with(".tsv")).map(|name| dir.path.join(name));
        match units.last_mut().filter(|unit| unit.path == root) {
            Some(unit) => unit.files.extend(files),
            None => units.push(Unit { path: root.to_path_buf(), files: files.collect() }),
        }
    }
    units
}

/// Reads one run.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let mut run = Run::new(&walk::name_of(&unit.path), &unit.path.display().to_string());
    let plots = unit.path.join(PLOTS);
    for file in &unit.files {
        let below = file.strip_prefix(&plots).unwrap_or(file).with_extension("");
        let metric = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        table(file, &metric.collect::<Vec<_>>().join("/"), &mut run)?;
    }
    let params = unit.path.join("params.yaml");
    if params.is_file() {
        yaml::settings(&walk::read_text(&params)?, &mut |name, value| run.set(name, value));
    }
    let metrics = unit.path.join("metrics.json");
    if metrics.is_file() {
        let text = walk::read_text(&metrics)?;
        // Last values: those of metrics that have no plot count as settings.
        let mut rest = Vec::new();
        let whole = json::walk(&text, &mut |path, scalar| {
            if let (Some(name), Some(value)) = (json::dotted(path, '/'), scalar.number()) {
                rest.push((name, value));
            }
        });
        run.state = if whole.is_ok() { State::Unknown } else { State::Running };
        for (name, value) in rest {
            if name != "step" && run.metrics.get(&name).is_none() {
                run.set(&name, super::run::Setting::Number(value));
            }
        }
    }
    sink.run(run)
}

/// A table with the columns `step` and, last, the value; `timestamp` may stand before them.
fn table(file: &Path, metric: &str, run: &mut Run) -> Result<(), RunsError> {
    let text = walk::read_text(file)?;
    let bad = |line: usize, reason: &str| RunsError::BadRunFile {
        file: file.display().to_string(),
        place: format!("line {line}"),
        reason: reason.to_owned(),
    };
    // A last line without its end is being written.
    let end = text.rfind('\n').map_or(0, |at| at + 1);
    run.is_cut |= end < text.len();
    let mut lines = text[..end].lines().enumerate();
    let header: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').collect()).unwrap_or_default();
    let step = header.iter().position(|name| *name == "step");
    let step = step.ok_or_else(|| bad(1, "the table has no column step"))?;
    let value = header.len() - 1;
    for (i, line) in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| match read_cell(cells.get(at).copied().unwrap_or(""), false) {
            Cell::Number(value) => Some(value),
            _ => None,
        };
        match (number(step), number(value)) {
            (Some(step), Some(value)) => run.log(metric, step as i64, value),
            (Some(_), None) if cells.len() == header.len() => {}
            _ => return Err(bad(i + 1, "this row does not hold a step and a value")),
        }
    }
    Ok(())
}
