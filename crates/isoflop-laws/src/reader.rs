//! Reads tables of the front matter key by key and keeps every mistake with its line.
//!
//! The keys that a section knows are the keys it was asked for, so there is no second list to keep in step.

use std::cell::RefCell;

use isoflop_formula::{Diagnostics, Formula, Scope, closest};

use crate::error::LawError;
use crate::parts::Value;
use crate::source::Source;
use crate::tree::{Entry as Pair, Item, Tree};

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
    table: &'r [Pair<'a>],
    name: String,
    at: usize,
    known: RefCell<Vec<&'static str>>,
}

impl<'r, 'a> Section<'r, 'a> {
    pub(crate) fn root(reader: &'r Reader<'a>, table: &'r [Pair<'a>]) -> Self {
        Section { reader, table, name: "the front matter".to_owned(), at: 0, known: RefCell::default() }
    }

    /// Offset of the section in the front matter.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// Offset of the value of `key`, or of the section.
    pub(crate) fn offset_of(&self, key: &str) -> usize {
        self.get(key).map_or(self.at, |item| item.at)
    }

    fn inside(&self, key: &str, name: &str) -> Option<usize> {
        let table = self.get(key)?.as_table()?;
        table.iter().find(|entry| entry.key == name).map(|entry| entry.at)
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

    fn get(&self, key: &str) -> Option<&'r Item<'a>> {
        self.table.iter().find(|entry| entry.key == key).map(|entry| &entry.item)
    }

    fn value(&self, key: &'static str) -> Option<&'r Item<'a>> {
        self.known.borrow_mut().push(key);
        self.get(key)
    }

    /// Whether the section has this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
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

    fn wrong_type(&self, key: &str, item: &Item<'a>, expected: &str) {
        self.wrong(key, item.at, expected, kind(&item.value));
    }

    /// A required text; missing or of another type, it is reported and empty.
    pub(crate) fn text(&self, key: &'static str) -> String {
        if !self.has(key) {
            self.missing(key);
        }
        self.optional_text(key).unwrap_or_default()
    }

    pub(crate) fn optional_text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        match &value.value {
            Tree::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Tree::Text(_) => {
                self.wrong(key, value.at, "a text", "empty");
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
        let texts = value.as_list().and_then(|list| {
            list.iter().map(|item| item.as_text().map(str::to_owned)).collect::<Option<Vec<_>>>()
        });
        texts.unwrap_or_else(|| {
            self.wrong_type(key, value, "a list of texts");
            Vec::new()
        })
    }

    pub(crate) fn flag(&self, key: &'static str) -> bool {
        let Some(value) = self.value(key) else { return false };
        match value.value {
            Tree::Flag(flag) => flag,
            _ => {
                self.wrong_type(key, value, "true or false");
                false
            }
        }
    }

    pub(crate) fn optional_number(&self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        self.number_at(key, value)
    }

    /// A required number; NaN after a report if there is none.
    pub(crate) fn number(&self, key: &'static str) -> f64 {
        if !self.has(key) {
            self.missing(key);
        }
        self.optional_number(key).unwrap_or(f64::NAN)
    }

    /// A number, or a text with a formula of numbers only, such as `"1.6e7 * 8.64e19"`.
    fn number_at(&self, key: &str, value: &Item<'a>) -> Option<f64> {
        match &value.value {
            Tree::Number(number) if !number.is_nan() => Some(*number),
            Tree::Text(text) => self.constant(key, value.at, text),
            _ => {
                self.wrong_type(key, value, "a number, or a formula of numbers in quotes");
                None
            }
        }
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
        if !self.has(key) {
            self.missing(key);
        }
        self.optional_numbers(key).unwrap_or_default()
    }

    /// A table of numbers under `key`, in file order.
    pub(crate) fn optional_numbers(&self, key: &'static str) -> Option<Vec<(String, f64)>> {
        let table = self.table_at(key)?;
        let mut numbers = Vec::new();
        for entry in table {
            if let Some(number) = self.number_at(&entry.key, &entry.item) {
                numbers.push((entry.key.to_string(), number));
            }
        }
        Some(numbers)
    }

    fn table_at(&self, key: &'static str) -> Option<&'r [Pair<'a>]> {
        let value = self.value(key)?;
        let table = value.as_table();
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
        if required && table.is_none_or(<[_]>::is_empty) && (table.is_some() || !self.has(key)) {
            self.missing(&format!("{key}.NAME"));
        }
        let mut sections = Vec::new();
        for Pair { key: name, at, item } in table.unwrap_or_default() {
            match item.as_table() {
                Some(inner) => {
                    let path = self.path(&format!("{key}.{name}"));
                    sections.push((name.to_string(), self.child(inner, format!("[{path}]"), *at)));
                }
                None => self.wrong_type(name, item, "a table"),
            }
        }
        sections
    }

    /// The tables `[[key]]`, in file order.
    pub(crate) fn sections(&self, key: &'static str) -> Vec<Section<'r, 'a>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(list) = value.as_list() else {
            self.wrong_type(key, value, "a list of tables `[[..]]`");
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in list {
            match item.as_table() {
                Some(inner) => {
                    sections.push(self.child(inner, format!("[[{}]]", self.path(key)), item.at));
                }
                None => self.wrong_type(key, item, "a table"),
            }
        }
        sections
    }

    /// The entries of the table `key`, each a list of numbers or of texts, a text or a table, in file order.
    pub(crate) fn entries(&self, key: &'static str) -> Vec<(String, Entry<'r, 'a>)> {
        let mut entries = Vec::new();
        for Pair { key: name, at, item } in self.table_at(key).unwrap_or_default() {
            let texts = |list: &[Item<'a>]| -> Option<Vec<String>> {
                let formula = |text: &str| Formula::expression(text, &Scope::default()).is_ok();
                let all: Option<Vec<&str>> = list.iter().map(Item::as_text).collect();
                // A list of formulas of numbers, `["6e18 / 2", ...]`, is a list of numbers.
                all.filter(|all| !all.iter().all(|text| formula(text)))
                    .map(|all| all.into_iter().map(str::to_owned).collect())
            };
            let entry = match &item.value {
                Tree::List(list) => match texts(list) {
                    Some(texts) => Entry::Texts(texts),
                    None => Entry::List(list.iter().filter_map(|item| self.number_at(name, item)).collect()),
                },
                Tree::Text(text) => Entry::Text(text.to_string(), item.at),
                Tree::Table(table) => {
                    let path = self.path(&format!("{key}.{name}"));
                    Entry::Table(self.child(table, format!("[{path}]"), *at))
                }
                _ => {
                    self.wrong_type(name, item, "a list, a formula of other inputs or a range");
                    continue;
                }
            };
            entries.push((name.to_string(), entry));
        }
        entries
    }

    /// The entries of the table `key`, each a number, a list of numbers, or a text that is no formula of numbers.
    pub(crate) fn entries_of_values(&self, key: &'static str) -> Vec<(String, Value)> {
        if !self.has(key) {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for Pair { key: name, item, .. } in self.table_at(key).unwrap_or_default() {
            let word = item.as_text().filter(|text| Formula::expression(text, &Scope::default()).is_err());
            let entry = match word {
                Some(word) => Value::Text(word.to_owned()),
                None => match item.as_list() {
                    Some(list) => {
                        Value::Sequence(list.iter().filter_map(|item| self.number_at(name, item)).collect())
                    }
                    None => match self.number_at(name, item) {
                        Some(number) => Value::Number(number),
                        None => continue,
                    },
                },
            };
            entries.push((name.to_string(), entry));
        }
        entries
    }

    /// A table of texts under `key`, in file order; empty if absent.
    pub(crate) fn optional_texts(&self, key: &'static str) -> Vec<(String, String)> {
        if !self.has(key) {
            return Vec::new();
        }
        let mut texts = Vec::new();
        for Pair { key: name, item, .. } in self.table_at(key).unwrap_or_default() {
            match item.as_text() {
                Some(text) => texts.push((name.to_string(), text.to_owned())),
                None => self.wrong_type(name, item, "a text"),
            }
        }
        texts
    }

    fn child(&self, table: &'r [Pair<'a>], name: String, at: usize) -> Section<'r, 'a> {
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
        for entry in self.table {
            let name: &str = &entry.key;
            if !known.contains(&name) {
                self.reader.report(LawError::UnknownKey {
                    place: self.reader.source.place(entry.at),
                    key: name.to_owned(),
                    section: self.name.clone(),
                    suggestion: closest(name, known.iter().copied()).map(str::to_owned),
                });
            }
        }
    }
}

impl<'a> Item<'a> {
    fn as_text(&self) -> Option<&str> {
        match &self.value {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    fn as_list(&self) -> Option<&[Item<'a>]> {
        match &self.value {
            Tree::List(list) => Some(list),
            _ => None,
        }
    }

    fn as_table(&self) -> Option<&[Pair<'a>]> {
        match &self.value {
            Tree::Table(table) => Some(table),
            _ => None,
        }
    }
}

fn kind(value: &Tree<'_>) -> &'static str {
    match value {
        Tree::Text(_) => "a text",
        Tree::Number(_) => "this number",
        Tree::Flag(_) => "true or false",
        Tree::Date => "a date",
        Tree::List(_) => "a list",
        Tree::Table(_) => "a table",
    }
}
