//! Formats and delimiters told from the first bytes.

use std::path::Path;

use super::Format;
use crate::error::RunsError;
use crate::origin::Place;

/// First bytes of a Parquet file.
pub(super) const PARQUET: &[u8; 4] = b"PAR1";

/// First bytes of files that people give by mistake, and what to call them.
const FOREIGN: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a zip archive or spreadsheet"),
    (b"\x1f\x8b", "compressed twice"),
    (b"\x28\xb5\x2f\xfd", "compressed twice"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"ARROW1", "an Arrow IPC file"),
    (b"SQLite format 3", "an SQLite database, but not one that MLflow or Trackio made"),
    (b"\x89HDF", "an HDF5 file"),
    (b"%PDF", "a PDF document"),
];

/// The format of a file from its first bytes, then from its name.
pub(super) fn format(name: &str, head: &[u8]) -> Result<Format, RunsError> {
    let unknown = |what: &str| Err(RunsError::UnknownFormat { file: name.to_owned(), what: what.to_owned() });
    if head.starts_with(PARQUET) {
        return Ok(Format::Parquet);
    }
    if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)) {
        return unknown(what);
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        let place = Place { file: name.to_owned(), number: 1, is_line: true };
        return Err(RunsError::NotUtf8 { place, what: "the file (UTF-16 by its first bytes)".into() });
    }
    let extension = extension(name);
    if matches!(extension.as_str(), "parquet" | "pq") {
        return Ok(Format::Parquet);
    }
    if head.contains(&0) {
        return unknown("binary data");
    }
    let first = head.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    match (extension.as_str(), first) {
        ("csv", _) => Ok(Format::Csv),
        ("tsv" | "tab", _) => Ok(Format::Tsv),
        (_, Some(b'[')) => unknown("a JSON array; write one object per line, as jq -c '.[]' does"),
        ("jsonl" | "ndjson", _) | (_, Some(b'{')) => Ok(Format::JsonLines),
        _ => Ok(Format::Csv),
    }
}

/// Extension in lower case, the one before `.gz` or `.zst` if there is one.
fn extension(name: &str) -> String {
    let path = Path::new(name);
    let lower =
        |path: &Path| path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    match lower(path).as_str() {
        "gz" | "zst" | "zstd" => path.file_stem().map(|stem| lower(Path::new(stem))).unwrap_or_default(),
        other => other.to_owned(),
    }
}

/// The delimiter that occurs most often in the header outside quotes; a comma if none does.
pub(super) fn delimiter(head: &[u8]) -> u8 {
    const CANDIDATES: [u8; 4] = [b',', b'\t', b';', b'|'];
    let mut counts = [0; CANDIDATES.len()];
    let mut in_quotes = false;
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(head.len());
    for &byte in &head[start..] {
        match byte {
            b'"' => in_quotes = !in_quotes,
            b'\n' if !in_quotes => break,
            _ if in_quotes => {}
            _ => {
                if let Some(i) = CANDIDATES.iter().position(|&c| c == byte) {
                    counts[i] += 1;
                }
            }
        }
    }
    // `max_by_key` takes the last of equals, so the order is turned round to prefer the comma.
    let most = (0..CANDIDATES.len()).rev().max_by_key(|&i| counts[i]);
    most.map_or(b',', |i| CANDIDATES[i])
}
