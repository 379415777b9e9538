//! Cost models as files: parameters, FLOP and memory of an architecture.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::arch::Architecture;
use crate::error::PlanError;
use crate::named::Given;
use crate::rules::evaluate;

/// Name and text of every embedded cost file.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/costs.rs"));

/// A cost model: quantities that follow from an architecture.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostModel {
    /// Its name; that of its file.
    pub id: String,
    /// One line.
    pub title: String,
    /// The `model_type`s that it is for; empty for all.
    #[serde(default)]
    pub types: Vec<String>,
    /// What a user may give besides the architecture; quantities that need more than is given are left out.
    #[serde(default)]
    pub given: BTreeMap<String, Given>,
    /// What it computes, in order.
    pub quantity: Vec<CostQuantity>,
    /// Published numbers that it must reproduce.
    #[serde(default)]
    pub golden: Vec<CostGolden>,
}

/// A formula of a cost model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostQuantity {
    /// Its name.
    pub name: String,
    /// Formula over the architecture and the quantities before it.
    pub formula: String,
    /// What it counts.
    pub description: String,
}

/// A published number.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostGolden {
    /// The config, with the keys of a `config.json`.
    pub config: toml::Table,
    /// The given values.
    #[serde(default)]
    pub given: BTreeMap<String, f64>,
    /// Which quantity.
    pub quantity: String,
    /// Its value.
    pub value: f64,
    /// Relative; 0 if left out.
    #[serde(default)]
    pub tolerance: f64,
    /// Where it comes from.
    pub source: String,
}

/// A computed quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// The cost model.
    pub model: String,
    /// Its title.
    pub title: String,
    /// Name of the quantity.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// What it counts.
    pub description: String,
}

impl CostModel {
    /// All embedded cost models, those for particular `model_type`s first: the others use what they count.
    ///
    /// # Errors
    /// None in a tested build.
    pub fn builtin() -> Result<Vec<CostModel>, PlanError> {
        let read = |(file, text): &(&str, &str)| {
            let bad = |reason: String| PlanError::BadFile { file: (*file).to_owned(), reason };
            let facts = text.strip_prefix("+++").and_then(|rest| rest.split_once("\n+++"));
            let (facts, _) = facts.ok_or_else(|| bad("the facts must stand between two lines +++".into()))?;
            toml::from_str::<CostModel>(facts).map_err(|error| bad(error.to_string()))
        };
        let mut models = BUILTIN.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        models.sort_by_key(|model| model.types.is_empty());
        Ok(models)
    }
}

/// Everything that the cost models say of an architecture.
///
/// # Errors
/// A formula that does not compile, which no embedded one does.
///
/// ```
/// use isoflop_plan::{Architecture, costs};
/// let text = r#"{"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257,
///     "n_positions": 1024}"#;
/// let list = costs(&Architecture::parse("config.json", text).unwrap()).unwrap();
/// let total = list.iter().find(|cost| cost.name == "N_total").unwrap();
/// assert_eq!(total.value, 124_439_808.0);
/// ```
pub fn costs(architecture: &Architecture) -> Result<Vec<Cost>, PlanError> {
    costs_given(architecture, &[])
}

/// As [`costs`], with values for what cost models ask of the user: `gpus`, `peak`, `price` and so on. What needs a
/// value that is not there is left out.
///
/// # Errors
/// A name that no cost model asks for.
pub fn costs_given(architecture: &Architecture, given: &[(String, f64)]) -> Result<Vec<Cost>, PlanError> {
    let models = CostModel::builtin()?;
    if let Some((name, _)) = given.iter().find(|(name, _)| !models.iter().any(|m| m.given.contains_key(name)))
    {
        return Err(PlanError::UnusedGiven {
            option: "--given",
            name: name.clone(),
            law: "a cost model".to_owned(),
        });
    }
    let mut known: Vec<(String, f64)> =
        architecture.numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let mut missing: Vec<String> = Vec::new();
    let mut list = Vec::new();
    for model in models {
        if !model.types.is_empty() && !model.types.contains(&architecture.model_type) {
            continue;
        }
        for (name, asked) in &model.given {
            let value =
                given.iter().find(|(known, _)| known == name).map(|(_, value)| *value).or(asked.default);
            match value {
                _ if known.iter().any(|(known, _)| known == name) => {}
                Some(value) => known.push((name.clone(), value)),
                None => missing.push(name.clone()),
            }
        }
        for quantity in &model.quantity {
            let words = quantity.formula.split(|c: char| !c.is_alphanumeric() && c != '_');
            if words.into_iter().any(|word| missing.iter().any(|name| name == word)) {
                missing.push(quantity.name.clone());
                continue;
            }
            let value = evaluate(&format!("the cost model {}", model.id), &quantity.formula, &known)?;
            known.push((quantity.name.clone(), value));
            list.push(Cost {
                model: model.id.clone(),
                title: model.title.clone(),
                name: quantity.name.clone(),
                value,
                description: quantity.description.clone(),
            });
        }
    }
    Ok(list)
}
