//! The formula language: text to typed graph, derivatives, evaluator and printers.

mod ast;
mod diagnostic;
mod diff;
mod eval;
mod expand;
mod formula;
mod functions;
mod graph;
mod invert;
mod lexer;
mod lower;
mod number;
mod parser;
pub mod print;
mod resolve;
mod root;
mod scope;
mod special;
mod structure;
mod suggest;
mod symbols;
mod tape;
mod unit_check;
mod units;
mod vmath;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use eval::{Columns, LANES, Output, Workspace, evaluate, padded};
pub use formula::{Formula, LeftSide, Tie};
pub use graph::{Binary, Equation, Graph, Node, NodeId, Unary};
pub use lower::{Lowering, lower};
pub use number::parse_number;
pub use scope::{ColumnSet, InputSpec, ParamSpec, Scope};
pub use suggest::closest;
pub use symbols::{Input, InputKind, Param, Symbols};
pub use tape::{BLOCK, ColumnList, Tape};
pub use units::{Unit, UnitError};
