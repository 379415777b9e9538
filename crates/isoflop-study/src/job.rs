//! One fit from table to result.

use isoflop_fit::{
    Clusters, Data, DataDigest, Fit, FitOptions, IntervalMethod, Progress, SavedFit, WeighedLaws,
    learn_forecast, overridden,
};
use isoflop_formula::Formula;
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{DropReason, Mapping, ReadOptions, RunTable, Selected, find_roles, parse_map};

use crate::among::{Around, tell};
use crate::bind::{Bound, Wish, bind, law_of_formula, law_over};
use crate::error::StudyError;
use crate::note::{Listener, counted};
use crate::pool::with_threads;
use crate::request::Request;

/// A finished fit with all that a report needs.
#[derive(Debug)]
pub struct Finished {
    /// The law, over the columns of the table.
    pub law: Law,
    /// The formula of the law with the changes of the request applied.
    pub formula: Formula,
    /// The formula as text: as the law writes it, unless ties changed it.
    pub formula_text: String,
    /// The result.
    pub fit: Fit,
    /// How it was fitted.
    pub options: FitOptions,
    /// The rows as the fit saw them.
    pub data: Data,
    /// What became of the rows of the table.
    pub rows: Rows,
    /// Place of each influential row of the certificate.
    pub influential: Vec<String>,
    /// SHA-256 over the columns used, as hexadecimal text.
    pub digest: String,
    /// Seed of starts and replicates.
    pub seed: u64,
}

/// What became of the rows.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Rows that were fitted.
    pub used: usize,
    /// Left out because a cell cannot be used.
    pub dropped: usize,
    /// Why they were left out.
    pub reasons: Vec<Reason>,
    /// Removed by filters.
    pub filtered: usize,
    /// Files with their numbers of rows.
    pub sources: Vec<(String, usize)>,
}

/// Why some rows were left out.
#[derive(Debug, Clone)]
pub struct Reason {
    /// `missing`, `not finite` or `not positive`.
    pub reason: &'static str,
    /// The column of the cells.
    pub column: String,
    /// Rows left out.
    pub count: usize,
    /// Place and value of the first one.
    pub first: String,
}

/// Reads a run table and says how many rows each file has.
///
/// # Errors
/// Files that cannot be read as runs.
pub fn read_table(
    runs: &[String],
    options: &ReadOptions,
    notes: &dyn Listener,
) -> Result<RunTable, StudyError> {
    let table = RunTable::read(runs, options)?;
    for source in table.sources() {
        notes.info(&format!("{}: {}", source.name, counted(source.rows, "row")));
    }
    Ok(table)
}

/// Fits the law that the request names to a table.
///
/// # Errors
/// A law that does not exist or has mistakes; columns that are not there; rows that cannot be used; whatever
/// [`isoflop_fit::fit`] refuses.
pub fn fit_table(
    table: RunTable,
    request: &Request,
    catalogue: &Catalogue,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Finished, StudyError> {
    let ready = ready(table, request, catalogue, notes)?;
    let fit = with_threads(request.threads, || {
        let fit = isoflop_fit::fit(&ready.law, &ready.data, &ready.options, progress)?;
        ready.with_forecast(fit, catalogue, progress)
    })??;
    Ok(ready.finished(fit, notes))
}

/// All that a fit takes.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) law: Law,
    pub(crate) data: Data,
    pub(crate) options: FitOptions,
    pub(crate) digest: String,
    formula: Formula,
    formula_text: String,
    rows: Rows,
    table: RunTable,
    /// Row of the table of each row of the data.
    kept: Vec<usize>,
    mapping: Mapping,
    /// Laws that share the forecast: as they were asked for, and what that came to.
    among: Vec<String>,
    rivals: Vec<Law>,
}

