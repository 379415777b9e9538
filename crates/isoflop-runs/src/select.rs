//! The rows and columns that a fit uses, and a count of every row that it does not.

use std::borrow::Cow;
use std::fmt;

use isoflop_formula::{Input, InputKind, Runs};
use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::cell::number_text;
use crate::column::{Column, MISSING_CODE, Numbers, Text};
use crate::error::RunsError;
use crate::mapping::Mapping;
use crate::origin::Place;
use crate::table::RunTable;

/// What a fit needs from a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// Columns of numbers: inputs, output, weights.
    pub needs: Vec<Need>,
    /// Columns whose distinct values are levels: for grouped parameters and for clusters. Text or numbers.
    pub groups: Vec<String>,
}

/// A column of numbers that is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The name in the law: a role, a bound name or a column.
    pub name: String,
    /// For `column == "value"`: the value, and `name` is the text column; the numbers are 1 and 0.
    pub equals: Option<String>,
    /// Whether rows in which it is not above 0 must be left out, as under a log.
    pub positive: bool,
    /// For an input of a sum over the past: which; `name` is the column, if it reads one.
    pub past: Option<InputKind>,
}

/// The columns that a fit uses, without the rows that it cannot use.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// Numbers for each need, in the order asked for; one per row kept, all finite.
    pub columns: Vec<SelectedColumn<'a>>,
    /// Levels for each group column, in the order asked for.
    pub groups: Vec<Grouping>,
    /// Rows left out, by reason and column.
    pub dropped: Vec<Dropped>,
    kept: Option<Vec<u32>>,
    rows: usize,
}

/// One column of a [`Selected`].
#[derive(Debug, Clone)]
pub struct SelectedColumn<'a> {
    /// The name in the law.
    pub name: String,
    /// The column that stands for it.
    pub column: String,
    /// One number per row kept; borrowed from the table if no row was left out. For [`InputKind::Earlier`] one per
    /// row of all runs, see [`isoflop_formula::Runs`].
    pub values: Cow<'a, [f64]>,
}

/// The levels of a group column.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// The name asked for.
    pub name: String,
    /// The column that stands for it.
    pub column: String,
    /// Distinct values among the rows kept, in the order of first appearance; numbers in their shortest form.
    pub levels: Vec<String>,
    /// For each row kept, a position in `levels`.
    pub codes: Vec<u32>,
}

/// Why rows were left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// The cell is empty, NA or null.
    Missing,
    /// The cell says NaN or an infinity.
    NotFinite,
    /// The number is 0 or negative where a positive one is needed.
    NotPositive,
}

/// Rows left out for one reason in one column. A row counts once, for the first column that stops it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// The name in the law.
    pub name: String,
    /// The column.
    pub column: String,
    /// How many rows.
    pub count: usize,
    /// Where the first of them is.
    pub first: Place,
    /// The number there; NaN if the cell is missing or text.
    pub value: f64,
}

/// `3 rows left out: loss is not finite (first at runs.csv:12: inf)`.
impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, column, count, first, value, .. } = self;
        let rows = if *count == 1 { "row" } else { "rows" };
        match reason {
            DropReason::Missing => {
                write!(f, "{count} {rows} left out: {column} is missing (first at {first})")
            }
            DropReason::NotFinite => {
                write!(f, "{count} {rows} left out: {column} is not finite (first at {first}: {value})")
            }
            DropReason::NotPositive => {
                write!(f, "{count} {rows} left out: {column} is not above 0 (first at {first}: {value})")
            }
        }
    }
}

impl Need {
    /// A column that must be finite.
    pub fn finite(name: impl Into<String>) -> Self {
        Self { name: name.into(), equals: None, positive: false, past: None }
    }

    /// A column that must be finite and above 0.
    pub fn positive(name: impl Into<String>) -> Self {
        Self { name: name.into(), equals: None, positive: true, past: None }
    }

    /// 1 where the text column is `value`, else 0.
    pub fn text_equals(column: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: column.into(), equals: Some(value.into()), positive: false, past: None }
    }

    /// What an input of a formula reads: a number that is finite, a text, or the rows of its run.
    pub fn of(input: &Input) -> Self {
        match &input.kind {
            InputKind::Column => Need::finite(&input.name),
            InputKind::TextEquals { column, value } => Need::text_equals(column, value),
            kind => Need { past: Some(kind.clone()), ..Need::finite(&input.name) },
        }
    }
}

