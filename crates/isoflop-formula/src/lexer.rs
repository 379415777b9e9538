//! Text to tokens.

use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::number::scan_number;

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// The kinds of token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    Number(f64),
    Text(String),
    /// A plain or dotted name.
    Name(String),
    /// A name in backticks: never a word of the language.
    Quoted(String),
    /// An operator or a bracket, in its one spelling (`and` for `&&`, `^` for `**`).
    Sign(&'static str),
    /// Something already reported; the parser passes over it in silence.
    Bad,
    End,
}

/// Spellings of signs, longest first, with the token each one is.
const SIGNS: [(&str, &str); 28] = [
    ("**", "^"),
    ("<=", "<="),
    (">=", ">="),
    ("==", "=="),
    ("!=", "!="),
    ("&&", "and"),
    ("||", "or"),
    ("..", ".."),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("^", "^"),
    ("<", "<"),
    (">", ">"),
    ("!", "not"),
    ("~", "~"),
    ("(", "("),
    (")", ")"),
    ("[", "["),
    ("]", "]"),
    (",", ","),
    (":", ":"),
    (";", ";"),
    ("and", "and"),
    ("or", "or"),
    ("not", "not"),
    ("in", "in"),
];

/// The symbols of [`SIGNS`]; the words after them are found when a name has been read.
const SYMBOLS: usize = 24;

/// Characters that papers and other languages use, with what to write here.
const FOREIGN: [(char, &str); 14] = [
    ('−', "-"),
    ('–', "-"),
    ('×', "*"),
    ('·', "*"),
    ('∙', "*"),
    ('÷', "/"),
    ('≤', "<="),
    ('≥', ">="),
    ('≠', "!="),
    ('∼', "~"),
    ('=', "== to compare, or ~ between the output and the law"),
    ('&', "and"),
    ('|', "or"),
    ('%', "0.01 as a factor"),
];

/// Splits `text` into tokens, [`TokenKind::End`] last. What cannot be read is reported and becomes
/// [`TokenKind::Bad`].
pub(crate) fn tokens(text: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Token> {
    let mut list: Vec<Token> = Vec::new();
    let mut at = 0;
    // Open brackets, and whether each is that of a `solve(`, inside which `=` is the equation.
    let mut brackets: Vec<bool> = Vec::new();
    while let Some(next) = text[at..].chars().next() {
        if next.is_whitespace() || next == '\u{feff}' {
            at += next.len_utf8();
        } else if next == '#' {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
        } else {
            let equation = next == '=' && !text[at..].starts_with("==") && brackets.last() == Some(&true);
            let (kind, length) =
                if equation { (TokenKind::Sign("="), 1) } else { token(text, at, next, diagnostics) };
            match kind {
                TokenKind::Sign("(") => {
                    let name = list.last().map(|token| &token.kind);
                    brackets.push(name == Some(&TokenKind::Name("solve".into())));
                }
                TokenKind::Sign(")") => {
                    brackets.pop();
                }
                _ => {}
            }
            list.push(Token { kind, span: at..at + length });
            at += length;
        }
    }
    list.push(Token { kind: TokenKind::End, span: text.len()..text.len() });
    list
}

/// The token at `at`, whose first character is `next`, and its length in bytes.
fn token(text: &str, at: usize, next: char, diagnostics: &mut Vec<Diagnostic>) -> (TokenKind, usize) {
    let rest = &text[at..];
    if let Some((value, length)) = scan_number(rest) {
        return (number(rest, at, value, length, diagnostics), length);
    }
    let length = name_length(rest);
    if length > 0 {
        let word = &rest[..length];
        let sign = SIGNS[SYMBOLS..].iter().find(|(spelling, _)| *spelling == word);
        return match sign {
            Some((_, sign)) => (TokenKind::Sign(sign), length),
            None => (TokenKind::Name(word.into()), length),
        };
    }
    if let Some((spelling, sign)) = SIGNS[..SYMBOLS].iter().find(|(spelling, _)| rest.starts_with(spelling)) {
        return (TokenKind::Sign(sign), spelling.len());
    }
    match next {
        '`' => quoted_name(rest, at, diagnostics),
        '\'' | '"' => quoted_text(rest, at, next, diagnostics),
        _ => {
            let length = next.len_utf8();
            let message = format!("the character `{}` has no meaning in a formula", next.escape_debug());
            let mut report = Diagnostic::error("F0101", at..at + length, message);
            if let Some((_, instead)) = FOREIGN.iter().find(|(c, _)| *c == next) {
                report = report.with_help(format!("write {instead}"));
            }
            diagnostics.push(report);
            (TokenKind::Bad, length)
        }
    }
}

fn number(rest: &str, at: usize, value: f64, length: usize, diagnostics: &mut Vec<Diagnostic>) -> TokenKind {
    if value.is_finite() {
        return TokenKind::Number(value);
    }
    let message = format!("the number {} is larger than a 64-bit number can be", &rest[..length.min(40)]);
    diagnostics.push(Diagnostic::error("F0104", at..at + length, message));
    TokenKind::Bad
}

/// Length of the plain or dotted name at the start of `rest`, 0 if there is none.
fn name_length(rest: &str) -> usize {
    let mut length = 0;
    loop {
        let part = &rest[length..];
        if !part.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            // A dot without a name after it is not part of the name.
            return length.saturating_sub(1);
        }
        let end = part.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(part.len());
        length += end;
        if !rest[length..].starts_with('.') {
            return length;
        }
        length += 1;
    }
}

