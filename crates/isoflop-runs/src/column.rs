//! Columns: numbers with a set of missing rows, or text as codes into a list of levels.

use hashbrown::HashTable;
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use rustc_hash::FxHasher;
use std::hash::Hasher;

use crate::cell::{Cell, read_cell};
use crate::mask::Mask;

/// The code of a missing cell of a text column.
pub const MISSING_CODE: u32 = u32::MAX;

/// One column of a [`crate::RunTable`].
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Every cell that is not missing is a number.
    Numbers(Numbers),
    /// At least one cell is not a number.
    Text(Text),
}

/// A column of numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Numbers {
    /// One value per row; NaN where the cell is missing.
    pub values: Vec<f64>,
    /// Rows whose cell is missing (empty, NA, null), as opposed to a cell that says NaN.
    pub missing: Mask,
}

/// A column of text: one code per row into the distinct texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    /// One code per row: a position in `levels`, or [`MISSING_CODE`].
    pub codes: Vec<u32>,
    /// The distinct texts, in the order of first appearance.
    pub levels: Levels,
}

/// Distinct texts, stored end to end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    text: String,
    ends: Vec<usize>,
}

impl Column {
    /// A column of numbers from values; `None` is a missing cell.
    pub fn from_options(values: impl IntoIterator<Item = Option<f64>>) -> Self {
        let mut numbers = Numbers::default();
        for value in values {
            match value {
                Some(value) => numbers.values.push(value),
                None => numbers.push_missing(),
            }
        }
        Column::Numbers(numbers)
    }

    /// A column of text from cells; `None` is a missing cell.
    pub fn from_texts<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut builder = TextBuilder::default();
        for cell in cells {
            match cell {
                Some(text) => builder.push(text),
                None => builder.push_missing(),
            }
        }
        Column::Text(builder.text)
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Numbers(column) => column.values.len(),
            Column::Text(column) => column.codes.len(),
        }
    }

    /// Whether the column has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell of a row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Column::Numbers(column) => column.missing.contains(row),
            Column::Text(column) => column.codes.get(row) == Some(&MISSING_CODE),
        }
    }

    /// Keeps the rows for which `keep` says so, in their order.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        match self {
            Column::Numbers(column) => {
                if !column.missing.is_empty() {
                    let kept = (0..keep.len()).filter(|&row| keep[row]);
                    let missing =
                        kept.enumerate().filter(|&(_, row)| column.missing.contains(row)).map(|(new, _)| new);
                    column.missing = missing.collect();
                }
                let mut flags = keep.iter();
                column.values.retain(|_| flags.next() == Some(&true));
            }
            Column::Text(column) => {
                let mut flags = keep.iter();
                column.codes.retain(|_| flags.next() == Some(&true));
                // Without the rows that hold text, a column may be one of numbers.
                if let Some(numbers) = column.as_numbers() {
                    *self = Column::Numbers(numbers);
                }
            }
        }
    }
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Column::Numbers(Numbers { values, missing: Mask::default() })
    }
}

impl Numbers {
    /// The lowest and the highest finite value; NaN where there is none.
    ///
    /// ```
    /// use isoflop_runs::Column;
    /// let Column::Numbers(loss) = Column::from(vec![2.5, f64::NAN, 3.1, f64::INFINITY]) else { unreachable!() };
    /// assert_eq!(loss.finite_range(), (2.5, 3.1));
    /// ```
    pub fn finite_range(&self) -> (f64, f64) {
        const PART: usize = 1 << 16;
        let (low, high) = match self.values.len() > PART {
            true => self
                .values
                .par_chunks(PART)
                .map(range)
                .reduce(|| range(&[]), |a, b| (a.0.min(b.0), a.1.max(b.1))),
            false => range(&self.values),
        };
        if low > high { (f64::NAN, f64::NAN) } else { (low, high) }
    }

    /// Adds a missing cell.
    pub(crate) fn push_missing(&mut self) {
        self.missing.insert(self.values.len());
        self.values.push(f64::NAN);
    }

    /// Adds the cells of more rows.
    pub(crate) fn extend(&mut self, more: &Self) {
        let rows = self.values.len();
        more.missing.iter().for_each(|row| self.missing.insert(rows + row));
        self.values.extend_from_slice(&more.values);
    }

