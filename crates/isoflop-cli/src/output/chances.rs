//! Which laws a table can carry.

use isoflop_fit::Verdict;
use isoflop_study::Chance;

use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// Laws that lack this many columns are worth a line.
const NEAR: usize = 1;

/// The laws that the table identifies, those it has the columns of, and those that lack one column.
pub(crate) fn text(chances: &[Chance<'_>]) -> String {
    let identified: Vec<_> = chances.iter().filter(|chance| chance.is_identified()).collect();
    let mut out = if identified.is_empty() {
        "the table identifies no law of the catalogue; --map and --let can make the columns that laws need\n"
            .to_owned()
    } else {
        let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Left, Align::Left]);
        table.row(["law", "parameters", "residuals", "", "formula"].map(|head| styled(style::DIM, head)));
        for chance in identified {
            let Some(Ok(fitted)) = &chance.fitted else { continue };
            let warned = if fitted.verdict == Verdict::Certified { "" } else { "with warnings" };
            table.row([
                styled(style::BOLD, &chance.law.id),
                fitted.parameters.to_string().into(),
                fitted.rmse_log.map_or_else(String::new, |r| format!("{:.2} %", 100.0 * r)).into(),
                warned.into(),
                chance.law.formula().text.as_str().into(),
            ]);
        }
        let head =
            "the table identifies, smallest log residuals first; more parameters always leave smaller ones";
        format!("{}\n{}", paint(style::DIM, head), table.render(0))
    };
    let columns = chances.iter().filter(|c| c.missing.is_empty() && !c.is_identified());
    out += &listing(
        "the table has the columns of, but does not determine",
        columns.map(|chance| {
            let why = match &chance.fitted {
                Some(Ok(fitted)) => fitted.reason.clone().unwrap_or_default(),
                Some(Err(error)) => error.clone(),
                None => String::new(),
            };
            (chance, why)
        }),
    );
    let near = chances.iter().filter(|chance| (1..=NEAR).contains(&chance.missing.len()));
    let lacks = |chance: &Chance<'_>| format!("lacks {}", chance.missing.join(", "));
    out += &listing("one column more, by --map or --let, and it has those of", near.map(|c| (c, lacks(c))));
    out
}

/// A heading and a line per law with a remark; nothing without laws.
fn listing<'a>(heading: &str, laws: impl Iterator<Item = (&'a Chance<'a>, String)>) -> String {
    let mut table = Table::new([Align::Left; 2]);
    let mut any = false;
    for (chance, remark) in laws {
        any = true;
        table.row([styled(style::BOLD, &chance.law.id), remark.into()]);
    }
    if any { format!("\n{}\n{}", paint(style::DIM, heading), table.render(0)) } else { String::new() }
}
