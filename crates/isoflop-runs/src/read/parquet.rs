//! Parquet.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::Array;
use arrow::datatypes::{DataType, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::ChunkReader;

use crate::arrow::{Findings, append_batch, holds};
use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::note::Note;
use crate::read::claims::{self, Claims};

/// Reads a Parquet file; columns that a run table does not hold are not decoded.
pub(super) fn read(
    builder: &mut TableBuilder,
    file: impl ChunkReader + Clone + 'static,
) -> Result<(), RunsError> {
    let name = builder.place(1).file;
    guarded(&name, || decode(builder, file))
}

/// Works with the Parquet library, which panics at some damaged files instead of refusing them.
pub(crate) fn guarded<T>(name: &str, work: impl FnOnce() -> Result<T, RunsError>) -> Result<T, RunsError> {
    // What was half done is dropped with the error.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(RunsError::BadParquet { file: name.to_owned(), reason: "the decoder failed on it".into() })
    })
}

fn decode(builder: &mut TableBuilder, file: impl ChunkReader + Clone + 'static) -> Result<(), RunsError> {
    let name = builder.place(1).file;
    let damaged = |reason: String| RunsError::BadParquet { file: name.clone(), reason };
    let metadata = claims::open(&file).map_err(damaged)?;
    let metadata = with_dictionaries(&metadata).map_err(|error| damaged(error.to_string()))?;
    let mut wanted = Vec::new();
    for (i, field) in metadata.schema().fields().iter().enumerate() {
        match holds(field.data_type()) {
            Ok(()) => wanted.push(i),
            Err(what) => builder.notes.push(Note::ColumnSkipped {
                column: field.name().clone(),
                file: name.clone(),
                holds: what.into(),
            }),
        }
    }
    let mask = ProjectionMask::roots(metadata.parquet_schema(), wanted.iter().copied());
    let claims = claims::check(&Arc::new(file.clone()), metadata.metadata(), &mask, &name)?;
    claims.as_table()?;
    // Of all row groups or of one: dictionaries differ between them.
    let batches = |columns: &[usize], group: Option<usize>| {
        let mut reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone());
        if let Some(group) = group {
            reader = reader.with_row_groups(vec![group]);
        }
        let mask = ProjectionMask::roots(reader.parquet_schema(), columns.iter().copied());
        reader
            .with_projection(mask)
            .with_batch_size(claims.batch())
            .build()
            .map_err(|error| damaged(error.to_string()))
    };
    let is_flat = |&i: &usize| !matches!(metadata.schema().field(i).data_type(), DataType::Struct(_));
    if wanted.iter().all(is_flat) && !wanted.is_empty() {
        return at_once(builder, &metadata, &wanted, &claims, batches);
    }
    let mut row = 1;
    for batch in batches(&wanted, None)? {
        let batch = batch.map_err(|error| damaged(error.to_string()))?;
        claims.count(&batch)?;
        append_batch(builder, &batch, row)?;
        row += batch.num_rows() as u64;
    }
    Ok(())
}

/// Decodes columns at the same time, each by a reader of its own.
fn at_once(
    builder: &mut TableBuilder,
    metadata: &ArrowReaderMetadata,
    wanted: &[usize],
    claims: &Claims,
    batches: impl Fn(&[usize], Option<usize>) -> Result<ParquetRecordBatchReader, RunsError> + Sync + Send,
) -> Result<(), RunsError> {
    let damaged = |reason: String, file: String| RunsError::BadParquet { file, reason };
    let file = builder.place(1).file;
    let (schema, groups) = (metadata.schema(), metadata.metadata().num_row_groups());
    let mut columns = Vec::with_capacity(wanted.len());
    for &i in wanted {
        let column = builder.column(schema.field(i).name(), 1)?;
        if columns.contains(&column) {
            let (place, column) = (builder.place(1), schema.field(i).name().clone());
            return Err(RunsError::DuplicateColumn { place, column });
        }
        columns.push(column);
    }
    let before = builder.rows();
    let decoded = builder.at_once(&columns, true, |column, nth| -> Result<Findings, RunsError> {
        let mut found = Findings::default();
        let wanted = wanted.get(nth..=nth).unwrap_or_default();
        for group in 0..groups {
            for batch in batches(wanted, Some(group))? {
                let batch = batch.map_err(|error| damaged(error.to_string(), file.clone()))?;
                claims.count(&batch)?;
                if let Some(array) = batch.columns().first() {
                    found.append(column, array, array.nulls());
                }
            }
        }
        let read = column.len() - before;
        if read as u64 != claims.rows() {
            let reason = format!("a column has {read} rows where {} are claimed", claims.rows());
            return Err(damaged(reason, file.clone()));
        }
        Ok(found)
    });
    for (&i, found) in wanted.iter().zip(decoded) {
        found?.note(builder, schema.field(i).name(), 1);
    }
    builder.end_rows(1, usize::try_from(claims.rows()).unwrap_or(usize::MAX))
}

/// Texts that the file keeps as dictionaries stay so: a name of a run then costs its number in each row.
fn with_dictionaries(metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let groups = metadata.metadata().row_groups();
    let columns = metadata.parquet_schema().columns();
    let fields = metadata.schema().fields().iter().map(|field| {
        // A column at the top of the schema, by its name.
        let leaf =
            columns.iter().position(|column| matches!(column.path().parts(), [name] if name == field.name()));
        let is_dictionary = leaf.is_some_and(|leaf| {
            let has_one = |group: &RowGroupMetaData| {
                group.columns().get(leaf).is_some_and(|column| column.dictionary_page_offset().is_some())
            };
            !groups.is_empty() && groups.iter().all(has_one)
        });
        match field.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View if is_dictionary => {
                let texts = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
                Arc::new(field.as_ref().clone().with_data_type(texts))
            }
            _ => Arc::clone(field),
        }
    });
    let schema = Schema::new(fields.collect::<Vec<_>>());
    let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
}

#[cfg(test)]
mod tests {
    use crate::{Column, ReadOptions, RunTable};

    #[test]
    fn a_small_file_of_very_many_equal_cells_is_refused() {
        let read = |value: &dyn Fn(usize) -> f64| {
            let column = Column::from((0..100_000).map(value).collect::<Vec<f64>>());
            let batch =
                RunTable::from_columns(vec![("N".into(), column)]).unwrap().to_record_batch().unwrap();
            let mut file = Vec::new();
            let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            RunTable::from_reader("r.parquet", file.as_slice(), &ReadOptions::default())
        };
        let error = read(&|_| 1.0).unwrap_err();
        assert_eq!(error.code(), "R0113");
        assert!(error.to_string().contains("r.parquet row 1: more than 65536 cells"), "{error}");
        assert_eq!(read(&|i| i as f64).unwrap().rows(), 100_000);
    }
}
