//! One fit from table to result: the path that `fit` and `demo` share.

use isoflop_fit::{Data, DataDigest, Fit, FitOptions, Objective, Overrides, SavedFit, overridden};
use isoflop_formula::{Formula, parse_number};
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{DropReason, Mapping, RunTable, Selected, find_roles, parse_map};

use crate::args::FitArgs;
use crate::bind::{Bound, Wish, bind, law_of_formula};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output::number::counted;
use crate::progress::Bar;

/// A finished fit with all that a report needs.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) law: Law,
    /// The formula of the law with `--fix`, `--bound` and `--tie` applied.
    pub(crate) formula: Formula,
    /// The formula as text: as the law writes it, unless ties changed it.
    pub(crate) formula_text: String,
    pub(crate) fit: Fit,
    /// The rows as the fit saw them.
    pub(crate) data: Data,
    pub(crate) rows: Rows,
    /// Place of each influential row of the certificate.
    pub(crate) influential: Vec<String>,
    pub(crate) digest: String,
    pub(crate) seed: u64,
}

/// What became of the rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) used: usize,
    /// Left out because a cell cannot be used.
    pub(crate) dropped: usize,
    pub(crate) reasons: Vec<Reason>,
    /// Removed by `--where`.
    pub(crate) filtered: usize,
    /// Files with their numbers of rows.
    pub(crate) sources: Vec<(String, usize)>,
}

/// Why some rows were left out.
#[derive(Debug, Clone)]
pub(crate) struct Reason {
    pub(crate) reason: &'static str,
    pub(crate) column: String,
    pub(crate) count: usize,
    pub(crate) first: String,
}

/// Fits the law that the arguments name to a table.
pub(crate) fn run(
    mut table: RunTable,
    args: &FitArgs,
    catalogue: &Catalogue,
    messages: &Messages,
) -> Result<Finished, Failure> {
    let named = args.law.as_deref().ok_or_else(|| no_law(catalogue))?;
    let overrides = overrides(args)?;
    // A wrong name must not wait for a large table.
    let known = if named.contains('~') { None } else { Some(catalogue.find(named)?.clone()) };

    let mut rows = Rows::of(&table);
    let mapping = prepare(&mut table, args, &mut rows, messages)?;
    let law = match known {
        Some(law) => {
            let names: Vec<&str> = table.columns().map(|(name, _)| name).collect();
            law.over(names.into_iter())
                .map_err(|diagnostics| Failure::formula("--law", &law.formula().text, &diagnostics))?
        }
        None => {
            let law = law_of_formula(named, &table, &mapping)?;
            tell_formula(&law, messages);
            law
        }
    };
    let formula = overridden(&law, &overrides)?;
    let formula_text = if overrides.ties.is_empty() { law.formula().text.clone() } else { formula.to_text() };
    let objective = objective(args, &law)?;
    let cluster = args.cluster.as_deref().or_else(|| cluster_by_run(&table, messages));
    let wish = Wish { objective, weight: args.table.weight.as_deref(), cluster, also: &[], levels: &[] };
    let Bound { data, selected, digest, .. } = bind(&formula, &table, &mapping, wish)?;
    tell_columns(&law, &selected, &mapping, messages);
    for doubt in mapping.scale_doubts(&table) {
        if law.inputs.iter().chain([&law.output]).any(|v| v.name == doubt.role.name()) {
            messages.warning(&doubt.to_string());
        }
    }
    for dropped in &selected.dropped {
        messages.warning(&dropped.to_string());
    }
    rows.take(&selected);
    messages.detail(&format!("data sha256 {digest}"));

    let options = FitOptions {
        objective: Some(objective),
        starts: args.starts.parse()?,
        bootstrap: args.bootstrap,
        interval: isoflop_fit::IntervalOptions::default(),
        level: args.table.level,
        seed: args.table.seed,
        choices: true,
        overrides,
    };
    let fit = with_threads(args.table.threads, || {
        let bar = Bar::new(messages);
        isoflop_fit::fit(&law, &data, &options, &bar)
    })??;
    let place = |row: usize| table.place(selected.table_row(row)).to_string();
    let influential = fit.certificate.influential.iter().map(|influence| place(influence.row)).collect();
    Ok(Finished { law, formula, formula_text, fit, data, rows, influential, digest, seed: args.table.seed })
}

