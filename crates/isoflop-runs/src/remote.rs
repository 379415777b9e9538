//! Runs that lie elsewhere: an address is fetched into a temporary folder, read there, and called by its address in
//! every message and as the origin of its rows.
//!
//! What fetches is not part of this crate, which knows no network: a program hands it over with [`fetch_with`].

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::error::RunsError;

/// What was fetched from an address.
pub struct Fetched {
    /// The local file or directory that stands for the address.
    pub path: PathBuf,
    /// What to call it, without secrets.
    pub name: String,
    /// Objects fetched.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that were left where they are.
    pub left_out: u64,
    /// Dropped when the path was read: removes the temporary folder.
    pub keep: Box<dyn Any>,
}

/// Fetches an address; the error is one clear sentence that names it.
pub type Fetch = fn(&str) -> Result<Fetched, String>;

static FETCH: OnceLock<Fetch> = OnceLock::new();

/// Lets every reader of this process read addresses such as `s3://bucket/runs/` by this function. The first one
/// stays.
pub fn fetch_with(fetch: Fetch) {
    let _ = FETCH.set(fetch);
}

const SCHEMES: [&str; 9] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "http", "https"];

/// Whether a path is an address.
pub(crate) fn is_address(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| SCHEMES.iter().any(|s| s.eq_ignore_ascii_case(scheme)))
}

/// Fetches an address.
pub(crate) fn get(address: &str) -> Result<Fetched, RunsError> {
    match FETCH.get() {
        Some(fetch) => fetch(address).map_err(|reason| RunsError::Remote { reason }),
        None => {
            // Queries and passwords may be secrets.
            let shown = address.split('?').next().unwrap_or_default();
            let reason = format!(
                "{shown}: this isoflop was built without the feature `remote`, which reads addresses; install it \
                 with --features remote, or copy the runs to this machine and give their path"
            );
            Err(RunsError::Remote { reason })
        }
    }
}

/// A local path and what to call it instead.
#[derive(Debug, Clone)]
pub(crate) struct Alias {
    path: String,
    name: String,
}

impl Alias {
    /// The text with the path replaced.
    pub(crate) fn apply(&self, text: &str) -> String {
        text.replace(&self.path, &self.name)
    }
}

impl Fetched {
    pub(crate) fn alias(&self) -> Alias {
        let path = self.path.display().to_string();
        Alias { path, name: self.name.trim_end_matches('/').to_owned() }
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("path", &self.path).field("name", &self.name).finish_non_exhaustive()
    }
}
