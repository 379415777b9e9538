//! The residuals: a pattern says that the law is wrong, repeated runs say how much noise there is.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use crate::checks::subject::{View, short};
use crate::checks::{Outcome, Severity};
use crate::numbers::{median, polynomial, robust_spread};

/// Chance below which a pattern is no accident.
const CHANCE: f64 = 1e-3;
/// Repeated runs agree in N and D to this.
const SAME: f64 = 1e-3;

/// A curve of the residuals over compute, or over the size.
pub(crate) fn pattern(view: &View<'_>) -> Outcome {
    let Some((name, sizes)) = view.sizes() else {
        return Outcome::NotMade("the law has no positive input".into());
    };
    if view.residuals.is_empty() || view.rows() < 12 {
        return Outcome::NotMade("too few rows, or residuals that are not relative".into());
    }
    let (name, x): (&str, Vec<f64>) = match (view.n, view.d) {
        (Some(n), Some(d)) => ("C", n.iter().zip(d).map(|(n, d)| (n * d).ln()).collect()),
        _ => (name, sizes.iter().map(|v| v.ln()).collect()),
    };
    // Outliers have a check of their own and must not make or hide a pattern.
    let limit = 3.0 * robust_spread(&view.residuals);
    let y: Vec<f64> = view.residuals.iter().map(|r| r.clamp(-limit, limit)).collect();
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
    let u: Vec<f64> = x.iter().map(|x| (2.0 * x - low - high) / (high - low)).collect();
    let Some(c) = polynomial(&u, &y, &vec![1.0; y.len()], 3) else {
        return Outcome::NotMade("one scale only".into());
    };
    let count = y.len() as f64;
    let mean = y.iter().sum::<f64>() / count;
    let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    let rest: f64 =
        u.iter().zip(&y).map(|(u, y)| (y - c.iter().rev().fold(0.0, |sum, c| sum * u + c)).powi(2)).sum();
    let statistic = (total - rest) / 3.0 / (rest / (count - 4.0));
    let p = FisherSnedecor::new(3.0, count - 4.0).map_or(1.0, |law| law.sf(statistic.max(0.0)));
    let evidence = format!(
        "a cubic in ln {name} explains {:.0} % of the residuals (p = {p:.1e})",
        100.0 * (1.0 - rest / total)
    );
    if p < CHANCE && 1.0 - rest / total > 0.1 {
        Outcome::Found(
            Severity::Warning,
            evidence,
            "The law bends otherwise than the runs do, and an extrapolation goes wrong on the side where it bends: try isoflop compare, or fit the larger runs only".into(),
        )
    } else {
        Outcome::Fine(evidence)
    }
}

/// Repeated runs: the noise that no law can explain.
pub(crate) fn seeds(view: &View<'_>) -> Outcome {
    let inputs: Vec<&Vec<f64>> = view.subject.data.inputs.iter().filter(|v| !v.is_empty()).collect();
    let seed = view.number(&["seed", "random_seed"]).map(|s| s.1);
    let same = |a: usize, b: usize| inputs.iter().all(|v| (v[a] - v[b]).abs() <= SAME * v[a].abs());
    let mut order: Vec<usize> = (0..view.rows()).collect();
    order.sort_by(|&a, &b| {
        inputs.iter().map(|v| v[a].total_cmp(&v[b])).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut cells: Vec<Vec<usize>> = Vec::new();
    for row in order {
        match cells.last_mut() {
            Some(cell) if same(cell[0], row) => cell.push(row),
            _ => cells.push(vec![row]),
        }
    }
    let apart = |cell: &[usize]| seed.is_some_and(|s| cell.iter().any(|&r| s[r] != s[cell[0]]));
    let repeated: Vec<&Vec<usize>> = cells.iter().filter(|cell| cell.len() > 1 && apart(cell)).collect();
    if repeated.is_empty() {
        return Outcome::Found(
            Severity::Note,
            match seed {
                Some(_) => "no design point was run with more than one seed".into(),
                None => "no column says which runs are repeats with another seed".into(),
            },
            "Repeat a few small runs with other seeds: only they show how much of the residuals is noise and how much the law's fault".into(),
        );
    }
    let loss = &view.subject.data.output;
    let (mut square, mut degrees) = (0.0, 0.0);
    for cell in &repeated {
        let mean = cell.iter().map(|&r| loss[r].ln()).sum::<f64>() / cell.len() as f64;
        square += cell.iter().map(|&r| (loss[r].ln() - mean).powi(2)).sum::<f64>();
        degrees += cell.len() as f64 - 1.0;
    }
    let noise = (square / degrees).sqrt();
    let spread = robust_spread(&view.residuals);
    let evidence = format!(
        "{} design points were repeated: runs differ by {} %, residuals are {} % (median loss {})",
        repeated.len(),
        short(100.0 * noise),
        short(100.0 * spread),
        short(median(loss.iter().copied()))
    );
    let p = FisherSnedecor::new((view.rows() as f64 - degrees).max(1.0), degrees)
        .map_or(1.0, |law| law.sf((spread / noise).powi(2)));
    if degrees >= 5.0 && p < CHANCE && spread > 1.5 * noise {
        Outcome::Found(
            Severity::Warning,
            evidence,
            "The residuals are larger than the noise of repeated runs: the law misses something that the runs show; see isoflop compare".into(),
        )
    } else {
        Outcome::Fine(evidence)
    }
}
