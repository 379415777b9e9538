//! Do N and D move apart? Runs at one ratio of tokens to parameters say nothing about the two exponents.

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};
use crate::numbers::median;

/// Runs within this of the median ratio, as a log, are at one ratio.
const NEAR: f64 = 0.05;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let Some((n, d)) = view.n.zip(view.d) else {
        return Outcome::NotMade("the law does not read both N and D".into());
    };
    let ratios: Vec<f64> = d.iter().zip(n).map(|(d, n)| (d / n).ln()).collect();
    let middle = median(ratios.iter().copied());
    let same = ratios.iter().filter(|r| (**r - middle).abs() < NEAR).count() as f64 / ratios.len() as f64;
    let correlation = correlation(n, d);
    let inflation = 1.0 / (1.0 - correlation * correlation).max(1e-12);
    let evidence = format!(
        "{:.0} % of the runs lie within 5 % of {} tokens per parameter; ln N and ln D have correlation {} (variance inflation {})",
        100.0 * same,
        short(middle.exp()),
        short(correlation),
        short(inflation)
    );
    let advice = "N and D grow together, so that E, alpha and beta trade off freely: use only what the runs do determine (the loss along this ratio), or add runs of the same sizes at other token counts".to_owned();
    if same > 0.6 || inflation > 50.0 {
        Outcome::Found(Severity::Serious, evidence, advice)
    } else if same > 0.4 || inflation > 10.0 {
        Outcome::Found(Severity::Warning, evidence, advice)
    } else {
        Outcome::Fine(evidence)
    }
}

/// Correlation of two columns of logs.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let count = x.len() as f64;
    let mean = |v: &[f64]| v.iter().map(|v| v.ln()).sum::<f64>() / count;
    let (mx, my) = (mean(x), mean(y));
    let sum = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a.ln() - ma) * (b.ln() - mb)).sum()
    };
    sum(x, mx, y, my) / (sum(x, mx, x, mx) * sum(y, my, y, my)).sqrt()
}
