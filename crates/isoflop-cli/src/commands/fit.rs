//! `isoflop fit`.

use isoflop_fit::Verdict;
use isoflop_runs::RunTable;

use crate::args::{FitArgs, Format};
use crate::commands::laws::{catalogue, holding};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output::number::counted;
use crate::save::Target;
use crate::{job, output};

/// Exit code of a fit that is not certified, under `--strict`.
const NOT_CERTIFIED: u8 = 3;

/// Reads the runs, fits the law and reports.
pub(crate) fn run(args: &FitArgs, messages: &Messages) -> Result<u8, Failure> {
    let catalogue = match args.law.as_deref() {
        Some(name) if !name.contains('~') => holding(name, args.laws.as_deref(), messages)?,
        _ => catalogue(args.laws.as_deref(), messages)?,
    };
    if let Some(name) = args.law.as_deref().filter(|name| !name.contains('~')) {
        // A wrong name must not wait for a large table.
        catalogue.find(name)?;
    }
    let target = args.save.as_deref().map(Target::check).transpose()?;
    let table = RunTable::read(&args.runs, &args.reading.options(&args.maps)?)?;
    for source in table.sources() {
        messages.info(&format!("{}: {}", source.name, counted(source.rows, "row")));
    }
    let finished = job::run(table, args, &catalogue, messages)?;
    if let Some(target) = target {
        let command = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        target.write(&finished.saved(command).to_json()?)?;
    }
    match args.format {
        Format::Text => output::print(&output::fit_text::report(&finished))?,
        Format::Json => output::print_json(&output::fit_json::fit(&finished))?,
    }
    let is_certified = finished.fit.certificate.verdict != Verdict::NotCertified;
    Ok(if args.strict && !is_certified { NOT_CERTIFIED } else { 0 })
}
