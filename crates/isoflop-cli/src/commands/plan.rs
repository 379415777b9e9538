//! `isoflop plan`.

use isoflop_plan::{NamedPlan, plan};
use isoflop_study::{Listener, model, plan_json, plans_json};

use crate::args::{Format, PlanArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Reads the law and the request, and plans.
pub(crate) fn run(args: &PlanArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.list {
        let plans = NamedPlan::builtin()?;
        match args.format {
            Format::Text => output::print(&output::plan::list_text(&plans))?,
            Format::Json => output::print_json(&plans_json(&plans))?,
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
    let (request, named) = args.options(plan_name).request(messages)?;
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
        Format::Json => output::print_json(&plan_json(&model, &request, &plan))?,
    }
    Ok(0)
}
