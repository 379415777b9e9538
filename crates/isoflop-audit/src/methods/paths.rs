//! Each method's path of compute-optimal sizes, for one weighting of the rows.

use crate::methods::budgets::{Groups, Slice, sizes};
use crate::methods::envelope::{Curves, hull};
use crate::methods::parabola::{corrected, vertex};
use crate::numbers::line;

/// The methods, in the order of [`Paths::list`].
pub(crate) const NAMES: [&str; 6] = [
    "approach-1-envelope",
    "approach-1-hull",
    "approach-2-parabola",
    "approach-2-cubic",
    "approach-2-corrected",
    "approach-3-law",
];
/// Place of the law.
pub(crate) const LAW: usize = 5;

/// Straight lines in logs: `ln N* = n.0 + n.1 ln C`, and the same for D*.
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub(crate) n: (f64, f64),
    pub(crate) d: (f64, f64),
    /// Points that the lines rest on.
    pub(crate) points: usize,
}

impl Path {
    /// N* at a budget in FLOP.
    pub(crate) fn size(&self, compute: f64) -> f64 {
        (self.n.0 + self.n.1 * compute.ln()).exp()
    }

    /// A line through points of log compute and log N, with D* from the FLOP per parameter and token.
    fn through(points: &[(f64, f64, f64)], few: &str) -> Result<Path, String> {
        let x: Vec<f64> = points.iter().map(|p| p.0).collect();
        let n: Vec<f64> = points.iter().map(|p| p.1).collect();
        let d: Vec<f64> = points.iter().map(|p| p.0 - p.1 - p.2.ln()).collect();
        let ones = vec![1.0; points.len()];
        let both = line(&x, &n, &ones).zip(line(&x, &d, &ones));
        let (n, d) = both.ok_or_else(|| format!("{} {few}: two are needed", points.len()))?;
        Ok(Path { n, d, points: points.len() })
    }
}

/// All methods under one weighting.
pub(crate) struct Paths {
    pub(crate) list: [Result<Path, String>; 6],
    /// Minimum of the parabola of each slice, and the corrected one, as logs.
    pub(crate) minima: Vec<(Option<f64>, Option<f64>)>,
}

/// The rows.
pub(crate) struct Table<'a> {
    pub(crate) n: &'a [f64],
    pub(crate) compute: &'a [f64],
    pub(crate) loss: &'a [f64],
    pub(crate) flop: f64,
    pub(crate) groups: &'a Groups,
    pub(crate) curves: &'a Curves,
}

impl Table<'_> {
    /// All methods with these row weights; `law` are E, A, B, alpha and beta fitted with the same weights.
    pub(crate) fn paths(&self, weights: &[f64], law: [f64; 5]) -> Paths {
        let [_, a, b, alpha, beta] = law;
        let mut parabolas = Vec::new();
        let mut cubics = Vec::new();
        let mut unbiased = Vec::new();
        let mut minima = Vec::new();
        for rows in &self.groups.slices {
            let own: Vec<usize> = rows.iter().copied().filter(|&r| weights[r] > 0.0).collect();
            let pick = |v: &[f64]| own.iter().map(|&r| v[r]).collect::<Vec<f64>>();
            let (w, loss) = (pick(weights), pick(self.loss));
            let log_n: Vec<f64> = own.iter().map(|&r| self.n[r].ln()).collect();
            let middle = self.middle(rows);
            let distinct = sizes(self.n, &own);
            let of = |degree: usize| {
                if distinct > degree { vertex(&log_n, &loss, &w, degree) } else { None }
            };
            let plain = of(2);
            let right = plain.and_then(|found| corrected(alpha, beta, &log_n, &w, found));
            parabolas.extend(plain.map(|x| (middle, x, self.flop)));
            cubics.extend(of(3).map(|x| (middle, x, self.flop)));
            unbiased.extend(right.map(|x| (middle, x, self.flop)));
            minima.push((plain, right));
        }
        let with_flop = |points: Vec<(f64, f64)>| {
            points.into_iter().map(|(c, n)| (c, n, self.flop)).collect::<Vec<(f64, f64, f64)>>()
        };
        let envelope = self
            .curves
            .envelope(self.n, self.compute, self.loss, weights)
            .and_then(|(points, on)| Ok(Path { points: on, ..Path::through(&with_flop(points), "points")? }));
        let hull = hull(self.n, self.compute, self.loss, weights)
            .and_then(|corners| Path::through(&with_flop(corners), "corners"));
        const FEW: &str = "budget(s) have a minimum within their sizes";
        let sum = alpha + beta;
        let log_g = (alpha * a / (beta * b)).ln() / sum;
        let by_law = Path {
            n: (log_g - beta / sum * self.flop.ln(), beta / sum),
            d: (-log_g - alpha / sum * self.flop.ln(), alpha / sum),
            points: self.n.len(),
        };
        let by_law = if by_law.n.0.is_finite() && by_law.n.1.is_finite() {
            Ok(by_law)
        } else {
            Err("a term of the law does nothing, so that it has no optimum".to_owned())
        };
        let list = [
            envelope,
            hull,
            Path::through(&parabolas, FEW),
            Path::through(&cubics, FEW),
            Path::through(&unbiased, FEW),
            by_law,
        ];
        Paths { list, minima }
    }

    /// Log of the budget of a slice.
    fn middle(&self, rows: &[usize]) -> f64 {
        rows.iter().map(|&r| self.compute[r].ln()).sum::<f64>() / rows.len() as f64
    }

    /// The slices with what was found in them.
    pub(crate) fn slices(&self, full: &Paths, law: [f64; 5]) -> Vec<Slice> {
        let [_, a, b, alpha, beta] = law;
        let sum = alpha + beta;
        let mut list = Vec::new();
        for (rows, (plain, right)) in self.groups.slices.iter().zip(&full.minima) {
            let compute = self.middle(rows).exp();
            let by_law = (alpha * a / (beta * b)).powf(1.0 / sum) * (compute / self.flop).powf(beta / sum);
            let mut order = rows.clone();
            order.sort_by(|&a, &b| self.n[a].total_cmp(&self.n[b]));
            let (low, high) = (self.n[order[0]], self.n[order[order.len() - 1]]);
            let lowest = order.iter().copied().min_by(|&a, &b| self.loss[a].total_cmp(&self.loss[b]));
            list.push(Slice {
                compute,
                sizes: sizes(self.n, rows),
                range: [low, high],
                parabola: plain.map(f64::exp),
                corrected: right.map(f64::exp),
                law: by_law,
                edge: lowest.is_some_and(|r| self.n[r] == low || self.n[r] == high),
                centre: (low * high).sqrt() / by_law,
                width: (high / low).sqrt(),
                rows: order,
            });
        }
        list
    }
}
