//! The further runs that would tell two recipes apart soonest.
//!
//! One more run of recipe A at `(N, D)` tells something about the difference at the target scale as far as the two go
//! together over the replicates: it takes `cov(difference, loss)^2 / (noise^2 + var(loss))` off the variance of the
//! difference. This is the first step of a sequential design (Chaloner and Verdinelli 1995, Statistical Science 10) with
//! the replicates for a posterior.

use serde::{Deserialize, Serialize};

use crate::contrast::ContrastOptions;
use crate::contrast::arms::{Arm, Fits};
use crate::contrast::curve::Grid;
use crate::surface::FLOP;

/// Sizes and token counts tried.
const TRIED: usize = 7;

/// A run that is proposed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextRun {
    /// Its recipe.
    pub arm: String,
    /// Parameters.
    pub n: f64,
    /// Tokens.
    pub d: f64,
    /// Its compute, 6 N D in FLOP.
    pub compute: f64,
    /// Share of the variance of the difference at the target that it takes away.
    pub reduction: f64,
}

/// The best proposals, each on top of those before it: no two for the same thing. No run costs more than the dearest of
/// the table.
pub(crate) fn proposals(
    grid: &Grid,
    arms: &[Arm; 2],
    fits: &[Fits; 2],
    used: &[usize],
    target: f64,
    options: &ContrastOptions,
) -> Vec<NextRun> {
    if options.proposals == 0 || grid.name != "C" || used.len() < 50 {
        return Vec::new();
    }
    let draws = |place: usize| -> Vec<Vec<f64>> {
        let fit = &fits[place];
        used.iter().filter_map(|&k| Some(fit.params(fit.replicates[k].as_ref()?, 0))).collect()
    };
    let params = [draws(0), draws(1)];
    let frontier =
        |place: usize| params[place].iter().map(|p| grid.curve(p).at(target)).collect::<Vec<f64>>();
    let (a, b) = (frontier(0), frontier(1));
    let mut difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    if difference.iter().any(|v| !v.is_finite()) {
        return Vec::new();
    }
    let mut candidates: Vec<(usize, f64, f64, Vec<f64>)> = Vec::new();
    for (place, arm) in arms.iter().enumerate() {
        for (n, d) in points(grid, arm) {
            let each: Option<Vec<f64>> =
                params[place].iter().map(|p| grid.runs_at(p, &[n], &[d]).map(|v| v[0])).collect();
            let Some(each) = each.filter(|e| e.iter().all(|v| v.is_finite())) else { continue };
            candidates.push((place, n, d, each));
        }
    }
    let start = covariance(&difference, &difference);
    // Residuals are relative to the loss, or in its unit: as small as they are, one serves for the other at a loss near 1.
    let noise = |place: usize, each: &[f64]| {
        let level = if options.fit.objective.is_some_and(|o| !o.log) { 1.0 } else { mean(each) };
        (fits[place].noise * level).powi(2)
    };
    let mut chosen = Vec::new();
    while chosen.len() < options.proposals {
        let gain = |(place, _, _, each): &(usize, f64, f64, Vec<f64>)| {
            covariance(&difference, each).powi(2) / (noise(*place, each) + covariance(each, each))
        };
        let best =
            candidates.iter().enumerate().map(|(k, c)| (k, gain(c))).max_by(|x, y| x.1.total_cmp(&y.1));
        let Some((k, gained)) = best.filter(|b| b.1 > 1e-3 * start) else { break };
        let (place, n, d, each) = candidates[k].clone();
        chosen.push(NextRun {
            arm: arms[place].name.clone(),
            n,
            d,
            compute: FLOP * n * d,
            reduction: gained / start,
        });
        // What is known after this run: everything that goes along with it is held.
        let spread = noise(place, &each) + covariance(&each, &each);
        let centre = mean(&each);
        // A linear update that leaves the right variance: shrink the part along the run.
        let keep = (noise(place, &each) / spread).sqrt();
        let update = |values: &mut [f64]| {
            let along = covariance(values, &each) / covariance(&each, &each).max(f64::MIN_POSITIVE);
            values.iter_mut().zip(&each).for_each(|(v, e)| *v -= (1.0 - keep) * along * (e - centre));
        };
        update(&mut difference);
        candidates.iter_mut().filter(|c| c.0 == place).for_each(|c| update(&mut c.3));
    }
    chosen
}

/// Sizes from the smallest to twice the largest of the arm, and tokens over its range, at no more than the compute of the
/// dearest run.
fn points(grid: &Grid, arm: &Arm) -> Vec<(f64, f64)> {
    let Some((n, d)) = grid.places() else { return Vec::new() };
    let range = |k: usize| {
        arm.data.inputs[k].iter().fold((f64::INFINITY, 0.0_f64), |(a, b), x| (a.min(*x), b.max(*x)))
    };
    let even = |(low, high): (f64, f64)| -> Vec<f64> {
        let (low, high) = (low.ln(), (high * 2.0).ln());
        (0..TRIED).map(|k| (low + (high - low) * k as f64 / (TRIED - 1) as f64).exp()).collect()
    };
    let tokens = even(range(d));
    let pairs =
        even(range(n)).into_iter().flat_map(|n| tokens.iter().map(move |&d| (n, d)).collect::<Vec<_>>());
    pairs.filter(|(n, d)| FLOP * n * d <= grid.runs[1]).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let (mx, my) = (mean(x), mean(y));
    x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f64>() / (x.len() as f64 - 1.0)
}
