//! Predictions as text, JSON and CSV.

use isoflop_fit::{Fit, Prediction};
use isoflop_formula::Formula;
use serde_json::{Map, Value, json};

use crate::errors::{CliError, Failure};
use crate::output::fit_json::{object, optional};
use crate::output::number::{coverage, factor, significant, size, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Cell, Table, styled};
use crate::output::{SCHEMA_VERSION, number};
use crate::point::Point;

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;

/// Predictions with what they come from.
#[derive(Debug)]
pub(crate) struct Points<'a> {
    /// Id of the law.
    pub(crate) law: &'a str,
    pub(crate) formula: &'a Formula,
    pub(crate) fit: &'a Fit,
    pub(crate) level: f64,
    pub(crate) points: &'a [Point],
    /// One for each point.
    pub(crate) predictions: &'a [Prediction],
}

impl Points<'_> {
    /// The law and an aligned table.
    pub(crate) fn text(&self) -> String {
        let title = if self.law == "formula" { String::new() } else { paint(style::BOLD, self.law) + "  " };
        format!("{title}{}\n{}", self.formula.text, self.table().render(0))
    }

    /// The table alone: inputs, estimate, interval, distance from the runs.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new([]);
        let Some((point, prediction)) = self.rows().next() else { return table };
        let mut head: Vec<Cell> =
            prediction.inputs.iter().map(|(name, _)| styled(style::DIM, name)).collect();
        head.extend(point.texts.iter().map(|(name, _)| styled(style::DIM, name)));
        head.push(styled(style::DIM, self.output()));
        let has_intervals = self.predictions.iter().any(|p| p.low.is_some());
        if has_intervals {
            head.push(styled(style::DIM, format!("{} interval of a run", coverage(self.level))));
        }
        head.push(styled(style::DIM, "beyond the runs"));
        table.row(head);
        for (point, prediction) in self.rows() {
            let mut cells: Vec<Cell> =
                prediction.inputs.iter().map(|(_, value)| size(*value).into()).collect();
            cells.extend(point.texts.iter().map(|(_, text)| Cell::from(text.as_str())));
            let ends = prediction.low.zip(prediction.high);
            let places = ends.and_then(|(low, high)| supported_places(low, high));
            let shown =
                |value: f64| places.map_or_else(|| significant(value, DIGITS), |p| to_places(value, p));
            cells.push(styled(style::BOLD, shown(prediction.estimate)));
            if has_intervals {
                let interval = ends.map(|(low, high)| format!("{} … {}", shown(low), shown(high)));
                cells.push(interval.unwrap_or_default().into());
            }
            cells.push(self.beyond(prediction));
            table.row(cells);
        }
        table
    }

    fn rows(&self) -> impl Iterator<Item = (&Point, &Prediction)> {
        self.points.iter().zip(self.predictions)
    }

    fn output(&self) -> &str {
        self.formula.output.as_ref().map_or("output", |left| &left.name)
    }

    /// `N 4.3 times above`, or that the point is inside.
    fn beyond(&self, point: &Prediction) -> Cell {
        let outside: Vec<String> = point
            .extrapolation
            .iter()
            .filter(|(_, ratio)| *ratio != 1.0)
            .map(|(name, ratio)| {
                let range = self.fit.ranges.iter().find(|range| range.name == *name);
                let value = point.inputs.iter().find(|(input, _)| input == name).map(|(_, value)| *value);
                let is_above = range.zip(value).is_some_and(|(range, value)| value > range.high);
                format!("{name} {} times {}", factor(*ratio), if is_above { "above" } else { "below" })
            })
            .collect();
        if outside.is_empty() {
            styled(style::DIM, "inside")
        } else {
            styled(style::WARN, outside.join(", "))
        }
    }

    /// One object with all points.
    pub(crate) fn json(&self) -> Value {
        let point = |(point, p): (&Point, &Prediction)| {
            let numbers = p.inputs.iter().map(|(name, value)| (name.clone(), number(*value)));
            let texts = point.texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str())));
            json!({
                "inputs": Value::Object(numbers.chain(texts).collect::<Map<_, _>>()),
                "estimate": number(p.estimate),
                "low": optional(p.low),
                "high": optional(p.high),
                "extrapolation": object(p.extrapolation.iter().map(|(name, ratio)| (name, number(*ratio)))),
            })
        };
        json!({
            "schema_version": SCHEMA_VERSION,
            "isoflop_version": env!("CARGO_PKG_VERSION"),
            "law": self.law,
            "formula": self.formula.text,
            "output": self.output(),
            "level": number(self.level),
            "points": self.rows().map(point).collect::<Vec<_>>(),
        })
    }

    /// One line per point with full precision; empty cells where there is no interval.
    pub(crate) fn csv(&self) -> Result<String, Failure> {
        let fail =
            |error: &dyn std::fmt::Display| Failure::from(CliError::Stdout { reason: error.to_string() });
        let mut writer = csv::Writer::from_writer(Vec::new());
        if let Some((point, first)) = self.rows().next() {
            let inputs = first.inputs.iter().map(|(name, _)| name.clone());
            let texts = point.texts.iter().map(|(name, _)| name.clone());
            let ends = ["estimate", "low", "high"].map(str::to_owned);
            let ratios = first.extrapolation.iter().map(|(name, _)| format!("extrapolation_{name}"));
            writer.write_record(inputs.chain(texts).chain(ends).chain(ratios)).map_err(|e| fail(&e))?;
        }
        for (point, p) in self.rows() {
            let text = |value: Option<f64>| {
                value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string())
            };
            let inputs = p.inputs.iter().map(|(_, value)| text(Some(*value)));
            let texts = point.texts.iter().map(|(_, text)| text.clone());
            let ends = [Some(p.estimate), p.low, p.high].map(text);
            let ratios = p.extrapolation.iter().map(|(_, ratio)| text(Some(*ratio)));
            writer.write_record(inputs.chain(texts).chain(ends).chain(ratios)).map_err(|e| fail(&e))?;
        }
        let bytes = writer.into_inner().map_err(|e| fail(&e))?;
        String::from_utf8(bytes).map_err(|e| fail(&e))
    }
}
