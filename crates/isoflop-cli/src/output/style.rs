//! The few colours that are used, and only where they carry meaning.

use anstyle::{AnsiColor, Color, Style};

/// Headings and names.
pub(crate) const BOLD: Style = Style::new().bold();
/// What can be skipped.
pub(crate) const DIM: Style = Style::new().dimmed();
/// A good verdict.
pub(crate) const GOOD: Style = colour(AnsiColor::Green);
/// Something to look at.
pub(crate) const WARN: Style = colour(AnsiColor::Yellow);
/// A bad verdict.
pub(crate) const BAD: Style = colour(AnsiColor::Red);

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour))).bold()
}

/// The text in a style; what must not be coloured is stripped when it is written.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}
