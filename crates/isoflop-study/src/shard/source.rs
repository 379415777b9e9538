//! Where a job has its rows from: files that every machine can read, or the rows themselves.

use isoflop_runs::{Column, ReadOptions, RunTable, RunsError};
use serde::{Deserialize, Serialize};

use crate::error::StudyError;

/// Where the rows are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Files, patterns or directories, as they were named; every machine must find them under these names.
    Files {
        /// Their names.
        files: Vec<String>,
        /// How they are read.
        reading: Reading,
    },
    /// The rows, column by column.
    Rows(Vec<(String, Cells)>),
}

/// Cells of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cells {
    /// Numbers; `null` where a cell is missing.
    Numbers(Vec<Option<Number>>),
    /// Texts.
    Texts(Vec<Option<String>>),
}

/// A number that JSON can hold, or the name of one that it cannot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Number {
    /// A finite one.
    Finite(f64),
    /// `NaN`, `inf` or `-inf`.
    Other(String),
}

/// How files are read, as texts like those of the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The tool that keeps the runs.
    pub from: Option<String>,
    /// Points of each run; the default without.
    pub points: Option<String>,
    /// Which value counts where a run has several at one step; the default without.
    pub restarts: Option<String>,
    /// Pattern of text logs.
    pub log_pattern: Option<String>,
    /// The curve that `points` looks at.
    pub loss: Option<String>,
}

impl Reading {
    /// The options of the reader.
    ///
    /// # Errors
    /// A tool or a rule that does not exist.
    pub fn options(&self) -> Result<ReadOptions, RunsError> {
        Ok(ReadOptions {
            from: self.from.as_deref().map(str::parse).transpose()?,
            points: self.points.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            restarts: self.restarts.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            loss: self.loss.clone(),
            log_pattern: self.log_pattern.clone(),
            ..ReadOptions::default()
        })
    }
}

impl Source {
    /// The rows of a table.
    pub fn rows(table: &RunTable) -> Source {
        Source::Rows(table.columns().map(|(name, column)| (name.to_owned(), Cells::of(column))).collect())
    }

    /// The table.
    ///
    /// # Errors
    /// Files that cannot be read as runs; columns of different lengths.
    pub fn table(&self) -> Result<RunTable, StudyError> {
        Ok(match self {
            Source::Files { files, reading } => RunTable::read(files, &reading.options()?)?,
            Source::Rows(columns) => RunTable::from_columns(
                columns.iter().map(|(name, cells)| (name.clone(), cells.column())).collect(),
            )?,
        })
    }
}

impl Cells {
    fn of(column: &Column) -> Cells {
        let rows = 0..column.len();
        match column {
            Column::Numbers(numbers) => {
                let cell =
                    |row: usize| (!numbers.missing.contains(row)).then(|| Number::of(numbers.values[row]));
                Cells::Numbers(rows.map(cell).collect())
            }
            Column::Text(text) => Cells::Texts(rows.map(|row| text.get(row).map(str::to_owned)).collect()),
        }
    }

    fn column(&self) -> Column {
        match self {
            Cells::Numbers(cells) => {
                Column::from_options(cells.iter().map(|cell| cell.as_ref().map(Number::value)))
            }
            Cells::Texts(cells) => Column::from_texts(cells.iter().map(Option::as_deref)),
        }
    }
}

impl Number {
    fn of(value: f64) -> Number {
        if value.is_finite() { Number::Finite(value) } else { Number::Other(value.to_string()) }
    }

    fn value(&self) -> f64 {
        match self {
            Number::Finite(value) => *value,
            Number::Other(name) => name.parse().unwrap_or(f64::NAN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_every_kind_of_cell() {
        let numbers = [Some(0.1 + 0.2), None, Some(f64::NAN), Some(f64::NEG_INFINITY), Some(-0.0)];
        let texts = [Some("a"), None, Some("\"é\n"), Some(""), Some("a")];
        let columns = vec![
            ("N".to_owned(), Column::from_options(numbers)),
            ("family".to_owned(), Column::from_texts(texts)),
        ];
        let table = RunTable::from_columns(columns).unwrap();
        let text = serde_json::to_string(&Source::rows(&table)).unwrap();
        let again = serde_json::from_str::<Source>(&text).unwrap().table().unwrap();
        let bits = |table: &RunTable| match table.column("N") {
            Some(Column::Numbers(n)) => n.values.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        assert_eq!(bits(&table), bits(&again));
        assert_eq!(table.column("family"), again.column("family"));
        assert!(again.column("N").unwrap().is_missing(1) && !again.column("N").unwrap().is_missing(2));
    }
}
