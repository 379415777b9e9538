//! Parquet.

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;

use crate::arrow::{append_batch, holds};
use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::note::Note;

/// Rows decoded at a time.
const BATCH: usize = 1 << 16;

/// Reads a Parquet file; columns that a run table does not hold are not decoded.
pub(super) fn read(builder: &mut TableBuilder, file: impl ChunkReader + 'static) -> Result<(), RunsError> {
    let name = builder.place(1).file;
    let damaged = |reason: String| RunsError::BadParquet { file: name.clone(), reason };
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| damaged(error.to_string()))?;
    let mut wanted = Vec::new();
    for (i, field) in reader.schema().fields().iter().enumerate() {
        match holds(field.data_type()) {
            Ok(()) => wanted.push(i),
            Err(what) => builder.notes.push(Note::ColumnSkipped {
                column: field.name().clone(),
                file: name.clone(),
                holds: what.into(),
            }),
        }
    }
    let mask = ProjectionMask::roots(reader.parquet_schema(), wanted);
    let batches = reader.with_projection(mask).with_batch_size(BATCH).build();
    let mut row = 1;
    for batch in batches.map_err(|error| damaged(error.to_string()))? {
        let batch = batch.map_err(|error| damaged(error.to_string()))?;
        append_batch(builder, &batch, row)?;
        row += batch.num_rows() as u64;
    }
    Ok(())
}
