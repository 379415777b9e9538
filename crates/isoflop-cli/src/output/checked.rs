//! What the tests of laws found.

use isoflop_fit::Recovery;
use serde_json::{Value, json};

use crate::commands::laws::Checked;
use crate::output::SCHEMA_VERSION;
use crate::output::number;
use crate::output::style;
use crate::output::table::{Align, Table, styled};

/// A line per law, and below it what is wrong.
pub(crate) fn text(checked: &[Checked<'_>]) -> String {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for law in checked {
        let word = if law.is_sound() { "ok" } else { "FAILED" };
        table.row([styled(style::BOLD, &law.law.id), word.into(), summary(law).into()]);
    }
    let failed = checked.iter().filter(|law| !law.is_sound()).count();
    let mut out = table.render(0);
    for law in checked {
        for (golden, error) in law.missed() {
            let what = golden.quantity.as_deref().unwrap_or("the output");
            out += &format!(
                "{}: {what} should be {} ({}), and is off by {error:.1e} where {:.1e} is allowed\n",
                law.law.id, golden.value, golden.source, golden.tolerance
            );
        }
        if let Ok(recovery) = &law.recovery
            && !law.is_sound()
            && !recovery.is_recovered()
        {
            for p in &recovery.parameters {
                out += &format!("{}: {} is {} and {} was found\n", law.law.id, p.name, p.truth, p.exact);
            }
        }
    }
    out + &format!("{} laws, {failed} failed\n", checked.len())
}

fn summary(law: &Checked<'_>) -> String {
    let golden = format!("{} golden", law.golden.len());
    let recovery = match &law.recovery {
        Err(error) => error.to_string(),
        Ok(r) if r.is_recovered() => {
            let worst = r.parameters.iter().map(|p| p.z.abs()).fold(0.0, f64::max);
            format!(
                "{} rows, {} starts, condition {}, with 1 % noise at most {worst:.1} standard errors off",
                r.rows,
                r.starts.unwrap_or(0),
                condition(r)
            )
        }
        Ok(r) if !r.is_identifiable() => {
            let words = r.direction.as_ref().map_or("", |d| d.text.as_str());
            format!("its design does not determine it: {words}")
        }
        Ok(r) => {
            format!("{} rows, condition {}: the search does not find the values again", r.rows, condition(r))
        }
    };
    format!("{golden}; {recovery}; {:.0} ms", 1e3 * law.seconds)
}

fn condition(recovery: &Recovery) -> String {
    recovery.condition.map_or_else(|| "infinite".to_owned(), |c| format!("{c:.0e}"))
}

/// `{schema_version, laws: [...]}`.
pub(crate) fn json(checked: &[Checked<'_>]) -> Value {
    let laws: Vec<Value> = checked
        .iter()
        .map(|law| {
            let recovery = match &law.recovery {
                Err(error) => json!({"error": error.to_string()}),
                Ok(r) => json!({
                    "rows": r.rows,
                    "identifiable": r.is_identifiable(),
                    "recovered": r.is_recovered(),
                    "starts": r.starts,
                    "condition": r.condition.map(number),
                    "direction": r.direction.as_ref().map(|d| d.text.clone()),
                    "parameters": r.parameters.iter().map(|p| json!({
                        "name": p.name,
                        "truth": number(p.truth),
                        "exact": number(p.exact),
                        "noisy": number(p.noisy),
                        "standard_errors_off": number(p.z),
                    })).collect::<Vec<_>>(),
                }),
            };
            json!({
                "id": law.law.id,
                "sound": law.is_sound(),
                "golden": law.golden.len(),
                "golden_missed": law.missed().count(),
                "recovery": recovery,
                "seconds": law.seconds,
            })
        })
        .collect();
    json!({"schema_version": SCHEMA_VERSION, "laws": laws})
}
