//! CSV and TSV.

use std::io::Read;

use super::records::{Record, RecordError, Records};
use super::{MAX_RECORD, stream_error};
use crate::builder::TableBuilder;
use crate::error::RunsError;

/// Reads delimited text with a header line.
pub(super) fn read(builder: &mut TableBuilder, input: impl Read, delimiter: u8) -> Result<(), RunsError> {
    let mut records = Records::new(input, delimiter);
    let Some(header) = records.next().map_err(|error| explain(builder, error))? else {
        let file = builder.place(1).file;
        return Err(RunsError::Empty { file });
    };
    let columns = read_header(builder, &header)?;
    // Where cells end with semicolons, the comma is often the decimal sign.
    let thousands = delimiter != b';';
    while let Some(record) = records.next().map_err(|error| explain(builder, error))? {
        if record.len() != columns.len() {
            let (expected, found) = (columns.len(), record.len());
            return Err(RunsError::RaggedRow { place: builder.place(record.line), expected, found });
        }
        for ((column, name), cell) in columns.iter().zip(record.cells()) {
            let text = std::str::from_utf8(cell).map_err(|_| RunsError::NotUtf8 {
                place: builder.place(record.line),
                what: format!("the cell in column `{name}`"),
            })?;
            builder.cell(*column, text, thousands);
        }
        builder.end_row(record.line)?;
    }
    Ok(())
}

/// Positions and names of the columns; a column without a name (the index that pandas writes) is named by
/// its number.
fn read_header(builder: &mut TableBuilder, header: &Record<'_>) -> Result<Vec<(usize, String)>, RunsError> {
    let place = builder.place(header.line);
    let mut columns: Vec<(usize, String)> = Vec::with_capacity(header.len());
    let mut numbers = 0;
    for (i, cell) in header.cells().enumerate() {
        let text = std::str::from_utf8(cell)
            .map_err(|_| RunsError::NotUtf8 { place: place.clone(), what: "the header".into() })?;
        let name = match text.trim() {
            "" => format!("column_{}", i + 1),
            name => name.to_owned(),
        };
        numbers += usize::from(name.parse::<f64>().is_ok());
        let column = builder.column(&name, header.line)?;
        if columns.iter().any(|&(other, _)| other == column) {
            return Err(RunsError::DuplicateColumn { place, column: name });
        }
        columns.push((column, name));
    }
    match numbers == columns.len() {
        true => Err(RunsError::NoHeader { place }),
        false => Ok(columns),
    }
}

fn explain(builder: &TableBuilder, error: RecordError) -> RunsError {
    match error {
        RecordError::Io(error) => stream_error(builder, &error),
        RecordError::Quote(line, what) => RunsError::BadQuote { place: builder.place(line), what },
        RecordError::TooLong(line) => {
            RunsError::TooLarge { place: builder.place(line), limit: MAX_RECORD, what: "bytes in one row" }
        }
    }
}
