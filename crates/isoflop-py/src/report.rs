//! Figures of fits and results, and the report.

use isoflop_figure::{Theme, svg, vega_lite};
use isoflop_report::{ResultFile, Shown, Subject, figures_of, markdown, page, result_figures};
use isoflop_study::{Again, Notes, StudyError, again_over};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::fit::Fitted;
use crate::options::Options;
use crate::table::{Table, copied};
use crate::work::unlocked;

/// Title, caption, Vega-Lite and SVG, and the table: its head and rows.
type Drawn = (String, String, String, String, Vec<String>, Vec<Vec<String>>);

/// The figures of a result in JSON; `None` for what is no result with figures.
#[pyfunction]
pub(crate) fn figures_of_result(py: Python<'_>, text: String, dark: bool) -> PyResult<Option<Vec<Drawn>>> {
    unlocked(py, || {
        let result: Value = serde_json::from_str(&text).unwrap_or_default();
        Ok(result_figures(&result).map(|all| all.into_iter().map(|shown| drawn(shown, dark)).collect()))
    })
}

/// The figures of a fit over its runs.
#[pyfunction]
pub(crate) fn figures_of_fit(
    py: Python<'_>,
    fit: Py<Fitted>,
    table: Py<Table>,
    options: Options,
    dark: bool,
) -> PyResult<Vec<Drawn>> {
    unlocked(py, || {
        let again = again(&fit, &table, options)?;
        let shown = figures_of(&Subject::of_saved(&again, &[]).scene());
        Ok(shown.into_iter().map(|shown| drawn(shown, dark)).collect())
    })
}

/// The report of a fit over its runs with results, each its name and JSON: a page, or Markdown.
#[pyfunction]
pub(crate) fn report(
    py: Python<'_>,
    fit: Py<Fitted>,
    table: Py<Table>,
    options: Options,
    results: Vec<(String, String)>,
    is_markdown: bool,
) -> PyResult<String> {
    let read = |(name, text): (String, String)| match serde_json::from_str(&text) {
        Ok(result) => Ok(ResultFile { name, result }),
        Err(error) => Err(PyValueError::new_err(format!("{name} is no JSON: {error}"))),
    };
    let results = results.into_iter().map(read).collect::<PyResult<Vec<_>>>()?;
    unlocked(py, || {
        let again = again(&fit, &table, options)?;
        let subject = Subject { results: &results, ..Subject::of_saved(&again, &again.saved.command) };
        Ok(if is_markdown { markdown(&subject) } else { page(&subject) })
    })
}

/// The fit with its rows, as they were bound.
fn again(fit: &Py<Fitted>, table: &Py<Table>, options: Options) -> Result<Again, StudyError> {
    let (request, _) = options.request();
    again_over(fit.get().saved().clone(), copied(table), &request, &Notes::default())
}

fn drawn(shown: Shown, dark: bool) -> Drawn {
    let theme = if dark { Theme::Dark } else { Theme::Light };
    let Shown { caption, figure, head, rows } = shown;
    let one = std::slice::from_ref(&figure);
    (figure.title.clone(), caption, vega_lite(one, 1, theme), svg(&figure, theme), head, rows)
}
