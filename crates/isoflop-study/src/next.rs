//! Runs to do next: a law fitted to a table, or one with coefficients from elsewhere, and what the planner chooses.

use std::path::Path;

use isoflop_fit::{Fit, Group, Progress};
use isoflop_formula::{InputKind, parse_number};
use isoflop_laws::{Catalogue, Law};
use isoflop_plan::{Goal, Model, Next, NextRequest, Past, next};
use isoflop_runs::RunTable;

use crate::error::StudyError;
use crate::job::{Finished, fit_table};
use crate::note::Listener;
use crate::plan::{assignment, model};
use crate::pool::with_threads;
use crate::request::Request;

/// Tokens per parameter of runs that are proposed unless the user says otherwise.
const SENSIBLE: [&str; 2] = ["D >= 2*N", "D <= 500*N"];
/// Bootstrap replicates of the fit for each one that the design is averaged over: some end where nothing can be said.
const REPLICATES: usize = 4;

/// What the choice of runs starts from.
#[derive(Debug, Clone)]
pub enum Basis {
    /// Runs, to which the law of the request is fitted.
    Runs(RunTable),
    /// A law with its coefficients (`chinchilla@besiroglu`); there are no runs yet.
    Law(String),
}

/// What is asked of the next runs, as texts like those of the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct NextOptions {
    /// What is to be known better: `loss at N=70B,D=1.4T`, `regret at 1e24`, `a_opt`, `against LAW`.
    pub goals: Vec<String>,
    /// What all runs together may cost, in the unit of `cost`.
    pub budget: f64,
    /// What a run costs, as a formula of the inputs; `None` for `6*N*D` or `C`.
    pub cost: Option<String>,
    /// Where an input may lie: `N=10M..1B`.
    pub limits: Vec<String>,
    /// Inputs held at a value, `U=1B`, and texts that choose the level of a law with groups: `family=llama`.
    pub given: Vec<String>,
    /// What a run must meet; empty for what is sensible.
    pub keep: Vec<String>,
    /// What one run may cost at most.
    pub largest: Option<f64>,
    /// Runs at most.
    pub runs: usize,
    /// Runs of one configuration at most.
    pub repeats: usize,
    /// About how many configurations to choose from.
    pub candidates: usize,
    /// Standard deviation of a run around the law, as a share; `None` for that of the fit.
    pub noise: Option<f64>,
    /// Replicates of the fit over which the design is averaged.
    pub draws: usize,
}

impl Default for NextOptions {
    fn default() -> Self {
        NextOptions {
            goals: Vec::new(),
            budget: f64::NAN,
            cost: None,
            limits: Vec::new(),
            given: Vec::new(),
            keep: Vec::new(),
            largest: None,
            runs: 24,
            repeats: 3,
            candidates: 2500,
            noise: None,
            draws: 8,
        }
    }
}

/// Chosen runs, with the law and the request that they were chosen for.
#[derive(Debug)]
pub struct NextRuns {
    /// The law with its values.
    pub model: Model,
    /// What was asked, with every default filled in.
    pub request: NextRequest,
    /// The answer.
    pub next: Next,
    /// Runs behind the law.
    pub past: usize,
}

/// The law with its values and the runs behind it.
struct Start {
    law: Law,
    model: Model,
    past: Past,
    noise: Option<f64>,
}

