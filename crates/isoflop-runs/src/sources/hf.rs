//! Hugging Face `Trainer`: `trainer_state.json`, with the architecture from `config.json` beside it.
//!
//! Every checkpoint has a `trainer_state.json` with the whole history up to it, so of the checkpoints of one
//! output directory the newest is read. Metrics get the names that the Trainer's own loggers give them:
//! `loss` is `train/loss` and `eval_loss` is `eval/loss`. Before version 5 the Trainer rounded the training
//! loss to 4 decimals, and it is a mean over `logging_steps`.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::json::{self, Scalar, Step};
use super::run::{Run, State};
use super::walk::{self, Dir};
use super::{Sink, Unit, bad_json};
use crate::error::RunsError;

const STATE: &str = "trainer_state.json";

/// Values of a log row that are not metrics.
const NOT_METRICS: [&str; 2] = ["step", "epoch"];
/// Values of the state that belong to its last step.
const TOTALS: [&str; 2] = ["total_flos", "num_input_tokens_seen"];
/// Values of the state that are settings.
const SETTINGS: [&str; 6] =
    ["max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps"];

/// One unit for each output directory.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut found: Vec<(PathBuf, u64, PathBuf)> = Vec::new();
    let mut places: FxHashMap<PathBuf, usize> = FxHashMap::default();
    for dir in dirs.iter().filter(|dir| dir.has_file(STATE)) {
        let number = dir.name().strip_prefix("checkpoint-").and_then(|step| step.parse::<u64>().ok());
        let output = match (number, dir.path.parent()) {
            (Some(_), Some(parent)) => parent.to_path_buf(),
            _ => dir.path.clone(),
        };
        // A state in the output directory itself was written at the end of training.
        let rank = number.unwrap_or(u64::MAX);
        match places.get(&output).and_then(|&at| found.get_mut(at)) {
            Some(known) if known.1 < rank => *known = (output, rank, dir.path.join(STATE)),
            Some(_) => {}
            None => {
                places.insert(output.clone(), found.len());
                found.push((output, rank, dir.path.join(STATE)));
            }
        }
    }
    found.into_iter().map(|(output, _, file)| Unit { path: output, files: vec![file] }).collect()
}

/// Reads the state, and `config.json` from beside it or from the output directory.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for file in &unit.files {
        let text = walk::read_text(file)?;
        let name = if unit.path == *file { file.parent().unwrap_or(file) } else { &unit.path };
        let mut run = Run::new(&walk::name_of(name), &file.display().to_string());
        read_state(&text, &mut run).or_else(|fault| match fault.is_end {
            true => {
                run.is_cut = true;
                Ok(())
            }
            false => Err(bad_json(file, &text, fault)),
        })?;
        let config = [file.parent(), Some(name)].into_iter().flatten().map(|dir| dir.join("config.json"));
        if let Some(config) = config.into_iter().find(|path| path.is_file()) {
            read_config(&config, &mut run)?;
        }
        sink.run(run)?;
    }
    Ok(())
}

/// A row of the history on its way into the run.
#[derive(Default)]
struct LogRow {
    index: Option<usize>,
    step: Option<f64>,
    values: Vec<(String, f64)>,
}

impl LogRow {
    fn finish(&mut self, run: &mut Run) {
        if let Some(step) = self.step.take().filter(|step| step.fract() == 0.0) {
            for (name, value) in self.values.drain(..) {
                run.log(&name, step as i64, value);
            }
        }
        self.values.clear();
    }
}

fn read_state(text: &str, run: &mut Run) -> Result<(), json::Fault> {
    let mut row = LogRow::default();
    let mut totals: Vec<(&str, f64)> = Vec::new();
    let mut last = [None, None];
    let result = json::walk(text, &mut |path, scalar| match path {
        [Step::Key(list), Step::Index(index), Step::Key(name)] if list == "log_history" => {
            if row.index != Some(*index) {
                row.finish(run);
                row.index = Some(*index);
            }
            match scalar.number() {
                Some(step) if name == "step" => row.step = Some(step),
                Some(value) if !NOT_METRICS.contains(&&**name) => row.values.push((metric(name), value)),
                _ => {}
            }
        }
        [Step::Key(name)] => {
            let number = scalar.number();
            if let Some(total) = TOTALS.iter().find(|total| **total == *name)
                && let Some(value) = number.filter(|&value| value > 0.0)
            {
                totals.push((total, value));
            } else if let Some(setting) = SETTINGS.iter().find(|setting| **setting == *name) {
                run.set(setting, scalar);
            } else if name == "global_step" {
                last[0] = number;
            } else if name == "max_steps" {
                last[1] = number;
            }
        }
        _ => {}
    });
    // The row that a cut file ends in may lack values.
    if result.map_or_else(|fault| fault.item != row.index, |()| true) {
        row.finish(run);
    }
    if let Some(step) = last[0] {
        for (name, value) in totals {
            // The last row of the history may have it already.
            let known = run.metrics.get(name).and_then(|series| series.points.last());
            if known.is_none_or(|point| point.step != step as i64) {
                run.log(name, step as i64, value);
            }
        }
        let end = run.config.get("max_steps").and_then(super::run::Setting::number);
        run.state = match end {
            Some(end) if step >= end && result.is_ok() => State::Finished,
            _ => State::Running,
        };
    }
    result
}

/// The name that the Trainer's own loggers give a metric.
fn metric(name: &str) -> String {
    if TOTALS.contains(&name) {
        return name.to_owned();
    }
    for part in ["eval", "test"] {
        if let Some(rest) = name.strip_prefix(part).and_then(|rest| rest.strip_prefix('_')) {
            return format!("{part}/{rest}");
        }
    }
    format!("train/{name}")
}

fn read_config(path: &Path, run: &mut Run) -> Result<(), RunsError> {
    let text = walk::read_text(path)?;
    json::walk(&text, &mut |keys, scalar| {
        if let Some(name) = json::dotted(keys, '.').filter(|_| keys.len() <= 2)
            && !matches!(scalar, Scalar::Null)
        {
            run.set(&name, scalar);
        }
    })
    .map_err(|fault| bad_json(path, &text, fault))
}
