//! `cargo xtask gen`: the law reference under `docs/`, written from the catalogue and never by hand.
//!
//! An index with one line per law, and a page per area with everything a reader needs to judge a law before using it.
//! `cargo xtask test reference` makes the same text again and fails when a committed file differs.

use std::collections::BTreeMap;
use std::fs;

use isoflop_laws::{Catalogue, CoefficientSet, Grade, Law, Parameter, Standing};

use crate::workspace::Workspace;

/// Where the pages lie, relative to the root.
const INDEX: &str = "docs/laws.md";
const FOLDER: &str = "docs/laws";
const STANDINGS: [Standing; 3] = [Standing::Published, Standing::Recomputed, Standing::StartingHint];

/// Writes the pages, and removes those of areas that are gone.
pub fn generate() -> Result<bool, String> {
    let workspace = Workspace::find()?;
    let pages = pages()?;
    for (path, text) in &pages {
        let file = workspace.root.join(path);
        let written = match file.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(&file, text)),
            None => Ok(()),
        };
        written.map_err(|e| format!("cannot write {path}: {e}"))?;
    }
    for path in superfluous(&workspace, &pages)? {
        fs::remove_file(workspace.root.join(&path)).map_err(|e| format!("cannot remove {path}: {e}"))?;
    }
    let size: usize = pages.values().map(String::len).sum();
    println!("{} pages, {} kB", pages.len(), size / 1000);
    Ok(true)
}

/// One sentence for each page that is missing, differs or should not be there.
pub fn stale(workspace: &Workspace) -> Result<Vec<String>, String> {
    const ADVICE: &str = "run `cargo xtask gen` and commit what it writes";
    let pages = pages()?;
    let differs = |(path, text): (&String, &String)| {
        // A checkout may have other line ends.
        let same = workspace.read(path).is_ok_and(|found| found.replace("\r\n", "\n") == *text);
        (!same).then(|| format!("{path} does not say what the laws say: {ADVICE}"))
    };
    let mut findings: Vec<String> = pages.iter().filter_map(differs).collect();
    let extra = superfluous(workspace, &pages)?;
    findings.extend(extra.iter().map(|path| format!("{path} belongs to no area: {ADVICE}")));
    Ok(findings)
}

/// Pages in the folder that the catalogue does not ask for.
fn superfluous(workspace: &Workspace, pages: &BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let paths = workspace.files()?.into_iter().filter(|path| path.starts_with(FOLDER));
    let paths = paths.map(|path| path.to_string_lossy().replace('\\', "/"));
    Ok(paths.filter(|path| !pages.contains_key(path)).collect())
}

/// All pages by path.
fn pages() -> Result<BTreeMap<String, String>, String> {
    let catalogue = Catalogue::builtin().map_err(|errors| errors.to_string())?;
    let mut areas: BTreeMap<&str, Vec<&Law>> = BTreeMap::new();
    for law in catalogue.laws() {
        areas.entry(&law.area).or_default().push(law);
    }
    let mut pages: BTreeMap<String, String> =
        areas.iter().map(|(area, laws)| (format!("{FOLDER}/{area}.md"), page(area, laws))).collect();
    pages.insert(INDEX.to_owned(), index(catalogue.laws(), &areas));
    Ok(pages)
}

fn index(laws: &[Law], areas: &BTreeMap<&str, Vec<&Law>>) -> String {
    let sets: Vec<&CoefficientSet> = laws.iter().flat_map(|law| &law.sets).collect();
    let mut out = format!(
        "# Laws\n\n{} laws in {} areas, with {} sets of coefficients. Made by `cargo xtask gen` from the files under \
         [laws/](../laws/README.md): change those, not this.\n\n",
        laws.len(),
        areas.len(),
        sets.len()
    );
    out += "| grade | how far it was checked | laws, by their form | sets of coefficients |\n|---|---|---|---|\n";
    for grade in Grade::ALL {
        let forms = laws.iter().filter(|law| law.grade == grade).count();
        let count = sets.iter().filter(|set| set.grade == grade).count();
        let share = share(count, sets.len());
        out += &format!("| {} | {grade} | {} | {share} |\n", grade.mark(), self::share(forms, laws.len()));
    }
    out += "\n| standing of the numbers | sets of coefficients |\n|---|---|\n";
    for standing in STANDINGS {
        let count = sets.iter().filter(|set| set.standing() == standing).count();
        out += &format!("| {} | {} |\n", words(standing), share(count, sets.len()));
    }
    out += "\n| area | laws |\n|---|---|\n";
    for (area, laws) in areas {
        out += &format!("| [{area}](#{area}) | {} |\n", laws.len());
    }
    for (area, laws) in areas {
        out += &format!("\n## {area}\n\n| law | what it says | grade | decision |\n|---|---|---|---|\n");
        for law in laws {
            let (id, title) = (&law.id, cell(&law.title));
            let decision = cell(law.decision.as_deref().unwrap_or_default());
            out +=
                &format!("| [{id}](laws/{area}.md#{id}) | {title} | {} | {decision} |\n", law.grade.mark());
        }
    }
    out
}

/// `12 (3.4 %)`.
fn share(count: usize, all: usize) -> String {
    format!("{count} ({:.1} %)", 100.0 * count as f64 / all.max(1) as f64)
}

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Published => "published by the source",
        Standing::Recomputed => "recomputed here, not the source's own",
        Standing::StartingHint => "from memory, starting hint only",
    }
}

fn page(area: &str, laws: &[&Law]) -> String {
    let mut out = format!(
        "# Laws: {area}\n\nMade by `cargo xtask gen` from [laws/{area}](../../laws/{area}). All laws: \
         [index](../laws.md).\n"
    );
    laws.iter().for_each(|law| out += &section(law));
    out
}

