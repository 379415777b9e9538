//! `isoflop plan`.

use std::path::Path;

use isoflop_plan::{Model, NamedPlan, Request, plan};
use isoflop_study::{Listener, StudyError, formula_of, holding, read_saved};

use crate::args::{Format, PlanArgs};
use crate::commands::hardware::device;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Reads the law and the request, and plans.
pub(crate) fn run(args: &PlanArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.list {
        let plans = NamedPlan::builtin()?;
        match args.format {
            Format::Text => output::print(&output::plan::list_text(&plans))?,
            Format::Json => output::print_json(&output::plan::list_json(&plans))?,
        }
        return Ok(0);
    }
    let (plan_name, what) = match args.words.as_slice() {
        [name, what] => (Some(name), what),
        [only] if args.minimize.is_none() && args.maximize.is_none() => {
            let what = if NamedPlan::find(only).is_ok() { "LAW".to_owned() } else { only.clone() };
            return Err(CliError::NoAim { what }.into());
        }
        [what, ..] => (None, what),
        [] => return Err(CliError::NoAim { what: "LAW".to_owned() }.into()),
    };
    let named = plan_name.map(|name| named(name, args)).transpose()?;
    let request = match &named {
        Some(named) => {
            let asks = |name: &str| named.given.contains_key(name) || mentioned(args, name);
            with_options(named.request(&given(args, messages, asks)?)?, args)?
        }
        None => request(args, messages)?,
    };
    let model = model(what, args.laws.as_deref(), messages)?;
    if let Some(named) = &named {
        named.check(&model)?;
    }
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
        let saved = read_saved(path)?;
        formula_of(&saved, what)?;
        return Ok(Model::from_fit(&saved)?);
    }
    let name = what.split([':', '@']).next().unwrap_or(what);
    Ok(Model::parse(what, &holding(name, folder, messages)?)?)
}

/// A named plan, or one in a file of the user's.
fn named(name: &str, args: &PlanArgs) -> Result<NamedPlan, Failure> {
    if args.minimize.is_some() || args.maximize.is_some() {
        return Err(CliError::TwoAims { plan: name.to_owned() }.into());
    }
    Ok(if Path::new(name).extension().is_some_and(|ending| ending == "md") {
        let text = std::fs::read_to_string(name)
            .map_err(|error| StudyError::CannotRead { path: name.to_owned(), reason: error.to_string() })?;
        NamedPlan::parse(name, &text)?
    } else {
        NamedPlan::find(name)?
    })
}

/// The plan that the options spell out.
fn request(args: &PlanArgs, messages: &Messages) -> Result<Request, Failure> {
    let request = match (&args.minimize, &args.maximize) {
        (_, Some(formula)) => Request::maximize(formula),
        (formula, None) => Request::minimize(formula.clone().unwrap_or_default()),
    };
    with_options(Request { given: given(args, messages, |name| mentioned(args, name))?, ..request }, args)
}

/// The constraints, decisions and reports of the command line added.
fn with_options(request: Request, args: &PlanArgs) -> Result<Request, Failure> {
    let report = args.report.iter().map(|text| match text.split_once('=') {
        Some(_) => assignment("--report", text, "--report 'ratio = D/N'"),
        None => Ok((text.trim().to_owned(), text.clone())),
    });
    let mut request = Request {
        level: args.level,
        tolerance: args.tolerance,
        starts: args.starts,
        ..request.over(args.over.iter().map(|name| name.trim()))
    };
    request.constraints.extend(args.constraints.iter().cloned());
    for named in report {
        request.report.push(named?);
    }
    Ok(request)
}

/// All given values: `--given` and its short forms, and what the plan `asks` of the hardware.
fn given(
    args: &PlanArgs,
    messages: &Messages,
    asks: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>, Failure> {
    let long = args.given.iter().map(|text| assignment("--given", text, "--given demand=1e13"));
    let mut given = long.collect::<Result<Vec<_>, _>>()?;
    for (name, value) in [("flops", &args.flops), ("target", &args.target), ("demand", &args.demand)] {
        given.extend(value.iter().map(|value| (name.to_owned(), value.clone())));
    }
    if let Some(text) = &args.hardware {
        let (name, precision) = match text.rsplit_once(':') {
            Some((name, precision)) => (name, Some(precision)),
            None => (text.as_str(), None),
        };
        let device = device(name)?;
        for (name, value) in device.values(precision)? {
            if asks(name) && !given.iter().any(|(known, _)| known == name) {
                messages.info(&format!("{name} = {value:e} from {}", device.name));
                given.push((name.to_owned(), value.to_string()));
            }
        }
    }
    Ok(given)
}

/// Whether a formula of the command line has this name.
fn mentioned(args: &PlanArgs, name: &str) -> bool {
    let formulas = args.minimize.iter().chain(&args.maximize).chain(&args.constraints).chain(&args.report);
    let words =
        |text: &String| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    formulas.into_iter().any(words)
}

/// `NAME=TEXT`.
fn assignment(
    option: &'static str,
    text: &str,
    example: &'static str,
) -> Result<(String, String), StudyError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(StudyError::BadAssignment { option, text: text.to_owned(), example }),
    }
}