/// Chooses the runs that serve the goals best within the budget. `request` says how the law is fitted to the runs; of it
/// only the level and the threads count without runs. `folder` holds law files of the user's, which `catalogue` knows.
///
/// # Errors
/// A law or columns that do not exist, goals that have no meaning, no cost or noise where they cannot be guessed; what
/// the fitter and [`isoflop_plan::next`] refuse.
pub fn next_of(
    basis: Basis,
    request: &Request,
    options: &NextOptions,
    folder: Option<&Path>,
    catalogue: &Catalogue,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<NextRuns, StudyError> {
    let table = match &basis {
        Basis::Runs(table) => Some(table.clone()),
        Basis::Law(_) => None,
    };
    let mut start = match basis {
        Basis::Runs(table) => {
            let request = Request { bootstrap: options.draws * REPLICATES, ..request.clone() };
            fitted(fit_table(table, &request, catalogue, notes, progress)?, &options.given, notes)?
        }
        Basis::Law(what) => {
            let model = model(&what, folder, notes)?;
            let law = catalogue.find(what.split([':', '@']).next().unwrap_or(&what))?.clone();
            Start { law, model, past: Past::default(), noise: None }
        }
    };
    let columns = start.model.texts();
    let (texts, numbers): (Vec<_>, Vec<_>) = options.given.iter().partition(|text| {
        text.split_once('=').is_some_and(|(name, _)| columns.iter().any(|column| column == name.trim()))
    });
    if !columns.is_empty() {
        let one = |text: &&String| assignment("--given", text, "NAME=TEXT, such as family=llama");
        start.model = start.model.at(&texts.iter().map(one).collect::<Result<Vec<_>, _>>()?)?;
    }
    let names = inputs(&start.model);
    let has = |name: &str| names.iter().any(|known| known == name);
    let cost = match &options.cost {
        Some(cost) => cost.clone(),
        None if has("N") && has("D") => "6*N*D".to_owned(),
        None if has("C") => "C".to_owned(),
        None => return Err(StudyError::NoCost { law: start.model.name, inputs: names }),
    };
    let mut keep = options.keep.clone();
    if keep.is_empty() && has("N") && has("D") {
        keep = SENSIBLE.map(str::to_owned).to_vec();
        notes.info(&format!("only runs with {} are considered (--keep)", keep.join(" and ")));
    }
    let noise = match (options.noise, start.noise) {
        (Some(noise), _) => noise,
        (None, Some(noise)) => {
            let digits = if noise < 0.001 { 3 } else { 1 };
            notes.info(&format!(
                "noise of a run: {:.digits$} %, the scatter of the fit (--noise)",
                100.0 * noise
            ));
            noise
        }
        (None, None) => return Err(StudyError::NoNoise { has_runs: table.is_some() }),
    };
    let mut goals = Vec::new();
    for text in &options.goals {
        goals.push(match text.trim().strip_prefix("against ") {
            Some(rival) => {
                let rival = rival_of(rival.trim(), table.as_ref(), request, folder, catalogue, notes)?;
                Goal::Doubt { rival: Box::new(rival) }
            }
            None => Goal::parse(text, &start.law)?,
        });
    }
    let asked = NextRequest {
        goals,
        budget: options.budget,
        cost,
        limits: options.limits.iter().map(|text| limit(text)).collect::<Result<_, _>>()?,
        given: numbers.into_iter().map(|text| given(text)).collect::<Result<_, _>>()?,
        keep,
        largest: options.largest.unwrap_or(f64::INFINITY),
        runs: options.runs,
        repeats: options.repeats,
        candidates: options.candidates,
        noise,
        level: request.level,
        draws: options.draws,
    };
    let mut found = with_threads(request.threads, || next(&start.model, &start.past, &asked))??;
    for (outlook, text) in found.outlooks.iter_mut().zip(&options.goals) {
        outlook.name.clone_from(text);
    }
    for warning in &found.warnings {
        notes.warning(&warning.message);
    }
    Ok(NextRuns { model: start.model, request: asked, next: found, past: start.past.rows })
}

/// The law fitted to the runs; `given` has the texts of the level that is asked about.
fn fitted(done: Finished, given: &[String], notes: &dyn Listener) -> Result<Start, StudyError> {
    let (rows, fit) = (done.data.rows(), &done.fit);
    let free = fit.parameters.iter().filter(|p| !p.fixed).count();
    let scatter =
        if fit.objective.name == "squares-log" { fit.rmse_log } else { middle_scatter(fit).or(fit.rmse_log) };
    // The fit took a share of the scatter.
    let noise =
        scatter.filter(|_| rows > free).map(|size| size * (rows as f64 / (rows - free) as f64).sqrt());
    let mut model = Model::from_fit(&done.saved(Vec::new()))?;
    for warning in std::mem::take(&mut model.warnings) {
        notes.warning(&warning);
    }
    let kept = rows_of_level(given, &done);
    if kept.len() < rows {
        notes.info(&format!(
            "{} of {rows} runs have the given texts; the others are left out of account",
            kept.len()
        ));
    }
    let picked = |column: &Vec<f64>| kept.iter().filter_map(|&row| column.get(row).copied()).collect();
    let past = Past { columns: done.data.inputs.iter().map(picked).collect(), rows: kept.len() };
    Ok(Start { law: done.law, model, past, noise: noise.filter(|noise| *noise > 0.0) })
}

/// Rows of the runs with the given texts: what other levels say about parameters that they share is not counted.
fn rows_of_level(given: &[String], done: &Finished) -> Vec<usize> {
    let given = |column: &str| {
        let texts = given.iter().filter_map(|text| text.split_once('='));
        texts.into_iter().find(|(name, _)| name.trim() == column).map(|(_, text)| text.trim())
    };
    let in_group = |group: &Group, row: usize| {
        let level = group.codes.get(row).and_then(|&code| group.levels.get(code as usize));
        given(&group.column).is_none_or(|text| level.is_some_and(|level| level == text))
    };
    let compared = |k: usize, kind: &InputKind, row: usize| match kind {
        InputKind::TextEquals { column, value } => given(column).is_none_or(|text| {
            let is_it = done.data.inputs.get(k).and_then(|column| column.get(row)).is_none_or(|x| *x != 0.0);
            is_it == (text == value)
        }),
        _ => true,
    };
    let inputs = &done.formula.symbols.inputs;
    let fits = |row: &usize| {
        done.data.groups.iter().all(|group| in_group(group, *row))
            && inputs.iter().enumerate().all(|(k, input)| compared(k, &input.kind, *row))
    };
    (0..done.data.rows()).filter(fits).collect()
}

/// The standard deviation of log residuals by their median size, which a few stray runs do not move; `None` for residuals
/// on another scale.
fn middle_scatter(fit: &Fit) -> Option<f64> {
    /// Median size of a standard normal number.
    const MIDDLE: f64 = 0.674_489_750_196_081_7;
    let mut sizes: Vec<f64> = fit.residuals.iter().map(|r| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let median = sizes.get(sizes.len() / 2).filter(|_| fit.objective.name.ends_with("-log"))?;
    Some(median / MIDDLE).filter(|size| *size > 0.0)
}

/// The other law of the goal `against LAW`: fitted to the same runs, or with its own coefficients.
fn rival_of(
    name: &str,
    table: Option<&RunTable>,
    request: &Request,
    folder: Option<&Path>,
    catalogue: &Catalogue,
    notes: &dyn Listener,
) -> Result<Model, StudyError> {
    match table {
        Some(table) if !name.contains(['@', ':']) => {
            let request = Request { law: Some(name.to_owned()), bootstrap: 0, ..request.clone() };
            Ok(Model::from_fit(&fit_table(table.clone(), &request, catalogue, &(), &())?.saved(Vec::new()))?)
        }
        _ => model(name, folder, notes),
    }
}

/// Numeric inputs of the law.
fn inputs(model: &Model) -> Vec<String> {
    let output = model.formula.output.as_ref().map(|left| left.name.as_str());
    let inputs = model.formula.symbols.inputs.iter();
    let numeric = inputs.filter(|i| i.kind == InputKind::Column && Some(i.name.as_str()) != output);
    numeric.map(|input| input.name.clone()).collect()
}

/// `N=10M..1B`.
fn limit(text: &str) -> Result<(String, f64, f64), StudyError> {
    let example = "NAME=LOW..HIGH, such as N=10M..1B";
    let bad = || StudyError::BadAssignment { option: "--limit", text: text.to_owned(), example };
    let (name, range) = assignment("--limit", text, example)?;
    let (low, high) = range.split_once("..").ok_or_else(bad)?;
    let number = |text: &str| parse_number(text.trim()).ok_or_else(bad);
    Ok((name, number(low)?, number(high)?))
}

/// `U=1B`.
fn given(text: &str) -> Result<(String, f64), StudyError> {
    let example = "NAME=NUMBER, such as U=1B";
    let (name, value) = assignment("--given", text, example)?;
    let number = parse_number(&value).filter(|x| x.is_finite());
    let bad = || StudyError::BadAssignment { option: "--given", text: text.to_owned(), example };
    Ok((name, number.ok_or_else(bad)?))
}
