//! The certificate in plain words.

use isoflop_fit::{Certificate, Term, Verdict};

use crate::output::number::{counted, factor, percent, signed, significant};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// Rows that are shown by name.
const SHOWN_ROWS: usize = 5;

/// A smaller relative rise of the objective is no rise.
const UNCHANGED: f64 = 1e-6;

/// The verdict as it stands in JSON and in text.
pub(crate) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certified => "certified",
        Verdict::CertifiedWithWarnings => "certified with warnings",
        Verdict::NotCertified => "not certified",
    }
}

/// The verdict first, then why, then what was checked. `places` says where the influential rows are.
pub(crate) fn text(certificate: &Certificate, places: &[String]) -> String {
    let style = match certificate.verdict {
        Verdict::Certified => style::GOOD,
        Verdict::CertifiedWithWarnings => style::WARN,
        Verdict::NotCertified => style::BAD,
    };
    let because = if certificate.reasons.is_empty() { "" } else { ", because" };
    let mut out = format!("certificate: {}{because}\n", paint(style, verdict(certificate.verdict)));
    for reason in &certificate.reasons {
        out += &format!("  - {reason}\n");
    }
    let mut checks = Table::new([Align::Left, Align::Left]);
    for (name, finding) in checks_of(certificate, places) {
        checks.row([styled(style::DIM, name), finding.into()]);
    }
    out + &checks.render(2)
}

/// What was checked, with its finding; a name that is empty goes on with the one before.
pub(crate) fn checks_of(certificate: &Certificate, places: &[String]) -> Vec<(&'static str, String)> {
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
