//! Where the solver starts: points scaled to the data, in which no term is dead.
//!
//! Exponents are drawn at random; the coefficients that enter linearly are then solved for (variable
//! projection, Golub and Pereyra 1973) by weighted least squares with their sign bounds kept, and no term is let
//! start below a thousandth of the output.

use isoflop_formula::{Formula, NodeId};

use crate::coordinates::{Coordinate, Slot};
use crate::data::Data;
use crate::error::FitError;
use crate::model::Model;
use crate::streams::{Purpose, Stream};
use crate::varpro;

/// Draws starting points for one model.
pub(crate) struct Starter {
    /// The law on the raw output under relative weights.
    raw: Model,
    weights: Vec<f64>,
    /// Free coordinates of `raw` that enter linearly.
    linear: Vec<usize>,
    /// Range of `ln x` (or `x`) of each input.
    ranges: Vec<(f64, f64)>,
    seed: u64,
}

impl Starter {
    /// `root` is the law on the raw scale of the output.
    pub(crate) fn new(formula: &Formula, root: NodeId, data: &Data, slots: Vec<Slot>, seed: u64) -> Starter {
        let raw = Model::new(formula, root, data, slots, false);
        let linear = varpro::linear_coordinates(formula, root, &raw);
        let positive = data.output.iter().all(|&y| y > 0.0);
        let mut weights = data.padded_weights();
        if positive {
            weights.iter_mut().zip(&data.output).for_each(|(w, y)| *w /= y * y);
        }
        let ranges = (0..data.inputs.len()).map(|k| range(&data.inputs[k], data.is_positive(k))).collect();
        Starter { raw, weights, linear, ranges, seed }
    }

    /// Start number `index` as natural values of all slots, `None` if the law cannot be evaluated there.
    pub(crate) fn start(&self, index: usize) -> Option<Vec<f64>> {
        let mut stream = Stream::new(self.seed, Purpose::Starts, index as u64);
        let mut scratch = self.raw.scratch();
        for attempt in 0..40 {
            let mut theta = self.draw(&mut stream);
            if attempt % 2 == 1 {
                // Where terms of the size of the output give no value, the law's own scales may.
                theta = self.near_scales(&theta, &mut stream);
            } else if self.linear.is_empty() {
                self.shift_terms(&mut theta);
            } else {
                varpro::project(&self.raw, &self.linear, &mut theta, &self.weights, &mut scratch);
            }
            let natural = self.raw.natural(&theta);
            if self.raw.values(&theta).iter().all(|v| v.is_finite()) && natural.iter().all(|v| v.is_finite())
            {
                return Some(natural);
            }
        }
        None
    }

    /// Random free coordinates; the linear ones are placeholders.
    fn draw(&self, stream: &mut Stream) -> Vec<f64> {
        let c = &self.raw.coordinates;
        (0..c.free.len())
            .map(|j| {
                let slot = &c.slots[c.free[j]];
                let (low, high) = c.bounds(j);
                let value = match c.kinds[c.free[j]] {
                    Coordinate::LogTerm => stream.uniform(-1.5, 1.5),
                    Coordinate::LinearTerm | Coordinate::Fixed(_) => stream.uniform(-1.0, 1.0),
                    Coordinate::LogAlong(k) => {
                        let (from, to) = self.ranges[k as usize];
                        stream.uniform(from, to)
                    }
                    Coordinate::Log => match slot.scale {
                        Some(scale) => scale.abs().ln() + stream.log_uniform(0.3, 3.0).ln(),
                        None => stream.log_uniform(0.1, 1.0).ln(),
                    },
                    Coordinate::Linear => linear_draw(slot, low, high, stream),
                };
                value.max(low).min(high)
            })
            .collect()
    }

    /// The point `theta` with every parameter that has a typical size within a factor of 3 of it.
    fn near_scales(&self, theta: &[f64], stream: &mut Stream) -> Vec<f64> {
        let mut natural = self.raw.natural(theta);
        for (value, slot) in natural.iter_mut().zip(&self.raw.coordinates.slots) {
            if let (Some(scale), None) = (slot.scale, slot.fixed) {
                *value = (scale * stream.log_uniform(0.3, 3.0)).max(slot.lower).min(slot.upper);
            }
        }
        self.raw.internal(&natural)
    }

