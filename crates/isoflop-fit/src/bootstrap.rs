//! Bootstrap: the table resampled by rows or by clusters, every replicate solved to certificate tolerance.
//!
//! A replicate is a set of row weights (how often each row was drawn), so no data are copied. It starts from the
//! optimum of the full table and is solved as tightly: a loose tolerance would leave it near that start and make the
//! interval many times too narrow.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::request::FitOptions;
use crate::result::Interval;
use crate::solve::{CERTIFIED, Solved};
use crate::streams::{Purpose, Stream};

/// What the replicates say.
pub(crate) struct Found {
    /// Natural values of all slots, one list per certified replicate.
    pub(crate) draws: Vec<Vec<f64>>,
    pub(crate) interval: Interval,
}

/// Solves `options.bootstrap` replicates from the optimum `best`.
pub(crate) fn run(
    task: &Task<'_>,
    best: &Solved,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Found, FitError> {
    let total = options.bootstrap;
    let done = AtomicUsize::new(0);
    let solved: Vec<Option<Vec<f64>>> = (0..total)
        .into_par_iter()
        .with_min_len(total / 64 + 1)
        .map_init(
            || (task.model.scratch(), Vec::new()),
            |(scratch, weights), replicate| {
                if progress.cancelled() {
                    return None;
                }
                resample(task.data, &task.model.weights, options.seed, replicate as u64, weights);
                let end = task.problem(&task.model, weights).resolve(&best.theta, scratch);
                progress.replicates(done.fetch_add(1, Ordering::Relaxed) + 1, total);
                (end.gradient <= CERTIFIED).then(|| task.model.natural(&end.theta))
            },
        )
        .collect();
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    let draws: Vec<Vec<f64>> = solved.into_iter().flatten().collect();
    let clusters = task.data.clusters.as_ref();
    let interval = Interval {
        level: options.level,
        method: match clusters {
            Some(c) => format!("bootstrap of clusters ({})", c.column),
            None => "bootstrap of rows".to_string(),
        },
        replicates: total,
        certified: draws.len(),
        clusters: clusters.map(|c| c.count),
    };
    Ok(Found { draws, interval })
}

/// Row weights of one replicate: the base weights times the number of times the row (or its cluster) was drawn.
pub(crate) fn resample(data: &Data, base: &[f64], seed: u64, replicate: u64, weights: &mut Vec<f64>) {
    let mut stream = Stream::new(seed, Purpose::Bootstrap, replicate);
    weights.clear();
    weights.resize(base.len(), 0.0);
    match &data.clusters {
        Some(clusters) => {
            let mut drawn = vec![0.0; clusters.count];
            for _ in 0..clusters.count {
                drawn[stream.below(clusters.count)] += 1.0;
            }
            for (w, &code) in weights.iter_mut().zip(&clusters.codes) {
                *w = drawn[code as usize];
            }
        }
        None => {
            for _ in 0..data.rows() {
                weights[stream.below(data.rows())] += 1.0;
            }
        }
    }
    weights.iter_mut().zip(base).for_each(|(w, b)| *w *= b);
}
