//! isoFLOP slices: the law at fixed compute, and the size at which it is lowest.

use isoflop_figure::{Axis, Figure, Series, Shade};
use isoflop_study::{coverage, significant};

use crate::figures::fitted::observed;
use crate::figures::scene::{Scene, ends};
use crate::figures::slices::{NEAR, Slice, shown};
use crate::figures::{Shown, stride, thinned};

/// FLOP per parameter and token of training (Kaplan et al. 2020, section 2.1: C = 6 N D).
pub(crate) const FLOP: f64 = 6.0;
/// Budgets shown.
const BUDGETS: usize = 5;
/// Points of each line.
const GRID: usize = 121;
/// How far beyond the runs sizes are drawn.
const BEYOND: f64 = 2.0;

/// The lowest point of a line, if it is not at an end: its place and value, by a parabola through three points.
pub(crate) fn lowest(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let k = (0..y.len()).filter(|k| y[*k].is_finite()).min_by(|a, b| y[*a].total_cmp(&y[*b]))?;
    let (before, after) = (*y.get(k.checked_sub(1)?)?, *y.get(k + 1)?);
    let bend = before - 2.0 * y[k] + after;
    let shift = if bend > 0.0 { 0.5 * (before - after) / bend } else { 0.0 };
    let step = (x.get(k + 1)?.ln() - x.get(k - 1)?.ln()) / 2.0;
    let low = y[k] - 0.25 * (before - after) * shift;
    (before.is_finite() && after.is_finite()).then(|| ((x[k].ln() + shift * step).exp(), low))
}

/// The figure, for laws in N and D; `None` for others.
pub(crate) fn isoflop(scene: &Scene<'_>) -> Option<Shown> {
    let (sizes, tokens) = (scene.input("N")?, scene.input("D")?);
    let kind = scene.kinds.first()?;
    if !(sizes.varies() && tokens.varies() && sizes.low > 0.0 && tokens.low > 0.0) {
        return None;
    }
    let compute = |row: usize| FLOP * scene.value(sizes, row) * scene.value(tokens, row);
    let budgets = budgets(kind.rows.iter().map(|row| compute(*row)).collect())?;
    let grid: Vec<f64> = {
        let (low, high) = ((sizes.low / BEYOND).ln(), (sizes.high * BEYOND).ln());
        (0..GRID).map(|k| (low + (high - low) * k as f64 / (GRID - 1) as f64).exp()).collect()
    };
    let others = scene.inputs.iter().filter(|input| ![sizes.index, tokens.index].contains(&input.index));
    let at = others.map(|input| (input.index, scene.median(input, &kind.rows))).collect();
    let of_kind = if kind.name.is_empty() { String::new() } else { format!(" ({})", kind.name) };
    let title = format!("isoFLOP slices: {} at fixed compute{of_kind}", scene.output_name());
    let mut figure = Figure::new(title, Axis::log(&sizes.label), Axis::linear(scene.output_label()));
    figure.legend = "C = 6 N D".into();
    figure.provenance.clone_from(&scene.provenance);
    figure.shades = vec![
        Shade { from: f64::NEG_INFINITY, to: sizes.low, label: "beyond the runs".into() },
        Shade { from: sizes.high, to: f64::INFINITY, label: "beyond the runs".into() },
    ];
    let slice = Slice { name: String::new(), kind: 0, at, rows: Vec::new() };
    // Above all lines, so last.
    let (mut rows, mut minima) = (Vec::new(), Vec::new());
    let every = stride(kind.rows.len());
    let mut highest = f64::NEG_INFINITY;
    let mut least = f64::INFINITY;
    for (colour, &budget) in budgets.iter().enumerate() {
        let name = power(budget);
        // Tokens far from the runs are no part of the question.
        let inside: Vec<f64> = grid
            .iter()
            .copied()
            .filter(|n| {
                let d = budget / (FLOP * n);
                d >= tokens.low / BEYOND && d <= tokens.high * BEYOND
            })
            .collect();
        let other: Vec<f64> = inside.iter().map(|n| budget / (FLOP * n)).collect();
        let columns = [(sizes.index, inside.as_slice()), (tokens.index, other.as_slice())];
        let curve = scene.curve(&slice, &columns);
        let runs: Vec<(f64, f64)> = kind
            .rows
            .iter()
            .filter(|row| (1.0 / NEAR..=NEAR).contains(&(compute(**row) / budget)))
            .map(|row| (scene.value(sizes, *row), observed(scene, *row)))
            .collect();
        highest = runs.iter().map(|p| p.1).fold(highest, f64::max);
        least = runs.iter().map(|p| p.1).chain(curve.estimate.iter().copied()).fold(least, f64::min);
        let found = lowest(&inside, &curve.estimate);
        let each: Vec<Option<f64>> =
            scene.replicates(&slice, &columns).iter().map(|y| lowest(&inside, y).map(|p| p.0)).collect();
        // An interval of only those replicates that have a minimum would be too short.
        let interval = each.iter().copied().collect::<Option<Vec<f64>>>().filter(|all| !all.is_empty());
        let interval = interval.map(|all| ends(all, scene.level));
        if let Some(band) = curve.band {
            let edges = inside.iter().zip(&band).map(|(x, (low, high))| (*x, *low, *high)).collect();
            figure.series.push(Series::band(&name, colour, edges));
        }
        figure.series.push(Series::line(&name, colour, inside.iter().copied().zip(curve.estimate).collect()));
        let drawn = runs.iter().copied().step_by(every).collect();
        figure.series.push(Series::points(&name, colour, drawn));
        if let Some((n, loss)) = found {
            if let Some((low, high)) = interval {
                minima.push(Series::line("", 6, vec![(low, loss), (high, loss)]));
            }
            minima.push(Series::points("", 6, vec![(n, loss)]));
        }
        let text = |value: Option<f64>| value.map_or_else(|| "none in range".to_owned(), shown);
        rows.push(vec![
            name,
            runs.len().to_string(),
            text(found.map(|p| p.0)),
            interval.map_or_else(String::new, |(low, high)| format!("{} … {}", shown(low), shown(high))),
            text(found.map(|p| budget / (FLOP * p.0))),
            found.map_or_else(String::new, |p| significant(p.1, 5)),
        ]);
    }
    figure.series.extend(minima);
    // Lines that rise far above the runs must not press these together.
    figure.y.range = Some((least - 0.06 * (highest - least), highest + 0.2 * (highest - least)));
    let caption = format!(
        "The law{of_kind} at fixed compute, with C = 6 N D in FLOP, and the runs within {} % of each budget. The grey \
         cross is the compute-optimal size, the grey line its {} interval; sizes outside the runs are shaded.{}",
        (100.0 * (NEAR - 1.0)).round(),
        coverage(scene.level),
        thinned(kind.rows.len())
    );
    let head = ["C", "runs", "optimal N", "interval", "optimal D", scene.output_name()].map(str::to_owned);
    (highest > least).then(|| Shown { caption, figure, head: head.to_vec(), rows })
}

