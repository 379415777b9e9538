//! What decides a fit, as text.

use isoflop_audit::{Alternative, Answer, Influences, Kind, LeftOutRow};
use isoflop_study::Reviewed;

use crate::output::number::{counted, percent, significant};
use crate::output::review::{flop, three};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// Runs and sizes listed.
const LISTED: usize = 10;
/// Significant digits of parameters.
const DIGITS: i32 = 4;

/// Runs, sizes, the fit without the suspects, and other choices.
pub(crate) fn text(reviewed: &Reviewed<Influences>) -> String {
    let found = &reviewed.answer;
    let mut out = format!("{}  {}\n", paint(style::BOLD, &reviewed.law.id), reviewed.law.formula().text);
    let decision = found.budget.map_or_else(
        || "no decision: the law does not read N and D".to_owned(),
        |budget| format!("the decision is N* at {} FLOP (--budget)", flop(budget)),
    );
    let lost = if found.lost > 0 {
        format!("; {} not certified", counted(found.lost, "refit"))
    } else {
        String::new()
    };
    let about = format!(
        "{}, {}, every run and size left out in turn{lost}; {decision}",
        counted(found.rows, "row"),
        found.objective
    );
    out += &format!("{}\n\n", paint(style::DIM, &about));
    out += &runs(reviewed);
    out += &groups(found);
    out += &together(reviewed);
    if !found.choices.is_empty() {
        out += "\nOther choices\n";
        out += &answers(found, found.choices.iter().map(|c| (label(c), c.answer.as_ref(), Some(c))));
    }
    out
}

fn label(choice: &Alternative) -> String {
    match choice.kind {
        Kind::Counting => format!("{} ({})", choice.name, counted(choice.rows, "row")),
        _ => choice.name.clone(),
    }
}

fn runs(reviewed: &Reviewed<Influences>) -> String {
    let found = &reviewed.answer;
    let mut order: Vec<&LeftOutRow> = found.single.iter().filter(|row| row.certified).collect();
    let weight = |row: &LeftOutRow| row.decision_share.unwrap_or(row.cook);
    order.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    let mut table =
        Table::new([Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right]);
    table.row(
        ["run left out", "residual", "N* times", "of its variance", "Cook's D", "outlier"]
            .map(|h| styled(style::DIM, h)),
    );
    for row in order.iter().take(LISTED) {
        let outlier = if row.outlier > 0.5 {
            styled(style::WARN, percent(row.outlier))
        } else {
            percent(row.outlier).into()
        };
        table.row([
            place(reviewed, row.row),
            format!("{:+.4}", row.residual).into(),
            row.decision_factor.map_or_else(String::new, |f| format!("{f:.3}")).into(),
            row.decision_share.map_or_else(String::new, percent).into(),
            significant(row.cook, 2).into(),
            outlier,
        ]);
    }
    let outliers = found.single.iter().filter(|r| r.outlier > 0.5).count();
    let error = found
        .decision_error
        .map_or_else(String::new, |e| format!("jackknife error of ln N*: {}; ", significant(e, 2)));
    table.render(0)
        + &paint(
            style::DIM,
            &format!(
                "{error}{} with three times the noise of the others, by a fit with Student-t noise",
                counted(outliers, "run")
            ),
        )
        + "\n"
}

fn place(reviewed: &Reviewed<Influences>, row: usize) -> Cell {
    reviewed.places.get(row).cloned().unwrap_or_else(|| format!("row {}", row + 1)).into()
}

fn groups(found: &Influences) -> String {
    let size = |factor: Option<f64>, cook: f64| factor.map_or(cook, |f| f.ln().abs());
    let mut order: Vec<_> = found.groups.iter().filter(|g| g.rows.len() > 1 && g.without.is_some()).collect();
    if order.is_empty() {
        return String::new();
    }
    order.sort_by(|a, b| size(b.decision_factor, b.cook).total_cmp(&size(a.decision_factor, a.cook)));
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right]);
    table.row(["all runs of", "runs", "N* times", "Cook's D"].map(|h| styled(style::DIM, h)));
    for group in order.iter().take(LISTED) {
        table.row([
            Cell::from(format!("{} = {}", found.group_column, three(group.value))),
            group.rows.len().to_string().into(),
            group.decision_factor.map_or_else(String::new, |f| format!("{f:.3}")).into(),
            significant(group.cook, 2).into(),
        ]);
    }
    format!("\n{}", table.render(0))
}

fn together(reviewed: &Reviewed<Influences>) -> String {
    let found = &reviewed.answer;
    let Some(without) = &found.without else { return String::new() };
    let names: Vec<String> = found
        .suspects
        .iter()
        .map(|&row| reviewed.places.get(row).cloned().unwrap_or_else(|| format!("row {}", row + 1)))
        .collect();
    let rows = [
        ("all runs".to_owned(), Some(&found.all), None),
        (format!("without these {}", names.len()), Some(without), None),
    ];
    format!("\nWithout the most suspect runs: {}\n{}", names.join(", "), answers(found, rows.into_iter()))
}

/// A line of parameters and decision for each answer.
fn answers<'a>(
    found: &Influences,
    rows: impl Iterator<Item = (String, Option<&'a Answer>, Option<&'a Alternative>)>,
) -> String {
    let mut table = Table::new([Align::Left]);
    let mut head: Vec<Cell> = vec!["".into()];
    head.extend(found.parameters.iter().map(|name| styled(style::DIM, name)));
    head.push(styled(style::DIM, found.budget.map_or_else(String::new, |b| format!("N* at {}", flop(b)))));
    head.push(styled(style::DIM, ""));
    table.row(head);
    for (name, answer, choice) in rows {
        let mut row: Vec<Cell> = vec![styled(style::BOLD, name)];
        match answer {
            Some(answer) => {
                // A choice that holds a parameter or has other levels may list fewer values.
                row.extend(answer.estimates.iter().map(|v| Cell::from(significant(*v, DIGITS))));
                row.push(answer.decision.map_or_else(String::new, three).into());
                let mut notes = Vec::new();
                if let Some(cost) = choice.and_then(|c| c.cost) {
                    notes.push(format!("objective {} times", significant(cost, 3)));
                }
                if !answer.certified {
                    notes.push("not certified".to_owned());
                }
                row.push(styled(style::DIM, notes.join(", ")));
            }
            None => row.push("no fit".into()),
        }
        table.row(row);
    }
    table.render(0)
}
