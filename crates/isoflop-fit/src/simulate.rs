//! Runs that a law would give: its values at given inputs, with noise.

use isoflop_formula::{Formula, evaluate};

use crate::fit::root;
use crate::streams::{Purpose, Stream};

/// The output of a law at rows of inputs, times noise with this standard deviation of its logarithm.
///
/// `params` are the values of all parameters in the order of the formula's symbols, `inputs` one column of equal length
/// for each input in their order; that of the output may be empty. `seed` decides the noise. Grouped parameters and
/// texts are not looked at: each is one number here. With too few parameters or inputs there are no values: all are NaN.
///
/// ```
/// let catalogue = isoflop_laws::Catalogue::builtin()?;
/// let law = catalogue.find("kaplan_n")?;
/// let formula = law.formula();
/// let values = law.coefficients("kaplan").and_then(|set| set.complete()).unwrap_or_default();
/// let params: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
/// let columns: Vec<Vec<f64>> =
///     formula.symbols.inputs.iter().map(|i| if i.name == "N" { vec![1e7, 1e8] } else { Vec::new() }).collect();
/// let loss = isoflop_fit::simulate_at(formula, &params, &columns, 0.01, 7);
/// assert!(loss.len() == 2 && loss[0] > loss[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate_at(
    formula: &Formula,
    params: &[f64],
    inputs: &[Vec<f64>],
    noise: f64,
    seed: u64,
) -> Vec<f64> {
    simulate_output_at(formula, 0, params, inputs, noise, seed)
}

/// [`simulate_at`] for output `k` of a law with several, each with noise of its own.
pub fn simulate_output_at(
    formula: &Formula,
    k: usize,
    params: &[f64],
    inputs: &[Vec<f64>],
    noise: f64,
    seed: u64,
) -> Vec<f64> {
    let node = formula.parts.get(k).map_or(root(formula, true), |part| part.left.prediction);
    let rows = inputs.iter().map(Vec::len).max().unwrap_or(0);
    let slices: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
    let mut out = vec![f64::NAN; rows];
    let symbols = &formula.symbols;
    if params.len() < symbols.params.len() || inputs.len() < symbols.inputs.len() {
        return out;
    }
    evaluate(&formula.graph, node, &slices, params, &mut out);
    let mut stream = Stream::new(seed, Purpose::Noise, 1 + k as u64);
    out.iter_mut().for_each(|y| *y *= (noise * stream.normal()).exp());
    out
}
