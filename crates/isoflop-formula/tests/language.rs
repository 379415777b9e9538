//! Runs the Markdown files of `tests/language`: what the language does, written down where it is explained.
//!
//! A fenced block `scope` says what names mean in the blocks that follow it, one declaration a line:
//! `input N param`, `output loss nat/token`, `text family`, `param alpha 0..1 fixed=0.5 tie=beta unit=1`,
//! `open`. A block `law` or `expression` holds a formula and, on lines that start with `=>`, what comes out:
//! every error and warning in order, or the formula printed again and any other result that is asked for.
//!
//! `UPDATE_LANGUAGE=1 cargo test --test language` writes what comes out into the files; read the difference.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::fmt::Write;
use std::path::Path;

use isoflop_formula::{
    Diagnostic, Formula, InputKind, InputSpec, ParamSpec, Scope, Severity, Unit, parse_number, print,
};

#[test]
fn language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let update = std::env::var_os("UPDATE_LANGUAGE").is_some();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = String::new();
    let mut cases = 0;
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let actual = run(&text, &mut cases);
        if update {
            std::fs::write(&path, actual).unwrap();
        } else if let Some((n, (expected, found))) =
            text.lines().zip(actual.lines()).enumerate().find(|(_, (a, b))| a != b)
        {
            let file = path.file_name().unwrap().to_string_lossy();
            writeln!(wrong, "{file}:{}: expected {expected:?}\n  found {found:?}", n + 1).unwrap();
        } else {
            assert_eq!(text, actual, "{}", path.display());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(cases > 50, "only {cases} cases were found");
}

/// The file with the lines `=>` replaced by what comes out.
fn run(text: &str, cases: &mut usize) -> String {
    let mut out = String::new();
    let mut scope = Scope::default();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        writeln!(out, "{line}").unwrap();
        let Some(kind) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|l| *l != "```").collect();
        match kind {
            "scope" => scope = read_scope(&block),
            "law" | "expression" => {
                *cases += 1;
                let results = block.iter().position(|l| l.starts_with("=>")).unwrap_or(block.len());
                let (source, expected) = block.split_at(results);
                writeln!(out, "{}", source.join("\n")).unwrap();
                out += &results_of(&source.join("\n"), kind == "law", &scope, expected);
                writeln!(out, "```").unwrap();
                continue;
            }
            _ => {}
        }
        block.iter().for_each(|l| writeln!(out, "{l}").unwrap());
        writeln!(out, "```").unwrap();
    }
    out
}

fn results_of(source: &str, law: bool, scope: &Scope, expected: &[&str]) -> String {
    let compiled = if law { Formula::compile(source, scope) } else { Formula::expression(source, scope) };
    let mut out = String::new();
    let formula = match compiled {
        Ok(formula) => formula,
        Err(diagnostics) => {
            diagnostics.0.iter().for_each(|d| show(d, source, &mut out));
            return out;
        }
    };
    writeln!(out, "=> {}", formula.to_text()).unwrap();
    formula.warnings.iter().for_each(|d| show(d, source, &mut out));
    let (graph, symbols) = (&formula.graph, &formula.symbols);
    for line in expected {
        let Some((what, _)) = line.strip_prefix("=> ").and_then(|l| l.split_once(": ")) else { continue };
        let result = match what {
            "latex" => formula.to_latex(),
            "python" => print::python(graph, symbols, formula.body),
            "javascript" => print::javascript(graph, symbols, formula.body),
            "prediction" => print::text(graph, symbols, formula.output.as_ref().unwrap().prediction),
            "inputs" => {
                let shown = symbols.inputs.iter().map(|i| match &i.kind {
                    InputKind::Column => format!("{} ({})", i.name, i.unit),
                    InputKind::TextEquals { value, .. } => format!("{} is {value:?}", i.name),
                    past => format!("{} as {past:?}", i.name),
                });
                shown.collect::<Vec<_>>().join(", ")
            }
            "params" => {
                let shown = symbols.params.iter().map(|p| match &p.group {
                    Some(group) => format!("{}[{group}]", p.name),
                    None => p.name.clone(),
                });
                shown.collect::<Vec<_>>().join(", ")
            }
            "ties" => {
                let shown = formula
                    .ties
                    .iter()
                    .map(|t| format!("{} = {}", t.name, print::text(graph, symbols, t.node)));
                shown.collect::<Vec<_>>().join(", ")
            }
            _ => continue,
        };
        for (n, part) in result.lines().enumerate() {
            writeln!(out, "=> {}{part}", if n == 0 { format!("{what}: ") } else { String::new() }).unwrap();
        }
    }
    out
}

fn show(d: &Diagnostic, source: &str, out: &mut String) {
    let word = if d.severity == Severity::Error { "error" } else { "warning" };
    write!(out, "=> {word} {}", d.code).unwrap();
    match &d.span {
        Some(span) if span.is_empty() => write!(out, " at {}", span.start).unwrap(),
        Some(span) => write!(out, " at `{}`", source[span.clone()].replace('\n', " ")).unwrap(),
        None => {}
    }
    writeln!(out, ": {}", d.message).unwrap();
    if let Some(help) = &d.help {
        writeln!(out, "=>   help: {help}").unwrap();
    }
}

fn read_scope(lines: &[&str]) -> Scope {
    let mut scope = Scope::default();
    for line in lines {
        let mut words = line.split_whitespace();
        let (kind, name) = (words.next().unwrap(), words.next().unwrap_or_default());
        let rest: Vec<&str> = words.collect();
        let unit = || rest.first().map(|u| Unit::parse(u).unwrap()).unwrap_or_default();
        match kind {
            "open" => scope.open = true,
            "input" => scope.inputs.push(InputSpec::new(name, unit())),
            "output" => scope.output = Some(InputSpec::new(name, unit())),
            "text" => scope.text_columns.push(name.into()),
            "param" => scope.params.push(read_param(name, &rest)),
            _ => panic!("unknown declaration {line:?}"),
        }
    }
    scope
}

fn read_param(name: &str, words: &[&str]) -> ParamSpec {
    let mut spec = ParamSpec::new(name);
    for word in words {
        if let Some((lower, upper)) = word.split_once("..") {
            spec.lower = parse_number(lower).unwrap_or(f64::NEG_INFINITY);
            spec.upper = parse_number(upper).unwrap_or(f64::INFINITY);
            continue;
        }
        match word.split_once('=').unwrap() {
            ("fixed", value) => spec.fixed = parse_number(value),
            ("tie", text) => spec.tie = Some(text.into()),
            ("unit", unit) => spec.unit = Some(Unit::parse(unit).unwrap()),
            ("group", column) => spec.group = Some(column.into()),
            _ => panic!("unknown word {word:?}"),
        }
    }
    spec
}
