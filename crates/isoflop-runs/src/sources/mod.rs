//! Runs where they lie: readers for the files and directories of experiment trackers and training programs.
//!
//! A reader finds its units (files that make up a run, or several) in a listing of the path and hands runs
//! over one by one, so that a directory of very many runs needs the memory of one. Reading changes nothing.

mod aim;
mod architecture;
mod archive;
mod clearml;
mod columns;
mod decay;
mod dvclive;
mod hf;
mod inspect;
mod inspect_samples;
mod items;
mod json;
mod lightning;
mod lines;
mod lm_eval;
mod log_presets;
mod mlflow;
mod mlflow_db;
mod neptune;
mod notes;
mod options;
mod proto;
mod quantities;
mod run;
mod sink;
mod sqlite;
mod tally;
mod tensor;
mod tensorboard;
mod text_log;
mod trackio;
mod trackio_db;
mod trackio_parquet;
mod walk;
mod wandb;
mod wandb_chart;
mod wandb_history;
mod yaml;

use std::path::{Path, PathBuf};

use regex::Regex;

pub use notes::RunsNote;
pub use options::{Points, Restarts, Tool};
pub(crate) use run::Run;

use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::note::Note;
use crate::origin::Source;
use crate::read::ReadOptions;
use crate::survey::Survey;
use sink::Sink;
use walk::Dir;

/// Files that belong together.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// What messages call it.
    pub(crate) path: PathBuf,
    pub(crate) files: Vec<PathBuf>,
}

impl Tool {
    /// The units of this tool in a listing.
    fn find(self, dirs: &[Dir], pattern: Option<&Regex>) -> Vec<Unit> {
        match self {
            Tool::Wandb => wandb::find(dirs),
            Tool::TensorBoard => tensorboard::find(dirs),
            Tool::HfTrainer => hf::find(dirs),
            Tool::LmEval => lm_eval::find(dirs),
            Tool::Mlflow => mlflow::find(dirs),
            Tool::MlflowDb => mlflow_db::find(dirs),
            Tool::Trackio => {
                [trackio::find(dirs), trackio_db::find(dirs), trackio_parquet::find(dirs)].concat()
            }
            Tool::DvcLive => dvclive::find(dirs),
            Tool::Inspect => inspect::find(dirs),
            Tool::ClearMl => clearml::find(dirs),
            Tool::Neptune => neptune::find(dirs),
            Tool::Aim => aim::find(dirs),
            Tool::WandbHistory => wandb_history::find(dirs),
            Tool::Lightning => lightning::find(dirs),
            Tool::WandbChart => wandb_chart::find(dirs),
            Tool::Log => text_log::find(dirs, pattern),
        }
    }

    /// Reads the runs of a unit.
    fn read(self, unit: &Unit, pattern: Option<&Regex>, sink: &mut Sink<'_>) -> Result<(), RunsError> {
        match self {
            Tool::Wandb => wandb::read(unit, sink),
            Tool::TensorBoard => tensorboard::read(unit, sink),
            Tool::HfTrainer => hf::read(unit, sink),
            Tool::LmEval => lm_eval::read(unit, sink),
            Tool::Mlflow => mlflow::read(unit, sink),
            Tool::Trackio => trackio::read(unit, sink),
            Tool::MlflowDb => mlflow_db::read(unit, sink),
            Tool::DvcLive => dvclive::read(unit, sink),
            Tool::Inspect => inspect::read(unit, sink),
            Tool::ClearMl => clearml::read(unit, sink),
            Tool::Neptune => neptune::read(unit, sink),
            Tool::Aim => aim::read(unit, sink),
            Tool::WandbHistory => wandb_history::read(unit, sink),
            Tool::Lightning => lightning::read(unit, sink),
            Tool::WandbChart => wandb_chart::read(unit, sink),
            Tool::Log => text_log::read(unit, pattern, sink),
        }
    }
}

/// Reads the runs at a path if a tool that is known made it, and says whether it did.
///
/// A directory without runs gives `false`, and so does a file whose name no tool gives.
pub(crate) fn read(builder: &mut TableBuilder, name: &str, options: &ReadOptions) -> Result<bool, RunsError> {
    let mut found = discover(name, options)?;
    match found.len() {
        0 => return Ok(false),
        1 => {}
        _ => {
            let example = found.first().map_or("", |(tool, _)| tool.name());
            let found = found
                .iter()
                .map(|(tool, units)| format!("{} ({}, --from {})", tool.title(), units.len(), tool.name()));
            let found = found.collect::<Vec<_>>().join(" and ");
            return Err(RunsError::MixedTools { path: name.to_owned(), found, example });
        }
    }
    let (tool, units) = found.remove(0);
    let pattern = pattern(options)?;
    let first_row = start(builder, name, tool);
    let mut sink = Sink::new(builder, options, None);
    for unit in &units {
        tool.read(unit, pattern.as_ref(), &mut sink)?;
    }
    let tally = std::mem::take(&mut sink.tally);
    let notes = tally.notes(&builder.named(name.to_owned()), tool, &options.points, options.restarts);
    if builder.rows() == first_row {
        let reason = notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        return Err(RunsError::NoPoints { path: name.to_owned(), tool: tool.title(), reason });
    }
    builder.notes.extend(notes.into_iter().map(Note::Runs));
    if matches!(
        options.points,
        Points::Every | Points::Decayed | Points::Values | Points::Samples | Points::At(_)
    ) {
        builder.has_curves = true;
    }
    Ok(true)
}

