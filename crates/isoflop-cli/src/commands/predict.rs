//! `isoflop predict`.

use std::path::Path;

use isoflop_fit::SavedFit;
use isoflop_formula::{InputKind, parse_number};
use isoflop_laws::Law;
use isoflop_runs::{Need, ReadOptions, RunTable, Selection, find_roles, parse_map};

use crate::args::{PointFormat, PredictArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::output::points::Points;

/// Beyond this ratio a prediction gets a warning.
const FAR: f64 = 10.0;
/// Level of intervals of a fit that has none of its own.
const DEFAULT_LEVEL: f64 = 0.9;

/// A point: names of inputs with values.
type Point = Vec<(String, f64)>;

/// Reads the fit and the points, and predicts.
pub(crate) fn run(args: &PredictArgs, messages: &Messages) -> Result<u8, Failure> {
    let saved = read(&args.fit)?;
    let law = saved.law()?;
    let mut points: Vec<Point> = Vec::new();
    for text in &args.points {
        points.push(parse_point(&law, text)?);
    }
    if !args.tables.is_empty() {
        points.extend(read_points(&law, args, messages)?);
    }
    if points.is_empty() {
        return Err(CliError::NoPoints { inputs: input_names(&law) }.into());
    }
    let level = args.level.or(saved.fit.interval.as_ref().map(|i| i.level)).unwrap_or(DEFAULT_LEVEL);
    let predictions = isoflop_fit::predict(&law, &saved.fit, &points, level)?;
    warn(&predictions, &saved, messages);

    let points = Points { law: &law, fit: &saved.fit, level, predictions: &predictions };
    match args.format {
        PointFormat::Text => output::print(&points.text())?,
        PointFormat::Json => output::print_json(&points.json())?,
        PointFormat::Csv => output::print(&points.csv()?)?,
    }
    Ok(0)
}

fn read(path: &Path) -> Result<SavedFit, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| CliError::CannotRead { path: name.clone(), reason: error.to_string() })?;
    let text = String::from_utf8(text).map_err(|_| CliError::BadSavedFit {
        path: name.clone(),
        reason: "this is no saved fit: it is not text".to_owned(),
    })?;
    SavedFit::from_json(&text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split_once("] ").map_or(reason.clone(), |(_, message)| message.to_owned());
        CliError::BadSavedFit { path: name, reason }.into()
    })
}

/// Names of the inputs that a point needs.
fn input_names(law: &Law) -> Vec<String> {
    let formula = law.formula();
    let output = formula.output.as_ref().map(|left| left.name.as_str());
    let inputs = formula.symbols.inputs.iter().filter(|i| i.kind == InputKind::Column && Some(i.name.as_str()) != output);
    inputs.map(|input| input.name.clone()).collect()
}

/// Reads `N=70B,D=1.4T`.
pub(crate) fn parse_point(law: &Law, text: &str) -> Result<Point, CliError> {
    const EXAMPLE: &str = "NAME=NUMBER,NAME=NUMBER, such as N=70B,D=1.4T";
    let inputs = input_names(law);
    let mut point: Point = Vec::new();
    for part in text.split(',') {
        let bad = || CliError::BadAssignment { option: "--at", text: text.to_owned(), example: EXAMPLE };
        let (name, value) = part.split_once('=').ok_or_else(bad)?;
        let (name, value) = (name.trim().to_owned(), parse_number(value).ok_or_else(bad)?);
        if !inputs.contains(&name) {
            return Err(CliError::UnknownInput { text: text.to_owned(), name, inputs });
        }
        if point.iter().any(|(other, _)| *other == name) {
            return Err(CliError::GivenTwice { text: text.to_owned(), name });
        }
        point.push((name, value));
    }
    let missing: Vec<String> =
        inputs.into_iter().filter(|name| !point.iter().any(|(given, _)| given == name)).collect();
    if missing.is_empty() { Ok(point) } else { Err(CliError::MissingInput { text: text.to_owned(), missing }) }
}

fn read_points(law: &Law, args: &PredictArgs, messages: &Messages) -> Result<Vec<Point>, Failure> {
    let table = RunTable::read(&args.tables, &ReadOptions::default())?;
    let maps = args.maps.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let mapping = find_roles(&table, &maps)?;
    let needs = input_names(law).into_iter().map(Need::finite).collect();
    let selected = table.select(&mapping, &Selection { needs, groups: Vec::new() })?;
    for dropped in &selected.dropped {
        messages.warning(&dropped.to_string());
    }
    if selected.rows() == 0 {
        let reasons = selected.dropped.iter().map(ToString::to_string).collect();
        return Err(CliError::NoRows { reasons }.into());
    }
    let point = |row: usize| -> Point {
        selected.columns.iter().filter_map(|c| Some((c.name.clone(), *c.values.get(row)?))).collect()
    };
    Ok((0..selected.rows()).map(point).collect())
}

fn warn(predictions: &[isoflop_fit::Prediction], saved: &SavedFit, messages: &Messages) {
    if predictions.iter().flat_map(|p| &p.extrapolation).any(|(_, ratio)| *ratio > FAR) {
        messages.warning(
            "some points lie more than 10 times beyond the runs: the interval covers the noise of the runs, not \
             a law that changes out there",
        );
    }
    if saved.fit.certificate.verdict == isoflop_fit::Verdict::NotCertified {
        messages.warning(&format!(
            "this fit is not certified: {}",
            saved.fit.certificate.reasons.first().map_or("see the report of the fit", String::as_str)
        ));
    }
    if predictions.iter().any(|p| p.low.is_none()) {
        messages.warning("no intervals: the fit was saved without bootstrap replicates");
    }
}
