//! A fit as text.

use isoflop_fit::{Choice, Fit, Verdict};
use isoflop_report::shown_numbers;
use isoflop_study::{Finished, Rows};

use crate::output::number::{counted, coverage, percent, significant, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};
use crate::output::{certificate, intervals};

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;
/// Most columns of the table of objectives: more would not fit on a line.
const SHOWN_CHOICES: usize = 9;

/// The whole report.
pub(crate) fn report(finished: &Finished) -> String {
    let fit = &finished.fit;
    let mut out = header(finished);
    out += "\n";
    out += &parameters(finished);
    out += "\n";
    out += &quality(fit);
    out += "\n";
    out += &certificate::text(&fit.certificate, &finished.influential);
    if !fit.warnings.is_empty() {
        out += "\n";
        for warning in &fit.warnings {
            out += &format!("{} {}\n", paint(style::WARN, "warning:"), warning.message);
        }
    }
    if !fit.choices.is_empty() {
        out += "\n";
        out += &choices(fit);
    }
    out += &laws(fit);
    out
}

/// The laws that share forecasts, with their weights.
fn laws(fit: &Fit) -> String {
    let laws = fit.forecast.as_ref().map_or(&[][..], |model| &model.laws);
    let shares: Vec<String> = laws.iter().map(|law| format!("{} {}", law.law, percent(law.weight))).collect();
    if shares.is_empty() {
        String::new()
    } else {
        format!("\nforecasts are shared by {}\n", shares.join(", "))
    }
}

/// Law, formula, rows and objective.
pub(crate) fn header(finished: &Finished) -> String {
    let (law, fit) = (&finished.law, &finished.fit);
    let formula = &finished.formula_text;
    let title =
        if law.id == "formula" { String::new() } else { format!("{}  ", paint(style::BOLD, &law.id)) };
    let delta = fit.objective.delta.map_or_else(String::new, |delta| format!(" (delta {delta})"));
    let value = significant(fit.objective.value, 6);
    // Whoever reads only the table must not miss it.
    let alarm = match fit.certificate.verdict {
        Verdict::NotCertified => {
            paint(style::BAD, "not certified: do not rely on these numbers; the reasons are below") + "\n"
        }
        _ => String::new(),
    };
    format!("{title}{formula}\n{}, {}{delta} = {value}\n{alarm}", rows(&finished.rows), fit.objective.name)
}

/// `240 rows of runs.csv, 5 left out`.
fn rows(rows: &Rows) -> String {
    let files = match rows.sources.as_slice() {
        [] => String::new(),
        [(name, _)] => format!(" of {name}"),
        many => format!(" of {} files", many.len()),
    };
    let mut text = format!("{}{files}", counted(rows.used, "row"));
    if rows.dropped > 0 {
        text += &format!(", {} left out", rows.dropped);
    }
    if rows.filtered > 0 {
        text += &format!(", {} not chosen by --where", rows.filtered);
    }
    text
}

/// Parameters, then derived quantities.
pub(crate) fn parameters(finished: &Finished) -> String {
    let fit = &finished.fit;
    let names = fit
        .parameters
        .iter()
        .map(|p| (&p.name, p.estimate, p.low, p.high, parameter_note(p.fixed, p.at_bound)));
    let derived = fit.derived.iter().map(|d| (&d.name, d.estimate, d.low, d.high, d.formula.clone()));
    let rows: Vec<_> = names.chain(derived).collect();

    let shown: Vec<[String; 3]> =
        rows.iter().map(|&(_, value, low, high, _)| shown_numbers(value, low, high)).collect();
    let width = |k: usize| shown.iter().map(|s| s[k].chars().count()).max().unwrap_or(0);
    let (low_width, high_width) = (width(1), width(2));
    let has_intervals = low_width > 0;

    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
    let heading = fit
        .interval
        .as_ref()
        .filter(|_| has_intervals)
        .map_or_else(String::new, |interval| format!("{} interval", coverage(interval.level)));
    table.row(["parameter", "estimate", &heading].map(|text| styled(style::DIM, text)));
    for (k, ((name, .., note), [value, low, high])) in rows.iter().zip(&shown).enumerate() {
        if k == fit.parameters.len() {
            table.row([styled(style::DIM, "derived")]);
        }
        let interval =
            if low.is_empty() { String::new() } else { format!("{low:>low_width$} … {high:>high_width$}") };
        let name = styled(style::BOLD, name.as_str());
        table.row([name, value.as_str().into(), interval.into(), styled(style::DIM, note.as_str())]);
    }
    table.render(0)
}

