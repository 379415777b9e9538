//! Plans as JSON.

use isoflop_plan::{
    Advice, Breakdown, ConstraintResult, Curves, Frontier, Laws, Measured, Model, NamedPlan, Outside, Plan,
    Quantity, Request, Sense, Slice, Term, Valley, breakdown,
};
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number, object, optional};

/// `minimize`, `maximize` or `solve`.
pub fn aim(request: &Request) -> &'static str {
    if request.solve.is_some() {
        "solve"
    } else if request.sense == Sense::Minimize {
        "minimize"
    } else {
        "maximize"
    }
}

/// The plan for programs, with its curves where they were asked for.
pub fn plan_json(laws: &Laws, request: &Request, plan: &Plan, curves: Option<&Curves>) -> Value {
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
    // A plan that was made has a breakdown; without one the rest still stands.
    let sums = breakdown(laws, request, plan).unwrap_or_default();
    let law = |(role, model): (&str, &Model)| {
        let role = if role.is_empty() { Value::Null } else { role.into() };
        json!({
            "role": role,
            "law": model.name,
            "law_source": model.source.as_ref().map(measured),
            "formula": model.formula.text,
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": laws.iter().next().map(|(_, model)| &model.name),
        "law_source": laws.iter().next().and_then(|(_, model)| model.source.as_ref()).map(measured),
        "formula": laws.iter().next().map(|(_, model)| &model.formula.text),
        "laws": laws.iter().map(law).collect::<Vec<_>>(),
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
        "breakdown": sums.iter().map(breakdown_json).collect::<Vec<_>>(),
        "method": plan.method,
        "gap": optional(plan.gap),
        "starts": { "tried": plan.starts.0, "agreed": plan.starts.1 },
        "scanned": plan.scanned,
        "regret": plan.regret.as_ref().map(|r| json!({
            "mean": number(r.mean), "median": number(r.median), "high": number(r.high),
        })),
        "indifference": object(
            plan.indifference.iter().map(|r| (&r.name, json!({"low": optional(r.low), "high": optional(r.high)}))),
        ),
        "tolerance": number(plan.tolerance),
        "level": number(plan.level),
        "draws": plan.draws,
        "verdict": plan.verdict(),
        "warnings": plan.warnings,
        "curves": curves.map(|curves| curves_json(plan, curves)),
    })
}

/// A sum and its terms.
fn breakdown_json(sum: &Breakdown) -> Value {
    let term =
        |term: &Term| json!({"text": term.text, "value": number(term.value), "share": number(term.share)});
    json!({
        "of": sum.of,
        "name": sum.name,
        "value": number(sum.value),
        "terms": sum.terms.iter().map(term).collect::<Vec<_>>(),
    })
}

/// Curves for figures; all numbers in the units of the plan's own formulas.
fn curves_json(plan: &Plan, curves: &Curves) -> Value {
    let list = |values: &[Option<f64>]| values.iter().map(|x| optional(*x)).collect::<Vec<_>>();
    let decision = |all: &[(String, Vec<Option<f64>>)]| {
        object(all.iter().map(|(name, values)| (name, list(values).into())))
    };
    let frontier = |f: &Frontier| {
        json!({
            "constraint": f.constraint,
            "at": number(f.at),
            "limit": f.limit,
            "objective": list(&f.objective),
            "low": list(&f.low),
            "high": list(&f.high),
            "decision": decision(&f.decision),
        })
    };
    let valley = |v: &Valley| {
        let decided = plan.decision.iter().find(|q| q.name == v.name);
        let within = plan.indifference.iter().find(|r| r.name == v.name);
        json!({
            "name": v.name,
            "at": number(v.at),
            "low": optional(decided.and_then(|q| q.low)),
            "high": optional(decided.and_then(|q| q.high)),
            "within": {"low": optional(within.and_then(|r| r.low)), "high": optional(within.and_then(|r| r.high))},
            "value": v.value,
            "objective": list(&v.objective),
            "regret": list(&v.regret),
            "decision": decision(&v.decision),
        })
    };
    let slice = |s: &Slice| {
        json!({
            "constraint": s.constraint,
            "name": s.name,
            "limit": number(s.limit),
            "value": s.value,
            "objective": list(&s.objective),
        })
    };
    json!({
        "objective": plan.objective.name,
        "frontier": curves.frontier.iter().map(frontier).collect::<Vec<_>>(),
        "valley": curves.valley.iter().map(valley).collect::<Vec<_>>(),
        "slices": curves.slices.iter().map(slice).collect::<Vec<_>>(),
    })
}

/// Where coefficients come from, and where they were measured.
fn measured(of: &Measured) -> Value {
    let range = |(name, low, high): &(String, f64, f64)| {
        (name.clone(), json!({"low": number(*low), "high": number(*high)}))
    };
    json!({
        "standing": of.standing,
        "grade": of.grade.mark(),
        "source": of.source,
        "place": of.place,
        "data": of.data,
        "ranges": of.ranges.iter().map(range).collect::<serde_json::Map<String, Value>>(),
    })
}

/// What the rules of a named plan say, for programs.
pub fn rules_json(plan: &NamedPlan, given: &[String], advice: &[Advice]) -> Value {
    let outside = |of: &Outside| json!({"name": of.name, "value": number(of.value), "low": number(of.low), "high": number(of.high)});
    let rule = |advice: &Advice| {
        json!({
            "name": advice.name,
            "value": number(advice.value),
            "unit": advice.unit,
            "law": advice.law,
            "law_source": advice.measured.as_ref().map(measured),
            "source": advice.source,
            "compared": advice.compared,
            "outside": advice.outside.iter().map(outside).collect::<Vec<_>>(),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "plan": plan.id,
        "title": plan.title,
        "given": given,
        "rules": advice.iter().map(rule).collect::<Vec<_>>(),
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
            "subject": plan.subject,
            "title": plan.title,
            "laws": plan.laws,
            "law": plan.law,
            "rules": plan.rule.iter().map(|rule| &rule.name).collect::<Vec<_>>(),
            "minimize": plan.minimize,
            "maximize": plan.maximize,
            "solve": plan.solve,
            "roles": object(plan.roles.iter().map(|(name, role)| {
                (name, json!({"description": role.description, "example": role.example}))
            })),
            "over": plan.over,
            "subject_to": plan.subject_to,
            "given": object(given),
        })
    };
    json!({ "schema_version": SCHEMA_VERSION, "plans": plans.iter().map(plan).collect::<Vec<_>>() })
}
