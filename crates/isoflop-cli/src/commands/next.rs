//! `isoflop next`.

use std::path::Path;

use isoflop_fit::{Fit, Group};
use isoflop_formula::{InputKind, parse_number};
use isoflop_laws::{Catalogue, Law};
use isoflop_plan::{Goal, Model, NextRequest, Past, next};
use isoflop_study::{
    Finished, Listener, StudyError, assignment, catalogue, fit_table, model, read_table, with_threads,
};

use crate::args::{Format, NextArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Tokens per parameter of runs that are proposed unless --keep says otherwise.
const SENSIBLE: [&str; 2] = ["D >= 2*N", "D <= 500*N"];
/// Bootstrap replicates of the fit for each one that the design is averaged over: some end where nothing can be said.
const REPLICATES: usize = 4;

/// The law with its values and the runs behind it.
struct Start {
    law: Law,
    model: Model,
    past: Past,
    noise: Option<f64>,
}

/// Fits what there is, and chooses the runs.
pub(crate) fn run(args: &NextArgs, messages: &Messages) -> Result<u8, Failure> {
    let catalogue = catalogue(args.folder.as_deref(), messages)?;
    let mut start = match &args.law {
        Some(name) => fitted(args, name, &catalogue, messages)?,
        None => before_any_run(args, &catalogue, messages)?,
    };
    let columns = start.model.texts();
    let (texts, numbers): (Vec<_>, Vec<_>) = args.given.iter().partition(|text| {
        text.split_once('=').is_some_and(|(name, _)| columns.iter().any(|column| column == name.trim()))
    });
    if !columns.is_empty() {
        let one = |text: &&String| assignment("--given", text, "NAME=TEXT, such as family=llama");
        start.model = start.model.at(&texts.iter().map(one).collect::<Result<Vec<_>, _>>()?)?;
    }
    let names = inputs(&start.model);
    let has = |name: &str| names.iter().any(|known| known == name);
    let cost = match &args.cost {
        Some(cost) => cost.clone(),
        None if has("N") && has("D") => "6*N*D".to_owned(),
        None if has("C") => "C".to_owned(),
        None => return Err(CliError::NoCost { law: start.model.name, inputs: names }.into()),
    };
    let mut keep = args.keep.clone();
    if keep.is_empty() && has("N") && has("D") {
        keep = SENSIBLE.map(str::to_owned).to_vec();
        messages.info(&format!("only runs with {} are considered (--keep)", keep.join(" and ")));
    }
    let noise = match (args.noise, start.noise) {
        (Some(noise), _) => noise,
        (None, Some(noise)) => {
            messages.info(&format!(
                "noise of a run: {}, the scatter of the fit (--noise)",
                output::number::percent(noise)
            ));
            noise
        }
        (None, None) => return Err(CliError::NoNoise { why: no_noise(args) }.into()),
    };
    let mut goals = Vec::new();
    for text in &args.goals {
        goals.push(match text.trim().strip_prefix("against ") {
            Some(rival) => {
                Goal::Doubt { rival: Box::new(rival_of(args, rival.trim(), &catalogue, messages)?) }
            }
            None => Goal::parse(text, &start.law)?,
        });
    }
    let request = NextRequest {
        goals,
        budget: args.budget,
        cost,
        limits: args.limits.iter().map(|text| limit(text)).collect::<Result<_, _>>()?,
        given: numbers.into_iter().map(|text| given(text)).collect::<Result<_, _>>()?,
        keep,
        largest: args.largest.unwrap_or(f64::INFINITY),
        runs: args.runs_at_most,
        repeats: args.repeats,
        candidates: args.candidates,
        noise,
        level: args.study.table.level,
        draws: args.draws,
    };
    let mut found = with_threads(args.study.table.threads, || next(&start.model, &start.past, &request))??;
    for (outlook, text) in found.outlooks.iter_mut().zip(&args.goals) {
        outlook.name.clone_from(text);
    }
    for warning in &found.warnings {
        messages.warning(&warning.message);
    }
    match args.study.format {
        Format::Text => output::print(&output::next::text(&start.model, &request, &found, start.past.rows))?,
        Format::Json => {
            output::print_json(&output::next::json(&start.model, &request, &found, start.past.rows))?
        }
    }
    Ok(0)
}

fn no_noise(args: &NextArgs) -> &'static str {
    if args.law.is_some() { "; the runs do not say it" } else { "; without runs it is not known" }
}

