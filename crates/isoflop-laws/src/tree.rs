//! What the front matter of a law file says, as a tree in the order of the file.
//!
//! The embedded files are parsed when the program is built (`build.rs` includes this file) and a user's own when they are
//! read, so that both are checked by the same code with the same places in messages.

use std::borrow::Cow;

use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree<'a> {
    Text(Cow<'a, str>),
    /// NaN for a whole number that is not decimal.
    Number(f64),
    Flag(bool),
    Date,
    List(Vec<Item<'a>>),
    Table(Vec<Entry<'a>>),
}

/// A value and the byte of the front matter where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item<'a> {
    pub(crate) at: usize,
    pub(crate) value: Tree<'a>,
}

/// A key with its value, and the byte where the key starts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) key: Cow<'a, str>,
    pub(crate) at: usize,
    pub(crate) item: Item<'a>,
}

/// A parsed table. TOML tables are kept sorted by key; people mean the order they wrote.
pub(crate) fn table<'a>(parsed: DeTable<'a>) -> Vec<Entry<'a>> {
    let entry = |(key, value): (toml::Spanned<Cow<'a, str>>, toml::Spanned<DeValue<'a>>)| Entry {
        at: key.span().start,
        item: item(value),
        key: key.into_inner(),
    };
    let mut entries: Vec<Entry<'a>> = parsed.into_iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

fn item(value: toml::Spanned<DeValue<'_>>) -> Item<'_> {
    let at = value.span().start;
    let value = match value.into_inner() {
        DeValue::String(text) => Tree::Text(text),
        DeValue::Float(float) => Tree::Number(float.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Integer(integer) if integer.radix() == 10 => {
            Tree::Number(integer.as_str().parse().unwrap_or(f64::NAN))
        }
        DeValue::Integer(_) => Tree::Number(f64::NAN),
        DeValue::Boolean(flag) => Tree::Flag(flag),
        DeValue::Datetime(_) => Tree::Date,
        DeValue::Array(list) => Tree::List(list.into_iter().map(item).collect()),
        DeValue::Table(inner) => Tree::Table(table(inner)),
    };
    Item { at, value }
}
