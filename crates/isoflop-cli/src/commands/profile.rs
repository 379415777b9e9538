//! `isoflop profile`.

use isoflop_study::{profiles, profiles_json};

use crate::args::{Format, ProfileArgs};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Profiles each quantity and reports.
pub(crate) fn run(args: &ProfileArgs, messages: &Messages) -> Result<u8, Failure> {
    let request = args.study.request(args.changes.changes(), 0);
    let study = study(&args.study, request, args.folder.as_deref(), messages)?;
    let (law, profiles) = profiles(&study, &args.law, &args.of, args.curve, messages, &Bar::new(messages))?;
    match args.study.format {
        Format::Text => output::print(&output::profile::text(&law, &profiles))?,
        Format::Json => {
            output::print_json(&profiles_json(&law, &profiles, args.study.table.seed))?;
        }
    }
    if args.study.plot {
        plot::below(&profiles_json(&law, &profiles, args.study.table.seed), args.study.format, messages)?;
    }
    Ok(0)
}
