//! What a reviewer asks of a fit.
//!
//! [`influence`] leaves out every run in turn and tries the other choices. 

mod contrast;
mod error;
mod influence;
mod methods;
mod numbers;
mod surface;

pub use contrast::{
    ArmFit, Contrast, ContrastOptions, ContrastPoint, NextRun, SharedTest, Sharing, Verdict, contrast,
};
pub use error::AuditError;
pub use influence::{
    Alternative, Answer, Convention, Influences, InfluenceOptions, Kind, LeftOutGroup, LeftOutRow, influence,
};
pub use methods::{
    Cause, Disagreement, Method, Methods, MethodsOptions, Ranged, Slice, approach2_shift, methods,
};
