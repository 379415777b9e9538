//! The next runs as text and JSON.

use isoflop_plan::{Model, Next, NextRequest, Outlook, OutlookKind};

use crate::output::number::{counted, coverage, percent, significant, size};
use crate::output::plan::wrapped;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// The runs as a table, what will be known after them, and a verdict in words.
pub(crate) fn text(model: &Model, request: &NextRequest, next: &Next, past: usize) -> String {
    let count: usize = next.runs.iter().map(|run| run.repeats).sum();
    let title = format!("{} within {}", counted(count, "run"), significant(next.budget, 3));
    let origin =
        if past > 0 { format!("{} on {}", model.name, counted(past, "run")) } else { model.name.clone() };
    let mut out = format!("{}  {}\n\n", paint(style::BOLD, &title), paint(style::DIM, &origin));
    out += &runs(next).render(2);
    out.push('\n');
    out += &outlooks(next).render(2);
    out.push('\n');
    out + &verdict(request, next, count)
}

fn runs(next: &Next) -> Table {
    let mut table = Table::new([]);
    let names =
        next.runs.first().map(|run| run.inputs.iter().map(|(name, _)| name.as_str())).into_iter().flatten();
    let head = names.chain(["seeds", "cost of one", "expected"]).map(|name| styled(style::DIM, name));
    table.row(head);
    for run in &next.runs {
        let inputs = run.inputs.iter().map(|(_, x)| size(*x));
        let rest = [run.repeats.to_string(), significant(run.cost, 3), significant(run.expected, 4)];
        table.row(inputs.chain(rest).map(Into::into));
    }
    table
}

fn outlooks(next: &Next) -> Table {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    let interval = format!("{} interval then", coverage(next.level));
    table.row(["", "now", "after these runs", &interval].map(|head| styled(style::DIM, head)));
    for outlook in &next.outlooks {
        let shown = |x: f64| shown(outlook, x);
        let ends = outlook.low.zip(outlook.high);
        table.row([
            styled(style::BOLD, &outlook.name),
            match (outlook.before, outlook.kind) {
                (Some(before), _) => shown(before),
                (None, OutlookKind::LogOdds) => String::new(),
                (None, _) => "not determined".to_owned(),
            }
            .into(),
            shown(outlook.after).into(),
            ends.map(|(low, high)| format!("{} … {}", significant(low, 4), significant(high, 4)))
                .unwrap_or_default()
                .into(),
        ]);
    }
    table
}

fn shown(outlook: &Outlook, value: f64) -> String {
    match outlook.kind {
        OutlookKind::RelativeHalfWidth if value > 10.0 => "anything".to_owned(),
        OutlookKind::RelativeHalfWidth => format!("±{} %", significant(100.0 * value, 2)),
        OutlookKind::HalfWidth => format!("±{}", significant(value, 2)),
        OutlookKind::Regret => format!("{} lost on average", significant(value, 2)),
        OutlookKind::LogOdds => odds(value),
    }
}

/// Odds of which this is the logarithm; beyond a million the noise is no longer what is in doubt.
fn odds(logarithm: f64) -> String {
    let odds = logarithm.exp();
    if odds > 1e6 {
        "odds above 1M to 1".to_owned()
    } else {
        format!("odds of {} to 1", significant(odds, 2))
    }
}

/// What the table means, in words.
fn verdict(request: &NextRequest, next: &Next, count: usize) -> String {
    let mut words = format!(
        "These {} cost {} of {}. ",
        counted(count, "run"),
        significant(next.cost, 3),
        significant(next.budget, 3)
    );
    for outlook in &next.outlooks {
        words += &match (outlook.kind, outlook.before) {
            (OutlookKind::LogOdds, _) => {
                format!("If one of the two laws is right, expect {} for it. ", odds(outlook.after))
            }
            (OutlookKind::Regret, _) => format!(
                "The decision of '{}' will then lose {} on average. ",
                outlook.name,
                significant(outlook.after, 2)
            ),
            (_, Some(before)) if before > outlook.after => format!(
                "They make the interval of '{}' {} times narrower. ",
                outlook.name,
                significant(before / outlook.after, 2)
            ),
            _ => format!("You will know {} to {}. ", outlook.name, shown(outlook, outlook.after)),
        };
        let (low, high) = outlook.after_range;
        if next.draws > 0 && high > 1.5 * low {
            words += &format!(
                "Over the replicates of the fit that is {} to {}. ",
                shown(outlook, low),
                shown(outlook, high)
            );
        }
    }
    words += &format!(
        "Chosen from {} with noise of {} for each run; at most {} with other seeds. Run it again with the new rows to go on.",
        counted(next.candidates, "candidate"),
        percent(next.noise),
        request.repeats
    );
    wrapped(&words)
}
