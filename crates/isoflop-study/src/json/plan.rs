//! Plans as JSON.

use isoflop_plan::{ConstraintResult, Model, NamedPlan, Plan, Quantity, Request, Sense};
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number, object, optional};

/// `minimize` or `maximize`.
pub fn aim(request: &Request) -> &'static str {
    if request.sense == Sense::Minimize { "minimize" } else { "maximize" }
}

/// The plan for programs.
pub fn plan_json(model: &Model, request: &Request, plan: &Plan) -> Value {
    let ends = |q: &Quantity| json!({"estimate": number(q.estimate), "low": optional(q.low), "high": optional(q.high)});
    let constraint = |c: &ConstraintResult| {
        json!({
            "text": c.text,
            "value": number(c.value),
            "limit": number(c.limit),
            "active": c.active,
            "shadow_price": number(c.shadow_price),
            "holds": optional(c.holds),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": model.name,
        "formula": model.formula.text,
        "aim": aim(request),
        "decision": object(plan.decision.iter().map(|q| (&q.name, ends(q)))),
        "objective": {
            "name": plan.objective.name,
            "estimate": number(plan.objective.estimate),
            "low": optional(plan.objective.low),
            "high": optional(plan.objective.high),
        },
        "report": object(plan.report.iter().map(|q| (&q.name, ends(q)))),
        "constraints": plan.constraints.iter().map(constraint).collect::<Vec<_>>(),
        "method": plan.method,
        "gap": optional(plan.gap),
        "starts": { "tried": plan.starts.0, "agreed": plan.starts.1 },
        "regret": plan.regret.as_ref().map(|r| json!({
            "mean": number(r.mean), "median": number(r.median), "high": number(r.high),
        })),
        "indifference": object(
            plan.indifference.iter().map(|r| (&r.name, json!({"low": optional(r.low), "high": optional(r.high)}))),
        ),
        "tolerance": number(plan.tolerance),
        "level": number(plan.level),
        "draws": plan.draws,
        "warnings": plan.warnings,
    })
}

/// The named plans for programs.
pub fn plans_json(plans: &[NamedPlan]) -> Value {
    let plan = |plan: &NamedPlan| {
        let given = plan.given.iter().map(|(name, given)| {
            (
                name,
                json!({"description": given.description, "example": given.example, "default": given.default}),
            )
        });
        json!({
            "id": plan.id,
            "title": plan.title,
            "laws": plan.laws,
            "minimize": plan.minimize,
            "maximize": plan.maximize,
            "over": plan.over,
            "subject_to": plan.subject_to,
            "given": object(given),
        })
    };
    json!({ "schema_version": SCHEMA_VERSION, "plans": plans.iter().map(plan).collect::<Vec<_>>() })
}
