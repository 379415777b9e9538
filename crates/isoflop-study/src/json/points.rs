//! Predictions as JSON.

use isoflop_fit::{Fit, LawForecast, Parts, Prediction};
use isoflop_formula::Formula;
use serde_json::{Map, Value, json};

use crate::json::{SCHEMA_VERSION, number, object, optional};
use crate::point::Point;

/// Predictions with what they come from.
#[derive(Debug)]
pub struct Points<'a> {
    /// Id of the law.
    pub law: &'a str,
    /// The formula of the fit.
    pub formula: &'a Formula,
    /// The fit.
    pub fit: &'a Fit,
    /// Coverage of the intervals.
    pub level: f64,
    /// Where.
    pub points: &'a [Point],
    /// One for each point.
    pub predictions: &'a [Prediction],
}

/// Half the width of the interval if each part were alone, in the unit of the output.
pub(crate) fn parts_json(parts: &Parts) -> Value {
    json!({
        "parameters": optional(parts.parameters),
        "noise": number(parts.noise),
        "misfit": optional(parts.misfit),
        "choice": optional(parts.choice),
        "law": optional(parts.law),
    })
}

/// A law that shares a forecast.
fn law_json(law: &LawForecast) -> Value {
    json!({"law": law.law, "weight": number(law.weight), "estimate": optional(law.estimate)})
}

impl Points<'_> {
    /// Points with their predictions.
    pub fn rows(&self) -> impl Iterator<Item = (&Point, &Prediction)> {
        self.points.iter().zip(self.predictions)
    }

    /// Name of what is predicted.
    pub fn output(&self) -> &str {
        self.formula.output.as_ref().map_or("output", |left| &left.name)
    }

    /// One object with all points.
    pub fn json(&self) -> Value {
        json!({
            "schema_version": SCHEMA_VERSION,
            "isoflop_version": env!("CARGO_PKG_VERSION"),
            "law": self.law,
            "formula": self.formula.text,
            "output": self.output(),
            "level": number(self.level),
            "points": self.points_json(),
            "warnings": self.outside(),
        })
    }

    fn points_json(&self) -> Vec<Value> {
        let point = |(point, p): (&Point, &Prediction)| {
            let numbers = p.inputs.iter().map(|(name, value)| (name.clone(), number(*value)));
            let texts = point.texts.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str())));
            json!({
                "inputs": Value::Object(numbers.chain(texts).collect::<Map<_, _>>()),
                "estimate": number(p.estimate),
                "low": optional(p.low),
                "high": optional(p.high),
                "extrapolation": object(p.extrapolation.iter().map(|(name, ratio)| (name, number(*ratio)))),
                "beyond": optional(p.beyond),
                "parts": p.parts.as_ref().map(parts_json),
                "laws": p.laws.iter().map(law_json).collect::<Vec<_>>(),
            })
        };
        self.rows().map(point).collect()
    }

    /// Inputs of points that lie outside the runs, as plans warn of them.
    fn outside(&self) -> Vec<Value> {
        let mut list = Vec::new();
        for (k, p) in self.predictions.iter().enumerate() {
            for (name, ratio) in p.extrapolation.iter().filter(|(_, ratio)| *ratio > 1.0) {
                let value = p.inputs.iter().find(|(input, _)| input == name).map(|(_, value)| *value);
                let range = self.fit.ranges.iter().find(|range| range.name == *name);
                let (Some(value), Some(range)) = (value, range) else { continue };
                let side = if value > range.high { "above" } else { "below" };
                list.push(json!({
                    "code": "outside-the-runs",
                    "message": format!("{name} is {value:.4e}, {ratio:.2} times {side} the runs of the fit"),
                    "point": k,
                    "name": name,
                    "value": number(value),
                    "low": number(range.low),
                    "high": number(range.high),
                    "ratio": number(*ratio),
                }));
            }
        }
        list
    }
}

/// The predictions of every output of a law: those of one as [`Points::json`] gives them, those of several with `outputs`
/// in place of `output` and `points`.
pub fn all_points_json(formula: &str, outputs: &[Points<'_>]) -> Value {
    let [first, _, ..] = outputs else { return outputs.first().map_or(Value::Null, Points::json) };
    let output = |points: &Points<'_>| json!({"output": points.output(), "formula": points.formula.text, "points": points.points_json(), "warnings": points.outside()});
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": first.law,
        "formula": formula,
        "level": number(first.level),
        "outputs": outputs.iter().map(output).collect::<Vec<_>>(),
    })
}
