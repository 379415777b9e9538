//! `isoflop compare`.

use isoflop_study::{Changes, CompareRequest, comparison, comparison_json, law_names};

use crate::args::{CompareArgs, Format};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Compares the laws on the rows that all of them can use, and reports.
pub(crate) fn run(args: &CompareArgs, messages: &Messages) -> Result<u8, Failure> {
    let single = args.study.request(Changes::default(), args.bootstrap);
    let study = study(&args.study, single, args.folder.as_deref(), messages)?;
    let request = CompareRequest {
        laws: law_names(&args.laws),
        output: args.output.clone(),
        by: args.hold.by.clone(),
        cuts: args.hold.cuts.0.clone(),
        parts: args.parts,
        significance: args.significance,
    };
    let compared = comparison(&study, &request, messages, &Bar::counting(messages, "laws"))?;
    match args.study.format {
        Format::Text => output::print(&output::compare::text(&compared))?,
        Format::Json => output::print_json(&comparison_json(&compared))?,
    }
    if args.study.plot {
        plot::below(&comparison_json(&compared), args.study.format, messages)?;
    }
    Ok(0)
}