/// Budgets evenly spaced in the log between the twentieth parts at both ends of the runs' compute.
fn budgets(mut compute: Vec<f64>) -> Option<Vec<f64>> {
    compute.retain(|c| c.is_finite() && *c > 0.0);
    compute.sort_by(f64::total_cmp);
    let at = |share: f64| compute.get((share * compute.len() as f64) as usize).copied();
    let (low, high) = (at(0.05)?.ln(), at(0.95)?.ln());
    if high - low < 0.1 {
        return Some(vec![compute[compute.len() / 2]]);
    }
    let even = (0..BUDGETS).map(|k| (low + (high - low) * k as f64 / (BUDGETS - 1) as f64).exp());
    // The nearest budget at which runs were made, as designs have many runs at one budget.
    let nearest = |c: f64| {
        let distance = |x: &f64| (x.ln() - c.ln()).abs();
        compute.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(c)
    };
    let mut found: Vec<f64> = even.map(nearest).collect();
    found.dedup_by(|a, b| (*a / *b).ln().abs() < 0.05);
    Some(found)
}

fn power(value: f64) -> String {
    format!("{value:.2e} FLOP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_point_lies_between_the_points() {
        let x: Vec<f64> = (0..41).map(|k| 10f64.powf(f64::from(k) / 10.0)).collect();
        let y: Vec<f64> = x.iter().map(|x| (x.ln() - 5.0).powi(2) + 2.0).collect();
        let (place, low) = lowest(&x, &y).unwrap();
        assert!((place.ln() - 5.0).abs() < 1e-9 && (low - 2.0).abs() < 1e-9, "{place} {low}");
        assert_eq!(lowest(&x, &x), None);
        assert_eq!(lowest(&x, &vec![f64::NAN; 41]), None);
        assert_eq!(lowest(&[], &[]), None);
    }

    #[test]
    fn budgets_are_those_at_which_runs_were_made() {
        let made: Vec<f64> = [1e18, 1e19, 1e20].into_iter().flat_map(|c| [c; 10]).collect();
        assert_eq!(budgets(made).unwrap(), [1e18, 1e19, 1e20]);
        assert_eq!(budgets(vec![f64::NAN]), None);
        assert_eq!(budgets(vec![2.0; 5]).unwrap(), [2.0]);
    }
}
