//! What a law file must satisfy beyond its types.

use isoflop_formula::{ColumnSet, Diagnostics, Formula, InputKind, InputSpec, Node, ParamSpec, Scope, Unit};

use crate::coefficients::{CoefficientSet, Standing};
use crate::error::LawError;
use crate::law::family;
use crate::parts::{Citation, Derived, Design, Golden, Levels, Parameter, Value, Variable};
use crate::reader::Section;

/// A name must be usable in a formula; ids are in lower case besides.
pub(crate) fn name(section: &Section<'_, '_>, what: &'static str, name: &str, lower_case: bool) {
    let letter = |c: char| if lower_case { c.is_ascii_lowercase() } else { c.is_alphabetic() };
    let good = name.chars().all(|c| letter(c) || c.is_ascii_digit() || c == '_');
    let good = good && name.starts_with(letter);
    if !good && !name.is_empty() {
        section.reader.report(LawError::BadName {
            place: section.reader.source.place(section.offset()),
            what,
            name: name.to_owned(),
            lower_case,
        });
    }
}

/// The id is the file's name and the area its folder.
pub(crate) fn identity(root: &Section<'_, '_>, id: &str, area: &str, folder: Option<&str>) {
    name(root, "id", id, true);
    name(root, "area", area, true);
    let file = root.reader.source.file;
    let stem = file.rsplit(['/', '\\']).next().and_then(|name| name.strip_suffix(".md"));
    for (key, value, expected) in [("id", id, stem), ("area", area, folder)] {
        if expected.is_some_and(|expected| expected != value) && !value.is_empty() {
            root.reader.report(LawError::Misplaced {
                place: root.reader.source.place(root.offset_of(key)),
                key,
                value: value.to_owned(),
                expected: file.to_owned(),
            });
        }
    }
}

/// The names that a law's formula may use.
pub(crate) fn scope(inputs: &[Variable], outputs: &[Variable], parameters: &[Parameter]) -> Scope {
    let spec = |variable: &Variable| InputSpec { name: variable.name.clone(), unit: variable.unit };
    Scope {
        inputs: columns(inputs),
        output: outputs.first().map(spec),
        further_outputs: outputs.iter().skip(1).map(spec).collect(),
        text_columns: inputs.iter().filter(|input| input.text).map(|input| input.name.clone()).collect(),
        sets: sets(inputs),
        ..parameter_scope(parameters)
    }
}

/// The numeric columns that the inputs stand for.
fn columns(inputs: &[Variable]) -> Vec<InputSpec> {
    let mut specs = Vec::new();
    for input in inputs.iter().filter(|input| !input.text) {
        match &input.set {
            Some(set) => specs.extend(set.columns().map(|name| InputSpec { name, unit: input.unit })),
            None => specs.push(InputSpec { name: input.name.clone(), unit: input.unit }),
        }
    }
    specs
}

fn sets(inputs: &[Variable]) -> Vec<ColumnSet> {
    let set = |input: &Variable| {
        let members = input.set.as_ref()?;
        let (name, prefix) = (input.name.clone(), members.prefix.clone());
        Some(ColumnSet { name, prefix, members: members.names.clone() })
    };
    inputs.iter().filter_map(set).collect()
}

/// What a derived quantity may use: the parameters and its own inputs; sums over a set run over the parameters of its
/// members.
pub(crate) fn derived_scope(inputs: &[Variable], parameters: &[Parameter], own: &[(String, Unit)]) -> Scope {
    let spec = |(name, unit): &(String, Unit)| InputSpec { name: name.clone(), unit: *unit };
    Scope { inputs: own.iter().map(spec).collect(), sets: sets(inputs), ..parameter_scope(parameters) }
}

/// What the formula of one input of a design may use: the other numeric columns.
pub(crate) fn design_scope(inputs: &[Variable], own: &str) -> Scope {
    let others = columns(inputs).into_iter().filter(|spec| spec.name != own);
    // A design is arithmetic on numbers: 6 N D needs no unit of the 6.
    let texts = inputs.iter().filter(|input| input.text).map(|input| input.name.clone());
    Scope {
        inputs: others.map(|spec| InputSpec::new(spec.name, Unit::default())).collect(),
        text_columns: texts.collect(),
        ..Scope::default()
    }
}

