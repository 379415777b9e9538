//! `isoflop backtest`.

use isoflop_study::{Hold, StudyError, backtests, backtests_json, law_names};

use crate::args::{BacktestArgs, Format};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Fits each law to parts of the runs, forecasts the rest, and reports.
pub(crate) fn run(args: &BacktestArgs, messages: &Messages) -> Result<u8, Failure> {
    let names = law_names(&args.laws);
    if names.is_empty() {
        return Err(StudyError::NoLaw { some: vec!["chinchilla".to_owned(), "henighan_c".to_owned()] }.into());
    }
    let request = args.study.request(args.changes.changes(), args.bootstrap);
    let study = study(&args.study, request, args.folder.as_deref(), messages)?;
    let hold = Hold {
        by: args.hold.by.clone(),
        cuts: args.hold.cuts.0.clone(),
        leave_out: args.leave_out.clone(),
        largest: args.leave_largest,
    };
    let report = backtests(&study, &names, &hold, messages, &Bar::counting(messages, "folds"))?;
    match args.study.format {
        Format::Text => output::print(&output::backtest::text(&report.tested, report.places.len()))?,
        Format::Json => output::print_json(&backtests_json(&report))?,
    }
    if args.study.plot {
        plot::below(&backtests_json(&report), args.study.format, messages)?;
    }
    Ok(0)
}
