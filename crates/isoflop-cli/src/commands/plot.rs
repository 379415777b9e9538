//! `isoflop plot`.

use std::path::Path;

use isoflop_figure::{Figure, Theme, png, sheet, terminal, vega_lite};
use isoflop_report::{Shown, Subject, figures_of, result_figures, result_kind};
use isoflop_study::{Listener, counted};
use serde_json::Value;

use crate::args::{Format, PlotArgs, Tint};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::save::Target;
use crate::{again, output};

/// Figures side by side in a file.
const COLUMNS: usize = 2;
/// Pixels of a PNG for each pixel of the SVG: for screens of today, and for print.
const SCALE: f32 = 2.0;
/// Lines of a plot in a terminal, without title, axis and legend.
const HEIGHT: usize = 18;
/// Columns where nothing says how wide the output is.
const WIDTH: usize = 80;
/// Wider plots are no clearer.
const WIDEST: usize = 120;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Svg,
    Png,
    VegaLite,
}

/// Draws the figures of a saved fit or of a result, into a file or the terminal.
pub(crate) fn run(args: &PlotArgs, messages: &Messages) -> Result<u8, Failure> {
    let kind = args.output.as_deref().map(kind).transpose()?;
    let is_stdout = args.output.as_deref().is_some_and(|path| path.as_os_str() == "-");
    let target = args.output.as_deref().filter(|_| !is_stdout).map(Target::check).transpose()?;
    let mut shown = shown(args, messages)?;
    if let Some(asked) = args.only {
        let (path, count) = (args.fit.display().to_string(), shown.len());
        if !(1..=count).contains(&asked) {
            return Err(CliError::NoSuchFigure { path, asked, count }.into());
        }
        shown = vec![shown.swap_remove(asked - 1)];
    }
    let Some(kind) = kind else {
        for (k, Shown { figure, .. }) in shown.iter().enumerate() {
            output::print(&format!("{}{}", if k == 0 { "" } else { "\n" }, lines(figure)))?;
        }
        return Ok(0);
    };
    let theme = match args.theme {
        Tint::Auto => Theme::Auto,
        Tint::Light => Theme::Light,
        Tint::Dark => Theme::Dark,
    };
    let figures: Vec<Figure> = shown.into_iter().map(|shown| shown.figure).collect();
    let bytes = match kind {
        Kind::Svg => sheet(&figures, COLUMNS, theme).into_bytes(),
        Kind::VegaLite => vega_lite(&figures, COLUMNS, theme).into_bytes(),
        Kind::Png => {
            png(&figures, COLUMNS, theme, SCALE).map_err(|e| CliError::NoPicture { reason: e.reason })?
        }
    };
    match target {
        Some(target) => {
            target.write(&bytes)?;
            messages.info(&format!("{} written", counted(figures.len(), "figure")));
        }
        None => output::print(&String::from_utf8_lossy(&bytes))?,
    }
    Ok(0)
}

/// By the end of the name; stdout takes SVG.
fn kind(path: &Path) -> Result<Kind, CliError> {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let kinds = [("-", Kind::Svg), (".svg", Kind::Svg), (".png", Kind::Png), (".vl.json", Kind::VegaLite)];
    let found = kinds.iter().find(|(end, _)| if *end == "-" { name == "-" } else { name.ends_with(end) });
    found.map(|(_, kind)| *kind).ok_or_else(|| CliError::NotAFigure { path: path.display().to_string() })
}

/// The figures of the file: a result in JSON, or a saved fit with its runs.
fn shown(args: &PlotArgs, messages: &Messages) -> Result<Vec<Shown>, Failure> {
    let path = args.fit.display().to_string();
    let read = match path == "-" {
        true => std::io::read_to_string(std::io::stdin()).ok().map(String::into_bytes),
        false => std::fs::read(&args.fit).ok(),
    };
    let result = read.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some((result, name)) = result.as_ref().and_then(|r| Some((r, result_kind(r)?))) else {
        let again = again::read(&args.fit, &args.runs, messages)?;
        let curves = again::curves(&again, &args.curves, messages)?;
        let subject = Subject { curves: curves.as_ref(), ..Subject::of_saved(&again, &[]) };
        let shown = figures_of(&subject.scene());
        if shown.is_empty() {
            return Err(CliError::NothingToPlot { formula: again.formula.text.clone() }.into());
        }
        return Ok(shown);
    };
    if let Some(runs) = args.runs.first().or(args.curves.first()) {
        return Err(CliError::RunsOfResult { path, runs: runs.clone(), name }.into());
    }
    match result_figures(result) {
        Some(shown) if !shown.is_empty() => Ok(shown),
        _ => Err(CliError::EmptyResult { path, name }.into()),
    }
}

/// What `--plot` of a command adds: the main figure of its result, below the text; with JSON on stdout it goes to stderr.
///
/// # Errors
/// Output that nobody takes.
pub(crate) fn below(result: &Value, format: Format, messages: &Messages) -> Result<(), Failure> {
    let figures = result_figures(result).unwrap_or_default();
    let Some(first) = figures.first() else {
        messages.info("no plot: the result has no numbers that a figure could show");
        return Ok(());
    };
    match format {
        Format::Text => output::print(&format!("\n{}", lines(&first.figure)))?,
        Format::Json => messages.info(&lines(&first.figure)),
    }
    if figures.len() > 1 {
        let more = counted(figures.len() - 1, "more figure");
        messages.info(&format!("{more}: the same with --format json, then | isoflop plot -"));
    }
    Ok(())
}

/// A figure for the terminal; colours are stripped where they are not wanted.
pub(crate) fn lines(figure: &Figure) -> String {
    let width = terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0));
    terminal(figure, width.min(WIDEST), HEIGHT, true)
}
