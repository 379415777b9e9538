//! The loss over size and tokens: contour lines, the runs, and the compute-optimal path.

use isoflop_figure::{Axis, Figure, Note, Series};
use isoflop_study::significant;

use crate::figures::budgets::{FLOP, lowest};
use crate::figures::scene::Scene;
use crate::figures::slices::{Slice, shown};
use crate::figures::{Shown, stride, thinned};

/// Names of lines stand at least this share of the width apart.
const APART: f64 = 0.08;
/// Points of the surface along each side.
const SIDE: usize = 61;
/// Contour lines.
const LEVELS: usize = 8;
/// How far beyond the runs the surface is drawn: below and above.
const BEYOND: (f64, f64) = (2.0, 10.0);
/// Points of the path.
const STEPS: usize = 25;

/// The figure, for laws in N and D; `None` for others.
pub(crate) fn surface(scene: &Scene<'_>) -> Option<Shown> {
    let (sizes, tokens) = (scene.input("N")?, scene.input("D")?);
    let kind = scene.kinds.first()?;
    if !(sizes.varies() && tokens.varies() && sizes.low > 0.0 && tokens.low > 0.0) {
        return None;
    }
    let side = |low: f64, high: f64| -> Vec<f64> {
        let (low, high) = ((low / BEYOND.0).ln(), (high * BEYOND.1).ln());
        (0..SIDE).map(|k| (low + (high - low) * k as f64 / (SIDE - 1) as f64).exp()).collect()
    };
    let (x, y) = (side(sizes.low, sizes.high), side(tokens.low, tokens.high));
    let others = scene.inputs.iter().filter(|input| ![sizes.index, tokens.index].contains(&input.index));
    let at = others.map(|input| (input.index, scene.median(input, &kind.rows))).collect();
    let slice = Slice { name: String::new(), kind: 0, at, rows: Vec::new() };
    let (n, d): (Vec<f64>, Vec<f64>) = y.iter().flat_map(|d| x.iter().map(move |n| (*n, *d))).unzip();
    let values = scene.estimate(&slice, &[(sizes.index, &n), (tokens.index, &d)]);
    let mut figure = Figure::new(
        format!("{} over {} and {}", scene.output_name(), sizes.name, tokens.name),
        Axis::log(&sizes.label),
        Axis::log(&tokens.label),
    );
    figure.x.range = Some((x[0], x[SIDE - 1]));
    figure.y.range = Some((y[0], y[SIDE - 1]));
    figure.provenance.clone_from(&scene.provenance);
    for (k, level) in levels(&values).into_iter().enumerate() {
        let line = contour(&values, (&x, &y), level);
        // The name at the highest place of the line, inside the frame.
        let top =
            line.iter().filter(|p| p.1 < y[SIDE - 3] && p.0.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1));
        // Where lines are close, names of all would cover each other.
        let wide = (x[SIDE - 1] / x[0]).ln();
        let last = figure.notes.last().map(|note| note.at.0);
        let top = top.copied().filter(|at| last.is_none_or(|last| (at.0 / last).ln().abs() > APART * wide));
        figure.notes.extend(top.map(|at| Note { at, text: significant(level, 3) }));
        figure.series.push(Series::line(if k == 0 { "equal loss" } else { "" }, 5, line));
    }
    let every = stride(kind.rows.len());
    let runs = kind.rows.iter().step_by(every);
    let runs = runs.map(|row| (scene.value(sizes, *row), scene.value(tokens, *row))).collect();
    figure.series.push(Series::points("runs", 0, runs));
    let path = path(scene, &slice, (sizes.index, tokens.index), (&x, &y));
    figure.series.push(Series::line("compute-optimal", 1, path.iter().map(|p| (p.1, p.2)).collect()));
    let rows =
        path.iter().map(|(c, n, d, loss)| vec![shown(*c), shown(*n), shown(*d), significant(*loss, 5)]);
    let head = ["C", "optimal N", "optimal D", scene.output_name()].map(str::to_owned).to_vec();
    let caption = format!(
        "Lines of equal {}, the runs, and the sizes at which the law is lowest for their compute, C = 6 N D. Where the path \
         leaves the runs, the law is extrapolated.{}",
        scene.output_name(),
        thinned(kind.rows.len())
    );
    Some(Shown { caption, figure, head, rows: rows.collect() })
}

