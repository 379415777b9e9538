//! TensorBoard event files.
//!
//! A file is a series of records: length, checksum of the length, content, checksum of the content (CRC-32C,
//! masked); the content is an `Event` message. Scalars are 32-bit floats in `simple_value`, or tensors whose
//! metadata name the plugin `scalars` on the first value of a tag. A directory with event files is a run; what
//! `add_scalars` and `add_hparams` put into directories below it belongs to it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::json;
use super::proto::{Malformed, Wire, fields};
use super::run::{Run, Setting};
use super::tensor;
use super::walk::{self, Dir};
use super::{Sink, Unit};
use crate::error::RunsError;

/// Bytes in one record.
const MAX_RECORD: u64 = 64 << 20;
/// Up to this size room is made for a record before it is read; a false length must not cost memory.
const SMALL: u64 = 1 << 16;
/// Directories that hold the parts of one run, as Keras writes them.
const PARTS: [&str; 5] = ["train", "validation", "val", "eval", "test"];

fn is_events(name: &str) -> bool {
    name.contains(".tfevents.")
}

/// One unit for each directory with event files that no other such directory contains.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    // A directory comes before those inside it, which follow it at once.
    for dir in dirs.iter().filter(|dir| dir.files.iter().any(|name| is_events(name))) {
        let files = dir.files.iter().filter(|name| is_events(name)).map(|name| dir.path.join(name));
        let is_part = PARTS.contains(&dir.name().as_str());
        let root = match dir.path.parent() {
            Some(parent) if is_part => parent,
            _ => &dir.path,
        };
        match units.last_mut().filter(|unit| dir.path.starts_with(&unit.path)) {
            Some(unit) => unit.files.extend(files),
            None => units.push(Unit { path: root.to_path_buf(), files: files.collect() }),
        }
    }
    units
}

/// Reads the run of a directory, and the runs below it that are not parts of it.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let root = if unit.path.is_file() { unit.path.parent().unwrap_or(&unit.path) } else { &unit.path };
    let mut by_dir: Vec<(&Path, Vec<&PathBuf>)> = Vec::new();
    for file in &unit.files {
        let dir = file.parent().unwrap_or(root);
        match by_dir.iter_mut().find(|(known, _)| *known == dir) {
            Some((_, files)) => files.push(file),
            None => by_dir.push((dir, vec![file])),
        }
    }
    let has_own = by_dir.iter().any(|(dir, _)| *dir == root);
    let mut whole = Run::new(&walk::name_of(root), &root.display().to_string());
    for (dir, mut files) in by_dir {
        files.sort_by_key(|file| (written(file), file.to_path_buf()));
        let below = dir.strip_prefix(root).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
        let mut part = Run::new(&walk::name_of(dir), &dir.display().to_string());
        let mut is_hparams = false;
        for file in files {
            is_hparams |= read_file(file, &mut part)?;
        }
        if below.is_empty() {
            merge(&mut whole, part, |tag| tag.to_owned());
        } else if is_hparams && has_own {
            merge(&mut whole, part, |tag| tag.to_owned());
        } else if has_own && is_of_tag(&part, &below) {
            merge(&mut whole, part, |_| below.clone());
        } else if PARTS.contains(&below.as_str()) {
            merge(&mut whole, part, |tag| format!("{below}/{tag}"));
        } else {
            part.name = format!("{}/{below}", whole.name);
            sink.run(part)?;
        }
    }
    if whole.points() > 0 || whole.is_cut { sink.run(whole) } else { Ok(()) }
}

/// Whether a directory was made by `add_scalars`: its name is that of its only tag, and a part.
fn is_of_tag(part: &Run, below: &str) -> bool {
    let mut tags = part.metrics.iter().map(|(tag, _)| tag);
    let Some(tag) = tags.next() else { return true };
    tags.next().is_none()
        && (below == tag || below.strip_prefix(tag).is_some_and(|rest| rest.starts_with(['/', '_'])))
}

/// The time in the name of an event file.
fn written(file: &Path) -> u64 {
    let name = walk::name_of(file);
    let time = name.split(".tfevents.").nth(1).and_then(|rest| rest.split('.').next());
    time.and_then(|time| time.parse().ok()).unwrap_or(0)
}

