//! Predictions as text and CSV.

use isoflop_fit::{Parts, Prediction};
use isoflop_study::Points;

use crate::errors::{CliError, Failure};
use crate::output::number::{coverage, factor, percent, significant, size, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// What an interval is made of.
pub(crate) const PARTS: [&str; 5] = ["parameters", "noise", "misfit", "choice", "law"];
/// Most points whose forecasts by each law fit on a line.
const SHOWN_POINTS: usize = 6;
/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;

/// The law and an aligned table for each of its outputs.
pub(crate) fn text(formula: &str, outputs: &[Points<'_>]) -> String {
    let law = outputs.first().map_or("formula", |points| points.law);
    let title = if law == "formula" { String::new() } else { paint(style::BOLD, law) + "  " };
    let tables: Vec<String> = outputs.iter().map(|points| table(points).render(0) + &laws(points)).collect();
    format!("{title}{formula}\n{}", tables.join("\n"))
}

/// What each law that shares the forecasts says, one column for each point; nothing if there are no others.
fn laws(points: &Points<'_>) -> String {
    let Some(first) = points.predictions.first().filter(|p| !p.laws.is_empty()) else { return String::new() };
    let shown = points.predictions.len().min(SHOWN_POINTS);
    let mut table = Table::new([Align::Left]);
    let head = |(k, _)| if shown == 1 { points.output().to_owned() } else { format!("point {}", k + 1) };
    let heads = ["laws that share the forecast".to_owned(), "weight".to_owned()].into_iter();
    let heads = heads.chain(points.predictions.iter().take(shown).enumerate().map(head));
    table.row(heads.map(|text| styled(style::DIM, text)));
    for (k, law) in first.laws.iter().enumerate() {
        let mut cells: Vec<Cell> = vec![law.law.as_str().into(), percent(law.weight).into()];
        cells.extend(points.predictions.iter().take(shown).map(|p| {
            let value = p.laws.get(k).and_then(|law| law.estimate);
            Cell::from(value.map_or_else(|| "no value".to_owned(), |value| significant(value, DIGITS)))
        }));
        table.row(cells);
    }
    format!("\n{}", table.render(0))
}

/// Whether other laws were weighed, so that their part is worth a column.
fn has_laws(points: &Points<'_>) -> bool {
    points.predictions.iter().any(|p| p.parts.as_ref().is_some_and(|parts| parts.law.is_some()))
}

/// The table alone: inputs, estimate, interval, distance from the runs.
pub(crate) fn table(points: &Points<'_>) -> Table {
    let mut table = Table::new([]);
    let Some((point, prediction)) = points.rows().next() else { return table };
    let mut head: Vec<Cell> = prediction.inputs.iter().map(|(name, _)| styled(style::DIM, name)).collect();
    head.extend(point.texts.iter().map(|(name, _)| styled(style::DIM, name)));
    head.push(styled(style::DIM, points.output()));
    let has_intervals = points.predictions.iter().any(|p| p.low.is_some());
    if has_intervals {
        head.push(styled(style::DIM, format!("{} interval of a run", coverage(points.level))));
    }
    let shown_parts = if has_laws(points) { PARTS.len() } else { PARTS.len() - 1 };
    let has_parts = points.predictions.iter().any(|p| p.parts.is_some());
    if has_parts {
        head.extend(PARTS.iter().take(shown_parts).map(|name| styled(style::DIM, *name)));
    }
    head.push(styled(style::DIM, "beyond the runs"));
    table.row(head);
    for (point, prediction) in points.rows() {
        let mut cells: Vec<Cell> = prediction.inputs.iter().map(|(_, value)| size(*value).into()).collect();
        cells.extend(point.texts.iter().map(|(_, text)| Cell::from(text.as_str())));
        let ends = prediction.low.zip(prediction.high);
        let places = ends.and_then(|(low, high)| supported_places(low, high));
        let shown = |value: f64| places.map_or_else(|| significant(value, DIGITS), |p| to_places(value, p));
        cells.push(styled(style::BOLD, shown(prediction.estimate)));
        if has_intervals {
            let interval = ends.map(|(low, high)| format!("{} … {}", shown(low), shown(high)));
            cells.push(interval.unwrap_or_default().into());
        }
        if has_parts {
            let parts = prediction.parts.as_ref().map_or_else(Default::default, parts);
            cells.extend(parts.into_iter().take(shown_parts).map(Cell::from));
        }
        cells.push(beyond(points, prediction));
        table.row(cells);
    }
    table
}

/// `±0.012` for each of [`PARTS`]; a dash where it is not known.
pub(crate) fn parts(parts: &Parts) -> [String; 5] {
    [parts.parameters, Some(parts.noise), parts.misfit, parts.choice, parts.law]
        .map(|half| half.map_or_else(|| "-".to_owned(), |half| format!("±{}", significant(half, 2))))
}

/// `N 4.3 times above`, or that the point is inside.
fn beyond(points: &Points<'_>, point: &Prediction) -> Cell {
    let outside: Vec<String> = point
        .extrapolation
        .iter()
        .filter(|(_, ratio)| *ratio != 1.0)
        .map(|(name, ratio)| {
            let range = points.fit.ranges.iter().find(|range| range.name == *name);
            let value = point.inputs.iter().find(|(input, _)| input == name).map(|(_, value)| *value);
            let is_above = range.zip(value).is_some_and(|(range, value)| value > range.high);
            format!("{name} {} times {}", factor(*ratio), if is_above { "above" } else { "below" })
        })
        .collect();
    let furthest = point.extrapolation.iter().map(|(_, ratio)| *ratio).fold(1.0, f64::max);
    let together = point.beyond.filter(|ratio| *ratio > 1.01 * furthest);
    let outside: Vec<String> = outside
        .into_iter()
        .chain(together.map(|ratio| format!("together {} times", factor(ratio))))
        .collect();
    if outside.is_empty() { styled(style::DIM, "inside") } else { styled(style::WARN, outside.join(", ")) }
}

/// One line per point with full precision; empty cells where there is no interval. With several outputs the first column
/// says which one.
pub(crate) fn csv(outputs: &[Points<'_>]) -> Result<String, Failure> {
    let fail = |error: &dyn std::fmt::Display| Failure::from(CliError::Stdout { reason: error.to_string() });
    let mut writer = csv::Writer::from_writer(Vec::new());
    let several = outputs.len() > 1;
    if let Some((point, first)) = outputs.first().and_then(|points| points.rows().next()) {
        let output = several.then(|| "output".to_owned()).into_iter();
        let inputs = first.inputs.iter().map(|(name, _)| name.clone());
        let texts = point.texts.iter().map(|(name, _)| name.clone());
        let ends = ["estimate", "low", "high"].map(str::to_owned);
        let ratios = first.extrapolation.iter().map(|(name, _)| format!("extrapolation_{name}"));
        let parts = PARTS.map(|name| format!("part_{name}"));
        writer
            .write_record(output.chain(inputs).chain(texts).chain(ends).chain(ratios).chain(parts))
            .map_err(|e| fail(&e))?;
    }
    for (points, (point, p)) in outputs.iter().flat_map(|points| points.rows().map(move |row| (points, row)))
    {
        let output = several.then(|| points.output().to_owned()).into_iter();
        let text =
            |value: Option<f64>| value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string());
        let inputs = p.inputs.iter().map(|(_, value)| text(Some(*value)));
        let texts = point.texts.iter().map(|(_, text)| text.clone());
        let ends = [Some(p.estimate), p.low, p.high].map(text);
        let ratios = p.extrapolation.iter().map(|(_, ratio)| text(Some(*ratio)));
        let parts = p.parts.as_ref();
        let parts = [
            parts.and_then(|parts| parts.parameters),
            parts.map(|parts| parts.noise),
            parts.and_then(|parts| parts.misfit),
            parts.and_then(|parts| parts.choice),
            parts.and_then(|parts| parts.law),
        ];
        let parts = parts.map(text);
        writer
            .write_record(output.chain(inputs).chain(texts).chain(ends).chain(ratios).chain(parts))
            .map_err(|e| fail(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| fail(&e))?;
    String::from_utf8(bytes).map_err(|e| fail(&e))
}