/// The law fitted to the runs.
fn fitted(args: &NextArgs, name: &str, catalogue: &Catalogue, messages: &Messages) -> Result<Start, Failure> {
    let done = fit(args, name, args.draws * REPLICATES, catalogue, messages)?;
    let (rows, fit) = (done.data.rows(), &done.fit);
    let free = fit.parameters.iter().filter(|p| !p.fixed).count();
    let scatter =
        if fit.objective.name == "squares-log" { fit.rmse_log } else { middle_scatter(fit).or(fit.rmse_log) };
    // The fit took a share of the scatter.
    let noise =
        scatter.filter(|_| rows > free).map(|size| size * (rows as f64 / (rows - free) as f64).sqrt());
    let mut model = Model::from_fit(&done.saved(Vec::new()))?;
    for warning in std::mem::take(&mut model.warnings) {
        messages.warning(&warning);
    }
    let kept = rows_of_level(args, &done);
    if kept.len() < rows {
        messages.info(&format!(
            "{} of {rows} runs have the given texts; the others are left out of account",
            kept.len()
        ));
    }
    let picked = |column: &Vec<f64>| kept.iter().filter_map(|&row| column.get(row).copied()).collect();
    let past = Past { columns: done.data.inputs.iter().map(picked).collect(), rows: kept.len() };
    Ok(Start { law: done.law, model, past, noise: noise.filter(|noise| *noise > 0.0) })
}

/// Rows of the runs with the texts of `--given`: what other levels say about parameters that they share is not counted.
fn rows_of_level(args: &NextArgs, done: &Finished) -> Vec<usize> {
    let given = |column: &str| {
        let texts = args.given.iter().filter_map(|text| text.split_once('='));
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

fn fit(
    args: &NextArgs,
    name: &str,
    bootstrap: usize,
    catalogue: &Catalogue,
    messages: &Messages,
) -> Result<Finished, Failure> {
    let mut request = args.study.request(Default::default(), bootstrap);
    request.law = Some(name.to_owned());
    let table =
        read_table(&args.study.runs, &args.study.table.reading.options(&args.study.table.maps)?, messages)?;
    Ok(fit_table(table, &request, catalogue, messages, &Bar::new(messages))?)
}

/// A law with coefficients from elsewhere.
fn before_any_run(args: &NextArgs, catalogue: &Catalogue, messages: &Messages) -> Result<Start, Failure> {
    let [what] = args.study.runs.as_slice() else {
        return Err(CliError::OneLaw { given: args.study.runs.clone() }.into());
    };
    if Path::new(what).exists() {
        return Err(CliError::NextNeedsLaw { path: what.clone() }.into());
    }
    let model = model(what, args.folder.as_deref(), messages)?;
    let law = catalogue.find(what.split([':', '@']).next().unwrap_or(what))?.clone();
    Ok(Start { law, model, past: Past::default(), noise: None })
}

/// The other law of `--goal 'against LAW'`: fitted to the same runs, or with its own coefficients.
fn rival_of(
    args: &NextArgs,
    name: &str,
    catalogue: &Catalogue,
    messages: &Messages,
) -> Result<Model, Failure> {
    let known = name.contains(['@', ':']);
    Ok(match args.law {
        Some(_) if !known => {
            Model::from_fit(&fit(args, name, 0, catalogue, &messages.muted())?.saved(Vec::new()))?
        }
        _ => model(name, args.folder.as_deref(), messages)?,
    })
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
