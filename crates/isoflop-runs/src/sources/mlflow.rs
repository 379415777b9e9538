//! MLflow's file store: `mlruns/EXPERIMENT/RUN` with `meta.yaml`, and a file for each metric, parameter and tag.

use std::path::Path;

use super::run::{Run, Setting, State};
use super::walk::{self, Dir};
use super::{Sink, Unit, yaml};
use crate::error::RunsError;

const META: &str = "meta.yaml";

/// One unit for each directory of a run: its metadata, then the files of its parameters, tags and metrics.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    // A directory comes before those inside it, which follow it at once.
    for dir in dirs {
        if dir.has_file(META) && (dir.has_dir("metrics") || dir.has_dir("params")) {
            units.push(Unit { path: dir.path.clone(), files: vec![dir.path.join(META)] });
        } else if let Some(unit) = units.last_mut()
            && let Ok(below) = dir.path.strip_prefix(&unit.path)
            && ["params", "tags", "metrics"].iter().any(|part| below.starts_with(part))
        {
            unit.files.extend(dir.files.iter().map(|name| dir.path.join(name)));
        }
    }
    units
}

/// Reads one run.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let mut run = Run::new("", &unit.path.display().to_string());
    for file in &unit.files {
        let below = file.strip_prefix(&unit.path).unwrap_or(file);
        match kind_and_key(below) {
            Some(("metrics", key)) => metric(file, &key, &mut run, sink)?,
            Some(("params", key)) => {
                let text = lossy(file)?;
                run.set(&key, Setting::Text(text));
            }
            Some(("tags", key)) if key == "mlflow.runName" => run.name = lossy(file)?,
            Some(("tags", key)) if !key.starts_with("mlflow.") => {
                let text = lossy(file)?;
                run.set(&format!("tags.{key}"), Setting::Text(text));
            }
            Some(_) => {}
            None => yaml::settings(&lossy(file)?, &mut |name, value| meta(name, value, &mut run)),
        }
    }
    sink.run(run)
}

fn meta(name: &str, value: Setting, run: &mut Run) {
    match (name, value) {
        ("run_id", Setting::Text(id)) => run.id = id,
        ("run_id", Setting::Number(_)) => {}
        ("run_name", Setting::Text(name)) if run.name.is_empty() => run.name = name,
        ("status", Setting::Number(status)) => {
            run.state = match status as i64 {
                1 | 2 => State::Running,
                3 => State::Finished,
                4 | 5 => State::Failed,
                _ => State::Unknown,
            };
        }
        _ => {}
    }
}

/// `metrics/train/loss` as kind and key.
fn kind_and_key(below: &Path) -> Option<(&'static str, String)> {
    let mut parts = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    let first = parts.next()?;
    let kind = ["metrics", "params", "tags"].into_iter().find(|kind| *kind == first)?;
    let key = parts.collect::<Vec<_>>().join("/");
    (!key.is_empty()).then_some((kind, key))
}

fn lossy(file: &Path) -> Result<String, RunsError> {
    Ok(String::from_utf8_lossy(&walk::read_bytes(file)?).trim_end_matches('\n').to_owned())
}

/// The text without a last line that is being written.
fn whole_lines<'a>(text: &'a str, run: &mut Run) -> &'a str {
    let end = text.rfind('\n').map_or(0, |at| at + 1);
    run.is_cut |= end < text.len();
    &text[..end]
}

/// Lines of `time value [step [dataset digest]]`.
fn metric(file: &Path, key: &str, run: &mut Run, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let text = walk::read_text(file)?;
    let mut points: Vec<(i64, f64)> = Vec::new();
    for (i, line) in whole_lines(&text, run).lines().enumerate() {
        let bad = |reason: &str| RunsError::BadRunFile {
            file: file.display().to_string(),
            place: format!("line {}", i + 1),
            reason: reason.to_owned(),
        };
        let mut parts = line.split(' ');
        let (_, value, step) = (parts.next(), parts.next(), parts.next());
        let value = value.and_then(|value| value.parse::<f64>().ok());
        let step = step.map_or(Some(0), |step| step.parse::<i64>().ok());
        match (value, step) {
            (Some(value), Some(step)) => points.push((step, value)),
            _ if line.is_empty() => {}
            _ => return Err(bad("this is not a time, a value and a step")),
        }
    }
    // Who logs without steps gets step 0 for every value.
    let is_numbered = points.len() > 1 && points.iter().all(|&(step, _)| step == 0);
    if is_numbered {
        sink.tally.numbered(key, &run.path);
    }
    for (i, (step, value)) in points.into_iter().enumerate() {
        run.log(key, if is_numbered { i as i64 + 1 } else { step }, value);
    }
    Ok(())
}
