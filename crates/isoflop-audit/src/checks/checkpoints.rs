//! Several rows of one run: they are not independent, and those in the middle have not decayed their learning rate.

use std::collections::BTreeMap;

use crate::checks::subject::{View, counted};
use crate::checks::{Outcome, Severity};

/// Columns that name a run.
const RUN: &[&str] = &["run", "run_id", "run_name", "exp_name", "experiment", "name", "id", "model_name"];

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let text = view.text(RUN).map(|(name, values)| (name, values.to_vec()));
    let number = || {
        let (name, values) = view.number(&["run", "run_id"])?;
        Some((name, values.iter().map(ToString::to_string).collect::<Vec<String>>()))
    };
    let Some((name, values)) = text.or_else(number) else {
        return Outcome::NotMade("no column names the run of each row".into());
    };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for value in &values {
        *counts.entry(value).or_default() += 1;
    }
    let several = counts.values().filter(|c| **c > 1).count();
    let evidence = format!(
        "{} in {} of the column {name}; {several} of them have several rows",
        counted(values.len(), "row"),
        counts.len()
    );
    // A column with a few values names recipes, not runs.
    if several == 0 || counts.len() * 20 < values.len() {
        return Outcome::Fine(evidence);
    }
    let clustered = view.subject.data.clusters.is_some();
    let mixed = several < counts.len();
    let advice = "Keep the last row of each run, or resample whole runs with --cluster: rows of one run share their noise, and intervals that count them as independent are too narrow. Checkpoints before the decay of the learning rate lie above the law".to_owned();
    match (mixed, clustered) {
        (true, _) => Outcome::Found(
            Severity::Warning,
            format!("{evidence}: checkpoints and final runs are mixed"),
            advice,
        ),
        (false, false) => Outcome::Found(Severity::Warning, evidence, advice),
        (false, true) => Outcome::Fine(format!("{evidence}, resampled together")),
    }
}
