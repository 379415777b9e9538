//! Laws as JSON and BibTeX.

use isoflop_laws::{CoefficientSet, Law, Parameter, Standing, Variable};
use serde_json::{Value, json};

use crate::json::{SCHEMA_VERSION, number, object};

/// `{schema_version, laws}` with the short form of each law.
pub fn laws_json(laws: &[&Law]) -> Value {
    json!({"schema_version": SCHEMA_VERSION, "laws": laws.iter().map(|law| short_json(law)).collect::<Vec<_>>()})
}

fn short_json(law: &Law) -> Value {
    let mut value = json!({
        "id": law.id,
        "title": law.title,
        "formula": law.formula().text,
        "inputs": law.inputs.iter().map(variable_json).collect::<Vec<_>>(),
        "output": variable_json(&law.output),
        "area": law.area,
        "grade": law.grade.mark(),
        "decision": law.decision,
        "aliases": law.aliases,
    });
    if !law.further_outputs.is_empty() {
        value["further_outputs"] = law.further_outputs.iter().map(variable_json).collect();
    }
    value
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

/// Everything about one law, for programs.
pub fn law_json(law: &Law) -> Value {
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
        "data": set.data,
        "range": object(set.range.iter().map(|(name, low, high)| (name, json!([number(*low), number(*high)])))),
        "note": set.note,
        key: pairs(set.hints()),
        "standard_errors": pairs(set.standard_errors()),
    })
}

/// The works of a law as BibTeX entries.
pub fn bibtex(law: &Law) -> String {
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