/// The inputs of a design: those of the law, and `run` and `step` where it has sums over the past.
pub(crate) fn design_inputs(inputs: &[Variable], looks_back: bool) -> Vec<Variable> {
    let mut all = inputs.to_vec();
    for (name, text) in [("run", true), ("step", false)] {
        if looks_back && !inputs.iter().any(|input| input.name == name) {
            all.push(Variable {
                name: name.to_owned(),
                unit: Unit::default(),
                description: String::new(),
                text,
                integer: false,
                set: None,
            });
        }
    }
    all
}

/// The parameters alone.
fn parameter_scope(parameters: &[Parameter]) -> Scope {
    let params = parameters.iter().map(|parameter| ParamSpec {
        name: parameter.name.clone(),
        lower: parameter.lower,
        upper: parameter.upper,
        fixed: parameter.fixed,
        scale: parameter.scale,
        unit: parameter.unit,
        ..ParamSpec::default()
    });
    Scope { params: params.collect(), ..Scope::default() }
}

/// Unpacks a compiled formula under `key`, or reports what is wrong with it.
pub(crate) fn compiled(
    section: &Section<'_, '_>,
    key: &str,
    result: Result<Formula, Diagnostics>,
) -> Option<Formula> {
    result.map_err(|diagnostics| section.bad_formula(key, section.offset_of(key), diagnostics)).ok()
}

/// The formula depends on every declared input and parameter. (That it predicts the declared output and knows
/// all its names, the formula crate has seen to.)
pub(crate) fn all_used(
    root: &Section<'_, '_>,
    formula: &Formula,
    inputs: &[Variable],
    parameters: &[Parameter],
) {
    let (columns, params) = used(formula);
    let unused = |what, key: &str, name: &str| {
        let place = root.reader.source.place(root.offset_inside(key, name));
        root.reader.report(LawError::Unused { place, what, name: name.to_owned() });
    };
    for input in inputs {
        let used = match &input.set {
            Some(set) => set.columns().any(|column| columns.contains(&column.as_str())),
            None => columns.contains(&input.name.as_str()),
        };
        // A set may also be used by its members' parameters alone.
        if !used && input.set.is_none() {
            unused("input", "inputs", &input.name);
        }
    }
    for parameter in parameters {
        let is = |name: &&str| *name == parameter.name || family(name) == Some(&parameter.name);
        if !params.iter().any(is) {
            unused("parameter", "parameters", &parameter.name);
        }
    }
}

/// Columns and parameters that the value of the formula depends on. Names that cancel out, as in `0 * N`, do
/// not count.
fn used(formula: &Formula) -> (Vec<&str>, Vec<&str>) {
    let (mut columns, mut params) = (Vec::new(), Vec::new());
    let mut seen = vec![false; formula.graph.len()];
    let mut open = vec![formula.body];
    open.extend(formula.parts.iter().map(|part| part.body));
    while let Some(node) = open.pop() {
        if std::mem::replace(&mut seen[node.index()], true) {
            continue;
        }
        match formula.graph.node(node) {
            Node::Input(index) | Node::Earlier(index) => {
                columns.extend(formula.symbols.inputs.get(index as usize).map(|input| match &input.kind {
                    InputKind::TextEquals { column, .. } => column.as_str(),
                    _ => input.name.as_str(),
                }));
            }
            Node::Param(index) => {
                if let Some(param) = formula.symbols.params.get(index as usize) {
                    params.push(param.name.as_str());
                    columns.extend(param.group.as_deref());
                }
            }
            _ => open.extend(formula.graph.arguments(node)),
        }
    }
    (columns, params)
}

/// Ids are unique.
pub(crate) fn unique<'s>(
    what: &'static str,
    sections: &[Section<'_, '_>],
    ids: impl Iterator<Item = &'s str> + Clone,
) {
    for (index, (section, id)) in sections.iter().zip(ids.clone()).enumerate() {
        if let Some(first) = ids.clone().take(index).position(|earlier| earlier == id) {
            let source = &section.reader.source;
            section.reader.report(LawError::Duplicate {
                place: source.place(section.offset()),
                what,
                name: id.to_owned(),
                first: sections.get(first).map(|first| source.place(first.offset()).line),
            });
        }
    }
}

