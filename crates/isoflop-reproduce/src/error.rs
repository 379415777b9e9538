//! What can go wrong when a result is rerun.

use isoflop_formula::Diagnostics;

/// One mistake in a description or in a table it reads.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The messages name every field.
pub enum ReproduceError {
    #[error("[P0101] {file}: the description cannot be read: {reason}")]
    Description { file: String, reason: String },
    #[error("[P0102] {id}: no step begins with `{word}`; the steps are {known}")]
    UnknownStep { id: String, word: String, known: &'static str },
    #[error("[P0103] {id}: the step `{step}` must read `{form}`")]
    BadStep { id: String, step: String, form: &'static str },
    #[error("[P0104] {id}: no procedure is called `{name}`")]
    UnknownProcedure { id: String, name: String },
    #[error("[P0105] {id}: the procedure {name} needs a value for `{argument}`")]
    NoArgument { id: String, name: String, argument: &'static str },
    #[error("[P0106] {id}: the formula `{text}` does not compile: {}", first(.diagnostics))]
    Formula { id: String, text: String, diagnostics: Diagnostics },
    #[error("[P0107] {id}: the law {law} has no complete set of coefficients `{set}`")]
    NoSet { id: String, law: String, set: String },
    #[error("[P0108] {id}: nothing is published for `{quantity}`: give `published`, or a set that has it")]
    NothingPublished { id: String, quantity: String },
    #[error("[P0201] {id}: {source}")]
    Runs { id: String, source: Box<isoflop_runs::RunsError> },
    #[error("[P0202] {id}: no row is left after `{step}`")]
    NoRows { id: String, step: String },
    #[error("[P0301] {id}: {source}")]
    Law { id: String, source: isoflop_laws::LawErrors },
    #[error("[P0302] {id}: {source}")]
    Fit { id: String, source: Box<isoflop_fit::FitError> },
}

impl ReproduceError {
    /// A short code that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            ReproduceError::Description { .. } => "P0101",
            ReproduceError::UnknownStep { .. } => "P0102",
            ReproduceError::BadStep { .. } => "P0103",
            ReproduceError::UnknownProcedure { .. } => "P0104",
            ReproduceError::NoArgument { .. } => "P0105",
            ReproduceError::Formula { .. } => "P0106",
            ReproduceError::NoSet { .. } => "P0107",
            ReproduceError::NothingPublished { .. } => "P0108",
            ReproduceError::Runs { .. } => "P0201",
            ReproduceError::NoRows { .. } => "P0202",
            ReproduceError::Law { .. } => "P0301",
            ReproduceError::Fit { .. } => "P0302",
        }
    }
}

fn first(diagnostics: &Diagnostics) -> String {
    diagnostics.0.first().map_or_else(String::new, |d| d.message.clone())
}
