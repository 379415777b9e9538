//! What a report says, as words and tables that the page and the text share.

use isoflop_fit::{Fit, Verdict};
use isoflop_study::{counted, coverage, percent, significant, verdict};

use crate::figures::shown;
use crate::subject::Subject;
use crate::words::{checks_of, shown_numbers};

/// Instead of figures.
pub(crate) const NO_FIGURES: &str =
    "The law has no numeric input that varies over the rows, so there is nothing to draw.";
/// Where the rows are not those of the fit.
pub(crate) const OTHER_ROWS: &str = "The rows in this report are not those of the fit: rows and figures show the saved law on \
                                     other rows; verdict, parameters and certificate are about the fit.";

/// The verdict in words.
pub(crate) struct Answer<'a> {
    /// `good`, `warn` or `bad`.
    pub(crate) class: &'static str,
    pub(crate) word: String,
    pub(crate) text: &'static str,
    pub(crate) reasons: &'a [String],
    /// How the runs lie around the law.
    pub(crate) scatter: String,
}

/// A table; the head may be empty.
pub(crate) struct Cells {
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Words, tables, and small words below.
pub(crate) struct Section {
    pub(crate) head: String,
    pub(crate) before: Vec<String>,
    pub(crate) tables: Vec<Cells>,
    pub(crate) after: Vec<String>,
    /// Whether cells that end in a star are outside an interval.
    pub(crate) is_marked: bool,
}

impl Section {
    fn new(head: &str) -> Section {
        Section {
            head: head.to_owned(),
            before: Vec::new(),
            tables: Vec::new(),
            after: Vec::new(),
            is_marked: false,
        }
    }

    fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        self.tables.push(Cells { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows });
    }
}

/// `isoflop: chinchilla on 240 rows`.
pub(crate) fn title(subject: &Subject<'_>) -> String {
    let name = if subject.law == "formula" { "a formula" } else { subject.law };
    format!("isoflop: {name} on {}", counted(subject.rows.used, "row"))
}

/// The verdict, and what it rests on.
pub(crate) fn verdict_of<'a>(subject: &Subject<'a>) -> Answer<'a> {
    let certificate = &subject.fit.certificate;
    let (class, text) = match certificate.verdict {
        Verdict::Certified => ("good", "Every check passed: this is the optimum, and the runs determine it."),
        Verdict::CertifiedWithWarnings => ("warn", "This is the optimum, but read the warnings."),
        Verdict::NotCertified => ("bad", "Do not rely on these numbers."),
    };
    let scatter = match subject.fit.rmse_log {
        Some(rmse) => format!("The runs lie {} around the law (root mean square of the log).", percent(rmse)),
        None => {
            format!("The runs lie {} around the law (root mean square).", significant(subject.fit.rmse, 3))
        }
    };
    let mut word = verdict(certificate.verdict).to_owned();
    if let Some(first) = word.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    Answer { class, word, text, reasons: &certificate.reasons, scatter }
}

/// Estimates with intervals.
pub(crate) fn parameters(subject: &Subject<'_>) -> Section {
    let fit = subject.fit;
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
    let mut section = Section::new("Parameters");
    let Some(interval) = &fit.interval else {
        section.table(&["parameter", "estimate", "interval", "note"], rows);
        section.after.push("The fit was made without replicates, so it has no intervals.".into());
        return section;
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
    section.table(&["parameter", "estimate", &head, "note"], rows);
    section.after.push(format!("Intervals: {}{clusters}{solved}.", interval.method));
    section
}

/// What the rows cover, and what was left out.
pub(crate) fn rows(subject: &Subject<'_>) -> Section {
    let Subject { fit, rows, .. } = subject;
    let files: Vec<String> = rows.sources.iter().map(|(name, count)| format!("{name} ({count})")).collect();
    let mut text = format!("{} used, of {}.", counted(rows.used, "row"), files.join(", "));
    match (rows.dropped, rows.filtered) {
        (0, 0) => text += " No row was left out.",
        (dropped, filtered) => {
            text += &format!(
                " {dropped} left out because a cell cannot be used, {filtered} not chosen by --where."
            );
        }
    }
    let mut section = Section::new("Rows");
    section.before.push(text);
    if !rows.reasons.is_empty() {
        let reasons = rows
            .reasons
            .iter()
            .map(|r| vec![r.column.clone(), r.reason.to_owned(), r.count.to_string(), r.first.clone()]);
        section.table(&["column", "left out because", "rows", "first"], reasons.collect());
    }
    let ratio = |low: f64, high: f64| if low > 0.0 { shown(high / low) } else { String::new() };
    let ranges =
        fit.ranges.iter().map(|r| vec![r.name.clone(), shown(r.low), shown(r.high), ratio(r.low, r.high)]);
    section.table(&["input", "from", "to", "ratio"], ranges.collect());
    section
}

/// What was checked, with the findings, and the warnings.
pub(crate) fn certificate(subject: &Subject<'_>) -> Section {
    let checks = checks_of(&subject.fit.certificate, subject.influential);
    let checks = checks.into_iter().map(|(name, finding)| vec![name.to_owned(), finding]).collect();
    let mut section = Section::new("Certificate");
    section.table(&["check", "finding"], checks);
    section.after.extend(subject.fit.warnings.iter().map(|warning| format!("Warning: {}", warning.message)));
    section
}

/// One row per objective; answers outside the interval of the chosen one are marked.
pub(crate) fn choices(subject: &Subject<'_>) -> Section {
    let fit: &Fit = subject.fit;
    let mut section = Section::new("How much does the objective matter?");
    if fit.choices.is_empty() {
        section.before.push("The fit was made without other objectives.".into());
        return section;
    }
    let free: Vec<usize> = (0..fit.parameters.len()).filter(|k| !fit.parameters[*k].fixed).collect();
    let names = free.iter().map(|k| &fit.parameters[*k].name).chain(fit.derived.iter().map(|d| &d.name));
    let head: Vec<String> = ["objective".to_owned()].into_iter().chain(names.cloned()).collect();
    let cell = |value: f64, ends: Option<(f64, f64)>| {
        let text = significant(value, 4);
        if ends.is_some_and(|(low, high)| value < low || value > high) { format!("{text}*") } else { text }
    };
    let chosen =
        free.iter().map(|k| fit.parameters[*k].estimate).chain(fit.derived.iter().map(|d| d.estimate));
    let first = [format!("{} (chosen)", fit.objective.name)].into_iter();
    let mut rows: Vec<Vec<String>> = vec![first.chain(chosen.map(|value| cell(value, None))).collect()];
    for choice in
        fit.choices.iter().filter(|c| (&c.objective, c.delta) != (&fit.objective.name, fit.objective.delta))
    {
        let name =
            choice.delta.map_or_else(|| choice.objective.clone(), |d| format!("{} ({d})", choice.objective));
        let name = if choice.certified { name } else { format!("{name} (not certified)") };
        let own = free.iter().filter_map(|k| {
            let p = &fit.parameters[*k];
            Some(cell(*choice.estimates.get(*k)?, p.low.zip(p.high)))
        });
        let derived =
            fit.derived.iter().zip(&choice.derived).map(|(d, value)| cell(*value, d.low.zip(d.high)));
        rows.push([name].into_iter().chain(own).chain(derived).collect());
    }
    section.tables.push(Cells { head, rows });
    section.is_marked = true;
    section.after.push("* outside the interval of the fit. All with the same rows and law.".into());
    section
}