/// A set names the law's parameters, all of them unless partial, within their bounds, and a known source.
pub(crate) fn set(
    section: &Section<'_, '_>,
    set: &CoefficientSet,
    inputs: &[Variable],
    parameters: &[Parameter],
    citations: &[Citation],
    law_counts: bool,
) {
    let what = format!("coefficient set `{}`", set.id);
    values(section, &what, &set.values, parameters, set.complete, true);
    for (name, _) in &set.standard_errors {
        if !set.values.iter().any(|(known, _)| known == name) {
            let known = set.values.iter().map(|(name, _)| name.clone()).collect();
            unknown(section, section.offset_inside("standard_errors", name), &what, name, known);
        }
    }
    for (name, ..) in &set.range {
        if !inputs.iter().any(|input| input.name == *name) {
            let known = inputs.iter().map(|input| input.name.clone()).collect();
            unknown(section, section.offset_inside("range", name), &what, name, known);
        }
    }
    if !set.source.is_empty() && !citations.iter().any(|citation| citation.id == set.source) {
        let known = citations.iter().map(|citation| citation.id.clone()).collect();
        unknown(section, section.offset_of("source"), &what, &set.source, known);
    }
    if !law_counts && set.counting.is_none() && set.standing() != Standing::StartingHint {
        section.missing("counting");
    }
}

fn values(
    section: &Section<'_, '_>,
    what: &str,
    values: &[(String, f64)],
    parameters: &[Parameter],
    complete: bool,
    may_be_partial: bool,
) {
    for (name, value) in values {
        let at = section.offset_inside("values", name);
        let is = |parameter: &&Parameter| parameter.name == *name || family(name) == Some(&parameter.name);
        match parameters.iter().find(is) {
            None => {
                let known = parameters.iter().map(|parameter| parameter.name.clone()).collect();
                unknown(section, at, what, name, known);
            }
            Some(known) if !(known.lower..=known.upper).contains(value) => {
                section.reader.report(LawError::OutOfBounds {
                    place: section.reader.source.place(at),
                    set: what.to_owned(),
                    parameter: name.clone(),
                    value: *value,
                    lower: known.lower,
                    upper: known.upper,
                });
            }
            Some(_) => {}
        }
    }
    let given = |name: &str| {
        values.iter().any(|(given, _)| given == name || family(given) == Some(name))
            || section.has_inside("values", name)
    };
    let missing: Vec<String> =
        parameters.iter().map(|parameter| parameter.name.clone()).filter(|name| !given(name)).collect();
    if complete && !missing.is_empty() {
        section.reader.report(LawError::MissingValues {
            place: section.reader.source.place(section.offset()),
            set: what.to_owned(),
            missing,
            may_be_partial,
        });
    }
}

fn unknown(section: &Section<'_, '_>, offset: usize, set: &str, name: &str, known: Vec<String>) {
    section.reader.report(LawError::UnknownName {
        place: section.reader.source.place(offset),
        set: set.to_owned(),
        name: name.to_owned(),
        known,
    });
}

/// The set that `key` of the section names, if it can predict.
pub(crate) fn usable_set<'s>(
    section: &Section<'_, '_>,
    sets: &'s [CoefficientSet],
    id: &str,
) -> Option<&'s CoefficientSet> {
    let set = sets.iter().find(|set| set.id == id);
    let offset = section.offset_of("coefficients");
    match set {
        None if id.is_empty() => {}
        None => {
            let known = sets.iter().map(|set| set.id.clone()).collect();
            unknown(section, offset, section.name(), id, known);
        }
        Some(set) if set.complete().is_none() => {
            section.wrong(
                "coefficients",
                offset,
                "a complete set that is not from memory",
                &format!("`{id}`"),
            );
        }
        Some(_) => {}
    }
    set.filter(|set| set.complete().is_some())
}

/// Most rows of a design.
const MOST_ROWS: usize = 1_000_000;

