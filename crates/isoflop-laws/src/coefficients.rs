//! Sets of coefficients: published values, values recomputed here, and mere starting hints.

use std::fmt;

use crate::grade::Grade;

/// Values for the parameters of a law, with where they come from.
///
/// The values are private so that no caller can show them without saying what they are: ask for
/// [`published`](Self::published), [`complete`](Self::complete) or [`hints`](Self::hints).
#[derive(Debug, Clone, PartialEq)]
pub struct CoefficientSet {
    /// Short name, unique within the law.
    pub id: String,
    /// What was fitted, in a few words.
    pub title: String,
    /// How far the numbers were checked.
    pub grade: Grade,
    /// Whether the numbers were computed here from the source's data instead of printed by it.
    pub recomputed: bool,
    /// Id of a [`crate::Citation`] of the law.
    pub source: String,
    /// Table, figure or passage of the source.
    pub place: String,
    /// What N, D and C count; the law's own counting if the set does not say otherwise.
    pub counting: Option<String>,
    /// Data and tokenizer.
    pub data: Option<String>,
    /// Where the runs of the fit lie, as far as the source says: input, smallest and largest value.
    pub range: Vec<(String, f64, f64)>,
    /// What to watch.
    pub note: Option<String>,
    pub(crate) values: Vec<(String, f64)>,
    pub(crate) standard_errors: Vec<(String, f64)>,
    pub(crate) complete: bool,
}

/// What may be said of a set's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Printed by the source.
    Published,
    /// Computed here from the source's data or method; not the source's own numbers.
    Recomputed,
    /// From memory: good for starting a search, not to be shown as published.
    StartingHint,
}

impl CoefficientSet {
    /// What may be said of the numbers.
    pub fn standing(&self) -> Standing {
        match self.grade {
            Grade::Memory => Standing::StartingHint,
            _ if self.recomputed => Standing::Recomputed,
            _ => Standing::Published,
        }
    }

    /// Whether a source that was seen prints these numbers.
    pub fn is_published(&self) -> bool {
        self.standing() == Standing::Published
    }

    /// Whether every parameter of the law has a value, so that the set can predict.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Names and values, in the order of the law file, if a source prints them.
    pub fn published(&self) -> Option<&[(String, f64)]> {
        self.is_published().then_some(self.values.as_slice())
    }

    /// Names and values, published or recomputed, if all parameters have one: what a prediction needs.
    /// `None` for a set from memory.
    pub fn complete(&self) -> Option<&[(String, f64)]> {
        (self.complete && self.standing() != Standing::StartingHint).then_some(self.values.as_slice())
    }

    /// Names and values as starting points of a fit, whatever their standing.
    pub fn hints(&self) -> &[(String, f64)] {
        &self.values
    }

    /// Names and published standard errors, often empty.
    pub fn standard_errors(&self) -> &[(String, f64)] {
        &self.standard_errors
    }
}

/// One line: id, standing, source; a set from memory says so first.
impl fmt::Display for CoefficientSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.standing() {
            Standing::StartingHint => write!(f, "{}: from memory, starting hint only:", self.id)?,
            Standing::Recomputed => write!(f, "{}: recomputed, not the paper's own numbers:", self.id)?,
            Standing::Published => write!(f, "{}:", self.id)?,
        }
        for (index, (name, value)) in self.values.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma} {name} = {}", Short(*value))?;
            if let Some((_, error)) = self.standard_errors.iter().find(|(known, _)| known == name) {
                write!(f, " +- {}", Short(*error))?;
            }
        }
        if self.standing() != Standing::StartingHint {
            write!(f, " ({}, {}; {})", self.source, self.place, self.grade)?;
        }
        Ok(())
    }
}

/// A number for people: at most eight significant digits.
struct Short(f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = format!("{:.7e}", self.0).parse().unwrap_or(self.0);
        match value.abs() {
            1e-4..1e7 | 0.0 => write!(f, "{value}"),
            _ => write!(f, "{value:e}"),
        }
    }
}
