//! A fit as one HTML page that needs no other file and no network: verdict first, then answers, rows, certificate,
//! figures and the forecast.

mod figure;
mod forecast;
mod html;

use isoflop_figure::{Theme, stylesheet};

use crate::figures::figures_of;
use crate::page::figure::Place;
pub(crate) use crate::page::html::shell;
use crate::page::html::{escape, table};
use crate::results::{result_figures, result_kind};
use crate::sections::{self, Cells, Section};
use crate::subject::{ResultFile, Subject};

const STYLE: &str = include_str!("style.css");
/// Figures that can be zoomed, asked and taken along.
const FIGURES: &str = include_str!("figure.js");
/// Nothing may be loaded from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:";

/// The whole page.
pub fn page(subject: &Subject<'_>) -> String {
    let scene = subject.scene();
    let title = sections::title(subject);
    let figures = figures_of(&scene);
    let place = Place { file: "fit", source: subject.saved };
    let drawn = match figures.is_empty() {
        true => format!("<p>{}</p>\n", sections::NO_FIGURES),
        false => figures.iter().enumerate().map(|(k, shown)| figure::html(shown, k, &place)).collect(),
    };
    let section = |section: Section| (section.head.clone(), blocks(&section));
    let mut parts = vec![
        section(sections::parameters(subject)),
        ("Forecast".to_owned(), forecast::section(&scene)),
        section(sections::rows(subject)),
        section(sections::certificate(subject)),
        section(sections::choices(subject)),
    ];
    parts.extend(subject.results.iter().map(result));
    parts.push(("Figures".to_owned(), drawn));
    parts.push(("How this was made".to_owned(), made(subject)));
    let contents: String = parts
        .iter()
        .enumerate()
        .map(|(k, (head, _))| format!("<li><a href=\"#s{k}\">{}</a></li>", escape(head)))
        .collect();
    let body: String = parts
        .iter()
        .enumerate()
        .map(|(k, (head, text))| {
            let head = escape(head);
            format!("<section id=\"s{k}\" aria-label=\"{head}\"><h2>{head}</h2>\n{text}</section>\n")
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{0}</title>\n<style>\n{STYLE}</style>\n\
         <style id=\"figure-style\">{1}</style>\n</head>\n<body>\n<main>\n\
         <h1>{0}</h1>\n<p><code>{2}</code></p>\n{3}<nav aria-label=\"Contents\"><ul>{contents}</ul></nav>\n{body}</main>\n\
         <script>\n\"use strict\";\n{{\n{FIGURES}}}\n</script>\n</body>\n</html>\n",
        escape(&title),
        stylesheet(Theme::Auto),
        escape(&subject.formula.text),
        answer(subject),
    )
}

/// The verdict in words, and what it rests on; red and marked as an alert if there is none.
fn answer(subject: &Subject<'_>) -> String {
    let verdict = sections::verdict_of(subject);
    let items: String = verdict.reasons.iter().map(|reason| format!("<li>{}</li>", escape(reason))).collect();
    let reasons = if items.is_empty() { items } else { format!("<ul>{items}</ul>\n") };
    let others = match subject.is_same {
        true => String::new(),
        false => format!("<p class=\"out\">{}</p>\n", sections::OTHER_ROWS),
    };
    let role = if verdict.class == "bad" { " role=\"alert\"" } else { "" };
    format!(
        "<div class=\"verdict {}\"{role}>\n<p><strong>{}.</strong> {}</p>\n{reasons}<p>{}</p>\n{others}</div>\n",
        verdict.class,
        verdict.word,
        verdict.text,
        escape(&verdict.scatter)
    )
}

/// A section of words and tables.
fn blocks(section: &Section) -> String {
    let mut out = String::new();
    for text in &section.before {
        out += &format!("<p>{}</p>\n", escape(text));
    }
    for Cells { head, rows } in &section.tables {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                let cell = |text: &String| match text.ends_with('*') && section.is_marked {
                    true => format!("<span class=\"out\">{}</span>", escape(text)),
                    false => escape(text),
                };
                row.iter().map(cell).collect()
            })
            .collect();
        let head: Vec<String> = head.iter().map(|cell| escape(cell)).collect();
        out += &table(&head, &rows);
    }
    for text in &section.after {
        out += &format!("<p class=\"faint\">{}</p>\n", escape(text));
    }
    out
}

/// The figures of a result with their tables.
fn result(file: &ResultFile) -> (String, String) {
    let kind = result_kind(&file.result).unwrap_or("result");
    let head = match kind {
        "compare" => "Comparison of laws",
        "backtest" => "Backtest",
        "profile" => "Profiles",
        "methods" => "The three approaches",
        "contrast" => "Two recipes",
        "influence" => "What decides the answer",
        "next" => "Next runs",
        "plan" => "Plan",
        "cost" => "Costs of the architecture",
        _ => "Result",
    };
    let words = ["sentence", "verdict"].iter().filter_map(|key| file.result.get(*key)?.as_str());
    let mut out: String = words.map(|text| format!("<p>{}</p>\n", escape(text))).collect();
    let stem = file.name.rsplit(['/', '\\']).next().unwrap_or(kind);
    let place = Place { file: stem.split('.').next().unwrap_or(kind), source: Some(&file.name) };
    let figures = result_figures(&file.result).unwrap_or_default();
    if figures.is_empty() {
        out += "<p>The result has no numbers that a figure could show.</p>\n";
    }
    out += &figures.iter().enumerate().map(|(k, shown)| figure::html(shown, k, &place)).collect::<String>();
    (head.to_owned(), out)
}

fn made(subject: &Subject<'_>) -> String {
    let mut out = String::new();
    if subject.made_by != subject.command && !subject.made_by.is_empty() {
        out += &format!("<p>The fit:</p>\n<pre>{}</pre>\n", escape(&shell(subject.made_by)));
    }
    out += &format!("<p>This page with all figures:</p>\n<pre>{}</pre>\n", escape(&shell(subject.command)));
    out + &format!(
        "<p class=\"faint\">isoflop {}, seed {}, data sha256 <code>{}</code>. The same command on the same rows gives \
         the same page, byte for byte.</p>\n",
        env!("CARGO_PKG_VERSION"),
        subject.seed,
        escape(subject.digest)
    )
}
