//! Errors of the crates as Python exceptions, which `isoflop/_errors.py` defines.

use isoflop_runs::RunsError;
use isoflop_study::StudyError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The exception for an error: kind, text, code, and what the kinds have beside.
pub(crate) fn raise(py: Python<'_>, error: &StudyError) -> PyErr {
    let (report, code) = (error.report(), error.code());
    let text = report.split_once(": ").map_or(report.as_str(), |(_, text)| text);
    let made = (|| -> PyResult<Bound<'_, PyAny>> {
        let module = py.import("isoflop._errors")?;
        if let Some((origin, formula, diagnostics)) = error.formula() {
            let code = diagnostics.0.first().map_or(code.as_str(), |first| first.code);
            let span = diagnostics.0.iter().find_map(|d| d.span.as_ref());
            let characters = |byte: usize| formula.get(..byte).map_or(0, |head| head.chars().count());
            let span = span.map(|span| (characters(span.start), characters(span.end)));
            return module.getattr("formula_error")?.call1((text, code, origin, formula, span));
        }
        if let Some((column, known)) = column(error) {
            return module.getattr("column_error")?.call1((text, code, column, known));
        }
        module.getattr("error")?.call1((text, code))
    })();
    made.map_or_else(|failure| failure, PyErr::from_value)
}

/// The column that an error is about, and the columns that there are.
fn column(error: &StudyError) -> Option<(String, Vec<String>)> {
    match error {
        StudyError::NoColumn { name, known } => Some((name.clone(), known.clone())),
        StudyError::OutputNotPositive { column, .. } => Some((column.clone(), Vec::new())),
        StudyError::Runs(
            RunsError::MissingColumn { column, known, .. }
            | RunsError::RoleNotFound { role: column, known, .. },
        ) => Some((column.clone(), known.clone())),
        StudyError::Runs(
            RunsError::TextInNumber { column, .. }
            | RunsError::NumberForText { column }
            | RunsError::DuplicateColumn { column, .. }
            | RunsError::UnequalLengths { column, .. },
        ) => Some((column.clone(), Vec::new())),
        _ => None,
    }
}

/// What a mistake of the program is reported as.
pub(crate) fn internal() -> PyErr {
    PyRuntimeError::new_err(format!(
        "internal error in isoflop {}. This is a mistake of the library, not of your data: please report it with \
         the code that you ran",
        env!("CARGO_PKG_VERSION")
    ))
}
