//! Which figures a fit has, and the numbers in them.

mod budgets;
mod curves;
mod fitted;
mod pairs;
mod residuals;
mod scene;
mod slices;
mod surface;

use isoflop_figure::Figure;

pub use scene::Scene;
pub(crate) use slices::shown;

/// A figure with the numbers behind it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What it shows, in a sentence or two.
    pub caption: String,
    /// The figure.
    pub figure: Figure,
    /// Heads of the columns of its table.
    pub head: Vec<String>,
    /// The table, as text that is ready to print.
    pub rows: Vec<Vec<String>>,
}

/// Most inputs that have figures of their own.
const MOST_INPUTS: usize = 4;

/// Most runs drawn in a figure: more are a blot, and a page of megabytes.
const MOST_RUNS: usize = 3000;

/// Every so many of the runs of a figure with `total` runs are drawn.
pub(crate) fn stride(total: usize) -> usize {
    total.div_ceil(MOST_RUNS).max(1)
}

/// What a caption says about runs that are not drawn.
pub(crate) fn thinned(total: usize) -> String {
    match stride(total) {
        1 => String::new(),
        every => format!(" Of the {total} runs one in {every} is drawn."),
    }
}

/// Data and fitted law along the input with the largest span; `None` for a law without a numeric input.
pub fn main_figure(scene: &Scene<'_>) -> Option<Shown> {
    let along = scene.widest()?;
    Some(fitted::along(scene, along))
}

/// All figures: data and fit by each input, learning curves against forecast, isoFLOP slices, the loss surface, residuals by
/// each input and run, pairs of parameters.
pub fn figures_of(scene: &Scene<'_>) -> Vec<Shown> {
    let mut inputs: Vec<_> = scene.inputs.iter().filter(|input| input.varies()).collect();
    inputs.sort_by(|a, b| b.breadth().total_cmp(&a.breadth()));
    inputs.truncate(MOST_INPUTS);
    let mut all: Vec<Shown> = inputs.iter().map(|input| fitted::along(scene, input)).collect();
    all.extend(curves::learning(scene));
    all.extend(budgets::isoflop(scene));
    all.extend(surface::surface(scene));
    all.extend(inputs.iter().map(|input| residuals::by(scene, input)));
    all.extend(residuals::by_run(scene));
    all.extend(pairs::pairs(scene));
    all
}
