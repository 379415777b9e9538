//! Which runs are outliers, from a fit with Student-t noise.
//!
//! Student-t noise is normal noise whose precision differs from row to row: row `i` has variance `s^2 / u` with `u` from
//! a gamma distribution of shape and rate `nu / 2` (Lange, Little and Taylor 1989, JASA 84, section 2). Given its
//! residual `r`, `u` is gamma with shape `(nu + 1) / 2` and rate `(nu + (r / s)^2) / 2`. The chance that `u` is below
//! 1/9, so that the row has at least three times the noise of the others, is the chance that it is an outlier. Before
//! the residual is known that chance is 2 % for `nu = 4`.

use isoflop_fit::{Data, Loss, Objective, Progress, Refitter, StartPlan};
use isoflop_formula::Formula;
use statrs::function::gamma::gamma_lr;

use crate::error::AuditError;

/// Degrees of freedom of the noise.
const NU: f64 = 4.0;
/// Precision, relative to the others, below which a row is an outlier: three times the noise.
const PRECISION: f64 = 1.0 / 9.0;

/// For each row the chance that it is an outlier; zeros if the fit with Student-t noise fails.
pub(crate) fn outliers(
    formula: &Formula,
    data: &Data,
    objective: Objective,
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<f64>, AuditError> {
    if objective.is_family() {
        return Ok(vec![0.0; data.rows()]);
    }
    let objective = Objective { loss: Loss::StudentT { nu: NU }, ..objective };
    let refitter = match Refitter::new(formula, data, objective, &StartPlan::Auto, seed, progress) {
        Err(isoflop_fit::FitError::NoStart { .. }) => return Ok(vec![0.0; data.rows()]),
        refitter => refitter?,
    };
    let Some(scale) = refitter.all().scale.filter(|s| *s > 0.0) else { return Ok(vec![0.0; data.rows()]) };
    Ok(refitter.residuals().iter().map(|r| chance(r / scale)).collect())
}

/// Chance that a row with residual `z`, in scales of the t distribution, is an outlier.
fn chance(z: f64) -> f64 {
    gamma_lr(0.5 * (NU + 1.0), 0.5 * (NU + z * z) * PRECISION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_rise_with_the_residual_and_are_small_on_the_law() {
        let values = [0.0, 2.0, 4.0, 6.0, 10.0].map(chance);
        assert!(values.windows(2).all(|w| w[0] < w[1]), "{values:?}");
        assert!(values[0] < 0.02 && values[4] > 0.9, "{values:?}");
        // Averaged over Student-t residuals the chance is the one before they are known.
        let (mut sum, mut total, h) = (0.0, 0.0, 1e-3);
        for k in -400_000..=400_000_i32 {
            let z = f64::from(k) * h;
            let density = (1.0 + z * z / NU).powf(-0.5 * (NU + 1.0));
            sum += density * chance(z);
            total += density;
        }
        let before = gamma_lr(0.5 * NU, 0.5 * NU * PRECISION);
        assert!((sum / total - before).abs() < 1e-5, "{} {before}", sum / total);
        assert!((before - 0.0213).abs() < 1e-4);
    }
}
