//! How far the fit is asked to extrapolate.

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};
use crate::surface::FLOP;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let Some(budget) = view.subject.budget else {
        return Outcome::NotMade("nobody said at which budget the fit shall forecast (--budget)".into());
    };
    let Some((n, d)) = view.n.zip(view.d) else {
        return Outcome::NotMade("the law does not read both N and D".into());
    };
    let largest = n.iter().zip(d).map(|(n, d)| FLOP * n * d).fold(0.0, f64::max);
    let ratio = budget / largest;
    let evidence = format!(
        "{} FLOP are {} times the largest run ({} FLOP)",
        short(budget),
        short(ratio),
        short(largest)
    );
    let advice = "Train a run in between and see whether the forecast holds (isoflop backtest shows how errors grow with the distance on these runs), or say that the interval leaves out what the law itself gets wrong".to_owned();
    match ratio {
        100.0.. => Outcome::Found(Severity::Serious, evidence, advice),
        10.0.. => Outcome::Found(Severity::Warning, evidence, advice),
        _ => Outcome::Fine(evidence),
    }
}
