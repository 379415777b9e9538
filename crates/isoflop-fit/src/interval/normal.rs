//! Intervals from the curvature at the optimum alone: Laplace's approximation and the sandwich.
//!
//! Both take the free coordinates, in which laws are nearly linear, as normal around the optimum, and draw from there: no
//! refit is made. Laplace's covariance is `t H^-1`, with `H` the curvature of the objective and `t` its dispersion: right
//! where noise has the density that the objective belongs to. The sandwich `H^-1 S H^-1`, with `S` the summed products of
//! the gradients of rows or clusters, is right for any noise (Cameron and Miller, A Practitioner's Guide to Cluster-Robust
//! Inference, Journal of Human Resources 50, 2015, equations 10 and 11). Draws are those of Student's distribution.

use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::certify::View;
use crate::density::Density;
use crate::error::FitError;
use crate::fit::Task;
use crate::interval::Units;
use crate::solve::Solved;
use crate::streams::{Purpose, Stream};

/// Covariance of the free coordinates around the optimum.
#[derive(Debug, Clone)]
pub(crate) struct Spread {
    /// Coordinates that are not at a bound.
    pub(crate) free: Vec<usize>,
    /// Covariance, row by row.
    pub(crate) covariance: Vec<Vec<f64>>,
    /// Degrees of freedom that it was estimated with.
    pub(crate) degrees: f64,
}

/// Laplace's covariance.
///
/// # Errors
/// An optimum whose curvature does not determine all coordinates, residuals of zero.
pub(crate) fn laplace(task: &Task<'_>, best: &Solved) -> Result<Spread, FitError> {
    let view = View::new(task, best);
    let factor = view.factor().ok_or(FitError::FlatOptimum)?;
    let n = view.free.len();
    let degrees = (task.data.rows().saturating_sub(n)).max(1) as f64;
    let residuals = task.model.residuals(&best.theta);
    let is_likelihood = task.objective.is_family() || task.model.outcomes.is_some();
    let dispersion = if task.objective.has_free_scale() || is_likelihood {
        1.0
    } else {
        let density = Density::of(task.objective, &residuals, task.data.weights.as_deref());
        // Of largest likelihood; the unbiased one has the degrees of freedom below.
        density.ok_or(FitError::PerfectFit)?.dispersion() * residuals.len() as f64 / degrees
    };
    let covariance = (0..n)
        .map(|k| {
            let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == k))).collect();
            factor.solve(&unit).iter().map(|v| v * dispersion).collect()
        })
        .collect();
    Ok(Spread { free: view.free.clone(), covariance, degrees })
}

/// The sandwich over `units`, with the correction for few of them.
///
/// # Errors
/// An optimum whose curvature does not determine all coordinates.
pub(crate) fn sandwich(task: &Task<'_>, best: &Solved, units: &Units) -> Result<Spread, FitError> {
    let view = View::new(task, best);
    let factor = view.factor().ok_or(FitError::FlatOptimum)?;
    let n = view.free.len();
    let mut sums = vec![vec![0.0; n]; units.count];
    let mut row = 0;
    view.row_gradients(|gradient| {
        let sum = &mut sums[units.of_row[row] as usize];
        sum.iter_mut().zip(&view.free).for_each(|(s, &j)| *s += gradient[j]);
        row += 1;
    });
    let moves: Vec<Vec<f64>> = sums.iter().map(|sum| factor.solve(sum)).collect();
    let (g, rows) = (units.count as f64, task.data.rows() as f64);
    let few = g / (g - 1.0) * (rows - 1.0) / (rows - n as f64).max(1.0);
    let covariance = (0..n)
        .map(|i| (0..n).map(|j| few * moves.iter().map(|m| m[i] * m[j]).sum::<f64>()).collect())
        .collect();
    // Rows spend a degree of freedom on every parameter; clusters are counted as if the mean alone were estimated.
    let degrees = if units.count == task.data.rows() { g - n as f64 } else { g - 1.0 };
    Ok(Spread { free: view.free.clone(), covariance, degrees: degrees.max(1.0) })
}

impl Spread {
    /// `count` draws of the natural values of all slots.
    pub(crate) fn draws(&self, task: &Task<'_>, best: &Solved, count: usize) -> Vec<Vec<f64>> {
        let root = cholesky(&self.covariance);
        let square = ChiSquared::new(self.degrees).ok();
        (0..count)
            .map(|number| {
                let mut stream = Stream::new(task.seed, Purpose::Approximation, number as u64);
                let stretch = match &square {
                    // The normal is reached long before.
                    Some(law) if self.degrees < 1000.0 => {
                        (self.degrees / law.inverse_cdf(stream.uniform(0.0, 1.0).max(1e-12))).sqrt()
                    }
                    _ => 1.0,
                };
                let z: Vec<f64> = self.free.iter().map(|_| stream.normal()).collect();
                let mut theta = best.theta.clone();
                for (i, &j) in self.free.iter().enumerate() {
                    theta[j] += stretch * root[i].iter().zip(&z).map(|(a, b)| a * b).sum::<f64>();
                    let (low, high) = task.model.coordinates.bounds(j);
                    theta[j] = theta[j].clamp(low, high);
                }
                task.model.natural(&theta)
            })
            .collect()
    }
}

/// Lower triangle `L` with `L L' = matrix`; directions without spread stay still.
pub(crate) fn cholesky(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut l = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i][k] * l[j][k]).sum();
            let rest = matrix[i][j] - sum;
            l[i][j] = if i == j {
                rest.max(0.0).sqrt()
            } else if l[j][j] > 0.0 {
                rest / l[j][j]
            } else {
                0.0
            };
        }
    }
    l
}
