//! The threads that work is done on.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::StudyError;

/// The pool with as many threads as the machine has, and the process that started it: a forked child has none of the
/// threads of its parent and would wait for them forever.
static SHARED: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Does `work` on this many threads; by default on a pool with as many as the machine has, which stays for later work.
///
/// # Errors
/// Threads that cannot be started.
pub fn with_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, StudyError> {
    let Some(threads) = threads else { return Ok(shared()?.install(work)) };
    let pool = start(ThreadPoolBuilder::new().num_threads(threads))?;
    if rayon::current_thread_index().is_none() {
        return Ok(pool.install(work));
    }
    // A thread of one pool that waits for another is busy all the while; one that is started for it sleeps.
    let done = std::thread::scope(|scope| scope.spawn(|| pool.install(work)).join());
    Ok(done.unwrap_or_else(|panic| resume_unwind(panic)))
}

/// Does `work` on the pool that stays, and `meanwhile` on this thread, such as looking out for somebody who wants it to
/// end. Gives both results once both are there; a panic of the work is an `Err` as of a thread.
///
/// Starting a thread for every small fit would cost about as much as the fit.
///
/// # Errors
/// Threads that cannot be started.
///
/// ```
/// let (answer, seen) = isoflop_study::beside(|| 6 * 7, || "nothing")?;
/// assert_eq!((answer.ok(), seen), (Some(42), "nothing"));
/// # Ok::<(), isoflop_study::StudyError>(())
/// ```
pub fn beside<T: Send, U>(
    work: impl FnOnce() -> T + Send,
    meanwhile: impl FnOnce() -> U,
) -> Result<(std::thread::Result<T>, U), StudyError> {
    let pool = shared()?;
    let mut done = None;
    let seen = pool.in_place_scope(|scope| {
        scope.spawn(|_| done = Some(catch_unwind(AssertUnwindSafe(work))));
        meanwhile()
    });
    // The scope ends after the work: it cannot be missing.
    let done = done.unwrap_or_else(|| Err(Box::new("the work did not run")));
    Ok((done, seen))
}

fn shared() -> Result<Arc<ThreadPool>, StudyError> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((starter, pool)) = shared.as_ref()
        && *starter == process
    {
        return Ok(pool.clone());
    }
    let pool = Arc::new(start(ThreadPoolBuilder::new())?);
    if let Some((_, parents)) = shared.replace((process, pool.clone())) {
        // Its threads are in another process: ending them would wait forever too.
        std::mem::forget(parents);
    }
    Ok(pool)
}

fn start(builder: ThreadPoolBuilder) -> Result<ThreadPool, StudyError> {
    builder.build().map_err(|error| StudyError::Threads { reason: error.to_string() })
}