fn merge(whole: &mut Run, part: Run, name: impl Fn(&str) -> String) {
    for (tag, series) in part.metrics.iter() {
        whole.metrics.entry(&name(tag)).points.extend(&series.points);
    }
    for (name, setting) in part.config.iter() {
        whole.set(name, setting.clone());
    }
    whole.is_cut |= part.is_cut;
}

/// Reads an event file into the run; says whether it holds hyperparameters.
fn read_file(path: &Path, run: &mut Run) -> Result<bool, RunsError> {
    let name = path.display().to_string();
    let fail = |error: &io::Error| RunsError::from_path(&name, error);
    let bad = |at: u64, reason: &str| RunsError::BadRunFile {
        file: name.clone(),
        place: format!("byte {}", at + 1),
        reason: reason.to_owned(),
    };
    let mut input = BufReader::with_capacity(1 << 16, File::open(path).map_err(|error| fail(&error))?);
    let mut file = EventFile::default();
    let mut content = Vec::new();
    let mut at = 0;
    loop {
        let mut head = [0; 12];
        match fill(&mut input, &mut head).map_err(|error| fail(&error))? {
            12 => {}
            count => {
                run.is_cut |= count > 0;
                return Ok(file.is_hparams);
            }
        }
        let (length, check) = head.split_at(8);
        if masked_crc(length) != u32_of(check) {
            return Err(bad(
                at,
                match at {
                    0 => "this is not an event file of TensorBoard",
                    _ => "the checksum of this record does not match; the file is damaged",
                },
            ));
        }
        let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
        if length > MAX_RECORD {
            return Err(bad(at, "this record is larger than 64 MiB; the file is damaged"));
        }
        content.clear();
        if length < SMALL {
            content.resize(length as usize + 4, 0);
            let count = fill(&mut input, &mut content).map_err(|error| fail(&error))?;
            content.truncate(count);
        } else {
            (&mut input).take(length + 4).read_to_end(&mut content).map_err(|error| fail(&error))?;
        }
        if (content.len() as u64) < length + 4 {
            run.is_cut = true;
            return Ok(file.is_hparams);
        }
        let (event, check) = content.split_at(content.len() - 4);
        if masked_crc(event) != u32_of(check) {
            return Err(bad(at, "the checksum of this record does not match; the file is damaged"));
        }
        file.event(event, run).map_err(|Malformed| {
            bad(at, "this record is not an event of TensorBoard; the file is damaged")
        })?;
        at += 16 + length;
    }
}

/// Reads until the buffer is full or the input ends; how many bytes there were.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match input.read(&mut buffer[count..]) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}

fn u32_of(bytes: &[u8]) -> u32 {
    bytes.try_into().map_or(0, u32::from_le_bytes)
}

/// What one file says about its tags.
#[derive(Default)]
struct EventFile {
    is_hparams: bool,
    /// Plugin of each tag, which only its first value names.
    plugins: FxHashMap<String, String>,
}

impl EventFile {
    fn event(&mut self, event: &[u8], run: &mut Run) -> Result<(), Malformed> {
        let mut step = 0;
        let mut summary = None;
        let mut is_start = false;
        for field in fields(event) {
            match field? {
                (2, value) => step = value.integer().ok_or(Malformed)?,
                (5, Wire::Bytes(bytes)) => summary = Some(bytes),
                (7, Wire::Bytes(log)) => is_start = fields(log).any(|f| f == Ok((1, Wire::Varint(1)))),
                _ => {}
            }
        }
        if is_start && step > 0 {
            // The run went back to this step: what came after it before belongs to a branch left behind.
            for (_, series) in run.metrics.iter_mut() {
                series.points.retain(|point| point.step < step);
            }
        }
        for field in fields(summary.unwrap_or_default()) {
            if let (1, Wire::Bytes(value)) = field? {
                self.value(value, step, run)?;
            }
        }
        Ok(())
    }

