//! Data and fitted law along one input.

use isoflop_figure::{Axis, Figure, Scale, Series, Shade};
use isoflop_study::{coverage, significant};

use crate::figures::scene::{Numeric, Scene};
use crate::figures::slices::{NEAR, shown, slices};
use crate::figures::{Shown, stride, thinned};

/// Points of each line.
const GRID: usize = 97;
/// How far the law is drawn beyond the runs: a factor on a log axis, else a share of the range.
const BEYOND: (f64, f64) = (10.0, 0.3);
/// Most rows of the table.
const MOST_ROWS: usize = 400;
/// A ratio of the largest to the smallest output from which its axis is log.
const LOG_FROM: f64 = 8.0;

/// The figure along `along`, with a few values of the other inputs as lines.
pub(crate) fn along(scene: &Scene<'_>, along: &Numeric) -> Shown {
    let (legend, slices) = slices(scene, along);
    let end = if along.is_log() {
        along.high * BEYOND.0
    } else if along.varies() {
        along.high + (along.high - along.low) * BEYOND.1
    } else {
        along.high.abs().max(1.0) * 2.0
    };
    let grid = along.grid(along.low, along.capped(end), GRID);
    let title = format!("{} by {}: runs and fitted law", scene.output_name(), along.name);
    let mut figure = Figure::new(title, along.axis(), output_axis(scene));
    figure.legend = legend;
    figure.provenance.clone_from(&scene.provenance);
    figure.shades.push(Shade { from: along.high, to: f64::INFINITY, label: "beyond the runs".into() });
    let mut rows = Vec::new();
    let (mut points, mut lines) = (Vec::new(), Vec::new());
    let shown_runs: usize = slices.iter().map(|slice| slice.rows.len()).sum();
    let every = stride(shown_runs);
    for (colour, slice) in slices.iter().enumerate() {
        let curve = scene.curve(slice, &[(along.index, &grid)]);
        if let Some(band) = &curve.band {
            let edges = grid.iter().zip(band).map(|(x, (low, high))| (*x, *low, *high)).collect();
            lines.push(Series::band(&slice.name, colour, edges));
        }
        lines.push(Series::line(&slice.name, colour, grid.iter().copied().zip(curve.estimate).collect()));
        let runs: Vec<(f64, f64)> = slice
            .rows
            .iter()
            .step_by(every)
            .map(|row| (scene.value(along, *row), observed(scene, *row)))
            .collect();
        points.push(Series::points(&slice.name, colour, runs));
        rows.extend(slice.rows.iter().map(|row| table_row(scene, along, &slice.name, *row)));
    }
    figure.series = lines.into_iter().chain(points).collect();
    let total = scene.data.rows();
    let mut caption = match slices.len() {
        1 => "Runs (markers) and the fitted law (line).".to_owned(),
        count => format!("Runs (markers) and the fitted law at {count} values (lines)."),
    };
    if shown_runs < total {
        let percent = (100.0 * (NEAR - 1.0)).round();
        caption += &if scene.kinds.len() > 1 {
            format!(
                " Shown are {shown_runs} of {total} runs: those of the most frequent kinds within {percent} % of a line."
            )
        } else {
            format!(" {shown_runs} of {total} runs lie within {percent} % of a line's value and are shown.")
        };
    }
    caption += &thinned(shown_runs);
    if scene.inputs.iter().filter(|input| input.varies()).count() > 2 {
        caption += " All other inputs are held at their medians, which scatters the runs around the lines.";
    }
    caption += &match scene.fit.draws.is_empty() {
        true => " The fit has no replicates, so there is no band.".to_owned(),
        false => format!(" The band holds the law with {} (bootstrap).", coverage(scene.level)),
    };
    let (drawn, all) = (scene.drawn(), scene.fit.draws.len());
    if drawn < all {
        caption += &format!(" It is drawn from {drawn} of the {all} replicates.");
    }
    caption += " In the shaded part the law is extrapolated.";
    if rows.len() > MOST_ROWS {
        caption += &format!(" The table has {MOST_ROWS} of {} rows.", rows.len());
        let stride = rows.len().div_ceil(MOST_ROWS);
        rows = rows.into_iter().step_by(stride).collect();
    }
    let head = [along.name.as_str(), "line", scene.output_name(), "law", "residual"].map(str::to_owned);
    Shown { caption, figure, head: head.to_vec(), rows }
}

fn table_row(scene: &Scene<'_>, along: &Numeric, slice: &str, row: usize) -> Vec<String> {
    let (y, law) = (observed(scene, row), scene.predicted.get(row).copied().unwrap_or(f64::NAN));
    vec![
        shown(scene.value(along, row)),
        slice.to_owned(),
        significant(y, 5),
        significant(law, 5),
        significant(y - law, 2),
    ]
}

/// The observed output of a row.
pub(crate) fn observed(scene: &Scene<'_>, row: usize) -> f64 {
    scene.data.output.get(row).copied().unwrap_or(f64::NAN)
}

/// Linear, or log where the output spans much; it always holds all runs.
fn output_axis(scene: &Scene<'_>) -> Axis {
    let values = &scene.data.output;
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let scale = if low > 0.0 && high / low >= LOG_FROM { Scale::Log } else { Scale::Linear };
    Axis { label: scene.output_label(), scale, range: None, names: Vec::new() }
}
