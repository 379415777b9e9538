//! `isoflop fit`.

use isoflop_fit::Verdict;
use isoflop_report::{Subject, main_figure};
use isoflop_study::{Finished, Listener, catalogue, fit_json, fit_table, holding, read_table};

use crate::args::{FitArgs, Format};
use crate::commands::plot::lines;
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;
use crate::save::Target;

/// Exit code of a fit that is not certified, under `--strict`.
pub(crate) const NOT_CERTIFIED: u8 = 3;

/// Reads the runs, fits the law and reports.
pub(crate) fn run(args: &FitArgs, messages: &Messages) -> Result<u8, Failure> {
    let finished = finish(args, messages)?;
    match args.format {
        Format::Text => output::print(&output::fit_text::report(&finished))?,
        Format::Json => output::print_json(&fit_json(&finished))?,
    }
    if args.plot {
        let plot = plot(&finished);
        match args.format {
            Format::Text => output::print(&format!("\n{plot}"))?,
            // Stdout is for the program that reads the JSON.
            Format::Json => messages.info(&plot),
        }
    }
    let is_certified = finished.fit.certificate.verdict != Verdict::NotCertified;
    Ok(if args.strict && !is_certified { NOT_CERTIFIED } else { 0 })
}

/// Reads the runs, fits the law and saves the fit where asked.
pub(crate) fn finish(args: &FitArgs, messages: &Messages) -> Result<Finished, Failure> {
    let catalogue = match args.law.as_deref() {
        Some(name) if !name.contains('~') && args.among.is_empty() => {
            holding(name, args.laws.as_deref(), messages)?
        }
        _ => catalogue(args.laws.as_deref(), messages)?,
    };
    if let Some(name) = args.law.as_deref().filter(|name| !name.contains('~')) {
        // A wrong name must not wait for a large table.
        catalogue.find(name)?;
    }
    let target = args.save.as_deref().map(Target::check).transpose()?;
    let table = read_table(&args.runs, &args.table.reading.options(&args.table.maps)?, messages)?;
    let finished = fit_table(table, &args.request(), &catalogue, messages, &Bar::new(messages))?;
    if let Some(target) = target {
        let command = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
        target.write(&finished.saved(command).to_json()?)?;
    }
    Ok(finished)
}

/// Runs and law along the input with the largest span, for the terminal.
fn plot(finished: &Finished) -> String {
    if !finished.formula.parts.is_empty() {
        return "no plot: the law has several outputs\n".to_owned();
    }
    match main_figure(&Subject::of_finished(finished, &[]).scene()) {
        Some(shown) => lines(&shown.figure),
        None => "no plot: the law has no numeric input\n".to_owned(),
    }
}
