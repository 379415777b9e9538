//! The design: how many sizes over which range, how many tokens for each parameter, how many rows for each unknown.

use crate::checks::subject::{View, counted, short};
use crate::checks::{Outcome, Severity};
use crate::numbers::{quantile, sorted};

/// Sizes closer than this, relatively, are one.
const SAME: f64 = 0.01;

/// Distinct values of a column.
pub(crate) fn distinct(values: &[f64]) -> usize {
    let mut values = sorted(values.iter().copied());
    values.dedup_by(|a, b| (*a - *b).abs() <= SAME * b.abs());
    values.len()
}

/// Number and range of sizes.
pub(crate) fn sizes(view: &View<'_>) -> Outcome {
    let Some((name, values)) = view.sizes() else {
        return Outcome::NotMade("the law has no positive input".into());
    };
    let values_sorted = sorted(values.iter().copied());
    let (low, high) = (quantile(&values_sorted, 0.0), quantile(&values_sorted, 1.0));
    let count = distinct(values);
    let evidence = format!(
        "{} of {name} from {} to {}, a factor of {}",
        counted(count, "value"),
        short(low),
        short(high),
        short(high / low)
    );
    let advice = "Add sizes, smaller ones first: they cost least. Five sizes over two orders of magnitude are usual in papers whose forecasts held".to_owned();
    match (count, high / low) {
        (0..=3, _) => Outcome::Found(Severity::Serious, evidence, advice),
        (_, factor) if factor < 3.0 => Outcome::Found(Severity::Serious, evidence, advice),
        (4, _) => Outcome::Found(Severity::Warning, evidence, advice),
        (_, factor) if factor < 10.0 => Outcome::Found(Severity::Warning, evidence, advice),
        _ => Outcome::Fine(evidence),
    }
}

/// Span of tokens per parameter.
pub(crate) fn ratios(view: &View<'_>) -> Outcome {
    let Some((n, d)) = view.n.zip(view.d) else {
        return Outcome::NotMade("the law does not read both N and D".into());
    };
    let values = sorted(d.iter().zip(n).map(|(d, n)| d / n));
    // A single odd run must not make the span.
    let (low, high) = (quantile(&values, 0.05), quantile(&values, 0.95));
    let evidence = format!(
        "nine in ten runs have {} to {} tokens per parameter, a factor of {}",
        short(low),
        short(high),
        short(high / low)
    );
    let advice = "Train each size on at least four times as many tokens as its shortest run: along one ratio the law cannot tell the effect of N from that of D".to_owned();
    match high / low {
        ..2.0 => Outcome::Found(Severity::Serious, evidence, advice),
        ..4.0 => Outcome::Found(Severity::Warning, evidence, advice),
        _ => Outcome::Fine(evidence),
    }
}

/// Rows, or clusters, for each parameter.
pub(crate) fn rows(view: &View<'_>) -> Outcome {
    let fit = view.subject.fit;
    let free = fit.parameters.iter().filter(|p| !p.fixed).count();
    let (count, noun) = match &view.subject.data.clusters {
        Some(clusters) => (clusters.count, "cluster"),
        None => (view.rows(), "row"),
    };
    let each = count as f64 / free.max(1) as f64;
    let evidence =
        format!("{} for {}: {} each", counted(count, noun), counted(free, "parameter"), short(each));
    let advice = "Hold or tie parameters (--fix, --tie), take a smaller law, or add runs".to_owned();
    match each {
        ..2.0 => Outcome::Found(Severity::Serious, evidence, advice),
        ..4.0 => Outcome::Found(Severity::Warning, evidence, advice),
        _ => Outcome::Fine(evidence),
    }
}
