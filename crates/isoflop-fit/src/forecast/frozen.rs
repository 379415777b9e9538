//! Frozen forecasts: a forecast written down before the run, with all that is needed to judge it after.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::FitError;
use crate::forecast::among::LawForecast;
use crate::forecast::predictive::Parts;
use crate::predict::{Prediction, forecast_quantiles, predict};
use crate::result::Fit;
use crate::saved::{DataDigest, SavedFit};

/// The schema that this version writes; it reads this and all earlier ones.
pub const FROZEN_SCHEMA_VERSION: u32 = 1;
/// Quantiles that stand for the distribution.
const QUANTILES: usize = 199;

/// A forecast of one run, as a file.
///
/// Its `checksum` covers every other field: a file that was edited is an error, for what counts is what was forecast
/// and not what was wished for later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenForecast {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of isoflop that made it.
    pub isoflop_version: String,
    /// When it was frozen: a date, or a date and time in UTC, as `2026-03-01` or `2026-03-01T12:30:00Z`.
    pub date: String,
    /// What the run is called, if anything.
    pub name: Option<String>,
    /// Id of the law, or `formula`.
    pub law: String,
    /// The formula that was fitted.
    pub formula: String,
    /// What was minimised.
    pub objective: String,
    /// The rows that were fitted.
    pub data: DataDigest,
    /// Inputs of the run by name.
    pub inputs: Vec<(String, f64)>,
    /// Text columns of the run by name.
    pub levels: Vec<(String, String)>,
    /// Name of the output.
    pub output: String,
    /// The law at the estimates, in the unit of the output.
    pub estimate: f64,
    /// Nominal coverage of the interval.
    pub level: f64,
    /// Lower end of the interval for the run.
    pub low: f64,
    /// Upper end of the interval for the run.
    pub high: f64,
    /// How many times the run lies beyond the runs fitted.
    pub beyond: Option<f64>,
    /// What the interval is made of.
    pub parts: Option<Parts>,
    /// What each law that shares the forecast said, with its weight; left out if none were weighed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawForecast>,
    /// Evenly spaced quantiles of the forecast: number `k` of `n` belongs to the probability `(k + 1/2) / n`.
    pub quantiles: Vec<f64>,
    /// SHA-256 over all fields above, as hexadecimal text.
    pub checksum: String,
}

/// When a forecast is frozen, for what, and how sure it is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Freeze {
    /// A date, or a date and time in UTC.
    pub date: String,
    /// What the run is called.
    pub name: Option<String>,
    /// Inputs of the run.
    pub inputs: Vec<(String, f64)>,
    /// Text columns of the run.
    pub levels: Vec<(String, String)>,
    /// Nominal coverage of the interval, between 0 and 1.
    pub level: f64,
}

