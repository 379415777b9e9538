//! The options of a fit as Python passes them: a dictionary with every key.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use isoflop_laws::Catalogue;
use isoflop_study::{Changes, IntervalRequest, Request, StudyError, catalogue};
use pyo3::prelude::*;

/// One field per keyword argument of `isoflop.fit`.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Options {
    law: Option<String>,
    map: Vec<String>,
    #[pyo3(item("let"))]
    lets: Vec<String>,
    #[pyo3(item("where"))]
    filters: Vec<String>,
    weight: Option<String>,
    cluster: Option<String>,
    objective: Option<String>,
    delta: Option<f64>,
    fix: Vec<String>,
    bounds: Vec<String>,
    tie: Vec<String>,
    starts: String,
    bootstrap: usize,
    interval: Option<String>,
    ends: Option<String>,
    strata: Option<String>,
    of: Vec<String>,
    prior: Vec<String>,
    draws: Option<usize>,
    level: f64,
    seed: u64,
    threads: Option<usize>,
    choices: bool,
    among: Vec<String>,
    laws: Option<PathBuf>,
}

impl Options {
    /// The request, and the folder with the user's laws.
    pub(crate) fn request(self) -> (Request, Option<PathBuf>) {
        let request = Request {
            law: self.law,
            maps: self.map,
            lets: self.lets,
            filters: self.filters,
            weight: self.weight,
            cluster: self.cluster,
            objective: self.objective,
            delta: self.delta,
            changes: Changes { fixed: self.fix, bounds: self.bounds, ties: self.tie },
            starts: self.starts,
            bootstrap: self.bootstrap,
            level: self.level,
            seed: self.seed,
            threads: self.threads,
            choices: self.choices,
            among: self.among,
            interval: IntervalRequest {
                method: self.interval,
                ends: self.ends,
                strata: self.strata,
                quantities: self.of,
                priors: self.prior,
                draws: self.draws,
            },
        };
        (request, self.laws)
    }
}

/// Catalogues that were read before, by the name that they were read for; the empty name is the whole one.
static KNOWN: Mutex<Vec<(String, Arc<Catalogue>)>> = Mutex::new(Vec::new());

/// A catalogue that knows this law, read once; `None` for the whole one. With a folder of the user's it is read each
/// time, for files change.
///
/// # Errors
/// Law files with mistakes.
pub(crate) fn laws_for(id: Option<&str>, folder: Option<&Path>) -> Result<Arc<Catalogue>, StudyError> {
    if folder.is_some() {
        return Ok(Arc::new(catalogue(folder, &())?));
    }
    // A formula needs no catalogue; the one with a single law is the quickest to have.
    let id = id.map_or("", |id| if id.contains('~') { "chinchilla" } else { id });
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, catalogue)) = known().iter().find(|(name, _)| name == id) {
        return Ok(catalogue.clone());
    }
    let read = Arc::new(if id.is_empty() { Catalogue::builtin()? } else { Catalogue::containing(id)? });
    // A name that the catalogue does not have must not be kept: there is no end of them.
    if id.is_empty() || read.find(id).is_ok() {
        known().push((id.to_owned(), read.clone()));
    }
    Ok(read)
}
