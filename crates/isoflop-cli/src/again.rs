//! A saved fit with its rows read again, by the command line that the file holds.

use std::path::Path;

use clap::Parser;
use isoflop_fit::{Fit, SavedFit};
use isoflop_formula::Formula;
use isoflop_study::{Again, Recipe, RunCurves, StudyError, read_again, read_curves};

use crate::args::{Cli, Command, FitArgs};
use crate::errors::Failure;
use crate::messages::Messages;

/// Reads a saved fit and its rows. `runs` stands in for the files of its command if it is not empty.
///
/// # Errors
/// A file that is no saved fit; runs that cannot be read; no runs at all, where the fit does not name them.
pub(crate) fn read(fit: &Path, runs: &[String], messages: &Messages) -> Result<Again, Failure> {
    Ok(read_again(fit, runs, recipe, messages)?)
}

/// The curves of runs beside a saved fit; none if none are named.
///
/// # Errors
/// Files that cannot be read, or lack a column of the law or that of runs.
pub(crate) fn curves(
    again: &Again,
    runs: &[String],
    messages: &Messages,
) -> Result<Option<RunCurves>, Failure> {
    read_all(runs, &recipe(&again.saved)?, &again.formula, &again.saved.fit, messages)
}

/// As [`curves`], for any fit.
pub(crate) fn read_all(
    runs: &[String],
    recipe: &Recipe,
    formula: &Formula,
    fit: &Fit,
    messages: &Messages,
) -> Result<Option<RunCurves>, Failure> {
    match runs.is_empty() {
        true => Ok(None),
        false => Ok(Some(read_curves(runs, recipe, formula, fit, messages)?)),
    }
}

/// What the command says; the defaults, without runs, for a fit that was not saved by this program.
pub(crate) fn recipe(saved: &SavedFit) -> Result<Recipe, StudyError> {
    let Some(args) = arguments(saved) else { return Ok(Recipe::default()) };
    let reading = args.table.reading.options(&args.table.maps)?;
    Ok(Recipe { request: args.request(), runs: args.runs, reading })
}

/// The options of the fit, from the command line that the saved file holds.
fn arguments(saved: &SavedFit) -> Option<FitArgs> {
    match Cli::try_parse_from(&saved.command).ok()?.command {
        Command::Fit(args) => Some(*args),
        Command::Report(args) => Some(args.fit),
        _ => None,
    }
}