impl Rows {
    /// The rows of a table of which nothing was taken yet.
    pub(crate) fn of(table: &RunTable) -> Rows {
        let sources = table.sources().iter().map(|source| (source.name.clone(), source.rows)).collect();
        Rows { sources, ..Rows::default() }
    }

    /// Notes what a selection kept and left out.
    pub(crate) fn take(&mut self, selected: &Selected<'_>) {
        self.used = selected.rows();
        self.dropped = selected.dropped_rows();
        self.reasons = reasons(selected);
    }
}

impl Finished {
    /// The fit as it is saved.
    pub(crate) fn saved(&self, command: Vec<String>) -> SavedFit {
        let data = DataDigest {
            sha256: self.digest.clone(),
            rows: self.rows.used,
            files: self.rows.sources.iter().map(|(name, _)| name.clone()).collect(),
        };
        SavedFit::new(&self.law.id, &self.formula, self.fit.clone(), data, self.seed, command)
    }
}

/// Roles, definitions and filters.
pub(crate) fn prepare(
    table: &mut RunTable,
    args: &FitArgs,
    rows: &mut Rows,
    messages: &Messages,
) -> Result<Mapping, Failure> {
    let mapping = columns(table, &args.table.maps, &args.table.lets, messages)?;
    for filter in &args.table.filters {
        let outcome = table.filter(&mapping, filter)?;
        rows.filtered += outcome.removed + outcome.undecided;
        for unknown in &outcome.unknown_texts {
            messages.warning(&format!("--where {filter}: {unknown}"));
        }
        if outcome.undecided > 0 {
            let removed = counted(outcome.undecided, "row");
            messages.warning(&format!(
                "--where {filter}: {removed} removed because a column that it reads is missing"
            ));
        }
        if outcome.kept == 0 {
            return Err(CliError::FilteredAll { filter: filter.clone() }.into());
        }
        messages.info(&format!("--where {filter}: {} kept, {} removed", outcome.kept, outcome.removed));
    }
    Ok(mapping)
}

/// Finds the roles of the columns and defines the new ones.
pub(crate) fn columns(
    table: &mut RunTable,
    maps: &[String],
    lets: &[String],
    messages: &Messages,
) -> Result<Mapping, Failure> {
    for note in table.notes() {
        match note.is_warning() {
            true => messages.warning(&note.to_string()),
            false => messages.info(&note.to_string()),
        }
    }
    let maps = maps.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let mut mapping = find_roles(table, &maps)?;
    for definition in lets {
        table.define(&mut mapping, definition)?;
    }
    Ok(mapping)
}

/// The column of runs, if runs have several rows: points of one curve are not independent.
fn cluster_by_run(table: &RunTable, messages: &Messages) -> Option<&'static str> {
    let column = table.runs_column()?;
    messages.info(&format!("intervals: whole runs are resampled, as by --cluster {column}"));
    Some(column)
}

/// Which columns stand for the names of the law.
fn tell_columns(law: &Law, selected: &Selected<'_>, mapping: &Mapping, messages: &Messages) {
    messages.info("columns:");
    let mut told: Vec<&str> = Vec::new();
    for column in &selected.columns {
        if told.contains(&column.name.as_str()) {
            continue;
        }
        told.push(&column.name);
        match mapping.binding(&column.name) {
            Some(binding) if binding.name != binding.column || !binding.others.is_empty() => {
                messages.info(&format!("  {binding}"));
            }
            _ => messages.info(&format!("  {}", column.name)),
        }
    }
    if let Some(counting) = &law.counting {
        messages.detail(&format!("counting: {counting}"));
    }
}

pub(crate) fn tell_formula(law: &Law, messages: &Messages) {
    let names: Vec<&str> = law.parameters.iter().map(|p| p.name.as_str()).collect();
    messages.info(&format!("free parameters: {}", names.join(", ")));
}

fn reasons(selected: &Selected<'_>) -> Vec<Reason> {
    let reason = |dropped: &isoflop_runs::Dropped| Reason {
        reason: match dropped.reason {
            DropReason::Missing => "missing",
            DropReason::NotFinite => "not finite",
            DropReason::NotPositive => "not positive",
        },
        column: dropped.column.clone(),
        count: dropped.count,
        first: dropped.first.to_string(),
    };
    selected.dropped.iter().map(reason).collect()
}

