//! How much the choice of the objective matters: the others, weighted by how well they forecast known runs.

use serde::{Deserialize, Serialize};

use crate::density::Density;
use crate::objective::{Loss, Objective};
use crate::result::Choice;
use crate::stack;

/// The weight of an objective in the forecast.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceWeight {
    /// Name of the objective.
    pub objective: String,
    /// Its threshold, where it has one.
    pub delta: Option<f64>,
    /// Share in the mixture that forecasts the known runs best; all sum to 1.
    pub weight: f64,
}

/// The objective of a [`Choice`].
pub(crate) fn objective_of(choice: &Choice) -> Option<Objective> {
    let objective: Objective = choice.objective.parse().ok()?;
    Some(choice.delta.map_or(objective, |delta| objective.with_delta(delta)))
}

/// Stacking weights (Yao et al. 2018, equation 4) of objectives from the errors of each on the same known runs:
/// `errors[objective][row]`. Every row has a Student-t density with the scale of largest likelihood for its objective.
pub(crate) fn weights(errors: &[Vec<f64>]) -> Vec<f64> {
    let student = Objective { loss: Loss::StudentT { nu: 4.0 }, log: true, delta: 1e-3 };
    let scores: Vec<Option<Vec<f64>>> = errors
        .iter()
        .map(|own| {
            let density = Density::of(student, own, None)?;
            Some(own.iter().map(|&e| density.log(e)).collect())
        })
        .collect();
    let mut shares = stack::weights(&scores.iter().flatten().cloned().collect::<Vec<_>>()).into_iter();
    scores.iter().map(|s| s.as_ref().and_then(|_| shares.next()).unwrap_or(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_that_forecasts_worse_weighs_nothing() {
        let good: Vec<f64> = (0..40).map(|i| 0.01 * f64::from((i * 7) % 13 - 6)).collect();
        let bad: Vec<f64> = good.iter().map(|e| 5.0 * e + 0.3).collect();
        let w = weights(&[good, bad]);
        assert!(w[0] > 0.99 && (w[0] + w[1] - 1.0).abs() < 1e-9, "{w:?}");
        // Errors that are not finite leave an objective out.
        assert_eq!(weights(&[vec![0.1, -0.2], vec![f64::NAN, 0.1]])[1], 0.0);
    }
}
