//! An audit as Markdown: the appendix of a paper, with all that is needed to repeat the fit.

use isoflop_fit::StartPlan;
use isoflop_study::{Audited, Reviewed, verdict};

use crate::output::audit::{rows, severity};
use crate::output::number::{coverage, significant, supported_places, to_places};
use crate::output::review::sentence;

/// Headings, tables and lists; nothing that depends on a theme.
pub(crate) fn markdown(reviewed: &Reviewed<Audited>, command: &[String]) -> String {
    let audited = &reviewed.answer;
    let mut out = "# Appendix: the scaling-law fit and its audit\n\n## Law\n\n".to_owned();
    out += &format!("`{}`", reviewed.law.formula().text);
    out += &format!(" ({}", reviewed.law.id);
    if let Some(citation) = reviewed.law.citations.first() {
        let year = citation.year.map_or_else(String::new, |year| format!(" {year}"));
        out += &format!("; {}{year}, {}", citation.authors, citation.title);
    }
    out += ").";
    if let Some(counting) = &reviewed.law.counting {
        out += &format!(" Counting: {counting}");
    }
    out += "\n\n## Runs\n\n";
    let total = audited.rows.sources.iter().map(|s| s.1).sum::<usize>();
    let files: Vec<String> =
        audited.rows.sources.iter().map(|(name, rows)| format!("{name} ({rows} rows)")).collect();
    out += &format!(
        "{} of {total} rows from {}; {} removed by filters, {} left out.\n",
        audited.rows.used,
        files.join(", "),
        audited.rows.filtered,
        audited.rows.dropped
    );
    for reason in &audited.rows.reasons {
        out += &format!(
            "* {}: {} is {} (first at {})\n",
            reason.count, reason.column, reason.reason, reason.first
        );
    }
    out += &format!(
        "\nColumns: {}. SHA-256 of the columns used: `{}`.\n\n",
        audited.columns.join(", "),
        audited.digest
    );
    out += "| input | from | to |\n|---|---|---|\n";
    for range in &audited.fit.ranges {
        out +=
            &format!("| {} | {} | {} |\n", range.name, significant(range.low, 4), significant(range.high, 4));
    }
    out += &fit(audited);
    out += "\n## Findings\n\n";
    if audited.audit.findings.is_empty() {
        out += "None.\n";
    } else {
        out += "| severity | check | evidence | what to do |\n|---|---|---|---|\n";
    }
    for finding in &audited.audit.findings {
        let rows = rows(reviewed, finding);
        let rows = if rows.is_empty() { String::new() } else { format!(" ({rows})") };
        out += &format!(
            "| {} | {} | {}{} | {} |\n",
            severity(finding.severity),
            finding.check,
            cell(&sentence(&finding.evidence)),
            cell(&rows),
            cell(&finding.advice)
        );
    }
    out += "\n## Checks without a finding\n\n";
    for passed in &audited.audit.passed {
        let state = if passed.was_made { "" } else { "not made: " };
        out += &format!("* {}: {state}{}\n", passed.check, passed.evidence);
    }
    out += &format!(
        "\n## To repeat\n\nisoflop {}, seed {}; the same seed gives the same digits on any number of threads.\n\n```sh\n{}\n```\n",
        env!("CARGO_PKG_VERSION"),
        audited.options.seed,
        command.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    );
    out
}

/// How the law was fitted, and the result.
fn fit(audited: &Audited) -> String {
    let fit = &audited.fit;
    let certificate = &fit.certificate;
    let starts = match &audited.options.starts {
        StartPlan::Auto => "data-scaled starts",
        StartPlan::Count(_) => "data-scaled starts, as many as asked for",
        StartPlan::Hoffmann => "the grid of Hoffmann et al. 2022",
        StartPlan::At(_) => "one given start",
    };
    let mut out = format!(
        "\n## Fit\n\nObjective: {}, {} at the optimum; root mean square residual {}. Starts: {}, {} tried, {} at this optimum, {} \
         elsewhere, {} failed. Gradient at the optimum {:.1e} of its scale{}. Verdict: {}.\n",
        audited.objective,
        significant(fit.objective.value, 6),
        significant(fit.rmse, 3),
        starts,
        certificate.starts.tried,
        certificate.starts.agreeing,
        certificate.starts.elsewhere,
        certificate.starts.failed,
        certificate.gradient,
        certificate
            .condition
            .map_or_else(String::new, |c| format!(", condition number of the scaled curvature {c:.1e}")),
        verdict(certificate.verdict)
    );
    for reason in &certificate.reasons {
        out += &format!("* {}\n", sentence(reason));
    }
    let interval = match &fit.interval {
        Some(i) => {
            out += &format!(
                "\nIntervals: {} {}, {} of {} replicates certified.\n",
                coverage(i.level),
                i.method,
                i.certified,
                i.replicates
            );
            format!("{} interval", coverage(i.level))
        }
        None => "interval".to_owned(),
    };
    out += &format!("\n| parameter | estimate | {interval} |\n|---|---|---|\n");
    let mut row = |name: &str, estimate: f64, ends: Option<(f64, f64)>, note: &str| {
        let places = ends.and_then(|(low, high)| supported_places(low, high));
        let shown = |v: f64| places.map_or_else(|| significant(v, 6), |p| to_places(v, p));
        let interval = ends.map_or_else(|| note.to_owned(), |(l, h)| format!("{} to {}", shown(l), shown(h)));
        out += &format!("| {name} | {} | {interval} |\n", significant(estimate, 8));
    };
    for p in &fit.parameters {
        row(&p.name, p.estimate, p.low.zip(p.high), if p.fixed { "held" } else { "" });
    }
    for d in &fit.derived {
        row(&format!("{} = {}", d.name, cell(&d.formula)), d.estimate, d.low.zip(d.high), "");
    }
    out
}

/// Text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=,:@+".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
