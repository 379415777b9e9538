//! What lies at a path: tools, runs, curves and their ranges, and what could not be read.

use std::path::Path;

use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::note::Note;
use crate::read::{self, ReadOptions};
use crate::remote::{self, Alias};
use crate::sources::{self, Run, Tool, Unit};
use crate::table::RunTable;

/// What one tool left at one path, or a run table.
#[derive(Debug)]
pub struct Surveyed {
    /// The path as given.
    pub path: String,
    /// The tool; `None` for a run table.
    pub tool: Option<Tool>,
    /// The runs; empty for a run table, whose runs are its rows.
    pub runs: Vec<RunSummary>,
    /// Names of all metrics, to which those of the runs point.
    pub metrics: Vec<String>,
    /// The rows that a fit would see.
    pub table: RunTable,
    /// Files that could not be read, or the path if nothing in it could.
    pub problems: Vec<RunsError>,
}

/// A run in short.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its name for people.
    pub name: String,
    /// Its name for machines, or empty.
    pub id: String,
    /// The file or directory it lies in.
    pub path: String,
    /// `running`, `finished` or `failed`, if its files say so.
    pub state: Option<&'static str>,
    /// Whether its file stops inside a record, as a live file does.
    pub is_cut: bool,
    /// Number of settings.
    pub settings: usize,
    /// Its curves, in the order in which they were logged first.
    pub curves: Vec<Curve>,
}

/// A metric of a run in short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Position in [`Surveyed::metrics`].
    pub metric: usize,
    /// Number of values, one for each step.
    pub values: usize,
    /// How many of them are not finite.
    pub not_finite: usize,
    /// The first step.
    pub first_step: i64,
    /// The last step.
    pub last_step: i64,
    /// The lowest finite value; NaN if there is none.
    pub low: f64,
    /// The highest finite value; NaN if there is none.
    pub high: f64,
    /// The value at the last step.
    pub last: f64,
}

/// Looks at paths and says what is there: one answer for each tool at each path. Files that cannot be read are
/// among the problems of an answer and do not stop the others.
///
/// * `paths`: files, directories, patterns, or `-` for stdin.
/// * `options`: as for [`RunTable::read`]; the table of each answer has the rows that these choose.
///
/// # Errors
/// A path that is not there, and options that cannot be used.
///
/// ```
/// use isoflop_runs::{ReadOptions, survey};
/// let path = std::env::temp_dir().join(format!("survey-{}.csv", std::process::id()));
/// std::fs::write(&path, "params,loss\n1e6,3.5\n1e7,3.1\n")?;
/// let found = survey(&[&path], &ReadOptions::default())?;
/// assert_eq!((found[0].tool, found[0].table.rows()), (None, 2));
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn survey<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Vec<Surveyed>, RunsError> {
    let paths: Vec<String> = paths.iter().map(|path| path.as_ref().to_string_lossy().into_owned()).collect();
    let mut found = Vec::new();
    for name in read::expand(&paths)? {
        if remote::is_address(&name) {
            found.extend(at_address(&name, options)?);
        } else {
            found.extend(at_path(&name, options, None)?);
        }
    }
    Ok(found)
}

fn at_path(name: &str, options: &ReadOptions, alias: Option<&Alias>) -> Result<Vec<Surveyed>, RunsError> {
    let tools = if name == "-" { Vec::new() } else { sources::discover(name, options)? };
    if tools.is_empty() {
        return Ok(vec![table(name, options, alias)]);
    }
    Ok(tools.iter().map(|(tool, units)| of_units(name, *tool, units, options, alias)).collect())
}

/// Looks at what was fetched from an address, and calls it by the address.
fn at_address(address: &str, options: &ReadOptions) -> Result<Vec<Surveyed>, RunsError> {
    let fetched = remote::get(address)?;
    let alias = fetched.alias();
    let found = at_path(&fetched.path.display().to_string(), options, Some(&alias));
    let mut found = found.map_err(|error| error.elsewhere(&alias))?;
    for found in &mut found {
        found.path.clone_from(&fetched.name);
        found.table.notes.insert(0, Note::fetched(&fetched));
        let problems = std::mem::take(&mut found.problems).into_iter();
        found.problems = problems.map(|problem| problem.elsewhere(&alias)).collect();
    }
    Ok(found)
}

/// Looks at the files of one tool.
pub(crate) fn of_units(
    name: &str,
    tool: Tool,
    units: &[Unit],
    options: &ReadOptions,
    alias: Option<&Alias>,
) -> Surveyed {
    let mut builder = TableBuilder::default();
    builder.alias = alias.cloned();
    let mut survey = Survey::default();
    let problems = sources::survey(&mut builder, name, tool, units, options, &mut survey);
    let (runs, metrics, table) = (survey.runs, survey.metrics, builder.finish());
    Surveyed { path: name.to_owned(), tool: Some(tool), runs, metrics, table, problems }
}

/// A run table, or what keeps the path from being one.
fn table(name: &str, options: &ReadOptions, alias: Option<&Alias>) -> Surveyed {
    let mut builder = TableBuilder::default();
    builder.alias = alias.cloned();
    let read = match name {
        "-" => read::read_stream(&mut builder, "stdin", Box::new(std::io::stdin()), options),
        _ => read::read_file(&mut builder, name, options),
    };
    let (table, problems) = match read {
        Ok(()) => (builder.finish(), Vec::new()),
        Err(error) => (RunTable::default(), vec![error]),
    };
    Surveyed { path: name.to_owned(), tool: None, runs: Vec::new(), metrics: Vec::new(), table, problems }
}

/// Summaries of the runs read so far.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) runs: Vec<RunSummary>,
    pub(crate) metrics: Vec<String>,
    index: rustc_hash::FxHashMap<String, usize>,
}

impl Survey {
    /// Takes a run whose curves are in order.
    pub(crate) fn add(&mut self, run: &Run) {
        let mut curves = Vec::new();
        for (name, series) in run.metrics.iter() {
            let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else { continue };
            let metric = match self.index.get(name) {
                Some(&metric) => metric,
                None => {
                    self.index.insert(name.to_owned(), self.metrics.len());
                    self.metrics.push(name.to_owned());
                    self.metrics.len() - 1
                }
            };
            let finite = || series.points.iter().map(|point| point.value).filter(|value| value.is_finite());
            curves.push(Curve {
                metric,
                values: series.points.len(),
                not_finite: series.points.len() - finite().count(),
                first_step: first.step,
                last_step: last.step,
                low: finite().fold(f64::NAN, f64::min),
                high: finite().fold(f64::NAN, f64::max),
                last: last.value,
            });
        }
        self.runs.push(RunSummary {
            name: if run.name.is_empty() { run.id.clone() } else { run.name.clone() },
            id: run.id.clone(),
            path: run.path.clone(),
            state: run.state.name(),
            is_cut: run.is_cut,
            settings: run.config.iter().count(),
            curves,
        });
    }
}

impl Surveyed {
    /// What reading noticed about the runs.
    pub fn notes(&self) -> &[Note] {
        self.table.notes()
    }
}
