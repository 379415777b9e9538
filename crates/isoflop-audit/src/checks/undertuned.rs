//! Runs that a smaller or shorter run beats: diverged, badly tuned, overfitted, or of another recipe.
//!
//! No law is needed to see it: with more parameters and more tokens a run that was trained well is not worse.

use crate::checks::subject::{View, counted, short};
use crate::checks::{Outcome, Severity};

/// A run that is beaten by less, relatively, may be noise.
const BEATEN: f64 = 0.03;
/// A run that is beaten by more has not converged at all.
const DIVERGED: f64 = 0.3;
/// Larger tables are not compared pair by pair.
const MOST_ROWS: usize = 20_000;
/// Sizes and token counts that differ by less, relatively, are the same.
const SAME: f64 = 1.0 + 1e-3;

/// How far each run is beaten by the best run of no more parameters and tokens, relatively.
fn beaten(view: &View<'_>) -> Option<Vec<f64>> {
    view.n.zip(view.d)?;
    let data = view.subject.data;
    // Every input of the law, such as the unique tokens of one that counts repeats.
    let inputs: Vec<&Vec<f64>> = data.inputs.iter().filter(|v| !v.is_empty()).collect();
    let loss = &data.output;
    let best = |row: usize| {
        let below = (0..loss.len()).filter(|&k| inputs.iter().all(|v| v[k] <= v[row] * SAME));
        below.map(|k| loss[k]).fold(f64::INFINITY, f64::min)
    };
    (loss.len() <= MOST_ROWS).then(|| (0..loss.len()).map(|row| loss[row] / best(row) - 1.0).collect())
}

/// Diverged runs.
pub(crate) fn diverged(view: &View<'_>) -> Outcome {
    let Some(beaten) = beaten(view) else {
        return Outcome::NotMade("the law does not read both N and D, or there are too many rows".into());
    };
    let rows: Vec<usize> = (0..beaten.len()).filter(|&r| beaten[r] > DIVERGED).collect();
    let worst = beaten.iter().copied().fold(0.0, f64::max);
    if rows.is_empty() {
        return Outcome::Fine(format!(
            "no run is beaten by more than {} % by a smaller one",
            short(100.0 * worst)
        ));
    }
    Outcome::Rows(
        Severity::Serious,
        format!(
            "{} lost to a run with no more parameters and tokens by more than 30 % (the worst by {} %): diverged, or never trained",
            counted(rows.len(), "run"),
            short(100.0 * worst)
        ),
        "Leave diverged runs out by a rule that you report, such as --where 'loss < 4', or keep the best run of each N and D".into(),
        rows,
    )
}

/// Badly tuned runs.
pub(crate) fn check(view: &View<'_>) -> Outcome {
    let Some(beaten) = beaten(view) else {
        return Outcome::NotMade("the law does not read both N and D, or there are too many rows".into());
    };
    let rows: Vec<usize> = (0..beaten.len()).filter(|&r| beaten[r] > BEATEN).collect();
    if rows.is_empty() {
        return Outcome::Fine(
            "no run lost to a run with no more parameters and tokens by more than 3 %".into(),
        );
    }
    let share = rows.len() as f64 / beaten.len() as f64;
    Outcome::Rows(
        if share > 0.1 { Severity::Serious } else { Severity::Warning },
        format!(
            "{} of {} lost to a run with no more parameters and tokens by more than 3 %",
            counted(rows.len(), "run"),
            beaten.len()
        ),
        "The law of well-tuned runs is a lower envelope: keep the best run of each N and D, fit with asymmetric-huber or a quantile, or, if the table mixes recipes or repeats data, say so with --where or a law that reads it".into(),
        rows,
    )
}
