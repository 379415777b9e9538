//! Reading saved fits.

use std::path::Path;

use isoflop_fit::SavedFit;
use isoflop_formula::Formula;

use crate::error::StudyError;
use crate::point::Fitted;

/// Reads a saved fit.
///
/// # Errors
/// A file that cannot be read, is no saved fit, or one of a newer version.
pub fn read_saved(path: &Path) -> Result<SavedFit, StudyError> {
    let name = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| StudyError::CannotRead { path: name.clone(), reason: error.to_string() })?;
    let text = String::from_utf8(text).map_err(|_| StudyError::BadSavedFit {
        path: name.clone(),
        reason: "this is no saved fit: it is not text".to_owned(),
    })?;
    SavedFit::from_json(&text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split_once("] ").map_or(reason.clone(), |(_, message)| message.to_owned());
        StudyError::BadSavedFit { path: name, reason }
    })
}

/// The formula of a saved fit, which `name` stands for in errors.
///
/// # Errors
/// A formula that does not compile, or does not belong to the parameters and replicates, as after editing the file by
/// hand.
pub fn formula_of(saved: &SavedFit, name: &str) -> Result<Formula, StudyError> {
    let formula = saved.formula()?;
    if (Fitted { formula: &formula, fit: &saved.fit }).is_consistent() {
        Ok(formula)
    } else {
        let reason = "its parameters, replicates and formula do not belong together".to_owned();
        Err(StudyError::BadSavedFit { path: name.to_owned(), reason })
    }
}
