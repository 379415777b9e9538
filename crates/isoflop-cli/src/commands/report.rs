//! `isoflop report`.

use std::path::Path;

use isoflop_fit::Verdict;
use isoflop_report::{ResultFile, Subject, markdown, page, result_kind};
use isoflop_study::Recipe;
use serde_json::{Value, json};

use crate::again;
use crate::args::{Format, ReportArgs};
use crate::commands::fit::{NOT_CERTIFIED, finish};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output::{self, SCHEMA_VERSION, certificate};
use crate::print;
use crate::save::Target;

/// Fits the runs, or takes a saved fit, and writes the page.
pub(crate) fn run(args: &ReportArgs, messages: &Messages) -> Result<u8, Failure> {
    let target = Target::check(&args.output)?;
    let command: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let results = args.with.iter().map(|path| result(path)).collect::<Result<Vec<_>, _>>()?;
    let kind = Kind::of(&args.output);
    let (first, rest) =
        args.fit.runs.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let (text, verdict) = if is_saved_fit(first) {
        if args.fit.law.is_some() {
            return Err(CliError::LawOfSavedFit { path: first.to_owned() }.into());
        }
        let again = again::read(Path::new(first), rest, messages)?;
        let curves = again::curves(&again, &args.curves, messages)?;
        let mut subject = Subject::of_saved(&again, &command);
        (subject.saved, subject.results, subject.curves) = (Some(first), &results, curves.as_ref());
        (kind.text(&subject), again.saved.fit.certificate.verdict)
    } else {
        let finished = finish(&args.fit, messages)?;
        let saved = args.fit.save.as_deref().map(|path| path.display().to_string());
        let recipe = Recipe {
            reading: args.fit.table.reading.options(&args.fit.table.maps)?,
            request: args.fit.request(),
            runs: Vec::new(),
        };
        let (formula, fit) = (&finished.formula, &finished.fit);
        let curves = again::read_all(&args.curves, &recipe, formula, fit, messages)?;
        let mut subject = Subject::of_finished(&finished, &command);
        (subject.saved, subject.results, subject.curves) = (saved.as_deref(), &results, curves.as_ref());
        (kind.text(&subject), finished.fit.certificate.verdict)
    };
    match kind {
        Kind::Html | Kind::Markdown => target.write(&text)?,
        Kind::Pdf => target.write(print::pdf(&text)?)?,
    }
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

/// What is written, by the end of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Html,
    Markdown,
    Pdf,
}

impl Kind {
    fn of(path: &Path) -> Kind {
        let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        match end.as_deref() {
            Some("md" | "markdown") => Kind::Markdown,
            Some("pdf") => Kind::Pdf,
            _ => Kind::Html,
        }
    }

    fn text(self, subject: &Subject<'_>) -> String {
        if self == Kind::Markdown { markdown(subject) } else { page(subject) }
    }
}

/// Reads a result that goes with the fit.
fn result(path: &Path) -> Result<ResultFile, CliError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).ok();
    let result = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    match result.filter(|result| result_kind(result).is_some()) {
        Some(result) => Ok(ResultFile { name, result }),
        None => Err(CliError::NotAResult { path: name }),
    }
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
