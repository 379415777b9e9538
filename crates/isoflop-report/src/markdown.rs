//! The report as Markdown, for issues, papers and pull requests.

use crate::figures::{Shown, figures_of};
use crate::page::shell;
use crate::results::result_figures;
use crate::sections::{self, Section};
use crate::subject::Subject;

/// Rows of a figure's table; more belong in a file.
const MOST_ROWS: usize = 12;

/// The report as Markdown: the words and tables of [`page`](crate::page()), and of each figure its caption and table.
pub fn markdown(subject: &Subject<'_>) -> String {
    let verdict = sections::verdict_of(subject);
    let mut out = format!("# {}\n\n", plain(&sections::title(subject)));
    out += &format!("`{}`\n\n", subject.formula.text.replace('`', "'"));
    out += &format!("**{}.** {}\n\n", verdict.word, verdict.text);
    for reason in verdict.reasons {
        out += &format!("* {}\n", plain(reason));
    }
    out += if verdict.reasons.is_empty() { "" } else { "\n" };
    out += &format!("{}\n\n", verdict.scatter);
    if !subject.is_same {
        out += &format!("**{}**\n\n", sections::OTHER_ROWS);
    }
    for section in [
        sections::parameters(subject),
        sections::rows(subject),
        sections::certificate(subject),
        sections::choices(subject),
    ] {
        out += &blocks(&section);
    }
    let results = subject.results.iter().filter_map(|file| result_figures(&file.result));
    let all = results.flatten().chain(figures_of(&subject.scene()));
    let figures: String = all.map(|shown| figure(&shown)).collect();
    out += &format!("## Figures\n\n{}", if figures.is_empty() { sections::NO_FIGURES } else { &figures });
    out += "\n## How this was made\n\n";
    for command in [subject.made_by, subject.command] {
        if !command.is_empty() {
            out += &format!("```sh\n{}\n```\n\n", shell(command));
        }
    }
    out + &format!(
        "isoflop {}, seed {}, data sha256 `{}`.\n",
        env!("CARGO_PKG_VERSION"),
        subject.seed,
        subject.digest
    )
}

fn blocks(section: &Section) -> String {
    let mut out = format!("## {}\n\n", section.head);
    for text in &section.before {
        out += &format!("{}\n\n", plain(text));
    }
    for table in &section.tables {
        out += &rows(&table.head, &table.rows);
    }
    for text in &section.after {
        out += &format!("{}\n\n", plain(text));
    }
    out
}

fn figure(shown: &Shown) -> String {
    let Shown { caption, figure, head, rows: all } = shown;
    let step = all.len().div_ceil(MOST_ROWS).max(1);
    let some: Vec<Vec<String>> = all.iter().step_by(step).cloned().collect();
    let note = if step > 1 { format!(" One row in {step} of its table.") } else { String::new() };
    format!("### {}\n\n{}{note}\n\n{}", plain(&figure.title), plain(caption), rows(head, &some))
}

fn rows(head: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        format!("| {} |\n", cells.iter().map(|c| plain(c)).collect::<Vec<_>>().join(" | "))
    };
    let width = head.len().max(1);
    let mut out = line(head) + &format!("|{}\n", " --- |".repeat(width));
    for row in rows {
        out += &line(row);
    }
    out + "\n"
}

/// Text that stays text in Markdown and in HTML.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out += "&lt;",
            '&' => out += "&amp;",
            '|' | '*' | '_' | '`' | '[' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(plain("a|b <b> *x* `y`"), "a\\|b &lt;b> \\*x\\* \\`y\\`");
        let table = rows(&["a".into()], &[vec!["1".into()], vec!["x|y".into()]]);
        assert_eq!(table, "| a |\n| --- |\n| 1 |\n| x\\|y |\n\n");
    }
}
