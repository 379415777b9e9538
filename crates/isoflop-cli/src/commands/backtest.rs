//! `isoflop backtest`.

use isoflop_fit::{Backtest, FitOptions, backtest};

use crate::args::{BacktestArgs, Format};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::progress::Bar;
use crate::study::{Study, law_names};
use crate::{job, output};

/// A backtest with what a report needs.
pub(crate) struct Tested {
    pub(crate) law: String,
    pub(crate) formula: String,
    pub(crate) result: Backtest,
}

/// Fits each law to parts of the runs, forecasts the rest, and reports.
pub(crate) fn run(args: &BacktestArgs, messages: &Messages) -> Result<u8, Failure> {
    let names = law_names(&args.laws);
    if names.is_empty() {
        return Err(CliError::NoLaw { some: vec!["chinchilla".to_owned(), "henighan_c".to_owned()] }.into());
    }
    let study = Study::open(&args.study, &args.changes, args.folder.as_deref(), messages)?;
    let mut laws = Vec::new();
    for name in &names {
        let law = study.law(name, messages)?;
        let objective = job::objective(&study.single, &law)?;
        laws.push((law, objective));
    }
    let by = match &args.leave_out {
        None => Some(study.by(args.hold.by.as_deref())?),
        Some(_) => None,
    };
    let entries = study.bind(laws, by.as_deref(), args.leave_out.as_deref(), messages)?;
    let folds = match &by {
        Some(by) => entries.rolling(by, &args.hold.cuts.0)?,
        None => entries.leaving_out()?,
    };
    let mut tested = Vec::new();
    for entry in &entries.laws {
        let options = FitOptions {
            objective: Some(entry.objective),
            starts: args.study.starts.parse()?,
            bootstrap: args.bootstrap,
            interval: isoflop_fit::IntervalOptions::default(),
            level: args.study.table.level,
            seed: args.study.table.seed,
            choices: false,
            overrides: job::overrides(&study.single)?,
        };
        let result = job::with_threads(args.study.table.threads, || {
            let bar = Bar::counting(messages, "folds");
            backtest(&entry.law, &entry.data, &folds, &options, &bar)
        })??;
        let formula = entry.law.formula().text.clone();
        tested.push(Tested { law: entry.law.id.clone(), formula, result });
    }
    match args.study.format {
        Format::Text => output::print(&output::backtest::text(&tested, entries.places.len()))?,
        Format::Json => {
            let along = by.as_deref().or(args.leave_out.as_deref()).unwrap_or_default();
            output::print_json(&output::backtest::json(
                &tested,
                along,
                &entries.places,
                args.study.table.seed,
            ))?;
        }
    }
    Ok(0)
}
