//! The laws that a request can name.

use std::path::Path;

use isoflop_laws::Catalogue;

use crate::error::StudyError;
use crate::note::Listener;

/// The embedded laws and those of the user's folder.
///
/// # Errors
/// Law files with mistakes.
pub fn catalogue(folder: Option<&Path>, notes: &dyn Listener) -> Result<Catalogue, StudyError> {
    let builtin = Catalogue::builtin()?;
    let Some(folder) = folder else { return Ok(builtin) };
    let catalogue = builtin.with_dir(folder)?;
    for replaced in catalogue.overridden() {
        notes.info(&format!("law {} is taken from {}", replaced.id, replaced.by.display()));
    }
    Ok(catalogue)
}

/// A catalogue that knows this law; without a folder of the user's, hardly more than it.
///
/// # Errors
/// An unknown law, or law files with mistakes.
pub fn holding(id: &str, folder: Option<&Path>, notes: &dyn Listener) -> Result<Catalogue, StudyError> {
    if folder.is_some() { catalogue(folder, notes) } else { Ok(Catalogue::containing(id)?) }
}
