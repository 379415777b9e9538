//! `isoflop audit`.

use std::path::Path;

use isoflop_audit::Severity;
use isoflop_study::{Listener, Request, Study, audit_of, audited_json, catalogue, read_saved, read_table};

use crate::again;
use crate::args::{AuditArgs, AuditFormat};
use crate::commands::fit::NOT_CERTIFIED;
use crate::commands::report::is_saved_fit;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// The law of an audit that names none.
const LAW: &str = "chinchilla";

/// Fits the runs, or those of a saved fit again, and reports what the checks find.
pub(crate) fn run(args: &AuditArgs, messages: &Messages) -> Result<u8, Failure> {
    let (study, law, saved) = study(args, messages)?;
    let bar = Bar::counting(messages, "fits");
    let found = audit_of(&study, &law, args.budget, messages, &bar)?;
    if saved.is_some_and(|digest| digest != found.answer.digest) {
        messages.warning("these are not the rows of the saved fit: what is audited is its law on other rows");
    }
    let seed = study.request.seed;
    match args.format {
        AuditFormat::Text => output::print(&output::audit::text(&found))?,
        AuditFormat::Json => output::print_json(&audited_json(&found, seed))?,
        AuditFormat::Md => {
            // By its name, and not by where it lies on this machine.
            let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
            let command: Vec<String> = std::iter::once("isoflop".to_owned()).chain(words).collect();
            output::print(&output::appendix::markdown(&found, &command))?;
        }
    }
    let is_serious = found.answer.audit.worst() == Some(Severity::Serious);
    Ok(if args.strict && is_serious { NOT_CERTIFIED } else { 0 })
}

/// The table and its law; for a saved fit also the digest of its rows.
fn study(args: &AuditArgs, messages: &Messages) -> Result<(Study, String, Option<String>), Failure> {
    let catalogue = catalogue(args.folder.as_deref(), messages)?;
    let (first, rest) = args.runs.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
    if is_saved_fit(first) {
        if args.law.is_some() {
            return Err(CliError::LawOfSavedFit { path: first.to_owned() }.into());
        }
        let saved = read_saved(Path::new(first))?;
        let mut recipe = again::recipe(&saved)?;
        if !rest.is_empty() {
            recipe.runs = rest.to_vec();
        }
        let law = recipe.request.law.clone();
        let (Some(law), false) = (law, recipe.runs.is_empty() || recipe.runs.iter().any(|run| run == "-"))
        else {
            return Err(CliError::NotAudited { path: first.to_owned() }.into());
        };
        let table = read_table(&recipe.runs, &recipe.reading, messages)?;
        return Ok((Study::new(table, recipe.request, catalogue, messages)?, law, Some(saved.data.sha256)));
    }
    let law = args.law.clone().unwrap_or_else(|| LAW.to_owned());
    let request = Request {
        cluster: args.cluster.clone(),
        starts: args.starts.clone(),
        changes: args.changes.changes(),
        bootstrap: args.bootstrap,
        choices: false,
        ..args.table.request()
    };
    let table = read_table(&args.runs, &args.table.reading.options(&args.table.maps)?, messages)?;
    Ok((Study::new(table, request, catalogue, messages)?, law, None))
}
