//! Residuals by one input: what the law leaves over, and where.

use isoflop_figure::{Axis, Figure, Series};
use isoflop_study::significant;

use crate::figures::fitted::observed;
use crate::figures::scene::{Numeric, Scene};
use crate::figures::slices::{MOST, shown};
use crate::figures::{Shown, stride, thinned};

/// Parts of the input in the table.
const PARTS: usize = 6;

/// Residuals of all rows by one input.
pub(crate) fn by(scene: &Scene<'_>, along: &Numeric) -> Shown {
    let is_log = scene.fit.objective.name.contains("-log");
    let residual = |row: usize| {
        let (y, law) = (observed(scene, row), scene.predicted.get(row).copied().unwrap_or(f64::NAN));
        if is_log { 100.0 * (y / law).ln() } else { y - law }
    };
    let name = scene.output_name();
    let label = if is_log { format!("{name} above the law (%)") } else { format!("{name} minus law") };
    let mut figure = Figure::new(format!("residuals by {}", along.name), along.axis(), Axis::linear(label));
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
