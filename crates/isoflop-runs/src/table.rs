//! The run table.

use std::io::Read;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use isoflop_formula::Runs;
use rustc_hash::FxHashMap;

use crate::builder::TableBuilder;
use crate::column::{Column, Numbers, Text};
use crate::error::{RunsError, shortened};
use crate::mapping::Mapping;
use crate::note::Note;
use crate::origin::{Origins, Place, Source};
use crate::read::{self, ReadOptions};

/// Rows of runs: named columns of numbers or text, and for each row the place it came from.
///
/// A column is numeric if every cell that is not missing reads as a number, and text otherwise. In text
/// formats a cell is missing if it is empty or says `NA`, `N/A`, `null`, `None` or `-`; numbers may have
/// thousands separators (`1,234,567`), an exponent, or a suffix (`7B`, `64k`); truth values of JSON and
/// Parquet are 1 and 0.
#[derive(Debug, Clone, Default)]
pub struct RunTable {
    pub(crate) columns: Vec<(String, Column)>,
    pub(crate) origins: Origins,
    pub(crate) notes: Vec<Note>,
    pub(crate) rows: usize,
    pub(crate) has_curves: bool,
}

impl RunTable {
    /// Reads files as one table, in the order given: columns are united by name, and a column that a file
    /// lacks is missing there.
    ///
    /// * `paths`: files, patterns such as `runs/*.csv` (matches sorted by name), or `-` for stdin.
    ///
    /// # Errors
    /// Any of the reading errors of [`RunsError`]; they name the file and the line.
    pub fn read<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Result<Self, RunsError> {
        let paths: Vec<String> = paths.iter().map(|p| p.as_ref().to_string_lossy().into_owned()).collect();
        Ok(read::read_paths(&paths, options)?.finish())
    }

    /// Reads a file that is a run table itself, whatever tool may have made it.
    pub(crate) fn read_table(name: &str, options: &ReadOptions) -> Result<Self, RunsError> {
        let mut builder = TableBuilder::default();
        read::read_file(&mut builder, name, options)?;
        Ok(builder.finish())
    }

    /// Reads a table from a stream; `name` stands for the file in messages, and its extension helps to tell
    /// the format.
    ///
    /// # Errors
    /// As for [`RunTable::read`].
    ///
    /// ```
    /// use isoflop_runs::{ReadOptions, RunTable};
    /// let text = "params;loss\n7B;2.1\n70B;1.9\n";
    /// let table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
    /// assert_eq!(table.number("params")?.values, [7e9, 70e9]);
    /// # Ok::<(), isoflop_runs::RunsError>(())
    /// ```
    pub fn from_reader(name: &str, input: impl Read, options: &ReadOptions) -> Result<Self, RunsError> {
        let mut builder = TableBuilder::default();
        read::read_stream(&mut builder, name, Box::new(input), options)?;
        Ok(builder.finish())
    }

    /// A table of columns in memory, all of one length.
    ///
    /// # Errors
    /// [`RunsError::UnequalLengths`] and [`RunsError::DuplicateColumn`].
    pub fn from_columns(columns: Vec<(String, Column)>) -> Result<Self, RunsError> {
        let rows = columns.first().map_or(0, |(_, column)| column.len());
        let mut table = Self { rows, ..Self::default() };
        table.origins.sources.push(Source {
            name: "memory".into(),
            format: None,
            compression: None,
            rows,
            tool: None,
        });
        table.origins.push(0, 0, 1);
        for (name, column) in columns {
            if column.len() != rows {
                return Err(RunsError::UnequalLengths { column: name, expected: rows, found: column.len() });
            }
            if table.column(&name).is_some() {
                return Err(RunsError::DuplicateColumn { place: table.place(0), column: name });
            }
            table.columns.push((name, column));
        }
        Ok(table)
    }

    /// A table from Arrow record batches, which may differ in their columns.
    ///
    /// # Errors
    /// [`RunsError::DuplicateColumn`] and [`RunsError::TooLarge`].
    pub fn from_record_batches(name: &str, batches: &[RecordBatch]) -> Result<Self, RunsError> {
        let mut builder = TableBuilder::default();
        builder.source(Source {
            name: name.to_owned(),
            format: None,
            compression: None,
            rows: 0,
            tool: None,
        });
        for batch in batches {
            let first_row = builder.rows() as u64 + 1;
            crate::arrow::append_batch(&mut builder, batch, first_row)?;
        }
        Ok(builder.finish())
    }

