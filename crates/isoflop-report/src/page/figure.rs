//! A figure of the page: drawing, words, table, command, and where the script puts its buttons.

use isoflop_figure::{Theme, svg};

use crate::figures::Shown;
use crate::page::html::{escape, shell, text_table};

/// Where figures come from.
pub(super) struct Place<'a> {
    /// How files that are taken from the page begin.
    pub(super) file: &'a str,
    /// The file that `isoflop plot` draws, if it is known.
    pub(super) source: Option<&'a str>,
}

/// The figure with number `k` of its source.
pub(super) fn html(drawn: &Shown, k: usize, place: &Place<'_>) -> String {
    let Shown { caption, figure, head, rows } = drawn;
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let title = escape(&figure.title);
    let number = k + 1;
    let name: String = place.file.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let words = |file: &str| {
        let words = ["isoflop", "plot", file, "--only", &number.to_string(), "-o", "figure.svg"];
        shell(&words.map(str::to_owned))
    };
    let command = match place.source {
        Some(file) => format!("<pre>{}</pre>\n", escape(&words(file))),
        None => format!(
            "<p>After a fit with <code>--save fit.json</code>:</p>\n<pre>{}</pre>\n",
            words("fit.json")
        ),
    };
    format!(
        "<figure data-file=\"{name}-{number}\">\n<div class=\"stage\" role=\"group\" aria-label=\"{title}. Plus and minus zoom, \
         arrows move, 0 shows all; the numbers are in the table below\">{}</div>\n<figcaption>{}</figcaption>\n\
         <div class=\"tools\" role=\"group\" aria-label=\"{title}: series, zoom, downloads\"></div>\n\
         <details><summary>Table: {title}</summary>\n{}</details>\n<details><summary>Command: {title}</summary>\n{command}\
         </details>\n</figure>\n",
        svg(figure, Theme::Page),
        escape(caption),
        text_table(&head, rows)
    )
}
