//! Next runs as JSON.

use isoflop_plan::{NextRun, Outlook};
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number, object, optional};
use crate::next::NextRuns;

/// The runs to do, and what will be known after them.
pub fn next_json(runs: &NextRuns) -> Value {
    let NextRuns { model, request, next, past } = runs;
    let run = |run: &NextRun| {
        json!({
            "inputs": object(run.inputs.iter().map(|(name, x)| (name, number(*x)))),
            "seeds": run.repeats,
            "cost": number(run.cost),
            "expected": number(run.expected),
        })
    };
    let outlook = |o: &Outlook| {
        json!({
            "goal": o.name,
            "kind": o.kind,
            "estimate": optional(o.estimate),
            "before": optional(o.before),
            "after": number(o.after),
            "low": optional(o.low),
            "high": optional(o.high),
            "after_range": [number(o.after_range.0), number(o.after_range.1)],
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": model.name,
        "formula": model.formula.text,
        "rows": past,
        "runs": next.runs.iter().map(run).collect::<Vec<_>>(),
        "cost": number(next.cost),
        "budget": number(next.budget),
        "cost_formula": request.cost,
        "keep": request.keep,
        "limits": object(next.limits.iter().map(|(name, low, high)| (name, json!([number(*low), number(*high)])))),
        "outlook": next.outlooks.iter().map(outlook).collect::<Vec<_>>(),
        "candidates": next.candidates,
        "draws": next.draws,
        "noise": number(next.noise),
        "level": number(next.level),
        "warnings": next.warnings,
    })
}
