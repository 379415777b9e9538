//! A description, a folder of tables, and the figures that come of them.

use std::path::Path;

use isoflop_formula::{Formula, InputSpec, Scope, Unit, evaluate};
use isoflop_runs::Column;

use crate::description::{Description, Figure, Quantity, Stage};
use crate::error::ReproduceError;
use crate::fitted::Fitted;
use crate::outcome::{Compared, Outcome, Status};
use crate::procedures;
use crate::steps::{Work, joined_files, prepare};

/// Reruns a result from the tables below `folder`. A missing table leaves it out; an error is part of the outcome.
pub fn run(description: &Description, folder: &Path) -> Outcome {
    let needed = description.files.iter().map(String::as_str).chain(joined_files(description));
    let missing: Vec<String> =
        needed.filter(|file| !folder.join(file).is_file()).map(str::to_owned).collect();
    let status = if !missing.is_empty() {
        Status::LeftOut { missing }
    } else {
        attempt(description, folder)
            .unwrap_or_else(|error| Status::Failed { code: error.code(), reason: error.to_string() })
    };
    Outcome { id: description.id.clone(), title: description.title.clone(), status }
}

fn attempt(description: &Description, folder: &Path) -> Result<Status, ReproduceError> {
    let mut compared = Vec::new();
    if let Some(name) = &description.procedure {
        for quantity in &description.quantity {
            let names = procedures::run(&description.id, name, &quantity.at)?;
            let ours = value(&description.id, text(quantity), &names)?;
            compared.push(figure(description, quantity, None, ours, None)?);
        }
        return Ok(Status::Done { compared, optima: Vec::new() });
    }
    let mut work = prepare(description, folder)?;
    let mut stages: Vec<Vec<Fitted>> = Vec::new();
    for (place, stage) in description.fit.iter().enumerate() {
        work.steps(&stage.steps, folder)?;
        let fits = fit_stage(stage, &work)?;
        if place + 1 < description.fit.len() {
            work = match (&stage.predict, fits.first()) {
                (Some(name), Some(fitted)) => fitted.predicted(name)?,
                _ => collect(stage, &fits)?,
            };
        }
        stages.push(fits);
    }
    for quantity in &description.quantity {
        if let Some(formula) = &quantity.mean {
            let parts = match stages.last() {
                Some(fits) => {
                    fits.iter().map(|fitted| fitted.predicted("prediction")).collect::<Result<_, _>>()?
                }
                None => vec![work.clone()],
            };
            let ours = mean(&parts, formula, quantity.on.as_deref())?;
            compared.push(figure(description, quantity, None, ours, None)?);
            continue;
        }
        let stage = quantity.stage.unwrap_or(stages.len()).saturating_sub(1);
        compared.extend(figures(description, quantity, stages.get(stage).map_or(&[], Vec::as_slice))?);
    }
    let mut optima = Vec::new();
    for fitted in stages.iter().flatten() {
        optima.extend(fitted.optimum()?);
    }
    Ok(Status::Done { compared, optima })
}

/// The fits of a stage: one, or one for each value of the column `per`.
fn fit_stage(stage: &Stage, work: &Work) -> Result<Vec<Fitted>, ReproduceError> {
    let Some(per) = &stage.per else { return Ok(vec![Fitted::new(stage, None, work.clone())?]) };
    let parts = work.parts(per)?.into_iter();
    parts.map(|(case, part)| Fitted::new(stage, Some(case), part)).collect()
}

/// The table for the next stage: one row for each fit.
fn collect(stage: &Stage, fits: &[Fitted]) -> Result<Work, ReproduceError> {
    let id = fits.first().map_or("", |fitted| &fitted.work.id);
    let case = |fitted: &Fitted| fitted.case.clone().unwrap_or_default();
    let number = |fitted: &Fitted| case(fitted).parse().ok();
    let cases: Option<Vec<f64>> = fits.iter().map(number).collect();
    let names: Vec<String> = fits.iter().map(case).collect();
    let cases =
        cases.map_or_else(|| Column::from_texts(names.iter().map(|name| Some(name.as_str()))), Column::from);
    let mut columns = vec![("case".to_owned(), cases)];
    for (name, formula) in &stage.collect {
        let cell = |fitted: &Fitted| {
            let mut names = fitted.names(None, None)?;
            names.extend(number(fitted).map(|case| ("case".to_owned(), case)));
            value(id, formula, &names)
        };
        let cells = fits.iter().map(cell).collect::<Result<Vec<f64>, _>>()?;
        columns.push((name.clone(), Column::from(cells)));
    }
    Work::of(id, columns)
}

