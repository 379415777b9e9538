//! Residuals by one input and by run: what the law leaves over, and where.

use isoflop_figure::{Axis, Figure, Series};
use isoflop_study::significant;

use crate::figures::fitted::observed;
use crate::figures::scene::{Numeric, Scene};
use crate::figures::slices::{MOST, shown};
use crate::figures::{Shown, stride, thinned};

/// Parts of the input in the table.
const PARTS: usize = 6;

/// Rows in the table of residuals by run.
const LARGEST: usize = 20;
/// Most residuals that are marked.
const MOST_FAR: usize = 3000;
/// Residuals this many times as large as usual are drawn as such.
const FAR: f64 = 3.0;

/// Whether residuals are those of the log.
fn is_log(scene: &Scene<'_>) -> bool {
    scene.fit.objective.name.contains("-log")
}

fn residual(scene: &Scene<'_>, row: usize) -> f64 {
    let (y, law) = (observed(scene, row), scene.predicted.get(row).copied().unwrap_or(f64::NAN));
    if is_log(scene) { 100.0 * (y / law).ln() } else { y - law }
}

fn label(scene: &Scene<'_>) -> String {
    let name = scene.output_name();
    if is_log(scene) { format!("{name} above the law (%)") } else { format!("{name} minus law") }
}

/// Residuals of all rows in the order of the runs: what stands apart, and what changed while runs were added. Rows of one run,
/// where the fit knows them, stand above each other.
pub(crate) fn by_run(scene: &Scene<'_>) -> Option<Shown> {
    let count = scene.data.rows();
    let clusters = scene.data.clusters.as_ref();
    let what = clusters.map_or("run", |clusters| &clusters.column);
    let place = |row: usize| {
        let code = clusters.and_then(|clusters| clusters.codes.get(row)).map_or(row, |code| *code as usize);
        code as f64 + 1.0
    };
    let all: Vec<(usize, f64)> =
        (0..count).map(|row| (row, residual(scene, row))).filter(|(_, r)| r.is_finite()).collect();
    if all.len() < 2 {
        return None;
    }
    // The median of absolute residuals, on the scale of a standard deviation.
    let mut sizes: Vec<f64> = all.iter().map(|(_, r)| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let usual = 1.4826 * sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
    let is_far = |r: f64| r.abs() > FAR * usual;
    let title = format!("residuals by {what}");
    let mut figure =
        Figure::new(title, Axis::linear(format!("{what}, in order")), Axis::linear(label(scene)));
    figure.provenance.clone_from(&scene.provenance);
    let last = all.iter().map(|(row, _)| place(*row)).fold(1.0, f64::max);
    figure.series.push(Series::dashed("", 6, vec![(1.0, 0.0), (last, 0.0)]));
    let every = stride(all.len());
    let near = all.iter().filter(|(_, r)| !is_far(*r)).step_by(every);
    figure.series.push(Series::points("usual", 0, near.map(|(row, r)| (place(*row), *r)).collect()));
    let far: Vec<(f64, f64)> =
        all.iter().filter(|(_, r)| is_far(*r)).map(|(row, r)| (place(*row), *r)).collect();
    if !far.is_empty() {
        let name = format!("over {FAR} times the usual");
        figure.series.push(Series::points(name, 1, far.iter().copied().take(MOST_FAR).collect()));
    }
    let mut largest = all;
    largest.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    largest.truncate(LARGEST);
    let rows = largest.into_iter().map(|(row, r)| {
        let law = scene.predicted.get(row).copied().unwrap_or(f64::NAN);
        let numbers = scene.inputs.iter().map(|input| shown(scene.value(input, row)));
        let after = [significant(observed(scene, row), 5), significant(law, 5), significant(r, 2)];
        [format!("{}", place(row))].into_iter().chain(numbers).chain(after).collect()
    });
    let names = scene.inputs.iter().map(|input| input.name.clone());
    let own = [scene.output_name().to_owned(), "law".to_owned(), "residual".to_owned()];
    Some(Shown {
        caption: format!(
            "What the law leaves over for each {what}, in the order of the table; runs that stand apart are marked, and a step \
             or a drift tells of something that changed between runs. The table has the largest.{}",
            thinned(count)
        ),
        figure,
        head: [what.to_owned()].into_iter().chain(names).chain(own).collect(),
        rows: rows.collect(),
    })
}

/// Residuals of all rows by one input.
pub(crate) fn by(scene: &Scene<'_>, along: &Numeric) -> Shown {
    let is_log = is_log(scene);
    let residual = |row: usize| residual(scene, row);
    let mut figure =
        Figure::new(format!("residuals by {}", along.name), along.axis(), Axis::linear(label(scene)));
    figure.provenance.clone_from(&scene.provenance);
    figure.series.push(Series::dashed("", 6, vec![(along.low, 0.0), (along.high, 0.0)]));
    let every = stride(scene.data.rows());
    for (k, kind) in scene.kinds.iter().enumerate() {
        let points =
            kind.rows.iter().step_by(every).map(|row| (scene.value(along, *row), residual(*row))).collect();
        let (name, colour) = match scene.kinds.len() {
            1 => ("", 0),
            _ if k < MOST => (kind.name.as_str(), k),
            _ => ("others", MOST),
        };
        figure.series.push(Series::points(name, colour, points));
    }
    let mut rows: Vec<(f64, f64)> =
        (0..scene.data.rows()).map(|row| (scene.value(along, row), residual(row))).collect();
    rows.retain(|(_, residual)| residual.is_finite());
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let head = ["from", "to", "runs", "mean residual", "root mean square"].map(str::to_owned).to_vec();
    let parts = rows.chunks(rows.len().div_ceil(PARTS).max(1)).map(|part| {
        let count = part.len() as f64;
        let mean = part.iter().map(|p| p.1).sum::<f64>() / count;
        let square = (part.iter().map(|p| p.1 * p.1).sum::<f64>() / count).sqrt();
        let end = |p: Option<&(f64, f64)>| p.map_or_else(String::new, |p| shown(p.0));
        vec![
            end(part.first()),
            end(part.last()),
            part.len().to_string(),
            significant(mean, 2),
            significant(square, 2),
        ]
    });
    let unit = if is_log { "in per cent" } else { "in the unit of the output" };
    let caption = format!(
        "What the law leaves over, {unit}. A law that holds leaves a cloud around 0 without a trend; a bend at an end \
         says that forecasts beyond it will be off.{}",
        thinned(scene.data.rows())
    );
    Shown { caption, figure, head, rows: parts.collect() }
}
