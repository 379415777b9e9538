//! Results as JSON, one layout for all front ends; the keys and their order are part of the interface.

mod backtest;
mod chances;
mod compare;
mod cost;
mod fit;
mod laws;
mod next;
mod plan;
mod points;
mod profile;
mod reproduced;
mod review;
mod survey;

pub use backtest::backtests_json;
use backtest::score_json;
pub use chances::chances_json;
pub use compare::comparison_json;
pub use cost::{PER_TOKEN, costs_json};
pub use fit::fit_json;
pub use laws::{bibtex, law_json, laws_json};
pub use next::next_json;
pub use plan::{aim, plan_json, plans_json, rules_json};
pub use points::{Points, all_points_json};
pub use profile::profiles_json;
pub use reproduced::reproduced_json;
pub use review::{audited_json, reviewed_json};
pub use survey::{SurveyedJson, evidence, notes_json, roles_json};

use isoflop_fit::Verdict;
use serde_json::{Map, Value, json};

/// Version of all JSON output; it rises when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// A number for JSON: `null` if it is not finite.
pub fn number(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { Value::Null }
}

/// A number or `null`.
pub fn optional(value: Option<f64>) -> Value {
    value.map_or(Value::Null, number)
}

/// A JSON object in the order of the pairs.
pub fn object<'a>(pairs: impl IntoIterator<Item = (&'a String, Value)>) -> Value {
    Value::Object(pairs.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>())
}

/// The verdict as it stands in JSON and in text.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certified => "certified",
        Verdict::CertifiedWithWarnings => "certified with warnings",
        Verdict::NotCertified => "not certified",
    }
}
