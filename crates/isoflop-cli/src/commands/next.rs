//! `isoflop next`.

use std::path::Path;

use isoflop_study::{Basis, NextOptions, catalogue, next_json, next_of, read_table};

use crate::args::{Format, NextArgs};
use crate::commands::plot;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Fits what there is, and chooses the runs.
pub(crate) fn run(args: &NextArgs, messages: &Messages) -> Result<u8, Failure> {
    let folder = args.folder.as_deref();
    let catalogue = catalogue(folder, messages)?;
    let mut request = args.study.request(Default::default(), 0);
    request.law.clone_from(&args.law);
    let basis = match &args.law {
        Some(_) => {
            let table = &args.study.table;
            Basis::Runs(read_table(&args.study.runs, &table.reading.options(&table.maps)?, messages)?)
        }
        None => Basis::Law(before_any_run(args)?),
    };
    let options = options(args);
    let found = next_of(basis, &request, &options, folder, &catalogue, messages, &Bar::new(messages))?;
    match args.study.format {
        Format::Text => {
            output::print(&output::next::text(&found.model, &found.request, &found.next, found.past))?;
        }
        Format::Json => output::print_json(&next_json(&found))?,
    }
    if args.study.plot {
        plot::below(&next_json(&found), args.study.format, messages)?;
    }
    Ok(0)
}

/// A law with coefficients from elsewhere.
fn before_any_run(args: &NextArgs) -> Result<String, CliError> {
    let [what] = args.study.runs.as_slice() else {
        return Err(CliError::OneLaw { given: args.study.runs.clone() });
    };
    if Path::new(what).exists() {
        return Err(CliError::NextNeedsLaw { path: what.clone() });
    }
    Ok(what.clone())
}

fn options(args: &NextArgs) -> NextOptions {
    NextOptions {
        goals: args.goals.clone(),
        budget: args.budget,
        cost: args.cost.clone(),
        limits: args.limits.clone(),
        given: args.given.clone(),
        keep: args.keep.clone(),
        largest: args.largest,
        runs: args.runs_at_most,
        repeats: args.repeats,
        candidates: args.candidates,
        noise: args.noise,
        draws: args.draws,
    }
}
