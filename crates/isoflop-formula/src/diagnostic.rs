//! What is wrong (or odd) in a formula text, where, and what to do about it.

use std::fmt;

use crate::ast::Span;

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The text has no meaning; compiling fails.
    Error,
    /// The text has a meaning, but perhaps not the one that was meant.
    Warning,
}

/// One remark about a formula text.
///
/// Codes are stable: `F01xx` characters, `F02xx` grammar, `F03xx` names and functions, `F04xx` parameters,
/// `F05xx` the left side, `F06xx` units, `F09xx` limits and words kept for later versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Stable code, such as `F0203`.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// One plain sentence, without the code.
    pub message: String,
    /// Bytes of the text that it is about; `None` if it is about a declaration outside the text.
    pub span: Option<Span>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, severity: Severity::Error, message, span: Some(span), help: None }
    }

    pub(crate) fn warning(code: &'static str, span: Option<Span>, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Warning, message: message.into(), span, help: None }
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The remark as plain text: message, the line of `source` with the place underlined, help.
    ///
    /// `source` is the text that was compiled; any other text gives a harmless but meaningless excerpt.
    pub fn render(&self, source: &str) -> String {
        let mut out = self.to_string();
        if let Some(span) = &self.span {
            let excerpt = Excerpt::new(source, span);
            let margin = " ".repeat(excerpt.number.to_string().len());
            out += &format!("\n{margin} |\n{} | {}", excerpt.number, excerpt.line);
            out += &format!("\n{margin} | {}{}", " ".repeat(excerpt.column), "^".repeat(excerpt.width));
        }
        if let Some(help) = &self.help {
            out += &format!("\nhelp: {help}");
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{word} {}: {}", self.code, self.message)
    }
}

/// Everything that was found in one text, in the order of the text; at least one is an error when a
/// compilation failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// All remarks rendered as plain text, an empty line between two.
    ///
    /// ```
    /// use isoflop_formula::{Formula, Scope};
    /// let text = "loss ~ E + ";
    /// let error = Formula::compile(text, &Scope::default()).unwrap_err();
    /// assert!(error.render(text).starts_with("error F0201: "));
    /// ```
    pub fn render(&self, source: &str) -> String {
        self.0.iter().map(|d| d.render(source)).collect::<Vec<_>>().join("\n\n")
    }

    /// Whether any of the remarks is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, d) in self.0.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{d}")?;
            if let Some(help) = &d.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

/// Longest piece of a source line that is shown, in characters.
const EXCERPT: usize = 100;

/// The line that holds the start of a span, cut to a readable width.
struct Excerpt {
    number: usize,
    line: String,
    column: usize,
    width: usize,
}

impl Excerpt {
    fn new(source: &str, span: &Span) -> Self {
        let start = floor_boundary(source, span.start);
        let end = floor_boundary(source, span.end).max(start);
        let head = &source[..start];
        let line_start = head.rfind('\n').map_or(0, |i| i + 1);
        let line = source[line_start..].lines().next().unwrap_or("");
        let column = source[line_start..start].chars().count();
        let width = source[start..end].lines().next().unwrap_or("").chars().count().max(1);

        // Control characters would move the cursor of a terminal, so each is shown as one blank.
        let visible = line.chars().map(|c| if c.is_control() { ' ' } else { c });
        let (mut shown, mut column_shown) = (visible.clone().take(EXCERPT).collect::<String>(), column);
        if column + width > EXCERPT {
            let skipped = column.saturating_sub(EXCERPT / 4);
            column_shown = column - skipped;
            shown = visible.skip(skipped).take(EXCERPT).collect();
        }
        Self {
            number: head.matches('\n').count() + 1,
            line: shown,
            column: column_shown,
            width: width.min(EXCERPT - column_shown.min(EXCERPT - 1)),
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn render_underlines_the_span_on_its_line() {
        let source = "loss ~ E\n  + β * x";
        let start = source.find('β').unwrap();
        let d = Diagnostic::error("F0301", start..start + 2, "unknown").with_help("declare it");
        let expected = "error F0301: unknown\n  |\n2 |   + β * x\n  |     ^\nhelp: declare it";
        assert_eq!(d.render(source), expected);
    }

    #[test]
    fn render_survives_spans_of_another_text() {
        let d = Diagnostic::error("F0301", 5..900, "unknown");
        assert!(d.render("αβγ").contains("1 | αβγ"));
        assert!(d.render("").contains("error F0301"));
        let long = "x".repeat(10_000);
        let far = Diagnostic::error("F0301", 9_000..9_900, "unknown").render(&long);
        assert!(far.lines().all(|line| line.chars().count() < 120), "{far}");
    }
}