/// Whether `name` is read as one name without backticks.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name_length(name) == name.len()
        && !SIGNS[SYMBOLS..].iter().any(|(word, _)| *word == name)
}

fn quoted_name(rest: &str, at: usize, diagnostics: &mut Vec<Diagnostic>) -> (TokenKind, usize) {
    let inner = &rest[1..];
    match inner.find(['`', '\n']) {
        Some(end) if inner[end..].starts_with('`') => {
            let name = &inner[..end];
            if name.trim().is_empty() {
                diagnostics.push(Diagnostic::error(
                    "F0103",
                    at..at + end + 2,
                    "the name in backticks is empty",
                ));
                return (TokenKind::Bad, end + 2);
            }
            (TokenKind::Quoted(name.into()), end + 2)
        }
        end => {
            let length = 1 + end.unwrap_or(inner.len());
            let report = Diagnostic::error("F0102", at..at + length, "this backtick has no partner");
            diagnostics.push(report.with_help("close the name with a second backtick on the same line"));
            (TokenKind::Bad, length)
        }
    }
}

fn quoted_text(rest: &str, at: usize, quote: char, diagnostics: &mut Vec<Diagnostic>) -> (TokenKind, usize) {
    let mut value = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((i, c)) = characters.next() {
        match c {
            c if c == quote => return (TokenKind::Text(value), i + 1),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, other)) => value.push(other),
                None => break,
            },
            c => value.push(c),
        }
    }
    let report = Diagnostic::error("F0102", at..at + 1, "this quote has no partner");
    diagnostics
        .push(report.with_help("close the text with the same quote; write \\\" or \\' for a quote inside"));
    (TokenKind::Bad, rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        let mut diagnostics = Vec::new();
        let list = tokens(text, &mut diagnostics);
        assert_eq!(diagnostics, [], "{text}");
        list.into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn words_signs_and_numbers() {
        use TokenKind::{End, Name, Number, Quoted, Sign, Text};
        let name = |s: &str| Name(s.into());
        assert_eq!(kinds("a<=7B # rest"), [name("a"), Sign("<="), Number(7e9), End]);
        assert_eq!(
            kinds("x**2&&!y"),
            [name("x"), Sign("^"), Number(2.0), Sign("and"), Sign("not"), name("y"), End]
        );
        assert_eq!(kinds("model.n_params"), [name("model.n_params"), End]);
        assert_eq!(kinds("`train/loss`"), [Quoted("train/loss".into()), End]);
        assert_eq!(kinds(r#"'it\'s' "b""#), [Text("it's".into()), Text("b".into()), End]);
        assert_eq!(kinds("order and α"), [name("order"), Sign("and"), name("α"), End]);
    }

    #[test]
    fn each_bad_piece_is_reported_once() {
        let codes = |text| {
            let mut diagnostics = Vec::new();
            tokens(text, &mut diagnostics);
            diagnostics.iter().map(|d| d.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("a ? b @ c"), ["F0101", "F0101"]);
        assert_eq!(codes("a − b"), ["F0101"]);
        assert_eq!(codes("`open"), ["F0102"]);
        assert_eq!(codes("'open"), ["F0102"]);
        assert_eq!(codes("``"), ["F0103"]);
        assert_eq!(codes("1e999"), ["F0104"]);
        assert_eq!(codes("a. + 1"), ["F0101"]);
    }

    #[test]
    fn plain_names() {
        for name in ["a", "a_b", "_x", "model.n", "β2"] {
            assert!(is_plain_name(name), "{name}");
        }
        for name in ["", "2a", "a.", ".a", "a b", "train/loss", "and", "in", "a..b"] {
            assert!(!is_plain_name(name), "{name}");
        }
    }
}
