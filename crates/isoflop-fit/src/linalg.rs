//! Dense linear algebra for the few parameters of a law: symmetric matrices in row-major order.

/// A symmetric `n x n` matrix, stored whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Symmetric {
    pub(crate) n: usize,
    pub(crate) a: Vec<f64>,
}

impl Symmetric {
    pub(crate) fn zeros(n: usize) -> Self {
        Symmetric { n, a: vec![0.0; n * n] }
    }

    pub(crate) fn get(&self, i: usize, j: usize) -> f64 {
        self.a[i * self.n + j]
    }

    pub(crate) fn set(&mut self, i: usize, j: usize, value: f64) {
        self.a[i * self.n + j] = value;
        self.a[j * self.n + i] = value;
    }

    /// The rows and columns of `keep`, in that order.
    pub(crate) fn part(&self, keep: &[usize]) -> Symmetric {
        let n = keep.len();
        let a = keep.iter().flat_map(|&i| keep.iter().map(move |&j| self.get(i, j))).collect();
        Symmetric { n, a }
    }

    /// Solves `(self + diagonal) x = b`; `None` if the matrix is not safely positive definite.
    pub(crate) fn solve(&self, diagonal: &[f64], b: &[f64]) -> Option<Vec<f64>> {
        let x = self.factor(diagonal)?.solve(b);
        x.iter().all(|x| x.is_finite()).then_some(x)
    }

    /// Cholesky factor of `self + diagonal` after scaling the diagonal to 1; `None` if the matrix is not safely
    /// positive definite.
    pub(crate) fn factor(&self, diagonal: &[f64]) -> Option<Factor> {
        let n = self.n;
        let scale: Vec<f64> = (0..n).map(|i| (self.get(i, i) + diagonal[i]).sqrt().recip()).collect();
        if scale.iter().any(|s| !s.is_finite()) {
            return None;
        }
        let mut l = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let extra = if i == j { diagonal[i] } else { 0.0 };
                let mut sum = (self.get(i, j) + extra) * scale[i] * scale[j];
                for k in 0..j {
                    sum -= l[i * n + k] * l[j * n + k];
                }
                if i == j {
                    // A scaled pivot is 1 at best; below this the system says nothing about the direction.
                    if sum < 1e-15 || sum.is_nan() {
                        return None;
                    }
                    l[i * n + i] = sum.sqrt();
                } else {
                    l[i * n + j] = sum / l[j * n + j];
                }
            }
        }
        Some(Factor { scale, l })
    }

    /// Whether all eigenvalues are safely positive.
    pub(crate) fn is_positive_definite(&self) -> bool {
        self.factor(&vec![0.0; self.n]).is_some()
    }

    /// Eigenvalues in rising order with their unit vectors, by Jacobi rotations.
    pub(crate) fn eigen(&self) -> (Vec<f64>, Vec<Vec<f64>>) {
        let n = self.n;
        let mut a = self.a.clone();
        let mut v = vec![0.0; n * n];
        for i in 0..n {
            v[i * n + i] = 1.0;
        }
        for _ in 0..100 {
            let off: f64 =
                (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].powi(2)).sum();
            let diagonal: f64 = (0..n).map(|i| a[i * n + i].powi(2)).sum();
            if off <= 1e-32 * diagonal || !off.is_finite() {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    rotate(&mut a, &mut v, n, p, q);
                }
            }
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| a[i * n + i].total_cmp(&a[j * n + j]));
        let values = order.iter().map(|&i| a[i * n + i]).collect();
        let vectors = order.iter().map(|&i| (0..n).map(|k| v[k * n + i]).collect()).collect();
        (values, vectors)
    }
}

/// Cholesky factor of a scaled symmetric matrix.
pub(crate) struct Factor {
    scale: Vec<f64>,
    l: Vec<f64>,
}

impl Factor {
    /// The `x` with `matrix x = b`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let (n, l) = (self.scale.len(), &self.l);
        let mut x: Vec<f64> = b.iter().zip(&self.scale).map(|(b, s)| b * s).collect();
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
        x.iter_mut().zip(&self.scale).for_each(|(x, s)| *x *= s);
        x
    }
}

