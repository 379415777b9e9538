//! `isoflop report`.

use std::path::Path;

use isoflop_fit::Verdict;
use isoflop_report::{Subject, page};
use serde_json::{Value, json};

use crate::again;
use crate::args::{Format, ReportArgs};
use crate::commands::fit::{NOT_CERTIFIED, finish};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output::{self, SCHEMA_VERSION, certificate};
use crate::save::Target;

/// Fits the runs, or takes a saved fit, and writes the page.
pub(crate) fn run(args: &ReportArgs, messages: &Messages) -> Result<u8, Failure> {
    let target = Target::check(&args.output)?;
    let command: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let (first, rest) =
        args.fit.runs.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let (text, verdict) = if is_saved_fit(first) {
        if args.fit.law.is_some() {
            return Err(CliError::LawOfSavedFit { path: first.to_owned() }.into());
        }
        let again = again::read(Path::new(first), rest, messages)?;
        (page(&Subject::of_saved(&again, &command)), again.saved.fit.certificate.verdict)
    } else {
        let finished = finish(&args.fit, messages)?;
        (page(&Subject::of_finished(&finished, &command)), finished.fit.certificate.verdict)
    };
    target.write(&text)?;
    let path = args.output.display().to_string();
    let word = certificate::verdict(verdict);
    match args.fit.format {
        Format::Text => output::print(&format!("{path}: {word}, {} kB\n", text.len().div_ceil(1000)))?,
        Format::Json => output::print_json(&json!({
            "schema_version": SCHEMA_VERSION,
            "isoflop_version": env!("CARGO_PKG_VERSION"),
            "report": path,
            "bytes": text.len(),
            "verdict": word,
        }))?,
    }
    Ok(if args.fit.strict && verdict == Verdict::NotCertified { NOT_CERTIFIED } else { 0 })
}

/// Whether a file is a saved fit and not a table: one JSON object with a schema.
pub(crate) fn is_saved_fit(name: &str) -> bool {
    let path = Path::new(name);
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"))
        && std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
            .is_some_and(|value| value.get("schema_version").is_some())
}
