//! JSON as trackers write it: a walk over the scalars of a document, without building it.
//!
//! Python's writers put bare `NaN` and `Infinity` into files, which strict parsers refuse; and a file of a
//! hostile shape must not cost many times its size in memory. So nothing is kept here: every scalar is handed
//! over with its path, and the caller keeps what it needs.

use std::borrow::Cow;

use crate::json_text::Cursor;

/// Values inside values; more is an error rather than a deep recursion.
const MAX_DEPTH: usize = 64;

/// A value without parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

/// One step of the path to a scalar.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

/// Why a document was not read to its end; everything before was handed over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fault {
    pub(super) reason: &'static str,
    /// Byte, counted from 1.
    pub(super) at: usize,
    /// Whether the document just stops, as a file does that is being written.
    pub(super) is_end: bool,
    /// The item of the outermost list in which it lies.
    pub(super) item: Option<usize>,
}

impl<'a> Step<'a> {
    /// The key, if it is one.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }
}

impl Scalar<'_> {
    /// The number: text such as "NaN" and "Infinity" counts, because Trackio and lm-eval write it.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Scalar::Number(value) => Some(*value),
            Scalar::Bool(value) => Some(f64::from(u8::from(*value))),
            Scalar::Text(text) => non_finite(text),
            Scalar::Null => None,
        }
    }
}

/// The number that a text is, if it is one and nothing else, as most values of metrics are.
pub(super) fn plain_number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|_| is_number(text))
}

/// The quoted spellings of values that JSON has no numbers for.
fn non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" | "nan" => Some(f64::NAN),
        "Infinity" | "inf" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The keys of a path joined by `separator`; `None` if it goes through a list.
pub(super) fn dotted(path: &[Step<'_>], separator: char) -> Option<String> {
    let mut name = String::new();
    for (i, step) in path.iter().enumerate() {
        if i > 0 {
            name.push(separator);
        }
        name.push_str(step.key()?);
    }
    Some(name)
}

/// Hands over every scalar of one document with its path; nothing may follow the document.
pub(super) fn walk<'a>(text: &'a str, visit: &mut dyn FnMut(&[Step<'a>], Scalar<'a>)) -> Result<(), Fault> {
    let mut walker = Walker { cursor: Cursor::new(text), path: Vec::new(), visit };
    walker.value()?;
    walker.cursor.blanks();
    if walker.cursor.at < text.len() { Err(walker.fault("text follows the value")) } else { Ok(()) }
}

struct Walker<'a, 'v> {
    cursor: Cursor<'a>,
    path: Vec<Step<'a>>,
    visit: &'v mut dyn FnMut(&[Step<'a>], Scalar<'a>),
}

