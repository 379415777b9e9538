//! Other ways to count N, D and C on the same rows, where the table has the columns for them.

use isoflop_audit::Convention;
use isoflop_fit::Objective;
use isoflop_formula::Formula;
use isoflop_runs::{Column, Mapping, RunTable, find_roles, parse_map};

use crate::bind::{Wish, bind};
use crate::error::StudyError;
use crate::study::Study;

/// Largest part of the rows that another convention may lose.
const LOST: usize = 2;
/// Names of columns with the number of layers, the width of the residual stream and the tokens of a context.
const LAYERS: &[&str] = &["n_layers", "n_layer", "num_layers", "num_hidden_layers", "layers", "depth"];
const WIDTH: &[&str] = &["d_model", "n_embd", "hidden_size", "model_dim", "hidden_dim", "d_hidden", "width"];
const CONTEXT: &[&str] =
    &["seq_len", "seq_length", "sequence_length", "context_length", "n_ctx", "block_size", "max_seq_len"];

/// Attention over the context as parameters: a token costs `6 N + 12 layers d_model context` FLOP (Kaplan et al. 2020,
/// section 2.1, forward and backward; DeepSeek LLM 2024, equation 2), a sixth of which counts as N does in `C = 6 N D`.
const ATTENTION: &str = "2 layers d_model context";

/// The rows under every other convention: other columns for N, D and C, parameters that are active for a token, attention
/// counted, and `C = 6 N D`.
///
/// # Errors
/// Columns of the request that are not there.
pub(crate) fn conventions(
    study: &Study,
    formula: &Formula,
    objective: Objective,
    rows: usize,
) -> Result<Vec<Convention>, StudyError> {
    let reads = |name: &str| formula.symbols.inputs.iter().any(|input| input.name == name);
    let mut list = Vec::new();
    let mut add = |name: String, table: &RunTable, mapping: &Mapping| {
        let wish = Wish {
            objective,
            weight: study.request.weight.as_deref(),
            cluster: study.request.cluster.as_deref(),
            also: &[],
            levels: &[],
        };
        // A column that cannot be used this way is no convention.
        let Ok(bound) = bind(formula, table, mapping, wish) else { return };
        if LOST * bound.data.rows() >= rows {
            list.push(Convention { name, data: bound.data });
        }
    };
    for role in ["N", "D", "C"].into_iter().filter(|role| reads(role)) {
        for other in columns(study, role) {
            add(format!("{role} = {other}"), &study.table, &mapped(study, &[(role, &other)])?);
        }
    }
    let find = |names: &[&str]| find(&study.table, names);
    let attention = find(LAYERS).zip(find(WIDTH)).zip(find(CONTEXT));
    let mut define = |name: String, maps: &[(&str, &str)], definition: &str| -> Result<(), StudyError> {
        let (mut table, mut mapping) = (study.table.clone(), mapped(study, maps)?);
        if table.define(&mut mapping, definition).is_ok() {
            add(name, &table, &mapping);
        }
        Ok(())
    };
    if reads("C") {
        define("C = 6 N D".to_owned(), &[], "C = 6*N*D")?;
    }
    if let Some(((layers, width), context)) = attention {
        let maps = [
            ("attention_layers", layers.as_str()),
            ("attention_width", width.as_str()),
            ("attention_context", context.as_str()),
        ];
        let more = "2*attention_layers*attention_width*attention_context";
        if reads("N") {
            define(format!("N + {ATTENTION}"), &maps, &format!("N = N + {more}"))?;
        }
        if reads("C") {
            define(format!("C = 6 (N + {ATTENTION}) D"), &maps, &format!("C = 6*(N + {more})*D"))?;
        }
    }
    Ok(list)
}

/// Other columns that may stand for a role: those with a name in common use, and for N those of active parameters.
fn columns(study: &Study, role: &str) -> Vec<String> {
    let binding = study.mapping.binding(role);
    let mut others = binding.map(|b| b.others.clone()).unwrap_or_default();
    let own = binding.map(|b| b.column.as_str());
    for (name, column) in study.table.columns().filter(|_| role == "N") {
        let lower = name.to_lowercase();
        let is_active = lower.contains("activ") && lower.contains("param");
        let is_new = own != Some(name) && !others.iter().any(|other| other == name);
        if is_active && is_new && matches!(column, Column::Numbers(_)) {
            others.push(name.to_owned());
        }
    }
    others
}

/// What columns stand for, as the request says and then as `maps` say.
fn mapped(study: &Study, maps: &[(&str, &str)]) -> Result<Mapping, StudyError> {
    let mut all: Vec<(String, String)> =
        maps.iter().map(|(name, column)| ((*name).to_owned(), (*column).to_owned())).collect();
    for text in &study.request.maps {
        all.extend(parse_map(text).ok().filter(|(name, _)| maps.iter().all(|(own, _)| own != name)));
    }
    Ok(find_roles(&study.table, &all)?)
}

/// The first column with one of these names, whatever its case and what stands before the last dot or slash.
fn find(table: &RunTable, names: &[&str]) -> Option<String> {
    let last = |name: &str| name.rsplit(['/', '.']).next().unwrap_or(name).to_lowercase();
    let numbers: Vec<&str> = table
        .columns()
        .filter(|(_, column)| matches!(column, Column::Numbers(_)))
        .map(|(name, _)| name)
        .collect();
    let known =
        |wanted: &&str| numbers.iter().find(|name| last(name) == *wanted).map(|name| (*name).to_owned());
    names.iter().find_map(known)
}
