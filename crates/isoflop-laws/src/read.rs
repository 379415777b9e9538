//! From the text of a law file to a [`Law`].

use std::ops::Range;

use isoflop_formula::{Formula, Scope, Unit};
use toml::de::DeTable;

use crate::check;
use crate::coefficients::CoefficientSet;
use crate::error::{LawError, LawErrors};
use crate::grade::Grade;
use crate::law::{Law, Origin};
use crate::packed::unpack;
use crate::parts::{Citation, Derived, Design, Golden, Levels, Members, Parameter, Recipe, Value, Variable};
use crate::prose::Prose;
use crate::reader::{Entry, Reader, Section};
use crate::source::Source;
use crate::tree;

/// Reads one law file. `folder` is the one it lies in, if that means an area.
pub(crate) fn read(file: &str, text: &str, folder: Option<&str>, origin: Origin) -> Result<Law, LawErrors> {
    let source = Source::new(file, text)?;
    let reader = Reader::new(source);
    let (parsed, mistakes) = DeTable::parse_recoverable(source.front);
    for mistake in mistakes {
        let offset = mistake.span().map_or(0, |span| span.start);
        reader.report(LawError::Toml {
            place: source.place(offset),
            message: mistake.message().replace('\n', " "),
        });
    }
    let errors = reader.take_errors();
    if errors.is_empty() {
        return finish(reader, &tree::table(parsed.into_inner()), text, folder, origin);
    }
    // A broken table would only add consequences of the first mistake.
    let mut errors = errors;
    Prose::read(&source, &mut errors);
    Err(sorted(errors))
}

/// Reads an embedded law file, whose front matter was packed when the program was built.
pub(crate) fn read_builtin(
    file: &str,
    text: &str,
    packed: &[u8],
    folder: Option<&str>,
) -> Result<Law, LawErrors> {
    match unpack(packed) {
        Some(table) => finish(Reader::new(Source::new(file, text)?), &table, text, folder, Origin::BuiltIn),
        None => read(file, text, folder, Origin::BuiltIn),
    }
}