fn parameter_note(fixed: bool, at_bound: bool) -> String {
    match (fixed, at_bound) {
        (true, _) => "held".to_owned(),
        (_, true) => "at its bound".to_owned(),
        _ => String::new(),
    }
}

/// How well the law fits and how the intervals were made.
fn quality(fit: &Fit) -> String {
    let mut out = match fit.rmse_log {
        _ if !fit.outputs.is_empty() => outputs(fit),
        Some(rmse) => format!("residuals: {} root mean square of the log\n", percent(rmse)),
        None => format!("residuals: {} root mean square\n", significant(fit.rmse, 3)),
    };
    if let Some(rho) = fit.overdispersion {
        out += &match rho > 0.0 {
            true => format!(
                "over-dispersion: {} correlation of two attempts of one row (rho)\n",
                significant(rho, 3)
            ),
            false => "over-dispersion: none, the shares scatter no more than a binomial\n".to_owned(),
        };
    }
    if let Some(interval) = &fit.interval {
        out += &intervals::text(fit, interval);
    }
    out
}

/// What belongs to each of several outputs.
fn outputs(fit: &Fit) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right]);
    let heading = ["output", "rows", "root mean square of the residuals", "weight of a row"];
    table.row(heading.map(|text| styled(style::DIM, text)));
    for output in &fit.outputs {
        let numbers = [significant(output.rmse, 3), significant(output.weight, 3)];
        let [rmse, weight] = numbers.map(Cell::from);
        table.row([styled(style::BOLD, output.name.as_str()), output.rows.to_string().into(), rmse, weight]);
    }
    table.render(0)
}

/// One row per objective; answers outside the interval of the chosen one are marked.
fn choices(fit: &Fit) -> String {
    struct Column<'a> {
        name: &'a str,
        ends: Option<(f64, f64)>,
    }
    let free = fit.parameters.iter().enumerate().filter(|(_, p)| !p.fixed);
    let parameters = free.clone().map(|(k, p)| (k, Column { name: &p.name, ends: p.low.zip(p.high) }));
    let derived =
        fit.derived.iter().enumerate().map(|(k, d)| (k, Column { name: &d.name, ends: d.low.zip(d.high) }));
    let columns: Vec<(bool, usize, Column<'_>)> = parameters
        .map(|(k, column)| (false, k, column))
        .chain(derived.map(|(k, column)| (true, k, column)))
        .collect();
    let hidden = columns.len().saturating_sub(SHOWN_CHOICES);
    let columns = &columns[..columns.len() - hidden];

    let mut table = Table::new([Align::Left]);
    let mut is_marked = false;
    let names = columns.iter().map(|(.., column)| styled(style::DIM, column.name));
    table.row([styled(style::DIM, "objective")].into_iter().chain(names));
    let chosen = Choice {
        objective: fit.objective.name.clone(),
        delta: fit.objective.delta,
        certified: true,
        estimates: fit.parameters.iter().map(|p| p.estimate).collect(),
        derived: fit.derived.iter().map(|d| d.estimate).collect(),
    };
    let others = fit.choices.iter().filter(|c| (&c.objective, c.delta) != (&chosen.objective, chosen.delta));
    for (k, choice) in std::iter::once(&chosen).chain(others).enumerate() {
        let name =
            choice.delta.map_or_else(|| choice.objective.clone(), |d| format!("{} ({d})", choice.objective));
        let mut cells: Vec<Cell> = vec![if k == 0 { styled(style::BOLD, name) } else { name.into() }];
        for (is_derived, index, column) in columns {
            let values = if *is_derived { &choice.derived } else { &choice.estimates };
            let value = values.get(*index).copied().unwrap_or(f64::NAN);
            let shown = match column.ends.and_then(|(low, high)| supported_places(low, high)) {
                Some(places) => to_places(value, places),
                None => significant(value, DIGITS.min(4)),
            };
            let is_outside = column.ends.is_some_and(|(low, high)| value < low || value > high);
            is_marked |= is_outside;
            cells.push(match is_outside {
                true => styled(style::WARN, format!("{shown}*")),
                // The blank keeps the digits of marked and unmarked numbers in line.
                false => format!("{shown} ").into(),
            });
        }
        if !choice.certified {
            cells.push(styled(style::DIM, "not certified"));
        }
        table.row(cells);
    }
    let mut out = "how much does the objective matter?\n".to_owned() + &table.render(2);
    if is_marked {
        out += "  * outside the interval above\n";
    }
    if hidden > 0 {
        out += &format!("  {} more in --format json\n", counted(hidden, "column"));
    }
    out
}
