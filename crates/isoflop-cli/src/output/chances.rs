//! Which laws a table can carry.

use serde_json::{Value, json};

use crate::commands::laws::Chance;
use crate::output::SCHEMA_VERSION;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// Laws that lack this many columns are worth a line.
const NEAR: usize = 1;

/// The laws that can be fitted, then those that lack one column.
pub(crate) fn text(chances: &[Chance<'_>]) -> String {
    let (ready, rest): (Vec<_>, Vec<_>) = chances.iter().partition(|chance| chance.missing.is_empty());
    let mut out = if ready.is_empty() {
        "no law of the catalogue finds all its columns in this table; --map and --let can make them\n"
            .to_owned()
    } else {
        let mut table = Table::new([Align::Left; 2]);
        for chance in &ready {
            table.row([styled(style::BOLD, &chance.law.id), chance.law.formula().text.as_str().into()]);
        }
        format!("{}\n{}", paint(style::DIM, "the table has all columns of"), table.render(0))
    };
    let near: Vec<_> = rest.into_iter().filter(|chance| chance.missing.len() <= NEAR).collect();
    if !near.is_empty() {
        let mut table = Table::new([Align::Left; 3]);
        for chance in near {
            let lacks = format!("lacks {}", chance.missing.join(", "));
            table.row([
                styled(style::BOLD, &chance.law.id),
                lacks.into(),
                chance.law.formula().text.as_str().into(),
            ]);
        }
        out += &format!(
            "\n{}\n{}",
            paint(style::DIM, "one column more, by --map or --let, and it has those of"),
            table.render(0)
        );
    }
    out
}

/// `{schema_version, laws: [{id, missing}]}`, all laws.
pub(crate) fn json(chances: &[Chance<'_>]) -> Value {
    let laws: Vec<Value> =
        chances.iter().map(|chance| json!({"id": chance.law.id, "missing": chance.missing})).collect();
    json!({"schema_version": SCHEMA_VERSION, "laws": laws})
}
