//! A saved fit with its rows read again: what plots and reports of it need.

use std::path::Path;

use clap::Parser;
use isoflop_fit::{Data, SavedFit};
use isoflop_formula::Formula;
use isoflop_runs::RunTable;

use crate::args::{Cli, Command, FitArgs};
use crate::bind::{Bound, Wish, bind};
use crate::commands::predict;
use crate::errors::{CliError, Failure};
use crate::job::{self, Rows};
use crate::messages::Messages;
use crate::point::Fitted;

/// A saved fit and the rows that it was made from.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) saved: SavedFit,
    pub(crate) formula: Formula,
    pub(crate) data: Data,
    pub(crate) rows: Rows,
    /// Whether the rows are those of the fit, by their digest.
    pub(crate) is_same: bool,
    /// Place of each influential row of the certificate.
    pub(crate) influential: Vec<String>,
}

/// Reads a saved fit, and its rows with the columns, definitions and filters of the command that made it. `runs`
/// stands in for the files of that command if it is not empty.
///
/// # Errors
/// A file that is no saved fit; runs that cannot be read; no runs at all, where the fit does not name them.
pub(crate) fn read(fit: &Path, runs: &[String], messages: &Messages) -> Result<Again, Failure> {
    let saved = predict::read(fit)?;
    let formula = saved.formula()?;
    let path = fit.display().to_string();
    if !(Fitted { formula: &formula, fit: &saved.fit }).is_consistent() {
        let reason = "its parameters, replicates and formula do not belong together".to_owned();
        return Err(CliError::BadSavedFit { path, reason }.into());
    }
    let mut args = arguments(&saved).or_else(plain).ok_or_else(|| CliError::NoRuns { path: path.clone() })?;
    if !runs.is_empty() {
        args.runs = runs.to_vec();
    }
    if args.runs.is_empty() || args.runs.iter().any(|name| name == "-") && runs.is_empty() {
        return Err(CliError::NoRuns { path }.into());
    }
    let mut table = RunTable::read(&args.runs, &args.table.reading.options(&args.table.maps)?)?;
    let mut rows = Rows::of(&table);
    let mapping = job::prepare(&mut table, &args, &mut rows, messages)?;
    let objective = saved.fit.objective.name.parse()?;
    let wish = Wish {
        objective,
        weight: args.table.weight.as_deref(),
        cluster: args.cluster.as_deref(),
        also: &[],
        levels: &[],
    };
    let Bound { data, selected, digest, .. } = bind(&formula, &table, &mapping, wish)?;
    rows.take(&selected);
    let is_same = digest == saved.data.sha256;
    if !is_same {
        messages.warning(&format!(
            "these are not the rows of the fit ({} now, {} then): what is shown is the saved law on other rows",
            data.rows(),
            saved.data.rows
        ));
    }
    let place = |row: usize| {
        let is_known = is_same && row < data.rows();
        if is_known { table.place(selected.table_row(row)).to_string() } else { format!("row {}", row + 1) }
    };
    let influential = saved.fit.certificate.influential.iter().map(|i| place(i.row)).collect();
    Ok(Again { formula, data, rows, is_same, influential, saved })
}

/// The options of the fit, from the command line that the saved file holds.
fn arguments(saved: &SavedFit) -> Option<FitArgs> {
    match Cli::try_parse_from(&saved.command).ok()?.command {
        Command::Fit(args) => Some(*args),
        Command::Report(args) => Some(args.fit),
        _ => None,
    }
}

/// The defaults, without runs, for a fit that was not saved by this program.
fn plain() -> Option<FitArgs> {
    match Cli::try_parse_from(["isoflop", "fit", "-"]).ok()?.command {
        Command::Fit(args) => Some(FitArgs { runs: Vec::new(), ..*args }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_without_a_saved_command_are_the_defaults() {
        let args = plain().unwrap();
        assert!(
            args.runs.is_empty()
                && args.table.maps.is_empty()
                && args.table.filters.is_empty()
                && args.table.weight.is_none()
        );
    }
}