impl FrozenForecast {
    /// Freezes the forecast of one run.
    ///
    /// `formula` and `fit` are those of `saved`, or for a law with parameters per level those of the level of the run.
    ///
    /// # Errors
    /// What [`predict`] says, a fit without forecast model, and a date that is none.
    pub fn new(
        saved: &SavedFit,
        formula: &isoflop_formula::Formula,
        fit: &Fit,
        freeze: Freeze,
    ) -> Result<FrozenForecast, FitError> {
        if !is_date(&freeze.date) {
            return Err(FitError::BadDate { date: freeze.date });
        }
        let predictions = predict(formula, fit, std::slice::from_ref(&freeze.inputs), freeze.level)?;
        let prediction = predictions.into_iter().next().ok_or(FitError::NoForecast)?;
        let Prediction { estimate, low: Some(low), high: Some(high), beyond, parts, inputs, laws, .. } =
            prediction
        else {
            return Err(FitError::NoForecast);
        };
        let quantiles = forecast_quantiles(formula, fit, &freeze.inputs, QUANTILES)?;
        let mut frozen = FrozenForecast {
            schema_version: FROZEN_SCHEMA_VERSION,
            isoflop_version: env!("CARGO_PKG_VERSION").to_string(),
            date: freeze.date,
            name: freeze.name,
            law: saved.law.clone(),
            formula: saved.formula.clone(),
            objective: fit.objective.name.clone(),
            data: saved.data.clone(),
            inputs,
            levels: freeze.levels,
            output: saved.output.clone(),
            estimate,
            level: freeze.level,
            low,
            high,
            beyond,
            parts,
            laws,
            quantiles,
            checksum: String::new(),
        };
        frozen.checksum = checksum(&frozen.value()?)?;
        Ok(frozen)
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for a forecast of this crate.
    pub fn to_json(&self) -> Result<String, FitError> {
        serde_json::to_string_pretty(self).map_err(|e| FitError::NotFrozen { reason: e.to_string() })
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// Text that is no frozen forecast, one of a newer schema, or one that was edited.
    pub fn from_json(text: &str) -> Result<FrozenForecast, FitError> {
        let broken = |reason: String| FitError::NotFrozen { reason };
        let value: Value = serde_json::from_str(text).map_err(|e| broken(format!("no JSON: {e}")))?;
        match value.get("schema_version").and_then(Value::as_u64) {
            Some(found) if found > u64::from(FROZEN_SCHEMA_VERSION) => {
                return Err(FitError::NewerFrozen { found, known: FROZEN_SCHEMA_VERSION });
            }
            Some(_) if value.get("quantiles").is_some() && value.get("checksum").is_some() => {}
            _ => return Err(broken("it has no schema_version, quantiles and checksum".to_string())),
        }
        // Before the fields are read, so that any edit is called one.
        let written = value.get("checksum").and_then(Value::as_str).unwrap_or_default();
        if checksum(&value)? != written {
            return Err(FitError::EditedForecast);
        }
        serde_json::from_value(value).map_err(|e| broken(e.to_string()))
    }

    fn value(&self) -> Result<Value, FitError> {
        serde_json::to_value(self).map_err(|e| FitError::NotFrozen { reason: e.to_string() })
    }
}

/// The checksum of a file: over its compact text without the checksum itself, whatever its white space.
fn checksum(value: &Value) -> Result<String, FitError> {
    let mut rest = value.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.shift_remove("checksum");
    }
    let text = serde_json::to_string(&rest).map_err(|e| FitError::NotFrozen { reason: e.to_string() })?;
    Ok(Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a text is `YYYY-MM-DD`, or that with `THH:MM:SSZ`.
fn is_date(text: &str) -> bool {
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let numbers = |text: &str, by: char, widths: [usize; 3]| -> Option<[u32; 3]> {
        let parts: Vec<&str> = text.split(by).collect();
        let right = parts.len() == 3 && parts.iter().zip(widths).all(|(p, w)| p.len() == w);
        let digits = |p: &&str| p.bytes().all(|b| b.is_ascii_digit()).then(|| p.parse().ok()).flatten();
        let values: Vec<u32> = parts.iter().filter_map(digits).collect();
        values.try_into().ok().filter(|_| right)
    };
    let is_day = numbers(date, '-', [4, 2, 2]).is_some_and(|[year, month, day]| {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1..=days).contains(&day)
    });
    let is_time = |time: &str| {
        let clock = time.strip_suffix('Z').and_then(|clock| numbers(clock, ':', [2, 2, 2]));
        clock.is_some_and(|[hour, minute, second]| hour < 24 && minute < 60 && second < 60)
    };
    is_day && time.is_none_or(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen() -> FrozenForecast {
        let mut frozen = FrozenForecast {
            schema_version: FROZEN_SCHEMA_VERSION,
            isoflop_version: "0".into(),
            date: "2026-03-01".into(),
            name: None,
            law: "chinchilla".into(),
            formula: "loss ~ E + A / N^alpha".into(),
            objective: "huber-log".into(),
            data: DataDigest { sha256: "00".into(), rows: 3, files: vec!["runs.csv".into()] },
            inputs: vec![("N".into(), 7.1e10)],
            levels: Vec::new(),
            output: "loss".into(),
            estimate: 1.0 / 3.0,
            level: 0.9,
            low: 0.1,
            high: 0.7,
            beyond: None,
            parts: None,
            laws: Vec::new(),
            quantiles: vec![0.1, 0.2, 0.3],
            checksum: String::new(),
        };
        frozen.checksum = checksum(&frozen.value().unwrap()).unwrap();
        frozen
    }

    #[test]
    fn an_edited_file_is_an_error_and_other_white_space_is_not() {
        let whole = frozen();
        let text = whole.to_json().unwrap();
        assert_eq!(FrozenForecast::from_json(&text).unwrap(), whole);
        assert_eq!(FrozenForecast::from_json(&text.replace("\n  ", " ")).unwrap(), whole);
        for (from, to) in [
            ("0.7", "0.9"),
            ("2026-03-01", "2026-02-01"),
            ("0.3\n", "0.31\n"),
            ("\"name\": null", "\"name\": \"x\""),
        ] {
            let edited = text.replacen(from, to, 1);
            assert_ne!(edited, text);
            assert!(matches!(FrozenForecast::from_json(&edited), Err(FitError::EditedForecast)), "{from}");
        }
        assert!(matches!(FrozenForecast::from_json("{}"), Err(FitError::NotFrozen { .. })));
        let newer = text.replacen("\"schema_version\": 1", "\"schema_version\": 99", 1);
        assert!(matches!(FrozenForecast::from_json(&newer), Err(FitError::NewerFrozen { .. })));
    }

    #[test]
    fn dates_are_checked() {
        for good in ["2026-03-01", "2024-02-29", "2026-03-01T23:59:59Z"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["2026-3-1", "2026-02-29", "2026-13-01", "yesterday", "2026-03-01T24:00:00Z", "2026-03-01T"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
