//! `isoflop cost`.

use isoflop_plan::{Architecture, costs_given};
use isoflop_study::{StudyError, cost_given, costs_json};

use crate::args::{CostArgs, Format};
use crate::commands::plot;
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;

/// Reads the architecture and prints what the cost models say of it.
pub(crate) fn run(args: &CostArgs, messages: &Messages) -> Result<u8, Failure> {
    let path = args.arch.display().to_string();
    let text = std::fs::read_to_string(&args.arch)
        .map_err(|error| StudyError::CannotRead { path: path.clone(), reason: error.to_string() })?;
    let mut architecture = Architecture::parse(&path, &text)?.with("bytes", args.bytes);
    if let Some(context) = args.context {
        architecture = architecture.with("s", context);
    }
    let given = cost_given(&args.given, args.hardware.as_deref(), args.tokens)?;
    let costs = costs_given(&architecture, &given)?;
    match args.format {
        Format::Text => output::print(&output::cost::text(&architecture, &costs, args.tokens))?,
        Format::Json => output::print_json(&costs_json(&architecture, &costs, args.tokens))?,
    }
    if args.plot {
        plot::below(&costs_json(&architecture, &costs, args.tokens), args.format, messages)?;
    }
    Ok(0)
}
