//! Messages for people: stderr, never stdout.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use isoflop_study::{Level, Listener, Note};

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

    /// Whether a progress bar is welcome.
    pub(crate) fn shows_progress(&self) -> bool {
        self.progress
    }
}

/// Infos are hidden by `-q`, warnings by `-qq` only; details are for `-v`.
impl Listener for Messages {
    fn hear(&self, note: Note) {
        let text = &note.text;
        match note.level {
            Level::Info if self.level >= 0 => line(text),
            Level::Detail if self.level >= 1 => line(&paint(style::DIM, text)),
            Level::Warning if self.level >= -1 => {
                line(&format!("{} {text}", paint(style::WARN, "warning:")));
            }
            _ => {}
        }
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
