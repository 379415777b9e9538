//! Costs of an architecture as JSON.

use isoflop_plan::{Architecture, Cost};
use serde_json::{Map, Value, json};

use crate::json::{SCHEMA_VERSION, number};

/// The cost model whose quantities are FLOP for each training token.
pub const PER_TOKEN: &str = "training-flops";

/// Costs for programs.
pub fn costs_json(architecture: &Architecture, costs: &[Cost], tokens: Option<f64>) -> Value {
    let numbers: Map<String, Value> =
        architecture.numbers.iter().map(|(name, value)| ((*name).to_owned(), number(*value))).collect();
    let cost = |cost: &Cost| {
        let total = tokens.filter(|_| cost.model == PER_TOKEN).map(|d| d * cost.value);
        json!({
            "model": cost.model, "name": cost.name, "value": number(cost.value), "of_run": total.map(number),
            "description": cost.description,
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "model_type": architecture.model_type,
        "architecture": numbers,
        "costs": costs.iter().map(cost).collect::<Vec<_>>(),
    })
}
