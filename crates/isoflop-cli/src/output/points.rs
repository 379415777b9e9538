//! Predictions as text, JSON and CSV.

use isoflop_fit::{Fit, Prediction};
use isoflop_laws::Law;
use serde_json::{Value, json};

use crate::errors::{CliError, Failure};
use crate::output::fit_json::{object, optional};
use crate::output::number::{factor, percent, significant, size, supported_places, to_places};
use crate::output::style::{self, paint};
use crate::output::table::{Cell, Table, styled};
use crate::output::{SCHEMA_VERSION, number};

/// Significant digits where no interval says how many are worth printing.
const DIGITS: i32 = 5;

/// Predictions with what they come from.
#[derive(Debug)]
pub(crate) struct Points<'a> {
    pub(crate) law: &'a Law,
    pub(crate) fit: &'a Fit,
    pub(crate) level: f64,
    pub(crate) predictions: &'a [Prediction],
}

impl Points<'_> {
    /// An aligned table.
    pub(crate) fn text(&self) -> String {
        let formula = &self.law.formula().text;
        let mut out = format!("{}  {formula}\n", paint(style::BOLD, &self.law.id));
        out += &self.table().render(0);
        out
    }

    /// The table alone: inputs, estimate, interval, distance from the runs.
    pub(crate) fn table(&self) -> Table {
        let mut table = Table::new([]);
        let Some(first) = self.predictions.first() else { return table };
        let mut head: Vec<Cell> = first.inputs.iter().map(|(name, _)| styled(style::DIM, name)).collect();
        head.push(styled(style::DIM, &self.law.output.name));
        let has_intervals = self.predictions.iter().any(|p| p.low.is_some());
        if has_intervals {
            head.push(styled(style::DIM, format!("{} interval", percent(self.level))));
        }
        head.push(styled(style::DIM, "beyond the runs"));
        table.row(head);
        for point in self.predictions {
            let mut cells: Vec<Cell> = point.inputs.iter().map(|(_, value)| size(*value).into()).collect();
            let ends = point.low.zip(point.high);
            let places = ends.and_then(|(low, high)| supported_places(low, high));
            let shown = |value: f64| places.map_or_else(|| significant(value, DIGITS), |p| to_places(value, p));
            cells.push(styled(style::BOLD, shown(point.estimate)));
            if has_intervals {
                let interval = ends.map(|(low, high)| format!("{} … {}", shown(low), shown(high)));
                cells.push(interval.unwrap_or_default().into());
            }
            cells.push(self.beyond(point));
            table.row(cells);
        }
        table
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
        if outside.is_empty() { styled(style::DIM, "inside") } else { styled(style::WARN, outside.join(", ")) }
    }

    /// One object with all points.
    pub(crate) fn json(&self) -> Value {
        let point = |p: &Prediction| {
            json!({
                "inputs": object(p.inputs.iter().map(|(name, value)| (name, number(*value)))),
                "estimate": number(p.estimate),
                "low": optional(p.low),
                "high": optional(p.high),
                "extrapolation": object(p.extrapolation.iter().map(|(name, ratio)| (name, number(*ratio)))),
            })
        };
        json!({
            "schema_version": SCHEMA_VERSION,
            "isoflop_version": env!("CARGO_PKG_VERSION"),
            "law": self.law.id,
            "formula": self.law.formula().text,
            "output": self.law.output.name,
            "level": number(self.level),
            "points": self.predictions.iter().map(point).collect::<Vec<_>>(),
        })
    }

    /// One line per point with full precision; empty cells where there is no interval.
    pub(crate) fn csv(&self) -> Result<String, Failure> {
        let fail = |error: &dyn std::fmt::Display| Failure::from(CliError::Stdout { reason: error.to_string() });
        let mut writer = csv::Writer::from_writer(Vec::new());
        if let Some(first) = self.predictions.first() {
            let inputs = first.inputs.iter().map(|(name, _)| name.clone());
            let ends = ["estimate", "low", "high"].map(str::to_owned);
            let ratios = first.extrapolation.iter().map(|(name, _)| format!("extrapolation_{name}"));
            writer.write_record(inputs.chain(ends).chain(ratios)).map_err(|e| fail(&e))?;
        }
        for point in self.predictions {
            let text = |value: Option<f64>| value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string());
            let inputs = point.inputs.iter().map(|(_, value)| Some(*value));
            let values = [Some(point.estimate), point.low, point.high];
            let ratios = point.extrapolation.iter().map(|(_, ratio)| Some(*ratio));
            writer.write_record(inputs.chain(values).chain(ratios).map(text)).map_err(|e| fail(&e))?;
        }
        let bytes = writer.into_inner().map_err(|e| fail(&e))?;
        String::from_utf8(bytes).map_err(|e| fail(&e))
    }
}
