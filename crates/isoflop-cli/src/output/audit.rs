//! An audit as text.

use isoflop_audit::{Finding, Severity};
use isoflop_study::{Audited, Reviewed, verdict};

use crate::output::number::counted;
use crate::output::review::sentence;
use crate::output::style::{self, paint};

/// Rows named for a finding.
const NAMED: usize = 3;

/// The word for a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Serious => "serious",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Places of the first rows of a finding.
pub(crate) fn rows(reviewed: &Reviewed<Audited>, finding: &Finding) -> String {
    let named: Vec<&str> =
        finding.rows.iter().take(NAMED).filter_map(|&r| reviewed.places.get(r).map(String::as_str)).collect();
    match finding.rows.len() {
        0 => String::new(),
        n if n > NAMED => format!("{} and {} more", named.join(", "), n - NAMED),
        _ => named.join(", "),
    }
}

/// Findings, the worst first, then what passed.
pub(crate) fn text(reviewed: &Reviewed<Audited>) -> String {
    let audited = &reviewed.answer;
    let audit = &audited.audit;
    let mut out = format!("{}  {}\n", paint(style::BOLD, &reviewed.law.id), reviewed.law.formula().text);
    let about = format!(
        "{}, {}, {}",
        counted(audited.rows.used, "row"),
        audited.objective,
        verdict(audited.fit.certificate.verdict)
    );
    out += &format!("{}\n\n", paint(style::DIM, &about));
    for finding in &audit.findings {
        let look = match finding.severity {
            Severity::Serious => style::BAD,
            Severity::Warning => style::WARN,
            Severity::Note => style::DIM,
        };
        out +=
            &format!("{} {}\n", paint(look, severity(finding.severity)), paint(style::BOLD, &finding.check));
        out += &format!("  {}.\n", sentence(&finding.evidence));
        let rows = rows(reviewed, finding);
        if !rows.is_empty() {
            out += &format!("  {}\n", paint(style::DIM, &rows));
        }
        out += &format!("  → {}.\n\n", finding.advice);
    }
    let (made, not_made): (Vec<_>, Vec<_>) = audit.passed.iter().partition(|p| p.was_made);
    for passed in &made {
        out += &format!("{} {}: {}\n", paint(style::GOOD, "✓"), passed.check, passed.evidence);
    }
    for passed in &not_made {
        out += &format!(
            "{}\n",
            paint(style::DIM, &format!("- {}: not checked: {}", passed.check, passed.evidence))
        );
    }
    let count = |s: Severity| audit.findings.iter().filter(|f| f.severity == s).count();
    out += &format!(
        "\n{} serious, {}, {}; {} passed, {} not made\n",
        count(Severity::Serious),
        counted(count(Severity::Warning), "warning"),
        counted(count(Severity::Note), "note"),
        counted(made.len(), "check"),
        not_made.len()
    );
    out
}