/// Compute, best size, tokens and output, where the best is inside the surface.
fn path(
    scene: &Scene<'_>,
    slice: &Slice,
    (sizes, tokens): (usize, usize),
    (x, y): (&[f64], &[f64]),
) -> Vec<(f64, f64, f64, f64)> {
    let (Some((x0, x1)), Some((y0, y1))) = (x.first().zip(x.last()), y.first().zip(y.last())) else {
        return Vec::new();
    };
    let (from, to) = ((FLOP * x0 * y0).ln(), (FLOP * x1 * y1).ln());
    let budgets = (0..STEPS).map(|k| (from + (to - from) * k as f64 / (STEPS - 1) as f64).exp());
    let best = |c: f64| {
        let inside: Vec<f64> =
            x.iter().copied().filter(|n| (*y0..=*y1).contains(&(c / (FLOP * n)))).collect();
        let other: Vec<f64> = inside.iter().map(|n| c / (FLOP * n)).collect();
        let values = scene.estimate(slice, &[(sizes, &inside), (tokens, &other)]);
        lowest(&inside, &values).map(|(n, loss)| (c, n, c / (FLOP * n), loss))
    };
    budgets.filter_map(best).collect()
}

/// Levels that share the surface evenly between them.
fn levels(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |k: usize| sorted.get(sorted.len() * (k + 1) / (LEVELS + 2)).copied();
    let mut found: Vec<f64> =
        (0..LEVELS).filter_map(at).map(|v| format!("{v:.2e}").parse().unwrap_or(v)).collect();
    found.dedup();
    found
}

/// The line of one level through the cells of the surface, as segments with gaps (marching squares).
fn contour(values: &[f64], (x, y): (&[f64], &[f64]), level: f64) -> Vec<(f64, f64)> {
    let at = |i: usize, j: usize| values.get(j * x.len() + i).copied().unwrap_or(f64::NAN);
    let mut out = Vec::new();
    for j in 0..y.len().saturating_sub(1) {
        for i in 0..x.len().saturating_sub(1) {
            let corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
            let crossed: Vec<(f64, f64)> = (0..4)
                .filter_map(|k| {
                    let ((a, b), (c, d)) = (corners[k], corners[(k + 1) % 4]);
                    let (from, to) = (at(a, b), at(c, d));
                    let t = (level - from) / (to - from);
                    let between = |p: f64, q: f64| (p.ln() + t * (q.ln() - p.ln())).exp();
                    ((from < level) != (to < level) && t.is_finite())
                        .then(|| (between(x[a], x[c]), between(y[b], y[d])))
                })
                .collect();
            for pair in crossed.chunks_exact(2) {
                out.extend([pair[0], pair[1], (f64::NAN, f64::NAN)]);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contours_lie_where_the_surface_has_the_level() {
        let side: Vec<f64> = (0..21).map(|k| 10f64.powf(f64::from(k) / 10.0)).collect();
        let values: Vec<f64> =
            side.iter().flat_map(|y| side.iter().map(move |x| x.ln() + 2.0 * y.ln())).collect();
        let line = contour(&values, (&side, &side), 5.0);
        let points: Vec<_> = line.iter().filter(|p| p.0.is_finite()).collect();
        assert!(points.len() > 20);
        assert!(points.iter().all(|(x, y)| (x.ln() + 2.0 * y.ln() - 5.0).abs() < 1e-9));
        assert!(contour(&values, (&side, &side), 1e9).is_empty() && levels(&[f64::NAN]).is_empty());
    }
}
