//! `isoflop influence`.

use isoflop_study::{influence_of, reviewed_json};

use crate::args::{Format, InfluenceArgs};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Refits without each run and size, and reports.
pub(crate) fn run(args: &InfluenceArgs, messages: &Messages) -> Result<u8, Failure> {
    let request = args.study.request(args.law.changes.changes(), 0);
    let study = study(&args.study, request, args.law.folder.as_deref(), messages)?;
    let bar = Bar::counting(messages, "fits");
    let found = influence_of(&study, &args.law.law, args.budget, args.together, messages, &bar)?;
    match args.study.format {
        Format::Text => output::print(&output::influence::text(&found))?,
        Format::Json => output::print_json(&reviewed_json(&found, args.study.table.seed))?,
    }
    if args.study.plot {
        plot::below(&reviewed_json(&found, args.study.table.seed), args.study.format, messages)?;
    }
    Ok(0)
}
