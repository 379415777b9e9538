//! Parameters against each other: how the replicates move together.

use isoflop_figure::{Axis, Figure, Series};
use isoflop_study::significant;

use crate::figures::scene::Scene;
use crate::figures::{Shown, stride, thinned};

/// Pairs that are shown.
const SHOWN: usize = 2;
/// Fewer replicates show no shape.
const LEAST: usize = 20;

/// The pairs of parameters whose replicates are most alike.
pub(crate) fn pairs(scene: &Scene<'_>) -> Vec<Shown> {
    let fit = scene.fit;
    if fit.draws.len() < LEAST {
        return Vec::new();
    }
    let free: Vec<usize> = (0..fit.parameters.len()).filter(|k| !fit.parameters[*k].fixed).collect();
    let column =
        |k: usize| -> Vec<f64> { fit.draws.iter().filter_map(|draw| draw.get(k).copied()).collect() };
    let columns: Vec<Vec<f64>> = free.iter().map(|k| column(*k)).collect();
    let mut found: Vec<(f64, usize, usize)> = Vec::new();
    for a in 0..free.len() {
        for b in a + 1..free.len() {
            found.push((correlation(&ranks(&columns[a]), &ranks(&columns[b])), a, b));
        }
    }
    found.retain(|pair| pair.0.is_finite());
    found.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    let every = stride(fit.draws.len());
    let table: Vec<Vec<String>> = found
        .iter()
        .map(|(r, a, b)| {
            let name = |k: usize| fit.parameters[free[k]].name.clone();
            vec![name(*a), name(*b), significant(*r, 3)]
        })
        .collect();
    let shown = found.iter().take(SHOWN).map(|&(r, a, b)| {
        let (x, y) = (&fit.parameters[free[a]], &fit.parameters[free[b]]);
        let mut figure = Figure::new(
            format!("{} and {}: replicates", x.name, y.name),
            axis(&x.name, &columns[a]),
            axis(&y.name, &columns[b]),
        );
        figure.provenance.clone_from(&scene.provenance);
        let points = columns[a].iter().copied().zip(columns[b].iter().copied()).step_by(every).collect();
        figure.series = vec![
            Series::points("replicates", 5, points),
            Series::points("the fit", 1, vec![(x.estimate, y.estimate)]),
        ];
        Shown {
            caption: format!(
                "What the replicates say of {} and {} (rank correlation {}). A long narrow cloud is a direction that the runs \
                 hardly determine: the two are only known together.{}",
                x.name,
                y.name,
                significant(r, 2),
                thinned(fit.draws.len())
            ),
            figure,
            head: ["parameter", "parameter", "rank correlation"].map(str::to_owned).to_vec(),
            rows: table.clone(),
        }
    });
    shown.collect()
}

fn axis(name: &str, values: &[f64]) -> Axis {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low > 0.0 && high / low >= 5.0 { Axis::log(name) } else { Axis::linear(name) }
}

/// Place of each value among all.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut out = vec![0.0; values.len()];
    order.into_iter().enumerate().for_each(|(rank, k)| out[k] = rank as f64);
    out
}

/// Pearson's correlation; NaN for columns that do not vary or differ in length.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / count, b.iter().sum::<f64>() / count);
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        a.iter().zip(b).map(|(x, y)| f(x - mean_a, y - mean_b)).sum()
    };
    if a.len() != b.len() {
        f64::NAN
    } else {
        sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_of_ranks() {
        let a = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(correlation(&ranks(&a), &ranks(&[1.0, 8.0, 27.0, 640.0])), 1.0);
        assert_eq!(correlation(&ranks(&a), &ranks(&[4.0, 3.0, 2.0, 1.0])), -1.0);
        assert!(correlation(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }
}
