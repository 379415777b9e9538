//! How good a set of forecasts was.

use serde::{Deserialize, Serialize};

use crate::backtest::Forecast;

/// Errors of forecasts of known runs. Relative errors and errors of the logarithm have no unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Forecasts; a row counts once per fold that holds it out.
    pub forecasts: usize,
    /// Of these, without a finite value, or with one of the wrong sign: they count nowhere below.
    pub failed: usize,
    /// Median of `|predicted / observed - 1|`.
    pub median: f64,
    /// Mean of `predicted / observed - 1`: above 0 where the law promises more than came.
    pub bias: f64,
    /// Root mean square of `ln predicted - ln observed`; `None` if an output is not positive.
    pub rms_log: Option<f64>,
    /// Standard error of `rms_log`: over folds or over rows, whichever is larger. Forecasts of one fold share the
    /// error of its parameters; folds share rows, so this is rather too small than too large.
    pub rms_log_error: Option<f64>,
    /// Share of rows inside their interval; `None` without intervals.
    pub coverage: Option<f64>,
    /// Median of `ln high - ln low`.
    pub width: Option<f64>,
}

/// Scores `forecasts`, at least one.
pub(crate) fn score(forecasts: &[Forecast]) -> Score {
    let usable = |f: &&Forecast| f.predicted.is_finite() && f.predicted * f.observed > 0.0;
    let good: Vec<&Forecast> = forecasts.iter().filter(usable).collect();
    let relative: Vec<f64> = good.iter().map(|f| f.predicted / f.observed - 1.0).collect();
    let positive = good.iter().all(|f| f.observed > 0.0) && !good.is_empty();
    let squares: Vec<(usize, f64)> =
        good.iter().map(|f| (f.fold, (f.predicted / f.observed).ln().powi(2))).collect();
    let rms = (squares.iter().map(|s| s.1).sum::<f64>() / squares.len().max(1) as f64).sqrt();
    let intervals: Vec<(f64, f64, f64)> =
        forecasts.iter().filter_map(|f| Some((f.low?, f.high?, f.observed))).collect();
    let inside = intervals.iter().filter(|(low, high, y)| low <= y && y <= high).count();
    let widths: Vec<f64> =
        intervals.iter().filter(|i| i.0 > 0.0).map(|(low, high, _)| (high / low).ln()).collect();
    Score {
        forecasts: forecasts.len(),
        failed: forecasts.len() - good.len(),
        median: median(relative.iter().map(|r| r.abs()).collect()),
        bias: relative.iter().sum::<f64>() / relative.len().max(1) as f64,
        rms_log: positive.then_some(rms),
        rms_log_error: spread_of_mean(&squares)
            .filter(|_| positive && rms > 0.0)
            .map(|spread| spread / (2.0 * rms)),
        coverage: (!intervals.is_empty()).then(|| inside as f64 / intervals.len() as f64),
        width: (!widths.is_empty()).then(|| median(widths)),
    }
}

/// Standard error of the mean of `values` that come in groups (`(group, value)`), or of single values if that is
/// larger: the linearised variance of a ratio of group sums to group sizes (Cochran, Sampling Techniques, 3rd
/// edition 1977, section 9.2).
pub(crate) fn spread_of_mean(values: &[(usize, f64)]) -> Option<f64> {
    let groups = values.iter().map(|v| v.0).max()? + 1;
    let mut sums = vec![(0.0, 0.0); groups];
    for &(group, value) in values {
        sums[group].0 += value;
        sums[group].1 += 1.0;
    }
    sums.retain(|s| s.1 > 0.0);
    let rows: Vec<(f64, f64)> = values.iter().map(|v| (v.1, 1.0)).collect();
    let spread = |sums: &[(f64, f64)]| {
        let count = sums.len() as f64;
        let size: f64 = sums.iter().map(|s| s.1).sum();
        let mean = sums.iter().map(|s| s.0).sum::<f64>() / size;
        let square: f64 = sums.iter().map(|s| (s.0 - mean * s.1).powi(2)).sum();
        (count >= 2.0).then(|| (square * count / (count - 1.0)).sqrt() / size)
    };
    let over_rows = spread(&rows)?;
    Some(spread(&sums).map_or(over_rows, |over_groups| over_groups.max(over_rows)))
}

/// The middle value; NaN of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => 0.5 * (values[n / 2 - 1] + values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(fold: usize, predicted: f64, observed: f64) -> Forecast {
        let (low, high) = (Some(0.9 * predicted), Some(1.1 * predicted));
        Forecast { fold, row: 0, beyond: 1.0, observed, predicted, low, high }
    }

    #[test]
    fn errors_are_relative_and_signed() {
        let list =
            [forecast(0, 1.2, 1.0), forecast(0, 0.95, 1.0), forecast(1, 2.0, 2.0), forecast(1, -1.0, 2.0)];
        let s = score(&list);
        assert_eq!((s.forecasts, s.failed), (4, 1));
        assert!((s.median - 0.05).abs() < 1e-12 && (s.bias - 0.05).abs() < 1e-12);
        let rms = ((1.2_f64.ln().powi(2) + 0.95_f64.ln().powi(2)) / 3.0).sqrt();
        assert!((s.rms_log.unwrap() - rms).abs() < 1e-12);
        assert_eq!(s.coverage, Some(0.5));
    }

    #[test]
    fn the_error_of_a_mean_is_the_usual_one_for_single_rows() {
        let values: Vec<(usize, f64)> = [1.0, 2.0, 4.0, 7.0].into_iter().enumerate().collect();
        let usual = (values.iter().map(|v| (v.1 - 3.5_f64).powi(2)).sum::<f64>() / 3.0 / 4.0).sqrt();
        assert!((spread_of_mean(&values).unwrap() - usual).abs() < 1e-12);
    }
}
