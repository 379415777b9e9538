//! What a run table can do for each law of the catalogue: which columns it lacks, and what a quick fit says of the rest.

use isoflop_fit::{FitOptions, Objective, Verdict};
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{Mapping, RunTable};

use crate::bind::{Wish, bind};

/// What a table can do for a law.
pub struct Chance<'a> {
    /// The law.
    pub law: &'a Law,
    /// Columns that the table lacks; none for a law that can be fitted.
    pub missing: Vec<String>,
    /// What a fit without intervals says, or why there is none.
    pub fitted: Option<Result<QuickFit, String>>,
}

/// A quick fit.
pub struct QuickFit {
    /// Whether it is certified.
    pub verdict: Verdict,
    /// The first reason against certification.
    pub reason: Option<String>,
    /// Free parameters.
    pub parameters: usize,
    /// Rows that could be used.
    pub rows: usize,
    /// Root mean square of the log residuals.
    pub rmse_log: Option<f64>,
}

impl Chance<'_> {
    /// Whether the table has all columns and determines every parameter.
    pub fn is_identified(&self) -> bool {
        matches!(&self.fitted, Some(Ok(fitted)) if fitted.verdict != Verdict::NotCertified)
    }
}

/// Every law: first those that the table identifies, best fit first, then those it has the columns of, then by the
/// number of columns that it lacks.
pub fn chances<'a>(catalogue: &'a Catalogue, table: &RunTable, mapping: &Mapping) -> Vec<Chance<'a>> {
    let names: Vec<String> = table.columns().map(|(name, _)| name.to_owned()).collect();
    let mut chances = Vec::new();
    for law in catalogue.laws() {
        let missing = missing(law, table, mapping);
        let fitted = missing.is_empty().then(|| quick_fit(law, table, mapping, &names));
        chances.push(Chance { law, missing, fitted });
    }
    let quality = |chance: &Chance<'_>| match &chance.fitted {
        Some(Ok(fitted)) => fitted.rmse_log.unwrap_or(f64::INFINITY),
        _ => f64::INFINITY,
    };
    chances.sort_by(|a, b| {
        let key = |c: &Chance<'_>| (!c.is_identified(), c.missing.len());
        key(a).cmp(&key(b)).then(quality(a).total_cmp(&quality(b)))
    });
    chances
}

/// Columns that the table lacks for a law.
pub fn missing(law: &Law, table: &RunTable, mapping: &Mapping) -> Vec<String> {
    let mut missing = Vec::new();
    for input in law.inputs.iter().chain(law.outputs()) {
        let wanted = match &input.set {
            // A set is there if the table has any column of it.
            Some(set) if table.columns().any(|(name, _)| name.starts_with(&set.prefix)) => continue,
            Some(set) => format!("{}*", set.prefix),
            None => input.name.clone(),
        };
        if mapping.resolve(table, &wanted).is_err() {
            missing.push(wanted);
        }
    }
    missing
}

fn quick_fit(law: &Law, table: &RunTable, mapping: &Mapping, names: &[String]) -> Result<QuickFit, String> {
    let law = law.over(names.iter().map(String::as_str)).map_err(|errors| errors.to_string())?;
    let objective = Objective::recommended(&law).map_err(|error| error.to_string())?;
    let wish = Wish { objective, weight: None, cluster: None, also: &[], levels: &[] };
    let bound = bind(law.formula(), table, mapping, wish).map_err(|failure| failure.first_line())?;
    let options =
        FitOptions { objective: Some(objective), bootstrap: 0, choices: false, ..FitOptions::default() };
    let fit = isoflop_fit::fit(&law, &bound.data, &options, &()).map_err(|error| error.to_string())?;
    Ok(QuickFit {
        verdict: fit.certificate.verdict,
        reason: fit.certificate.reasons.first().cloned(),
        parameters: fit.parameters.iter().filter(|p| !p.fixed).count(),
        rows: fit.rows,
        rmse_log: fit.rmse_log,
    })
}
