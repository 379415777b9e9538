//! Losses that were logged with too few digits.

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};
use crate::numbers::{median, robust_spread};

/// Most decimals that are looked for.
const MOST: i32 = 8;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let loss = &view.subject.data.output;
    let is_rounded = |places: i32| {
        let unit = 10_f64.powi(places);
        loss.iter().all(|y| {
            let scaled = y * unit;
            (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1.0)
        })
    };
    let Some(places) = (0..=MOST).find(|&p| is_rounded(p)) else {
        return Outcome::Fine("the output has more than 8 decimals".into());
    };
    if view.residuals.is_empty() {
        return Outcome::NotMade("residuals that are not relative".into());
    }
    let step = 10_f64.powi(-places);
    let noise = robust_spread(&view.residuals) * median(loss.iter().copied());
    let evidence = format!(
        "the output has {places} decimals; one unit of the last is {} of the typical residual",
        short(step / noise)
    );
    // Rounding has a standard deviation of step / sqrt(12).
    if step > 2.0 * noise {
        Outcome::Found(
            Severity::Serious,
            evidence,
            "Most of the residuals are rounding: read the losses again with all digits".into(),
        )
    } else if step > 0.7 * noise {
        Outcome::Found(
            Severity::Warning,
            evidence,
            "Rounding is part of the residuals, and equal losses hide differences: read the losses again with more digits".into(),
        )
    } else {
        Outcome::Fine(evidence)
    }
}
