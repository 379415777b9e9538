//! Trackio's JSON lines: `inbox/HASH/*.jsonl`, one object for each row that was logged.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::json::{self, Scalar, Step};
use super::run::{Named, Run, Setting};
use super::walk::{self, Dir};
use super::{Sink, Unit, lines, sqlite, trackio_db, trackio_parquet};
use crate::error::RunsError;

/// One unit for each directory of such files.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units = Vec::new();
    for dir in dirs {
        let files = dir.files.iter().filter(|name| name.ends_with(".jsonl")).map(|name| dir.path.join(name));
        let files: Vec<_> = files.filter(|path| is_trackio(path)).collect();
        if !files.is_empty() {
            units.push(Unit { path: dir.path.clone(), files });
        }
    }
    units
}

/// Whether the first line is a row of Trackio.
fn is_trackio(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = File::open(path) else { return false };
    if BufReader::new(file.take(1 << 12)).read_until(b'\n', &mut head).is_err() {
        return false;
    }
    let head = String::from_utf8_lossy(&head);
    let (mut has_kind, mut has_version) = (false, false);
    // What follows the first 4 KiB does not matter.
    let _ = json::walk(&head, &mut |path, _| match path {
        [Step::Key(key)] if key == "kind" => has_kind = true,
        [Step::Key(key)] if key == "v" => has_version = true,
        _ => {}
    });
    has_kind && has_version && head.contains("\"metrics\"")
}

/// One line.
#[derive(Default)]
struct Row {
    is_metric: bool,
    run: String,
    id: String,
    step: Option<i64>,
    values: Vec<(String, f64)>,
    config: Vec<(String, Setting)>,
}

/// Reads the runs of a directory; files follow each other by name.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    // A Parquet export is a unit of its own, with its settings as the second file.
    if let Some(points) =
        unit.files.first().filter(|file| file.extension().is_some_and(|end| end == "parquet"))
    {
        return trackio_parquet::read(points, sink);
    }
    if let [file] = &*unit.files
        && sqlite::is_database(&walk::name_of(file))
    {
        return trackio_db::read(file, sink);
    }
    let mut runs: Named<Run> = Named::default();
    for file in &unit.files {
        read_file(file, &mut runs)?;
    }
    for (_, run) in runs.iter_mut() {
        sink.run(std::mem::take(run))?;
    }
    Ok(())
}

fn read_file(path: &Path, runs: &mut Named<Run>) -> Result<(), RunsError> {
    let name = path.display().to_string();
    let is_cut = lines::each(path, row, |number, row| {
        if !row.is_metric {
            return ControlFlow::Continue(());
        }
        let run = runs.entry(if row.id.is_empty() { &row.run } else { &row.id });
        if run.path.is_empty() {
            run.path.clone_from(&name);
            run.name = row.run;
            run.id = row.id;
        }
        for (name, setting) in row.config {
            run.set(&name, setting);
        }
        let step = row.step.unwrap_or(i64::try_from(number).unwrap_or(i64::MAX));
        for (name, value) in row.values {
            run.log(&name, step, value);
        }
        ControlFlow::Continue(())
    })?;
    if is_cut && let Some((_, run)) = runs.iter_mut().last() {
        run.is_cut = true;
    }
    Ok(())
}

fn row(text: &str) -> Result<Row, json::Fault> {
    let mut row = Row::default();
    json::walk(text, &mut |path, scalar| match (path, scalar) {
        ([Step::Key(key)], Scalar::Text(text)) => match &**key {
            "kind" => row.is_metric = text == "metric",
            "run" => row.run = text.into_owned(),
            "run_id" => row.id = text.into_owned(),
            _ => {}
        },
        ([Step::Key(key)], scalar) if key == "step" => row.step = scalar.number().map(|step| step as i64),
        ([Step::Key(key), rest @ ..], scalar) if key == "metrics" && !rest.is_empty() => {
            if let (Some(name), Some(value)) = (json::dotted(rest, '.'), scalar.number()) {
                row.values.push((name, value));
            }
        }
        ([Step::Key(key), rest @ ..], scalar) if key == "config" && !rest.is_empty() => {
            // `_Username`, `_Created` and `_Group` are Trackio's own.
            if let Some(name) = json::dotted(rest, '.').filter(|name| !name.starts_with('_')) {
                row.config.push((name, scalar.into()));
            }
        }
        _ => {}
    })?;
    Ok(row)
}
