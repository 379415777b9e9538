//! A fit as one HTML page that needs no other file and no network: verdict first, then answers, rows, certificate,
//! figures and the forecast.

mod forecast;
mod html;

use isoflop_figure::{Theme, stylesheet, svg};
use isoflop_fit::{Fit, Verdict};
use isoflop_study::{counted, coverage, percent, significant, verdict};

use crate::figures::{Shown, figures_of, shown};
use crate::page::html::{escape, shell, table, text_table};
use crate::subject::Subject;
use crate::words::{checks_of, shown_numbers};

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded from anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The whole page.
pub fn page(subject: &Subject<'_>) -> String {
    let scene = subject.scene();
    let name = if subject.law == "formula" { "a formula" } else { subject.law };
    let title = format!("isoflop: {name} on {}", counted(subject.rows.used, "row"));
    let figures = figures_of(&scene);
    let drawn = match figures.is_empty() {
        true => {
            "<p>The law has no numeric input that varies over the rows, so there is nothing to draw.</p>\n"
                .to_owned()
        }
        false => figures.iter().map(figure).collect(),
    };
    let sections = [
        ("Parameters", parameters(subject.fit)),
        ("Forecast", forecast::section(&scene)),
        ("Rows", rows(subject)),
        ("Certificate", certificate(subject)),
        ("How much does the objective matter?", choices(subject.fit)),
        ("Figures", drawn),
        ("How this was made", made(subject)),
    ];
    let body: String =
        sections.iter().map(|(head, text)| format!("<section><h2>{head}</h2>\n{text}</section>\n")).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n<body>\n<main>\n\
         <h1>{}</h1>\n<p><code>{}</code></p>\n{}{body}</main>\n</body>\n</html>\n",
        escape(&title),
        stylesheet(Theme::Auto),
        escape(&title),
        escape(&subject.formula.text),
        answer(subject),
    )
}

/// The verdict in words, and what it rests on.
fn answer(subject: &Subject<'_>) -> String {
    let fit = subject.fit;
    let others = match subject.is_same {
        true => "",
        false => {
            "<p class=\"out\">The rows in this report are not those of the fit: rows and figures show the saved law \
             on other rows; verdict, parameters and certificate are about the fit.</p>\n"
        }
    };
    let certificate = &fit.certificate;
    let (class, text) = match certificate.verdict {
        Verdict::Certified => ("good", "Every check passed: this is the optimum, and the runs determine it."),
        Verdict::CertifiedWithWarnings => ("warn", "This is the optimum, but read the warnings."),
        Verdict::NotCertified => ("bad", "Do not rely on these numbers."),
    };
    let scatter = match fit.rmse_log {
        Some(rmse) => format!("The runs lie {} around the law (root mean square of the log).", percent(rmse)),
        None => format!("The runs lie {} around the law (root mean square).", significant(fit.rmse, 3)),
    };
    let reasons: String =
        certificate.reasons.iter().map(|reason| format!("<li>{}</li>", escape(reason))).collect();
    let reasons = if reasons.is_empty() { reasons } else { format!("<ul>{reasons}</ul>\n") };
    let mut word = verdict(certificate.verdict).to_owned();
    if let Some(first) = word.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    format!(
        "<div class=\"verdict {class}\">\n<p><strong>{word}.</strong> {text}</p>\n{reasons}<p>{scatter}</p>\n{others}</div>\n"
    )
}

