//! Weights & Biases: the `.wandb` file of a run directory, offline or synced, from version 0.16 on.
//!
//! The file is a log of records: a header of 7 bytes, then blocks of 32 KiB, in each of them chunks of checksum
//! (CRC-32 of the type and the content), length, type and content; a record larger than a block is several
//! chunks. A record is a `Record` message of W&B's protocol; of its kinds we read the run, its settings, its
//! history and its exit. Values are JSON texts or, in newer files, typed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::json::{self, Scalar};
use super::proto::{Malformed, Wire, fields};
use super::run::{Run, Setting, State};
use super::walk::{self, Dir};
use super::{Sink, Unit};
use crate::error::RunsError;
use crate::origin::Place;

/// The first bytes: `:W&B`, a magic number and version 0.
const HEADER: [u8; 7] = [0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0];
const BLOCK: u64 = 32768;
/// Bytes in one record.
const MAX_RECORD: usize = 64 << 20;

/// One unit for each run; a run that was resumed has several directories, in order of time.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut by_id = rustc_hash::FxHashMap::default();
    for dir in dirs {
        for file in dir.files.iter().filter(|name| name.ends_with(".wandb")) {
            let path = dir.path.join(file);
            // The same name in another folder may be another project's run.
            let key = (dir.path.parent().map(Path::to_path_buf), file.clone());
            let at = *by_id.entry(key).or_insert(units.len());
            match units.get_mut(at) {
                Some(unit) => unit.files.push(path),
                None => units.push(Unit { path: dir.path.clone(), files: vec![path] }),
            }
        }
    }
    for unit in &mut units {
        unit.files.sort_by_key(|file| file.parent().map(started));
    }
    units
}

/// The time in the name of a run directory, which is `run-TIME-ID` or `offline-run-TIME-ID`.
fn started(dir: &Path) -> String {
    let name = walk::name_of(dir);
    name.strip_prefix("offline-").unwrap_or(&name).to_owned()
}

/// Reads one run from all its files.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let mut run = Run::new("", &unit.files.first().unwrap_or(&unit.path).display().to_string());
    for path in &unit.files {
        run.is_cut = false;
        run.state = State::Running;
        read_file(path, &mut run)?;
    }
    if run.id.is_empty()
        && let Some(file) = unit.files.first()
    {
        let name = walk::name_of(file);
        run.id = name.trim_end_matches(".wandb").trim_start_matches("run-").to_owned();
    }
    sink.run(run)
}

fn read_file(path: &Path, run: &mut Run) -> Result<(), RunsError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| RunsError::from_path(&name, &error))?;
    let mut log = Log { input: BufReader::with_capacity(1 << 16, file), at: 0, record: Vec::new() };
    let fail = |stop: Stop, at: u64| match stop {
        Stop::Io(error) => RunsError::from_path(&name, &error),
        Stop::Bad(reason) => {
            let place = format!("byte {}", at + 1);
            RunsError::BadRunFile { file: name.clone(), place, reason: reason.into() }
        }
        Stop::TooLong => {
            let place = Place { file: name.clone(), number: at, is_line: false };
            RunsError::TooLarge { place, limit: MAX_RECORD, what: "bytes in one record" }
        }
        // Cut files are dealt with below.
        Stop::Cut => RunsError::Empty { file: name.clone() },
    };
    log.header().map_err(|stop| fail(stop, 0))?;
    loop {
        let at = log.at;
        match log.next() {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let reason = "this record is not a message of W&B; the file is damaged";
                record(&log.record, run).map_err(|Malformed| fail(Stop::Bad(reason), at))?;
            }
            Err(Stop::Cut) => {
                run.is_cut = true;
                return Ok(());
            }
            Err(stop) => return Err(fail(stop, at)),
        }
    }
}

