//! A little statistics: quantiles, medians, small least-squares problems.

/// Quantile `q` of sorted values, by linear interpolation between order statistics; NaN of none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = q.clamp(0.0, 1.0) * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    if part == 0.0 || a == b { a } else { a + part * (b - a) }
}

/// The finite values, sorted.
pub(crate) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The median of the finite values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(&sorted(values), 0.5)
}

/// Robust standard deviation: 1.4826 times the median distance from zero.
pub(crate) fn robust_spread(residuals: &[f64]) -> f64 {
    1.4826 * median(residuals.iter().map(|r| r.abs()))
}

/// Weighted least squares of `y` on a polynomial in `x`, lowest power first; `None` if the points do not determine it.
pub(crate) fn polynomial(x: &[f64], y: &[f64], weights: &[f64], degree: usize) -> Option<Vec<f64>> {
    let size = degree + 1;
    let mut matrix = vec![vec![0.0; size + 1]; size];
    for ((x, y), w) in x.iter().zip(y).zip(weights) {
        let mut powers = vec![1.0; 2 * size];
        for k in 1..powers.len() {
            powers[k] = powers[k - 1] * x;
        }
        for (i, line) in matrix.iter_mut().enumerate() {
            for (j, cell) in line[..size].iter_mut().enumerate() {
                *cell += w * powers[i + j];
            }
            line[size] += w * powers[i] * y;
        }
    }
    solve(matrix)
}

/// Weighted straight line `y = a + b x`.
pub(crate) fn line(x: &[f64], y: &[f64], weights: &[f64]) -> Option<(f64, f64)> {
    let total: f64 = weights.iter().sum();
    let mean = |v: &[f64]| v.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let (mx, my) = (mean(x), mean(y));
    let sxx: f64 = x.iter().zip(weights).map(|(x, w)| w * (x - mx).powi(2)).sum();
    let sxy: f64 = x.iter().zip(y).zip(weights).map(|((x, y), w)| w * (x - mx) * (y - my)).sum();
    let slope = sxy / sxx;
    (sxx > 0.0 && slope.is_finite()).then_some((my - slope * mx, slope))
}

/// Solves a linear system given with its right side as last column, by elimination with pivots.
pub(crate) fn solve(mut m: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = m.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&a, &b| m[a][k].abs().total_cmp(&m[b][k].abs()))?;
        m.swap(k, pivot);
        let size: f64 = m[k].iter().take(n).map(|v| v.abs()).sum();
        if m[k][k].abs() <= 1e-13 * size || m[k][k] == 0.0 {
            return None;
        }
        let above = m[k].clone();
        for line in &mut m[k + 1..] {
            let factor = line[k] / above[k];
            line.iter_mut().zip(&above).skip(k).for_each(|(cell, a)| *cell -= factor * a);
        }
    }
    let mut x = vec![0.0; n];
    for k in (0..n).rev() {
        let rest: f64 = (k + 1..n).map(|j| m[k][j] * x[j]).sum();
        x[k] = (m[k][n] - rest) / m[k][k];
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_and_lines_are_found_again() {
        let x: Vec<f64> = (0..7).map(|i| f64::from(i) / 3.0 - 1.0).collect();
        let y: Vec<f64> = x.iter().map(|x| 1.0 - 2.0 * x + 0.5 * x * x + 3.0 * x.powi(3)).collect();
        let found = polynomial(&x, &y, &[1.0; 7], 3).unwrap();
        for (a, b) in found.iter().zip([1.0, -2.0, 0.5, 3.0]) {
            assert!((a - b).abs() < 1e-9, "{found:?}");
        }
        assert!(polynomial(&[1.0; 4], &[1.0; 4], &[1.0; 4], 1).is_none());
        let straight: Vec<f64> = x.iter().map(|x| 2.0 - x).collect();
        let (a, b) = line(&x, &straight, &[2.0; 7]).unwrap();
        assert!((a - 2.0).abs() < 1e-12 && (b + 1.0).abs() < 1e-12);
    }

    #[test]
    fn quantiles_lie_between_order_statistics() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[1.0, f64::INFINITY], 0.0), 1.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
