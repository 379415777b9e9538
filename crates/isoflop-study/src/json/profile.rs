//! Profiles as JSON.

use isoflop_fit::Profile;
use isoflop_laws::Law;
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number, object, optional};

/// `{schema_version, law, profiles: [{of, estimate, low, high, curve}]}`.
pub fn profiles_json(law: &Law, profiles: &[Profile], seed: u64) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": law.id,
        "law_formula": law.formula().text,
        "seed": seed,
        "profiles": profiles.iter().map(one).collect::<Vec<_>>(),
    })
}

fn one(profile: &Profile) -> Value {
    let curve = profile.curve.iter().map(|point| {
        json!({
            "value": number(point.value),
            "ratio": number(point.ratio),
            "parameters": object(profile.parameters.iter().zip(&point.parameters).map(|(n, v)| (n, number(*v)))),
        })
    });
    json!({
        "of": profile.of,
        "formula": profile.formula,
        "objective": profile.objective,
        "rows": profile.rows,
        "estimate": number(profile.estimate),
        "level": number(profile.level),
        "limit": number(profile.limit),
        "low": optional(profile.low),
        "high": optional(profile.high),
        "notes": profile.notes,
        "curve": curve.collect::<Vec<_>>(),
    })
}
