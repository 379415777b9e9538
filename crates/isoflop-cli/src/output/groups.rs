//! Fits of groups as text and JSON.

use isoflop_study::{GroupFit, SCHEMA_VERSION};
use serde_json::{Value, json};

use crate::output::number::significant;
use crate::output::style;
use crate::output::table::{Align, Table, styled};

/// One line for each group: rows, parameters, verdict, or why there is no fit.
pub(crate) fn text(by: &str, fits: &[GroupFit]) -> String {
    let mut table = Table::new([Align::Left]);
    let first = fits.iter().find_map(|group| group.fit.as_ref());
    let names: Vec<&str> =
        first.map(parameters).unwrap_or_default().into_iter().map(|(name, _)| name).collect();
    let head = [by, "rows"].into_iter().chain(names.iter().copied()).chain(["verdict"]);
    table.row(head.map(|name| styled(style::DIM, name)));
    let mut out = String::new();
    for group in fits {
        match &group.fit {
            Some(fit) => {
                let rows = fit["fit"]["rows"].to_string();
                let values = parameters(fit).into_iter().map(|(_, value)| significant(value, 4));
                let verdict =
                    fit["fit"]["certificate"]["verdict"].as_str().unwrap_or_default().replace('-', " ");
                let cells = [group.level.clone(), rows].into_iter().chain(values).chain([verdict]);
                table.row(cells.map(Into::into));
            }
            None => out += &format!("{}: {}\n", group.level, group.error.as_deref().unwrap_or_default()),
        }
    }
    table.render(2) + &out
}

fn parameters(fit: &Value) -> Vec<(&str, f64)> {
    let list = fit["fit"]["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let value = |p: &Value| p["estimate"].as_f64().unwrap_or(f64::NAN);
    list.iter().filter_map(|p| Some((p["name"].as_str()?, value(p)))).collect()
}

/// All fits as they are saved, for programs.
pub(crate) fn json(by: &str, fits: &[GroupFit]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "by": by,
        "fits": fits,
    })
}
