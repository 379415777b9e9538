//! Loss curves of runs, to be held against the forecast of a fit.

use isoflop_fit::{Data, Fit, Group};
use isoflop_formula::Formula;
use isoflop_runs::{Points, ReadOptions, RunTable};

use crate::again::Recipe;
use crate::bind::{Bound, Wish, bind};
use crate::error::StudyError;
use crate::job::{self, Rows};
use crate::note::Listener;

/// Fewer points are no curve.
pub const FEWEST_POINTS: usize = 4;

/// Columns that may name the run of a row, the first one that is there.
const NAMES: [&str; 5] = ["run", "run_id", "run_name", "name", "id"];

/// Every logged point of some runs, with the columns that a law reads.
#[derive(Debug)]
pub struct RunCurves {
    /// The points, in the order of the table.
    pub data: Data,
    /// The run of each point.
    pub runs: Group,
}

/// Reads the curves of runs, all their points, with the columns, definitions and filters of a `fit` of `formula`. Runs are told
/// apart by a column `run` (or `run_id`, `run_name`, `name`, `id`), which the readers of tools make themselves.
///
/// # Errors
/// Files that cannot be read, columns of the law that they lack, or no column that names the runs.
pub fn read_curves(
    curves: &[String],
    recipe: &Recipe,
    formula: &Formula,
    fit: &Fit,
    notes: &dyn Listener,
) -> Result<RunCurves, StudyError> {
    let reading = ReadOptions { points: Points::Every, ..recipe.reading.clone() };
    let mut table = RunTable::read(curves, &reading)?;
    let mut rows = Rows::of(&table);
    let mapping = job::prepare(&mut table, &recipe.request, &mut rows, notes)?;
    let is_there = |name: &&&str| mapping.resolve(&table, name).is_ok_and(|c| table.column(c).is_some());
    let none = || {
        let known = table.names().map(str::to_owned).collect();
        StudyError::NoRunsColumn { files: curves.join(", "), known }
    };
    let levels = [(*NAMES.iter().find(is_there).ok_or_else(none)?).to_owned()];
    let objective = fit.objective.name.parse()?;
    let wish = Wish { objective, weight: None, cluster: None, also: &[], levels: &levels };
    let Bound { data, levels, .. } = bind(formula, &table, &mapping, wish)?;
    let runs = levels.into_iter().next().ok_or_else(none)?;
    let mut points = vec![0; runs.levels.len()];
    for code in &runs.codes {
        if let Some(count) = points.get_mut(*code as usize) {
            *count += 1;
        }
    }
    if points.iter().all(|count| *count < FEWEST_POINTS) {
        let files = curves.join(", ");
        notes.warning(&format!(
            "{files}: no run has {FEWEST_POINTS} points or more, so there is no curve to draw"
        ));
    }
    Ok(RunCurves { data, runs })
}