/// Why there is no next record.
enum Stop {
    Io(io::Error),
    Bad(&'static str),
    TooLong,
    /// The file ends inside a record, as that of a live run does.
    Cut,
}

/// The records of a log.
struct Log<R> {
    input: R,
    at: u64,
    record: Vec<u8>,
}

impl<R: Read> Log<R> {
    fn header(&mut self) -> Result<(), Stop> {
        let mut header = [0; HEADER.len()];
        let count = self.fill(&mut header)?;
        match header == HEADER {
            true => Ok(()),
            false if count == 0 => Err(Stop::Cut),
            false if header.starts_with(b":W&B") => Err(Stop::Bad(
                "this is a W&B log of another version than 0, the one that is known; give its run as exported CSV or history Parquet",
            )),
            false => Err(Stop::Bad("this is not a W&B log: it does not begin with `:W&B`")),
        }
    }

    /// Reads the next record; `false` at the end.
    fn next(&mut self) -> Result<bool, Stop> {
        self.record.clear();
        let mut is_open = false;
        loop {
            let left = BLOCK - self.at % BLOCK;
            if left < 7 {
                let mut padding = [0; 7];
                if self.fill(&mut padding[..left as usize])? < left as usize {
                    return if is_open { Err(Stop::Cut) } else { Ok(false) };
                }
                continue;
            }
            let mut head = [0; 7];
            match self.fill(&mut head)? {
                0 if !is_open => return Ok(false),
                7 => {}
                _ => return Err(Stop::Cut),
            }
            let [c0, c1, c2, c3, l0, l1, kind] = head;
            let length = usize::from(u16::from_le_bytes([l0, l1]));
            let start = self.record.len();
            if start + length > MAX_RECORD {
                return Err(Stop::TooLong);
            }
            self.record.resize(start + length, 0);
            let mut record = std::mem::take(&mut self.record);
            let count = self.fill(&mut record[start..]);
            self.record = record;
            if count? < length {
                return Err(Stop::Cut);
            }
            // Space reserved for what a live run writes next.
            if head == [0; 7] {
                return Err(Stop::Cut);
            }
            let mut crc = flate2::Crc::new();
            crc.update(&[kind]);
            crc.update(&self.record[start..]);
            if crc.sum() != u32::from_le_bytes([c0, c1, c2, c3]) {
                return match self.is_at_end()? {
                    true => Err(Stop::Cut),
                    false => {
                        Err(Stop::Bad("the checksum of this record does not match; the file is damaged"))
                    }
                };
            }
            match (kind, is_open) {
                (1, false) | (4, true) => return Ok(true),
                (2, false) | (3, true) => is_open = true,
                _ => return Err(Stop::Bad("the parts of a record are out of order; the file is damaged")),
            }
        }
    }

    fn is_at_end(&mut self) -> Result<bool, Stop> {
        Ok(self.fill(&mut [0])? == 0)
    }

    /// Reads until the buffer is full or the input ends.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let mut count = 0;
        while count < buffer.len() {
            match self.input.read(&mut buffer[count..]) {
                Ok(0) => break,
                Ok(more) => count += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Stop::Io(error)),
            }
        }
        self.at += count as u64;
        Ok(count)
    }
}

/// Takes what a `Record` says about the run.
fn record(message: &[u8], run: &mut Run) -> Result<(), Malformed> {
    for field in fields(message) {
        match field? {
            (2, Wire::Bytes(history)) => history_row(history, run)?,
            (5, Wire::Bytes(config)) => settings(config, run)?,
            (17, Wire::Bytes(about)) => about_run(about, run)?,
            (18, Wire::Bytes(exit)) => {
                let code = fields(exit).filter_map(Result::ok).find(|(number, _)| *number == 1);
                let code = code.and_then(|(_, value)| value.integer()).unwrap_or(0);
                run.state = if code == 0 { State::Finished } else { State::Failed };
            }
            _ => {}
        }
    }
    Ok(())
}

