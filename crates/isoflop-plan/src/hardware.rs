//! Devices as files: peaks, memory, bandwidth and power, each with its source and date.

use std::collections::BTreeMap;

use isoflop_formula::closest;
use isoflop_laws::Grade;
use serde::Deserialize;

use crate::error::PlanError;

/// Name and text of every embedded device file.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/hardware.rs"));

/// Precision of a peak where none is named.
const USUAL: &str = "bf16";

/// One accelerator.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Name by which it is asked for; that of its file.
    pub id: String,
    /// Its full name.
    pub name: String,
    /// Other names people type.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Dense peak by precision (`bf16`, `fp8`, ...), FLOP per second.
    pub peak: BTreeMap<String, Fact>,
    /// Memory, bytes.
    pub memory: Option<Fact>,
    /// Bandwidth of that memory, bytes per second.
    pub bandwidth: Option<Fact>,
    /// Largest power, watts.
    pub power: Option<Fact>,
}

/// A number with where it comes from.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The number.
    pub value: f64,
    /// Who says so.
    pub source: String,
    /// How far that was checked: `V1` or `V2`.
    pub grade: String,
    /// The day it was looked at.
    pub as_of: String,
}

impl Device {
    /// All embedded devices, by name.
    ///
    /// # Errors
    /// None in a tested build.
    pub fn builtin() -> Result<Vec<Device>, PlanError> {
        BUILTIN.iter().map(|(file, text)| Device::parse(file, text)).collect()
    }

    /// The embedded device of this name or alias; case does not matter.
    ///
    /// # Errors
    /// There is none; the closest name is in the message.
    ///
    /// ```
    /// let h100 = isoflop_plan::Device::find("H100").unwrap();
    /// assert_eq!(h100.peak(None).unwrap(), 9.89e14);
    /// ```
    pub fn find(name: &str) -> Result<Device, PlanError> {
        let devices = Device::builtin()?;
        let wanted = name.trim().to_lowercase().replace(['_', ' '], "-");
        let names = devices.iter().flat_map(|d| std::iter::once(&d.id).chain(&d.aliases));
        let near = closest(&wanted, names.map(String::as_str)).map(str::to_owned);
        let known = devices.iter().map(|d| d.id.clone()).collect();
        let found = devices.into_iter().find(|d| d.id == wanted || d.aliases.contains(&wanted));
        found.ok_or_else(|| PlanError::UnknownDevice { name: name.to_owned(), near, known })
    }

    /// Reads a device file. `file` is the name used in messages.
    ///
    /// # Errors
    /// TOML that is not understood; a number that is not above 0; a grade that is not V1R, V1 or V2.
    pub fn parse(file: &str, text: &str) -> Result<Device, PlanError> {
        let bad = |reason: String| PlanError::BadFile { file: file.to_owned(), reason };
        let device: Device = toml::from_str(text).map_err(|error| bad(error.to_string()))?;
        for (name, fact) in device.facts() {
            if !(fact.value > 0.0 && fact.value.is_finite()) {
                return Err(bad(format!("{name} is {}, but must be above 0", fact.value)));
            }
            let seen = Grade::ALL.into_iter().filter(|grade| *grade != Grade::Memory);
            if !seen.map(Grade::mark).any(|mark| mark == fact.grade) {
                return Err(bad(format!("the grade of {name} is {}: use V1R, V1 or V2", fact.grade)));
            }
        }
        Ok(device)
    }

    /// The dense peak at a precision, bf16 unless another is named, FLOP per second.
    ///
    /// # Errors
    /// The file has none at this precision.
    pub fn peak(&self, precision: Option<&str>) -> Result<f64, PlanError> {
        let wanted = precision.unwrap_or(USUAL);
        self.peak.get(wanted).map(|fact| fact.value).ok_or_else(|| PlanError::NoPeak {
            device: self.id.clone(),
            precision: wanted.to_owned(),
            known: self.peak.keys().cloned().collect(),
        })
    }

    /// All its numbers: name and fact.
    pub fn facts(&self) -> Vec<(String, &Fact)> {
        let peaks = self.peak.iter().map(|(precision, fact)| (format!("peak.{precision}"), fact));
        let rest = [("memory", &self.memory), ("bandwidth", &self.bandwidth), ("power", &self.power)];
        let rest = rest.into_iter().filter_map(|(name, fact)| Some((name.to_owned(), fact.as_ref()?)));
        peaks.chain(rest).collect()
    }

    /// What a formula may ask of it under the names `peak`, `memory`, `bandwidth` and `power`.
    ///
    /// # Errors
    /// No peak at this precision.
    pub fn values(&self, precision: Option<&str>) -> Result<Vec<(&'static str, f64)>, PlanError> {
        let rest = [("memory", &self.memory), ("bandwidth", &self.bandwidth), ("power", &self.power)];
        let rest = rest.into_iter().filter_map(|(name, fact)| Some((name, fact.as_ref()?.value)));
        Ok(std::iter::once(("peak", self.peak(precision)?)).chain(rest).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_names_are_unique() {
        let devices = Device::builtin().unwrap();
        let mut names: Vec<&String> =
            devices.iter().flat_map(|d| std::iter::once(&d.id).chain(&d.aliases)).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
        for ((file, _), device) in BUILTIN.iter().zip(&devices) {
            assert_eq!(file.strip_suffix(".toml"), Some(device.id.as_str()));
            assert!(device.peak(None).is_ok(), "{file}");
            // Lower precision is never slower.
            let bf16 = device.peak(None).unwrap();
            assert!(device.peak.values().all(|fact| fact.value >= bf16), "{file}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        let error = Device::find("h1000").unwrap_err().to_string();
        assert!(error.contains("did you mean h100?"), "{error}");
        assert_eq!(Device::find("a100").unwrap().peak(Some("fp8")).unwrap_err().code(), "P0119");
        let text = include_str!("../../../hardware/h200.toml");
        for (from, to) in [("9.89e14", "-1"), ("\"V2\"", "\"sure\""), ("value", "valeu")] {
            assert_eq!(Device::parse("x", &text.replacen(from, to, 1)).unwrap_err().code(), "P0116", "{to}");
        }
    }
}
