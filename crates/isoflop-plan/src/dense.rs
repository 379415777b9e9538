//! Small dense linear systems: a plan has a handful of variables.

/// Solves `(a + shift) x = b` for a symmetric `a` (`n` by `n`, by rows), with the smallest multiple of the diagonal as
/// shift that makes it positive definite. Returns the solution, or `None` if no shift helps.
pub(crate) fn solve_positive(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let largest = (0..n).map(|i| a[i * n + i].abs()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let mut shift = 0.0;
    for _ in 0..60 {
        if let Some(x) = cholesky(a, b, shift) {
            return Some(x);
        }
        shift = if shift == 0.0 { 1e-10 * largest } else { 4.0 * shift };
    }
    None
}

fn cholesky(a: &[f64], b: &[f64], shift: f64) -> Option<Vec<f64>> {
    let n = b.len();
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let mut sum = a[i * n + j] + if i == j { shift } else { 0.0 };
            for k in 0..j {
                sum -= l[i * n + k] * l[j * n + k];
            }
            if i == j {
                // Below this share of the diagonal the pivot is rounding error.
                if sum.is_nan() || sum <= 1e-15 * (a[i * n + i].abs() + shift) {
                    return None;
                }
                l[i * n + i] = sum.sqrt();
            } else {
                l[i * n + j] = sum / l[j * n + j];
            }
        }
    }
    let mut x = b.to_vec();
    for i in 0..n {
        for k in 0..i {
            x[i] -= l[i * n + k] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            x[i] -= l[k * n + i] * x[k];
        }
        x[i] /= l[i * n + i];
    }
    x.iter().all(|x| x.is_finite()).then_some(x)
}

/// Solves `a x = b` for any square `a` by elimination with row pivots; `None` if it is singular to rounding.
pub(crate) fn solve_square(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let mut a = a.to_vec();
    let mut x = b.to_vec();
    // Rows are weighed to a largest entry of 1 so that one threshold fits all.
    for i in 0..n {
        let largest = a[i * n..][..n].iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return None;
        }
        a[i * n..][..n].iter_mut().for_each(|v| *v /= largest);
        x[i] /= largest;
    }
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i * n + k].abs().total_cmp(&a[j * n + k].abs()))?;
        if a[pivot * n + k].abs() < 1e-14 {
            return None;
        }
        for j in 0..n {
            a.swap(k * n + j, pivot * n + j);
        }
        x.swap(k, pivot);
        for i in k + 1..n {
            let factor = a[i * n + k] / a[k * n + k];
            for j in k..n {
                a[i * n + j] -= factor * a[k * n + j];
            }
            x[i] -= factor * x[k];
        }
    }
    for i in (0..n).rev() {
        for k in i + 1..n {
            x[i] -= a[i * n + k] * x[k];
        }
        x[i] /= a[i * n + i];
    }
    x.iter().all(|x| x.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_solvers_invert() {
        let a = [4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0];
        for x in [solve_positive(&a, &[1.0, 2.0, 3.0]), solve_square(&a, &[1.0, 2.0, 3.0])] {
            let x = x.unwrap();
            for i in 0..3 {
                let back: f64 = (0..3).map(|j| a[i * 3 + j] * x[j]).sum();
                assert!((back - (i + 1) as f64).abs() < 1e-13);
            }
        }
        assert!(solve_square(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0]).is_none());
        // An indefinite matrix still gives a direction of descent.
        let d = solve_positive(&[1.0, 0.0, 0.0, -1.0], &[1.0, 1.0]).unwrap();
        assert!(d[0] + d[1] > 0.0);
    }
}
