//! Which laws a table can carry, as JSON.

use serde_json::{Value, json};

use crate::chances::Chance;
use crate::json::{SCHEMA_VERSION, number};

/// `{schema_version, laws: [{id, missing, identified, ...}]}`, all laws.
pub fn chances_json(chances: &[Chance<'_>]) -> Value {
    let law = |chance: &Chance<'_>| {
        let fitted = match &chance.fitted {
            Some(Ok(f)) => json!({
                "verdict": f.verdict,
                "reason": f.reason,
                "parameters": f.parameters,
                "rows": f.rows,
                "rmse_log": f.rmse_log.map(number),
            }),
            Some(Err(error)) => json!({"error": error}),
            None => Value::Null,
        };
        json!({
            "id": chance.law.id,
            "missing": chance.missing,
            "identified": chance.is_identified(),
            "fit": fitted,
        })
    };
    json!({"schema_version": SCHEMA_VERSION, "laws": chances.iter().map(law).collect::<Vec<_>>()})
}
