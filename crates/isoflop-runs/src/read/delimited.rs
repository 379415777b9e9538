//! CSV and TSV.

use std::io::Read;

use super::bulk::{self, Dialect};
use super::records::{Record, RecordError, Records};
use super::{MAX_RECORD, stream_error};
use crate::block::Block;
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
    let width = columns.len();
    let mut rows = Rows {
        names: columns,
        block: Block::new(width),
        // Where cells end with semicolons, the comma is often the decimal sign.
        dialect: Dialect { delimiter, thousands: delimiter != b';' },
    };
    let end = rows.read(builder, &mut records);
    // What stands above a mistake comes first, mistakes included.
    rows.flush(builder)?;
    end
}

/// Rows on their way into the table.
struct Rows {
    /// Position and name of each column.
    names: Vec<(usize, String)>,
    block: Block,
    dialect: Dialect,
}

impl Rows {
    fn read(
        &mut self,
        builder: &mut TableBuilder,
        records: &mut Records<impl Read>,
    ) -> Result<(), RunsError> {
        while let Some(record) = records.next().map_err(|error| explain(builder, error))? {
            if record.len() != self.names.len() {
                let (expected, found) = (self.names.len(), record.len());
                return Err(RunsError::RaggedRow { place: builder.place(record.line), expected, found });
            }
            self.block.push(record.line, record.cells());
            if self.block.is_full() {
                self.flush(builder)?;
                self.read_many(builder, records)?;
            }
        }
        Ok(())
    }

    /// Reads plain rows while there are many of them; the block must be empty.
    fn read_many(
        &mut self,
        builder: &mut TableBuilder,
        records: &mut Records<impl Read>,
    ) -> Result<(), RunsError> {
        // In a table of one column, a blank line is no row.
        if self.names.len() == 1 || builder.keeps_spelling() {
            return Ok(());
        }
        let columns = self.columns();
        while let Some((line, lines)) = records.many().map_err(|error| explain(builder, error))? {
            let Some(count) = bulk::read(builder, &columns, lines, self.dialect) else { break };
            builder.end_rows(line, count)?;
            let length = lines.len();
            records.skip(length, count);
        }
        Ok(())
    }

    fn columns(&self) -> Vec<usize> {
        self.names.iter().map(|(column, _)| *column).collect()
    }

    /// Hands the rows of the block to the columns.
    fn flush(&mut self, builder: &mut TableBuilder) -> Result<(), RunsError> {
        self.block.close().map_err(|(line, nth)| RunsError::NotUtf8 {
            place: builder.place(line),
            what: format!("the cell in column `{}`", self.names.get(nth).map_or("", |(_, name)| name)),
        })?;
        builder.block(&self.columns(), &self.block, self.dialect.thousands);
        for (line, count) in self.block.stretches() {
            builder.end_rows(line, count)?;
        }
        self.block.clear();
        Ok(())
    }
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