    /// Fills with missing cells up to `rows` rows.
    pub(crate) fn pad(&mut self, rows: usize) {
        self.missing.insert_range(self.values.len(), rows);
        self.values.resize(rows, f64::NAN);
    }
}

/// The lowest and the highest finite value; infinities of the wrong sign where there is none.
fn range(values: &[f64]) -> (f64, f64) {
    // Lanes of their own, which a processor compares at once.
    const LANES: usize = 16;
    let (mut low, mut high) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for values in values.chunks(LANES) {
        for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(values) {
            let is_finite = value.abs() < f64::INFINITY;
            *low = if is_finite && value < *low { value } else { *low };
            *high = if is_finite && value > *high { value } else { *high };
        }
    }
    let low = low.into_iter().fold(f64::INFINITY, f64::min);
    (low, high.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

impl Text {
    /// The text of a row; `None` if the cell is missing or there is no such row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.codes.get(row).and_then(|&code| self.levels.get(code))
    }

    /// 1 where the cell is `value`, else 0; one number per row.
    pub fn indicator(&self, value: &str) -> Vec<f64> {
        let code = (0..self.levels.len() as u32).find(|&code| self.levels.get(code) == Some(value));
        self.codes.iter().map(|&c| f64::from(Some(c) == code)).collect()
    }
}

impl Text {
    /// For each level, the number that it reads as.
    pub(crate) fn level_numbers(&self) -> impl Iterator<Item = Option<f64>> {
        self.levels.iter().map(|level| match read_cell(level, true) {
            Cell::Number(value) => Some(value),
            Cell::Missing | Cell::Text(_) => None,
        })
    }

    /// Whether at least one cell reads as a number.
    pub(crate) fn has_numbers(&self) -> bool {
        self.level_numbers().any(|number| number.is_some())
    }

    /// The column as numbers, if it has a number and every cell that is left is one or missing.
    fn as_numbers(&self) -> Option<Numbers> {
        let levels: Vec<Option<f64>> = self.level_numbers().collect();
        let mut numbers = Numbers::default();
        for &code in &self.codes {
            match levels.get(code as usize) {
                Some(&value) => numbers.values.push(value?),
                None => numbers.push_missing(),
            }
        }
        (numbers.missing.count() < numbers.values.len()).then_some(numbers)
    }
}

impl Levels {
    /// Number of distinct texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a code.
    pub fn get(&self, code: u32) -> Option<&str> {
        let code = code as usize;
        let end = *self.ends.get(code)?;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        self.text.get(start..end)
    }

    /// All texts in the order of their codes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).filter_map(|code| self.get(code))
    }
}

/// A text column under construction: the column and a hash table of its levels.
#[derive(Debug, Default)]
pub(crate) struct TextBuilder {
    pub(crate) text: Text,
    table: HashTable<u32>,
}

impl TextBuilder {
    pub(crate) fn push(&mut self, cell: &str) {
        // Rows of one run follow each other.
        match self.last() == Some(cell) {
            true => self.push_last(),
            false => {
                let code = self.code(cell);
                self.text.codes.push(code);
            }
        }
    }

    pub(crate) fn push_missing(&mut self) {
        self.text.codes.push(MISSING_CODE);
    }

    /// The text of the last row.
    pub(crate) fn last(&self) -> Option<&str> {
        self.text.levels.get(*self.text.codes.last()?)
    }

    /// Adds the text of the last row once more.
    pub(crate) fn push_last(&mut self) {
        self.text.codes.extend(self.text.codes.last().copied());
    }

    /// Adds the cells of more rows.
    pub(crate) fn extend(&mut self, more: &Self) {
        // Both lists are in the order of first appearance.
        let codes: Vec<u32> = more.text.levels.iter().map(|level| self.code(level)).collect();
        let code = |&code: &u32| codes.get(code as usize).copied().unwrap_or(MISSING_CODE);
        self.text.codes.extend(more.text.codes.iter().map(code));
    }

    /// The code of a text, new if need be.
    fn code(&mut self, cell: &str) -> u32 {
        let levels = &mut self.text.levels;
        let found = self.table.find(hash(cell), |&code| levels.get(code) == Some(cell)).copied();
        found.unwrap_or_else(|| {
            let code = levels.len() as u32;
            levels.text.push_str(cell);
            levels.ends.push(levels.text.len());
            let rehash = |&code: &u32| hash(levels.get(code).unwrap_or_default());
            self.table.insert_unique(hash(cell), code, rehash);
            code
        })
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}