impl<'a> Walker<'a, '_> {
    fn value(&mut self) -> Result<(), Fault> {
        self.cursor.blanks();
        if self.path.len() >= MAX_DEPTH {
            return Err(self.fault("values are nested too deeply"));
        }
        match self.cursor.peek() {
            Some(b'{') => self.parts(b'}', |walker, _| walker.key().map(Step::Key)),
            Some(b'[') => self.parts(b']', |_, index| Ok(Step::Index(index))),
            Some(b'"') => {
                let text = self.string()?;
                (self.visit)(&self.path, Scalar::Text(text));
                Ok(())
            }
            Some(_) => self.word(),
            None => Err(self.fault("a value is missing")),
        }
    }

    /// `{...}` or `[...]`.
    fn parts(
        &mut self,
        close: u8,
        step: impl Fn(&mut Self, usize) -> Result<Step<'a>, Fault>,
    ) -> Result<(), Fault> {
        self.cursor.at += 1;
        self.cursor.blanks();
        if self.cursor.take(close) {
            return Ok(());
        }
        for index in 0.. {
            self.cursor.blanks();
            let step = step(self, index)?;
            self.path.push(step);
            self.value()?;
            self.path.pop();
            self.cursor.blanks();
            if self.cursor.take(close) {
                break;
            }
            if !self.cursor.take(b',') {
                return Err(self.fault("expected `,` or the end of the list or object"));
            }
        }
        Ok(())
    }

    fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        let key = self.string()?;
        self.cursor.blanks();
        if self.cursor.take(b':') { Ok(key) } else { Err(self.fault("expected `:`")) }
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let (quoted, has_escapes) = self.cursor.quoted().map_err(|reason| self.fault(reason))?;
        let plain = &quoted[1..quoted.len() - 1];
        if !has_escapes {
            return Ok(Cow::Borrowed(plain));
        }
        // Half of a surrogate pair, which Python writes, is no Rust string: it stays as it is written.
        Ok(serde_json::from_str(quoted).map_or(Cow::Borrowed(plain), Cow::Owned))
    }

    fn word(&mut self) -> Result<(), Fault> {
        let rest = self.cursor.rest();
        let end = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
        let word = &rest[..end];
        let scalar = match word {
            "null" => Scalar::Null,
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            _ => match word.parse::<f64>() {
                Ok(value) if is_number(word) => Scalar::Number(value),
                _ => match non_finite(word) {
                    Some(value) => Scalar::Number(value),
                    None if end == rest.len() => {
                        self.cursor.at = self.cursor.text.len();
                        return Err(self.fault("a value is cut off"));
                    }
                    None => return Err(self.fault("expected a value")),
                },
            },
        };
        // A number at the very end of a document inside a list or object may have lost digits.
        if end == rest.len() && !self.path.is_empty() {
            self.cursor.at = self.cursor.text.len();
            return Err(self.fault("a value is cut off"));
        }
        self.cursor.at += end;
        (self.visit)(&self.path, scalar);
        Ok(())
    }

    fn fault(&self, reason: &'static str) -> Fault {
        let item = self.path.iter().find_map(|step| match step {
            Step::Index(index) => Some(*index),
            Step::Key(_) => None,
        });
        Fault {
            reason,
            at: self.cursor.at.min(self.cursor.text.len()) + 1,
            is_end: self.cursor.at >= self.cursor.text.len(),
            item,
        }
    }
}

/// Whether the word begins as a number does, so that Rust's `inf` and `infinity` are not taken for numbers.
fn is_number(word: &str) -> bool {
    word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(text: &str) -> (Vec<(String, String)>, Result<(), Fault>) {
        let mut found = Vec::new();
        let result = walk(text, &mut |path, scalar| {
            let path: Vec<String> = path
                .iter()
                .map(|step| match step {
                    Step::Key(key) => key.to_string(),
                    Step::Index(i) => i.to_string(),
                })
                .collect();
            found.push((path.join("/"), format!("{scalar:?}")));
        });
        (found, result)
    }

    #[test]
    fn scalars_come_with_their_paths() {
        let (found, result) =
            scalars(r#" {"a": {"b": [1, {"c": NaN}]}, "d": "x\ny", "e": -Infinity, "f": []} "#);
        assert_eq!(result, Ok(()));
        let paths: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["a/b/0", "a/b/1/c", "d", "e"]);
        assert_eq!(found[1].1, "Number(NaN)");
        assert_eq!(found[2].1, "Text(\"x\\ny\")");
        assert_eq!(found[3].1, "Number(-inf)");
    }

    #[test]
    fn what_stops_is_told_from_what_is_wrong() {
        for text in
            ["{\"a\": 1, \"b\": 2", "{\"a\": 1, \"b", "{\"a\": 1, \"b\": 2.", "{\"a\": 1, \"b\": \"\\"]
        {
            let (found, result) = scalars(text);
            assert!(result.unwrap_err().is_end, "{text}");
            assert_eq!(found.len(), 1, "{text}");
        }
        for text in ["{\"a\" 1}", "[1 2]", "{} x", "[inf-x, 1]", "{a: 1}"] {
            assert!(!scalars(text).1.unwrap_err().is_end, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(scalars(&deep).1.unwrap_err().reason, "values are nested too deeply");
    }
}
