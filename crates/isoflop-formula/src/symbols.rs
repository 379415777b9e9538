//! The names of a formula after resolution: inputs and parameters with their units and bounds.

use crate::units::Unit;

/// The inputs and parameters that the nodes of a graph refer to by position.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Symbols {
    /// Inputs, in the order of first use.
    pub inputs: Vec<Input>,
    /// Parameters, in the order of first use.
    pub params: Vec<Param>,
}

/// A column that a formula reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name as written in the formula.
    pub name: String,
    /// Where its values come from.
    pub kind: InputKind,
    /// Unit of its values.
    pub unit: Unit,
}

/// Where the values of an input come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// A numeric column of the same name.
    Column,
    /// 1 where the text column equals the value, else 0.
    TextEquals {
        /// Name of the text column.
        column: String,
        /// Text compared with.
        value: String,
    },
}

/// A free or fixed number of a formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Name as written in the formula, without its index.
    pub name: String,
    /// Column whose levels each have a value of their own: `A[family]`.
    pub group: Option<String>,
    /// Lower bound, `-inf` if none. A bound of 0 also says "positive", which the fitter uses for logs.
    pub lower: f64,
    /// Upper bound, `+inf` if none.
    pub upper: f64,
    /// Value to hold it at, if it is not free.
    pub fixed: Option<f64>,
    /// Typical size, for starting points only.
    pub scale: Option<f64>,
    /// Declared unit; `None` absorbs what its term needs.
    pub unit: Option<Unit>,
}
