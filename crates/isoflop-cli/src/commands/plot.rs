//! `isoflop plot`.

use isoflop_figure::{Figure, Theme, sheet, terminal};
use isoflop_report::{Shown, Subject, figures_of};
use isoflop_study::{Listener, counted};

use crate::args::{PlotArgs, Tint};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::save::Target;
use crate::{again, output};

/// Figures side by side in a file.
const COLUMNS: usize = 2;
/// Lines of a plot in a terminal, without title, axis and legend.
const HEIGHT: usize = 18;
/// Columns where nothing says how wide the output is.
const WIDTH: usize = 80;
/// Wider plots are no clearer.
const WIDEST: usize = 120;

/// Draws the figures of a saved fit, into a file or the terminal.
pub(crate) fn run(args: &PlotArgs, messages: &Messages) -> Result<u8, Failure> {
    let target = match args.output.as_deref() {
        Some(path) if path.as_os_str() == "-" => None,
        Some(path) if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("svg")) => {
            return Err(CliError::NotSvg { path: path.display().to_string() }.into());
        }
        Some(path) => Some(Target::check(path)?),
        None => None,
    };
    let again = again::read(&args.fit, &args.runs, messages)?;
    let shown = figures_of(&Subject::of_saved(&again, &[]).scene());
    if shown.is_empty() {
        return Err(CliError::NothingToPlot { formula: again.formula.text.clone() }.into());
    }
    let theme = match args.theme {
        Tint::Auto => Theme::Auto,
        Tint::Light => Theme::Light,
        Tint::Dark => Theme::Dark,
    };
    match (&target, &args.output) {
        (None, None) => {
            for (k, Shown { figure, .. }) in shown.iter().enumerate() {
                output::print(&format!("{}{}", if k == 0 { "" } else { "\n" }, lines(figure)))?;
            }
        }
        (target, _) => {
            let figures: Vec<Figure> = shown.into_iter().map(|shown| shown.figure).collect();
            let text = sheet(&figures, COLUMNS, theme);
            match target {
                Some(target) => {
                    target.write(&text)?;
                    messages.info(&format!("{} written", counted(figures.len(), "figure")));
                }
                None => output::print(&text)?,
            }
        }
    }
    Ok(0)
}

/// A figure for the terminal; colours are stripped where they are not wanted.
pub(crate) fn lines(figure: &Figure) -> String {
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
    terminal(figure, width.min(WIDEST), HEIGHT, true)
}