    fn value(&mut self, message: &[u8], step: i64, run: &mut Run) -> Result<(), Malformed> {
        let (mut tag, mut scalar, mut tensor, mut plugin) = ("", None, None, None);
        for field in fields(message) {
            match field? {
                (1, value) => tag = value.text().ok_or(Malformed)?,
                (2, value) => scalar = value.float(),
                (8, Wire::Bytes(bytes)) => tensor = Some(bytes),
                (9, Wire::Bytes(metadata)) => plugin = plugin_of(metadata)?,
                _ => {}
            }
        }
        if let Some((name, content)) = plugin {
            if name == "hparams" {
                self.is_hparams = true;
                return hparams(content, run);
            }
            self.plugins.insert(tag.to_owned(), name.to_owned());
        }
        if let Some(scalar) = scalar {
            run.log(tag, step, f64::from(scalar));
            return Ok(());
        }
        let Some(bytes) = tensor else { return Ok(()) };
        match self.plugins.get(tag).map(String::as_str) {
            Some("scalars") => {
                if let Some(value) = tensor::scalar(bytes)? {
                    run.log(tag, step, value);
                }
            }
            Some("text") => {
                if let Some(text) = tensor::text(bytes)?.filter(|text| text.starts_with('{')) {
                    let _ = json::walk(text, &mut |path, scalar| {
                        if let Some(name) = json::dotted(path, '.') {
                            run.set(&name, scalar);
                        }
                    });
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Name and content of the plugin in the metadata of a value.
fn plugin_of(metadata: &[u8]) -> Result<Option<(&str, &[u8])>, Malformed> {
    let mut plugin = None;
    for field in fields(metadata) {
        if let (1, Wire::Bytes(data)) = field? {
            let (mut name, mut content) = ("", &[][..]);
            for field in fields(data) {
                match field? {
                    (1, value) => name = value.text().ok_or(Malformed)?,
                    (2, Wire::Bytes(bytes)) => content = bytes,
                    _ => {}
                }
            }
            plugin = Some((name, content));
        }
    }
    Ok(plugin)
}

/// Settings from `HParamsPluginData`: its start message has a map from names to values.
fn hparams(content: &[u8], run: &mut Run) -> Result<(), Malformed> {
    for field in fields(content) {
        let (3, Wire::Bytes(start)) = field? else { continue };
        for field in fields(start) {
            let (1, Wire::Bytes(entry)) = field? else { continue };
            let (mut name, mut setting) = ("", Setting::Missing);
            for field in fields(entry) {
                match field? {
                    (1, value) => name = value.text().ok_or(Malformed)?,
                    (2, Wire::Bytes(value)) => {
                        for field in fields(value) {
                            setting = match field? {
                                (2, value) => value.double().map_or(Setting::Missing, Setting::Number),
                                (3, value) => {
                                    value.text().map_or(Setting::Missing, |t| Setting::Text(t.into()))
                                }
                                (4, value) => {
                                    value.integer().map_or(Setting::Missing, |b| Setting::Number(b as f64))
                                }
                                _ => continue,
                            };
                        }
                    }
                    _ => {}
                }
            }
            run.set(name, setting);
        }
    }
    Ok(())
}

/// CRC-32C of the bytes, rotated and shifted as TensorFlow does; eight bytes at a time.
fn masked_crc(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    let (eights, rest) = bytes.as_chunks::<8>();
    for eight in eights {
        let word = u64::from_le_bytes(*eight) ^ u64::from(crc);
        crc = (0..8).fold(0, |crc, i| crc ^ CRC_TABLES[7 - i][usize::from((word >> (8 * i)) as u8)]);
    }
    let crc =
        !rest.iter().fold(crc, |crc, &byte| CRC_TABLES[0][usize::from((crc as u8) ^ byte)] ^ (crc >> 8));
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// What a byte does to the checksum: by itself, with one byte of zeros after it, with two, ...
const CRC_TABLES: [[u32; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 64 {
            crc = if crc & 1 == 1 { 0x82f6_3b78 ^ (crc >> 1) } else { crc >> 1 };
            bit += 1;
            if bit % 8 == 0 {
                tables[bit / 8 - 1][i] = crc;
            }
        }
        i += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_crc32c_masked() {
        // RFC 3720, B.4: 32 bytes of zeros have the CRC-32C 8a9136aa.
        let masked = |crc: u32| crc.rotate_right(15).wrapping_add(0xa282_ead8);
        assert_eq!(masked_crc(&[0; 32]), masked(0x8a91_36aa));
        // The usual check value of CRC-32C; 9 bytes are one step of eight and a rest.
        assert_eq!(masked_crc(b"123456789"), masked(0xe306_9283));
    }
}
