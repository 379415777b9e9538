//! `isoflop predict`.

use isoflop_fit::{Fit, Prediction, SavedFit, Verdict};
use isoflop_formula::Formula;
use isoflop_runs::{Mapping, RunTable, find_roles, parse_map};
use isoflop_study::{
    Fitted, Listener, Point, Points, RunForecast, StudyError, all_points_json, formula_of, points_of,
    read_saved,
};

use crate::args::{PointFormat, PredictArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;

/// Beyond this ratio a prediction gets a warning.
const FAR: f64 = 10.0;
/// Level of intervals of a fit that has none of its own.
const DEFAULT_LEVEL: f64 = 0.9;

/// Reads the fit and the points, and predicts.
pub(crate) fn run(args: &PredictArgs, messages: &Messages) -> Result<u8, Failure> {
    let saved = read_saved(&args.fit)?;
    let formula = formula_of(&saved, &args.fit.display().to_string())?;
    let fitted = Fitted { formula: &formula, fit: &saved.fit };
    let level = args.level.or(saved.fit.interval.as_ref().map(|i| i.level)).unwrap_or(DEFAULT_LEVEL);
    let mut points = args.at.iter().map(|text| fitted.parse(text)).collect::<Result<Vec<_>, _>>()?;
    let outputs = fitted.outputs();
    let predictions = if formula.symbols.look_back() && !args.tables.is_empty() {
        let (table, mapping) = read_table(args)?;
        let RunForecast { points: rows, predictions, dropped } =
            fitted.predict_runs(&table, &mapping, level)?;
        dropped.iter().for_each(|dropped| messages.warning(dropped));
        if rows.is_empty() {
            return Err(StudyError::NoRows { reasons: dropped }.into());
        }
        points = rows;
        vec![predictions]
    } else {
        if !args.tables.is_empty() {
            points.extend(read_points(&fitted, args, messages)?);
        }
        if points.is_empty() {
            return Err(CliError::NoPoints { inputs: fitted.numbers() }.into());
        }
        let predict = |(formula, fit): &(Formula, Fit)| Fitted { formula, fit }.predict(&points, level);
        outputs.iter().map(predict).collect::<Result<_, _>>()?
    };
    warn(&predictions.concat(), &saved, messages);

    let mut all = Vec::new();
    for ((formula, fit), predictions) in outputs.iter().zip(&predictions) {
        all.push(Points { law: &saved.law, formula, fit, level, points: &points, predictions });
    }
    match args.format {
        PointFormat::Text => output::print(&output::points::text(&formula.text, &all))?,
        PointFormat::Json => output::print_json(&all_points_json(&formula.text, &all))?,
        PointFormat::Csv => output::print(&output::points::csv(&all)?)?,
    }
    Ok(0)
}

/// The tables of points and what their columns stand for.
fn read_table(args: &PredictArgs) -> Result<(RunTable, Mapping), Failure> {
    let table = RunTable::read(&args.tables, &args.reading.options(&args.maps)?)?;
    let maps = args.maps.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let mapping = find_roles(&table, &maps)?;
    Ok((table, mapping))
}

fn read_points(fitted: &Fitted<'_>, args: &PredictArgs, messages: &Messages) -> Result<Vec<Point>, Failure> {
    let (table, mapping) = read_table(args)?;
    let selected = fitted.select(&table, &mapping)?;
    for dropped in &selected.dropped {
        messages.warning(&dropped.to_string());
    }
    if selected.rows() == 0 {
        let reasons = selected.dropped.iter().map(ToString::to_string).collect();
        return Err(StudyError::NoRows { reasons }.into());
    }
    Ok(points_of(&selected))
}

fn warn(predictions: &[Prediction], saved: &SavedFit, messages: &Messages) {
    let misfit = saved.fit.forecast.as_ref().map(|model| &model.misfit);
    let is_far = predictions.iter().flat_map(|p| &p.extrapolation).any(|(_, ratio)| *ratio > FAR);
    match misfit {
        None if !saved.fit.outputs.is_empty() => messages.warning(
            "the intervals hold parameters and noise alone, not a law that goes wrong beyond the runs: that is learnt for \
             laws with one output",
        ),
        None if saved.fit.interval.is_some() => messages.warning(
            "the interval holds parameters and noise alone, not a law that goes wrong beyond the runs: the fit was saved \
             by an earlier version; fit again",
        ),
        Some(misfit) if misfit.cuts == 0 => messages.warning(
            "the misfit is a guess, wider than usual: the runs are too few, or of too few sizes, for a backtest within them",
        ),
        Some(_) if is_far => messages.warning(
            "some points lie more than 10 times beyond the runs: the misfit is what a backtest within the runs shows, \
             continued in proportion to the distance",
        ),
        _ => {}
    }
    if saved.fit.certificate.verdict == Verdict::NotCertified {
        messages.warning(&format!(
            "this fit is not certified: {}",
            saved.fit.certificate.reasons.first().map_or("see the report of the fit", String::as_str)
        ));
    }
    if predictions.iter().any(|p| p.low.is_none()) {
        messages.warning("no intervals: the fit was saved without bootstrap replicates");
    }
}
