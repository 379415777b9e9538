//! Which runs to make: a grid of model sizes and training budgets.

use std::str::FromStr;

use crate::model::{HEADS, Shape};
use crate::text::SEQ_LEN;
use crate::train::BATCH;

/// Peak learning rate at [`REFERENCE_WIDTH`] and [`REFERENCE_TOKENS`].
const REFERENCE_RATE: f64 = 0.0042;
/// The width that [`REFERENCE_RATE`] was tuned at.
const REFERENCE_WIDTH: f64 = 48.0;
/// The budget that [`REFERENCE_RATE`] was tuned at.
const REFERENCE_TOKENS: f64 = 491_520.0;
/// Power of the width with which the learning rate falls.
const WIDTH_POWER: f64 = 1.25;
/// Power of the budget with which the learning rate falls.
const TOKENS_POWER: f64 = 0.25;

/// One training run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The model.
    pub shape: Shape,
    /// Bytes to train on, a whole number of steps.
    pub tokens: usize,
    /// Sets the first weights and the order of the data.
    pub seed: u64,
    /// Peak learning rate.
    pub learning_rate: f64,
}

impl Run {
    /// Name in the table, unique for shape, budget and seed.
    pub fn name(&self) -> String {
        format!("d{}-l{}-t{}-s{}", self.shape.width, self.shape.layers, self.tokens, self.seed)
    }

    /// Training compute: 6 × parameters × bytes.
    pub fn flops(&self) -> f64 {
        6.0 * self.shape.params() as f64 * self.tokens as f64
    }
}

impl FromStr for Shape {
    type Err = String;

    /// Reads `WIDTHxLAYERS`, as in `32x3`.
    fn from_str(s: &str) -> Result<Self, String> {
        let (width, layers) = s.split_once('x').ok_or("expected WIDTHxLAYERS, as in 32x3")?;
        let number = |s: &str| s.parse::<usize>().map_err(|e| format!("{s:?} is not a number: {e}"));
        let shape = Self { width: number(width)?, layers: number(layers)? };
        if shape.width == 0 || !shape.width.is_multiple_of(HEADS) || shape.layers == 0 {
            return Err(format!("the width must be a multiple of {HEADS}, and there must be a layer"));
        }
        Ok(shape)
    }
}

/// The peak learning rate of a run, which falls with the width of the model and with the budget.
pub fn learning_rate(shape: Shape, tokens: usize) -> f64 {
    let width = (REFERENCE_WIDTH / shape.width as f64).powf(WIDTH_POWER);
    REFERENCE_RATE * width * (REFERENCE_TOKENS / tokens as f64).powf(TOKENS_POWER)
}

/// All runs of a grid that cost at most `max_flops`, cheapest first.
///
/// Budgets are rounded down to whole steps.
pub fn grid(shapes: &[Shape], budgets: &[usize], seed: u64, rate_factor: f64, max_flops: f64) -> Vec<Run> {
    let step = BATCH * SEQ_LEN;
    let mut runs: Vec<Run> = shapes
        .iter()
        .flat_map(|&shape| budgets.iter().map(move |&budget| (shape, budget / step * step)))
        .filter(|&(_, tokens)| tokens > 0)
        .map(|(shape, tokens)| {
            let learning_rate = rate_factor * learning_rate(shape, tokens);
            Run { shape, tokens, seed, learning_rate }
        })
        .filter(|run| run.flops() <= max_flops)
        .collect();
    runs.sort_by(|a, b| a.flops().total_cmp(&b.flops()));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_counted() {
        let shape: Shape = "32x3".parse().unwrap();
        assert_eq!((shape.params(), shape.non_embedding_params()), (45_056, 36_864));
        assert!("30x3".parse::<Shape>().is_err() && "32".parse::<Shape>().is_err());
    }

    #[test]
    fn a_grid_is_sorted_and_capped() {
        let shapes = [Shape { width: 32, layers: 3 }, Shape { width: 16, layers: 2 }];
        let runs = grid(&shapes, &[1000, 100_000], 0, 1.0, 1e10);
        assert_eq!(runs.len(), 3);
        assert!(runs.windows(2).all(|pair| pair[0].flops() <= pair[1].flops()));
        assert_eq!(runs[0].tokens, 896);
    }
}
