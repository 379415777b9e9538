//! What there is to say while the work goes on. This crate prints nothing: a [`Listener`] decides what becomes of it.

use std::sync::{Mutex, PoisonError};

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For those who want to know everything.
    Detail,
    /// What was done.
    Info,
    /// Something to look at.
    Warning,
}

/// Something to say about the work, such as which columns were taken or how many rows were left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// One sentence or line.
    pub text: String,
}

/// Hears notes as they arise, so that they are known even where an error ends the work.
///
/// ```
/// use isoflop_study::{Listener, Notes};
///
/// let notes = Notes::default();
/// notes.warning("3 rows left out");
/// assert_eq!(notes.take()[0].text, "3 rows left out");
/// ```
pub trait Listener {
    /// Called with each note.
    fn hear(&self, note: Note);

    /// Says what was done.
    fn info(&self, text: &str) {
        self.hear(Note { level: Level::Info, text: text.to_owned() });
    }

    /// Says what few want to know.
    fn detail(&self, text: &str) {
        self.hear(Note { level: Level::Detail, text: text.to_owned() });
    }

    /// Says what somebody should look at.
    fn warning(&self, text: &str) {
        self.hear(Note { level: Level::Warning, text: text.to_owned() });
    }
}

/// Nobody listens.
impl Listener for () {
    fn hear(&self, _: Note) {}
}

/// Keeps the notes in their order.
#[derive(Debug, Default)]
pub struct Notes(Mutex<Vec<Note>>);

impl Notes {
    /// Hands over what was kept so far.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Listener for Notes {
    fn hear(&self, note: Note) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }
}

/// A whole number with the right form of its noun: `1 row`, `240 rows`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
