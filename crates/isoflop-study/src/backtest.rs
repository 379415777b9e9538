//! Backtests of several laws on the same folds.

use isoflop_fit::{Backtest, Cuts, FitOptions, Progress, backtest};

use crate::error::StudyError;
use crate::note::Listener;
use crate::pool::with_threads;
use crate::study::Study;

/// Which rows are held out.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Cut along this input or column; `None` for C if it is there, else N.
    pub by: Option<String>,
    /// How many cuts, or where.
    pub cuts: Cuts,
    /// Instead of cutting, hold out each value of this column in turn.
    pub leave_out: Option<String>,
    /// Instead of cutting at several places, hold out the runs of the largest size alone.
    pub largest: bool,
}

impl Default for Hold {
    fn default() -> Self {
        Hold { by: None, cuts: Cuts::Count(5), leave_out: None, largest: false }
    }
}

/// Backtests with what a report needs.
#[derive(Debug)]
pub struct Backtests {
    /// One for each law.
    pub tested: Vec<Tested>,
    /// The column of the cuts, or the one of which values were left out.
    pub by: String,
    /// Place of each row.
    pub places: Vec<String>,
    /// Seed of starts and replicates.
    pub seed: u64,
}

/// A backtest of one law.
#[derive(Debug)]
pub struct Tested {
    /// Its id.
    pub law: String,
    /// Its formula.
    pub formula: String,
    /// The result.
    pub result: Backtest,
}

/// Fits each law to parts of the runs and forecasts the rest.
///
/// # Errors
/// Laws or columns that do not exist; cuts that leave too few rows; whatever [`isoflop_fit::backtest`] refuses.
pub fn backtests(
    study: &Study,
    names: &[String],
    hold: &Hold,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Backtests, StudyError> {
    let request = &study.request;
    let mut laws = Vec::new();
    for name in names {
        let law = study.law(name, notes)?;
        let objective = request.objective(&law)?;
        laws.push((law, objective));
    }
    let by = match &hold.leave_out {
        None => Some(study.by(hold.by.as_deref())?),
        Some(_) => None,
    };
    let entries = study.bind(laws, by.as_deref(), hold.leave_out.as_deref(), notes)?;
    let folds = match &by {
        Some(by) if hold.largest => entries.largest(by)?,
        Some(by) => entries.rolling(by, &hold.cuts)?,
        None => entries.leaving_out()?,
    };
    let mut tested = Vec::new();
    for entry in &entries.laws {
        let options = FitOptions {
            objective: Some(entry.objective),
            starts: request.starts.parse()?,
            bootstrap: request.bootstrap,
            level: request.level,
            seed: request.seed,
            choices: false,
            overrides: request.changes.overrides()?,
            ..FitOptions::default()
        };
        let result =
            with_threads(request.threads, || backtest(&entry.law, &entry.data, &folds, &options, progress))??;
        let formula = entry.law.formula().text.clone();
        tested.push(Tested { law: entry.law.id.clone(), formula, result });
    }
    let by = by.or_else(|| hold.leave_out.clone()).unwrap_or_default();
    Ok(Backtests { tested, by, places: entries.places, seed: request.seed })
}
