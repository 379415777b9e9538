//! A table under construction: readers push cells, and every column finds its type on the way.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::block::Block;
use crate::cell::{Cell, is_missing, number_text, read_cell};
use crate::column::{Column, MISSING_CODE, Numbers, TextBuilder};
use crate::error::RunsError;
use crate::note::Note;
use crate::origin::{Origins, Place, Source};
use crate::read::Piece;
use crate::remote::Alias;
use crate::table::RunTable;

/// Codes and row numbers are 32 bits wide.
const MAX_ROWS: usize = u32::MAX as usize - 1;
/// A file of objects with different keys could otherwise ask for rows times rows of memory.
const MAX_COLUMNS: usize = 20_000;
/// Cells that are missing because rows differ in their columns: 2 GiB, from input that may be far smaller.
const MAX_PADDING: usize = if cfg!(test) { 1 << 16 } else { 1 << 28 };
/// Rows per column for which the spelling of numbers is kept, in case a later cell makes the column text.
const SPELLED_ROWS: usize = if cfg!(test) { 30 } else { 1 << 16 };

#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    columns: Vec<(String, ColumnBuilder)>,
    index: FxHashMap<String, usize>,
    /// For each column, the last source that has it.
    seen_in: Vec<Vec<usize>>,
    pub(crate) origins: Origins,
    pub(crate) notes: Vec<Note>,
    rows: usize,
    /// Cells that were filled because their rows lack the column.
    padding: usize,
    /// Names of the runs of tools, which must differ also between paths.
    pub(crate) run_names: FxHashSet<String>,
    /// What to call the path that is being read, if it stands for an address.
    pub(crate) alias: Option<Alias>,
    /// Whether a run may have given several rows.
    pub(crate) has_curves: bool,
}

impl TableBuilder {
    /// Starts a new source and returns its number.
    pub(crate) fn source(&mut self, mut source: Source) -> usize {
        source.name = self.named(source.name);
        self.origins.sources.push(source);
        self.origins.sources.len() - 1
    }

    /// A path as it is called.
    pub(crate) fn named(&self, path: String) -> String {
        match &self.alias {
            Some(alias) => alias.apply(&path),
            None => path,
        }
    }

    /// Place in the source that is being read.
    pub(crate) fn place(&self, number: u64) -> Place {
        self.origins.place_in(self.origins.sources.len().saturating_sub(1), number)
    }

    /// Finished rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Position of the column of this name, new if need be, and noted as present in the current source.
    pub(crate) fn column(&mut self, name: &str, line: u64) -> Result<usize, RunsError> {
        let column = match self.index.get(name) {
            Some(&column) => column,
            None if self.columns.len() == MAX_COLUMNS => {
                let (place, limit) = (self.place(line), MAX_COLUMNS);
                return Err(RunsError::TooLarge { place, limit, what: "columns" });
            }
            None => {
                let column = self.columns.len();
                self.columns.push((name.to_owned(), ColumnBuilder::default()));
                self.seen_in.push(Vec::new());
                self.index.insert(name.to_owned(), column);
                column
            }
        };
        let source = self.origins.sources.len().saturating_sub(1);
        if self.seen_in[column].last() != Some(&source) {
            self.seen_in[column].push(source);
        }
        Ok(column)
    }

    /// Whether the current row already has a cell in this column.
    pub(crate) fn has_cell(&self, column: usize) -> bool {
        self.columns[column].1.len() > self.rows
    }

    /// The column with all rows before the current one filled.
    #[inline]
    pub(crate) fn filled(&mut self, column: usize) -> &mut ColumnBuilder {
        let builder = &mut self.columns[column].1;
        let lacking = self.rows.saturating_sub(builder.len());
        if lacking > 0 {
            self.padding += lacking;
            builder.pad(self.rows);
        }
        builder
    }

    /// Adds the text of a cell to the current row.
    #[inline]
    pub(crate) fn cell(&mut self, column: usize, text: &str, thousands: bool) {
        self.filled(column).push_cell(text, thousands);
    }

    /// Adds a number to the current row.
    pub(crate) fn number(&mut self, column: usize, value: f64) {
        self.filled(column).push_number(value);
    }

    /// Adds a missing cell to the current row.
    pub(crate) fn missing(&mut self, column: usize) {
        self.filled(column).push_missing();
    }

    /// Adds the cells of a block of whole rows from the current one on, the columns at the same time; the caller then
    /// ends as many rows.
    pub(crate) fn block(&mut self, columns: &[usize], block: &Block, thousands: bool) {
        self.at_once(columns, block.is_large(), |builder, nth| {
            block.column(nth).for_each(|cell| builder.push_cell(cell, thousands));
        });
    }

