//! What to know about a finished plan.

use crate::laws::Role;
use crate::problem::Problem;
use crate::result::{Beyond, Method, Plan, Warning};
use crate::search::Found;

/// Printed ranges have two or three digits.
const ROUNDED: f64 = 1.01;

/// Inputs of the laws that the decisions put outside the runs of a fit, or outside what a published law was measured on.
pub(crate) fn outside(problem: &Problem, roles: &[Role<'_>], x: &[f64]) -> Vec<Warning> {
    let mut list = Vec::new();
    for read in &problem.reads {
        let (role, model) = roles[read.law];
        let fitted = model.ranges.iter().find(|r| r.name == read.name).map(|r| (r.low, r.high));
        let measured = || {
            let ranges = &model.source.as_ref()?.ranges;
            ranges.iter().find(|r| r.0 == read.name).map(|r| (r.1, r.2))
        };
        let Some((low, high)) = fitted.or_else(measured) else { continue };
        let value = problem.value(read.node, x, &problem.params);
        let (above, below) = (value / high, low / value);
        let far = above.max(below);
        // Shares of 0 and the like have no ratio.
        if far.is_nan() || far <= ROUNDED || value <= 0.0 || low <= 0.0 {
            continue;
        }
        let side = if above > 1.0 { "above" } else { "below" };
        let (code, what) = match fitted {
            Some(_) if roles.len() > 1 => ("outside-the-runs", format!("the runs of the fit {role}")),
            Some(_) => ("outside-the-runs", "the runs of the fit".to_owned()),
            None => ("outside-the-measured", format!("what {} was measured on", model.name)),
        };
        let times = if far < 1000.0 { format!("{far:.2}") } else { format!("{far:.1e}") };
        let message = format!(
            "{} is {value:.4e}, {times} times {side} {what} ({:.4e} to {:.4e})",
            read.name, low, high
        );
        let outside = Beyond { name: read.name.clone(), value, low, high, ratio: far };
        list.push(Warning { outside: Some(outside), ..Warning::new(code, message) });
    }
    list
}

/// Warnings about the plan itself.
pub(crate) fn cautions(plan: &Plan, problem: &Problem, found: &Found) -> Vec<Warning> {
    let mut list = Vec::new();
    for (i, decided) in plan.decision.iter().enumerate() {
        let ends = decided.low.zip(decided.high);
        if !problem.is_share(i) && ends.is_some_and(|(low, high)| high > 10.0 * low) {
            let message = format!(
                "the fit hardly says what {} should be: the interval spans more than a factor 10",
                decided.name
            );
            list.push(Warning::new("wide-decision", message));
        }
    }
    for name in &problem.whole {
        let message = format!(
            "{name} is counted in whole numbers; this plan treats it as continuous (--integer {name})"
        );
        list.push(Warning::new("whole-number", message));
    }
    if !found.optimum.exact {
        let message =
            "the last digits of the decision are not settled: the optimum lies at a kink, or is not unique";
        list.push(Warning::new("not-exact", message));
    }
    if plan.method == Method::MultiStart && found.starts.1 < 2 && found.starts.0 > 1 {
        let message =
            format!("only 1 of {} starts ended at this optimum: there may be a better one", found.starts.0);
        list.push(Warning::new("one-start", message));
    }
    list
}
