//! What a reviewer asks, on a table: methods side by side, two recipes, influence of runs, an audit.

use isoflop_audit::{
    Audit, AuditError, Columns, Contrast, ContrastOptions, InfluenceOptions, Influences, Methods,
    MethodsOptions, Sharing, Subject, audit, contrast, influence, methods,
};
use isoflop_fit::{Data, Fit, FitOptions, Objective, Progress};
use isoflop_formula::Formula;
use isoflop_laws::Law;
use isoflop_runs::Column;

use crate::bind::{Bound, Wish, bind};
use crate::counting::conventions;
use crate::error::StudyError;
use crate::job::Rows;
use crate::note::Listener;
use crate::outputs::one_output;
use crate::pool::with_threads;
use crate::study::Study;

/// An answer with the law and the place of each row.
#[derive(Debug)]
pub struct Reviewed<T> {
    /// The law.
    pub law: Law,
    /// Where each row came from.
    pub places: Vec<String>,
    /// The answer.
    pub answer: T,
}

/// An audit with all that a report needs to repeat the fit.
#[derive(Debug)]
pub struct Audited {
    /// The findings.
    pub audit: Audit,
    /// The fit that was audited.
    pub fit: Fit,
    /// The formula of the law with the changes of the request.
    pub formula: Formula,
    /// What was minimised.
    pub objective: Objective,
    /// How it was fitted.
    pub options: FitOptions,
    /// What became of the rows.
    pub rows: Rows,
    /// Which column stands for each name, in words.
    pub columns: Vec<String>,
    /// SHA-256 over the columns used.
    pub digest: String,
}

impl Study {
    /// The options of a fit of `law` as the request says.
    fn fit_options(&self, law: &Law) -> Result<FitOptions, StudyError> {
        Ok(FitOptions {
            interval: isoflop_fit::IntervalOptions::default(),
            objective: Some(self.request.objective(law)?),
            starts: self.request.starts.parse()?,
            bootstrap: self.request.bootstrap,
            level: self.request.level,
            seed: self.request.seed,
            choices: false,
            overrides: self.request.changes.overrides()?,
        })
    }

    /// The cluster column asked for, else the one of runs with several rows.
    fn cluster(&self) -> Option<&str> {
        self.request.cluster.as_deref().or_else(|| self.table.runs_column())
    }
}