/// The law of a table without mistakes of syntax.
fn finish(
    reader: Reader<'_>,
    table: &[tree::Entry<'_>],
    text: &str,
    folder: Option<&str>,
    origin: Origin,
) -> Result<Law, LawErrors> {
    let source = reader.source;
    let law = front_matter(&reader, table, folder, origin);
    let mut errors = Vec::new();
    errors.extend(reader.take_errors());
    let prose = Prose::read(&source, &mut errors);
    match law {
        Some(law) if errors.is_empty() => Ok(Law { prose, text: text.to_owned(), ..law }),
        _ => Err(sorted(errors)),
    }
}

fn sorted(mut errors: Vec<LawError>) -> LawErrors {
    errors.sort_by_key(|error| error.place().map(|place| place.line));
    LawErrors(errors)
}

fn front_matter(
    reader: &Reader<'_>,
    table: &[tree::Entry<'_>],
    folder: Option<&str>,
    origin: Origin,
) -> Option<Law> {
    let root = Section::root(reader, table);
    let (id, area) = (root.text("id"), root.text("area"));
    check::identity(&root, &id, &area, folder);
    let inputs = each(root.named_sections("inputs", true), variable);
    let mut outputs = each(root.named_sections("output", true), variable);
    let parameters = each(root.named_sections("parameters", false), parameter);
    // A test reads every embedded law as if it were a user's.
    let trusted = origin == Origin::BuiltIn;
    let formula_text = root.text("formula");
    let known = !outputs.is_empty() && !formula_text.is_empty();
    let formula = known.then_some(&outputs).and_then(|outputs| {
        let scope = Scope { trusted, ..check::scope(&inputs, outputs, &parameters) };
        let formula = check::compiled(&root, "formula", Formula::compile(&formula_text, &scope))?;
        if !trusted {
            check::all_used(&root, &formula, &inputs, &parameters);
        }
        Some(formula)
    });
    // In the order of the statements.
    if let Some(formula) = &formula {
        let order = formula.outputs();
        outputs.sort_by_key(|output| order.iter().position(|name| *name == output.name));
    }
    let derived = each(root.named_sections("derived", false), |name, section| {
        derived(name, section, &inputs, &parameters, trusted)
    });
    let sections = root.sections("citations");
    let citations: Vec<Citation> = sections.iter().map(citation).collect();
    check::unique("citation", &sections, citations.iter().map(|citation| citation.id.as_str()));
    if citations.is_empty() && !root.has("citations") {
        root.missing("citations");
    }
    let counting = root.optional_text("counting");
    let decision = root.optional_text("decision");
    let sections = root.sections("coefficients");
    let sets: Vec<CoefficientSet> = sections
        .iter()
        .map(|section| {
            let set = coefficients(section);
            check::set(section, &set, &inputs, &parameters, &citations, counting.is_some());
            set
        })
        .collect();
    check::unique("coefficient set", &sections, sets.iter().map(|set| set.id.as_str()));
    let looks_back = formula.as_ref().is_some_and(|formula| formula.symbols.look_back());
    let design = root
        .section("design")
        .and_then(|section| design(&section, &check::design_inputs(&inputs, looks_back), &parameters, &sets));
    let derived: Vec<Derived> = derived.into_iter().flatten().collect();
    let golden = root.sections("golden");
    let golden = golden
        .iter()
        .map(|section| self::golden(section, &inputs, &sets, &derived, &outputs, looks_back))
        .collect();
    let mut outputs = outputs.into_iter();
    Some(Law {
        title: root.text("title"),
        aliases: root.texts("aliases"),
        grade: grade(&root),
        recipe: root.section("recipe").as_ref().map(recipe),
        golden,
        prose: Prose::default(),
        text: String::new(),
        id,
        area,
        counting,
        decision,
        inputs,
        output: outputs.next()?,
        further_outputs: outputs.collect(),
        parameters,
        derived,
        sets,
        design,
        citations,
        origin,
        formula: formula?,
    })
}

fn each<'r, 'a, T>(
    sections: Vec<(String, Section<'r, 'a>)>,
    read: impl Fn(String, &Section<'r, 'a>) -> T,
) -> Vec<T> {
    sections.into_iter().map(|(name, section)| read(name, &section)).collect()
}

fn variable(name: String, section: &Section<'_, '_>) -> Variable {
    check::name(section, "variable", &name, false);
    let unit = section.text("unit");
    let text = unit == "text";
    Variable {
        unit: if text || unit.is_empty() { Unit::default() } else { parse_unit(section, &unit) },
        description: section.text("description"),
        text,
        integer: section.flag("integer"),
        set: members(section, &name),
        name,
    }
}

/// `members = ["web", "code"]`, and `columns = "mix_*"` if the columns do not start with the name of the set.
fn members(section: &Section<'_, '_>, name: &str) -> Option<Members> {
    let pattern = section.optional_text("columns");
    let names = section.texts("members");
    if names.is_empty() {
        if pattern.is_some() {
            section.missing("members");
        }
        return None;
    }
    for member in &names {
        check::name(section, "member", member, false);
    }
    let prefix = match pattern.as_deref().map(|pattern| pattern.strip_suffix('*')) {
        None => format!("{name}_"),
        Some(Some(prefix)) if !prefix.is_empty() && !prefix.contains('*') => prefix.to_owned(),
        Some(_) => {
            let found = pattern.unwrap_or_default();
            section.wrong("columns", section.offset_of("columns"), "a pattern such as \"mix_*\"", &found);
            return None;
        }
    };
    Some(Members { prefix, names })
}

fn parse_unit(section: &Section<'_, '_>, text: &str) -> Unit {
    Unit::parse(text).unwrap_or_else(|error| {
        section.wrong("unit", section.offset_of("unit"), "a unit", &format!("`{text}`: {error}"));
        Unit::default()
    })
}

fn parameter(name: String, section: &Section<'_, '_>) -> Parameter {
    check::name(section, "parameter", &name, false);
    let mut parameter = Parameter {
        lower: section.optional_number("lower").unwrap_or(f64::NEG_INFINITY),
        upper: section.optional_number("upper").unwrap_or(f64::INFINITY),
        fixed: section.optional_number("fixed"),
        scale: section.optional_number("scale"),
        unit: section.optional_text("unit").map(|unit| parse_unit(section, &unit)),
        description: section.text("description"),
        name,
    };
    let (lower, upper) = (parameter.lower, parameter.upper);
    if lower > upper {
        section.reader.report(LawError::Bounds {
            place: section.reader.source.place(section.offset_of("lower")),
            parameter: parameter.name.clone(),
            lower,
            upper,
        });
        // What follows would only say so again.
        (parameter.lower, parameter.upper) = (f64::NEG_INFINITY, f64::INFINITY);
    }
    let (lower, upper) = (parameter.lower, parameter.upper);
    for (key, value) in [("fixed", &mut parameter.fixed), ("scale", &mut parameter.scale)] {
        if let Some(outside) = value.take_if(|value| !(lower..=upper).contains(value)) {
            let expected = format!("within {lower} to {upper}");
            section.wrong(key, section.offset_of(key), &expected, &format!("{outside}"));
        }
    }
    parameter
}

fn derived(
    name: String,
    section: &Section<'_, '_>,
    inputs: &[Variable],
    parameters: &[Parameter],
    trusted: bool,
) -> Option<Derived> {
    check::name(section, "derived quantity", &name, false);
    let text = section.text("formula");
    let description = section.text("description");
    let own: Vec<(String, Unit)> = section
        .optional_texts("inputs")
        .into_iter()
        .map(|(name, unit)| (name, parse_unit(section, &unit)))
        .collect();
    if text.is_empty() {
        return None;
    }
    let scope = Scope { trusted, ..check::derived_scope(inputs, parameters, &own) };
    let formula = check::compiled(section, "formula", Formula::expression(&text, &scope))?;
    Some(Derived { name, text, description, inputs: own, formula })
}

fn grade(section: &Section<'_, '_>) -> Grade {
    let mark = section.text("grade");
    Grade::from_mark(&mark).unwrap_or_else(|| {
        if !mark.is_empty() {
            section.wrong("grade", section.offset_of("grade"), "V1R, V1, V2 or M", &format!("`{mark}`"));
        }
        Grade::Memory
    })
}

fn citation(section: &Section<'_, '_>) -> Citation {
    let year = section.optional_number("year");
    if let Some(year) = year.filter(|year| year.fract() != 0.0 || !(1600.0..2200.0).contains(year)) {
        section.wrong("year", section.offset_of("year"), "a year", &format!("{year}"));
    }
    let citation = Citation {
        id: section.text("id"),
        authors: section.text("authors"),
        year: year.map(|year| year as u16),
        title: section.text("title"),
        arxiv: section.optional_text("arxiv"),
        repository: section.optional_text("repository"),
    };
    check::name(section, "citation", &citation.id, true);
    citation
}

fn recipe(section: &Section<'_, '_>) -> Recipe {
    Recipe {
        objective: section.text("objective"),
        delta: positive(section, "delta", 0.0..f64::INFINITY),
        nu: positive(section, "nu", 0.0..f64::INFINITY),
        quantile: positive(section, "quantile", 0.0..1.0),
        note: section.optional_text("note"),
    }
}

/// A number strictly inside a range.
fn positive(section: &Section<'_, '_>, key: &'static str, range: Range<f64>) -> Option<f64> {
    let value = section.optional_number(key)?;
    if value <= range.start || value >= range.end {
        let expected = format!("above {} and below {}", range.start, range.end);
        section.wrong(key, section.offset_of(key), &expected, &format!("{value}"));
    }
    Some(value)
}

/// The entries of `range`, each `[smallest, largest]`.
fn range(section: &Section<'_, '_>) -> Vec<(String, f64, f64)> {
    let ends = |(name, value): (String, Value)| match value {
        Value::Sequence(ends) if ends.len() == 2 && ends[0] <= ends[1] => Some((name, ends[0], ends[1])),
        _ => {
            let at = section.offset_inside("range", &name);
            section.wrong(
                "range",
                at,
                "two numbers, the smaller first",
                &format!("something else for {name}"),
            );
            None
        }
    };
    section.entries_of_values("range").into_iter().filter_map(ends).collect()
}

fn coefficients(section: &Section<'_, '_>) -> CoefficientSet {
    let set = CoefficientSet {
        id: section.text("id"),
        title: section.text("title"),
        grade: grade(section),
        recomputed: section.flag("recomputed"),
        source: section.text("source"),
        place: section.text("place"),
        counting: section.optional_text("counting"),
        data: section.optional_text("data"),
        range: range(section),
        note: section.optional_text("note"),
        values: section.numbers("values"),
        standard_errors: section.optional_numbers("standard_errors").unwrap_or_default(),
        complete: !section.flag("partial"),
    };
    check::name(section, "coefficient set", &set.id, true);
    set
}

fn design(
    section: &Section<'_, '_>,
    inputs: &[Variable],
    parameters: &[Parameter],
    sets: &[CoefficientSet],
) -> Option<Design> {
    let set = section.optional_text("coefficients");
    let own = section.optional_numbers("values");
    let noise = section.optional_number("noise").unwrap_or(0.0);
    let levels = section
        .entries("inputs")
        .into_iter()
        .filter_map(|(name, entry)| match entry {
            Entry::List(levels) => Some((name, Levels::Numbers(levels))),
            Entry::Texts(levels) => Some((name, Levels::Texts(levels))),
            Entry::Table(range) => log_range(&range).map(|levels| (name, Levels::Numbers(levels))),
            Entry::Text(text, at) => {
                let scope = check::design_scope(inputs, &name);
                match Formula::expression(&text, &scope) {
                    Ok(formula) => Some((name, Levels::Formula(Box::new(formula)))),
                    Err(diagnostics) => {
                        section.bad_formula(&name, at, diagnostics);
                        None
                    }
                }
            }
        })
        .collect();
    let values = match (&set, own) {
        (Some(id), None) => check::usable_set(section, sets, id)?.values.clone(),
        (None, Some(values)) => values,
        (set, _) => {
            let found = if set.is_some() { "both" } else { "neither" };
            section.wrong("coefficients", section.offset(), "a set's id, or own [design.values]", found);
            return None;
        }
    };
    let design = Design { coefficients: set, values, noise, levels };
    check::design(section, &design, inputs, parameters);
    Some(design)
}

/// `{ from, to, points }`, evenly spaced in the logarithm, or with `linear = true` as they are.
fn log_range(section: &Section<'_, '_>) -> Option<Vec<f64>> {
    let (from, to, points) = (section.number("from"), section.number("to"), section.number("points"));
    let linear = section.flag("linear");
    let sound = (from > 0.0 || linear)
        && to > from
        && to.is_finite()
        && (2.0..=1e6).contains(&points)
        && points.fract() == 0.0;
    if !sound {
        if !(from.is_nan() || to.is_nan() || points.is_nan()) {
            let found = format!("{from} to {to} in {points}");
            section.wrong(
                "from",
                section.offset(),
                "a range 0 < from < to with at least 2 whole points",
                &found,
            );
        }
        return None;
    }
    let last = points - 1.0;
    if linear {
        return Some((0..points as usize).map(|index| from + (to - from) * index as f64 / last).collect());
    }
    let level = |index: f64| (from.ln() + (to.ln() - from.ln()) * index / last).exp();
    Some((0..points as usize).map(|index| level(index as f64)).collect())
}

fn golden(
    section: &Section<'_, '_>,
    inputs: &[Variable],
    sets: &[CoefficientSet],
    derived: &[Derived],
    outputs: &[Variable],
    looks_back: bool,
) -> Golden {
    let golden = Golden {
        coefficients: section.text("coefficients"),
        quantity: section.optional_text("quantity"),
        inputs: section.entries_of_values("inputs"),
        value: section.number("value"),
        tolerance: section.number("tolerance"),
        source: section.text("source"),
    };
    check::golden(section, &golden, inputs, sets, derived, outputs, looks_back);
    golden
}
