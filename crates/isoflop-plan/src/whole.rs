//! Decisions in whole numbers: branch and bound.
//!
//! The plan with the whole numbers taken as continuous bounds what any choice of them can reach. Where one of them comes
//! out between two integers, the plan is made twice more, with it at most the lower and at least the upper; a branch that
//! cannot beat the best whole plan known is dropped (Land and Doig 1960). The result is proved where every plan on the way
//! is a geometric program.

use crate::error::PlanError;
use crate::laws::Role;
use crate::model::Model;
use crate::plan::plan_roles;
use crate::request::{Request, Sense};
use crate::result::{Method, Plan, Quantity, Range, Warning};

/// Plans on the way after which the search gives up.
const MOST: usize = 4000;
/// Branches that promise less than this share are dropped.
const WORTH: f64 = 1e-9;
/// Closer to an integer than this is one.
const WHOLE: f64 = 1e-6;

/// Lowest and highest value of each whole decision.
type Ranges = Vec<(f64, f64)>;

/// Makes the plan of a request with whole decisions.
pub(crate) fn whole_plan(roles: &[Role<'_>], request: &Request) -> Result<Plan, PlanError> {
    if let Some(name) = request.whole.iter().find(|name| !request.over.contains(name)) {
        return Err(PlanError::WholeNotDecided { name: name.clone(), over: request.over.clone() });
    }
    let without_draws: Vec<(&str, Model)> =
        roles.iter().map(|(role, model)| (*role, Model { draws: Vec::new(), ..(*model).clone() })).collect();
    let bare: Vec<Role<'_>> = without_draws.iter().map(|(role, model)| (*role, model)).collect();
    let sign = if request.sense == Sense::Minimize { 1.0 } else { -1.0 };
    let mut open: Vec<Ranges> = vec![vec![(1.0, f64::INFINITY); request.whole.len()]];
    let mut best: Option<(f64, Vec<f64>)> = None;
    let (mut tried, mut proved, mut first_error) = (0, true, None);
    while let Some(ranges) = open.pop() {
        tried += 1;
        if tried > MOST {
            proved = false;
            break;
        }
        let found = match node(&bare, request, &ranges) {
            Ok(found) => found,
            Err(error) => {
                proved &= matches!(error, PlanError::Infeasible { .. });
                first_error.get_or_insert(error);
                continue;
            }
        };
        proved &= found.method != Method::MultiStart;
        let value = sign * found.objective.estimate;
        if best.as_ref().is_some_and(|(known, _)| value >= known - WORTH * known.abs()) {
            continue;
        }
        let at: Vec<f64> = request.whole.iter().map(|name| estimate(&found, name)).collect();
        let part = |x: f64| (x - x.round()).abs() / x.max(1.0);
        let worst = (0..at.len()).max_by(|&a, &b| part(at[a]).total_cmp(&part(at[b])));
        match worst.filter(|&i| part(at[i]) > WHOLE) {
            None => {
                let fixed: Ranges = at.iter().map(|x| (x.round(), x.round())).collect();
                if ranges == fixed {
                    best = Some((value, at.iter().map(|x| x.round()).collect()));
                } else {
                    // Rounding may have moved it: the plan at the integers themselves counts.
                    open.push(fixed);
                }
            }
            Some(i) => {
                let (low, high) = ranges[i];
                let mut sides = Vec::new();
                for side in [(at[i].floor() + 1.0, high), (low, at[i].floor())] {
                    if side.0 <= side.1 {
                        let mut part = ranges.clone();
                        part[i] = side;
                        sides.push(part);
                    }
                }
                // The nearer side first: a good whole plan early drops many branches.
                if at[i].fract() > 0.5 {
                    sides.reverse();
                }
                open.extend(sides);
            }
        }
    }
    let Some((_, values)) = best else {
        return Err(first_error.unwrap_or(PlanError::NotSolved));
    };
    let ranges: Ranges = values.iter().map(|&x| (x, x)).collect();
    let mut plan = node(roles, request, &ranges)?;
    restore(&mut plan, request, &values);
    if !proved {
        plan.method = Method::MultiStart;
        plan.gap = None;
    }
    let message = format!(
        "{} decided in whole numbers by {tried} plans; intervals and regret hold with these numbers as they are",
        request.whole.join(", ")
    );
    plan.warnings.push(Warning::new("whole-numbers", message));
    Ok(plan)
}

fn estimate(plan: &Plan, name: &str) -> f64 {
    plan.decision.iter().find(|q| q.name == name).map_or(f64::NAN, |q| q.estimate)
}

/// The plan with the whole decisions within their ranges. The constraints that say so come last.
fn node(roles: &[Role<'_>], request: &Request, ranges: &Ranges) -> Result<Plan, PlanError> {
    let mut request = request.clone();
    for (name, (low, high)) in std::mem::take(&mut request.whole).into_iter().zip(ranges) {
        if low == high {
            request.constraints.push(format!("{name} == {low}"));
            continue;
        }
        request.constraints.push(format!("{name} >= {low}"));
        if high.is_finite() {
            request.constraints.push(format!("{name} <= {high}"));
        }
    }
    let mut plan = plan_roles(roles, &request)?;
    plan.warnings.retain(|warning| warning.code != "whole-number");
    Ok(plan)
}

/// Takes out what was added to hold the whole numbers, and gives them exactly.
fn restore(plan: &mut Plan, request: &Request, values: &[f64]) {
    plan.constraints.truncate(plan.constraints.len() - request.whole.len());
    for (name, value) in request.whole.iter().zip(values) {
        for (decided, range) in plan.decision.iter_mut().zip(&mut plan.indifference) {
            if decided.name == *name {
                *decided = Quantity { name: name.clone(), estimate: *value, low: None, high: None };
                *range = Range { name: name.clone(), low: None, high: None };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use isoflop_laws::Catalogue;

    use super::*;
    use crate::plan::plan;

    fn model() -> Model {
        Model::parse("chinchilla@besiroglu", &Catalogue::builtin().unwrap()).unwrap()
    }

    #[test]
    fn layers_and_heads_are_as_good_as_the_best_of_a_scan() {
        let request = Request::minimize("loss")
            .over(["layers", "heads", "N", "D"])
            .subject_to("6*N*D <= 1e19")
            .subject_to("N == 12*layers*(128*heads)^2")
            .subject_to("layers <= 6*heads")
            .whole(["layers", "heads"]);
        let found = plan(&model(), &request).unwrap();
        let (mut best, mut at) = (f64::INFINITY, (0.0, 0.0));
        let set = model();
        let value = |name: &str| set.values.iter().find(|(known, _)| known == name).unwrap().1;
        let [e, a, b, alpha, beta] = ["E", "A", "B", "alpha", "beta"].map(value);
        for heads in 1..40 {
            for layers in 1..=6 * heads {
                let n = 12.0 * f64::from(layers) * (128.0 * f64::from(heads)).powi(2);
                let loss = e + a / n.powf(alpha) + b / (1e19 / (6.0 * n)).powf(beta);
                if loss < best {
                    (best, at) = (loss, (f64::from(layers), f64::from(heads)));
                }
            }
        }
        assert!((found.objective.estimate / best - 1.0).abs() < 1e-9, "{} {best}", found.objective.estimate);
        let decided = [estimate(&found, "layers"), estimate(&found, "heads")];
        assert!(decided.iter().all(|x| x.fract() == 0.0), "{decided:?} {at:?}");
        assert_eq!(found.constraints.len(), 3);
    }

    #[test]
    fn the_only_decision_may_be_whole_and_impossible_ones_are_said() {
        let request = Request::minimize("gpus").over(["gpus"]).subject_to("gpus >= 6.3").whole(["gpus"]);
        assert_eq!(estimate(&plan(&model(), &request).unwrap(), "gpus"), 7.0);
        let narrow = request.clone().subject_to("gpus <= 6.7");
        assert_eq!(plan(&model(), &narrow).unwrap_err().code(), "P0201");
        let other = Request { whole: vec!["layers".into()], ..request };
        assert_eq!(plan(&model(), &other).unwrap_err().code(), "P0313");
    }
}
