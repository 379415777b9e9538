//! `isoflop plan`.

use std::path::Path;

use isoflop_plan::{Model, Request, Sense, plan};

use crate::args::{Format, PlanArgs};
use crate::commands::laws::holding;
use crate::commands::predict;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::point::Fitted;

/// Reads the law and the request, and plans.
pub(crate) fn run(args: &PlanArgs, messages: &Messages) -> Result<u8, Failure> {
    let request = request(args)?;
    let model = model(&args.what, args.laws.as_deref(), messages)?;
    let plan = plan(&model, &request)?;
    for warning in &plan.warnings {
        messages.warning(&warning.message);
    }
    if model.draws.is_empty() {
        messages.info(
            "no intervals and no regret: these coefficients are single numbers; a fit saved with bootstrap \
             replicates has both",
        );
    }
    match args.format {
        Format::Text => output::print(&output::plan::text(&model, &request, &plan))?,
        Format::Json => output::print_json(&output::plan::json(&model, &request, &plan))?,
    }
    Ok(0)
}

/// A saved fit if there is such a file, else a law by name.
fn model(what: &str, folder: Option<&Path>, messages: &Messages) -> Result<Model, Failure> {
    let path = Path::new(what);
    if path.is_file() || path.extension().is_some_and(|ending| ending == "json") {
        let saved = predict::read(path)?;
        let formula = saved.formula()?;
        if !(Fitted { formula: &formula, fit: &saved.fit }).is_consistent() {
            let reason = "its parameters, replicates and formula do not belong together".to_owned();
            return Err(CliError::BadSavedFit { path: what.to_owned(), reason }.into());
        }
        return Ok(Model::from_fit(&saved)?);
    }
    let name = what.split([':', '@']).next().unwrap_or(what);
    Ok(Model::parse(what, &holding(name, folder, messages)?)?)
}

fn request(args: &PlanArgs) -> Result<Request, Failure> {
    let (sense, objective) = match (&args.minimize, &args.maximize) {
        (_, Some(formula)) => (Sense::Maximize, formula.clone()),
        (formula, None) => (Sense::Minimize, formula.clone().unwrap_or_default()),
    };
    let given = args.given.iter().map(|text| assignment("--given", text, "--given demand=1e13"));
    let report = args.report.iter().map(|text| match text.split_once('=') {
        Some(_) => assignment("--report", text, "--report 'ratio = D/N'"),
        None => Ok((text.trim().to_owned(), text.clone())),
    });
    Ok(Request {
        sense,
        over: args.over.iter().map(|name| name.trim().to_owned()).collect(),
        constraints: args.constraints.clone(),
        given: given.collect::<Result<_, _>>()?,
        report: report.collect::<Result<_, _>>()?,
        level: args.level,
        tolerance: args.tolerance,
        starts: args.starts,
        ..Request::minimize(objective)
    })
}

/// `NAME=TEXT`.
fn assignment(option: &'static str, text: &str, example: &'static str) -> Result<(String, String), CliError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(CliError::BadAssignment { option, text: text.to_owned(), example }),
    }
}
