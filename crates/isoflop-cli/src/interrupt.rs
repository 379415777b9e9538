//! Ctrl-C: leave at once, and leave no half-written file behind.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The temporary file that is being written now.
static PENDING: Mutex<Option<PathBuf>> = Mutex::new(None);
/// What the first Ctrl-C does instead of leaving.
static FIRST: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// Makes Ctrl-C remove the temporary file and exit with 130.
pub(crate) fn install() {
    // Without a handler the process still ends, only the temporary file may stay.
    let _ = ctrlc::set_handler(|| {
        if let Some(first) = FIRST.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return first();
        }
        if let Some(path) = PENDING.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(130);
    });
}

/// Makes the first Ctrl-C do this; the second leaves.
#[cfg(feature = "serve")]
pub(crate) fn on_first(action: impl FnOnce() + Send + 'static) {
    *FIRST.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(action));
}

/// Runs `write` on `path`, which Ctrl-C removes meanwhile.
pub(crate) fn guarded<T>(path: &Path, write: impl FnOnce() -> T) -> T {
    let set = |value| *PENDING.lock().unwrap_or_else(PoisonError::into_inner) = value;
    set(Some(path.to_owned()));
    let result = write();
    set(None);
    result
}
