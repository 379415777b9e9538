//! The last digits: Newton's method on the conditions of optimality, with the active constraints as equations.
//!
//! The barrier ends within 1e-9 or so; from there two or three steps reach rounding. The optimum of one draw of the
//! parameters is so near to that of another that these steps alone carry it over, which makes a thousand draws cheap.

use crate::dense::solve_square;
use crate::smooth::Smooth;

/// A program whose active constraints are known.
pub(crate) struct Active<'a> {
    pub(crate) objective: &'a dyn Smooth,
    /// Those that hold with equality at the optimum.
    pub(crate) constraints: Vec<&'a dyn Smooth>,
}

/// Steps before giving up; from a neighbouring optimum it takes 3 to 8.
const STEPS: usize = 40;

impl Active<'_> {
    /// The point that meets the conditions of optimality near `z`, with the multipliers; `None` if the steps do not
    /// get there. Signs of the multipliers and other constraints are the caller's to check.
    pub(crate) fn solve(&self, z: &[f64], multipliers: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let (n, m) = (z.len(), self.constraints.len());
        let size = n + m;
        let (mut z, mut y) = (z.to_vec(), multipliers.to_vec());
        let (mut matrix, mut residual) = self.system(&z, &y);
        let mut norm = length(&residual);
        for _ in 0..STEPS {
            if norm == 0.0 {
                break;
            }
            let right: Vec<f64> = residual.iter().map(|r| -r).collect();
            let direction = solve_square(&matrix, &right)?;
            let mut step = 1.0;
            let moved = loop {
                let next_z: Vec<f64> = (0..n).map(|i| z[i] + step * direction[i]).collect();
                let next_y: Vec<f64> = (0..m).map(|k| y[k] + step * direction[n + k]).collect();
                let (next_matrix, next_residual) = self.system(&next_z, &next_y);
                let next_norm = length(&next_residual);
                if next_norm < norm * (1.0 - 0.1 * step) {
                    (z, y, matrix, residual) = (next_z, next_y, next_matrix, next_residual);
                    break next_norm;
                }
                step *= 0.5;
                if step < 1e-6 {
                    break f64::NAN;
                }
            };
            if moved.is_nan() {
                break;
            }
            norm = moved;
        }
        debug_assert_eq!(residual.len(), size);
        // Rounding of sums of multipliers times slopes.
        let scale = 1.0 + y.iter().fold(0.0, |s: f64, y| s.max(y.abs()));
        (norm <= 1e-11 * scale).then_some((z, y))
    }

    /// Jacobian and residual of the conditions: stationarity first, then the constraints.
    fn system(&self, z: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (n, size) = (z.len(), z.len() + y.len());
        let (mut matrix, mut residual) = (vec![0.0; size * size], vec![0.0; size]);
        let (mut g, mut h) = (vec![0.0; n], vec![0.0; n * n]);
        self.objective.expand(z, &mut g, &mut h);
        let mut add = |weight: f64, g: &[f64], h: &[f64], residual: &mut [f64]| {
            for i in 0..n {
                residual[i] += weight * g[i];
                for j in 0..n {
                    matrix[i * size + j] += weight * h[i * n + j];
                }
            }
        };
        add(1.0, &g, &h, &mut residual);
        let mut slopes = Vec::with_capacity(y.len());
        for (k, f) in self.constraints.iter().enumerate() {
            residual[n + k] = f.expand(z, &mut g, &mut h);
            add(y[k], &g, &h, &mut residual);
            slopes.push(g.clone());
        }
        for (k, slope) in slopes.iter().enumerate() {
            for i in 0..n {
                matrix[i * size + n + k] = slope[i];
                matrix[(n + k) * size + i] = slope[i];
            }
        }
        (matrix, residual)
    }
}

fn length(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}