/// A design gives levels for every numeric input and values for every parameter.
pub(crate) fn design(
    section: &Section<'_, '_>,
    design: &Design,
    inputs: &[Variable],
    parameters: &[Parameter],
) {
    if design.coefficients.is_none() {
        values(section, section.name(), &design.values, parameters, true, false);
    }
    let names: Vec<&str> = design.levels.iter().map(|(name, _)| name.as_str()).collect();
    points(section, &names, inputs);
    if design.rows().is_none_or(|rows| rows > MOST_ROWS) {
        section.wrong("inputs", section.offset_of("inputs"), "at most 1 million rows", "more combinations");
    }
    for (name, levels) in &design.levels {
        let at = section.offset_inside("inputs", name);
        let text = inputs.iter().any(|input| input.name == *name && input.text);
        match levels {
            Levels::Numbers(list) if list.is_empty() => section.wrong(name, at, "a list of levels", "empty"),
            Levels::Texts(_) if !text => section.wrong(name, at, "numbers", "texts"),
            Levels::Numbers(_) | Levels::Formula(_) if text => {
                section.wrong(name, at, "a list of texts", "numbers");
            }
            _ => {}
        }
    }
    if design.noise.is_nan() || design.noise < 0.0 {
        section.wrong("noise", section.offset_of("noise"), "0 or more", &format!("{}", design.noise));
    }
}

/// A golden value names every numeric input, or a derived quantity and none.
pub(crate) fn golden(
    section: &Section<'_, '_>,
    golden: &Golden,
    inputs: &[Variable],
    sets: &[CoefficientSet],
    derived: &[Derived],
    outputs: &[Variable],
    looks_back: bool,
) {
    usable_set(section, sets, &golden.coefficients);
    let names: Vec<&str> = golden.inputs.iter().map(|(name, _)| name.as_str()).collect();
    match &golden.quantity {
        None => points(section, &names, inputs),
        Some(quantity) if outputs.iter().any(|output| output.name == *quantity) => {
            points(section, &names, inputs);
        }
        Some(quantity) => match derived.iter().find(|derived| derived.name == *quantity) {
            Some(derived) => {
                let known: Vec<String> = derived.inputs.iter().map(|(name, _)| name.clone()).collect();
                complete_points(section, &names, &known);
            }
            None => {
                let known = derived.iter().map(|derived| derived.name.clone()).collect();
                unknown(section, section.offset_of("quantity"), section.name(), quantity, known);
            }
        },
    }
    for (name, value) in &golden.inputs {
        let text = inputs.iter().any(|input| input.name == *name && input.text);
        if text != matches!(value, Value::Text(_)) {
            let expected = if text { "a text" } else { "a number" };
            section.wrong(name, section.offset_inside("inputs", name), expected, "something else");
        }
        if matches!(value, Value::Sequence(_)) && !looks_back {
            let expected = "a number: this law has no sum over the past";
            section.wrong(name, section.offset_inside("inputs", name), expected, "a list");
        }
    }
    if golden.tolerance <= 0.0 {
        section.wrong(
            "tolerance",
            section.offset_of("tolerance"),
            "above 0",
            &format!("{}", golden.tolerance),
        );
    }
}

/// Every column that the inputs stand for has a value, and nothing else.
fn points(section: &Section<'_, '_>, names: &[&str], inputs: &[Variable]) {
    let texts = inputs.iter().filter(|input| input.text).map(|input| input.name.clone());
    let known: Vec<String> = columns(inputs).into_iter().map(|spec| spec.name).chain(texts).collect();
    complete_points(section, names, &known);
}

fn complete_points(section: &Section<'_, '_>, names: &[&str], known: &[String]) {
    for name in names.iter().filter(|name| !known.iter().any(|known| known == **name)) {
        unknown(section, section.offset_inside("inputs", name), section.name(), name, known.to_vec());
    }
    let given = |name: &String| names.contains(&name.as_str()) || section.has_inside("inputs", name);
    let missing: Vec<String> = known.iter().filter(|name| !given(name)).cloned().collect();
    if !missing.is_empty() {
        section.reader.report(LawError::MissingValues {
            place: section.reader.source.place(section.offset()),
            set: section.name().to_owned(),
            missing,
            may_be_partial: false,
        });
    }
}