/// A quantity over the fits of its stage: one figure for each part that has a published one, or one for the mean.
fn figures(
    description: &Description,
    quantity: &Quantity,
    fits: &[Fitted],
) -> Result<Vec<Compared>, ReproduceError> {
    let ours = |fitted: &Fitted| {
        value(
            &description.id,
            text(quantity),
            &fitted.names(quantity.on.as_deref(), quantity.each.as_deref())?,
        )
    };
    if quantity.average {
        let values = fits.iter().map(ours).collect::<Result<Vec<f64>, _>>()?;
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        return Ok(vec![figure(description, quantity, None, mean, None)?]);
    }
    let has_figure = |fitted: &&Fitted| match (&quantity.published, &fitted.case) {
        (Some(Figure::PerCase(figures)), Some(case)) => figures.contains_key(case),
        (None, _) => fitted.published.is_some(),
        _ => true,
    };
    let one = |fitted: &Fitted| {
        figure(description, quantity, fitted.case.clone(), ours(fitted)?, fitted.published.as_deref())
    };
    fits.iter().filter(has_figure).map(one).collect()
}

/// Ours beside theirs: the published figure itself, or the formula at the published coefficients.
fn figure(
    description: &Description,
    quantity: &Quantity,
    case: Option<String>,
    ours: f64,
    set: Option<&[(String, f64)]>,
) -> Result<Compared, ReproduceError> {
    let id = &description.id;
    let none = || ReproduceError::NothingPublished { id: id.clone(), quantity: quantity.name.clone() };
    let published = match (&quantity.published, set) {
        (Some(Figure::One(value)), _) => *value,
        (Some(Figure::PerCase(values)), _) => {
            *case.as_ref().and_then(|case| values.get(case)).ok_or_else(none)?
        }
        (None, Some(set)) => value(id, text(quantity), set)?,
        (None, None) => return Err(none()),
    };
    // A little more, or a difference of just half a unit could fail on rounding.
    let within = quantity.within.map(|most| (most / published).abs() * (1.0 + 1e-9));
    Ok(Compared {
        name: quantity.name.clone(),
        case,
        ours,
        published,
        tolerance: quantity.tolerance.or(within).unwrap_or_default(),
        source: quantity.source.clone().unwrap_or_else(|| description.source.clone()),
    })
}

fn text(quantity: &Quantity) -> &str {
    quantity.formula.as_deref().unwrap_or(&quantity.name)
}

/// A formula of named numbers.
fn value(id: &str, text: &str, names: &[(String, f64)]) -> Result<f64, ReproduceError> {
    let inputs = names.iter().map(|(name, _)| InputSpec::new(name, Unit::default())).collect();
    let formula = Formula::expression(text, &Scope { inputs, ..Scope::default() });
    let formula = formula.map_err(|diagnostics| ReproduceError::Formula {
        id: id.to_owned(),
        text: text.to_owned(),
        diagnostics,
    })?;
    let of = |name: &str| names.iter().find(|(known, _)| known == name).map_or(f64::NAN, |named| named.1);
    let columns: Vec<[f64; 1]> = formula.symbols.inputs.iter().map(|input| [of(&input.name)]).collect();
    let slices: Vec<&[f64]> = columns.iter().map(|column| column.as_slice()).collect();
    let mut out = [f64::NAN];
    evaluate(&formula.graph, formula.body, &slices, &[], &mut out);
    Ok(out[0])
}

/// The mean of a formula of columns over the rows of all parts.
fn mean(parts: &[Work], formula: &str, on: Option<&str>) -> Result<f64, ReproduceError> {
    const NAME: &str = "quantity_of_row";
    let mut values = Vec::new();
    for part in parts {
        let mut work = match on {
            Some(condition) => part.rows_where(condition)?,
            None => part.clone(),
        };
        let defined = work.table.define(&mut work.mapping, &format!("{NAME} = {formula}"));
        defined.map_err(|source| work.runs(source))?;
        values.extend(work.numbers(NAME)?);
    }
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}
