//! The learning rate: was it decayed, and were the runs out of their warm-up?

use crate::checks::subject::{View, counted, short};
use crate::checks::{Outcome, Severity};

/// A final learning rate above this share of the peak has not been decayed.
const DECAYED: f64 = 0.34;
/// Runs shorter than this many warm-ups are dominated by it.
const WARM_UPS: f64 = 2.0;

/// Undecayed learning rates.
pub(crate) fn decay(view: &View<'_>) -> Outcome {
    const ADVICE: &str = "Compare runs with the same decay only: a run whose learning rate was not decayed lies above where it would have ended, and more so the larger it is";
    let peak = view.number(&["lr", "learning_rate", "max_lr", "peak_lr"]);
    let last = view.number(&["min_lr", "final_lr", "lr_end", "end_lr", "lr_final"]);
    if let (Some((_, peak)), Some((name, last))) = (peak, last) {
        let rows: Vec<usize> = (0..peak.len()).filter(|&r| last[r] > DECAYED * peak[r]).collect();
        let evidence = format!(
            "{} end above a third of their peak learning rate (column {name})",
            counted(rows.len(), "run")
        );
        return match rows.is_empty() {
            true => Outcome::Fine(evidence),
            false => Outcome::Rows(Severity::Warning, evidence, ADVICE.into(), rows),
        };
    }
    let Some((name, values)) = view.text(&["schedule", "lr_schedule", "lr_scheduler", "decay", "scheduler"])
    else {
        return Outcome::NotMade("no columns say how the learning rate ended".into());
    };
    let is_flat = |v: &String| ["const", "none", "no"].iter().any(|w| v.to_lowercase().starts_with(w));
    let rows: Vec<usize> = (0..values.len()).filter(|&r| is_flat(&values[r])).collect();
    let mut kinds: Vec<&String> = values.iter().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let evidence = format!(
        "{} have a constant learning rate; {} in the column {name}",
        counted(rows.len(), "run"),
        counted(kinds.len(), "schedule")
    );
    if rows.is_empty() && kinds.len() < 2 {
        Outcome::Fine(evidence)
    } else {
        Outcome::Rows(Severity::Warning, evidence, ADVICE.into(), rows)
    }
}

/// Runs within their warm-up.
pub(crate) fn warm_up(view: &View<'_>) -> Outcome {
    let warm_up = view.number(&["warmup", "warmup_steps", "warm_up", "lr_warmup_steps"]);
    let steps = view.number(&["steps", "step", "iterations", "train_steps", "num_steps", "ti", "iters"]);
    let batch = view.number(&["global_bs", "batch_size", "global_batch_size", "bs"]);
    let Some((name, warm_up)) = warm_up else {
        return Outcome::NotMade("no column says how long the warm-up was".into());
    };
    // Without a count of steps: tokens over batch, at the shortest sequences in use, so that steps are not underestimated.
    const SEQUENCE: f64 = 1024.0;
    let by_tokens = || -> Option<Vec<f64>> {
        let (d, batch) = (view.d?, batch?.1);
        Some(d.iter().zip(batch).map(|(d, b)| if *b < 1e5 { d / (b * SEQUENCE) } else { d / b }).collect())
    };
    let Some(steps) = steps.map(|s| s.1.to_vec()).or_else(by_tokens) else {
        return Outcome::NotMade("no column counts the steps of a run".into());
    };
    let rows: Vec<usize> = (0..steps.len()).filter(|&r| steps[r] < WARM_UPS * warm_up[r]).collect();
    let shortest = steps.iter().zip(warm_up).map(|(s, w)| s / w).fold(f64::INFINITY, f64::min);
    let evidence = format!(
        "{} last less than {WARM_UPS} times their warm-up (column {name}); the shortest {} times",
        counted(rows.len(), "run"),
        short(shortest)
    );
    match rows.is_empty() {
        true => Outcome::Fine(evidence),
        false => Outcome::Rows(
            Severity::Warning,
            evidence,
            "Shorten the warm-up of short runs, or leave them out: they lie above the law, which bends the exponent of D (Porian et al. 2024)".into(),
            rows,
        ),
    }
}
