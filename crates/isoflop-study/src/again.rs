//! A saved fit with its rows read again: what plots and reports of it need.

use std::path::Path;

use isoflop_fit::{Data, SavedFit};
use isoflop_formula::Formula;
use isoflop_runs::{ReadOptions, RunTable};

use crate::bind::{Bound, Wish, bind};
use crate::error::StudyError;
use crate::job::{self, Rows};
use crate::note::Listener;
use crate::outputs::one_output_of;
use crate::request::Request;
use crate::saved::{formula_of, read_saved};

/// Which runs a fit was made from, and how its table was made of them.
#[derive(Debug, Clone, Default)]
pub struct Recipe {
    /// Files, patterns or directories.
    pub runs: Vec<String>,
    /// How they are read.
    pub reading: ReadOptions,
    /// Columns, definitions, filters, weights and clusters.
    pub request: Request,
}

/// A saved fit and the rows that it was made from.
#[derive(Debug)]
pub struct Again {
    /// The saved fit.
    pub saved: SavedFit,
    /// Its formula, compiled again.
    pub formula: Formula,
    /// The rows.
    pub data: Data,
    /// What became of the rows of the table.
    pub rows: Rows,
    /// Whether the rows are those of the fit, by their digest.
    pub is_same: bool,
    /// Place of each influential row of the certificate.
    pub influential: Vec<String>,
}

/// Reads a saved fit, and its rows with the columns, definitions and filters of the fit, which `recipe` knows: from the
/// command that made it, mostly. `runs` stands in for the files of the recipe if it is not empty.
///
/// # Errors
/// A file that is no saved fit; runs that cannot be read; no runs at all, where the fit does not name them.
pub fn read_again(
    fit: &Path,
    runs: &[String],
    recipe: impl FnOnce(&SavedFit) -> Result<Recipe, StudyError>,
    notes: &dyn Listener,
) -> Result<Again, StudyError> {
    let saved = read_saved(fit)?;
    let path = fit.display().to_string();
    let formula = formula_of(&saved, &path)?;
    one_output_of(&formula, &saved.law, "a figure or a report")?;
    let mut recipe = recipe(&saved)?;
    if !runs.is_empty() {
        recipe.runs = runs.to_vec();
    }
    if recipe.runs.is_empty() || recipe.runs.iter().any(|name| name == "-") && runs.is_empty() {
        return Err(StudyError::NoRuns { path });
    }
    let table = RunTable::read(&recipe.runs, &recipe.reading)?;
    over(saved, formula, table, &recipe.request, notes)
}

/// As [`read_again`], with the rows in a table that has been read.
///
/// # Errors
/// A formula that does not belong to the fit, and columns that the table lacks.
pub fn again_over(
    saved: SavedFit,
    table: RunTable,
    request: &Request,
    notes: &dyn Listener,
) -> Result<Again, StudyError> {
    let formula = formula_of(&saved, "the fit")?;
    one_output_of(&formula, &saved.law, "a figure or a report")?;
    over(saved, formula, table, request, notes)
}

fn over(
    saved: SavedFit,
    formula: Formula,
    mut table: RunTable,
    request: &Request,
    notes: &dyn Listener,
) -> Result<Again, StudyError> {
    let mut rows = Rows::of(&table);
    let mapping = job::prepare(&mut table, request, &mut rows, notes)?;
    let objective = saved.fit.objective.name.parse()?;
    let levels: Vec<String> = request.interval.strata.iter().cloned().collect();
    let wish = Wish {
        objective,
        weight: request.weight.as_deref(),
        // As the fit had it: points of one curve are not independent.
        cluster: request.cluster.as_deref().or_else(|| table.runs_column()),
        also: &[],
        levels: &levels,
    };
    let Bound { data, selected, digest, .. } = bind(&formula, &table, &mapping, wish)?;
    rows.take(&selected);
    let is_same = digest == saved.data.sha256;
    if !is_same {
        notes.warning(&format!(
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