impl RunTable {
    /// Takes the columns of a fit and leaves out the rows in which one of them is missing, not finite, or
    /// not positive where it must be; every such row is counted in [`Selected::dropped`].
    ///
    /// # Errors
    /// A column that is not there, or one of the wrong type, with the first cell that is wrong.
    ///
    /// ```
    /// use isoflop_runs::{Need, ReadOptions, RunTable, Selection, find_roles};
    /// let text = "params,loss\n1e6,3.1\n2e6,NaN\n4e6,2.9\n";
    /// let table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
    /// let mapping = find_roles(&table, &[])?;
    /// let needs = vec![Need::positive("N"), Need::positive("loss")];
    /// let selected = table.select(&mapping, &Selection { needs, groups: vec![] })?;
    /// assert_eq!(selected.columns[1].values, [3.1, 2.9].as_slice());
    /// assert_eq!(selected.dropped[0].to_string(), "1 row left out: loss is not finite (first at runs.csv:3: NaN)");
    /// # Ok::<(), isoflop_runs::RunsError>(())
    /// ```
    pub fn select<'a>(&'a self, mapping: &Mapping, selection: &Selection) -> Result<Selected<'a>, RunsError> {
        let mut sieve = Sieve { table: self, keep: vec![true; self.rows], dropped: Vec::new() };
        let mut columns = Vec::new();
        let earlier: Vec<&str> =
            selection.needs.iter().filter_map(|need| need.past.as_ref()?.earlier()).collect();
        let looks_back = selection.needs.iter().any(|need| need.past.is_some());
        let runs = looks_back.then(|| self.runs(mapping, &earlier)).transpose()?;
        for need in &selection.needs {
            if need.past.is_some() {
                let column = need
                    .past
                    .as_ref()
                    .and_then(InputKind::earlier)
                    .map(|name| mapping.resolve(self, name))
                    .transpose()?;
                if let (Some(column), Some(runs)) = (column, &runs) {
                    sieve.past(&need.name, column, self.number(column)?, runs);
                }
                columns.push(SelectedColumn {
                    name: need.name.clone(),
                    column: column.unwrap_or_default().to_owned(),
                    values: Cow::Borrowed(&[]),
                });
                continue;
            }
            let column = mapping.resolve(self, &need.name)?;
            let values = match &need.equals {
                None => {
                    let numbers = self.number(column)?;
                    sieve.numbers(&need.name, column, numbers, need.positive);
                    Cow::Borrowed(numbers.values.as_slice())
                }
                Some(value) => {
                    let text = self.text(column)?;
                    sieve.texts(&need.name, column, text);
                    Cow::Owned(text.indicator(value))
                }
            };
            columns.push(SelectedColumn { name: need.name.clone(), column: column.to_owned(), values });
        }
        for name in &selection.groups {
            let column = mapping.resolve(self, name)?;
            match self.require(column)? {
                Column::Numbers(numbers) => sieve.numbers(name, column, numbers, false),
                Column::Text(text) => sieve.texts(name, column, text),
            }
        }
        let Sieve { keep, dropped, .. } = sieve;
        let kept = (!dropped.is_empty())
            .then(|| (0..self.rows as u32).filter(|&row| keep[row as usize]).collect::<Vec<u32>>());
        if let Some(kept) = &kept {
            for column in columns.iter_mut().filter(|column| !column.values.is_empty()) {
                column.values = kept.iter().map(|&row| column.values[row as usize]).collect();
            }
        }
        let mut selected = Selected { columns, groups: Vec::new(), dropped, kept, rows: self.rows };
        for (k, need) in selection.needs.iter().enumerate() {
            if let (Some(kind), Some(runs)) = (&need.past, &runs) {
                let rows = (0..selected.rows()).map(|row| selected.table_row(row));
                let values = |name: &str| self.number(mapping.resolve(self, name).ok()?).ok();
                let found = runs.input(kind, rows, |name| values(name).map(|n| n.values.as_slice()));
                selected.columns[k].values = Cow::Owned(found.unwrap_or_default());
            }
        }
        for name in &selection.groups {
            let column = mapping.resolve(self, name)?;
            let (levels, codes) = selected.levels(self.require(column)?);
            selected.groups.push(Grouping { name: name.clone(), column: column.to_owned(), levels, codes });
        }
        Ok(selected)
    }
}

