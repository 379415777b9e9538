//! `isoflop reproduce`.

use isoflop_formula::closest;
use isoflop_reproduce::{Description, Outcome, Status, builtin, run as rerun};
use isoflop_study::Listener;

use crate::args::{Format, ReproduceArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Exit code of missed figures, under `--strict`.
const MISSED: u8 = 3;
/// Exit code of tables that are there and cannot be used.
const BAD_INPUT: u8 = 2;

/// Reruns the results asked for, and reports.
pub(crate) fn run(args: &ReproduceArgs, messages: &Messages) -> Result<u8, Failure> {
    let all = builtin().map_err(|error| Failure::new(error.code(), plain(&error.to_string())))?;
    let wanted: Vec<&Description> = if args.names.is_empty() {
        all.iter().collect()
    } else {
        args.names.iter().map(|name| find(&all, name)).collect::<Result<_, _>>()?
    };
    if !args.data.is_dir() {
        return Err(CliError::NoFolder { path: args.data.display().to_string() }.into());
    }
    let again = |description: &&Description| {
        messages.info(&format!("{}: {}", description.id, description.title));
        rerun(description, &args.data)
    };
    let outcomes: Vec<Outcome> = wanted.iter().map(again).collect();
    match args.format {
        Format::Text => output::print(&output::reproduced::text(&outcomes))?,
        Format::Json => output::print_json(&output::reproduced::json(&outcomes))?,
    }
    let mut failed = false;
    for outcome in &outcomes {
        if let Status::Failed { code, reason } = &outcome.status {
            failed = true;
            crate::messages::error(&format!("error {code}: {}", plain(reason)));
        }
    }
    let missed = outcomes.iter().any(|outcome| match &outcome.status {
        Status::Done { compared, .. } => !compared.iter().all(isoflop_reproduce::Compared::is_met),
        _ => false,
    });
    Ok(if failed {
        BAD_INPUT
    } else if missed && args.strict {
        MISSED
    } else {
        0
    })
}

fn find<'a>(all: &'a [Description], name: &str) -> Result<&'a Description, CliError> {
    let wanted = name.trim().to_lowercase().replace('-', "_");
    all.iter().find(|description| description.id == wanted).ok_or_else(|| CliError::UnknownResult {
        name: name.to_owned(),
        close: closest(&wanted, all.iter().map(|d| d.id.as_str())).map(str::to_owned),
        known: all.iter().map(|d| d.id.clone()).collect(),
    })
}

/// Without the code in brackets that starts the messages of libraries.
pub(crate) fn plain(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(text, |(_, message)| message)
}
