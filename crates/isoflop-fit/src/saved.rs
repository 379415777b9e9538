//! Saved fits: one versioned, self-contained JSON file.

use isoflop_formula::{Formula, InputKind, InputSpec, ParamSpec, Scope, Unit};
use serde::{Deserialize, Serialize};

use crate::error::FitError;
use crate::result::Fit;

/// The schema that this version writes; it reads this and all earlier ones.
pub const SCHEMA_VERSION: u32 = 1;

/// A fit with all that is needed to use it again or to check it: formula, data digest, seed and command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedFit {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of isoflop that made it.
    pub isoflop_version: String,
    /// Id of the law, or `formula`.
    pub law: String,
    /// The formula that was fitted, with ties replaced.
    pub formula: String,
    /// Inputs and output of the formula with their units.
    pub columns: Vec<SavedColumn>,
    /// Text columns that the formula compares with texts.
    #[serde(default)]
    pub text_columns: Vec<String>,
    /// Name of the output, of a law with several that of its first statement.
    pub output: String,
    /// Names of the further outputs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_outputs: Vec<String>,
    /// Bounds and grouping of the parameters.
    pub parameters: Vec<SavedParameter>,
    /// What was fitted.
    pub data: DataDigest,
    /// Seed of starts and replicates.
    pub seed: u64,
    /// The command line, for the record.
    pub command: Vec<String>,
    /// The result.
    pub fit: Fit,
}

/// A column of the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedColumn {
    /// Name in the formula.
    pub name: String,
    /// Unit as text; `None` if unknown.
    pub unit: Option<String>,
}

/// A parameter of the formula.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedParameter {
    /// Name.
    pub name: String,
    /// Lower bound, if there is one.
    pub lower: Option<f64>,
    /// Upper bound, if there is one.
    pub upper: Option<f64>,
    /// Column of its levels, for a grouped parameter.
    pub group: Option<String>,
}

/// Which rows were fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigest {
    /// SHA-256 over the columns used, as hexadecimal text.
    pub sha256: String,
    /// Rows used.
    pub rows: usize,
    /// Files read.
    pub files: Vec<String>,
}

impl SavedFit {
    /// Packs a fit of `formula`, the formula with the overrides of the fit applied ([`crate::overridden`]).
    pub fn new(
        law: &str,
        formula: &Formula,
        fit: Fit,
        data: DataDigest,
        seed: u64,
        command: Vec<String>,
    ) -> SavedFit {
        let bound = |x: f64| x.is_finite().then_some(x);
        let mut texts: Vec<String> = Vec::new();
        for input in &formula.symbols.inputs {
            if let InputKind::TextEquals { column, .. } = &input.kind
                && !texts.contains(column)
            {
                texts.push(column.clone());
            }
        }
        let mut columns: Vec<SavedColumn> = Vec::new();
        for input in &formula.symbols.inputs {
            let is_column = input.kind == InputKind::Column || input.kind.earlier().is_some();
            if is_column && !columns.iter().any(|column| column.name == input.name) {
                columns.push(SavedColumn {
                    name: input.name.clone(),
                    unit: input.unit.is_known().then(|| input.unit.to_string()),
                });
            }
        }
        let unit = |unit: Unit| unit.is_known().then(|| unit.to_string());
        let further = formula.parts.iter().skip(1).map(|part| &part.left);
        columns.extend(
            further.clone().map(|left| SavedColumn { name: left.name.clone(), unit: unit(left.unit) }),
        );
        SavedFit {
            schema_version: SCHEMA_VERSION,
            isoflop_version: env!("CARGO_PKG_VERSION").to_string(),
            law: law.to_string(),
            formula: formula.to_text(),
            columns,
            text_columns: texts,
            output: formula.output.as_ref().map_or_else(String::new, |o| o.name.clone()),
            further_outputs: further.map(|left| left.name.clone()).collect(),
            parameters: formula
                .symbols
                .params
                .iter()
                .map(|p| SavedParameter {
                    name: p.name.clone(),
                    lower: bound(p.lower),
                    upper: bound(p.upper),
                    group: p.group.clone(),
                })
                .collect(),
            data,
            seed,
            command,
            fit,
        }
    }

    /// The file's text.
    ///
    /// # Errors
    /// Never for a fit of this crate; numbers that JSON cannot hold are written as `null`.
    pub fn to_json(&self) -> Result<String, FitError> {
        serde_json::to_string_pretty(self).map_err(|e| FitError::NotAFit { reason: e.to_string() })
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// Text that is no saved fit, or one of a newer schema.
    pub fn from_json(text: &str) -> Result<SavedFit, FitError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| FitError::NotAFit { reason: format!("no JSON: {e}") })?;
        match value.get("schema_version").and_then(serde_json::Value::as_u64) {
            None => return Err(FitError::NotAFit { reason: "it has no schema_version".to_string() }),
            Some(found) if found > u64::from(SCHEMA_VERSION) => {
                return Err(FitError::NewerSchema { found, known: SCHEMA_VERSION });
            }
            Some(_) => {}
        }
        serde_json::from_value(value).map_err(|e| FitError::NotAFit { reason: e.to_string() })
    }

    /// The formula of the fit, compiled again.
    ///
    /// # Errors
    /// A formula that does not compile, as after editing the file by hand.
    pub fn formula(&self) -> Result<Formula, FitError> {
        let mut scope = Scope { text_columns: self.text_columns.clone(), ..Scope::default() };
        for column in &self.columns {
            let unit = match &column.unit {
                Some(text) => Unit::parse(text).map_err(|e| FitError::SavedLaw { reason: e.to_string() })?,
                None => Unit::default(),
            };
            let spec = InputSpec::new(&column.name, unit);
            if column.name == self.output {
                scope.output = Some(spec);
            } else if self.further_outputs.contains(&column.name) {
                scope.further_outputs.push(spec);
            } else {
                scope.inputs.push(spec);
            }
        }
        for p in &self.parameters {
            scope.text_columns.extend(p.group.clone());
            scope.params.push(ParamSpec {
                lower: p.lower.unwrap_or(f64::NEG_INFINITY),
                upper: p.upper.unwrap_or(f64::INFINITY),
                group: p.group.clone(),
                ..ParamSpec::new(&p.name)
            });
        }
        Formula::compile(&self.formula, &scope)
            .map_err(|d| FitError::SavedLaw { reason: d.render(&self.formula) })
    }
}
