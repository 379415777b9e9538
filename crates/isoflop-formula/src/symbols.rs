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

impl Symbols {
    /// Whether a sum over the past is among what the symbols belong to.
    pub fn look_back(&self) -> bool {
        self.inputs.iter().any(|input| input.kind == InputKind::Here)
    }
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
    /// A numeric column at the rows of the run that a sum over the past goes through: whole runs one after the
    /// other, longer than the other inputs. See [`crate::Runs`].
    Earlier {
        /// Name of the column; `None` for the number of the row in its run.
        column: Option<String>,
        /// How many rows before; the first row of a run stands in for what was before it.
        lag: u32,
    },
    /// Number of the row in its run, from 1.
    Row,
    /// Place of the row among the rows of all runs, from 0.
    Here,
}

impl InputKind {
    /// Whether the values are those of whole runs and not one per row of the table.
    pub fn is_earlier(&self) -> bool {
        matches!(self, InputKind::Earlier { .. })
    }

    /// The column of a sum over the past.
    pub fn earlier(&self) -> Option<&str> {
        match self {
            InputKind::Earlier { column, .. } => column.as_deref(),
            _ => None,
        }
    }
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
