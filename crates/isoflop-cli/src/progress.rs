//! A progress line on a terminal, for jobs that take longer than half a second.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use isoflop_fit::Progress;

use crate::messages::Messages;

/// Waits this long before it shows itself.
const PATIENCE: Duration = Duration::from_millis(500);
/// Least time between two updates.
const PAUSE: Duration = Duration::from_millis(100);
/// Characters in the bar.
const WIDTH: usize = 30;

/// Shows how many bootstrap replicates are done; clears itself when dropped.
#[derive(Debug)]
pub(crate) struct Bar {
    /// When the line may next be drawn; `None` where it never may.
    next: Option<Mutex<Instant>>,
    start: Instant,
    /// What is counted.
    what: &'static str,
}

impl Bar {
    pub(crate) fn new(messages: &Messages) -> Bar {
        Bar::counting(messages, "bootstrap")
    }

    /// A bar that counts something else than replicates.
    pub(crate) fn counting(messages: &Messages, what: &'static str) -> Bar {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let start = Instant::now();
        let is_shown = messages.shows_progress() && std::io::stderr().is_terminal() && !is_dumb;
        Bar { next: is_shown.then(|| Mutex::new(start + PATIENCE)), start, what }
    }
}

impl Progress for Bar {
    fn replicates(&self, done: usize, total: usize) {
        let Some(next) = &self.next else { return };
        // A thread that finds another one drawing has nothing newer to say.
        let Ok(mut next) = next.try_lock() else { return };
        let now = Instant::now();
        if now < *next || total == 0 {
            return;
        }
        *next = now + PAUSE;
        let filled = (WIDTH * done.min(total)) / total;
        let bar = format!("{}{}", "━".repeat(filled), " ".repeat(WIDTH - filled));
        let mut stderr = std::io::stderr();
        let _ = write!(stderr, "\r\x1b[2K{} {bar} {done} / {total}", self.what);
        let _ = stderr.flush();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.next.is_some() && self.start.elapsed() > PATIENCE {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}
