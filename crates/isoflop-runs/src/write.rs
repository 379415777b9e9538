//! Run tables into files: CSV and Parquet, with the origin of every row.

use std::io::Write;

use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::cell::number_text;
use crate::column::Column;
use crate::error::RunsError;
use crate::table::RunTable;

/// Columns of [`RunTable::with_origins`].
const ORIGINS: [&str; 3] = ["source_file", "source_row", "source_tool"];

impl RunTable {
    /// The table with a column for the file of each row, for the line or row in it, and for the tool that made it
    /// (missing for run tables). Columns that the table has already stay as they are: a table that was exported
    /// twice still says where its rows come from.
    pub fn with_origins(mut self) -> RunTable {
        let places: Vec<_> = (0..self.rows()).map(|row| self.place(row)).collect();
        let tools = (0..self.rows()).map(|row| self.origins.find(row));
        let tools: Vec<Option<&'static str>> =
            tools.map(|found| self.sources().get(found?.0)?.tool.map(|tool| tool.name())).collect();
        let columns = [
            Column::from_texts(places.iter().map(|place| Some(place.file.as_str()))),
            Column::from(places.iter().map(|place| place.number as f64).collect::<Vec<_>>()),
            Column::from_texts(tools),
        ];
        for (name, column) in ORIGINS.into_iter().zip(columns) {
            if self.column(name).is_none() {
                self.set_column(name, column);
            }
        }
        self
    }

    /// Writes the table as CSV with a header line. Numbers are written with as many digits as it takes to read the
    /// same number again; missing cells are empty.
    ///
    /// # Errors
    /// [`RunsError::CannotWrite`] with the name of the file.
    pub fn write_csv(&self, name: &str, output: impl Write) -> Result<(), RunsError> {
        let fail =
            |error: csv::Error| RunsError::CannotWrite { file: name.to_owned(), reason: error.to_string() };
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(self.names()).map_err(fail)?;
        let mut record: Vec<String> = Vec::new();
        for row in 0..self.rows() {
            record.clear();
            record.extend(self.columns().map(|(_, column)| match column {
                _ if column.is_missing(row) => String::new(),
                Column::Numbers(numbers) => {
                    numbers.values.get(row).map_or_else(String::new, |&v| number_text(v))
                }
                Column::Text(text) => text.get(row).unwrap_or_default().to_owned(),
            }));
            writer.write_record(&record).map_err(fail)?;
        }
        writer.flush().map_err(|error| fail(error.into()))
    }

    /// Writes the table as Parquet with Zstandard: numbers as 64-bit floats, text as dictionaries.
    ///
    /// # Errors
    /// [`RunsError::CannotWrite`] with the name of the file.
    pub fn write_parquet(&self, name: &str, output: impl Write + Send) -> Result<(), RunsError> {
        let fail = |reason: String| RunsError::CannotWrite { file: name.to_owned(), reason };
        let batch = self.to_record_batch().map_err(|error| fail(error.to_string()))?;
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let mut writer = ArrowWriter::try_new(output, batch.schema(), Some(properties))
            .map_err(|error| fail(error.to_string()))?;
        writer.write(&batch).map_err(|error| fail(error.to_string()))?;
        writer.close().map(|_| ()).map_err(|error| fail(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadOptions;

    #[test]
    fn what_is_written_reads_back_with_its_origin() {
        let text = "run,N,loss,note\na,1e6,3.5,\"x, \"\"y\"\"\"\nb,1e300,NaN,\nc,,0.1,z\n";
        let table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
        let table = table.with_origins();
        let mut csv = Vec::new();
        table.write_csv("out.csv", &mut csv).unwrap();
        let mut parquet = Vec::new();
        table.write_parquet("out.parquet", &mut parquet).unwrap();
        for (name, bytes) in [("out.csv", csv), ("out.parquet", parquet)] {
            let again = RunTable::from_reader(name, bytes.as_slice(), &ReadOptions::default()).unwrap();
            assert_eq!(again.names().collect::<Vec<_>>(), table.names().collect::<Vec<_>>());
            assert_eq!(again.text("note").unwrap().get(0), Some("x, \"y\""));
            let (loss, n) = (again.number("loss").unwrap(), again.number("N").unwrap());
            assert!(loss.values[1].is_nan() && !loss.missing.contains(1), "{name}");
            assert_eq!((n.values[1], n.missing.contains(2)), (1e300, true), "{name}");
            assert_eq!(again.number("source_row").unwrap().values, [2.0, 3.0, 4.0]);
            // Exported again, the rows still come from the first file.
            let again = again.with_origins();
            assert_eq!(again.text("source_file").unwrap().get(2), Some("runs.csv"));
        }
    }
}
