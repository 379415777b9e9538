//! What a worker does for each kind of job: the library's answer, as the JSON that the command line prints.

use std::sync::Arc;

use isoflop_plan::{Laws, Model, curves, plan_laws};
use isoflop_runs::RunTable;
use isoflop_study::{
    Lawless, Listener, Study, audit_of, audited_json, backtests, backtests_json, chances, chances_json,
    columns, comparison, comparison_json, contrast_of, fit_json, fit_table, influence_of, methods_of,
    next_json, next_of, plan_json, profiles, profiles_json, reviewed_json, rules_json,
};
use serde_json::Value;

use crate::api::Explorer;
use crate::ask::Kind;
use crate::error::{ApiError, ApiResult};
use crate::jobs::{Job, Outcome};

/// Runs that share a budget differ by less than this share, as `isoflop methods` has it.
const TOLERANCE: f64 = 0.1;
/// Runs left out at once, as `isoflop influence` has it.
const TOGETHER: usize = 5;
/// How far beyond the runs recipes are compared, as `isoflop contrast` has it.
const REACH: f64 = 100.0;
/// Points of a profile curve, as `isoflop profile` has it.
const CURVE: usize = 21;

/// Does a job.
pub(crate) fn run(explorer: &Explorer, job: &Job) -> ApiResult<Outcome> {
    let ask = &job.ask;
    let table = match &ask.table {
        Some(id) => Some(explorer.tables.rows(id, &explorer.roots)?.1),
        None => None,
    };
    match (ask.kind, table) {
        (Kind::Plan, _) => Ok(answer(plan_of(explorer, job)?)),
        (Kind::Next, table) => {
            let basis = ask.basis(table.map(own))?;
            let catalogue = &explorer.catalogue;
            let found = next_of(basis, &ask.request(), &ask.next(), None, catalogue, job, job)?;
            Ok(answer(next_json(&found)))
        }
        (kind, Some(table)) => on_table(explorer, job, kind, own(table)),
        (kind, None) => Err(ApiError::bad(format!("a {} needs a table", kind.name()))),
    }
}

fn on_table(explorer: &Explorer, job: &Job, kind: Kind, mut table: RunTable) -> ApiResult<Outcome> {
    let (ask, catalogue) = (&job.ask, &explorer.catalogue);
    let request = ask.request();
    if kind == Kind::Fit {
        let finished = fit_table(table, &request, catalogue, job, job)?;
        return Ok(Outcome { json: fit_json(&finished), finished: Some(Arc::new(finished)) });
    }
    if kind == Kind::Laws {
        let mapping = columns(&mut table, &request.maps, &request.lets, job)?;
        return Ok(answer(chances_json(&chances(catalogue, &table, &mapping))));
    }
    let (seed, budget) = (request.seed, ask.options.budget);
    let law = request.law.clone().unwrap_or_default();
    let study = Study::new(table, request, (**catalogue).clone(), job)?;
    Ok(answer(match kind {
        Kind::Compare => comparison_json(&comparison(&study, &ask.comparison()?, job, job)?),
        Kind::Backtest => backtests_json(&backtests(&study, &ask.laws(), &ask.hold()?, job, job)?),
        Kind::Profile => {
            let curve = ask.options.curve.unwrap_or(CURVE);
            let (law, found) = profiles(&study, &law, &ask.options.of, curve, job, job)?;
            profiles_json(&law, &found, seed)
        }
        Kind::Audit => audited_json(&audit_of(&study, &law, budget, job, job)?, seed),
        Kind::Influence => reviewed_json(&influence_of(&study, &law, budget, TOGETHER, job, job)?, seed),
        Kind::Methods => reviewed_json(&methods_of(&study, &law, TOLERANCE, &[], job, job)?, seed),
        Kind::Contrast => {
            let arm = ask.options.arm.clone().unwrap_or_default();
            reviewed_json(&contrast_of(&study, &law, &arm, None, ask.sharing(), REACH, job, job)?, seed)
        }
        Kind::Fit | Kind::Laws | Kind::Plan | Kind::Next => Value::Null,
    }))
}

/// A plan for a fit of this session, or for a law with coefficients.
fn plan_of(explorer: &Explorer, job: &Job) -> ApiResult<Value> {
    let options = &job.ask.options;
    let own_law = match (&options.fit, &options.model) {
        (None, None) => match job.ask.plan().lawless(None, job)? {
            Some(Lawless::Rules(plan, advice)) => return Ok(rules_json(&plan, &options.given, &advice)),
            Some(Lawless::Law(law)) => Some(law),
            None => {
                return Err(ApiError::bad(
                    "this plan needs a law: options.fit, the job of a fit, or options.model",
                ));
            }
        },
        _ => None,
    };
    let (request, named) = job.ask.plan().request(job)?;
    let model = match (&options.fit, options.model.as_ref().or(own_law.as_ref())) {
        (Some(id), _) => Model::from_fit(&explorer.jobs.find(id)?.fit()?.saved(Vec::new()))?,
        (None, model) => Model::parse(model.map_or("", String::as_str), &explorer.catalogue)?,
    };
    let laws = Laws::one(model);
    if let Some(named) = &named {
        named.check_laws(&laws)?;
    }
    let found = plan_laws(&laws, &request)?;
    for warning in &found.warnings {
        job.warning(&warning.message);
    }
    if !laws.has_draws() {
        job.info("no intervals and no regret: these coefficients are single numbers; a fit with bootstrap replicates has both");
    }
    Ok(plan_json(&laws, &request, &found, Some(&curves(&laws, &request, &found)?)))
}

fn answer(json: Value) -> Outcome {
    Outcome { json, finished: None }
}

/// The rows, copied only while others use them.
fn own(table: Arc<RunTable>) -> RunTable {
    Arc::unwrap_or_clone(table)
}
