//! Rows that are shares or counts, each under the likelihood of its family, beside rows with residuals.

use isoflop_formula::padded;

use crate::data::Data;
use crate::objective::{Kernel, Loss, Objective};
use crate::overdispersed::{Counted, counted};

/// The family of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// None: the row has a residual.
    Residual,
    Binomial,
    BetaBinomial,
    Poisson,
}

/// What every row is, padded as the rows are.
#[derive(Debug, Clone)]
pub(crate) struct Outcomes {
    families: Vec<Family>,
    /// Attempts behind a share under an over-dispersed family, which is no sum over attempts; else 1.
    trials: Vec<f64>,
    /// Whether there is an over-dispersion to estimate.
    pub(crate) has_spread: bool,
}

impl Outcomes {
    /// Those of a table under `objective`, with the weights that are left: the number of attempts moves from the weight of
    /// a row to its likelihood where that is not a sum over attempts. `None` if all rows are of one kind whose loss needs
    /// no such thing.
    pub(crate) fn of(data: &Data, objective: Objective) -> Option<(Outcomes, Vec<f64>)> {
        let mut families = vec![Family::Residual; data.rows()];
        if objective.loss == Loss::BetaBinomial {
            families.fill(Family::BetaBinomial);
        } else {
            let count = data.families.len();
            let each = data.families.iter().enumerate();
            let each: Vec<(usize, Family)> = each.filter_map(|(k, loss)| Some((k, family(*loss)?))).collect();
            if each.is_empty() {
                return None;
            }
            for (k, family) in each {
                data.rows_of(k, count).into_iter().for_each(|row| families[row] = family);
            }
        }
        let mut weights = data.padded_weights();
        let mut trials = vec![1.0; padded(data.rows())];
        for (row, family) in families.iter().enumerate() {
            if *family == Family::BetaBinomial {
                trials[row] = std::mem::replace(&mut weights[row], 1.0);
            }
        }
        let has_spread = families.contains(&Family::BetaBinomial);
        families.resize(trials.len(), families.last().copied().unwrap_or(Family::Residual));
        Some((Outcomes { families, trials, has_spread }, weights))
    }

    /// The loss of row `row` with observed `y` and residual `r = y - f`, with `theta` as the over-dispersion; `kernel` is
    /// that of rows with residuals.
    #[inline]
    pub(crate) fn at(&self, row: usize, y: f64, r: f64, theta: f64, kernel: Kernel) -> Counted {
        let plain = match self.families[row] {
            Family::BetaBinomial => return counted(y, self.trials[row], y - r, theta),
            Family::Residual => kernel.of(y, r),
            Family::Binomial => Kernel::Binomial.of(y, r),
            Family::Poisson => Kernel::Poisson.of(y, r),
        };
        Counted {
            loss: plain.rho,
            pull: plain.psi,
            bend: plain.curvature,
            weight: plain.weight,
            slope: 0.0,
            curve: 0.0,
            cross: 0.0,
        }
    }

    /// `weights` on the rows that are shares or counts, 0 elsewhere.
    pub(crate) fn only(&self, weights: &[f64]) -> Vec<f64> {
        let kept = |(w, family): (&f64, &Family)| if *family == Family::Residual { 0.0 } else { *w };
        weights.iter().zip(&self.families).map(kept).collect()
    }

    /// Where the search for the over-dispersion starts: from how much larger the squared residuals of shares are than those
    /// of a binomial, with `values` of the law.
    pub(crate) fn first_spread(&self, y: &[f64], values: &[f64], weights: &[f64]) -> f64 {
        let (mut square, mut rows, mut attempts) = (0.0, 0.0, 0.0);
        for (row, &f) in values.iter().enumerate() {
            if self.families[row] == Family::BetaBinomial && f > 0.0 && f < 1.0 {
                let n = self.trials[row];
                square += weights[row] * n * (y[row] - f).powi(2) / (f * (1.0 - f));
                rows += weights[row];
                attempts += weights[row] * n;
            }
        }
        let rho = (square / rows - 1.0) / (attempts / rows - 1.0);
        let rho = if rho.is_finite() { rho.clamp(0.1 * rows / attempts, 0.5) } else { 0.01 };
        rho / (1.0 - rho)
    }
}

fn family(loss: Option<Loss>) -> Option<Family> {
    match loss? {
        Loss::Binomial => Some(Family::Binomial),
        Loss::BetaBinomial => Some(Family::BetaBinomial),
        Loss::Poisson => Some(Family::Poisson),
        _ => None,
    }
}
