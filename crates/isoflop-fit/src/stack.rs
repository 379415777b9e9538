//! Stacking: the mixture of laws that forecasts held-out rows best.

/// Weights on the simplex that maximise the sum over rows of `ln sum_k w_k p_k(row)`, for log densities
/// `scores[law][row]`: stacking of predictive distributions (Yao, Vehtari, Simpson and Gelman, Bayesian Analysis 2018,
/// equation 4).
///
/// The sum is concave; the rounds of expectation and maximisation rise to its maximum from equal weights.
pub(crate) fn weights(scores: &[Vec<f64>]) -> Vec<f64> {
    let laws = scores.len();
    let rows = scores.first().map_or(0, Vec::len);
    if laws == 0 || rows == 0 {
        return vec![1.0 / laws.max(1) as f64; laws];
    }
    // Relative to the best law of each row, so that nothing underflows.
    let top: Vec<f64> =
        (0..rows).map(|row| scores.iter().map(|s| s[row]).fold(f64::NEG_INFINITY, f64::max)).collect();
    let density: Vec<Vec<f64>> =
        scores.iter().map(|s| s.iter().zip(&top).map(|(s, t)| (s - t).exp()).collect()).collect();
    let mut w = vec![1.0 / laws as f64; laws];
    let mut mixture = vec![0.0; rows];
    for _ in 0..20_000 {
        mixture.iter_mut().for_each(|m| *m = 0.0);
        for (w, p) in w.iter().zip(&density) {
            mixture.iter_mut().zip(p).for_each(|(m, p)| *m += w * p);
        }
        let factors: Vec<f64> = density
            .iter()
            .map(|p| p.iter().zip(&mixture).map(|(p, m)| p / m).sum::<f64>() / rows as f64)
            .collect();
        w.iter_mut().zip(&factors).for_each(|(w, f)| *w *= f);
        // At the maximum no factor is above 1, and those below belong to weights of 0.
        if factors.iter().all(|f| *f <= 1.0 + 1e-6) {
            break;
        }
    }
    let sum: f64 = w.iter().sum();
    w.iter().map(|w| w / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(scores: &[Vec<f64>], w: &[f64]) -> f64 {
        (0..scores[0].len())
            .map(|row| scores.iter().zip(w).map(|(s, w)| w * s[row].exp()).sum::<f64>().ln())
            .sum()
    }

    #[test]
    fn no_other_weights_score_higher() {
        let scores: Vec<Vec<f64>> = [(7, 3.0), (11, 2.5), (5, 1.0)]
            .iter()
            .map(|&(step, scale)| (0..50).map(|i| -scale * f64::from((i * step) % 13) / 13.0).collect())
            .collect();
        let best = weights(&scores);
        assert!((best.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let top = score(&scores, &best);
        for i in 0..=20 {
            for k in 0..=(20 - i) {
                let (a, b) = (f64::from(i) / 20.0, f64::from(k) / 20.0);
                assert!(score(&scores, &[a, b, (1.0 - a - b).max(0.0)]) <= top + 1e-4);
            }
        }
    }

    #[test]
    fn a_law_that_is_worse_everywhere_gets_nothing() {
        let good: Vec<f64> = (0..30).map(|i| -f64::from(i % 3)).collect();
        let bad: Vec<f64> = good.iter().map(|s| s - 2.0).collect();
        let w = weights(&[good, bad]);
        assert!(w[0] > 0.9999, "{w:?}");
    }
}
