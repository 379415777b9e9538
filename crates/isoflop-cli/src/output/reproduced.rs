//! Published results beside ours.

use isoflop_reproduce::{Compared, Optimum, Outcome, Status};

use crate::commands::reproduce::plain;
use crate::output::number::{counted, significant};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// A block per result, and a line that counts.
pub(crate) fn text(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    for outcome in outcomes {
        out += &format!("{}  {}\n", paint(style::BOLD, &outcome.id), outcome.title);
        match &outcome.status {
            Status::LeftOut { missing } => {
                out += &paint(style::DIM, &format!("  left out: no {}", missing.join(", ")));
                out += "\n";
            }
            Status::Failed { reason, .. } => {
                out += &format!("  {} {}\n", paint(style::BAD, "cannot be rerun:"), plain(reason));
            }
            Status::Done { compared, optima } => {
                out += &figures(compared);
                optima.iter().for_each(|optimum| out += &optimum_text(optimum));
            }
        }
        out += "\n";
    }
    out + &summary(outcomes) + "\n"
}

fn figures(compared: &[Compared]) -> String {
    let mut table = Table::new([Align::Left]);
    table.row(["", "ours", "published", "difference", "allowed", ""].map(|head| styled(style::DIM, head)));
    for figure in compared {
        let word = if figure.is_met() { styled(style::GOOD, "met") } else { styled(style::BAD, "MISSED") };
        table.row([
            label(&figure.name, figure.case.as_deref()).into(),
            significant(figure.ours, 7).into(),
            plain_number(figure.published).into(),
            per_cent(figure.difference()).into(),
            per_cent(figure.tolerance).into(),
            word,
        ]);
    }
    let mut sources: Vec<&str> = Vec::new();
    for figure in compared {
        if !sources.contains(&figure.source.as_str()) {
            sources.push(&figure.source);
        }
    }
    let sources: String =
        sources.iter().map(|s| format!("  {}\n", paint(style::DIM, &format!("published: {s}")))).collect();
    table.render(2) + &sources
}

fn optimum_text(optimum: &Optimum) -> String {
    let (ours, published) = (optimum.ours, optimum.published);
    let share = per_cent((ours / published - 1.0).abs());
    let at: Vec<String> = optimum
        .parameters
        .iter()
        .map(|(name, ours, theirs)| format!("{name} {} ({})", significant(*ours, 6), plain_number(*theirs)))
        .collect();
    let case = optimum.case.as_ref().map_or_else(String::new, |case| format!("{case}: "));
    if optimum.is_same_place() {
        let (ours, published) = (significant(ours, 9), significant(published, 9));
        let text = format!("{case}objective {ours}, and {published} at the digits published");
        return format!("  {}\n", paint(style::DIM, &text));
    }
    let (word, how) =
        if ours < published { ("a better optimum", "below") } else { ("a worse optimum", "above") };
    format!(
        "  {case}{} than the published one: objective {}, {share} {how} {}; at {}\n",
        paint(style::WARN, word),
        significant(ours, 9),
        significant(published, 9),
        at.join(", ")
    )
}

fn summary(outcomes: &[Outcome]) -> String {
    let mut figures = [0, 0];
    let (mut left_out, mut failed) = (0, 0);
    for outcome in outcomes {
        match &outcome.status {
            Status::Done { compared, .. } => {
                let met = compared.iter().filter(|figure| figure.is_met()).count();
                figures = [figures[0] + met, figures[1] + compared.len() - met];
            }
            Status::LeftOut { .. } => left_out += 1,
            Status::Failed { .. } => failed += 1,
        }
    }
    let mut text = format!(
        "{}: {} met, {} missed, {left_out} left out",
        counted(outcomes.len(), "result"),
        counted(figures[0], "figure"),
        figures[1]
    );
    if failed > 0 {
        text += &format!(", {failed} cannot be rerun");
    }
    text
}

/// A number as somebody printed it.
fn plain_number(value: f64) -> String {
    let short: f64 = format!("{value:.7e}").parse().unwrap_or(value);
    if (1e-4..1e7).contains(&short.abs()) { format!("{short}") } else { format!("{short:e}") }
}

fn per_cent(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 2))
}

fn label(name: &str, case: Option<&str>) -> String {
    case.map_or_else(|| name.to_owned(), |case| format!("{name} [{case}]"))
}
