//! Logs of Inspect: `.eval` archives and `.json` files, one evaluation of one model each.
//!
//! A log is a row: a column for each score (`match/accuracy`, with the reducer behind it where it is not the
//! mean: `match/accuracy/pass_at_2`), its standard error, and tokens used. Task, model, arguments and metadata
//! are settings. Of an archive only the header is opened, not the samples; with one row
//! for each sample (`inspect_samples`), their short form is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::archive::{Archive, is_zip};
use super::json::{self, Scalar, Step};
use super::run::{Run, Setting, State};
use super::walk::{self, Dir};
use super::{Points, Sink, Unit, bad_json, inspect_samples};
use crate::error::RunsError;

const HEADER: &str = "header.json";
/// The header of an evaluation that did not end.
const START: &str = "_journal/start.json";

/// One unit for each log.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| (name, dir.path.join(name))));
    let logs = files.filter(|(name, path)| name.ends_with(".eval") || (may_be_log(name) && is_log(path)));
    logs.map(|(_, path)| Unit { path: path.clone(), files: vec![path] }).collect()
}

/// Names of logs as JSON start with the time.
fn may_be_log(name: &str) -> bool {
    name.ends_with(".json") && name.starts_with(|c: char| c.is_ascii_digit()) && name.contains('_')
}

fn is_log(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).map(|file| file.take(1 << 12).read_to_end(&mut head));
    let head = String::from_utf8_lossy(&head);
    matches!(read, Ok(Ok(_)))
        && ["\"version\"", "\"status\"", "\"eval\""].iter().all(|key| head.contains(key))
}

/// Reads one log.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let wants_samples = sink.options.points == Points::Samples;
    for path in &unit.files {
        let mut run = Run::new("", &path.display().to_string());
        if is_zip(path) {
            let mut archive = Archive::open(path)?;
            let (entry, text) = match archive.text(HEADER)? {
                Some(text) => (HEADER, text),
                None => match archive.text(START)? {
                    Some(text) => (START, text),
                    None => {
                        return Err(
                            archive.error(HEADER, "there is no such entry; is this a log of Inspect?")
                        );
                    }
                },
            };
            run.is_cut = entry == START;
            log(&text, &mut run).map_err(|fault| archive.error(entry, fault.reason))?;
            if wants_samples {
                inspect_samples::of_archive(&mut archive, &mut run.items)?;
            }
        } else {
            let text = walk::read_text(path)?;
            match log(&text, &mut run) {
                Ok(()) => {}
                Err(fault) if fault.is_end => run.is_cut = true,
                Err(fault) => return Err(bad_json(path, &text, fault)),
            }
            if wants_samples {
                // A fault was found above.
                let _ = inspect_samples::of_log(&text, &mut run.items);
            }
        }
        if run.config.get("task").is_none() {
            let (file, place) = (path.display().to_string(), "the whole file".into());
            let reason = "there is no evaluation of Inspect in it".into();
            return Err(RunsError::BadRunFile { file, place, reason });
        }
        sink.run(run)?;
    }
    Ok(())
}

/// The score that is being read: its parts come one by one.
#[derive(Default)]
struct Score {
    index: usize,
    name: String,
    reducer: String,
}

/// The newest version of its logs: the header says which one it is.
const NEWEST: f64 = 2.0;

/// Takes what a header, or the log as a whole, says about the evaluation.
fn log(text: &str, run: &mut Run) -> Result<(), json::Fault> {
    let mut score = Score::default();
    let mut found: Vec<(String, f64)> = Vec::new();
    let mut tokens = [0.0; 2];
    let mut is_newer = false;
    let walked = json::walk(text, &mut |path, scalar| match path {
        [Step::Key(key)] if key == "version" => is_newer = scalar.number().is_some_and(|it| it > NEWEST),
        [Step::Key(key)] if key == "status" => {
            run.state = match &scalar {
                Scalar::Text(status) if status == "success" => State::Finished,
                Scalar::Text(status) if status == "started" => State::Running,
                _ => State::Failed,
            };
        }
        [Step::Key(top), Step::Key(key)] if top == "eval" => match (&**key, scalar) {
            ("model", Scalar::Text(model)) => {
                run.set("model", Setting::Text(model.clone().into_owned()));
                run.name = model.into_owned();
            }
            ("eval_id", Scalar::Text(id)) => run.id = id.into_owned(),
            // Logs before eval_id.
            ("run_id", Scalar::Text(id)) if run.id.is_empty() => run.id = id.into_owned(),
            (name @ ("task" | "task_version"), scalar) => run.set(name, scalar),
            _ => {}
        },
        [Step::Key(top), Step::Key(group), rest @ ..] if top == "eval" => match &**group {
            "dataset" => {
                if let [Step::Key(key)] = rest
                    && key == "samples"
                {
                    run.set("dataset.samples", scalar);
                }
            }
            "config" | "task_args" | "model_args" | "metadata" => {
                if let Some(name) = json::dotted(rest, '.')
                    && scalar != Scalar::Null
                {
                    run.set(&format!("{group}.{name}"), scalar);
                }
            }
            _ => {}
        },
        [Step::Key(top), Step::Key(count)] if top == "results" => {
            if let Some(value) = scalar.number() {
                found.push((format!("results.{count}"), value));
            }
        }
        [Step::Key(top), Step::Key(list), Step::Index(index), rest @ ..]
            if top == "results" && list == "scores" =>
        {
            if *index != score.index {
                score = Score { index: *index, ..Score::default() };
            }
            match (rest, scalar) {
                ([Step::Key(key)], Scalar::Text(text)) if key == "name" => score.name = text.into_owned(),
                ([Step::Key(key)], Scalar::Text(text)) if key == "reducer" => {
                    score.reducer = text.into_owned();
                }
                ([Step::Key(key), Step::Key(metric), Step::Key(part)], scalar)
                    if key == "metrics" && part == "value" =>
                {
                    let reducer = match &*score.reducer {
                        "" | "mean" => String::new(),
                        other => format!("/{other}"),
                    };
                    found.extend(scalar.number().map(|v| (format!("{}/{metric}{reducer}", score.name), v)));
                }
                _ => {}
            }
        }
        [Step::Key(top), Step::Key(usage), Step::Key(_), Step::Key(kind)]
            if top == "stats" && usage == "model_usage" =>
        {
            for (sum, wanted) in tokens.iter_mut().zip(["input_tokens", "output_tokens"]) {
                if kind == wanted {
                    *sum += scalar.number().unwrap_or(0.0);
                }
            }
        }
        // Newer logs repeat the metadata of the evaluation at the top.
        _ => {}
    });
    if is_newer {
        let reason = "this log is of a newer version than 2, the newest that is known; give a table of its results \
                      instead, or a log written by an older Inspect";
        return Err(json::Fault { reason, at: 1, is_end: false, item: None });
    }
    for (name, value) in found {
        run.log(&name, 0, value);
    }
    for (name, sum) in ["usage.input_tokens", "usage.output_tokens"].into_iter().zip(tokens) {
        if sum > 0.0 {
            run.log(name, 0, sum);
        }
    }
    walked
}
