//! `isoflop plan`.

use isoflop_plan::{NamedPlan, curves, plan_laws};
use isoflop_study::{Listener, laws_of, names_plan, plan_json, plans_json};

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
    let (plan_name, laws) = match names_plan(&args.words) {
        true => (args.words.first(), args.words.get(1..).unwrap_or_default()),
        false => (None, args.words.as_slice()),
    };
    let has_aim =
        plan_name.is_some() || args.minimize.is_some() || args.maximize.is_some() || args.solve.is_some();
    match laws {
        [] => return Err(CliError::NoAim { what: "LAW".to_owned() }.into()),
        _ if !has_aim => return Err(CliError::NoAim { what: laws.join(" ") }.into()),
        _ => {}
    }
    let (request, named) = args.options(plan_name).request(messages)?;
    let laws = laws_of(laws, args.laws.as_deref(), messages)?;
    if let Some(named) = &named {
        named.check_laws(&laws)?;
    }
    let plan = plan_laws(&laws, &request)?;
    for warning in &plan.warnings {
        messages.warning(&warning.message);
    }
    if !laws.has_draws() {
        messages.info(
            "no intervals and no regret: these coefficients are single numbers; a fit saved with bootstrap \
             replicates has both",
        );
    }
    match args.format {
        Format::Text => output::print(&output::plan::text(&laws, &request, &plan))?,
        Format::Json => {
            let curves = args.curves.then(|| curves(&laws, &request, &plan)).transpose()?;
            output::print_json(&plan_json(&laws, &request, &plan, curves.as_ref()))?;
        }
    }
    Ok(0)
}
