//! What a mapping makes of a table: which columns are taken, which rows are left out and why, and the first rows.

use isoflop_fit::Objective;
use isoflop_formula::InputKind;
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{Column, Mapping, Need, Role, RunTable, Selection};
use isoflop_study::{
    Notes, Request, Rows, StudyError, Wish, bind, law_of_formula, law_over, missing, number, prepare,
    roles_json,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, ApiResult, mark};
use crate::jobs::notes_json;

/// Rows and columns of a preview.
const PREVIEW: (usize, usize) = (8, 40);

/// How a table is to be looked at; texts as on the command line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Look {
    pub(crate) maps: Vec<String>,
    pub(crate) lets: Vec<String>,
    pub(crate) filters: Vec<String>,
    pub(crate) law: Option<String>,
}

/// What becomes of the rows under a mapping, and under a law if one is named.
pub(crate) fn look(table: &RunTable, look: &Look, catalogue: &Catalogue) -> ApiResult<Value> {
    let mut table = table.clone();
    let (notes, mut rows) = (Notes::default(), Rows::of(&table));
    let total = table.rows();
    let request = Request {
        maps: look.maps.clone(),
        lets: look.lets.clone(),
        filters: look.filters.clone(),
        ..Request::default()
    };
    let mapping = prepare(&mut table, &request, &mut rows, &notes)?;
    let lacks = match &look.law {
        Some(text) => law_rows(text, &table, &mapping, catalogue, &mut rows)?,
        None => {
            let needs = Role::ALL.iter().filter(|role| mapping.column(role.name()).is_some());
            let needs = needs.map(|role| Need::positive(role.name())).collect();
            rows.take(&table.select(&mapping, &Selection { needs, groups: Vec::new() })?);
            Vec::new()
        }
    };
    let reasons = rows.reasons.iter().map(|reason| {
        json!({"reason": reason.reason, "column": reason.column, "count": reason.count, "first": reason.first})
    });
    Ok(json!({
        "roles": roles_json(&mapping, table.notes()),
        "doubts": mapping.scale_doubts(&table).iter().map(ToString::to_string).collect::<Vec<_>>(),
        "missing": lacks,
        "rows": total,
        "used": rows.used,
        "filtered": rows.filtered,
        "dropped": rows.dropped,
        "reasons": reasons.collect::<Vec<_>>(),
        "notes": notes_json(&notes.take()),
        "preview": preview(&table),
    }))
}

/// Counts the rows that a law can use; gives the columns that it lacks.
fn law_rows(
    text: &str,
    table: &RunTable,
    mapping: &Mapping,
    catalogue: &Catalogue,
    rows: &mut Rows,
) -> ApiResult<Vec<String>> {
    let law = if text.contains('~') {
        law_of_formula(text, table, mapping)?
    } else {
        let law = catalogue.find(text)?;
        let lacks = missing(law, table, mapping);
        if !lacks.is_empty() {
            return Ok(lacks);
        }
        law_over(law, table)?
    };
    let objective = Objective::recommended(&law)?;
    let wish = Wish { objective, weight: None, cluster: None, also: &[], levels: &[] };
    match bind(law.formula(), table, mapping, wish) {
        Ok(bound) => rows.take(&bound.selected),
        // That the table lacks a column is an answer here.
        Err(StudyError::NoColumn { name, .. }) => return Ok(vec![name]),
        Err(StudyError::Runs(isoflop_runs::RunsError::RoleNotFound { role, .. })) => return Ok(vec![role]),
        Err(error) => return Err(error.into()),
    }
    Ok(Vec::new())
}

fn preview(table: &RunTable) -> Value {
    let columns: Vec<(&str, &Column)> = table.columns().take(PREVIEW.1).collect();
    let cell = |column: &Column, row: usize| match column {
        Column::Numbers(numbers) => numbers.values.get(row).map_or(Value::Null, |value| number(*value)),
        Column::Text(text) => text.get(row).map_or(Value::Null, Value::from),
    };
    let row = |row: usize| columns.iter().map(|(_, column)| cell(column, row)).collect::<Vec<_>>();
    json!({
        "columns": columns.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        "rows": (0..table.rows().min(PREVIEW.0)).map(row).collect::<Vec<_>>(),
    })
}

/// A formula that is being written, or the name of a law.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CheckLaw {
    pub(crate) law: String,
    pub(crate) maps: Vec<String>,
    pub(crate) lets: Vec<String>,
    /// Table whose columns are the inputs; without one they are N, D, C and loss.
    pub(crate) table: Option<String>,
}

/// Longest formula that is looked at.
const LONGEST: usize = 20_000;

/// What a formula means, or where it is wrong: `{ok, formula, latex, inputs, parameters, marks}`.
pub(crate) fn check_law(
    check: &CheckLaw,
    table: Option<&RunTable>,
    catalogue: &Catalogue,
) -> ApiResult<Value> {
    let text = check.law.as_str();
    if text.len() > LONGEST {
        return Err(ApiError::bad(format!("a formula has at most {LONGEST} letters")));
    }
    if !text.contains('~') {
        return Ok(match catalogue.find(text) {
            Ok(law) => checked(law, law.formula().text.as_str()),
            Err(error) => refused(
                text,
                json!([{"code": error.code(), "severity": "error", "message": error.to_string(),
                "start": 0, "end": text.chars().count(), "help": "a formula has a ~ between what it predicts and how"}]),
            ),
        });
    }
    let law = match table {
        None => Law::from_formula(text, &["N", "D", "C", "loss"], &[]).map_err(|diagnostics| {
            StudyError::Formula { origin: "--law".to_owned(), text: text.to_owned(), diagnostics }
        }),
        Some(table) => {
            let mut table = table.clone();
            let request =
                Request { maps: check.maps.clone(), lets: check.lets.clone(), ..Request::default() };
            let mapping = prepare(&mut table, &request, &mut Rows::default(), &())?;
            law_of_formula(text, &table, &mapping)
        }
    };
    match law {
        Ok(law) => Ok(checked(&law, text)),
        Err(StudyError::Formula { diagnostics, .. }) => {
            Ok(refused(text, diagnostics.0.iter().map(|diagnostic| mark(text, diagnostic)).collect()))
        }
        Err(error) => Err(error.into()),
    }
}

fn checked(law: &Law, text: &str) -> Value {
    let formula = law.formula();
    let output = formula.output.as_ref().map(|left| left.name.as_str());
    let inputs = formula.symbols.inputs.iter().filter(|input| input.kind == InputKind::Column);
    let inputs: Vec<&str> =
        inputs.map(|input| input.name.as_str()).filter(|name| Some(*name) != output).collect();
    json!({
        "ok": true,
        "formula": text,
        "latex": formula.to_latex(),
        "output": output,
        "inputs": inputs,
        "parameters": formula.symbols.params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>(),
        "marks": formula.warnings.iter().map(|warning| mark(text, warning)).collect::<Vec<_>>(),
    })
}

fn refused(text: &str, marks: Value) -> Value {
    json!({"ok": false, "formula": text, "latex": null, "output": null, "inputs": [], "parameters": [], "marks": marks})
}
