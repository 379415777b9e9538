//! Runs that the noise of the others does not explain.

use crate::checks::subject::{View, counted, short};
use crate::checks::{Outcome, Severity};
use crate::influence::OUTLIER;

/// Rows named in the evidence.
const NAMED: usize = 5;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let mut rows: Vec<usize> = (0..view.rows()).filter(|&r| view.outliers[r] > OUTLIER).collect();
    if rows.is_empty() {
        let most = view.outliers.iter().copied().fold(0.0, f64::max);
        return Outcome::Fine(format!(
            "no run has three times the noise of the others with a chance above 1/2 (the largest chance is {})",
            short(most)
        ));
    }
    let size = |r: &usize| view.residuals.get(*r).map_or(view.outliers[*r], |e| e.abs());
    rows.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let named: Vec<String> = rows
        .iter()
        .take(NAMED)
        .filter_map(|&r| Some(format!("{:+.1} %", 100.0 * view.residuals.get(r)?.exp_m1())))
        .collect();
    let off = if named.is_empty() {
        String::new()
    } else {
        format!("; the largest are off by {}", named.join(", "))
    };
    let share = rows.len() as f64 / view.rows() as f64;
    let severity = if share > 0.1 { Severity::Serious } else { Severity::Warning };
    Outcome::Rows(
        severity,
        format!(
            "{} likely {} at least three times the noise of the others{off}",
            counted(rows.len(), "run"),
            if rows.len() == 1 { "has" } else { "have" }
        ),
        "Look at these runs: wrong units, diverged, too few tokens, another recipe? isoflop influence shows the fit without them. Leave them out only for a reason that is not the residual, and report the fit with them".into(),
        rows,
    )
}
