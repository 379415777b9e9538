//! Long work beside Python: without its lock, and Ctrl-C ends it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use isoflop_fit::Progress;
use isoflop_study::{StudyError, beside};
use pyo3::prelude::*;

use crate::errors::{internal, raise};

/// How often Python is asked whether somebody pressed Ctrl-C.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether the work should end early.
#[derive(Default)]
struct Stop(AtomicBool);

impl Progress for Stop {
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the work is over, for a thread that waits.
#[derive(Default)]
struct Over {
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Over {
    fn say(&self) {
        *self.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for a while; whether the work is over.
    fn wait(&self) -> bool {
        let is_over = self.is_over.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(is_over, PAUSE, |is_over| !*is_over);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Says that the work is over when it goes out of scope, by a panic too.
struct Guard<'a>(&'a Over);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.say();
    }
}

/// Does `work` on other threads without Python's lock. Signals such as Ctrl-C are looked after meanwhile; where one raises
/// an exception, the work is told to stop and the exception is what comes back.
///
/// # Errors
/// What the work says; what a signal raises; a mistake of the program.
pub(crate) fn interruptible<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&dyn Progress) -> Result<T, StudyError> + Send,
) -> PyResult<T> {
    let (stop, over) = (Stop::default(), Over::default());
    let watched = || {
        let _guard = Guard(&over);
        work(&stop)
    };
    let watch = || {
        while !py.detach(|| over.wait()) {
            if let Err(raised) = py.check_signals() {
                stop.0.store(true, Ordering::Relaxed);
                // Other threads of Python go on while the work ends.
                py.detach(|| while !over.wait() {});
                return Some(raised);
            }
        }
        None
    };
    match beside(watched, watch).map_err(|error| raise(py, &error))? {
        (_, Some(raised)) => Err(raised),
        (Ok(done), None) => done.map_err(|error| raise(py, &error)),
        (Err(_), None) => Err(internal()),
    }
}

/// Does short `work` in place, without Python's lock.
///
/// # Errors
/// What the work says; a mistake of the program.
pub(crate) fn unlocked<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T, StudyError> + Send,
) -> PyResult<T> {
    let work = std::panic::AssertUnwindSafe(work);
    match py.detach(|| {
        std::panic::catch_unwind(|| {
            let work = work;
            (work.0)()
        })
    }) {
        Ok(done) => done.map_err(|error| raise(py, &error)),
        Err(_) => Err(internal()),
    }
}