/// Binds the law that the request names to a table.
pub(crate) fn ready(
    mut table: RunTable,
    request: &Request,
    catalogue: &Catalogue,
    notes: &dyn Listener,
) -> Result<Ready, StudyError> {
    let named = request.law.as_deref().ok_or_else(|| no_law(catalogue))?;
    let overrides = request.changes.overrides()?;
    if !request.among.is_empty() && request.bootstrap == 0 {
        return Err(StudyError::AmongWithoutIntervals);
    }
    // A wrong name must not wait for a large table.
    let known = if named.contains('~') { None } else { Some(catalogue.find(named)?.clone()) };

    let mut rows = Rows::of(&table);
    let mapping = prepare(&mut table, request, &mut rows, notes)?;
    let law = match known {
        Some(law) => law_over(&law, &table)?,
        None => {
            let law = law_of_formula(named, &table, &mapping)?;
            tell_formula(&law, notes);
            law
        }
    };
    let formula = overridden(&law, &overrides)?;
    let formula_text = if overrides.ties.is_empty() { law.formula().text.clone() } else { formula.to_text() };
    let objective = request.objective(&law)?;
    let cluster = request.cluster.as_deref().or_else(|| cluster_by_run(&table, request, notes));
    let levels: Vec<String> = request.interval.strata.iter().cloned().collect();
    let wish = Wish { objective, weight: request.weight.as_deref(), cluster, also: &[], levels: &levels };
    let bound = bind(&formula, &table, &mapping, wish)?;
    let strata = bound.levels.first().map(|group| Clusters {
        count: group.levels.len(),
        column: group.column.clone(),
        codes: group.codes.clone(),
    });
    tell_columns(&law, std::iter::once(&bound.selected).chain(&bound.further), &mapping, notes);
    for doubt in mapping.scale_doubts(&table) {
        if law.inputs.iter().chain(law.outputs()).any(|v| v.name == doubt.role.name()) {
            notes.warning(&doubt.to_string());
        }
    }
    for (selected, output) in std::iter::once(&bound.selected).chain(&bound.further).zip(formula.outputs()) {
        // A row that lacks one output may be used for another.
        let of = if bound.further.is_empty() { String::new() } else { format!("{output}: ") };
        selected.dropped.iter().for_each(|dropped| notes.warning(&format!("{of}{dropped}")));
    }
    rows.take_bound(&bound);
    notes.detail(&format!("data sha256 {}", bound.digest));

    let options = FitOptions {
        objective: Some(objective),
        starts: request.starts.parse()?,
        bootstrap: request.bootstrap,
        interval: request.interval.options(strata)?,
        level: request.level,
        seed: request.seed,
        choices: request.choices,
        overrides,
    };
    let kept = (0..bound.data.rows()).map(|row| bound.table_row(row)).collect();
    let Bound { data, digest, .. } = bound;
    let mut ready = Ready {
        law,
        data,
        options,
        digest,
        formula,
        formula_text,
        rows,
        table,
        kept,
        mapping,
        among: request.among.clone(),
        rivals: Vec::new(),
    };
    ready.rivals = ready.around(catalogue).rivals(&request.among)?;
    if !ready.rivals.is_empty() {
        notes.info(&format!("weighing {} for forecasts", counted(ready.rivals.len() + 1, "law")));
    }
    Ok(ready)
}

impl Ready {
    /// The rows that the request keeps.
    pub(crate) fn table(&self) -> &RunTable {
        &self.table
    }

    /// The fit with what its forecasts are made of, and the laws that share them.
    pub(crate) fn with_forecast(
        &self,
        mut fit: Fit,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<(Fit, Option<WeighedLaws>), StudyError> {
        if self.options.bootstrap > 0 {
            fit.forecast = learn_forecast(&self.law, &self.data, &fit, &self.options, progress)?;
        }
        let mut weighed = None;
        if let Some(model) = fit.forecast.as_mut().filter(|_| !self.rivals.is_empty()) {
            let found = self.around(catalogue).weigh(&self.rivals, progress)?;
            model.laws = found.laws.clone();
            weighed = Some(found);
        }
        Ok((fit, weighed))
    }

    fn around<'a>(&'a self, catalogue: &'a Catalogue) -> Around<'a> {
        let Ready { law, data, options, table, mapping, .. } = self;
        Around { law, data, options, table, mapping, catalogue }
    }

    /// The finished fit.
    pub(crate) fn finished(
        self,
        (fit, weighed): (Fit, Option<WeighedLaws>),
        notes: &dyn Listener,
    ) -> Finished {
        if let Some(weighed) = &weighed {
            tell(weighed, &self.among, notes);
        }
        let place = |row: usize| self.kept.get(row).map(|&row| self.table.place(row).to_string());
        let rows = fit.certificate.influential.iter();
        let influential = rows.map(|influence| place(influence.row).unwrap_or_default()).collect();
        Finished {
            seed: self.options.seed,
            law: self.law,
            formula: self.formula,
            formula_text: self.formula_text,
            fit,
            options: self.options,
            data: self.data,
            rows: self.rows,
            influential,
            digest: self.digest,
        }
    }
}

impl Rows {
    /// The rows of a table of which nothing was taken yet.
    pub fn of(table: &RunTable) -> Rows {
        let sources = table.sources().iter().map(|source| (source.name.clone(), source.rows)).collect();
        Rows { sources, ..Rows::default() }
    }

