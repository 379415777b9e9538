//! How large a run is, and how far a point lies beyond the runs.

use isoflop_formula::{Formula, InputKind};
use serde::{Deserialize, Serialize};

use crate::data::Data;

/// The inputs that make a run large, with the range of the runs.
///
/// The size of a run is the product of the inputs that are positive in every run and not always the same: N D, and so
/// 6 N D, for a law of parameters and tokens; the input itself for a law of one. Runs are put in order by it, and the
/// distance of a point beyond the runs is measured along it and along every single input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Names of the inputs, with the logarithms of their smallest and largest value over the runs.
    pub inputs: Vec<(String, f64, f64)>,
    /// Logarithm of the smallest size.
    pub low: f64,
    /// Logarithm of the largest size.
    pub high: f64,
}

impl Size {
    /// The size of the runs in `data`; `None` if no input is positive and changes.
    pub(crate) fn of(formula: &Formula, data: &Data) -> Option<Size> {
        let inputs: Vec<(String, f64, f64)> = formula
            .symbols
            .inputs
            .iter()
            .enumerate()
            .filter(|(k, input)| input.kind == InputKind::Column && data.is_positive(*k))
            .filter_map(|(k, input)| {
                let (low, high) = range(data.inputs[k].iter().map(|x| x.ln()));
                (high > low).then(|| (input.name.clone(), low, high))
            })
            .collect();
        let mut size = Size { inputs, low: 0.0, high: 0.0 };
        let all = size.logs(formula, data);
        (size.low, size.high) = range(all.into_iter());
        (!size.inputs.is_empty()).then_some(size)
    }

    /// Logarithm of the size of each row.
    pub(crate) fn logs(&self, formula: &Formula, data: &Data) -> Vec<f64> {
        (0..data.rows()).map(|row| self.log(&at_row(formula, data, row))).collect()
    }

    /// Logarithm of the size of a point; NaN where an input is missing or not positive.
    pub(crate) fn log(&self, value: &dyn Fn(&str) -> f64) -> f64 {
        self.inputs.iter().map(|(name, ..)| value(name).ln()).sum()
    }

    /// How far a point lies beyond the runs, as the logarithm of a ratio; 0 inside.
    ///
    /// It is the largest of the distances along the size and along every input.
    pub fn distance(&self, value: &dyn Fn(&str) -> f64) -> f64 {
        let outside = |x: f64, low: f64, high: f64| (x - high).max(low - x);
        let along = self.inputs.iter().map(|(name, low, high)| outside(value(name).ln(), *low, *high));
        along.fold(outside(self.log(value), self.low, self.high), f64::max).max(0.0)
    }
}

/// The inputs of a row by name.
pub(crate) fn at_row<'a>(formula: &'a Formula, data: &'a Data, row: usize) -> impl Fn(&str) -> f64 + 'a {
    move |name| {
        let place = formula.symbols.inputs.iter().position(|input| input.name == name);
        place.and_then(|k| data.inputs.get(k)?.get(row)).copied().unwrap_or(f64::NAN)
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
}
