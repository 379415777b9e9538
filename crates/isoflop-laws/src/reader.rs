//! Reads TOML tables key by key and keeps every mistake with its line.
//!
//! The keys that a section knows are the keys it was asked for, so there is no second list to keep in step.

use std::cell::RefCell;

use isoflop_formula::{Diagnostics, Formula, Scope, closest};
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use crate::error::LawError;
use crate::parts::Value;
use crate::source::Source;

/// A law file being read, and what was wrong so far.
pub(crate) struct Reader<'a> {
    pub(crate) source: Source<'a>,
    errors: RefCell<Vec<LawError>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Reader { source, errors: RefCell::default() }
    }

    pub(crate) fn report(&self, error: LawError) {
        self.errors.borrow_mut().push(error);
    }

    /// The mistakes so far; they are forgotten here.
    pub(crate) fn take_errors(&self) -> Vec<LawError> {
        self.errors.take()
    }
}

/// One table of the front matter. Keys nobody asked for are reported when it is dropped.
pub(crate) struct Section<'r, 'a> {
    pub(crate) reader: &'r Reader<'a>,
    table: &'r DeTable<'a>,
    name: String,
    at: usize,
    known: RefCell<Vec<&'static str>>,
}

impl<'r, 'a> Section<'r, 'a> {
    pub(crate) fn root(reader: &'r Reader<'a>, table: &'r DeTable<'a>) -> Self {
        Section { reader, table, name: "the front matter".to_owned(), at: 0, known: RefCell::default() }
    }

    /// Offset of the section in the front matter.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Offset of the value of `key`, or of the section.
    pub(crate) fn offset_of(&self, key: &str) -> usize {
        self.table.get(key).map_or(self.at, |value| value.span().start)
    }

    fn inside(&self, key: &str, name: &str) -> Option<usize> {
        let table = self.table.get(key)?.get_ref().as_table()?;
        table.get_key_value(name).map(|(key, _)| key.span().start)
    }

    /// Offset of `name` in the table `key`, or of that table, or of the section.
    pub(crate) fn offset_inside(&self, key: &str, name: &str) -> usize {
        self.inside(key, name).unwrap_or_else(|| self.offset_of(key))
    }

    /// Whether the table `key` has something called `name`, right or wrong.
    pub(crate) fn has_inside(&self, key: &str, name: &str) -> bool {
        self.inside(key, name).is_some()
    }

    /// How messages call this section, such as `[parameters.alpha]`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn value(&self, key: &'static str) -> Option<&'r Spanned<DeValue<'a>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Whether the section has this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Reports that the section has no `key`.
    pub(crate) fn missing(&self, key: &str) {
        let place = self.reader.source.place(self.at);
        let (key, section) = (key.to_owned(), self.name.clone());
        self.reader.report(LawError::MissingKey { place, key, section });
    }

    /// Reports that the value of `key` is not `expected`.
    pub(crate) fn wrong(&self, key: &str, offset: usize, expected: &str, found: &str) {
        self.reader.report(LawError::WrongValue {
            place: self.reader.source.place(offset),
            key: key.to_owned(),
            section: self.name.clone(),
            expected: expected.to_owned(),
            found: found.to_owned(),
        });
    }

    /// Reports a formula that does not compile.
    pub(crate) fn bad_formula(&self, key: &str, offset: usize, diagnostics: Diagnostics) {
        self.reader.report(LawError::Formula {
            place: self.reader.source.place(offset),
            key: key.to_owned(),
            section: self.name.clone(),
            diagnostics,
        });
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'a>>, expected: &str) {
        self.wrong(key, value.span().start, expected, kind(value.get_ref()));
    }

    /// A required text; missing or of another type, it is reported and empty.
    pub(crate) fn text(&self, key: &'static str) -> String {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.optional_text(key).unwrap_or_default()
    }

