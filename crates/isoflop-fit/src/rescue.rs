//! Other ways to an optimum, for starts from which the solver found none: a formula without structure, or a start
//! far away that the user insists on.
//!
//! In this order, the first certified one wins: the parameters' own space with variable projection; the law fitted
//! to the logarithm of the output first, where exponential growth is a straight line; a general bounded method.

use crate::data::Data;
use crate::fallback;
use crate::fit::{Task, root};
use crate::model::Model;
use crate::objective::{Loss, Objective};
use crate::solve::{CERTIFIED, Problem, Solved};
use crate::varpro::linear_coordinates;

/// From natural start values to natural end values.
type Way<'a> = dyn Fn(&[f64]) -> Option<Vec<f64>> + 'a;

/// Tries the other ways from each of `starts` (natural values of all slots) on `data`, whose model is `model`;
/// the result is in coordinates of `model`.
pub(crate) fn rescue(task: &Task<'_>, data: &Data, model: &Model, starts: &[Vec<f64>]) -> Option<Solved> {
    let ways: [&Way<'_>; 3] =
        [&|start| own_space(task, data, start), &|start| through_logs(task, data, start), &|start| {
            fallback::minimise(&task.problem(model, &model.weights), &model.internal(start))
                .map(|t| model.natural(&t))
        }];
    let mut best: Option<Solved> = None;
    for way in ways {
        for start in starts {
            let Some(natural) = way(start) else { continue };
            let theta = model.internal(&natural);
            let mut scratch = model.scratch();
            let problem = task.problem(model, &model.weights);
            // A point this near is polished; a search by least squares from it could lose it again.
            let polished = problem.finish(&theta, &mut scratch);
            let end =
                if polished.gradient <= CERTIFIED { polished } else { problem.solve(&theta, &mut scratch) };
            if end.value.is_finite() && best.as_ref().is_none_or(|b| end.value < b.value) {
                best = Some(end);
            }
        }
        if best.as_ref().is_some_and(|b| b.gradient <= CERTIFIED) {
            return best;
        }
    }
    best
}

/// The objective in the parameters' own space, linear ones projected.
fn own_space(task: &Task<'_>, data: &Data, start: &[f64]) -> Option<Vec<f64>> {
    let slots = task.model.coordinates.slots.clone();
    let plain =
        Model::plain(task.formula, task.root, data, slots, task.objective.log).under(data, task.objective);
    let linear =
        if task.objective.log { Vec::new() } else { linear_coordinates(task.formula, task.root, &plain) };
    let problem = Problem { linear: &linear, ..task.problem(&plain, &plain.weights) };
    let end = problem.solve(&plain.internal(start), &mut plain.scratch());
    end.value.is_finite().then(|| plain.natural(&end.theta))
}

/// Least squares on the logarithm of the output, if it has one.
fn through_logs(task: &Task<'_>, data: &Data, start: &[f64]) -> Option<Vec<f64>> {
    if task.objective.log || data.output.iter().any(|&y| y.is_nan() || y <= 0.0) {
        return None;
    }
    let slots = task.model.coordinates.slots.clone();
    let log = Model::new(task.formula, root(task.formula, true), data, slots, true);
    let objective = Objective { loss: Loss::Squares, log: true, delta: task.objective.delta };
    let problem = Problem { model: &log, objective, weights: &log.weights, linear: &[] };
    let end = problem.solve(&log.internal(start), &mut log.scratch());
    end.value.is_finite().then(|| log.natural(&end.theta))
}
