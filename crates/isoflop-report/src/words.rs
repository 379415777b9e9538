//! What a certificate and a fit say, in words that the terminal, the page and the appendix share.

use isoflop_fit::{Certificate, Term};
use isoflop_study::{counted, factor, percent, signed, significant, supported_places, to_places};

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;
/// Rows that are shown by name.
const SHOWN_ROWS: usize = 5;
/// A smaller relative rise of the objective is no rise.
const UNCHANGED: f64 = 1e-6;

/// Estimate, low and high end with the digits that the interval supports; empty ends without an interval.
pub fn shown_numbers(value: f64, low: Option<f64>, high: Option<f64>) -> [String; 3] {
    let (Some(low), Some(high)) = (low, high) else {
        return [significant(value, DIGITS), String::new(), String::new()];
    };
    match supported_places(low, high) {
        Some(places) => [value, low, high].map(|x| to_places(x, places)),
        None => [value, low, high].map(|x| significant(x, DIGITS)),
    }
}

/// What was checked, with its finding; a name that is empty goes on with the one before. `places` says where the
/// influential rows of the certificate are.
pub fn checks_of(certificate: &Certificate, places: &[String]) -> Vec<(&'static str, String)> {
    let mut checks = vec![
        (
            "optimum",
            if certificate.exact {
                "the law passes through every row up to rounding: nothing can be better".to_owned()
            } else {
                format!("the slope is {} of its parts (0 at an exact optimum)", slope(certificate.gradient))
            },
        ),
        ("starts", starts(certificate)),
    ];
    for (k, term) in certificate.terms.iter().enumerate() {
        checks.push((if k == 0 { "terms" } else { "" }, term_text(term)));
    }
    let weakest = match (&certificate.direction, certificate.condition) {
        (Some(direction), Some(condition)) => {
            format!("{} (condition number {})", direction.text, significant(condition, 2))
        }
        (Some(direction), None) => format!("{} (singular)", direction.text),
        (None, Some(condition)) => format!("condition number {}", significant(condition, 2)),
        (None, None) => "the parameters are not all determined: the curvature is singular".to_owned(),
    };
    checks.push(("weakest", weakest));
    checks.extend(rows(certificate, places));
    checks
}

fn slope(gradient: f64) -> String {
    if gradient == 0.0 { "0".to_owned() } else { format!("{gradient:.0e}") }
}

fn starts(certificate: &Certificate) -> String {
    let starts = certificate.starts;
    let mut text =
        format!("{} of {} end at this optimum", starts.agreeing, counted(starts.tried, "independent start"));
    if starts.elsewhere > 0 {
        text += &format!(", {} at a worse one", starts.elsewhere);
    }
    if starts.failed > 0 {
        text += &format!(", {} at none", starts.failed);
    }
    text
}

fn term_text(term: &Term) -> String {
    let share = format!(
        "{}: {} of the prediction, at most {}",
        term.text,
        percent(term.share),
        percent(term.largest_share)
    );
    match term.cost {
        Some(cost) if cost >= 1.0 => {
            format!("{share}; without it the objective is {} times as large", factor(1.0 + cost))
        }
        Some(cost) if cost < UNCHANGED => format!("{share}; without it the objective stays the same"),
        Some(cost) => format!("{share}; without it the objective rises by {}", percent(cost)),
        None => share,
    }
}

fn rows(certificate: &Certificate, places: &[String]) -> Vec<(&'static str, String)> {
    let influential = &certificate.influential;
    if influential.is_empty() {
        return vec![("rows", "no single row moves an answer by more than one standard error".to_owned())];
    }
    let verb = if influential.len() == 1 { "moves" } else { "move" };
    let count = counted(influential.len(), "row");
    let mut lines =
        vec![("rows", format!("{count} alone {verb} an answer by more than one standard error:"))];
    for (influence, place) in influential.iter().zip(places).take(SHOWN_ROWS) {
        let (name, shift, errors) =
            (&influence.parameter, signed(influence.shift), factor(influence.standard_errors));
        lines.push(("", format!("  without {place}: {name} {shift} ({errors} standard errors)")));
    }
    if influential.len() > SHOWN_ROWS {
        lines.push(("", format!("  and {} more in --format json", influential.len() - SHOWN_ROWS)));
    }
    lines
}
