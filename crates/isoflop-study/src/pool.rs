//! The threads that work is done on.

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
    let pool = match threads {
        Some(threads) => Arc::new(start(ThreadPoolBuilder::new().num_threads(threads))?),
        None => shared()?,
    };
    Ok(pool.install(work))
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
