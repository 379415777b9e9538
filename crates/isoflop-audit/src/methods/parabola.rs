//! The minimum of a polynomial through an isoFLOP slice, and the bias of it.

use crate::numbers::polynomial;

/// Minimum of the polynomial of `degree` (2 or 3) in the log of N through the losses, as a log; `None` if it has none
/// within the sizes.
pub(crate) fn vertex(log_n: &[f64], loss: &[f64], weights: &[f64], degree: usize) -> Option<f64> {
    let used = || log_n.iter().zip(weights).filter(|(_, w)| **w > 0.0).map(|(x, _)| *x);
    let (low, high) = used().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    if half.is_nan() || half <= 0.0 {
        return None;
    }
    let u: Vec<f64> = log_n.iter().map(|x| (x - middle) / half).collect();
    let c = polynomial(&u, loss, weights, degree)?;
    let cubic = c.get(3).copied().unwrap_or(0.0);
    let place = if cubic.abs() < 1e-12 * c[2].abs() {
        (c[2] > 0.0).then(|| -c[1] / (2.0 * c[2]))?
    } else {
        // Of the two points with slope zero, the one that bends upwards; written to keep digits for a small cubic part.
        let root = c[2] * c[2] - 3.0 * cubic * c[1];
        if root < 0.0 {
            return None;
        }
        let sum = c[2] + root.sqrt();
        if sum > 0.0 { -c[1] / sum } else { (root.sqrt() - c[2]) / (3.0 * cubic) }
    };
    (place.abs() <= 1.0).then_some(middle + half * place)
}

/// How far, in the log of N, the minimum of a polynomial through a slice without noise lies from the optimum, for sizes
/// `offsets` (logs of N relative to the optimum) and the exponents of `E + A / N^alpha + B / D^beta`; `None` if it has no
/// minimum within the sizes.
///
/// Around its optimum the slice is, up to scale and offset, `beta exp(-alpha w) + alpha exp(beta w)`, so the bias depends
/// on the exponents and the grid alone (Czech et al. 2026, arXiv 2603.22339, section on approach 2).
///
/// ```
/// let grid: Vec<f64> = (0..15).map(|i| 16_f64.ln() * (f64::from(i) / 7.0 - 1.0)).collect();
/// let shift = isoflop_audit::approach2_shift(0.34, 0.28, &grid).unwrap();
/// assert!(((-shift).exp_m1() - -0.051002).abs() < 2e-6); // D* is 5.1 % too small
/// ```
pub fn approach2_shift(alpha: f64, beta: f64, offsets: &[f64]) -> Option<f64> {
    shift(alpha, beta, offsets, &vec![1.0; offsets.len()], 2)
}

pub(crate) fn shift(alpha: f64, beta: f64, offsets: &[f64], weights: &[f64], degree: usize) -> Option<f64> {
    let curve: Vec<f64> =
        offsets.iter().map(|w| beta * (-alpha * w).exp() + alpha * (beta * w).exp()).collect();
    vertex(offsets, &curve, weights, degree)
}

/// The optimum whose slice without noise has its parabola's minimum at `found`, on the same sizes: the bias undone.
pub(crate) fn corrected(alpha: f64, beta: f64, log_n: &[f64], weights: &[f64], found: f64) -> Option<f64> {
    let miss = |x: f64| {
        let offsets: Vec<f64> = log_n.iter().map(|n| n - x).collect();
        shift(alpha, beta, &offsets, weights, 2).map(|s| x + s - found)
    };
    // The bias changes slowly with the optimum: a few secant steps.
    let (mut x, mut y) = (found, miss(found)?);
    let (mut last_x, mut last_y) = (found - y, miss(found - y)?);
    for _ in 0..50 {
        if last_y.abs() < 1e-12 || last_y == y {
            break;
        }
        let next = last_x - last_y * (last_x - x) / (last_y - y);
        (x, y) = (last_x, last_y);
        (last_x, last_y) = (next, miss(next)?);
    }
    (last_y.abs() < 1e-9).then_some(last_x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(factor: f64) -> Vec<f64> {
        (0..15).map(|i| factor.ln() * (f64::from(i) / 7.0 - 1.0)).collect()
    }

    /// Errors of D* as released by Czech et al. 2026.
    #[test]
    fn the_known_biases_of_approach_2() {
        let cases = [
            (0.34, 0.28, 2.0, -0.003269),
            (0.34, 0.28, 16.0, -0.051002),
            (0.465, 0.155, 8.0, -0.139104),
            (0.465, 0.155, 16.0, -0.231163),
            (0.31, 0.31, 16.0, 0.0),
        ];
        for (alpha, beta, factor, published) in cases {
            let error = (-approach2_shift(alpha, beta, &grid(factor)).unwrap()).exp_m1();
            assert!((error - published).abs() < 2e-6, "{alpha} {beta} {factor}: {error}");
        }
    }

    #[test]
    fn the_correction_undoes_the_bias_on_any_grid() {
        for (alpha, beta, factor, offset) in [(0.34, 0.28, 16.0, 0.0), (0.465, 0.155, 8.0, 0.5)] {
            let sizes: Vec<f64> = grid(factor).iter().map(|w| 18.0 + offset + w).collect();
            let offsets: Vec<f64> = sizes.iter().map(|n| n - 18.0).collect();
            let found = 18.0 + approach2_shift(alpha, beta, &offsets).unwrap();
            assert!((found - 18.0).abs() > 1e-3);
            let back = corrected(alpha, beta, &sizes, &[1.0; 15], found).unwrap();
            assert!((back - 18.0).abs() < 1e-9, "{back}");
        }
    }

    #[test]
    fn a_cubic_finds_the_minimum_of_a_cubic() {
        let x = grid(4.0);
        let y: Vec<f64> = x.iter().map(|x| 2.0 + (x - 0.2).powi(2) + 0.1 * (x - 0.2).powi(3)).collect();
        assert!((vertex(&x, &y, &[1.0; 15], 3).unwrap() - 0.2).abs() < 1e-9);
        assert_eq!(vertex(&x, &x, &[1.0; 15], 2), None);
    }
}