    /// Works at different columns, by several threads where that is worth while. `work` gets a column, filled up to the
    /// current row, and its place in `columns`, whose order the answers have.
    pub(crate) fn at_once<T: Send>(
        &mut self,
        columns: &[usize],
        is_large: bool,
        work: impl Fn(&mut ColumnBuilder, usize) -> T + Send + Sync,
    ) -> Vec<T> {
        let mut place = vec![None; self.columns.len()];
        for (nth, &column) in columns.iter().enumerate() {
            self.filled(column);
            place[column] = Some(nth);
        }
        let found = self.columns.iter_mut().zip(place);
        let mut found: Vec<_> = found.filter_map(|((_, builder), nth)| Some((nth?, builder))).collect();
        found.sort_unstable_by_key(|(nth, _)| *nth);
        match is_large {
            true => found.into_par_iter().map(|(nth, builder)| work(builder, nth)).collect(),
            false => found.into_iter().map(|(nth, builder)| work(builder, nth)).collect(),
        }
    }

    /// Whether a column has text.
    pub(crate) fn is_text(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|(_, builder)| builder.text.is_some())
    }

    /// Whether the spelling of numbers in the current row would be kept.
    pub(crate) fn keeps_spelling(&self) -> bool {
        self.rows < SPELLED_ROWS
    }

    /// Adds pieces of columns, one after the other, from the current row on, the columns at the same time; the caller then
    /// ends as many rows. Pieces of text are for columns of text, pieces of numbers for columns of numbers.
    pub(crate) fn pieces(&mut self, columns: &[usize], pieces: &[Vec<Piece>]) {
        self.at_once(columns, true, |builder, nth| {
            pieces.iter().filter_map(|piece| piece.get(nth)).for_each(|piece| builder.push_piece(piece));
        });
    }

    /// Ends the current row, which stands at this line or row of the current source.
    #[inline]
    pub(crate) fn end_row(&mut self, number: u64) -> Result<(), RunsError> {
        self.end_rows(number, 1)
    }

    /// Ends `count` rows that stand one after the other from `number` on.
    #[inline]
    pub(crate) fn end_rows(&mut self, number: u64, count: usize) -> Result<(), RunsError> {
        if count > MAX_ROWS - self.rows {
            return Err(RunsError::TooLarge { place: self.place(number), limit: MAX_ROWS, what: "rows" });
        }
        if self.padding > MAX_PADDING {
            let what = "cells missing because rows differ in their columns";
            return Err(RunsError::TooLarge { place: self.place(number), limit: MAX_PADDING, what });
        }
        if count > 0 {
            let source = self.origins.sources.len().saturating_sub(1);
            self.origins.push(self.rows, source, number);
            self.origins.sources[source].rows += count;
            self.rows += count;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> RunTable {
        let sources = self.origins.sources.len();
        let mut columns = Vec::with_capacity(self.columns.len());
        for ((name, mut builder), seen_in) in self.columns.into_iter().zip(self.seen_in) {
            builder.pad(self.rows);
            // Runs of a tool differ in what they log; what a fit lacks is reported there.
            let is_table = |source: &usize| !self.origins.is_labelled(*source);
            let absent =
                (0..sources).filter(is_table).filter(|source| seen_in.binary_search(source).is_err());
            self.notes.extend(absent.map(|source| Note::ColumnAbsent {
                column: name.clone(),
                file: self.origins.sources[source].name.clone(),
            }));
            if let Some(row) = builder.first_respelled_before {
                let first_text = self.origins.place(row);
                self.notes.push(Note::NumbersRespelled { column: name.clone(), first_text });
            }
            columns.push((name, builder.finish()));
        }
        let has_curves = self.has_curves;
        RunTable { columns, origins: self.origins, notes: self.notes, rows: self.rows, has_curves }
    }
}

/// A column under construction: numbers until a cell says otherwise, text from then on.
#[derive(Debug, Default)]
pub(crate) struct ColumnBuilder {
    numbers: Numbers,
    spelling: Spelling,
    text: Option<TextBuilder>,
    /// Row of the first text, if numbers before it had to be spelled anew.
    first_respelled_before: Option<usize>,
}

/// The cells of the first rows as they were written, end to end.
#[derive(Debug, Default)]
struct Spelling {
    text: String,
    ends: Vec<usize>,
}

impl ColumnBuilder {
    pub(crate) fn len(&self) -> usize {
        self.text.as_ref().map_or(self.numbers.values.len(), |text| text.text.codes.len())
    }

    /// Fills with missing cells up to `rows` rows.
    fn pad(&mut self, rows: usize) {
        match &mut self.text {
            Some(text) => text.text.codes.resize(rows, MISSING_CODE),
            None => self.numbers.pad(rows),
        }
    }

    pub(crate) fn push_missing(&mut self) {
        match &mut self.text {
            Some(text) => text.push_missing(),
            None => self.numbers.push_missing(),
        }
    }

    pub(crate) fn push_number(&mut self, value: f64) {
        match &mut self.text {
            Some(text) => text.push(&number_text(value)),
            None => self.numbers.values.push(value),
        }
    }

    /// Adds numbers, none of them missing.
    pub(crate) fn push_numbers(&mut self, mut values: impl Iterator<Item = f64>) {
        match self.text {
            Some(_) => values.for_each(|value| self.push_number(value)),
            None => self.numbers.values.extend(&mut values),
        }
    }

    /// Adds text cells, each a position in a list of `count` texts.
    pub(crate) fn push_keys<'a>(
        &mut self,
        keys: impl Iterator<Item = Option<usize>>,
        count: usize,
        text: impl Fn(usize) -> &'a str,
    ) {
        // The code of each text, once it has one.
        let mut codes: Vec<Option<u32>> = vec![None; count];
        for key in keys {
            match (key.and_then(|key| codes.get(key).copied().flatten()), key, &mut self.text) {
                (_, None, _) => self.push_missing(),
                (Some(code), _, Some(builder)) => builder.text.codes.push(code),
                (_, Some(key), _) => {
                    self.push_cell(text(key), true);
                    if let (Some(builder), Some(code)) = (&self.text, codes.get_mut(key)) {
                        *code = builder.text.codes.last().copied();
                    }
                }
            }
        }
    }

    fn push_piece(&mut self, piece: &Piece) {
        match (piece, &mut self.text) {
            (Piece::Numbers(numbers), None) => self.numbers.extend(numbers),
            (Piece::Text(texts), Some(all)) => all.extend(texts),
            (Piece::Numbers(_), Some(_)) | (Piece::Text(_), None) => {
                debug_assert!(false, "a piece of the wrong kind");
            }
        }
    }

    #[inline]
    pub(crate) fn push_cell(&mut self, cell: &str, thousands: bool) {
        if let Some(text) = &mut self.text {
            return match cell.trim() {
                cell if is_missing(cell) => text.push_missing(),
                cell => text.push(cell),
            };
        }
        match read_cell(cell, thousands) {
            Cell::Missing => self.numbers.push_missing(),
            Cell::Number(value) => {
                let row = self.numbers.values.len();
                if row < SPELLED_ROWS {
                    self.spelling.push(row, cell.trim());
                }
                self.numbers.values.push(value);
            }
            Cell::Text(cell) => {
                let mut text = self.numbers_as_text();
                text.push(cell);
                self.text = Some(text);
            }
        }
    }

    /// The numbers so far as text, spelled as they were written where that is known.
    fn numbers_as_text(&mut self) -> TextBuilder {
        let numbers = std::mem::take(&mut self.numbers);
        let spelling = std::mem::take(&mut self.spelling);
        let mut text = TextBuilder::default();
        for (row, &value) in numbers.values.iter().enumerate() {
            if numbers.missing.contains(row) {
                text.push_missing();
            } else if let Some(cell) = spelling.get(row) {
                text.push(cell);
            } else {
                text.push(&number_text(value));
                if row >= SPELLED_ROWS {
                    self.first_respelled_before = Some(numbers.values.len());
                }
            }
        }
        text
    }

    fn finish(self) -> Column {
        match self.text {
            Some(text) => Column::Text(text.text),
            None => Column::Numbers(self.numbers),
        }
    }
}

impl Spelling {
    fn push(&mut self, row: usize, cell: &str) {
        self.ends.resize(row, self.text.len());
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    /// The cell as written; `None` if it is not known.
    fn get(&self, row: usize) -> Option<&str> {
        let end = *self.ends.get(row)?;
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.text.get(start..end).filter(|cell| !cell.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use crate::{ReadOptions, RunTable};

    #[test]
    fn rows_with_ever_new_columns_end_in_an_error_and_not_in_all_memory() {
        let text: String = (0..1000).map(|i| format!("{{\"a{i}\": 1}}\n")).collect();
        let error = RunTable::from_reader("r.jsonl", text.as_bytes(), &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), "R0113");
        assert!(error.to_string().contains("rows differ in their columns"), "{error}");
    }
}
