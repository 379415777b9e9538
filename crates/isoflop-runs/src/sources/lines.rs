//! Files of JSON lines, as trackers append to them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use super::json::Fault;
use crate::error::RunsError;

/// Bytes in one line.
const MAX_LINE: u64 = 64 << 20;

/// Hands over every line that is not blank, parsed and with its number, until `take` breaks. Returns whether the last
/// line just stops, as in a file that is being written; what it held is left out.
pub(super) fn each<T>(
    path: &Path,
    parse: impl Fn(&str) -> Result<T, Fault>,
    mut take: impl FnMut(u64, T) -> ControlFlow<()>,
) -> Result<bool, RunsError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| RunsError::from_path(&name, &error))?;
    let mut input = BufReader::new(file);
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = (&mut input).take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| RunsError::from_path(&name, &error))? == 0 {
            break;
        }
        let is_whole = line.ends_with(b"\n");
        let is_too_long = !is_whole && line.len() as u64 == MAX_LINE;
        let parsed = match std::str::from_utf8(&line) {
            _ if is_too_long => Err(("the line is longer than 64 MiB", false)),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => parse(text).map_err(|fault| (fault.reason, fault.is_end)),
            Err(_) => Err(("the line is not UTF-8 text", true)),
        };
        match parsed {
            Ok(parsed) => {
                if take(number, parsed).is_break() {
                    break;
                }
            }
            Err((_, true)) if !is_whole => return Ok(true),
            Err((reason, _)) => {
                let place = format!("line {number}");
                return Err(RunsError::BadRunFile { file: name, place, reason: reason.to_owned() });
            }
        }
    }
    Ok(false)
}
