//! ClearML offline sessions: a directory or a zip archive with `task.json` and `metrics.jsonl`.
//!
//! Each line of `metrics.jsonl` is a list of events. A curve has the name of its plot and of its series,
//! `loss/train`.

use std::path::Path;

use super::archive::Archive;
use super::json::{self, Scalar, Step};
use super::run::{Run, Setting};
use super::walk::{self, Dir};
use super::{Sink, Unit, bad_json};
use crate::error::RunsError;

const TASK: &str = "task.json";
const METRICS: &str = "metrics.jsonl";

/// One unit for each session; an archive beside the directory that it was made from is the same session.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units = Vec::new();
    for dir in dirs {
        if dir.has_file(TASK) && dir.has_file(METRICS) {
            units.push(Unit {
                path: dir.path.clone(),
                files: vec![dir.path.join(TASK), dir.path.join(METRICS)],
            });
        }
        let is_session = |name: &&String| {
            name.strip_suffix(".zip").is_some_and(|stem| stem.starts_with("offline-") && !dir.has_dir(stem))
        };
        units.extend(dir.files.iter().filter(is_session).map(|name| {
            let path = dir.path.join(name);
            Unit { path: path.clone(), files: vec![path] }
        }));
    }
    units
}

/// Reads one session.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let mut run = Run::new("", &unit.path.display().to_string());
    for file in &unit.files {
        if file.extension().is_some_and(|end| end == "zip") {
            let mut archive = Archive::open(file)?;
            let lacks = |archive: &Archive, entry: &str| archive.error(entry, "there is no such entry");
            let text = archive.text(TASK)?.ok_or_else(|| lacks(&archive, TASK))?;
            task(&text, &mut run).map_err(|fault| archive.error(TASK, fault.reason))?;
            let text = archive.text(METRICS)?.ok_or_else(|| lacks(&archive, METRICS))?;
            events(&text, &mut run)
                .map_err(|(line, fault)| archive.error(METRICS, &format!("line {line}: {}", fault.reason)))?;
        } else if file.ends_with(METRICS) {
            let text = walk::read_text(file)?;
            events(&text, &mut run).map_err(|(line, fault)| bad_line(file, line, fault.reason))?;
        } else {
            let text = walk::read_text(file)?;
            task(&text, &mut run).map_err(|fault| bad_json(file, &text, fault))?;
        }
    }
    if run.name.is_empty() {
        run.name = walk::name_of(&unit.path);
    }
    sink.run(run)
}

fn bad_line(file: &Path, line: usize, reason: &str) -> RunsError {
    RunsError::BadRunFile {
        file: file.display().to_string(),
        place: format!("line {line}"),
        reason: reason.to_owned(),
    }
}

/// Name, settings and tags; all settings are text.
fn task(text: &str, run: &mut Run) -> Result<(), json::Fault> {
    json::walk(text, &mut |path, scalar| match (path, scalar) {
        ([Step::Key(key)], Scalar::Text(text)) => match &**key {
            "id" => run.id = text.into_owned(),
            "name" => run.name = text.into_owned(),
            "project_name" => run.set("project", Setting::Text(text.into_owned())),
            _ => {}
        },
        ([Step::Key(top), Step::Key(section), Step::Key(key), Step::Key(part)], scalar)
            if top == "hyperparams" && part == "value" && scalar != Scalar::Null =>
        {
            // ClearML puts what is connected without a section under General, and slashes between dictionaries.
            match &**section {
                "General" => run.set(key, scalar),
                section => run.set(&format!("{section}.{key}"), scalar),
            }
        }
        _ => {}
    })
}

/// One event.
#[derive(Default)]
struct Event {
    index: usize,
    is_scalar: bool,
    title: String,
    series: String,
    step: Option<i64>,
    value: Option<f64>,
}

impl Event {
    fn finish(self, run: &mut Run) {
        if let (true, Some(step), Some(value)) = (self.is_scalar, self.step, self.value) {
            // A report of a single value has the series of its title.
            let name = match self.series == self.title || self.series.is_empty() {
                true => self.title,
                false => format!("{}/{}", self.title, self.series),
            };
            run.log(&name, step, value);
        }
    }
}

fn events(text: &str, run: &mut Run) -> Result<(), (usize, json::Fault)> {
    let ends_well = text.ends_with('\n');
    let last = text.lines().count();
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut event = Event::default();
        let walked = json::walk(line, &mut |path, scalar| {
            let [Step::Index(index), Step::Key(key)] = path else { return };
            if *index != event.index {
                std::mem::replace(&mut event, Event { index: *index, ..Event::default() }).finish(run);
            }
            match (&**key, scalar) {
                ("type", Scalar::Text(kind)) => event.is_scalar = kind == "training_stats_scalar",
                ("metric", Scalar::Text(title)) => event.title = title.into_owned(),
                ("variant", Scalar::Text(series)) => event.series = series.into_owned(),
                ("iter", scalar) => event.step = scalar.number().map(|step| step as i64),
                ("value", scalar) => event.value = scalar.number(),
                _ => {}
            }
        });
        match walked {
            Ok(()) => event.finish(run),
            // The line that is being written.
            Err(fault) if fault.is_end && i + 1 == last && !ends_well => run.is_cut = true,
            Err(fault) => return Err((i + 1, fault)),
        }
    }
    Ok(())
}
