//! Data seen more than once: worth less each time, which a law in N and D alone does not know.

use crate::checks::subject::{View, counted, short};
use crate::checks::{Outcome, Severity};

/// Up to about four epochs repeated data are worth nearly as much as new data (Muennighoff et al. 2023).
const EPOCHS: f64 = 4.0;
/// Names of columns with the size of the data set.
const UNIQUE: &[&str] = &["unique_tokens", "u", "unique", "dataset_tokens", "unique_data"];

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let unique = view.number(UNIQUE);
    let epochs = view.number(&["epochs", "epoch", "num_epochs"]);
    let (name, epochs): (&str, Vec<f64>) = match (unique, epochs, view.d) {
        (Some((name, unique)), _, Some(d)) => (name, d.iter().zip(unique).map(|(d, u)| d / u).collect()),
        (_, Some((name, epochs)), _) => (name, epochs.to_vec()),
        _ => {
            return Outcome::NotMade(
                "no column says how much data there was, or how often it was seen".into(),
            );
        }
    };
    let rows: Vec<usize> = (0..epochs.len()).filter(|&r| epochs[r] > EPOCHS).collect();
    let most = epochs.iter().copied().fold(0.0, f64::max);
    let evidence = format!(
        "{} of {} saw their data more than {EPOCHS} times, at most {} times (column {name})",
        counted(rows.len(), "run"),
        epochs.len(),
        short(most)
    );
    // A law that has the size of the data set for an input knows.
    let knows = ["U", "unique_tokens", "epochs"].iter().any(|n| view.law_reads(n)) || view.law_reads(name);
    if rows.is_empty() || knows {
        return Outcome::Fine(evidence);
    }
    Outcome::Rows(
        if rows.len() * 10 > epochs.len() { Severity::Serious } else { Severity::Warning },
        evidence,
        "Fit a law that counts repeated data, such as muennighoff, or keep runs of few epochs".into(),
        rows,
    )
}
