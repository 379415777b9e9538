//! `isoflop plan`.

use isoflop_plan::{NamedPlan, plan};
use isoflop_study::{Lawless, Listener, model, plan_json, plans_json, rules_json};

use crate::args::{Format, PlanArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Reads the law and the request, and plans.
pub(crate) fn run(args: &PlanArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.list {
        return list(args);
    }
    let own_law;
    let (plan_name, what) = match args.words.as_slice() {
        [name, what] => (Some(name), what),
        [only] if args.minimize.is_none() && args.maximize.is_none() => {
            if NamedPlan::find(only).is_err() && !only.ends_with(".md") {
                return Err(CliError::NoAim { what: only.clone() }.into());
            }
            match args.options(Some(only)).lawless(args.laws.as_deref(), messages)? {
                Some(Lawless::Law(law)) => {
                    messages.info(&format!("no law is named: {law} is taken"));
                    own_law = law;
                    (Some(only), &own_law)
                }
                Some(Lawless::Rules(plan, advice)) => {
                    let given = args.options(None).given;
                    match args.format {
                        Format::Text => output::print(&output::rules::text(&plan, &given, &advice))?,
                        Format::Json => output::print_json(&rules_json(&plan, &given, &advice))?,
                    }
                    return Ok(0);
                }
                None => {
                    let laws = NamedPlan::find(only)
                        .map_or_else(|_| "the laws it is made for".to_owned(), |p| p.laws);
                    return Err(CliError::PlanNeedsLaw { plan: only.clone(), laws }.into());
                }
            }
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

/// The named plans by subject, or those that are named in full.
fn list(args: &PlanArgs) -> Result<u8, Failure> {
    let groups = NamedPlan::by_subject()?;
    let wanted = args.words.iter().map(|name| NamedPlan::find(name)).collect::<Result<Vec<_>, _>>()?;
    match args.format {
        Format::Text if wanted.is_empty() => output::print(&output::plan::list_text(&groups))?,
        Format::Text => output::print(&output::rules::described(&wanted))?,
        Format::Json if wanted.is_empty() => {
            let plans: Vec<NamedPlan> = groups.into_iter().flat_map(|(_, plans)| plans).collect();
            output::print_json(&plans_json(&plans))?;
        }
        Format::Json => output::print_json(&plans_json(&wanted))?,
    }
    Ok(0)
}
