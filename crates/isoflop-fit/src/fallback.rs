//! The general bounded method for formulas without structure: limited-memory BFGS with bounds, from basin.
//!
//! Only this file names the crate, which is young and moves fast.

use std::cell::RefCell;

use basin::{BoxBounds, ConstraintDescription, ConstraintSet, Constraints, CostFunction, Executor, Gradient, Lbfgsb};

use crate::accumulate::Order;
use crate::solve::Problem;

struct Objective<'a, 'b> {
    problem: &'a Problem<'b>,
    scratch: RefCell<crate::model::Scratch>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}
