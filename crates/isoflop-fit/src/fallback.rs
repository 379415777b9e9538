//! The general bounded method for formulas without structure: limited-memory BFGS with bounds, from basin.
//!
//! Only this file names the crate, which is young and moves fast.

use std::cell::RefCell;
use std::convert::Infallible;

use basin::{
    BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor, FirstOrderState,
};
use basin::{Gradient, Lbfgsb};

use crate::accumulate::Order;
use crate::model::{Scale, Scratch};
use crate::solve::Problem;

/// Iterations of the method.
const MOST: u64 = 2000;

/// Minimises `problem` from free coordinates `theta` (without scale); the coordinates that it ended at, unpolished.
/// `None` for an objective with a scale or an over-dispersion of its own, or if it could not start.
pub(crate) fn minimise(problem: &Problem<'_>, theta: &[f64]) -> Option<Vec<f64>> {
    if !matches!(problem.last(), Scale::One | Scale::Rows) {
        return None;
    }
    let (lower, upper) = (0..theta.len()).map(|j| problem.model.coordinates.bounds(j)).unzip();
    let here = Bounded { problem, scratch: RefCell::new(problem.model.scratch()), lower, upper };
    here.cost(&theta.to_vec()).ok().filter(|c| c.is_finite())?;
    let method = Lbfgsb::new().with_absolute_projected_gradient_tolerance(1e-12);
    let state = FirstOrderState::new(theta.to_vec());
    let result = Executor::new(here, method, state).max_iter(MOST).run().ok()?;
    Some(result.param().clone())
}

/// The problem as basin sees it. A point without a finite value is very bad, so that line searches turn back.
struct Bounded<'a, 'b> {
    problem: &'a Problem<'b>,
    scratch: RefCell<Scratch>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Constraints for Bounded<'_, '_> {
    type Set = ConstraintSet<BoxBounds<Vec<f64>>>;

    fn constraints(&self) -> <Self::Set as ConstraintDescription>::Borrowed<'_> {
        ConstraintSet::new().with_bounds(BoxBounds::new(Some(&self.lower), Some(&self.upper)))
    }
}

impl CostFunction for Bounded<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;
    type Error = Infallible;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, Infallible> {
        let value = self.problem.sums(x, Order::Value, &mut self.scratch.borrow_mut()).value;
        Ok(if value.is_finite() { value } else { 1e300 })
    }
}

impl Gradient for Bounded<'_, '_> {
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, Infallible> {
        let sums = self.problem.sums(x, Order::Gradient, &mut self.scratch.borrow_mut());
        let usable = sums.gradient.len() == x.len() && sums.gradient.iter().all(|g| g.is_finite());
        Ok(if usable { sums.gradient } else { vec![0.0; x.len()] })
    }
}