    /// Moves all terms together until the law is of the size of the output.
    fn shift_terms(&self, theta: &mut [f64]) {
        let c = &self.raw.coordinates;
        let terms: Vec<usize> =
            (0..c.free.len()).filter(|&j| c.kinds[c.free[j]] == Coordinate::LogTerm).collect();
        let wanted = log_mean(&self.raw.y);
        let start = theta.to_vec();
        let error = |by: f64| {
            let mut moved = start.clone();
            terms.iter().for_each(|&j| moved[j] += by);
            log_mean(&self.raw.values(&moved)) - wanted
        };
        let (mut at, mut last) = (0.0, error(0.0));
        let (mut best, mut least) = (0.0, last.abs());
        let mut move_ = 1.0_f64.copysign(-last);
        for _ in 0..12 {
            if terms.is_empty() || !last.is_finite() || last.abs() < 0.05 {
                break;
            }
            at = (at + move_).clamp(-60.0, 60.0);
            let now = error(at);
            if now.abs() < least {
                (best, least) = (at, now.abs());
            }
            let slope = (now - last) / move_;
            last = now;
            // A law whose other terms decide its size does not follow; then the best place so far is kept.
            move_ = if slope.abs() > 1e-3 { (-now / slope).clamp(-20.0, 20.0) } else { 2.0 * move_ };
        }
        terms.iter().for_each(|&j| theta[j] += best);
    }
}

fn linear_draw(slot: &Slot, low: f64, high: f64, stream: &mut Stream) -> f64 {
    if let Some(scale) = slot.scale {
        return scale * stream.uniform(0.3, 1.7);
    }
    match (low.is_finite(), high.is_finite()) {
        // The exponents of nearly all published laws lie here.
        (true, true) if low >= 0.0 && high <= 10.0 => {
            low.max(1e-9) + stream.log_uniform(0.05, 1.0).min(high - low)
        }
        (true, true) => stream.uniform(low, high),
        (true, false) => low + stream.log_uniform(0.05, 1.0),
        (false, true) => high - stream.log_uniform(0.05, 1.0),
        (false, false) => {
            let size = stream.log_uniform(0.05, 1.0);
            if stream.below(4) == 0 { -size } else { size }
        }
    }
}

fn log_mean(values: &[f64]) -> f64 {
    values.iter().map(|v| v.abs().ln()).sum::<f64>() / values.len().max(1) as f64
}

fn range(values: &[f64], positive: bool) -> (f64, f64) {
    let f = |x: f64| if positive { x.ln() } else { x };
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(f(x)), b.max(f(x))))
}

/// The starts of Hoffmann et al. 2022, section 3.3, as natural slot values: `a, b` (logs of A and B) 0 to 25 by 5,
/// `e` (log of E) -1 to 1 by 0.5, `alpha` and `beta` 0 to 2 by 0.5, all 4500 combinations.
pub(crate) fn hoffmann(slots: &[Slot]) -> Result<Vec<Vec<f64>>, FitError> {
    let place = |name: &str| slots.iter().position(|s| s.name == name);
    let known = || slots.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
    let places = [place("A"), place("B"), place("E"), place("alpha"), place("beta")];
    let [Some(a), Some(b), Some(e), Some(alpha), Some(beta)] = places else {
        return Err(FitError::NotHoffmann { known: known() });
    };
    if slots.len() != 5 || slots.iter().any(|s| s.fixed.is_some()) {
        return Err(FitError::NotHoffmann { known: known() });
    }
    let mut starts = Vec::with_capacity(4500);
    for i in 0..4500 {
        let mut start = vec![0.0; 5];
        start[a] = (5.0 * (i % 6) as f64).exp();
        start[b] = (5.0 * (i / 6 % 6) as f64).exp();
        start[e] = (-1.0 + 0.5 * (i / 36 % 5) as f64).exp();
        start[alpha] = 0.5 * (i / 180 % 5) as f64;
        start[beta] = 0.5 * (i / 900) as f64;
        starts.push(start);
    }
    Ok(starts)
}

/// Moves terms that are dead, or drown the others, at free coordinates `theta` of `model` to between a hundredth
/// and all of the output at the centre of the table.
pub(crate) fn revive(model: &Model, output: &[f64], theta: &mut [f64]) {
    let c = &model.coordinates;
    let size = log_mean(output);
    for (j, t) in theta.iter_mut().enumerate().take(model.len()) {
        if c.kinds[c.free[j]] == Coordinate::LogTerm {
            *t = t.clamp(size - 100.0_f64.ln(), size);
        }
    }
}

/// The start at given values, as natural slot values.
pub(crate) fn given(slots: &[Slot], values: &[(String, f64)]) -> Result<Vec<f64>, FitError> {
    slots
        .iter()
        .map(|s| {
            let value = values.iter().find(|(name, _)| *name == s.name).map(|v| v.1).or(s.fixed);
            value.ok_or_else(|| FitError::MissingStart { parameter: s.name.clone() })
        })
        .collect()
}