fn about_run(message: &[u8], run: &mut Run) -> Result<(), Malformed> {
    let mut tags: Vec<&str> = Vec::new();
    for field in fields(message) {
        let (number, value) = field?;
        match (number, value.text()) {
            (1, Some(id)) => id.clone_into(&mut run.id),
            (4, _) => settings(value.bytes().unwrap_or_default(), run)?,
            (6, Some(group)) if !group.is_empty() => run.set("group", Setting::Text(group.to_owned())),
            (8, Some(name)) => name.clone_into(&mut run.name),
            (10, Some(tag)) => tags.push(tag),
            _ => {}
        }
    }
    if !tags.is_empty() {
        run.set("tags", Setting::Text(tags.join(",")));
    }
    Ok(())
}

/// A name with its value, as settings and history have them.
struct Item<'a> {
    name: Cow<'a, str>,
    value: Option<Typed<'a>>,
}

enum Typed<'a> {
    Json(&'a str),
    Scalar(Scalar<'a>),
}

fn item(message: &[u8]) -> Result<Item<'_>, Malformed> {
    let mut item = Item { name: Cow::Borrowed(""), value: None };
    for field in fields(message) {
        let (number, value) = field?;
        match number {
            1 | 2 => {
                let part = value.text().ok_or(Malformed)?;
                if item.name.is_empty() {
                    item.name = Cow::Borrowed(part);
                } else {
                    let dot = if number == 2 { "." } else { "" };
                    item.name.to_mut().extend([dot, part]);
                }
            }
            4 => item.value = value.integer().map(|value| Typed::Scalar(Scalar::Bool(value != 0))),
            5 => item.value = value.zigzag().map(|value| Typed::Scalar(Scalar::Number(value as f64))),
            6 => item.value = value.double().map(|value| Typed::Scalar(Scalar::Number(value))),
            7 => item.value = value.text().map(|text| Typed::Scalar(Scalar::Text(text.into()))),
            // A typed value is the same value again.
            8 | 16 if item.value.is_none() => item.value = value.text().map(Typed::Json),
            _ => {}
        }
    }
    Ok(item)
}

/// Hands over the scalars of an item under dotted names; media and histograms are objects with a `_type`.
fn scalars<'a>(item: Item<'a>, take: &mut dyn FnMut(Cow<'a, str>, Scalar<'_>)) {
    match item.value {
        None => {}
        Some(Typed::Scalar(scalar)) => take(item.name, scalar),
        Some(Typed::Json(text)) => {
            if let Some(number) = json::plain_number(text) {
                return take(item.name, Scalar::Number(number));
            }
            if text.starts_with('{') && text.contains("\"_type\"") {
                return;
            }
            // What is not JSON here is one value, not the file: it is left out.
            let _ = json::walk(text, &mut |path, scalar| match json::dotted(path, '.') {
                Some(rest) if rest.is_empty() => take(item.name.clone(), scalar),
                Some(rest) => take(format!("{}.{rest}", item.name).into(), scalar),
                None => {}
            });
        }
    }
}

fn settings(message: &[u8], run: &mut Run) -> Result<(), Malformed> {
    for field in fields(message) {
        if let (1, Wire::Bytes(update)) = field? {
            let item = item(update)?;
            if item.name != "_wandb" {
                scalars(item, &mut |name, scalar| run.set(&name, scalar));
            }
        }
    }
    Ok(())
}

fn history_row(message: &[u8], run: &mut Run) -> Result<(), Malformed> {
    let mut row: Vec<(Cow<'_, str>, f64)> = Vec::new();
    let mut step = None;
    for field in fields(message) {
        match field? {
            (1, Wire::Bytes(bytes)) => scalars(item(bytes)?, &mut |name, scalar| match scalar {
                Scalar::Text(_) | Scalar::Null => {}
                _ => match scalar.number() {
                    Some(number) if name == "_step" => step = Some(number as i64),
                    Some(value) if !name.starts_with('_') => row.push((name, value)),
                    _ => {}
                },
            }),
            (2, Wire::Bytes(bytes)) => {
                let number = fields(bytes).filter_map(Result::ok).find(|(number, _)| *number == 1);
                step = step.or(Some(number.and_then(|(_, value)| value.integer()).unwrap_or(0)));
            }
            _ => {}
        }
    }
    for (name, value) in row {
        run.log(&name, step.unwrap_or(0), value);
    }
    Ok(())
}
