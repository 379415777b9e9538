//! The scatter of runs about the law: from repeated runs where there are enough, else from the residuals.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::fit::quantiles;

/// Coverage of the interval from which a standard deviation is read, and its half width in a standard normal one.
const MIDDLE: f64 = 0.9;
const HALF: f64 = 1.644_853_627;
/// Degrees of freedom from which repeated runs say more than residuals.
const ENOUGH_REPEATS: usize = 5;
/// Rows and t value from which the noise may change with the size of the runs.
const ENOUGH_ROWS: usize = 30;
const CLEAR: f64 = 3.0;
/// Quantiles kept.
const KEPT: usize = 199;

/// Run-to-run noise, on the scale of the residuals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Evenly spaced quantiles of the noise, about zero, at the middle of the runs.
    pub quantiles: Vec<f64>,
    /// Degrees of freedom of repeated runs that it was estimated from; `None` if from the residuals of the fit.
    pub repeats: Option<usize>,
    /// By how much the logarithm of the noise changes per unit of the logarithm of size; 0 unless the runs say so.
    pub slope: f64,
    /// Logarithm of size at which the quantiles hold, and between which ends the slope does.
    pub centre: f64,
    /// Smallest and largest logarithm of size of the runs; beyond them the noise stays as it is there.
    pub ends: (f64, f64),
    /// Scatter of the residuals that repeated runs do not show: the law misses within the runs. 0 without repeats.
    pub excess: f64,
}

impl Noise {
    /// From the residuals of a fit with `free` parameters to the rows of `data`, whose logarithms of size are `logs`.
    ///
    /// Residuals are widened by `sqrt(n / (n - free))`, for a fit makes them small; deviations of `m` repeated runs
    /// from their mean by `sqrt(m / (m - 1))`. The standard deviation is that of a normal sample with the same central
    /// 90 %, so that a few bad runs do not make it. Noise that changes with size: the logarithm of the size of the
    /// residuals is regressed on the logarithm of size, and a slope counts above three standard errors.
    pub(crate) fn of(data: &Data, residuals: &[f64], free: usize, logs: &[f64]) -> Noise {
        let n = residuals.len() as f64;
        let wide = (n / (n - free as f64).max(1.0)).sqrt();
        let (centre, slope) = trend(residuals, logs).unwrap_or((0.0, 0.0));
        let ends = logs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |e, &x| (e.0.min(x), e.1.max(x)));
        let ends = if ends.0.is_finite() { ends } else { (0.0, 0.0) };
        let mut noise = Noise { quantiles: Vec::new(), repeats: None, slope, centre, ends, excess: 0.0 };
        let level = |row: usize| noise.factor(logs.get(row).copied().unwrap_or(centre));
        let all: Vec<f64> = residuals.iter().enumerate().map(|(row, r)| wide * r / level(row)).collect();
        let (repeated, freedom) = deviations(data, residuals);
        let repeated: Vec<f64> = repeated.iter().map(|&(row, r)| r / level(row)).collect();
        if freedom >= ENOUGH_REPEATS {
            noise.excess = (sd(&all).powi(2) - sd(&repeated).powi(2)).max(0.0).sqrt();
            noise.quantiles = thinned(repeated);
            noise.repeats = Some(freedom);
        } else {
            noise.quantiles = thinned(all);
        }
        noise
    }

    /// How the noise at this logarithm of size compares with that at the middle of the runs.
    pub(crate) fn factor(&self, log: f64) -> f64 {
        let log = if log.is_nan() { self.centre } else { log.clamp(self.ends.0, self.ends.1) };
        (self.slope * (log - self.centre)).exp()
    }

    /// Half the width of the central interval of `level` at the middle of the runs.
    pub(crate) fn half(&self, level: f64) -> f64 {
        let normal = statrs::distribution::Normal::standard();
        let z = statrs::distribution::ContinuousCDF::inverse_cdf(&normal, 0.5 + 0.5 * level);
        match quantiles(&mut self.quantiles.clone(), level) {
            Some((low, high)) => 0.5 * (high - low),
            None => z * sd(&self.quantiles),
        }
    }

    /// Standard deviation at this logarithm of size.
    pub(crate) fn sd(&self, log: f64) -> f64 {
        sd(&self.quantiles) * self.factor(log)
    }
}

/// Standard deviation of a normal sample with the same central 90 %.
fn sd(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    match quantiles(&mut sorted, MIDDLE) {
        Some((low, high)) => (high - low) / (2.0 * HALF),
        None => (values.iter().map(|r| r * r).sum::<f64>() / values.len().max(1) as f64).sqrt(),
    }
}

