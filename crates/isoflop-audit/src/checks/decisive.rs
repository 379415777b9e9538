//! Does one run, or one size, decide the answer?

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};

/// A decision that moves by more than this factor without one run is that run's decision.
const ONE_RUN: f64 = 1.25;
/// The same for all runs of one size.
const ONE_SIZE: f64 = 2.0;
/// Without a decision: Cook's distance above which a run decides.
const COOK: f64 = 1.0;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let Some(found) = &view.influence else {
        return Outcome::NotMade("the table is too large to refit without each run".into());
    };
    let factor = |f: f64| f.max(1.0 / f);
    let decides = |f: Option<f64>, most: f64, cook: f64| match f {
        Some(f) => factor(f) > most,
        None => found.budget.is_none() && cook > COOK,
    };
    let mut rows: Vec<&crate::influence::LeftOutRow> =
        found.single.iter().filter(|r| r.certified && decides(r.decision_factor, ONE_RUN, r.cook)).collect();
    rows.sort_by(|a, b| {
        let size = |r: &crate::influence::LeftOutRow| r.decision_factor.map_or(r.cook, factor);
        size(b).total_cmp(&size(a))
    });
    let groups: Vec<String> = found
        .groups
        .iter()
        .filter(|g| g.rows.len() > 1 && g.cook.is_finite() && decides(g.decision_factor, ONE_SIZE, g.cook))
        .map(|g| match g.decision_factor {
            Some(f) => format!("{} = {}: x{}", found.group_column, short(g.value), short(f)),
            None => format!("{} = {}", found.group_column, short(g.value)),
        })
        .collect();
    let budget = found.budget.map_or_else(String::new, |b| format!(" (N* at {b:.1e} FLOP)"));
    let together =
        found.without.as_ref().zip(found.all.decision).and_then(|(w, all)| Some(w.decision? / all));
    let together = together.filter(|f| factor(*f) > ONE_RUN && found.suspects.len() > 1);
    if rows.is_empty() && groups.is_empty() && together.is_none() {
        let most = found.single.iter().filter_map(|r| r.decision_factor.map(factor)).fold(1.0, f64::max);
        return Outcome::Fine(format!(
            "leaving out any one run moves the decision{budget} by no more than a factor of {}",
            short(most)
        ));
    }
    let mut parts = Vec::new();
    if let Some(first) = rows.first() {
        let by = first
            .decision_factor
            .map_or_else(String::new, |f| format!(", the first by a factor of {}", short(f)));
        parts.push(format!(
            "{} run(s) move the decision{budget} by more than 25 % when left out{by}",
            rows.len()
        ));
    }
    if let Some(f) = together {
        parts.push(format!(
            "the {} outliers together move it{budget} by a factor of {}",
            found.suspects.len(),
            short(f)
        ));
    }
    if !groups.is_empty() {
        parts.push(format!(
            "all runs of one size or cluster move it by more than a factor of 2: {}",
            groups.join(", ")
        ));
    }
    Outcome::Rows(
        Severity::Warning,
        parts.join("; "),
        "Check these runs first, and repeat the largest of them with another seed: the answer is theirs. isoflop influence lists all".into(),
        match rows.is_empty() {
            true if together.is_some() => found.suspects.clone(),
            _ => rows.iter().map(|r| r.row).collect(),
        },
    )
}
