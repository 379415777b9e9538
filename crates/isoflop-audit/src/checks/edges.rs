//! isoFLOP slices whose best run is the smallest or the largest: their optimum lies outside the grid.

use crate::checks::subject::{View, counted};
use crate::checks::{Outcome, Severity};
use crate::methods::{group, sizes};
use crate::surface::FLOP;

/// Runs of one budget differ by no more than this share.
const TOLERANCE: f64 = 0.05;
/// Sizes that a slice needs.
const LEAST: usize = 5;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let Some((n, d)) = view.n.zip(view.d) else {
        return Outcome::NotMade("the law does not read both N and D".into());
    };
    let compute: Vec<f64> = match view.number(&["c", "flops", "compute", "iso_flop"]) {
        Some((_, c)) => c.to_vec(),
        None => n.iter().zip(d).map(|(n, d)| FLOP * n * d).collect(),
    };
    let mut slices = group(n, d, &compute, TOLERANCE).slices;
    slices.retain(|rows| sizes(n, rows) >= LEAST);
    if slices.len() < 2 {
        return Outcome::NotMade("the runs are not made at common compute budgets".into());
    }
    let loss = &view.subject.data.output;
    let at_edge = |rows: &&Vec<usize>| {
        let best = rows.iter().copied().min_by(|&a, &b| loss[a].total_cmp(&loss[b]));
        let range = rows.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &r| (a.min(n[r]), b.max(n[r])));
        best.is_some_and(|r| n[r] == range.0 || n[r] == range.1)
    };
    let edge: Vec<&Vec<usize>> = slices.iter().filter(at_edge).collect();
    let evidence = format!(
        "{} of {} have their lowest loss at the smallest or largest size",
        edge.len(),
        counted(slices.len(), "budget")
    );
    if edge.is_empty() {
        return Outcome::Fine(evidence);
    }
    Outcome::Rows(
        if edge.len() * 3 > slices.len() { Severity::Serious } else { Severity::Warning },
        evidence,
        "Add sizes beyond the edge at these budgets, or leave the budgets out of a parabola: an optimum outside the grid is extrapolated".into(),
        edge.into_iter().flatten().copied().collect(),
    )
}
