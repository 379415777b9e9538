//! Comparisons, backtests and profiles. Each gives the JSON of the command of its name, and what there was to say.

use isoflop_study::{
    CompareRequest, Hold, Notes, Study, StudyError, backtests, backtests_json, comparison, comparison_json,
    parse_cuts, profiles, profiles_json,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::options::{Options, laws_for};
use crate::table::{Table, copied, kept};
use crate::work::interruptible;

/// JSON text, and notes with their level.
pub(crate) type Told = (String, Vec<(&'static str, String)>);

/// A study of the table by these options.
pub(crate) fn study(table: &Py<Table>, options: Options, notes: &Notes) -> Result<Study, StudyError> {
    let (request, folder) = options.request();
    let catalogue = laws_for(None, folder.as_deref())?;
    Study::new(copied(table), request, (*catalogue).clone(), notes)
}

/// Compares laws.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // They are the keyword arguments of `isoflop.compare`.
pub(crate) fn compare(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    laws: Vec<String>,
    output: String,
    by: Option<String>,
    cuts: String,
    parts: Option<usize>,
    significance: f64,
) -> PyResult<Told> {
    let cuts = parse_cuts(&cuts).map_err(PyValueError::new_err)?;
    let request = CompareRequest { laws, output, by, cuts, parts, significance };
    let notes = Notes::default();
    let json = interruptible(py, |progress| {
        let study = study(&table, options, &notes)?;
        Ok(comparison_json(&comparison(&study, &request, &notes, progress)?).to_string())
    })?;
    Ok((json, kept(&notes)))
}

/// Backtests laws.
#[pyfunction]
pub(crate) fn backtest(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    laws: Vec<String>,
    by: Option<String>,
    cuts: String,
    leave_out: Option<String>,
) -> PyResult<Told> {
    let cuts = parse_cuts(&cuts).map_err(PyValueError::new_err)?;
    let hold = Hold { by, cuts, leave_out, largest: false };
    let notes = Notes::default();
    let json = interruptible(py, |progress| {
        let study = study(&table, options, &notes)?;
        Ok(backtests_json(&backtests(&study, &laws, &hold, &notes, progress)?).to_string())
    })?;
    Ok((json, kept(&notes)))
}

/// Profiles quantities of one law.
#[pyfunction]
pub(crate) fn profile(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    law: String,
    of: Vec<String>,
    curve: usize,
) -> PyResult<Told> {
    let notes = Notes::default();
    let json = interruptible(py, |progress| {
        let study = study(&table, options, &notes)?;
        let (law, profiles) = profiles(&study, &law, &of, curve, &notes, progress)?;
        Ok(profiles_json(&law, &profiles, study.request.seed).to_string())
    })?;
    Ok((json, kept(&notes)))
}
