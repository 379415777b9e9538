//! Answers to a reviewer's questions as JSON.

use serde::Serialize;
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, verdict};
use crate::review::{Audited, Reviewed};

/// `{schema_version, isoflop_version, law, law_formula, seed, ..., places}`: the keys of the answer itself, numbers that
/// are not finite as `null`.
pub fn reviewed_json<T: Serialize>(reviewed: &Reviewed<T>, seed: u64) -> Value {
    let answer = serde_json::to_value(&reviewed.answer).unwrap_or(Value::Null);
    head(reviewed, seed, answer)
}

/// The findings with the fit that they are about.
pub fn audited_json(reviewed: &Reviewed<Audited>, seed: u64) -> Value {
    let audited = &reviewed.answer;
    let audit = &audited.audit;
    let parameters: Vec<Value> = audited
        .fit
        .parameters
        .iter()
        .map(|p| json!({"name": p.name, "estimate": p.estimate, "low": p.low, "high": p.high, "fixed": p.fixed}))
        .collect();
    let answer = json!({
        "objective": audited.objective.to_string(),
        "rows": audited.rows.used,
        "left_out": audited.rows.dropped,
        "data_sha256": audited.digest,
        "verdict": verdict(audited.fit.certificate.verdict),
        "parameters": parameters,
        "worst": audit.worst(),
        "findings": audit.findings,
        "passed": audit.passed,
    });
    head(reviewed, seed, answer)
}

fn head<T>(reviewed: &Reviewed<T>, seed: u64, answer: Value) -> Value {
    let mut out = json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": reviewed.law.id,
        "law_formula": reviewed.law.formula().text,
        "seed": seed,
    });
    if let (Value::Object(out), Value::Object(answer)) = (&mut out, answer) {
        out.extend(answer);
        out.insert("places".to_owned(), json!(reviewed.places));
    }
    out
}
