//! `isoflop methods`.

use isoflop_study::{methods_of, reviewed_json};

use crate::args::{Format, MethodsArgs};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Puts the approaches side by side and reports.
pub(crate) fn run(args: &MethodsArgs, messages: &Messages) -> Result<u8, Failure> {
    let request = args.study.request(args.law.changes.changes(), args.bootstrap);
    let study = study(&args.study, request, args.law.folder.as_deref(), messages)?;
    let found = methods_of(
        &study,
        &args.law.law,
        args.tolerance,
        &args.at,
        messages,
        &Bar::counting(messages, "fits"),
    )?;
    match args.study.format {
        Format::Text => output::print(&output::methods::text(&found))?,
        Format::Json => output::print_json(&reviewed_json(&found, args.study.table.seed))?,
    }
    if args.study.plot {
        plot::below(&reviewed_json(&found, args.study.table.seed), args.study.format, messages)?;
    }
    Ok(0)
}
