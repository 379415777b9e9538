//! Some columns of a Parquet file, batch by batch, as the numbers and texts that readers of runs work with.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::RunsError;
use crate::read::{claims, guarded};

/// Names of the columns of a Parquet file; none if it is not one.
pub(super) fn names(path: &Path) -> Vec<String> {
    let names = || {
        let footer = File::open(path).ok().and_then(|file| claims::open(&file).ok());
        let names = footer.map(|footer| footer.schema().fields().iter().map(|f| f.name().clone()).collect());
        Ok(names.unwrap_or_default())
    };
    guarded(&path.display().to_string(), names).unwrap_or_default()
}

/// The wanted columns of one batch, in the order in which they were asked for.
pub(super) struct Batch {
    columns: Vec<Option<ArrayRef>>,
    rows: usize,
}

impl Batch {
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// A column as numbers; missing cells and columns that hold none are `None`.
    pub(super) fn numbers(&self, column: usize) -> Option<Float64Array> {
        let cast = cast(self.columns.get(column)?.as_ref()?, &DataType::Float64).ok()?;
        cast.as_primitive_opt::<Float64Type>().cloned()
    }

    /// A column as text.
    pub(super) fn texts(&self, column: usize) -> Option<StringArray> {
        let cast = cast(self.columns.get(column)?.as_ref()?, &DataType::Utf8).ok()?;
        cast.as_string_opt::<i32>().cloned()
    }
}

/// The cell of a column that may be missing altogether.
pub(super) fn number(column: Option<&Float64Array>, row: usize) -> Option<f64> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// The cell of a column that may be missing altogether.
pub(super) fn text(column: Option<&StringArray>, row: usize) -> Option<&str> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

/// Hands over the columns of these names, batch by batch; other columns are not decoded.
pub(super) fn read(
    path: &Path,
    wanted: &[&str],
    take: &mut dyn FnMut(&Batch) -> Result<(), RunsError>,
) -> Result<(), RunsError> {
    guarded(&path.display().to_string(), || decode(path, wanted, take))
}

fn decode(
    path: &Path,
    wanted: &[&str],
    take: &mut dyn FnMut(&Batch) -> Result<(), RunsError>,
) -> Result<(), RunsError> {
    let name = path.display().to_string();
    let damaged = |reason: String| RunsError::BadParquet { file: name.clone(), reason };
    let file = File::open(path).map_err(|error| RunsError::from_path(&name, &error))?;
    let metadata = claims::open(&file).map_err(damaged)?;
    let fields = metadata.schema().fields();
    let roots = wanted.iter().filter_map(|name| fields.iter().position(|field| field.name() == name));
    let mask = ProjectionMask::roots(metadata.parquet_schema(), roots);
    let file = Arc::new(file);
    let claims = claims::check(&file, metadata.metadata(), &mask, &name)?;
    claims.as_runs()?;
    let Some(file) = Arc::into_inner(file) else { return Err(damaged("it is still being read".to_owned())) };
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let batches = reader.with_projection(mask).with_batch_size(claims.batch()).build();
    for batch in batches.map_err(|error| damaged(error.to_string()))? {
        let batch = batch.map_err(|error| damaged(error.to_string()))?;
        claims.count(&batch)?;
        let columns = wanted.iter().map(|name| batch.column_by_name(name).cloned()).collect();
        take(&Batch { columns, rows: batch.num_rows() })?;
    }
    Ok(())
}