/// All approaches to the compute-optimal size on one table. Runs whose compute differs by less than the share `tolerance`
/// share a budget; `at` are the budgets in FLOP at which N* is wanted.
///
/// # Errors
/// A law or columns that do not exist; what [`isoflop_audit::methods`] refuses.
pub fn methods_of(
    study: &Study,
    law: &str,
    tolerance: f64,
    at: &[f64],
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Reviewed<Methods>, StudyError> {
    let law = reviewed_law(study, law, notes)?;
    let fit = study.fit_options(&law)?;
    let has_compute = study.mapping.resolve(&study.table, "C").is_ok();
    let objective = study.request.objective(&law)?;
    let entries = study.bind(vec![(law.clone(), objective)], has_compute.then_some("C"), None, notes)?;
    let Some(entry) = entries.laws.first() else { return Err(StudyError::NoRows { reasons: Vec::new() }) };
    let column = |name: &str| {
        let place = entry.formula.symbols.inputs.iter().position(|i| i.name == name);
        place.map(|k| entry.data.inputs[k].clone()).unwrap_or_default()
    };
    let compute: Vec<f64> = if has_compute {
        entries.by.clone()
    } else {
        notes.info("no column for compute: C = 6 N D");
        column("N").iter().zip(column("D")).map(|(n, d)| 6.0 * n * d).collect()
    };
    let options = MethodsOptions { fit, tolerance, at: at.to_vec() };
    let answer =
        with_threads(study.request.threads, || methods(&law, &entry.data, &compute, &options, progress))??;
    Ok(Reviewed { law, places: entries.places, answer })
}

/// Two recipes, which the column `arm` tells apart.
///
/// # Errors
/// A law or columns that do not exist; what [`isoflop_audit::contrast`] refuses.
#[allow(clippy::too_many_arguments)]
pub fn contrast_of(
    study: &Study,
    law: &str,
    arm: &str,
    between: Option<[String; 2]>,
    sharing: Sharing,
    reach: f64,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Reviewed<Contrast>, StudyError> {
    let law = reviewed_law(study, law, notes)?;
    let fit = study.fit_options(&law)?;
    let objective = study.request.objective(&law)?;
    let entries = study.bind(vec![(law.clone(), objective)], None, Some(arm), notes)?;
    let (Some(entry), Some(group)) = (entries.laws.first(), &entries.group) else {
        return Err(StudyError::NoRows { reasons: Vec::new() });
    };
    let options = ContrastOptions { fit, between, sharing, reach, ..ContrastOptions::default() };
    let answer =
        with_threads(study.request.threads, || contrast(&law, &entry.data, group, &options, progress))??;
    Ok(Reviewed { law, places: entries.places, answer })
}

/// Which runs and choices decide a fit. `together` runs are left out at once; `budget` is that of the decision in FLOP.
///
/// # Errors
/// A law or columns that do not exist; what [`isoflop_audit::influence`] refuses.
pub fn influence_of(
    study: &Study,
    law: &str,
    budget: Option<f64>,
    together: usize,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Reviewed<Influences>, StudyError> {
    let law = reviewed_law(study, law, notes)?;
    let fit = study.fit_options(&law)?;
    let objective = study.request.objective(&law)?;
    let entries = study.bind(vec![(law.clone(), objective)], None, None, notes)?;
    let Some(entry) = entries.laws.first() else { return Err(StudyError::NoRows { reasons: Vec::new() }) };
    let conventions = conventions(study, &entry.formula, objective, entry.data.rows())?;
    let options = InfluenceOptions { fit, budget, together, choices: true };
    let answer = with_threads(study.request.threads, || {
        influence(&law, &entry.data, &conventions, &options, progress)
    })??;
    Ok(Reviewed { law, places: entries.places, answer })
}

/// The law of this name, if its rows are runs.
fn reviewed_law(study: &Study, name: &str, notes: &dyn Listener) -> Result<Law, StudyError> {
    let law = study.law(name, notes)?;
    one_output(&law, "a review")?;
    if law.formula().symbols.look_back() {
        return Err(AuditError::LooksBack { law: law.id }.into());
    }
    Ok(law)
}

/// Fits `law` as the request says and audits the fit. `budget` is the compute in FLOP that it shall forecast.
///
/// # Errors
/// A law or columns that do not exist; whatever the fitter refuses.
pub fn audit_of(
    study: &Study,
    law: &str,
    budget: Option<f64>,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Reviewed<Audited>, StudyError> {
    let law = reviewed_law(study, law, notes)?;
    let options = study.fit_options(&law)?;
    let objective = study.request.objective(&law)?;
    let formula = isoflop_fit::overridden(&law, &options.overrides)?;
    let wish = Wish {
        objective,
        weight: study.request.weight.as_deref(),
        cluster: study.cluster(),
        also: &[],
        levels: &[],
    };
    let Bound { data, selected, digest, .. } = bind(&formula, &study.table, &study.mapping, wish)?;
    for dropped in &selected.dropped {
        notes.warning(&dropped.to_string());
    }
    let mut rows = Rows::of(&study.table);
    rows.take(&selected);
    rows.filtered = rows.sources.iter().map(|s| s.1).sum::<usize>().saturating_sub(study.table.rows());
    let kept: Vec<usize> = (0..selected.rows()).map(|row| selected.table_row(row)).collect();
    let columns = columns_of(study, &kept);
    let (fit, audit) = with_threads(study.request.threads, || -> Result<(Fit, Audit), StudyError> {
        let fit = isoflop_fit::fit(&law, &data, &options, progress)?;
        let subject = Subject {
            law: &law,
            formula: &formula,
            data: &data,
            fit: &fit,
            objective,
            options: &options,
            columns: &columns,
            budget,
        };
        let found = audit(&subject, progress)?;
        Ok((fit, found))
    })??;
    let places = kept.iter().map(|&row| study.table.place(row).to_string()).collect();
    let told = roles(study, &formula, &data);
    let answer = Audited { audit, fit, formula, objective, options, rows, columns: told, digest };
    Ok(Reviewed { law, places, answer })
}

/// Which column stands for each input of the law.
fn roles(study: &Study, formula: &Formula, data: &Data) -> Vec<String> {
    let name = |name: &str| match study.mapping.binding(name) {
        Some(binding) if binding.column != name => format!("{name} = {}", binding.column),
        _ => name.to_owned(),
    };
    debug_assert_eq!(data.inputs.len(), formula.symbols.inputs.len());
    formula.symbols.inputs.iter().map(|input| name(&input.name)).collect()
}

/// Every column of the table on the rows of the fit; columns that stand for a role also under its name.
fn columns_of(study: &Study, kept: &[usize]) -> Columns {
    let mut columns = Columns::default();
    let own = study.table.columns().map(|(name, column)| (name.to_owned(), column));
    let bound = study.mapping.bindings().iter().filter(|b| b.name != b.column);
    let bound = bound.filter_map(|b| Some((b.name.clone(), study.table.column(&b.column)?)));
    for (name, column) in bound.chain(own) {
        match column {
            Column::Numbers(numbers) => {
                columns.numbers.push((name, kept.iter().map(|&r| numbers.values[r]).collect()));
            }
            Column::Text(text) => {
                let cell = |&row: &usize| text.get(row).unwrap_or_default().to_owned();
                columns.texts.push((name, kept.iter().map(cell).collect()));
            }
        }
    }
    columns
}
