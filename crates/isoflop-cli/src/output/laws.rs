//! Laws as text and JSON.

use isoflop_laws::{CoefficientSet, Law, Parameter, Standing, Variable};
use serde_json::{Value, json};

use crate::output::SCHEMA_VERSION;
use crate::output::number;
use crate::output::object;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// One line per law.
pub(crate) fn list_text(laws: &[&Law]) -> String {
    let mut table = Table::new([Align::Left; 4]);
    table.row(["law", "area", "checked", "what it says"].map(|head| styled(style::DIM, head)));
    for law in laws {
        let id = styled(style::BOLD, &law.id);
        table.row([id, law.area.as_str().into(), law.grade.mark().into(), law.title.as_str().into()]);
    }
    let legend =
        "checked: V1R primary source and recomputed, V1 primary source, V2 secondary source, M from memory";
    format!("{}\n{}\n", table.render(0), paint(style::DIM, legend))
}

/// `{schema_version, laws}` with the short form of each law.
pub(crate) fn list_json(laws: &[&Law]) -> Value {
    json!({"schema_version": SCHEMA_VERSION, "laws": laws.iter().map(|law| short_json(law)).collect::<Vec<_>>()})
}

fn short_json(law: &Law) -> Value {
    json!({
        "id": law.id,
        "title": law.title,
        "formula": law.formula().text,
        "inputs": law.inputs.iter().map(variable_json).collect::<Vec<_>>(),
        "output": variable_json(&law.output),
        "area": law.area,
        "grade": law.grade.mark(),
        "decision": law.decision,
        "aliases": law.aliases,
    })
}

fn variable_json(variable: &Variable) -> Value {
    let unit = if variable.text { "text".to_owned() } else { variable.unit.to_string() };
    json!({
        "name": variable.name,
        "unit": unit,
        "integer": variable.integer,
        "members": variable.set.as_ref().map(|set| &set.names),
        "description": variable.description,
    })
}

/// Everything about one law, for people.
pub(crate) fn show_text(law: &Law) -> String {
    let mut out = format!("{}  {}\n\n", paint(style::BOLD, &law.id), law.title);
    out += &format!("  {}\n", law.formula().text);
    out += &format!("  {}\n\n", paint(style::DIM, &law.formula().to_latex()));
    if !law.aliases.is_empty() {
        out += &format!("also called {}\n", law.aliases.join(", "));
    }
    out += &format!("form: {}\n", law.grade);
    if let Some(decision) = &law.decision {
        out += &format!("decision: {decision}\n");
    }
    if let Some(counting) = &law.counting {
        out += &format!("counting: {counting}\n");
    }
    out += &section("inputs and output", &variables(law));
    out += &section("parameters", &parameters(&law.parameters));
    if !law.derived.is_empty() {
        let mut table = Table::new([Align::Left; 3]);
        for derived in &law.derived {
            let name = styled(style::BOLD, &derived.name);
            table.row([name, derived.text.as_str().into(), derived.description.as_str().into()]);
        }
        out += &section("derived", &table.render(2));
    }
    if let Some(recipe) = &law.recipe {
        let delta = recipe.delta.map_or_else(String::new, |delta| format!(" (delta {delta})"));
        let note = recipe.note.as_ref().map_or_else(String::new, |note| format!(". {note}"));
        out += &section("objective", &format!("  {}{delta}{note}\n", recipe.objective));
    }
    if !law.sets.is_empty() {
        let sets: String = law.sets.iter().map(set_text).collect();
        out += &section("coefficients", &sets);
    }
    for (heading, text) in law.prose.sections().into_iter().filter(|(_, text)| !text.is_empty()) {
        let body: String = text.lines().map(|line| format!("  {line}\n").replace("  \n", "\n")).collect();
        out += &section(&heading.to_lowercase(), &body);
    }
    out
}

fn section(heading: &str, body: &str) -> String {
    format!("\n{}\n{body}", paint(style::BOLD, heading))
}

fn variables(law: &Law) -> String {
    let mut table = Table::new([Align::Left; 3]);
    for variable in law.inputs.iter().chain([&law.output]) {
        let unit = if variable.text { "text".to_owned() } else { variable.unit.to_string() };
        table.row([styled(style::BOLD, &variable.name), unit.into(), variable.description.as_str().into()]);
    }
    table.render(2)
}

