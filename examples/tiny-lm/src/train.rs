//! One training run.

use std::time::Instant;

use candle_core::Result;
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW};

use crate::design::Run;
use crate::model::Model;
use crate::rng::Rng;
use crate::text::{SEQ_LEN, Text};

/// Sequences in a training step.
pub const BATCH: usize = 2;
/// Sequences scored at once when the held-out loss is measured.
const EVAL_BATCH: usize = 32;
/// Share of the steps in which the learning rate rises.
const WARM_UP: f64 = 0.1;

/// What a run measured.
#[derive(Debug)]
pub struct Outcome {
    /// Held-out loss after the last step, in nats per byte.
    pub loss: f64,
    /// Duration of training and scoring.
    pub wall_seconds: f64,
}

/// Share of the peak learning rate at `step` of `steps`: a linear rise, then a linear fall to zero.
fn schedule(step: usize, steps: usize) -> f64 {
    let warm_up = (WARM_UP * steps as f64).max(1.0);
    let (done, left) = ((step + 1) as f64, (steps - step) as f64);
    (done / warm_up).min(left / (steps as f64 - warm_up).max(1.0)).min(1.0)
}

/// Trains a model from scratch on the first `run.tokens` bytes of the seed's data order.
pub fn train(run: &Run, text: &Text) -> Result<Outcome> {
    let started = Instant::now();
    let model = Model::new(run.shape, &mut Rng::new(run.seed, 1))?;
    let config = ParamsAdamW { lr: 0.0, beta1: 0.9, beta2: 0.99, eps: 1e-10, weight_decay: 0.01 };
    let mut optimizer = AdamW::new(model.vars(), config)?;
    let order = text.train_order(run.seed);
    let steps = run.tokens / (BATCH * SEQ_LEN);
    for (step, starts) in order.chunks_exact(BATCH).take(steps).enumerate() {
        optimizer.set_learning_rate(run.learning_rate * schedule(step, steps));
        let (inputs, targets) = text.train_batch(starts);
        let loss = model.loss(&inputs, &targets, SEQ_LEN)?;
        optimizer.backward_step(&loss)?;
    }
    let loss = held_out_loss(&model, text)?;
    Ok(Outcome { loss, wall_seconds: started.elapsed().as_secs_f64() })
}

/// Mean loss over the held-out part.
fn held_out_loss(model: &Model, text: &Text) -> Result<f64> {
    let mut sum = 0.0;
    for (inputs, targets) in text.held_out_batches(EVAL_BATCH) {
        let mean = f64::from(model.loss(inputs, targets, SEQ_LEN)?.to_scalar::<f32>()?);
        sum += mean * inputs.len() as f64;
    }
    Ok(sum / text.held_out_len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_rises_and_falls_to_zero() {
        let all: Vec<f64> = (0..100).map(|step| schedule(step, 100)).collect();
        assert!((all[0] - 0.1).abs() < 1e-12 && (all[9] - 1.0).abs() < 1e-12);
        assert!(all[10..].windows(2).all(|pair| pair[1] < pair[0]) && all[99] < 0.02);
    }
}
