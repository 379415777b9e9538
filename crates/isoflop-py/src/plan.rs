//! Plans and costs, as the JSON of the commands of their names.

use std::path::{Path, PathBuf};

use isoflop_plan::{Architecture, Laws, Model, NamedPlan, costs_given, curves};
use isoflop_study::{
    Lawless, Notes, PlanOptions, StudyError, cost_given, costs_json, model, plan_json, plans_json, rules_json,
};
use pyo3::prelude::*;

use crate::fit::Fitted;
use crate::table::kept;
use crate::work::{interruptible, unlocked};

/// A fit, or a law with its coefficients or with values by hand.
#[derive(FromPyObject)]
pub(crate) enum What {
    Fit(Py<Fitted>),
    Law(String),
}

impl What {
    fn model(&self, folder: Option<&Path>, notes: &Notes) -> Result<Model, StudyError> {
        Ok(match self {
            What::Fit(fit) => Model::from_fit(fit.get().saved())?,
            What::Law(text) => model(text, folder, notes)?,
        })
    }
}

/// One field per keyword argument of `isoflop.plan`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    plan: Option<String>,
    minimize: Option<String>,
    maximize: Option<String>,
    solve: Option<String>,
    over: Vec<String>,
    simplex: Vec<String>,
    #[pyo3(item("let"))]
    lets: Vec<String>,
    subject_to: Vec<String>,
    given: Vec<String>,
    integer: Vec<String>,
    hardware: Option<String>,
    report: Vec<String>,
    curves: bool,
    tolerance: f64,
    starts: usize,
    level: f64,
    laws: Option<PathBuf>,
}

/// Plans with laws by role, the role of a single one empty; the JSON, and what there was to say.
#[pyfunction]
pub(crate) fn plan(
    py: Python<'_>,
    what: Vec<(String, What)>,
    options: Options,
) -> PyResult<(String, Vec<(&'static str, String)>)> {
    let notes = Notes::default();
    let folder = options.laws;
    let asked = PlanOptions {
        plan: options.plan,
        minimize: options.minimize,
        maximize: options.maximize,
        solve: options.solve,
        simplex: options.simplex,
        lets: options.lets,
        integer: options.integer,
        over: options.over,
        constraints: options.subject_to,
        given: options.given,
        hardware: options.hardware,
        report: options.report,
        tolerance: options.tolerance,
        starts: options.starts,
        level: options.level,
    };
    let json = interruptible(py, |_| {
        let (request, named) = asked.request(&notes)?;
        let laws = match what.as_slice() {
            [(role, only)] if role.is_empty() => Laws::one(only.model(folder.as_deref(), &notes)?),
            several => {
                let one = |(role, what): &(String, What)| {
                    Ok((role.clone(), what.model(folder.as_deref(), &notes)?))
                };
                Laws::new(several.iter().map(one).collect::<Result<_, StudyError>>()?)?
            }
        };
        if let Some(named) = &named {
            named.check_laws(&laws)?;
        }
        let plan = isoflop_plan::plan_laws(&laws, &request)?;
        let drawn = options.curves.then(|| curves(&laws, &request, &plan)).transpose()?;
        Ok(plan_json(&laws, &request, &plan, drawn.as_ref()).to_string())
    })?;
    Ok((json, kept(&notes)))
}

/// The named plans.
#[pyfunction]
pub(crate) fn plans(py: Python<'_>) -> PyResult<String> {
    unlocked(py, || Ok(plans_json(&NamedPlan::builtin()?).to_string()))
}

/// What the rules of a named plan say; the JSON is `null` for a plan that decides something.
#[pyfunction]
pub(crate) fn rules(
    py: Python<'_>,
    plan: String,
    given: Vec<String>,
    folder: Option<PathBuf>,
) -> PyResult<(String, Vec<(&'static str, String)>)> {
    let notes = Notes::default();
    let json = unlocked(py, || {
        let asked = PlanOptions { plan: Some(plan), given: given.clone(), ..PlanOptions::default() };
        Ok(match asked.lawless(folder.as_deref(), &notes)? {
            Some(Lawless::Rules(plan, advice)) => rules_json(&plan, &given, &advice).to_string(),
            _ => "null".to_owned(),
        })
    })?;
    Ok((json, kept(&notes)))
}

/// One field per keyword argument of `isoflop.cost`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct CostOptions {
    context: Option<f64>,
    tokens: Option<f64>,
    bytes: f64,
    given: Vec<String>,
    hardware: Option<String>,
}

/// What the cost models say of an architecture: the text of a `config.json`.
#[pyfunction]
pub(crate) fn cost(py: Python<'_>, name: String, config: String, options: CostOptions) -> PyResult<String> {
    unlocked(py, || {
        let mut architecture = Architecture::parse(&name, &config)?.with("bytes", options.bytes);
        if let Some(context) = options.context {
            architecture = architecture.with("s", context);
        }
        let costs = costs_given(
            &architecture,
            &cost_given(&options.given, options.hardware.as_deref(), options.tokens)?,
        )?;
        Ok(costs_json(&architecture, &costs, options.tokens).to_string())
    })
}