fn parameters(parameters: &[Parameter]) -> String {
    let mut table = Table::new([Align::Left; 3]);
    for parameter in parameters {
        let range = match (parameter.fixed, parameter.lower, parameter.upper) {
            (Some(value), ..) => format!("held at {value}"),
            (None, f64::NEG_INFINITY, f64::INFINITY) => "free".to_owned(),
            (None, low, f64::INFINITY) => format!(">= {low}"),
            (None, f64::NEG_INFINITY, high) => format!("<= {high}"),
            (None, low, high) => format!("{low} to {high}"),
        };
        table.row([
            styled(style::BOLD, &parameter.name),
            range.into(),
            parameter.description.as_str().into(),
        ]);
    }
    table.render(2)
}

/// The set with its standing, which its own text puts first for what is not published.
fn set_text(set: &CoefficientSet) -> String {
    let mut out = format!("  {set}\n");
    let remarks =
        [("data", set.data.as_ref()), ("counting", set.counting.as_ref()), ("note", set.note.as_ref())];
    for (what, text) in remarks {
        if let Some(text) = text {
            out += &format!("    {}\n", paint(style::DIM, &format!("{what}: {text}")));
        }
    }
    out
}

/// The works of a law as BibTeX entries.
pub(crate) fn bibtex(law: &Law) -> String {
    let mut out = String::new();
    for citation in &law.citations {
        let mut fields =
            vec![("author", citation.authors.clone()), ("title", format!("{{{}}}", citation.title))];
        fields.extend(citation.year.map(|year| ("year", year.to_string())));
        if let Some(arxiv) = &citation.arxiv {
            fields.extend([
                ("eprint", arxiv.clone()),
                ("archivePrefix", "arXiv".to_owned()),
                ("url", format!("https://arxiv.org/abs/{arxiv}")),
            ]);
        }
        fields
            .extend(citation.repository.as_ref().map(|r| ("howpublished", format!("code: github.com/{r}"))));
        let body: String = fields.iter().map(|(key, value)| format!("  {key} = {{{value}}},\n")).collect();
        out += &format!("@misc{{{},\n{body}}}\n\n", citation.id);
    }
    out
}

/// Everything about one law, for programs.
pub(crate) fn show_json(law: &Law) -> Value {
    let mut value = json!({"schema_version": SCHEMA_VERSION});
    let parts = [
        short_json(law),
        json!({
            "counting": law.counting,
            "latex": law.formula().to_latex(),
            "citations": law.citations.iter().map(|c| {
                json!({"id": c.id, "authors": c.authors, "year": c.year, "title": c.title, "arxiv": c.arxiv})
            }).collect::<Vec<_>>(),
            "parameters": law.parameters.iter().map(parameter_json).collect::<Vec<_>>(),
            "derived": law.derived.iter().map(|d| {
                json!({
                    "name": d.name,
                    "formula": d.text,
                    "inputs": d.inputs.iter().map(|(name, unit)| json!({"name": name, "unit": unit.to_string()}))
                        .collect::<Vec<_>>(),
                    "description": d.description,
                })
            }).collect::<Vec<_>>(),
            "recipe": law.recipe.as_ref().map(|r| {
                json!({"objective": r.objective, "delta": r.delta, "note": r.note})
            }),
            "coefficients": law.sets.iter().map(set_json).collect::<Vec<_>>(),
            "prose": law.prose.sections().into_iter()
                .map(|(heading, text)| json!({"heading": heading, "text": text})).collect::<Vec<_>>(),
        }),
    ];
    if let Value::Object(object) = &mut value {
        for part in parts {
            if let Value::Object(part) = part {
                object.extend(part);
            }
        }
    }
    value
}

fn parameter_json(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "lower": number(parameter.lower),
        "upper": number(parameter.upper),
        "fixed": parameter.fixed,
        "description": parameter.description,
    })
}

fn set_json(set: &CoefficientSet) -> Value {
    // A set from memory is a place to start a search; its numbers leave the program under that name only.
    let key = if set.standing() == Standing::StartingHint { "starting_hints" } else { "values" };
    let pairs = |values: &[(String, f64)]| object(values.iter().map(|(name, value)| (name, number(*value))));
    json!({
        "id": set.id,
        "title": set.title,
        "grade": set.grade.mark(),
        "standing": set.standing(),
        "source": set.source,
        "place": set.place,
        "note": set.note,
        key: pairs(set.hints()),
        "standard_errors": pairs(set.standard_errors()),
    })
}
