//! Is the fit an optimum that the table determines?

use isoflop_fit::Verdict;

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};

/// An interval whose ends differ by this factor says nothing about the size of a parameter.
const WIDE: f64 = 10.0;

/// The certificate of the fit.
pub(crate) fn check(view: &View<'_>) -> Outcome {
    let certificate = &view.subject.fit.certificate;
    // Decisive rows have a check of their own.
    let reasons: Vec<&str> =
        certificate.reasons.iter().map(String::as_str).filter(|r| !r.contains("move an answer")).collect();
    let evidence = reasons.join("; ");
    match certificate.verdict {
        Verdict::NotCertified => Outcome::Found(
            Severity::Serious,
            format!("the fit is not certified: {evidence}"),
            "Do not use the parameters as they are: hold or tie what the table does not determine (--fix, --tie), take a law with fewer terms, or add runs along the direction named".into(),
        ),
        Verdict::CertifiedWithWarnings if !reasons.is_empty() => Outcome::Found(
            Severity::Warning,
            evidence,
            "Report it with the parameters; isoflop profile shows how far each of them can move".into(),
        ),
        _ => Outcome::Fine(format!(
            "certified: gradient {:.1e}, {} of {} starts agree{}",
            certificate.gradient,
            certificate.starts.agreeing,
            certificate.starts.tried,
            certificate.condition.map_or_else(String::new, |c| format!(", condition number {c:.1e}"))
        )),
    }
}

/// Parameters whose interval says nothing.
pub(crate) fn intervals(view: &View<'_>) -> Outcome {
    let fit = view.subject.fit;
    if fit.interval.is_none() {
        return Outcome::NotMade("the fit has no intervals: --bootstrap 0".into());
    }
    let wide: Vec<String> = fit
        .parameters
        .iter()
        .chain(&[])
        .filter_map(|p| {
            let (low, high) = (p.low?, p.high?);
            let undetermined = low.signum() == high.signum()
                && (high / low).abs().max((low / high).abs()) > WIDE
                || low <= 0.0 && high >= 0.0 && p.estimate != 0.0;
            undetermined
                .then(|| format!("{} = {} ({} to {})", p.name, short(p.estimate), short(low), short(high)))
        })
        .collect();
    if wide.is_empty() {
        return Outcome::Fine("every interval has ends within a factor of 10 and without 0".into());
    }
    Outcome::Found(
        Severity::Warning,
        format!("the runs hardly determine {}", wide.join(", ")),
        "Do not compare these values with those of other papers; forecast with the replicates and not with the point, and hold what is known from elsewhere with --fix".into(),
    )
}
