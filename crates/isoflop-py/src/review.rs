//! What a reviewer asks, and the runs to do next. Each gives the JSON of the command of its name, and what there was to
//! say.

use isoflop_audit::Sharing;
use isoflop_fit::Progress;
use isoflop_study::{
    Basis, NextOptions, Notes, Study, StudyError, audit_of, audited_json, contrast_of, influence_of,
    methods_of, next_json, next_of, reviewed_json,
};
use pyo3::prelude::*;

use crate::options::{Options, laws_for};
use crate::study::{Told, study};
use crate::table::{Table, copied, kept};
use crate::work::interruptible;

/// Does `work` on the study of a table.
fn told(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    work: impl FnOnce(&Study, &Notes, &dyn Progress) -> Result<serde_json::Value, StudyError> + Send,
) -> PyResult<Told> {
    let notes = Notes::default();
    let json = interruptible(py, |progress| {
        let study = study(&table, options, &notes)?;
        Ok(work(&study, &notes, progress)?.to_string())
    })?;
    Ok((json, kept(&notes)))
}

/// The approaches to the compute-optimal size side by side.
#[pyfunction]
pub(crate) fn methods(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    law: String,
    tolerance: f64,
    at: Vec<f64>,
) -> PyResult<Told> {
    told(py, table, options, |study, notes, progress| {
        let found = methods_of(study, &law, tolerance, &at, notes, progress)?;
        Ok(reviewed_json(&found, study.request.seed))
    })
}

/// Two recipes.
#[pyfunction]
#[allow(clippy::too_many_arguments)] // They are the keyword arguments of `isoflop.contrast`.
pub(crate) fn contrast(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    law: String,
    arm: String,
    between: Option<[String; 2]>,
    exponents: String,
    reach: f64,
) -> PyResult<Told> {
    let sharing = match exponents.as_str() {
        "shared" => Sharing::Shared,
        "separate" => Sharing::Separate,
        _ => Sharing::Auto,
    };
    told(py, table, options, |study, notes, progress| {
        let found = contrast_of(study, &law, &arm, between, sharing, reach, notes, progress)?;
        Ok(reviewed_json(&found, study.request.seed))
    })
}

/// Every run and size left out.
#[pyfunction]
pub(crate) fn influence(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    law: String,
    budget: Option<f64>,
    together: usize,
) -> PyResult<Told> {
    told(py, table, options, |study, notes, progress| {
        let found = influence_of(study, &law, budget, together, notes, progress)?;
        Ok(reviewed_json(&found, study.request.seed))
    })
}

/// A list of checks.
#[pyfunction]
pub(crate) fn audit(
    py: Python<'_>,
    table: Py<Table>,
    options: Options,
    law: String,
    budget: Option<f64>,
) -> PyResult<Told> {
    told(py, table, options, |study, notes, progress| {
        let found = audit_of(study, &law, budget, notes, progress)?;
        Ok(audited_json(&found, study.request.seed))
    })
}

/// One field per keyword argument of `isoflop.next_runs`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct NextArgs {
    goals: Vec<String>,
    budget: f64,
    cost: Option<String>,
    limits: Vec<String>,
    given: Vec<String>,
    keep: Vec<String>,
    largest: Option<f64>,
    most: usize,
    repeats: usize,
    candidates: usize,
    noise: Option<f64>,
    design_draws: usize,
}

/// The runs to do next: of a table with the law of the options, or of a law with its coefficients.
#[pyfunction]
pub(crate) fn next_runs(
    py: Python<'_>,
    table: Option<Py<Table>>,
    what: Option<String>,
    options: Options,
    asked: NextArgs,
) -> PyResult<Told> {
    let asked = NextOptions {
        goals: asked.goals,
        budget: asked.budget,
        cost: asked.cost,
        limits: asked.limits,
        given: asked.given,
        keep: asked.keep,
        largest: asked.largest,
        runs: asked.most,
        repeats: asked.repeats,
        candidates: asked.candidates,
        noise: asked.noise,
        draws: asked.design_draws,
    };
    let (request, folder) = options.request();
    let notes = Notes::default();
    let json = interruptible(py, |progress| {
        let catalogue = laws_for(None, folder.as_deref())?;
        let basis = match &table {
            Some(table) => Basis::Runs(copied(table)),
            None => Basis::Law(what.unwrap_or_default()),
        };
        let found = next_of(basis, &request, &asked, folder.as_deref(), &catalogue, &notes, progress)?;
        Ok(next_json(&found).to_string())
    })?;
    Ok((json, kept(&notes)))
}
