//! Runs of Aim, exported as JSON lines: a line for each run with `run_id`, `run_name` and `hparams`, and a line for
//! each value with `run_id`, `metric`, `context`, `step` and `value`.
//!
//! Aim's own store keeps its keys in a private form that only Aim reads; `Repo.iter_runs`, `run.metrics` and
//! `json.dumps` export it in a few lines of Python.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::json::{self, Scalar, Step};
use super::run::{Named, Run, Setting};
use super::walk::Dir;
use super::{Sink, Unit, lines};
use crate::error::RunsError;

/// One unit for each file.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| dir.path.join(name)));
    let exports = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl") && is_export(path));
    exports.map(|path| Unit { path: path.clone(), files: vec![path] }).collect()
}

/// Whether the first line is a run.
fn is_export(path: &Path) -> bool {
    let mut head = Vec::new();
    let Ok(file) = File::open(path) else { return false };
    let read = BufReader::new(file.take(1 << 12)).read_until(b'\n', &mut head);
    let head = String::from_utf8_lossy(&head);
    read.is_ok()
        && head.starts_with('{')
        && ["\"run_id\"", "\"run_name\"", "\"hparams\""].iter().all(|key| head.contains(key))
}

/// One line.
#[derive(Default)]
struct Line {
    id: String,
    name: Option<String>,
    settings: Vec<(String, Setting)>,
    metric: Option<String>,
    context: Vec<String>,
    step: Option<f64>,
    value: Option<f64>,
}

/// Reads all runs of a file.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for path in &unit.files {
        let file_name = path.display().to_string();
        let mut runs: Named<Run> = Named::default();
        let is_cut = lines::each(path, line, |_, line| {
            take(line, &file_name, &mut runs);
            ControlFlow::Continue(())
        })?;
        if is_cut && let Some((_, run)) = runs.iter_mut().last() {
            run.is_cut = true;
        }
        for (_, run) in runs.iter_mut() {
            sink.run(std::mem::take(run))?;
        }
    }
    Ok(())
}

fn line(text: &str) -> Result<Line, json::Fault> {
    let mut line = Line::default();
    json::walk(text, &mut |path, scalar| match (path, scalar) {
        ([Step::Key(key)], Scalar::Text(text)) => match &**key {
            "run_id" => line.id = text.into_owned(),
            "run_name" => line.name = Some(text.into_owned()),
            "experiment" => line.settings.push(("experiment".into(), Setting::Text(text.into_owned()))),
            "metric" => line.metric = Some(text.into_owned()),
            "value" => line.value = Scalar::Text(text).number(),
            _ => {}
        },
        ([Step::Key(key)], scalar) if key == "step" => line.step = scalar.number(),
        ([Step::Key(key)], scalar) if key == "value" => line.value = scalar.number(),
        ([Step::Key(key), rest @ ..], Scalar::Text(text)) if key == "context" && !rest.is_empty() => {
            line.context.push(text.into_owned());
        }
        ([Step::Key(key), rest @ ..], scalar) if key == "hparams" && !rest.is_empty() => {
            if let Some(name) = json::dotted(rest, '.').filter(|_| scalar != Scalar::Null) {
                line.settings.push((name, scalar.into()));
            }
        }
        _ => {}
    })?;
    Ok(line)
}

fn take(line: Line, file: &str, runs: &mut Named<Run>) {
    if line.id.is_empty() {
        return;
    }
    let run = runs.entry(&line.id);
    if let Some(name) = line.name {
        run.path = format!("{file} ({name})");
        run.name = name;
    }
    if run.path.is_empty() {
        run.path = format!("{file} ({})", line.id);
    }
    run.id = line.id;
    for (name, value) in line.settings {
        run.set(&name, value);
    }
    if let (Some(metric), Some(step), Some(value)) = (line.metric, line.step, line.value) {
        // `loss` of the subset `train` is what others call train/loss.
        let name = line.context.iter().fold(String::new(), |name, part| name + part + "/") + &metric;
        run.log(&name, step as i64, value);
    }
}
