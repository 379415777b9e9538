//! Text logs of training programs: presets for well-known ones, or a regular expression of the user's.
//!
//! Colours are removed; a line counts if one of the patterns is found in it. Patterns are those of the `regex`
//! crate, which take time linear in the line whatever they are.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use regex::{Captures, Regex};

use super::log_presets::{More, PRESETS, Preset, Rule};
use super::run::{Run, Setting};
use super::walk::Dir;
use super::{Sink, Unit};
use crate::cell::{Cell, read_cell};
use crate::error::RunsError;

/// Bytes looked at to tell whose log a file is.
const HEAD: u64 = 1 << 20;
/// Longer lines are cut; a log may hold the source of its program or the arguments of a cluster.
const MAX_LINE: u64 = 1 << 16;

/// Names of files that may be logs.
pub(super) fn is_log(name: &str) -> bool {
    [".log", ".txt", ".out"].iter().any(|suffix| name.ends_with(suffix))
}

/// One unit for each file with a line that a preset knows, or that the user's pattern finds.
pub(super) fn find(dirs: &[Dir], pattern: Option<&Regex>) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| (name, dir.path.join(name))));
    let logs = files.filter(|(name, _)| is_log(name)).filter(|(_, path)| is_known(path, pattern));
    logs.map(|(_, path)| Unit { path: path.clone(), files: vec![path] }).collect()
}

fn is_known(path: &Path, pattern: Option<&Regex>) -> bool {
    match (pattern, File::open(path)) {
        (_, Err(_)) => false,
        (Some(pattern), Ok(file)) => lines(file.take(HEAD)).any(|line| pattern.is_match(&line)),
        (None, Ok(_)) => matches!(preset_of(path), Ok(Some(_))),
    }
}

/// The preset with the first line in the file.
fn preset_of(path: &Path) -> Result<Option<Compiled>, RunsError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| RunsError::from_path(&name, &error))?;
    let mut presets: Vec<Compiled> = PRESETS.iter().map(Compiled::new).collect();
    for line in lines(file.take(HEAD)) {
        if let Some(at) =
            presets.iter().position(|preset| preset.lines.iter().any(|(p, _)| p.is_match(&line)))
        {
            return Ok(Some(presets.swap_remove(at)));
        }
    }
    Ok(None)
}

