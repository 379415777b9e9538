//! Profiles as text and JSON.

use isoflop_fit::Profile;
use isoflop_laws::Law;
use serde_json::{Value, json};

use crate::output::fit_json::{object, optional};
use crate::output::number::{counted, coverage, significant, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};
use crate::output::{SCHEMA_VERSION, number};

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;

/// One line per quantity.
pub(crate) fn text(law: &Law, profiles: &[Profile]) -> String {
    let Some(first) = profiles.first() else { return String::new() };
    let formula = &law.formula().text;
    let title = if law.id == *formula { String::new() } else { paint(style::BOLD, &law.id) + "  " };
    let mut out = format!("{title}{formula}\n");
    out += &paint(style::DIM, &format!("{}, {}", counted(first.rows, "row"), first.objective));
    out.push('\n');
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Left, Align::Right]);
    let head = format!("{} profile interval", coverage(first.level));
    table.row(["", "estimate", "", head.as_str()].map(|head| styled(style::DIM, head)));
    for profile in profiles {
        let places = profile.low.zip(profile.high).and_then(|(low, high)| supported_places(low, high));
        let shown = |value: f64| places.map_or_else(|| significant(value, DIGITS), |p| to_places(value, p));
        let end = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), &shown);
        let interval = format!("{} … {}", end(profile.low), end(profile.high));
        let same = profile.of == profile.formula;
        let meaning =
            if same { Cell::from("") } else { styled(style::DIM, format!("= {}", profile.formula)) };
        table.row([
            styled(style::BOLD, &profile.of),
            shown(profile.estimate).into(),
            "".into(),
            interval.into(),
            meaning,
        ]);
    }
    out += &table.render(0);
    for profile in profiles {
        for note in &profile.notes {
            out += &format!("{} {}: {note}\n", paint(style::WARN, "!"), profile.of);
        }
    }
    out
}

/// `{schema_version, law, profiles: [{of, estimate, low, high, curve}]}`.
pub(crate) fn json(law: &Law, profiles: &[Profile], seed: u64) -> Value {
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