fn rotate(a: &mut [f64], v: &mut [f64], n: usize, p: usize, q: usize) {
    let apq = a[p * n + q];
    if apq == 0.0 {
        return;
    }
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let t = if theta == 0.0 { 1.0 } else { t };
    let c = (t * t + 1.0).sqrt().recip();
    let s = t * c;
    for k in 0..n {
        let (x, y) = (a[k * n + p], a[k * n + q]);
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for k in 0..n {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
        let (x, y) = (v[k * n + p], v[k * n + q]);
        v[k * n + p] = c * x - s * y;
        v[k * n + q] = s * x + c * y;
    }
}

/// Minimises `x' G x / 2 - b' x` over `x[i] >= 0` where `bounded[i]`, by the active-set method of Lawson and
/// Hanson (Solving Least Squares Problems, 1974, chapter 23) on the normal equations.
pub(crate) fn nonnegative_solve(g: &Symmetric, b: &[f64], bounded: &[bool]) -> Option<Vec<f64>> {
    let n = g.n;
    let mut free: Vec<usize> = (0..n).filter(|&i| !bounded[i]).collect();
    let mut x = vec![0.0; n];
    for _ in 0..4 * n + 4 {
        let rhs: Vec<f64> = free.iter().map(|&i| b[i]).collect();
        let ridge: Vec<f64> = free.iter().map(|&i| 1e-13 * g.get(i, i)).collect();
        let solution = if free.is_empty() { Vec::new() } else { g.part(&free).solve(&ridge, &rhs)? };
        // Walk towards the solution; stop at the first bound met.
        let mut step = 1.0;
        let mut blocking = None;
        for (&i, &target) in free.iter().zip(&solution) {
            if bounded[i] && target <= 0.0 {
                let reach = x[i] / (x[i] - target);
                if reach < step {
                    (step, blocking) = (reach, Some(i));
                }
            }
        }
        for (&i, &target) in free.iter().zip(&solution) {
            x[i] += step * (target - x[i]);
        }
        if let Some(i) = blocking {
            x[i] = 0.0;
            free.retain(|&k| k != i);
            continue;
        }
        let slope = |i: usize| b[i] - (0..n).map(|k| g.get(i, k) * x[k]).sum::<f64>();
        let worst = (0..n)
            .filter(|i| !free.contains(i))
            .map(|i| (i, slope(i) / g.get(i, i).sqrt()))
            .filter(|&(_, s)| s > 1e-12)
            .max_by(|p, q| p.1.total_cmp(&q.1));
        match worst {
            Some((i, _)) => free.push(i),
            None => return Some(x),
        }
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Symmetric {
        Symmetric { n: 3, a: vec![4.0, 1.0, 0.5, 1.0, 3.0, -0.2, 0.5, -0.2, 2.0] }
    }

    #[test]
    fn solve_inverts() {
        let m = example();
        let x = m.solve(&[0.0; 3], &[1.0, 2.0, 3.0]).unwrap();
        for i in 0..3 {
            let back: f64 = (0..3).map(|j| m.get(i, j) * x[j]).sum();
            assert!((back - (i + 1) as f64).abs() < 1e-13);
        }
        let singular = Symmetric { n: 2, a: vec![1.0, 1.0, 1.0, 1.0] };
        assert!(singular.solve(&[0.0; 2], &[1.0, 1.0]).is_none());
    }

    #[test]
    fn eigen_reconstructs() {
        let m = example();
        let (values, vectors) = m.eigen();
        assert!(values.windows(2).all(|w| w[0] <= w[1]));
        for i in 0..3 {
            for j in 0..3 {
                let sum: f64 = (0..3).map(|k| values[k] * vectors[k][i] * vectors[k][j]).sum();
                assert!((sum - m.get(i, j)).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn nonnegative_solve_meets_the_optimality_conditions() {
        let m = example();
        for b in [[1.0, -2.0, 3.0], [-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [-3.0, 2.0, 0.1]] {
            let x = nonnegative_solve(&m, &b, &[true; 3]).unwrap();
            for i in 0..3 {
                let slope: f64 = b[i] - (0..3).map(|k| m.get(i, k) * x[k]).sum::<f64>();
                assert!(x[i] >= 0.0 && slope < 1e-10 && (x[i] == 0.0 || slope.abs() < 1e-10), "{b:?} {x:?}");
            }
        }
    }
}