fn no_law(catalogue: &Catalogue) -> CliError {
    const WELL_KNOWN: [&str; 4] = ["chinchilla", "kaplan_nd", "henighan_c", "bnsl1"];
    let known = WELL_KNOWN.iter().filter(|id| catalogue.find(id).is_ok());
    CliError::NoLaw { some: known.map(ToString::to_string).collect() }
}

/// The objective asked for, else that of the law's recipe, else the default; with `--delta`.
pub(crate) fn objective(args: &FitArgs, law: &Law) -> Result<Objective, Failure> {
    let objective = match &args.table.objective {
        Some(name) => name.parse()?,
        None => Objective::recommended(law)?,
    };
    match args.table.delta {
        None => Ok(objective),
        Some(delta) if objective.has_delta() => Ok(objective.with_delta(delta)),
        Some(_) => Err(CliError::NoDelta { objective: objective.name() }.into()),
    }
}

pub(crate) fn overrides(args: &FitArgs) -> Result<Overrides, CliError> {
    let mut overrides = Overrides::default();
    for text in &args.changes.fixed {
        let bad = || CliError::BadAssignment {
            option: "--fix",
            text: text.clone(),
            example: "NAME=NUMBER, such as E=1.69",
        };
        let (name, value) = assignment(text).ok_or_else(bad)?;
        overrides.fix.push((name, parse_number(&value).ok_or_else(bad)?));
    }
    for text in &args.changes.bounds {
        let example = "NAME=LOW..HIGH, such as alpha=0..1, E=0.. or x=..5";
        let bad = || CliError::BadAssignment { option: "--bound", text: text.clone(), example };
        let (name, range) = assignment(text).ok_or_else(bad)?;
        let (low, high) = range.split_once("..").ok_or_else(bad)?;
        let end = |text: &str, open: f64| match text.trim() {
            "" => Some(open),
            text => parse_number(text),
        };
        let low = end(low, f64::NEG_INFINITY).ok_or_else(bad)?;
        let high = end(high, f64::INFINITY).ok_or_else(bad)?;
        overrides.bounds.push((name, low, high));
    }
    for text in &args.changes.ties {
        let example = "NAME=FORMULA, such as beta=alpha";
        let bad = || CliError::BadAssignment { option: "--tie", text: text.clone(), example };
        overrides.ties.push(assignment(text).ok_or_else(bad)?);
    }
    Ok(overrides)
}

/// `name = value`, both not empty.
fn assignment(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
}

/// Does `work` on this many threads.
pub(crate) fn with_threads<T: Send>(
    threads: Option<usize>,
    work: impl FnOnce() -> T + Send,
) -> Result<T, CliError> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        builder = builder.num_threads(threads);
    }
    let pool = builder.build().map_err(|error| CliError::Threads { reason: error.to_string() })?;
    Ok(pool.install(work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn parsed(words: &[&str]) -> Result<Overrides, CliError> {
        let words = ["isoflop", "fit", "runs.csv"].iter().chain(words);
        match Cli::try_parse_from(words).map(|cli| cli.command) {
            Ok(Command::Fit(args)) => overrides(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn overrides_take_suffixes_and_open_ends() {
        let read =
            parsed(&["--fix", "A=1.5k", "--bound", "E=0..", "--bound", "x = -1..2", "--tie", "beta=2*alpha"]);
        let read = read.unwrap();
        assert_eq!(read.fix, [("A".to_owned(), 1500.0)]);
        assert_eq!(read.bounds, [("E".to_owned(), 0.0, f64::INFINITY), ("x".to_owned(), -1.0, 2.0)]);
        assert_eq!(read.ties, [("beta".to_owned(), "2*alpha".to_owned())]);
    }

    #[test]
    fn bad_overrides_are_errors() {
        for words in [["--fix", "E"], ["--fix", "E=x"], ["--bound", "E=1"], ["--tie", "=a"]] {
            assert!(parsed(&words).is_err(), "{words:?}");
        }
    }
}
