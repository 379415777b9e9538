//! Fits.

use std::sync::OnceLock;

use isoflop_fit::{Fit, SavedFit};
use isoflop_formula::Formula;
use isoflop_runs::{RunTable, find_roles, parse_map};
use isoflop_study::{
    Finished, Fitted as Law, Notes, StudyError, fit_json, fit_table, formula_of, points_of, read_saved,
};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde_json::json;

use crate::errors::raise;
use crate::options::{Options, laws_for};
use crate::table::{Table, copied, floats, kept};
use crate::work::{interruptible, unlocked};

/// A column of floats with its name.
type Named<'py> = (String, Bound<'py, PyBytes>);

/// A fit.
#[pyclass(frozen, module = "isoflop._isoflop")]
pub(crate) struct Fitted {
    formula: Formula,
    origin: Origin,
    notes: Vec<(&'static str, String)>,
}

/// Where a fit comes from.
enum Origin {
    /// It was made here: with the command line that makes it again, and the saved form once it was asked for.
    Made(Box<Finished>, Vec<String>, OnceLock<Box<SavedFit>>),
    /// It was read from what was saved, with the report if it comes from another process.
    Read(Box<SavedFit>, Option<String>),
}

/// Fits a law to a table.
#[pyfunction]
pub(crate) fn fit(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    command: Vec<String>,
) -> PyResult<Fitted> {
    let (request, folder) = options.request();
    let notes = Notes::default();
    let finished = interruptible(py, |progress| {
        // Other laws may be any of the catalogue.
        let law = request.law.as_deref().filter(|_| request.among.is_empty());
        let catalogue = laws_for(law, folder.as_deref())?;
        fit_table(copied(&table), &request, &catalogue, &notes, progress)
    })?;
    Ok(Fitted::made(finished, command, &notes))
}

impl Fitted {
    /// A fit that was made here, with the command line that makes it again.
    pub(crate) fn made(mut finished: Finished, command: Vec<String>, notes: &Notes) -> Fitted {
        // Python keeps the table.
        finished.data = Default::default();
        let formula = finished.formula.clone();
        let origin = Origin::Made(Box::new(finished), command, OnceLock::new());
        Fitted { formula, origin, notes: kept(notes) }
    }

    fn fit(&self) -> &Fit {
        match &self.origin {
            Origin::Made(finished, ..) => &finished.fit,
            Origin::Read(saved, _) => &saved.fit,
        }
    }

    /// The fit as it is saved.
    pub(crate) fn saved(&self) -> &SavedFit {
        match &self.origin {
            Origin::Made(finished, command, saved) => {
                saved.get_or_init(|| Box::new(finished.saved(command.clone())))
            }
            Origin::Read(saved, _) => saved,
        }
    }

    fn of(saved: SavedFit, name: &str, report: Option<String>) -> Result<Fitted, StudyError> {
        let formula = formula_of(&saved, name)?;
        Ok(Fitted { formula, origin: Origin::Read(Box::new(saved), report), notes: Vec::new() })
    }
}

#[pymethods]
impl Fitted {
    /// Reads a file that `save` or `isoflop fit --save` wrote.
    #[staticmethod]
    fn read(py: Python<'_>, path: std::path::PathBuf) -> PyResult<Fitted> {
        unlocked(py, || Fitted::of(read_saved(&path)?, &path.display().to_string(), None))
    }

    /// The fit of another process: the text of the saved file, and its report if it had one.
    #[staticmethod]
    fn from_json(py: Python<'_>, saved: String, report: Option<String>) -> PyResult<Fitted> {
        unlocked(py, || Fitted::of(SavedFit::from_json(&saved)?, "the fit", report))
    }

    /// The text of the saved file.
    fn saved_json(&self, py: Python<'_>) -> PyResult<String> {
        unlocked(py, || Ok(self.saved().to_json()?))
    }

    /// What `isoflop fit --format json` prints; `None` for a fit that was read from a file.
    fn report_json(&self) -> Option<String> {
        match &self.origin {
            Origin::Made(finished, ..) => Some(format!("{:#}", fit_json(finished))),
            Origin::Read(_, report) => report.clone(),
        }
    }

    /// The result without replicates and residuals.
    fn fit_json(&self, py: Python<'_>) -> PyResult<String> {
        unlocked(py, || {
            let places = match &self.origin {
                Origin::Made(finished, ..) => Some(&finished.influential),
                Origin::Read(..) => None,
            };
            let mut value = json!({"influential": places});
            value["fit"] = json!(shallow(self.fit()));
            Ok(value.to_string())
        })
    }

    /// Id of the law, or `formula`.
    #[getter]
    fn law(&self) -> &str {
        match &self.origin {
            Origin::Made(finished, ..) => &finished.law.id,
            Origin::Read(saved, _) => &saved.law,
        }
    }

    /// The formula that was fitted.
    #[getter]
    fn formula(&self) -> String {
        match &self.origin {
            Origin::Made(finished, ..) => finished.formula_text.clone(),
            Origin::Read(saved, _) => saved.formula.clone(),
        }
    }

    /// The formula as LaTeX.
    fn latex(&self) -> String {
        self.formula.to_latex()
    }

    /// Name of what the law predicts.
    #[getter]
    fn output(&self) -> &str {
        self.formula.output.as_ref().map_or("output", |left| &left.name)
    }

    /// Names of all that the law predicts; one, but for a law of several statements.
    #[getter]
    fn outputs(&self) -> Vec<String> {
        self.formula.outputs().into_iter().map(str::to_owned).collect()
    }

