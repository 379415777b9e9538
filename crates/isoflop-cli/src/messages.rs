//! Messages for people: stderr, never stdout.

use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::args::Global;
use crate::output::style::{self, paint};

/// How much to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Messages {
    level: i16,
    progress: bool,
}

impl Messages {
    pub(crate) fn new(global: &Global) -> Self {
        let level = i16::from(global.verbose) - i16::from(global.quiet);
        Messages { level, progress: level >= 0 }
    }

    /// The same without messages, for work that explains itself on stdout.
    pub(crate) fn muted(self) -> Self {
        Messages { level: -2, ..self }
    }

    /// What was done; hidden by `-q`.
    pub(crate) fn info(&self, text: &str) {
        if self.level >= 0 {
            line(text);
        }
    }

    /// For `-v`.
    pub(crate) fn detail(&self, text: &str) {
        if self.level >= 1 {
            line(&paint(style::DIM, text));
        }
    }

    /// Something to look at; hidden by `-qq` only.
    pub(crate) fn warning(&self, text: &str) {
        if self.level >= -1 {
            line(&format!("{} {text}", paint(style::WARN, "warning:")));
        }
    }

    /// Whether a progress bar is welcome.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress
    }
}

/// An error, with its first word in red.
pub(crate) fn error(text: &str) {
    const RED: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red))).bold();
    match text.strip_prefix("error") {
        Some(rest) => line(&format!("{}{rest}", paint(RED, "error"))),
        None => line(text),
    }
}

fn line(text: &str) {
    // Nobody is left to tell if stderr is closed.
    let _ = writeln!(anstream::stderr(), "{text}");
}
