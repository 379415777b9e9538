//! Which methods disagree with the law by more than chance, and why.
//!
//! The bias of a parabola is known in closed form for any grid, so its causes can be told apart: the bias on the grids as
//! they are, on the same grids moved to the optimum, and on narrow ones. What moving removes is the fault of grids that
//! are off centre; what narrowing removes is the fault of width and of unequal exponents together. What is left is no
//! bias of the parabola: runs that the law does not describe, or noise.

use serde::{Deserialize, Serialize};

use crate::methods::budgets::Slice;
use crate::methods::parabola::approach2_shift;
use crate::methods::paths::{LAW, NAMES, Paths};
use crate::methods::{Method, Ranged, ranged};
use crate::numbers::line;

/// Differences below this do not matter for a decision.
const SMALL: f64 = 0.02;
/// Exponents whose ratio is beyond this are unequal.
const UNEQUAL: f64 = 1.1;
/// A grid whose half width is beyond this factor is wide.
const WIDE: f64 = 4.0;

/// Why a method disagrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// A parabola is no good description of a wide slice when the exponents differ.
    AsymmetricExponents,
    /// Unequal exponents, and grids wider than they need be.
    WideGrids,
    /// The sizes of the slices do not lie around the optimum.
    OffCentreGrids,
    /// The envelope of few curves: lowest for want of neighbours.
    FewCurves,
    /// Not the bias of the method: the law does not describe these runs, or outliers move one of the two.
    LawMisfit,
}

/// A method whose N* differs from that of the law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disagreement {
    /// The method.
    pub method: String,
    /// Budget in FLOP.
    pub budget: f64,
    /// Its N* relative to that of the law, with the interval of that ratio.
    pub ratio: Ranged,
    /// The ratio that the known bias of the method predicts; `None` for methods without a closed form.
    pub predicted: Option<f64>,
    /// The likely causes, the largest first.
    pub causes: Vec<Cause>,
}

/// All methods whose ratio to the law has an interval without 1 (or, without replicates, differs by more than 2 %).
pub(crate) fn disagreements(
    full: &Paths,
    replicates: &[Paths],
    methods: &[Method],
    slices: &[Slice],
    law: [f64; 5],
    budget: f64,
    level: f64,
) -> Vec<Disagreement> {
    let Ok(reference) = &full.list[LAW] else { return Vec::new() };
    let mut found = Vec::new();
    for (m, method) in methods.iter().enumerate().filter(|(m, _)| *m != LAW) {
        let Ok(path) = &full.list[m] else { continue };
        let each = replicates.iter().filter_map(|r| {
            let (own, law) = (r.list[m].as_ref().ok()?, r.list[LAW].as_ref().ok()?);
            Some(own.size(budget) / law.size(budget))
        });
        let ratio = ranged(path.size(budget) / reference.size(budget), each, level);
        let apart = match ratio.low.zip(ratio.high) {
            Some((low, high)) => low > 1.0 || high < 1.0,
            None => true,
        };
        if !apart || ratio.estimate.ln().abs() < SMALL {
            continue;
        }
        let (predicted, causes) = match m {
            0 | 1 => (None, vec![Cause::FewCurves]),
            2 => causes(slices, law, budget, ratio.estimate),
            _ => (None, vec![Cause::LawMisfit]),
        };
        found.push(Disagreement { method: method.name.clone(), budget, ratio, predicted, causes });
        debug_assert_eq!(method.name, NAMES[m]);
    }
    found
}

/// The predicted ratio at `budget`, and what makes it.
fn causes(slices: &[Slice], law: [f64; 5], budget: f64, observed: f64) -> (Option<f64>, Vec<Cause>) {
    let [_, _, _, alpha, beta] = law;
    // The grid of a slice: its real sizes, moved and stretched, relative to the optimum.
    let predicted = |moved: bool, narrow: bool| {
        let points: Vec<(f64, f64)> = slices
            .iter()
            .filter(|s| s.parabola.is_some())
            .filter_map(|slice| {
                let count = 15;
                let half = if narrow { slice.width.min(2.0).ln() } else { slice.width.ln() };
                let centre = if moved { 0.0 } else { slice.centre.ln() };
                let offsets: Vec<f64> = (0..count)
                    .map(|i| centre + half * (2.0 * f64::from(i) / f64::from(count - 1) - 1.0))
                    .collect();
                Some((slice.compute.ln(), approach2_shift(alpha, beta, &offsets)?))
            })
            .collect();
        let x: Vec<f64> = points.iter().map(|p| p.0).collect();
        let y: Vec<f64> = points.iter().map(|p| p.1).collect();
        let (start, slope) = line(&x, &y, &vec![1.0; x.len()])?;
        Some(start + slope * budget.ln())
    };
    let (Some(real), Some(centred), Some(narrow)) =
        (predicted(false, false), predicted(true, false), predicted(true, true))
    else {
        return (None, vec![Cause::LawMisfit]);
    };
    let wide = slices.iter().filter(|s| s.width > WIDE).count() * 2 > slices.len();
    let unequal = (alpha / beta).ln().abs() > UNEQUAL.ln();
    let mut parts = Vec::new();
    let off = real - centred;
    if off.abs() > SMALL {
        parts.push((off.abs(), Cause::OffCentreGrids));
    }
    if (centred - narrow).abs() > SMALL && wide {
        parts.push(((centred - narrow).abs(), Cause::WideGrids));
    }
    if centred.abs() > 0.5 * SMALL && unequal {
        parts.push((centred.abs(), Cause::AsymmetricExponents));
    }
    let rest = observed.ln() - real;
    if rest.abs() > real.abs().max(SMALL) {
        parts.push((rest.abs(), Cause::LawMisfit));
    }
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    (Some(real.exp()), parts.into_iter().map(|p| p.1).collect())
}