/// Deviations of rows that share all inputs from their mean, widened to the noise of one run, and their degrees of
/// freedom.
fn deviations(data: &Data, residuals: &[f64]) -> (Vec<(usize, f64)>, usize) {
    let mut groups: BTreeMap<Vec<u64>, Vec<usize>> = BTreeMap::new();
    for row in 0..residuals.len() {
        let inputs = data.inputs.iter().filter_map(|v| v.get(row)).map(|x| x.to_bits());
        let levels = data.groups.iter().map(|g| u64::from(g.codes[row]));
        groups.entry(inputs.chain(levels).collect()).or_default().push(row);
    }
    let (mut list, mut freedom) = (Vec::new(), 0);
    for rows in groups.values().filter(|rows| rows.len() > 1) {
        let m = rows.len() as f64;
        let mean = rows.iter().map(|&row| residuals[row]).sum::<f64>() / m;
        let wide = (m / (m - 1.0)).sqrt();
        list.extend(rows.iter().map(|&row| (row, wide * (residuals[row] - mean))));
        freedom += rows.len() - 1;
    }
    (list, freedom)
}

/// Mean logarithm of size and slope of `ln |residual|` along it, where it is clear.
fn trend(residuals: &[f64], logs: &[f64]) -> Option<(f64, f64)> {
    let pairs: Vec<(f64, f64)> = logs
        .iter()
        .zip(residuals)
        .map(|(x, r)| (*x, r.abs().ln()))
        .filter(|(x, r)| x.is_finite() && r.is_finite())
        .collect();
    let n = pairs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (mx, my) = (mean(&|p| p.0), mean(&|p| p.1));
    let (sxx, sxy) = (mean(&|p| (p.0 - mx).powi(2)), mean(&|p| (p.0 - mx) * (p.1 - my)));
    let slope = sxy / sxx;
    let left = mean(&|p| (p.1 - my - slope * (p.0 - mx)).powi(2));
    let error = (left / (sxx * (n - 2.0))).sqrt();
    (pairs.len() >= ENOUGH_ROWS && sxx > 0.0 && slope.abs() > CLEAR * error).then_some((mx, slope))
}

/// At most [`KEPT`] evenly spaced quantiles.
fn thinned(mut values: Vec<f64>) -> Vec<f64> {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    if values.len() <= KEPT {
        return values;
    }
    (0..KEPT).map(|k| values[(2 * k + 1) * values.len() / (2 * KEPT)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Purpose, Stream};

    fn table(rows: usize, repeats: usize) -> (Data, Vec<f64>) {
        let x: Vec<f64> = (0..rows).map(|row| 10.0 * 1.1_f64.powi((row / repeats) as i32)).collect();
        let logs = x.iter().map(|x| x.ln()).collect();
        (Data { inputs: vec![x], output: vec![1.0; rows], ..Data::default() }, logs)
    }

    fn normal(rows: usize) -> Vec<f64> {
        let mut stream = Stream::new(11, Purpose::Noise, 0);
        (0..rows).map(|_| stream.normal()).collect()
    }

    #[test]
    fn repeated_runs_part_noise_from_a_law_that_misses() {
        let (data, logs) = table(400, 4);
        let z = normal(400);
        // Every point is off by something that its repeats share.
        let residuals: Vec<f64> =
            (0..400).map(|row| 0.01 * z[row] + 0.03 * (row as f64 / 4.0).floor().sin()).collect();
        let noise = Noise::of(&data, &residuals, 3, &logs);
        assert_eq!(noise.repeats, Some(300));
        assert!((noise.sd(noise.centre) / 0.01 - 1.0).abs() < 0.1, "{noise:?}");
        assert!((noise.excess / 0.021 - 1.0).abs() < 0.3, "{}", noise.excess);
        let (data, logs) = table(400, 1);
        let alone = Noise::of(&data, &residuals, 3, &logs);
        assert!(alone.repeats.is_none() && alone.excess == 0.0 && alone.sd(alone.centre) > 0.02);
    }

    #[test]
    fn noise_falls_with_size_only_where_the_runs_say_so() {
        let (data, logs) = table(200, 1);
        let z = normal(200);
        let even = Noise::of(&data, &z, 0, &logs);
        assert_eq!(even.slope, 0.0);
        let falling: Vec<f64> = z.iter().zip(&logs).map(|(z, l)| z * (-0.2 * l).exp()).collect();
        let noise = Noise::of(&data, &falling, 0, &logs);
        assert!((noise.slope + 0.2).abs() < 0.05, "{}", noise.slope);
        // Beyond the runs it stays.
        assert_eq!(noise.sd(logs[199] + 10.0), noise.sd(logs[199]));
    }
}
