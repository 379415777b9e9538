//! Profiles as text.

use isoflop_fit::Profile;
use isoflop_laws::Law;

use crate::output::number::{counted, coverage, significant, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

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