    /// Notes what of the table a fit uses, row by row of the table however many outputs a row observes.
    pub fn take_bound(&mut self, bound: &Bound<'_>) {
        self.take(&bound.selected);
        self.used = bound.used();
        self.dropped = self.dropped + bound.selected.rows() - self.used;
        for further in &bound.further {
            self.reasons.extend(reasons(further));
        }
    }

    /// Notes what a selection kept and left out.
    pub fn take(&mut self, selected: &Selected<'_>) {
        self.used = selected.rows();
        self.dropped = selected.dropped_rows();
        self.reasons = reasons(selected);
    }
}

impl Finished {
    /// The fit as it is saved; `command` is the command line that makes it again.
    pub fn saved(&self, command: Vec<String>) -> SavedFit {
        let data = DataDigest {
            sha256: self.digest.clone(),
            rows: self.rows.used,
            files: self.rows.sources.iter().map(|(name, _)| name.clone()).collect(),
        };
        SavedFit::new(&self.law.id, &self.formula, self.fit.clone(), data, self.seed, command)
    }
}

/// Finds the roles of the columns, defines the new ones and keeps the rows that the request asks for.
///
/// # Errors
/// Columns that are not there; formulas that do not compile; filters that leave no row.
pub fn prepare(
    table: &mut RunTable,
    request: &Request,
    rows: &mut Rows,
    notes: &dyn Listener,
) -> Result<Mapping, StudyError> {
    let mapping = columns(table, &request.maps, &request.lets, notes)?;
    for filter in &request.filters {
        let outcome = table.filter(&mapping, filter)?;
        rows.filtered += outcome.removed + outcome.undecided;
        for unknown in &outcome.unknown_texts {
            notes.warning(&format!("--where {filter}: {unknown}"));
        }
        if outcome.undecided > 0 {
            let removed = counted(outcome.undecided, "row");
            notes.warning(&format!(
                "--where {filter}: {removed} removed because a column that it reads is missing"
            ));
        }
        if outcome.kept == 0 {
            return Err(StudyError::FilteredAll { filter: filter.clone() });
        }
        notes.info(&format!("--where {filter}: {} kept, {} removed", outcome.kept, outcome.removed));
    }
    Ok(mapping)
}

/// Finds the roles of the columns and defines the new ones.
///
/// # Errors
/// Columns that are not there; formulas that do not compile.
pub fn columns(
    table: &mut RunTable,
    maps: &[String],
    lets: &[String],
    notes: &dyn Listener,
) -> Result<Mapping, StudyError> {
    for note in table.notes() {
        match note.is_warning() {
            true => notes.warning(&note.to_string()),
            false => notes.info(&note.to_string()),
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
fn cluster_by_run(table: &RunTable, request: &Request, notes: &dyn Listener) -> Option<&'static str> {
    let column = table.runs_column()?;
    let method = request.interval.method.as_deref().and_then(|name| name.parse::<IntervalMethod>().ok());
    if request.bootstrap > 0 && method.unwrap_or_default().uses_clusters() {
        notes.info(&format!("intervals: whole runs are resampled, as by --cluster {column}"));
    }
    Some(column)
}

/// Which columns stand for the names of the law.
fn tell_columns<'s>(
    law: &Law,
    selected: impl Iterator<Item = &'s Selected<'s>>,
    mapping: &Mapping,
    notes: &dyn Listener,
) {
    notes.info("columns:");
    let mut told: Vec<&str> = Vec::new();
    for column in selected.flat_map(|selected| &selected.columns) {
        // The place of a row in its run is in no column.
        if told.contains(&column.name.as_str()) || column.column.is_empty() {
            continue;
        }
        told.push(&column.name);
        match mapping.binding(&column.name) {
            Some(binding) if binding.name != binding.column || !binding.others.is_empty() => {
                notes.info(&format!("  {binding}"));
            }
            _ => notes.info(&format!("  {}", column.name)),
        }
    }
    if let Some(counting) = &law.counting {
        notes.detail(&format!("counting: {counting}"));
    }
}

/// Says which names of a formula are parameters.
pub(crate) fn tell_formula(law: &Law, notes: &dyn Listener) {
    let names: Vec<&str> = law.parameters.iter().map(|p| p.name.as_str()).collect();
    notes.info(&format!("free parameters: {}", names.join(", ")));
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

fn no_law(catalogue: &Catalogue) -> StudyError {
    const WELL_KNOWN: [&str; 4] = ["chinchilla", "kaplan_nd", "henighan_c", "bnsl1"];
    let known = WELL_KNOWN.iter().filter(|id| catalogue.find(id).is_ok());
    StudyError::NoLaw { some: known.map(ToString::to_string).collect() }
}