    /// Names of the inputs: numbers first, then texts.
    #[getter]
    fn inputs(&self) -> Vec<String> {
        let law = Law { formula: &self.formula, fit: self.fit() };
        law.numbers().into_iter().chain(law.texts()).collect()
    }

    /// Names and values of the parameters.
    #[getter]
    fn params(&self) -> Vec<(&str, f64)> {
        self.fit().parameters.iter().map(|p| (p.name.as_str(), p.estimate)).collect()
    }

    /// The verdict, and why.
    #[getter]
    fn verdict(&self) -> (&'static str, Vec<String>) {
        let certificate = &self.fit().certificate;
        (isoflop_study::verdict(certificate.verdict), certificate.reasons.clone())
    }

    /// Seed of starts and replicates.
    #[getter]
    fn seed(&self) -> u64 {
        match &self.origin {
            Origin::Made(finished, ..) => finished.seed,
            Origin::Read(saved, _) => saved.seed,
        }
    }

    /// What there was to say while it was made.
    #[getter]
    fn notes(&self) -> Vec<(&'static str, String)> {
        self.notes.clone()
    }

    /// The bootstrap replicates, one after the other.
    fn draws<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let fit = self.fit();
        let values: Vec<f64> = fit.draws.iter().flatten().copied().collect();
        floats(py, values.into_iter())
    }

    /// The ends of every parameter at another level, by the rule of the fit; `None` where the fit does not know.
    fn ends_at(&self, level: f64) -> Option<Vec<Option<(f64, f64)>>> {
        self.fit().ends_at(level)
    }

    /// The residuals.
    fn residuals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        floats(py, self.fit().residuals.iter().copied())
    }

    /// Predictions for the rows of a table, NaN where a row lacks an input: columns `estimate`, `low`, `high` and
    /// `extrapolation_*`, and what there is to say about rows. `output` is one of [`Fitted::outputs`], the first one if
    /// it is not given.
    #[pyo3(signature = (table, map, level, output=None))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        table: Py<Table>,
        map: Vec<String>,
        level: f64,
        output: Option<&str>,
    ) -> PyResult<(Vec<Named<'py>>, Vec<String>)> {
        let k = output.and_then(|wanted| self.formula.outputs().iter().position(|name| *name == wanted));
        let (formula, fit) = (self.formula.part(k.unwrap_or(0)), self.fit().of_output(k.unwrap_or(0)));
        let law = Law { formula: &formula, fit: &fit };
        let (columns, dropped) = unlocked(py, || predicted(law, &table.get().table, &map, level))?;
        let columns = columns.into_iter().map(|(name, values)| Ok((name, floats(py, values.into_iter())?)));
        Ok((columns.collect::<PyResult<_>>()?, dropped))
    }

    /// The columns of a table that stand for the inputs.
    fn columns_of(
        &self,
        py: Python<'_>,
        table: Py<Table>,
        map: Vec<String>,
    ) -> PyResult<Vec<(String, String)>> {
        let table = &table.get().table;
        let maps: Result<Vec<_>, _> = map.iter().map(|text| parse_map(text)).collect();
        let mapping =
            maps.and_then(|maps| find_roles(table, &maps)).map_err(|error| raise(py, &error.into()))?;
        let found = |name: &String| Ok((name.clone(), mapping.resolve(table, name)?.to_owned()));
        let found: Result<Vec<_>, isoflop_runs::RunsError> = self.inputs().iter().map(found).collect();
        found.map_err(|error| raise(py, &error.into()))
    }
}

/// Columns of predictions with their names.
type Columns = Vec<(String, Vec<f64>)>;

fn predicted(
    law: Law<'_>,
    table: &RunTable,
    map: &[String],
    level: f64,
) -> Result<(Columns, Vec<String>), StudyError> {
    let maps = map.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let selected = law.select(table, &find_roles(table, &maps)?)?;
    let points = points_of(&selected);
    let predictions = law.predict(&points, level)?;
    let mut columns: Columns =
        ["estimate", "low", "high"].map(|name| (name.to_owned(), vec![f64::NAN; table.rows()])).into();
    for name in law.numbers() {
        columns.push((format!("extrapolation_{name}"), vec![f64::NAN; table.rows()]));
    }
    for (k, prediction) in predictions.iter().enumerate() {
        let row = selected.table_row(k);
        let ends = [Some(prediction.estimate), prediction.low, prediction.high];
        let ratios = prediction.extrapolation.iter().map(|(_, ratio)| Some(*ratio));
        for ((_, column), value) in columns.iter_mut().zip(ends.into_iter().chain(ratios)) {
            if let (Some(cell), Some(value)) = (column.get_mut(row), value) {
                *cell = value;
            }
        }
    }
    Ok((columns, selected.dropped.iter().map(ToString::to_string).collect()))
}

/// A copy without what is large.
fn shallow(fit: &Fit) -> Fit {
    Fit {
        objective: fit.objective.clone(),
        rows: fit.rows,
        parameters: fit.parameters.clone(),
        derived: fit.derived.clone(),
        scale: fit.scale,
        overdispersion: fit.overdispersion,
        interval: fit.interval.clone(),
        rmse: fit.rmse,
        rmse_log: fit.rmse_log,
        certificate: fit.certificate.clone(),
        choices: fit.choices.clone(),
        warnings: fit.warnings.clone(),
        draws: Vec::new(),
        residuals: Vec::new(),
        ranges: fit.ranges.clone(),
        outputs: Vec::new(),
        forecast: fit.forecast.clone(),
    }
}
