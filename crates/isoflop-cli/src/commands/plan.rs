//! `isoflop plan`.

use isoflop_plan::{NamedPlan, curves, plan_laws};
use isoflop_study::{Lawless, Listener, laws_of, names_plan, plan_json, plans_json, rules_json};

use crate::args::{Format, PlanArgs};
use crate::commands::plot;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Reads the law and the request, and plans.
pub(crate) fn run(args: &PlanArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.list {
        return list(args);
    }
    let own_law;
    let (plan_name, laws) = match names_plan(&args.words) {
        true => (args.words.first(), args.words.get(1..).unwrap_or_default()),
        false => (None, args.words.as_slice()),
    };
    let laws = match (plan_name, laws) {
        (Some(only), []) => match args.options(Some(only)).lawless(args.laws.as_deref(), messages)? {
            Some(Lawless::Law(law)) => {
                messages.info(&format!("no law is named: {law} is taken"));
                own_law = [law];
                &own_law[..]
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
                let (laws, roles) = NamedPlan::find(only).map_or_else(
                    |_| ("the laws it is made for".to_owned(), Vec::new()),
                    |plan| (plan.laws, plan.roles.into_keys().collect()),
                );
                return Err(CliError::PlanNeedsLaw { plan: only.clone(), laws, roles }.into());
            }
        },
        (_, laws) => laws,
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
    if args.plot {
        plot::below(&plan_json(&laws, &request, &plan, None), args.format, messages)?;
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
