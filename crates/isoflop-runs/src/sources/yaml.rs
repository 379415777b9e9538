//! The YAML that trackers write for settings: nested maps of plain scalars by indentation.
//!
//! Lists, blocks of text and everything else of YAML is passed over. Nothing is ever built from a tag or an
//! anchor, so a hostile file can at worst be read as text.

use super::run::Setting;
use crate::cell::{Cell, read_cell};

/// Maps inside maps.
const MAX_DEPTH: usize = 32;

/// Hands over every scalar under its dotted name.
pub(super) fn settings(text: &str, take: &mut dyn FnMut(&str, Setting)) {
    // The open maps: indentation of their keys, and length of the name before them.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut name = String::new();
    let mut block: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start();
        if content.is_empty() || content.starts_with(['#', '-', '%']) {
            continue;
        }
        let indent = line.len() - content.len();
        if block.is_some_and(|outer| indent > outer) {
            continue;
        }
        block = None;
        let Some((key, value)) = split(content) else { continue };
        while let Some(&(of, length)) = open.last().filter(|(of, _)| *of >= indent) {
            debug_assert!(of >= indent);
            name.truncate(length);
            open.pop();
        }
        if open.len() == MAX_DEPTH {
            continue;
        }
        let outer = name.len();
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key.trim_matches(['"', '\'']));
        open.push((indent, outer));
        match value {
            "" => {}
            _ if value.starts_with(['|', '>']) => block = Some(indent),
            _ if value.starts_with(['[', '{', '&', '*', '!']) => {}
            _ => take(&name, scalar(value)),
        }
    }
}

/// Key and value of `key: value`.
fn split(line: &str) -> Option<(&str, &str)> {
    match line.find(": ") {
        Some(at) => Some((&line[..at], line[at + 2..].trim())),
        None => line.trim_end().strip_suffix(':').map(|key| (key, "")),
    }
}

fn scalar(value: &str) -> Setting {
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return Setting::Text(inner.to_owned());
        }
    }
    match value {
        "true" => Setting::Number(1.0),
        "false" => Setting::Number(0.0),
        "~" => Setting::Missing,
        ".nan" => Setting::Number(f64::NAN),
        ".inf" => Setting::Number(f64::INFINITY),
        _ => match read_cell(value, false) {
            Cell::Number(number) => Setting::Number(number),
            Cell::Missing => Setting::Missing,
            Cell::Text(text) => Setting::Text(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_of_scalars() {
        let text = "model:\n  n_params: 19000000\n  kind: 'gpt'\nlr: 0.003\ndata:\n- c4\n- code\nnote: |\n  a: 1\nx: !!python/object {}\nmup: true\n";
        let mut found = Vec::new();
        settings(text, &mut |name, value| found.push((name.to_owned(), value)));
        let expected = [
            ("model.n_params", Setting::Number(19e6)),
            ("model.kind", Setting::Text("gpt".into())),
            ("lr", Setting::Number(0.003)),
            ("mup", Setting::Number(1.0)),
        ];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
