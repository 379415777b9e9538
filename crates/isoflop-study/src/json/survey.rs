//! What lies at paths, as JSON.

use isoflop_runs::{Binding, Found, Mapping, Note, RunSummary, RunsNote, Surveyed};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::json::{SCHEMA_VERSION, number};

/// Why a column was taken for a role; `notes` are those of its table.
pub fn evidence(binding: &Binding, notes: &[Note]) -> String {
    let computed = notes.iter().find_map(|note| match note {
        Note::Runs(RunsNote::Computed { column, how, .. }) if *column == binding.column => Some(how),
        _ => None,
    });
    match (computed, binding.found) {
        (Some(how), _) => format!("computed: {how}"),
        (_, Found::Map) => "by --map".into(),
        (_, Found::Let) => "by --let".into(),
        (_, Found::Name) => "by its name".into(),
        (_, Found::CommonName) => "a common name".into(),
        (_, Found::LastPart) => "the last part of its name is a common one".into(),
    }
}

/// The roles of a table's columns: `{N: {column, evidence, others}}`.
pub fn roles_json(mapping: &Mapping, notes: &[Note]) -> Value {
    let mut roles = Map::new();
    for binding in mapping.bindings() {
        let value = json!({
            "column": binding.column,
            "evidence": evidence(binding, notes),
            "others": binding.others,
        });
        roles.insert(binding.name.clone(), value);
    }
    Value::Object(roles)
}

/// What reading noticed: `[{code, text, warning}]`.
pub fn notes_json(notes: &[Note]) -> Value {
    notes
        .iter()
        .map(|note| json!({"code": note.code(), "text": note.to_string(), "warning": note.is_warning()}))
        .collect()
}

/// All that was found, with every run, and the mapping of each table: `{schema_version, found: [...]}`. Runs become JSON
/// one by one as they are written: a hundred thousand of them would take gigabytes at once.
#[derive(Debug, Serialize)]
pub struct SurveyedJson<'a> {
    schema_version: u32,
    found: Vec<FoundJson<'a>>,
}

#[derive(Debug, Serialize)]
struct FoundJson<'a> {
    path: &'a str,
    tool: Option<&'static str>,
    rows: usize,
    columns: Vec<&'a str>,
    roles: Value,
    runs: Runs<'a>,
    notes: Value,
    problems: Vec<Value>,
}

#[derive(Debug)]
struct Runs<'a>(&'a Surveyed);

impl<'a> SurveyedJson<'a> {
    /// What was found, with the mapping of each table.
    pub fn new(all: impl IntoIterator<Item = (&'a Surveyed, &'a Mapping)>) -> Self {
        let problem =
            |problem: &isoflop_runs::RunsError| json!({"code": problem.code(), "text": problem.to_string()});
        let found = all.into_iter().map(|(found, mapping)| FoundJson {
            path: &found.path,
            tool: found.tool.map(|tool| tool.name()),
            rows: found.table.rows(),
            columns: found.table.names().collect(),
            roles: roles_json(mapping, found.notes()),
            runs: Runs(found),
            notes: notes_json(found.notes()),
            problems: found.problems.iter().map(problem).collect(),
        });
        Self { schema_version: SCHEMA_VERSION, found: found.collect() }
    }
}

impl Serialize for Runs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.runs.iter().map(|run| run_json(self.0, run)))
    }
}

fn run_json(found: &Surveyed, run: &RunSummary) -> Value {
    let metrics = run.curves.iter().map(|curve| {
        json!({
            "name": found.metrics.get(curve.metric),
            "values": curve.values,
            "not_finite": curve.not_finite,
            "first_step": curve.first_step,
            "last_step": curve.last_step,
            "low": number(curve.low),
            "high": number(curve.high),
            "last": number(curve.last),
        })
    });
    json!({
        "name": run.name,
        "id": run.id,
        "path": run.path,
        "state": run.state,
        "cut_off": run.is_cut,
        "settings": run.settings,
        "metrics": metrics.collect::<Vec<_>>(),
    })
}
