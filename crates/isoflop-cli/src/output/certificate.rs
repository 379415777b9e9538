//! The certificate in plain words.

use isoflop_fit::{Certificate, Verdict};
pub(crate) use isoflop_report::checks_of;
pub(crate) use isoflop_study::verdict;

use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

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