    /// The table as one Arrow record batch: numbers as `Float64`, text as dictionaries of `Utf8`.
    ///
    /// # Errors
    /// Those of Arrow, for text above 2 GiB in one column.
    pub fn to_record_batch(&self) -> Result<RecordBatch, ArrowError> {
        crate::arrow::to_record_batch(self)
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Names and columns, in the order of first appearance.
    pub fn columns(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// Names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// Files and streams that the rows came from.
    pub fn sources(&self) -> &[Source] {
        &self.origins.sources
    }

    /// The column that names the run, if a run may have several rows: those are not independent.
    pub fn runs_column(&self) -> Option<&'static str> {
        (self.has_curves && self.column("run").is_some()).then_some("run")
    }

    /// The rows as runs, for sums over the past: by the column `run` (or what is mapped to this name) in the order
    /// of `step`, or of the table; without such a column the rows of each file are one run. Rows in which one of `columns` is
    /// missing are no part of a past.
    ///
    /// # Errors
    /// A column of `columns` that is not there or is text.
    pub fn runs(&self, mapping: &Mapping, columns: &[&str]) -> Result<Runs, RunsError> {
        let named = |name: &str| self.column(mapping.resolve(self, name).ok()?);
        let run = match named("run") {
            Some(Column::Text(text)) => text.codes.clone(),
            Some(Column::Numbers(numbers)) => {
                let mut known: FxHashMap<u64, u32> = FxHashMap::default();
                let mut code = |value: &f64| {
                    let next = known.len() as u32;
                    *known.entry((value + 0.0).to_bits()).or_insert(next)
                };
                numbers.values.iter().map(&mut code).collect()
            }
            // Files of their own are runs of their own.
            None => {
                (0..self.rows).map(|row| self.origins.find(row).map_or(0, |found| found.0 as u32)).collect()
            }
        };
        let step = match named("step") {
            Some(Column::Numbers(numbers)) => Some(numbers.values.as_slice()),
            _ => None,
        };
        let read = columns.iter().map(|name| self.number(mapping.resolve(self, name)?));
        let read = read.collect::<Result<Vec<_>, _>>()?;
        Ok(Runs::new(&run, step, |row| !read.iter().any(|numbers| numbers.missing.contains(row))))
    }

    /// What reading noticed: worth showing to the user.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Where a row (counted from 0) came from.
    pub fn place(&self, row: usize) -> Place {
        self.origins.place(row)
    }

    /// The column of exactly this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(other, _)| other == name).map(|(_, column)| column)
    }

    /// The column of exactly this name, or an error that suggests another.
    ///
    /// # Errors
    /// [`RunsError::MissingColumn`].
    pub fn require(&self, name: &str) -> Result<&Column, RunsError> {
        self.column(name).ok_or_else(|| {
            let known: Vec<String> = self.names().map(str::to_owned).collect();
            let suggestion = isoflop_formula::closest(name, self.names()).map(str::to_owned);
            RunsError::MissingColumn { column: name.to_owned(), suggestion, known }
        })
    }

    /// A column of numbers.
    ///
    /// # Errors
    /// [`RunsError::MissingColumn`], or [`RunsError::TextInNumber`] with the first cell that is not a number.
    pub fn number(&self, name: &str) -> Result<&Numbers, RunsError> {
        match self.require(name)? {
            Column::Numbers(numbers) => Ok(numbers),
            Column::Text(text) => Err(self.text_in_number(name, text)),
        }
    }

    /// A column of text.
    ///
    /// # Errors
    /// [`RunsError::MissingColumn`] and [`RunsError::NumberForText`].
    pub fn text(&self, name: &str) -> Result<&Text, RunsError> {
        match self.require(name)? {
            Column::Text(text) => Ok(text),
            Column::Numbers(_) => Err(RunsError::NumberForText { column: name.to_owned() }),
        }
    }

    fn text_in_number(&self, name: &str, text: &Text) -> RunsError {
        let is_text: Vec<bool> = text.level_numbers().map(|number| number.is_none()).collect();
        let holds_text = |row: &usize| is_text.get(text.codes[*row] as usize) == Some(&true);
        let mut rows = (0..text.codes.len()).filter(holds_text);
        let first = rows.next().unwrap_or(0);
        RunsError::TextInNumber {
            column: name.to_owned(),
            place: self.place(first),
            value: shortened(text.get(first).unwrap_or_default()),
            count: 1 + rows.count(),
            rows: self.rows,
        }
    }

    /// Adds a column, or replaces the one of the same name.
    pub(crate) fn set_column(&mut self, name: &str, column: Column) {
        match self.columns.iter_mut().find(|(other, _)| other == name) {
            Some((_, old)) => *old = column,
            None => self.columns.push((name.to_owned(), column)),
        }
    }

    /// Keeps the rows for which `keep`, one flag per row, says so.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        self.origins.retain(keep);
        for (_, column) in &mut self.columns {
            column.retain(keep);
        }
        self.rows = keep.iter().filter(|&&kept| kept).count();
    }
}
