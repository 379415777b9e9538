//! Laws as text.

use isoflop_laws::{CoefficientSet, Law, Parameter};

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
    for variable in law.inputs.iter().chain(law.outputs()) {
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
