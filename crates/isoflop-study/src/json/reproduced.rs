//! Published results beside ours.

use isoflop_reproduce::{Compared, Optimum, Outcome, Status};
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number};
use crate::reproduce::plain;

/// Published results beside ours: `{schema_version, results: [...]}`.
pub fn reproduced_json(outcomes: &[Outcome]) -> Value {
    let results: Vec<Value> = outcomes.iter().map(outcome_json).collect();
    json!({"schema_version": SCHEMA_VERSION, "results": results})
}

fn outcome_json(outcome: &Outcome) -> Value {
    let mut value = json!({"id": outcome.id, "title": outcome.title});
    match &outcome.status {
        Status::LeftOut { missing } => {
            value["status"] = json!("left_out");
            value["missing"] = json!(missing);
        }
        Status::Failed { code, reason } => {
            value["status"] = json!("failed");
            value["error"] = json!({"code": code, "message": plain(reason)});
        }
        Status::Done { compared, optima } => {
            value["status"] = json!("done");
            value["figures"] = compared.iter().map(figure_json).collect();
            value["optima"] = optima.iter().map(optimum_json).collect();
        }
    }
    value
}

fn figure_json(figure: &Compared) -> Value {
    json!({
        "name": figure.name,
        "case": figure.case,
        "ours": number(figure.ours),
        "published": number(figure.published),
        "relative_difference": number(figure.difference()),
        "tolerance": number(figure.tolerance),
        "met": figure.is_met(),
        "source": figure.source,
    })
}

fn optimum_json(optimum: &Optimum) -> Value {
    let parameters: Vec<Value> = optimum
        .parameters
        .iter()
        .map(|(name, ours, published)| json!({"name": name, "ours": number(*ours), "published": number(*published)}))
        .collect();
    json!({
        "case": optimum.case,
        "objective": number(optimum.ours),
        "published_objective": number(optimum.published),
        "better": optimum.ours < optimum.published,
        "same_place": optimum.is_same_place(),
        "parameters": parameters,
    })
}