impl Selected<'_> {
    /// Number of rows kept.
    pub fn rows(&self) -> usize {
        self.kept.as_ref().map_or(self.rows, Vec::len)
    }

    /// Number of rows left out.
    pub fn dropped_rows(&self) -> usize {
        self.rows - self.rows()
    }

    /// Position in the table of a row kept, both counted from 0.
    pub fn table_row(&self, row: usize) -> usize {
        self.kept.as_ref().map_or(row, |kept| kept.get(row).map_or(row, |&original| original as usize))
    }

    /// SHA-256 of names, numbers and levels, as 64 hexadecimal digits: equal for equal data, whatever file
    /// or format it came from and whatever its columns were called there.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        let text = |sha: &mut Sha256, text: &str| {
            sha.update((text.len() as u64).to_le_bytes());
            sha.update(text.as_bytes());
        };
        text(&mut sha, "isoflop data 1");
        sha.update((self.rows() as u64).to_le_bytes());
        for column in &self.columns {
            text(&mut sha, &column.name);
            for &value in column.values.iter() {
                // Adding 0 makes -0 and 0 one number.
                sha.update((value + 0.0).to_le_bytes());
            }
        }
        for group in &self.groups {
            text(&mut sha, &group.name);
            for &code in &group.codes {
                text(&mut sha, group.levels.get(code as usize).map_or("", String::as_str));
            }
        }
        sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Levels and codes of the rows kept, levels in the order of first appearance.
    fn levels(&self, column: &Column) -> (Vec<String>, Vec<u32>) {
        let mut levels = Vec::new();
        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
        let codes = (0..self.rows()).map(|row| {
            let row = self.table_row(row);
            let key = match column {
                Column::Numbers(numbers) => (numbers.values[row] + 0.0).to_bits(),
                Column::Text(text) => u64::from(text.codes[row]),
            };
            *known.entry(key).or_insert_with(|| {
                levels.push(match column {
                    Column::Numbers(numbers) => number_text(numbers.values[row] + 0.0),
                    Column::Text(text) => text.get(row).unwrap_or_default().to_owned(),
                });
                levels.len() as u32 - 1
            })
        });
        let codes = codes.collect();
        (levels, codes)
    }
}

/// The digest of several selections together.
pub fn joined_digest<'d>(digests: impl IntoIterator<Item = &'d str>) -> String {
    let mut sha = Sha256::new();
    digests.into_iter().for_each(|digest| sha.update(digest.as_bytes()));
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Goes through columns one after the other and marks the rows that cannot be used.
struct Sieve<'a> {
    table: &'a RunTable,
    keep: Vec<bool>,
    dropped: Vec<Dropped>,
}

impl Sieve<'_> {
    fn numbers(&mut self, name: &str, column: &str, numbers: &Numbers, positive: bool) {
        for (row, &value) in numbers.values.iter().enumerate() {
            let reason = if value.is_finite() && (value > 0.0 || !positive) {
                continue;
            } else if numbers.missing.contains(row) {
                DropReason::Missing
            } else if value.is_finite() {
                DropReason::NotPositive
            } else {
                DropReason::NotFinite
            };
            self.drop_row(row, reason, name, column, value);
        }
    }

    /// Rows whose past holds a number that is not finite, or that have no past.
    fn past(&mut self, name: &str, column: &str, numbers: &Numbers, runs: &Runs) {
        let mut bad = vec![false; numbers.values.len()];
        let mut run_is_bad = false;
        for (at, &row) in runs.order().iter().enumerate() {
            let is_first = at == 0 || runs.past(row).len() == 1;
            run_is_bad = !is_first && run_is_bad || !numbers.values[row].is_finite();
            bad[row] = run_is_bad;
        }
        for row in 0..numbers.values.len() {
            match runs.past(row).last() {
                None => self.drop_row(row, DropReason::Missing, name, column, f64::NAN),
                Some(&last) if bad[last] => {
                    self.drop_row(row, DropReason::NotFinite, name, column, numbers.values[last]);
                }
                Some(_) => {}
            }
        }
    }

    fn texts(&mut self, name: &str, column: &str, text: &Text) {
        for row in (0..text.codes.len()).filter(|&row| text.codes[row] == MISSING_CODE) {
            self.drop_row(row, DropReason::Missing, name, column, f64::NAN);
        }
    }

    fn drop_row(&mut self, row: usize, reason: DropReason, name: &str, column: &str, value: f64) {
        if !std::mem::replace(&mut self.keep[row], false) {
            return;
        }
        let same = |d: &&mut Dropped| d.reason == reason && d.name == name;
        match self.dropped.iter_mut().find(same) {
            Some(dropped) => dropped.count += 1,
            None => self.dropped.push(Dropped {
                reason,
                name: name.to_owned(),
                column: column.to_owned(),
                count: 1,
                first: self.table.place(row),
                value,
            }),
        }
    }
}
