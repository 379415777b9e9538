//! Refits without one row, and without one size.

use isoflop_fit::{Data, Progress, Refit, Refitter};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::AuditError;
use crate::influence::{Answer, Decision};
use crate::numbers::robust_spread;

/// Sizes closer than this, relatively, are one size.
const SAME_SIZE: f64 = 0.01;
/// An outlier is a run that more likely than not has three times the noise of the others.
pub(crate) const OUTLIER: f64 = 0.5;

/// The fit without one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOutRow {
    /// The row, counted from 0.
    pub row: usize,
    /// Its residual in the fit to all rows, on the scale of the objective.
    pub residual: f64,
    /// Change of each parameter when it is left out, in jackknife standard errors.
    pub shifts: Vec<f64>,
    /// Cook's distance: mean square move of all fitted values, in units of the noise and per parameter.
    pub cook: f64,
    /// Factor by which the decision changes.
    pub decision_factor: Option<f64>,
    /// Its share of the jackknife variance of the log of the decision: the Cook distance on the decision. Shares of all
    /// rows add up to 1.
    pub decision_share: Option<f64>,
    /// Chance that the noise of this row is at least three times that of the others, under Student-t noise.
    pub outlier: f64,
    /// Whether the refit reached the tolerance of a certificate.
    pub certified: bool,
}

/// The fit without all rows of one size or cluster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOutGroup {
    /// The size, or the number of the cluster.
    pub value: f64,
    /// Its rows, counted from 0.
    pub rows: Vec<usize>,
    /// The fit without them; `None` if too few rows are left or the refit found no optimum.
    pub without: Option<Answer>,
    /// Cook's distance, as for a row.
    pub cook: f64,
    /// Factor by which the decision changes.
    pub decision_factor: Option<f64>,
}

/// All refits.
pub(crate) struct Found {
    pub(crate) single: Vec<LeftOutRow>,
    pub(crate) groups: Vec<LeftOutGroup>,
    pub(crate) group_column: String,
    pub(crate) errors: Vec<f64>,
    pub(crate) decision_error: Option<f64>,
    pub(crate) lost: usize,
}

/// Leaves out every row, then every group.
pub(crate) fn leave_out(
    refitter: &Refitter<'_>,
    data: &Data,
    decision: &Decision,
    all: &Answer,
    progress: &dyn Progress,
) -> Result<Found, AuditError> {
    let rows = data.rows();
    let residuals = refitter.residuals();
    let spread = robust_spread(&residuals);
    let fitted = refitter.fitted(&all.estimates);
    let cook = |refit: &Refit| {
        let moved = refitter.fitted(&refit.estimates);
        let square: f64 = moved.iter().zip(&fitted).map(|(a, b)| (a - b).powi(2)).sum();
        square / (refitter.free() as f64 * spread * spread)
    };
    let answer = |refit: &Refit| (decision.answer(refitter, refit, all.decision), cook(refit));

    let refits = refitter.refits(rows, |row, weights| weights[row] = 0.0, progress)?;
    let ends: Vec<(Answer, f64)> = refits.par_iter().map(answer).collect();
    let errors: Vec<f64> = (0..all.estimates.len())
        .map(|k| {
            jackknife(ends.iter().filter(|e| e.0.certified).map(|e| e.0.estimates[k] - all.estimates[k]))
        })
        .collect();
    let log_change = |a: &Answer| Some((a.decision? / all.decision?).ln()).filter(|c| c.is_finite());
    let changes: Vec<Option<f64>> = ends.iter().map(|(a, _)| log_change(a).filter(|_| a.certified)).collect();
    let decision_error = all.decision.map(|_| jackknife(changes.iter().filter_map(|c| *c)));
    let (centre, total) = centred(changes.iter().filter_map(|c| *c));
    let single = ends
        .iter()
        .enumerate()
        .map(|(row, (end, cook))| LeftOutRow {
            row,
            residual: residuals[row],
            shifts: (0..errors.len())
                .map(
                    |k| if errors[k] > 0.0 { (end.estimates[k] - all.estimates[k]) / errors[k] } else { 0.0 },
                )
                .collect(),
            cook: *cook,
            decision_factor: changes[row].map(f64::exp),
            decision_share: changes[row]
                .map(|c| if total > 0.0 { (c - centre).powi(2) / total } else { 0.0 }),
            outlier: 0.0,
            certified: end.certified,
        })
        .collect();

    let (group_column, groups) = groups(data, refitter);
    let refits = refitter.refits(
        groups.len(),
        |k, weights| groups[k].1.iter().for_each(|&row| weights[row] = 0.0),
        progress,
    )?;
    let enough = |members: &[usize]| rows - members.len() > refitter.free();
    let groups = groups
        .into_iter()
        .zip(&refits)
        .map(|((value, members), refit)| {
            let known = refit.certified && enough(&members);
            let (end, cook) = answer(refit);
            LeftOutGroup {
                value,
                rows: members,
                decision_factor: log_change(&end).filter(|_| known).map(f64::exp),
                cook: if known { cook } else { f64::NAN },
                without: known.then_some(end),
            }
        })
        .collect();
    let lost = ends.iter().filter(|e| !e.0.certified).count();
    Ok(Found { single, groups, group_column, errors, decision_error, lost })
}

/// The rows to leave out together: outliers first, by their chance, then those that decide most.
pub(crate) fn suspects(rows: &[LeftOutRow], count: usize) -> Vec<usize> {
    let weight = |row: &LeftOutRow| row.decision_share.unwrap_or(row.cook);
    let mut order: Vec<&LeftOutRow> = rows.iter().filter(|row| row.certified).collect();
    order.sort_by(|a, b| {
        let key = |r: &LeftOutRow| if r.outlier > OUTLIER { r.outlier } else { 0.0 };
        key(b).total_cmp(&key(a)).then(weight(b).total_cmp(&weight(a)))
    });
    order.iter().take(count).map(|row| row.row).collect()
}

/// Groups of rows: the clusters of the data, else the sizes N (or the first input that has repeated values).
fn groups(data: &Data, refitter: &Refitter<'_>) -> (String, Vec<(f64, Vec<usize>)>) {
    if let Some(clusters) = &data.clusters {
        let mut members = vec![Vec::new(); clusters.count];
        for (row, &code) in clusters.codes.iter().enumerate() {
            members[code as usize].push(row);
        }
        return (
            clusters.column.clone(),
            members.into_iter().enumerate().map(|(k, m)| (k as f64, m)).collect(),
        );
    }
    let Some((name, values)) = refitter.sizes() else { return (String::new(), Vec::new()) };
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for row in order {
        match groups.last_mut() {
            Some((size, members)) if values[row] <= *size * (1.0 + SAME_SIZE) => members.push(row),
            _ => groups.push((values[row], vec![row])),
        }
    }
    for (_, members) in &mut groups {
        members.sort_unstable();
    }
    (name.to_owned(), groups)
}

/// Jackknife standard error from the changes of an estimate: Efron and Tibshirani, An Introduction to the Bootstrap
/// (1993), equation 11.5.
fn jackknife(changes: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = changes.clone().count() as f64;
    ((count - 1.0) / count * centred(changes).1).sqrt()
}

/// Mean, and the sum of squares around it.
fn centred(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let (sum, count) = values.clone().fold((0.0, 0.0), |(s, n), v| (s + v, n + 1.0));
    let mean: f64 = if count > 0.0 { sum / count } else { 0.0 };
    (mean, values.map(|v| (v - mean).powi(2)).sum())
}
