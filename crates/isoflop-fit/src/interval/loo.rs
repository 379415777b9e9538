//! How well the law would forecast a run that it has not seen, from one posterior: leave-one-out cross-validation by
//! importance sampling, with the tails of the weights smoothed (Vehtari, Gelman and Gabry, Practical Bayesian model
//! evaluation using leave-one-out cross-validation and WAIC, Statistics and Computing 27, 2017; Vehtari, Simpson, Gelman,
//! Yao and Gabry, Pareto Smoothed Importance Sampling, JMLR 25, 2024).

use serde::{Deserialize, Serialize};

/// Above this shape the estimate of a row is not to be relied on.
const BAD: f64 = 0.7;

/// Leave-one-out cross-validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loo {
    /// Expected log predictive density, summed over the rows.
    pub elpd: f64,
    /// Its standard error over the rows.
    pub error: f64,
    /// Effective number of parameters.
    pub parameters: f64,
    /// Largest shape of the tail of the weights over the rows.
    pub worst: f64,
    /// Rows whose shape is above 0.7: their part is not to be relied on.
    pub bad: usize,
}

/// Cross-validation from the log likelihood of every row (outer) at every draw (inner).
pub(crate) fn loo<'a>(rows: impl Iterator<Item = &'a mut Vec<f64>>) -> Option<Loo> {
    let mut parts = Vec::new();
    let (mut inside, mut worst, mut bad) = (0.0, f64::NEG_INFINITY, 0);
    for row in rows {
        let count = row.len() as f64;
        let plain = log_sum(row) - count.ln();
        let (elpd, shape) = one(row);
        if !elpd.is_finite() {
            return None;
        }
        parts.push(elpd);
        inside += plain;
        worst = worst.max(shape);
        bad += usize::from(shape > BAD);
    }
    let n = parts.len() as f64;
    let elpd = parts.iter().sum::<f64>();
    let middle = elpd / n;
    let square = parts.iter().map(|e| (e - middle).powi(2)).sum::<f64>() / n;
    Some(Loo { elpd, error: (n * square).sqrt(), parameters: inside - elpd, worst, bad })
}

/// Log predictive density of one row left out, and the shape of the tail.
fn one(log: &[f64]) -> (f64, f64) {
    let mut weights: Vec<f64> = log.iter().map(|l| -l).collect();
    let shape = smooth(&mut weights);
    let both: Vec<f64> = weights.iter().zip(log).map(|(w, l)| w + l).collect();
    (log_sum(&both) - log_sum(&weights), shape)
}

/// Smooths the tail of log weights in place and gives its shape.
fn smooth(weights: &mut [f64]) -> f64 {
    let count = weights.len();
    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    weights.iter_mut().for_each(|w| *w -= largest);
    let tail = ((0.2 * count as f64).min(3.0 * (count as f64).sqrt())).ceil() as usize;
    if tail < 5 || tail >= count {
        return f64::INFINITY;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| weights[a].total_cmp(&weights[b]));
    let cut = weights[order[count - tail - 1]].max(f64::MIN_POSITIVE.ln());
    let over: Vec<f64> = order[count - tail..].iter().map(|&i| weights[i].exp() - cut.exp()).collect();
    if over[tail - 1] <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let (shape, scale) = pareto(&over);
    if shape.is_finite() {
        for (place, &i) in order[count - tail..].iter().enumerate() {
            let p = (place as f64 + 0.5) / tail as f64;
            let quantile = if shape.abs() < 1e-12 {
                -scale * (-p).ln_1p()
            } else {
                scale * (-shape * (-p).ln_1p()).exp_m1() / shape
            };
            // No weight is larger than the largest that was seen.
            weights[i] = (quantile + cut.exp()).ln().min(0.0);
        }
    }
    shape
}

/// Shape and scale of a generalized Pareto distribution from sorted excesses (Zhang and Stephens 2009), the shape drawn
/// towards 1/2 by ten observations' worth.
fn pareto(x: &[f64]) -> (f64, f64) {
    const PRIOR: f64 = 3.0;
    let n = x.len() as f64;
    let grid = 30 + n.sqrt() as usize;
    let quarter = x[((n / 4.0 + 0.5).floor() as usize).max(1) - 1].max(f64::MIN_POSITIVE);
    let shape = |b: f64| x.iter().map(|v| (-b * v).ln_1p()).sum::<f64>() / n;
    let points: Vec<f64> = (1..=grid)
        .map(|i| (1.0 - (grid as f64 / (i as f64 - 0.5)).sqrt()) / (PRIOR * quarter) + 1.0 / x[x.len() - 1])
        .collect();
    let heights: Vec<f64> = points
        .iter()
        .map(|&b| {
            let k = shape(b);
            n * ((-b / k).ln() - k - 1.0)
        })
        .collect();
    let weights: Vec<f64> =
        heights.iter().map(|h| 1.0 / heights.iter().map(|other| (other - h).exp()).sum::<f64>()).collect();
    let total: f64 = weights.iter().filter(|w| w.is_finite()).sum();
    let b =
        points.iter().zip(&weights).filter(|(_, w)| w.is_finite()).map(|(b, w)| b * w).sum::<f64>() / total;
    let k = shape(b);
    let scale = -k / b;
    ((k * n + 5.0) / (n + 10.0), scale)
}

fn log_sum(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + values.iter().map(|v| (v - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Purpose, Stream};

    #[test]
    fn the_shape_of_a_tail_is_found() {
        for shape in [0.2, 0.5, 0.9] {
            let mut x: Vec<f64> = (0..2000)
                .map(|i| {
                    let p = (f64::from(i) + 0.5) / 2000.0;
                    ((1.0 - p).powf(-shape) - 1.0) / shape
                })
                .collect();
            x.sort_by(f64::total_cmp);
            let (found, scale) = pareto(&x);
            assert!((found - shape).abs() < 0.03 && (scale - 1.0).abs() < 0.05, "{shape}: {found} {scale}");
        }
    }

    #[test]
    fn leaving_out_a_normal_row_is_known_in_closed_form() {
        // Mean of normal rows with variance 1 under a flat prior: the posterior is normal(mean, 1/n), and the density of
        // a row left out normal(mean of the others, 1 + 1/(n - 1)).
        let rows: Vec<f64> = (0..30).map(|i| 0.1 * f64::from((i * 7) % 30) - 1.5).collect();
        let n = rows.len() as f64;
        let mean = rows.iter().sum::<f64>() / n;
        let mut stream = Stream::new(1, Purpose::Chain, 0);
        let draws: Vec<f64> = (0..4000).map(|_| mean + stream.normal() / n.sqrt()).collect();
        let log = |r: f64, v: f64| -0.5 * (r * r / v + (std::f64::consts::TAU * v).ln());
        let mut table: Vec<Vec<f64>> =
            rows.iter().map(|y| draws.iter().map(|m| log(y - m, 1.0)).collect()).collect();
        let found = loo(table.iter_mut()).unwrap();
        let exact: f64 =
            rows.iter().map(|y| log(y - (n * mean - y) / (n - 1.0), 1.0 + 1.0 / (n - 1.0))).sum();
        assert!((found.elpd - exact).abs() < 0.1, "{} {exact}", found.elpd);
        assert!(found.bad == 0 && found.worst < 0.5);
        assert!((found.parameters - 1.0).abs() < 0.4, "{}", found.parameters);
    }
}