fn section(law: &Law) -> String {
    let formula = law.formula();
    let mut out = format!(
        "\n## {}\n\n**{}** (form: {})\n\n```text\n{}\n```\n\n$$\n{}\n$$\n",
        law.id,
        law.title,
        law.grade,
        formula.text,
        formula.to_latex()
    );
    let facts = [("Decision", &law.decision), ("Counting", &law.counting)];
    for (what, text) in facts {
        out += &text.as_ref().map_or_else(String::new, |text| format!("\n{what}: {text}\n"));
    }
    out += "\n| input or output | unit | meaning |\n|---|---|---|\n";
    for variable in law.inputs.iter().chain(law.outputs()) {
        let unit = if variable.text { "text".to_owned() } else { variable.unit.to_string() };
        out += &format!("| `{}` | {unit} | {} |\n", variable.name, cell(&variable.description));
    }
    out += "\n| parameter | range | meaning |\n|---|---|---|\n";
    for parameter in &law.parameters {
        let (name, range) = (&parameter.name, range(parameter));
        out += &format!("| `{name}` | {range} | {} |\n", cell(&parameter.description));
    }
    if !law.derived.is_empty() {
        out += "\n| derived | formula | meaning |\n|---|---|---|\n";
        for derived in &law.derived {
            let (text, meaning) = (cell(&derived.text), cell(&derived.description));
            out += &format!("| `{}` | `{text}` | {meaning} |\n", derived.name);
        }
    }
    if law.sets.is_empty() {
        out += "\nNo coefficients are published in what was seen.\n";
    } else {
        out += "\n| coefficients | values | standing | grade | source |\n|---|---|---|---|---|\n";
        law.sets.iter().for_each(|set| out += &row(law, set));
    }
    let prose = &law.prose;
    let sections = [
        ("When it holds", &prose.holds),
        ("Known criticism", &prose.criticism),
        ("Citation", &prose.citation),
    ];
    for (heading, text) in sections {
        out += &format!("\n**{heading}.** {text}\n");
    }
    for citation in &law.citations {
        let year = citation.year.map_or_else(String::new, |year| format!(" {year}"));
        let arxiv = citation.arxiv.as_ref();
        let arxiv =
            arxiv.map_or_else(String::new, |id| format!(", [arXiv {id}](https://arxiv.org/abs/{id})"));
        out += &format!("\n* {}{year}: *{}*{arxiv}", citation.authors, citation.title);
    }
    out + "\n"
}

/// One set of coefficients as a row.
fn row(law: &Law, set: &CoefficientSet) -> String {
    let value = |(name, value): &(String, f64)| {
        let error = set.standard_errors().iter().find(|(known, _)| known == name);
        let error = error.map_or_else(String::new, |(_, error)| format!(" +- {}", number(*error)));
        format!("{name} = {}{error}", number(*value))
    };
    let values: Vec<String> = set.hints().iter().map(value).collect();
    let standing = set.standing();
    // A set from memory has no source that somebody looked at.
    let source = match (law.citation(&set.source), standing) {
        (Some(citation), Standing::Published | Standing::Recomputed) => {
            format!("{}: {}", cell(&citation.authors), cell(&set.place))
        }
        _ => "none was seen".to_owned(),
    };
    let note = set.note.as_ref().map_or_else(String::new, |note| format!(". {}", cell(note)));
    format!(
        "| `{}`: {} | `{}` | {} | {} | {source}{note} |\n",
        set.id,
        cell(&set.title),
        cell(&values.join(", ")),
        words(standing),
        set.grade.mark()
    )
}

fn range(parameter: &Parameter) -> String {
    match (parameter.fixed, parameter.lower, parameter.upper) {
        (Some(value), ..) => format!("held at {}", number(value)),
        (None, f64::NEG_INFINITY, f64::INFINITY) => "any".to_owned(),
        (None, low, f64::INFINITY) => format!("at least {}", number(low)),
        (None, f64::NEG_INFINITY, high) => format!("at most {}", number(high)),
        (None, low, high) => format!("{} to {}", number(low), number(high)),
    }
}

/// At most eight significant digits.
fn number(value: f64) -> String {
    let value: f64 = format!("{value:.7e}").parse().unwrap_or(value);
    match value.abs() {
        1e-4..1e7 | 0.0 => format!("{value}"),
        _ => format!("{value:e}"),
    }
}

/// Text that does not end its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_law_has_its_line_and_its_section() {
        let pages = pages().unwrap();
        let catalogue = Catalogue::builtin().unwrap();
        for law in catalogue.laws() {
            let section = &pages[&format!("{FOLDER}/{}.md", law.area)];
            assert!(section.contains(&format!("\n## {}\n", law.id)), "{}", law.id);
            assert!(pages[INDEX].contains(&format!("[{}](laws/{}.md#{})", law.id, law.area, law.id)));
        }
        assert_eq!(pages, super::pages().unwrap(), "the same laws must give the same text");
    }

    #[test]
    fn numbers_from_memory_are_called_so() {
        let catalogue = Catalogue::builtin().unwrap();
        let from_memory = |law: &&Law| law.sets.iter().any(|set| set.standing() == Standing::StartingHint);
        let law = catalogue.laws().iter().find(from_memory).unwrap();
        let set = law.sets.iter().find(|set| set.standing() == Standing::StartingHint).unwrap();
        let row = row(law, set);
        assert!(row.contains("from memory, starting hint only") && row.contains("none was seen"), "{row}");
    }
}
