//! What a reviewer asks of a fit.
//!
//! [`influence`] leaves out every run in turn and tries the other choices. 

mod error;
mod influence;
mod numbers;
mod surface;

pub use error::AuditError;
pub use influence::{
    Alternative, Answer, Convention, Influences, InfluenceOptions, Kind, LeftOutGroup, LeftOutRow, influence,
};
