//! Compute budgets at which several sizes were trained, found from the compute of the runs.

use serde::{Deserialize, Serialize};

/// Sizes that a slice needs: three make a parabola, and one more shows whether it is one.
const LEAST_SIZES: usize = 4;
/// Sizes closer than this, as logs, are one size.
const SAME_SIZE: f64 = 0.01;

/// One isoFLOP slice: runs of several sizes at one budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The budget in FLOP: geometric mean over its runs.
    pub compute: f64,
    /// Its rows, counted from 0.
    pub rows: Vec<usize>,
    /// Distinct sizes.
    pub sizes: usize,
    /// Smallest and largest N.
    pub range: [f64; 2],
    /// Minimum of the parabola through the losses over log N; `None` if it has none within the sizes.
    pub parabola: Option<f64>,
    /// That minimum corrected for the bias of parabolas at the exponents of the law.
    pub corrected: Option<f64>,
    /// Minimum by the law.
    pub law: f64,
    /// Whether the lowest loss is that of the smallest or the largest size.
    pub edge: bool,
    /// How far the middle of the sizes (as logs) lies from the minimum by the law, as a factor: 1 is centred.
    pub centre: f64,
    /// Half the width of the grid, as a factor: 16 for sizes from N*/16 to 16 N*.
    pub width: f64,
}

/// Rows by budget.
pub(crate) struct Groups {
    /// Rows of each slice, smallest budget first.
    pub(crate) slices: Vec<Vec<usize>>,
    /// Rows in none.
    pub(crate) outside: usize,
}

/// Groups rows whose compute differs by no more than `tolerance`: a group starts at the lowest budget that is not in one
/// yet and takes what lies within the tolerance, moved to where most runs are. Groups with too few sizes are no slices.
pub(crate) fn group(n: &[f64], d: &[f64], compute: &[f64], tolerance: f64) -> Groups {
    let width = tolerance.ln_1p();
    let mut order: Vec<usize> =
        (0..n.len()).filter(|&k| compute[k] > 0.0 && n[k] > 0.0 && d[k] > 0.0).collect();
    order.sort_by(|&a, &b| compute[a].total_cmp(&compute[b]));
    let log: Vec<f64> = order.iter().map(|&k| compute[k].ln()).collect();
    let mut slices: Vec<Vec<usize>> = Vec::new();
    // The fullest window first, so that a stray run between two budgets does not split one.
    let mut free = vec![true; order.len()];
    loop {
        let best = (0..order.len())
            .filter(|&k| free[k])
            .map(|k| {
                (k, (k..order.len()).take_while(|&j| log[j] - log[k] <= width).filter(|&j| free[j]).count())
            })
            .max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((start, count)) = best.filter(|b| b.1 >= LEAST_SIZES) else { break };
        let members: Vec<usize> =
            (start..order.len()).filter(|&j| free[j]).take_while(|&j| log[j] - log[start] <= width).collect();
        debug_assert_eq!(members.len(), count);
        members.iter().for_each(|&j| free[j] = false);
        slices.push(members.iter().map(|&j| order[j]).collect());
    }
    slices.retain(|rows| sizes(n, rows) >= LEAST_SIZES);
    slices.sort_by(|a, b| compute[a[0]].total_cmp(&compute[b[0]]));
    let inside: usize = slices.iter().map(Vec::len).sum();
    Groups { outside: n.len() - inside, slices }
}

/// Distinct sizes among rows.
pub(crate) fn sizes(n: &[f64], rows: &[usize]) -> usize {
    let mut logs: Vec<f64> = rows.iter().map(|&r| n[r].ln()).collect();
    logs.sort_by(f64::total_cmp);
    logs.dedup_by(|a, b| (*a - *b).abs() < SAME_SIZE);
    logs.len()
}

impl Groups {
    /// A number for each row: its slice, or one for all rows outside.
    pub(crate) fn strata(&self, rows: usize) -> Vec<u32> {
        let mut strata = vec![self.slices.len() as u32; rows];
        for (k, members) in self.slices.iter().enumerate() {
            members.iter().for_each(|&r| strata[r] = k as u32);
        }
        strata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_with_jitter_and_a_stray_run_are_found() {
        let mut n = Vec::new();
        let mut c = Vec::new();
        for (b, budget) in [1e18, 3e18, 1e19].into_iter().enumerate() {
            for k in 0..6_i32 {
                n.push(1e7 * 2_f64.powi(k));
                c.push(budget * (1.0 + 0.01 * f64::from((k * 5 + b as i32) % 7)));
            }
        }
        n.push(1e7);
        c.push(1.7e18);
        let d: Vec<f64> = c.iter().zip(&n).map(|(c, n)| c / (6.0 * n)).collect();
        let found = group(&n, &d, &c, 0.1);
        assert_eq!((found.slices.len(), found.outside), (3, 1));
        assert!(found.slices.iter().all(|s| s.len() == 6));
        assert_eq!(group(&n, &d, &c, 1e-4).slices.len(), 0);
    }
}