/// A preset with its patterns compiled.
struct Compiled {
    preset: &'static Preset,
    lines: Vec<(Regex, &'static Rule)>,
    settings: Vec<(Regex, &'static str)>,
}

impl Compiled {
    fn new(preset: &'static Preset) -> Self {
        // A test compiles them all.
        let lines = preset.lines.iter().filter_map(|rule| Some((Regex::new(rule.pattern).ok()?, rule)));
        let settings = preset.settings.iter().filter_map(|(p, name)| Some((Regex::new(p).ok()?, *name)));
        Self { preset, lines: lines.collect(), settings: settings.collect() }
    }

    /// Takes a line; `block` is the step whose indented lines follow.
    fn line(&self, line: &str, block: &mut Option<i64>, run: &mut Run) {
        if let Some(step) = *block {
            if line.starts_with([' ', '\t']) {
                return indented(line, step, run);
            }
            *block = None;
        }
        for (pattern, rule) in &self.lines {
            let Some(found) = pattern.captures(line) else { continue };
            let Some(step) = number(&found, "step") else { continue };
            for &(group, metric) in rule.metrics {
                if let Some(value) = number(&found, group) {
                    run.log(metric, step as i64, value);
                }
            }
            match self.preset.more {
                More::None => {}
                More::Bars => bars(line, step as i64, run),
                More::Indented => *block = Some(step as i64),
            }
            return;
        }
        for (pattern, name) in &self.settings {
            if let Some(value) = pattern.captures(line).and_then(|found| number(&found, "value")) {
                run.set(name, Setting::Number(value));
            }
        }
    }
}

/// The other values of a line of Megatron: `| name: value` for each.
fn bars(line: &str, step: i64, run: &mut Run) {
    for part in line.split('|').skip(1) {
        let Some((name, value)) = part.rsplit_once(':') else { continue };
        if let Cell::Number(value) = read_cell(value, true) {
            run.log(name.trim(), step, value);
        }
    }
}

/// A line of OLMo-core: `    name=value`.
fn indented(line: &str, step: i64, run: &mut Run) {
    if let Some((name, value)) = line.trim().rsplit_once('=')
        && let Cell::Number(value) = read_cell(value, true)
    {
        run.log(name.trim(), step, value);
    }
}

/// The number in a group; `1.5M` and `1,234` are numbers.
fn number(found: &Captures<'_>, group: &str) -> Option<f64> {
    match read_cell(found.name(group)?.as_str(), true) {
        Cell::Number(value) => Some(value),
        _ => None,
    }
}

/// Reads a log with the user's pattern, or with the preset that knows it.
pub(super) fn read(unit: &Unit, pattern: Option<&Regex>, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for path in &unit.files {
        let file_name = path.display().to_string();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut run = Run::new(&stem, &file_name);
        let preset = match pattern {
            Some(_) => None,
            None => Some(preset_of(path)?.ok_or_else(|| RunsError::UnknownLog {
                file: file_name.clone(),
                known: PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", "),
            })?),
        };
        let file = File::open(path).map_err(|error| RunsError::from_path(&file_name, &error))?;
        let (mut count, mut block) = (0, None);
        for line in lines(file) {
            count += 1;
            match (&preset, pattern) {
                (Some(preset), _) => preset.line(&line, &mut block, &mut run),
                (None, Some(pattern)) => user_line(pattern, &line, count, &mut run),
                (None, None) => {}
            }
        }
        if run.points() == 0 {
            let place = format!("none of its {count} lines");
            let reason = "is found by the pattern, or no group in them holds a number".to_owned();
            return Err(RunsError::BadRunFile { file: file_name, place, reason });
        }
        sink.run(run)?;
    }
    Ok(())
}

/// Every named group is a metric; `step` is the step, and without it the number of the line.
fn user_line(pattern: &Regex, line: &str, count: i64, run: &mut Run) {
    for found in pattern.captures_iter(line) {
        let step = number(&found, "step").map_or(count, |step| step as i64);
        for name in pattern.capture_names().flatten().filter(|name| *name != "step") {
            if let Some(value) = number(&found, name) {
                run.log(name, step, value);
            }
        }
    }
}

/// The user's pattern.
///
/// # Errors
/// [`RunsError::BadPattern`] if it is no regular expression or names no metric.
pub(super) fn compile(text: &str) -> Result<Regex, RunsError> {
    let bad = |reason: String| RunsError::BadPattern { text: text.to_owned(), reason };
    let pattern = Regex::new(text).map_err(|error| {
        let text = error.to_string();
        bad(text.lines().last().unwrap_or("not a regular expression").trim().to_owned())
    })?;
    match pattern.capture_names().flatten().any(|name| name != "step") {
        true => Ok(pattern),
        false => Err(bad("it has no named group besides step".into())),
    }
}

/// Lines without colours, each of bounded length; a carriage return ends one too.
fn lines(input: impl Read) -> impl Iterator<Item = String> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut bytes = Vec::new();
    std::iter::from_fn(move || {
        bytes.clear();
        let count = (&mut input).take(MAX_LINE).read_until(b'\n', &mut bytes).ok()?;
        (count > 0).then(|| plain(&String::from_utf8_lossy(&bytes)))
    })
    .flat_map(|line| line.split('\r').map(str::to_owned).collect::<Vec<_>>())
}

/// The line without escape sequences.
fn plain(line: &str) -> String {
    if !line.contains('\u{1b}') {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            text.push(c);
        } else if rest.next() == Some('[') {
            for c in rest.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    text
}
