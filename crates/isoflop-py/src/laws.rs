//! The catalogue, and tables that its laws simulate.

use std::path::PathBuf;

use isoflop_formula::InputKind;
use isoflop_laws::Law;
use isoflop_runs::{Column, Role, RunTable};
use isoflop_study::{StudyError, bibtex, law_json, laws_json, reproduced_json};
use pyo3::prelude::*;

use crate::options::laws_for;
use crate::table::Table;
use crate::work::{interruptible, unlocked};

/// The laws with these words, inputs, output and area, in short.
#[pyfunction]
pub(crate) fn laws(
    py: Python<'_>,
    query: String,
    inputs: Vec<String>,
    output: Option<String>,
    area: Option<String>,
    folder: Option<PathBuf>,
) -> PyResult<String> {
    unlocked(py, || {
        let catalogue = laws_for(None, folder.as_deref())?;
        let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
        let mut found = catalogue.search(&query);
        found.retain(|law| {
            inputs.iter().all(|wanted| law.inputs.iter().any(|input| is(&input.name, wanted)))
                && output.as_ref().is_none_or(|wanted| law.outputs().any(|o| is(&o.name, wanted)))
                && area.as_ref().is_none_or(|wanted| is(&law.area, wanted))
        });
        Ok(laws_json(&found).to_string())
    })
}

/// Everything about one law, and its citations as BibTeX.
#[pyfunction]
pub(crate) fn law(py: Python<'_>, id: String, folder: Option<PathBuf>) -> PyResult<(String, String)> {
    unlocked(py, || {
        let catalogue = laws_for(Some(&id), folder.as_deref())?;
        let law = catalogue.find(&id)?;
        Ok((law_json(law).to_string(), bibtex(law)))
    })
}

/// Everything about a law that is given as a formula: names other than `inputs` and the roles are parameters.
#[pyfunction]
pub(crate) fn law_of_formula(py: Python<'_>, formula: String, inputs: Vec<String>) -> PyResult<String> {
    unlocked(py, || {
        let output = formula.split('~').next().unwrap_or_default().trim();
        let roles = Role::ALL.iter().map(|role| role.name());
        let mut names: Vec<&str> = roles.chain(inputs.iter().map(String::as_str)).collect();
        // Behind `log(loss)` stands no name of a column.
        if !output.is_empty() && output.chars().all(|c| c.is_alphanumeric() || c == '_') {
            names.push(output);
        }
        names.sort_unstable();
        names.dedup();
        let law = Law::from_formula(&formula, &names, &[]).map_err(|diagnostics| StudyError::Formula {
            origin: "law".to_owned(),
            text: formula.clone(),
            diagnostics,
        })?;
        Ok(law_json(&law).to_string())
    })
}

/// Runs that a law of the catalogue gives on its design, with noise of this size.
#[pyfunction]
pub(crate) fn simulate(
    py: Python<'_>,
    id: String,
    noise: f64,
    seed: u64,
    folder: Option<PathBuf>,
) -> PyResult<Table> {
    unlocked(py, || {
        let catalogue = laws_for(Some(&id), folder.as_deref())?;
        let law = catalogue.find(&id)?;
        let data = isoflop_fit::simulate(law, noise, seed)?;
        let mut columns: Vec<(String, Column)> = Vec::new();
        let numbers = |values: &[f64]| Column::from_options(values.iter().copied().map(Some));
        if let Some(design) = &law.design {
            let table = design.table();
            columns.extend(table.texts.iter().map(|(name, texts)| {
                (name.clone(), Column::from_texts(texts.iter().map(|text| Some(text.as_str()))))
            }));
        }
        // The rows of several outputs lie below each other.
        let rows = data.rows() / law.outputs().count();
        for (input, values) in law.formula().symbols.inputs.iter().zip(&data.inputs) {
            let is_new = columns.iter().all(|(name, _)| *name != input.name);
            if matches!(input.kind, InputKind::Column) && is_new && values.len() == data.rows() {
                columns.push((input.name.clone(), numbers(&values[..rows])));
            }
        }
        for (output, values) in law.outputs().zip(data.output.chunks(rows.max(1))) {
            columns.retain(|(name, _)| *name != output.name);
            columns.push((output.name.clone(), numbers(values)));
        }
        Ok(Table::of(RunTable::from_columns(columns)?))
    })
}

/// Published results, rerun from the tables below a folder.
#[pyfunction]
pub(crate) fn reproduce(py: Python<'_>, names: Vec<String>, data: PathBuf) -> PyResult<String> {
    interruptible(py, |progress| {
        Ok(reproduced_json(&isoflop_study::reproduce(&names, &data, &(), progress)?).to_string())
    })
}