fn parameters(fit: &Fit) -> String {
    let note = |fixed: bool, at_bound: bool| match (fixed, at_bound) {
        (true, _) => "held",
        (_, true) => "at its bound",
        _ => "",
    };
    let parameters = fit
        .parameters
        .iter()
        .map(|p| (&p.name, p.estimate, p.low, p.high, note(p.fixed, p.at_bound).to_owned()));
    let derived =
        fit.derived.iter().map(|d| (&d.name, d.estimate, d.low, d.high, format!("= {}", d.formula)));
    let rows = parameters.chain(derived).map(|(name, value, low, high, note)| {
        let [value, low, high] = shown_numbers(value, low, high);
        let interval = if low.is_empty() { String::new() } else { format!("{low} … {high}") };
        vec![name.clone(), value, interval, note]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let Some(interval) = &fit.interval else {
        return text_table(&["", "estimate", "", ""], &rows)
            + "<p>The fit was made without replicates, so it has no intervals.</p>\n";
    };
    let clusters =
        interval.clusters.map_or_else(String::new, |count| format!(", {}", counted(count, "cluster")));
    let solved = match interval.ends {
        Some(_) => format!(
            ", {} of {} replicates solved to certificate tolerance",
            interval.certified, interval.replicates
        ),
        None => String::new(),
    };
    let head = format!("{} interval", coverage(interval.level));
    text_table(&["", "estimate", &head, ""], &rows)
        + &format!("<p class=\"faint\">Intervals: {}{clusters}{solved}.</p>\n", escape(&interval.method))
}

/// What the rows cover, and what was left out.
fn rows(subject: &Subject<'_>) -> String {
    let Subject { fit, rows, .. } = subject;
    let files: Vec<String> =
        rows.sources.iter().map(|(name, count)| format!("{} ({count})", escape(name))).collect();
    let mut out = format!("<p>{} used, of {}.", counted(rows.used, "row"), files.join(", "));
    match (rows.dropped, rows.filtered) {
        (0, 0) => out += " No row was left out.",
        (dropped, filtered) => {
            out += &format!(
                " {dropped} left out because a cell cannot be used, {filtered} not chosen by --where."
            );
        }
    }
    out += "</p>\n";
    if !rows.reasons.is_empty() {
        let reasons: Vec<Vec<String>> = rows
            .reasons
            .iter()
            .map(|r| vec![r.column.clone(), r.reason.to_owned(), r.count.to_string(), r.first.clone()])
            .collect();
        out += &text_table(&["column", "left out because", "rows", "first"], &reasons);
    }
    let ranges: Vec<Vec<String>> = fit
        .ranges
        .iter()
        .map(|r| vec![r.name.clone(), shown(r.low), shown(r.high), ratio(r.low, r.high)])
        .collect();
    out + &text_table(&["input", "from", "to", "ratio"], &ranges)
}

fn ratio(low: f64, high: f64) -> String {
    if low > 0.0 { shown(high / low) } else { String::new() }
}

fn certificate(subject: &Subject<'_>) -> String {
    let checks: Vec<Vec<String>> = checks_of(&subject.fit.certificate, subject.influential)
        .into_iter()
        .map(|(name, finding)| vec![name.to_owned(), finding])
        .collect();
    let warnings: String =
        subject.fit.warnings.iter().map(|w| format!("<li>{}</li>", escape(&w.message))).collect();
    let warnings = if warnings.is_empty() { warnings } else { format!("<ul>{warnings}</ul>\n") };
    text_table(&[], &checks) + &warnings
}

/// One row per objective; answers outside the interval of the chosen one are marked.
fn choices(fit: &Fit) -> String {
    if fit.choices.is_empty() {
        return "<p>The fit was made without other objectives.</p>\n".to_owned();
    }
    let free: Vec<usize> = (0..fit.parameters.len()).filter(|k| !fit.parameters[*k].fixed).collect();
    let head = ["objective".to_owned()].into_iter();
    let names = free.iter().map(|k| &fit.parameters[*k].name).chain(fit.derived.iter().map(|d| &d.name));
    let head: Vec<String> = head.chain(names.map(|name| escape(name))).collect();
    let cell = |value: f64, ends: Option<(f64, f64)>| {
        let text = significant(value, 4);
        match ends.is_some_and(|(low, high)| value < low || value > high) {
            true => format!("<span class=\"out\">{text}*</span>"),
            false => text,
        }
    };
    let chosen =
        free.iter().map(|k| fit.parameters[*k].estimate).chain(fit.derived.iter().map(|d| d.estimate));
    let first = [format!("<strong>{}</strong>", escape(&fit.objective.name))].into_iter();
    let mut rows: Vec<Vec<String>> = vec![first.chain(chosen.map(|value| cell(value, None))).collect()];
    for choice in
        fit.choices.iter().filter(|c| (&c.objective, c.delta) != (&fit.objective.name, fit.objective.delta))
    {
        let name =
            choice.delta.map_or_else(|| choice.objective.clone(), |d| format!("{} ({d})", choice.objective));
        let name =
            if choice.certified { escape(&name) } else { format!("{} (not certified)", escape(&name)) };
        let own = free.iter().filter_map(|k| {
            let p = &fit.parameters[*k];
            Some(cell(*choice.estimates.get(*k)?, p.low.zip(p.high)))
        });
        let derived =
            fit.derived.iter().zip(&choice.derived).map(|(d, value)| cell(*value, d.low.zip(d.high)));
        rows.push([name].into_iter().chain(own).chain(derived).collect());
    }
    table(&head, &rows)
        + "<p class=\"faint\">* outside the interval of the fit. All with the same rows and law.</p>\n"
}

fn figure(drawn: &Shown) -> String {
    let Shown { caption, figure, head, rows } = drawn;
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    format!(
        "<figure>\n{}<figcaption>{}</figcaption>\n<details><summary>Table: {}</summary>\n{}</details>\n</figure>\n",
        svg(figure, Theme::Page),
        escape(caption),
        escape(&figure.title),
        text_table(&head, rows)
    )
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
