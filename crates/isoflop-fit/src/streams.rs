//! Random streams: one user seed, one stream per task, so that results do not depend on threads or order.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a stream is for; part of the address of every random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Starts = 1,
    Bootstrap = 2,
    Subsample = 3,
    Noise = 4,
    Folds = 16,
    Residuals = 32,
    Wild = 33,
    Approximation = 34,
    Chain = 35,
}

/// A random stream.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of task number `task` of a purpose under the user's seed.
    pub(crate) fn new(seed: u64, purpose: Purpose, task: u64) -> Stream {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream((purpose as u64) << 56 | task);
        Stream(rng)
    }

    /// Uniform in `low..high`.
    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Log-uniform in `low..high`, both positive.
    pub(crate) fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(0.0, 1.0), self.uniform(0.0, 1.0));
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// A whole number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0.random_range(0..n)
    }
}