/// Reads units of one tool with a summary of each run; what cannot be read does not stop the rest.
pub(crate) fn survey(
    builder: &mut TableBuilder,
    name: &str,
    tool: Tool,
    units: &[Unit],
    options: &ReadOptions,
    survey: &mut Survey,
) -> Vec<RunsError> {
    let pattern = match pattern(options) {
        Ok(pattern) => pattern,
        Err(error) => return vec![error],
    };
    start(builder, name, tool);
    let mut sink = Sink::new(builder, options, Some(survey));
    let read = |unit| tool.read(unit, pattern.as_ref(), &mut sink).err();
    let problems = units.iter().filter_map(read).collect();
    let tally = std::mem::take(&mut sink.tally);
    let notes = tally.notes(&builder.named(name.to_owned()), tool, &options.points, options.restarts);
    builder.notes.extend(notes.into_iter().map(Note::Runs));
    problems
}

/// Begins a source of runs; returns its first row.
fn start(builder: &mut TableBuilder, name: &str, tool: Tool) -> usize {
    let tool = Some(tool);
    builder.source(Source { name: name.to_owned(), format: None, compression: None, rows: 0, tool });
    builder.origins.label(1, &builder.named(name.to_owned()));
    builder.rows()
}

fn pattern(options: &ReadOptions) -> Result<Option<Regex>, RunsError> {
    options.log_pattern.as_deref().map(text_log::compile).transpose()
}

/// The tools that left something at a path, with their units. A file or directory that none of them made gives
/// none.
pub(crate) fn discover(name: &str, options: &ReadOptions) -> Result<Vec<(Tool, Vec<Unit>)>, RunsError> {
    let path = Path::new(name);
    let metadata = path.metadata().map_err(|error| RunsError::from_path(name, &error))?;
    if !metadata.is_dir() && !metadata.is_file() {
        return Ok(Vec::new());
    }
    let dirs = match metadata.is_dir() {
        true => walk::tree(path)?,
        false => vec![Dir {
            path: path.parent().unwrap_or(Path::new("")).to_path_buf(),
            files: vec![walk::name_of(path)],
            dirs: Vec::new(),
        }],
    };
    let pattern = pattern(options)?;
    let from = options.from.or(pattern.as_ref().map(|_| Tool::Log));
    let mut found: Vec<(Tool, Vec<Unit>)> = Vec::new();
    for tool in Tool::ALL.iter().copied().filter(|tool| from.is_none_or(|only| only == *tool)) {
        // A log or an exported chart beside the files of a tracker is the same run again.
        if tool.is_found_last() && !found.is_empty() {
            break;
        }
        let units = tool.find(&dirs, pattern.as_ref());
        if !units.is_empty() {
            found.push((tool, units));
        }
    }
    match from {
        Some(tool) if found.is_empty() && metadata.is_file() => {
            Ok(vec![(tool, vec![Unit { path: path.to_path_buf(), files: vec![path.to_path_buf()] }])])
        }
        Some(tool) if found.is_empty() => {
            Err(RunsError::NoRuns { path: name.to_owned(), tool: tool.title() })
        }
        // No tool owns up to a database that is damaged.
        None if found.is_empty() => {
            databases(&dirs).find_map(|path| sqlite::fault(&path)).map_or(Ok(found), Err)
        }
        _ => Ok(found),
    }
}

/// Files with the names of databases.
fn databases(dirs: &[Dir]) -> impl Iterator<Item = PathBuf> + '_ {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| (name, &dir.path)));
    files.filter(|(name, _)| sqlite::is_database(name)).map(|(name, dir)| dir.join(name))
}

/// The error of a JSON document, with its line.
fn bad_json(path: &Path, text: &str, fault: json::Fault) -> RunsError {
    let before = text.as_bytes().get(..fault.at.saturating_sub(1)).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let place = format!("line {line}");
    RunsError::BadRunFile { file: path.display().to_string(), place, reason: fault.reason.to_owned() }
}
