//! Whether chains agree, and how many independent draws theirs are worth (Vehtari, Gelman, Simpson, Carpenter and Bürkner,
//! Rank-Normalization, Folding, and Localization, Bayesian Analysis 16, 2021).

use crate::interval::ends::{normal_quantile, quantile};

/// The larger of the split R-hats of ranks and of folded ranks (section 4.2); 1 for chains that agree.
pub(crate) fn rhat(chains: &[Vec<f64>]) -> f64 {
    let median = quantile(&sorted(chains), 0.5);
    let folded: Vec<Vec<f64>> =
        chains.iter().map(|chain| chain.iter().map(|v| (v - median).abs()).collect()).collect();
    split_rhat(&split(&normalized(chains))).max(split_rhat(&split(&normalized(&folded))))
}

/// Effective sample size for the middle of the distribution: that of the ranks.
pub(crate) fn ess_bulk(chains: &[Vec<f64>]) -> f64 {
    ess(&split(&normalized(chains)))
}

/// Effective sample size for the quantile at `level`: that of being below it.
pub(crate) fn ess_quantile(chains: &[Vec<f64>], level: f64) -> f64 {
    let at = quantile(&sorted(chains), level);
    let below: Vec<Vec<f64>> =
        chains.iter().map(|chain| chain.iter().map(|v| f64::from(u8::from(*v <= at))).collect()).collect();
    ess(&split(&below))
}

/// Effective sample size for the tails: the smaller of those of the quantiles at 5 % and 95 %.
pub(crate) fn ess_tail(chains: &[Vec<f64>]) -> f64 {
    ess_quantile(chains, 0.05).min(ess_quantile(chains, 0.95))
}

fn sorted(chains: &[Vec<f64>]) -> Vec<f64> {
    let mut all: Vec<f64> = chains.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    all
}

/// Each chain as two halves; the middle of an odd one is left out.
fn split(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    chains
        .iter()
        .flat_map(|chain| {
            let half = chain.len() / 2;
            [chain[..half].to_vec(), chain[chain.len() - half..].to_vec()]
        })
        .collect()
}

/// Normal scores of the ranks over all chains, mean ranks for ties (equation 14).
fn normalized(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let all = sorted(chains);
    let count = all.len() as f64;
    let score = |v: &f64| {
        let less = all.partition_point(|x| x < v);
        let upto = all.partition_point(|x| x <= v);
        let rank = 0.5 * (less + upto + 1) as f64;
        normal_quantile((rank - 0.375) / (count + 0.25))
    };
    chains.iter().map(|chain| chain.iter().map(score).collect()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: &[f64]) -> f64 {
    let middle = mean(values);
    values.iter().map(|v| (v - middle).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Equation 4.
fn split_rhat(chains: &[Vec<f64>]) -> f64 {
    let n = chains[0].len() as f64;
    let within = mean(&chains.iter().map(|c| variance(c)).collect::<Vec<_>>());
    let between = n * variance(&chains.iter().map(|c| mean(c)).collect::<Vec<_>>());
    ((n - 1.0) / n + between / (n * within)).sqrt()
}

/// Equations 8 to 11, with the initial monotone sequence of Geyer (1992).
fn ess(chains: &[Vec<f64>]) -> f64 {
    let (m, n) = (chains.len() as f64, chains[0].len());
    let count = m * n as f64;
    if n < 4 {
        return count;
    }
    let means: Vec<f64> = chains.iter().map(|c| mean(c)).collect();
    let within = mean(&chains.iter().map(|c| variance(c)).collect::<Vec<_>>());
    let between = if chains.len() > 1 { variance(&means) } else { 0.0 };
    let total = within * (n as f64 - 1.0) / n as f64 + between;
    if total.is_nan() || total <= 0.0 {
        return count;
    }
    let covariance = |lag: usize| {
        let of = |(chain, middle): (&Vec<f64>, &f64)| {
            let pairs = chain[..n - lag].iter().zip(&chain[lag..]);
            pairs.map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>() / n as f64
        };
        chains.iter().zip(&means).map(of).sum::<f64>() / m
    };
    let correlation = |lag: usize| 1.0 - (within - covariance(lag)) / total;
    let mut sum = 0.0;
    let mut lowest = f64::INFINITY;
    let mut last = 0.0;
    let mut lag = 0;
    while lag + 1 < n - 2 {
        let even = if lag == 0 { 1.0 } else { correlation(lag) };
        let pair = even + correlation(lag + 1);
        last = even;
        if pair <= 0.0 {
            break;
        }
        lowest = lowest.min(pair);
        sum += lowest;
        last = 0.0;
        lag += 2;
    }
    // The even term after the last pair counts if it is positive, as in the reference implementation.
    let time = -1.0 + 2.0 * sum + last.max(0.0);
    count / time.max(1.0 / count.log10())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::{Purpose, Stream};

    /// Autoregressive chains with correlation `rho`, the last one moved by `shift`.
    fn chains(rho: f64, shift: f64) -> Vec<Vec<f64>> {
        (0..4)
            .map(|k| {
                let mut stream = Stream::new(5, Purpose::Chain, k);
                let mut x = stream.normal();
                (0..2000)
                    .map(|_| {
                        x = rho * x + (1.0 - rho * rho).sqrt() * stream.normal();
                        x + if k == 3 { shift } else { 0.0 }
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn independent_and_correlated_chains_are_counted_right() {
        let plain = chains(0.0, 0.0);
        let (ess, rhat) = (ess_bulk(&plain), rhat(&plain));
        assert!((ess / 8000.0 - 1.0).abs() < 0.15 && rhat < 1.005, "{ess} {rhat}");
        // (1 - rho) / (1 + rho) of the draws.
        let slow = chains(0.8, 0.0);
        assert!((ess_bulk(&slow) / (8000.0 / 9.0) - 1.0).abs() < 0.2, "{}", ess_bulk(&slow));
        assert!(ess_tail(&slow) < 4000.0);
    }

    #[test]
    fn a_chain_elsewhere_shows() {
        assert!(rhat(&chains(0.0, 1.0)) > 1.05);
        assert!(ess_bulk(&chains(0.0, 1.0)) < 200.0);
    }

    #[test]
    fn the_diagnostics_are_those_of_arviz() {
        let text = include_str!("../../../../oracles/nuts/expected.json");
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let expected = &expected["diagnostics"];
        let chains: Vec<Vec<f64>> = serde_json::from_value(expected["chains"].clone()).unwrap();
        for (key, own) in
            [("rhat", rhat(&chains)), ("ess_bulk", ess_bulk(&chains)), ("ess_tail", ess_tail(&chains))]
        {
            let theirs = expected[key].as_f64().unwrap();
            assert!((own / theirs - 1.0).abs() < 1e-3, "{key}: {own} {theirs}");
        }
    }
}