    pub(crate) fn optional_text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            DeValue::String(_) => {
                self.wrong(key, value.span().start, "a text", "empty");
                None
            }
            _ => {
                self.wrong_type(key, value, "a text");
                None
            }
        }
    }

    /// A list of texts, empty if the key is absent.
    pub(crate) fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let texts = value.get_ref().as_array().and_then(|array| {
            array.iter().map(|item| item.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.wrong_type(key, value, "a list of texts");
            Vec::new()
        })
    }

    pub(crate) fn flag(&self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, value, "true or false");
            false
        })
    }

    pub(crate) fn optional_number(&self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        self.number_at(key, value)
    }

    /// A required number; NaN after a report if there is none.
    pub(crate) fn number(&self, key: &'static str) -> f64 {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.optional_number(key).unwrap_or(f64::NAN)
    }

    /// A number, or a text with a formula of numbers only, such as `"1.6e7 * 8.64e19"`.
    fn number_at(&self, key: &str, value: &Spanned<DeValue<'a>>) -> Option<f64> {
        let number = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
            DeValue::String(text) => return self.constant(key, value.span().start, text),
            _ => None,
        };
        if number.is_none_or(f64::is_nan) {
            self.wrong_type(key, value, "a number, or a formula of numbers in quotes");
        }
        number.filter(|number: &f64| !number.is_nan())
    }

    fn constant(&self, key: &str, offset: usize, text: &str) -> Option<f64> {
        match Formula::expression(text, &Scope::default()) {
            Ok(formula) => {
                let value = formula.graph.value(formula.body).filter(|value| value.is_finite());
                if value.is_none() {
                    self.wrong(key, offset, "a formula with a finite value", &format!("`{text}`"));
                }
                value
            }
            Err(diagnostics) => {
                self.bad_formula(key, offset, diagnostics);
                None
            }
        }
    }

    /// A required table of numbers.
    pub(crate) fn numbers(&self, key: &'static str) -> Vec<(String, f64)> {
        if !self.table.contains_key(key) {
            self.missing(key);
        }
        self.optional_numbers(key).unwrap_or_default()
    }

    /// A table of numbers under `key`, in file order.
    pub(crate) fn optional_numbers(&self, key: &'static str) -> Option<Vec<(String, f64)>> {
        let table = self.table_at(key)?;
        let mut numbers = Vec::new();
        for (name, value) in in_file_order(table) {
            if let Some(number) = self.number_at(name.get_ref(), value) {
                numbers.push((name.get_ref().to_string(), number));
            }
        }
        Some(numbers)
    }

    fn table_at(&self, key: &'static str) -> Option<&'r DeTable<'a>> {
        let value = self.value(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, value, "a table");
        }
        table
    }

    /// The table `[key]`.
    pub(crate) fn section(&self, key: &'static str) -> Option<Section<'r, 'a>> {
        let at = self.offset_of(key);
        self.table_at(key).map(|table| self.child(table, format!("[{}]", self.path(key)), at))
    }

    /// The tables `[key.NAME]`, in file order. `required` reports an absent or empty one.
    pub(crate) fn named_sections(&self, key: &'static str, required: bool) -> Vec<(String, Section<'r, 'a>)> {
        let table = self.table_at(key);
        if required
            && table.is_none_or(|table| table.is_empty())
            && (table.is_some() || !self.table.contains_key(key))
        {
            self.missing(&format!("{key}.NAME"));
        }
        let mut sections = Vec::new();
        for (name, value) in table.map(in_file_order).unwrap_or_default() {
            match value.get_ref().as_table() {
                Some(inner) => {
                    let path = self.path(&format!("{key}.{}", name.get_ref()));
                    let child = self.child(inner, format!("[{path}]"), name.span().start);
                    sections.push((name.get_ref().to_string(), child));
                }
                None => self.wrong_type(name.get_ref(), value, "a table"),
            }
        }
        sections
    }

    /// The tables `[[key]]`, in file order.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'r, 'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of tables `[[..]]`");
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in array.iter() {
            match item.get_ref().as_table() {
                Some(inner) => {
                    sections.push(self.child(inner, format!("[[{}]]", self.path(key)), item.span().start));
                }
                None => self.wrong_type(key, item, "a table"),
            }
        }
        sections
    }

    /// The entries of the table `key`, each a list of numbers or of texts, a text or a table, in file order.
    pub(crate) fn entries(&self, key: &'static str) -> Vec<(String, Entry<'r, 'a>)> {
        let mut entries = Vec::new();
        for (name, value) in self.table_at(key).map(in_file_order).unwrap_or_default() {
            let texts = |list: &DeArray<'a>| -> Option<Vec<String>> {
                let formula = |text: &str| Formula::expression(text, &Scope::default()).is_ok();
                let all: Option<Vec<&str>> = list.iter().map(|item| item.get_ref().as_str()).collect();
                // A list of formulas of numbers, `["6e18 / 2", ...]`, is a list of numbers.
                all.filter(|all| !all.iter().all(|text| formula(text)))
                    .map(|all| all.into_iter().map(str::to_owned).collect())
            };
            let entry = match value.get_ref() {
                DeValue::Array(list) => match texts(list) {
                    Some(texts) => Entry::Texts(texts),
                    None => Entry::List(
                        list.iter().filter_map(|item| self.number_at(name.get_ref(), item)).collect(),
                    ),
                },
                DeValue::String(text) => Entry::Text(text.to_string(), value.span().start),
                DeValue::Table(table) => {
                    let path = self.path(&format!("{key}.{}", name.get_ref()));
                    Entry::Table(self.child(table, format!("[{path}]"), name.span().start))
                }
                _ => {
                    self.wrong_type(name.get_ref(), value, "a list, a formula of other inputs or a range");
                    continue;
                }
            };
            entries.push((name.get_ref().to_string(), entry));
        }
        entries
    }

    /// The entries of the table `key`, each a number, a list of numbers, or a text that is no formula of numbers.
    pub(crate) fn entries_of_values(&self, key: &'static str) -> Vec<(String, Value)> {
        if !self.table.contains_key(key) {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for (name, value) in self.table_at(key).map(in_file_order).unwrap_or_default() {
            let word =
                value.get_ref().as_str().filter(|text| Formula::expression(text, &Scope::default()).is_err());
            let entry = match word {
                Some(word) => Value::Text(word.to_owned()),
                None => match value.get_ref().as_array() {
                    Some(list) => Value::Sequence(
                        list.iter().filter_map(|item| self.number_at(name.get_ref(), item)).collect(),
                    ),
                    None => match self.number_at(name.get_ref(), value) {
                        Some(number) => Value::Number(number),
                        None => continue,
                    },
                },
            };
            entries.push((name.get_ref().to_string(), entry));
        }
        entries
    }

    /// A table of texts under `key`, in file order; empty if absent.
    pub(crate) fn optional_texts(&self, key: &'static str) -> Vec<(String, String)> {
        if !self.table.contains_key(key) {
            return Vec::new();
        }
        let mut texts = Vec::new();
        for (name, value) in self.table_at(key).map(in_file_order).unwrap_or_default() {
            match value.get_ref().as_str() {
                Some(text) => texts.push((name.get_ref().to_string(), text.to_owned())),
                None => self.wrong_type(name.get_ref(), value, "a text"),
            }
        }
        texts
    }

    fn child(&self, table: &'r DeTable<'a>, name: String, at: usize) -> Section<'r, 'a> {
        Section { reader: self.reader, table, name, at, known: RefCell::default() }
    }

    fn path(&self, key: &str) -> String {
        match self.name.trim_matches(['[', ']']) {
            "the front matter" => key.to_owned(),
            own => format!("{own}.{key}"),
        }
    }
}

/// A value of a table whose keys are free.
pub(crate) enum Entry<'r, 'a> {
    List(Vec<f64>),
    Texts(Vec<String>),
    /// With its offset.
    Text(String, usize),
    Table(Section<'r, 'a>),
}

impl Drop for Section<'_, '_> {
    // Here and not in a method to call: a forgotten call would let unknown keys pass in silence.
    fn drop(&mut self) {
        let known = self.known.borrow();
        for (key, _) in in_file_order(self.table) {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                self.reader.report(LawError::UnknownKey {
                    place: self.reader.source.place(key.span().start),
                    key: name.to_owned(),
                    section: self.name.clone(),
                    suggestion: closest(name, known.iter().copied()).map(str::to_owned),
                });
            }
        }
    }
}

/// TOML tables are kept sorted by key; people mean the order they wrote.
fn in_file_order<'r, 'a>(
    table: &'r DeTable<'a>,
) -> Vec<(&'r Spanned<DeString<'a>>, &'r Spanned<DeValue<'a>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "this number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
