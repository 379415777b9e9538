//! `isoflop reproduce`.

use isoflop_reproduce::{Compared, Status};
use isoflop_study::{reproduce, reproduced_json};

use crate::args::{Format, ReproduceArgs};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;

/// Exit code of missed figures, under `--strict`.
const MISSED: u8 = 3;
/// Exit code of tables that are there and cannot be used.
const BAD_INPUT: u8 = 2;

/// Reruns the results asked for, and reports.
pub(crate) fn run(args: &ReproduceArgs, messages: &Messages) -> Result<u8, Failure> {
    let outcomes = reproduce(&args.names, &args.data, messages, &())?;
    match args.format {
        Format::Text => output::print(&output::reproduced::text(&outcomes))?,
        Format::Json => output::print_json(&reproduced_json(&outcomes))?,
    }
    let mut failed = false;
    for outcome in &outcomes {
        if let Status::Failed { code, reason } = &outcome.status {
            failed = true;
            crate::messages::error(&format!("error {code}: {}", plain(reason)));
        }
    }
    let missed = outcomes.iter().any(|outcome| match &outcome.status {
        Status::Done { compared, .. } => !compared.iter().all(Compared::is_met),
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

/// Without the code in brackets that starts the messages of libraries.
pub(crate) fn plain(text: &str) -> &str {
    text.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(text, |(_, message)| message)
}
