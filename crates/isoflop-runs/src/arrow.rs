//! Arrow record batches into and out of run tables.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, UInt32Type, UInt64Type};
use arrow::error::ArrowError;

use crate::builder::TableBuilder;
use crate::column::{Column, MISSING_CODE};
use crate::error::RunsError;
use crate::note::Note;
use crate::table::RunTable;

/// Integers up to this size are exact in a 64-bit float.
const EXACT: u64 = 1 << 53;

/// Whether a run table can hold values of this type; the error says what they are.
pub(crate) fn holds(data_type: &DataType) -> Result<(), &'static str> {
    match data_type {
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::FixedSizeList(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => Err("lists"),
        DataType::Map(..) => Err("maps"),
        DataType::Union(..) => Err("unions"),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            Err("raw bytes")
        }
        DataType::Dictionary(_, values) => holds(values),
        DataType::RunEndEncoded(_, values) => holds(values.data_type()),
        _ => Ok(()),
    }
}

/// Appends the rows of a batch, which are rows `first_row`, `first_row + 1`, ... of the current source.
pub(crate) fn append_batch(
    builder: &mut TableBuilder,
    batch: &RecordBatch,
    first_row: u64,
) -> Result<(), RunsError> {
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        append_array(builder, field.name(), array, array.nulls().cloned(), first_row)?;
    }
    builder.end_rows(first_row, batch.num_rows())
}

/// Appends one array; `nulls` are its own together with those of the structs around it.
fn append_array(
    builder: &mut TableBuilder,
    name: &str,
    array: &ArrayRef,
    nulls: Option<NullBuffer>,
    first_row: u64,
) -> Result<(), RunsError> {
    let file = builder.place(first_row).file;
    let skip = |builder: &mut TableBuilder, holds: String| {
        let note = Note::ColumnSkipped { column: name.to_owned(), file: file.clone(), holds };
        if !builder.notes.contains(&note) {
            builder.notes.push(note);
        }
    };
    if let Err(what) = holds(array.data_type()) {
        skip(builder, what.into());
        return Ok(());
    }
    if let Some(group) = array.as_struct_opt() {
        for (field, child) in group.fields().iter().zip(group.columns()) {
            let nulls = NullBuffer::union(nulls.as_ref(), child.nulls());
            append_array(builder, &format!("{name}.{}", field.name()), child, nulls, first_row)?;
        }
        return Ok(());
    }
    let column = builder.column(name, first_row)?;
    if builder.has_cell(column) {
        return Err(RunsError::DuplicateColumn { place: builder.place(first_row), column: name.to_owned() });
    }
    note_rounding(builder, name, array, first_row);
    let is_present = |row: usize| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row));
    if is_numeric(array.data_type()) {
        match cast(array, &DataType::Float64) {
            Ok(numbers) => {
                let numbers = numbers.as_primitive::<Float64Type>();
                if nulls.as_ref().is_none_or(|nulls| nulls.null_count() == 0) {
                    builder.all_numbers(column, numbers.values());
                    return Ok(());
                }
                let values = numbers.values().iter().enumerate();
                builder.numbers(column, values.map(|(row, &value)| is_present(row).then_some(value)));
            }
            Err(error) => skip(builder, error.to_string()),
        }
        return Ok(());
    }
    if let Some(dictionary) = array.as_any_dictionary_opt()
        && let Some(texts) = dictionary.values().as_string_opt::<i32>()
        && !texts.is_empty()
    {
        let keys = dictionary.normalized_keys().into_iter().enumerate();
        let keys = keys
            .map(|(row, key)| (is_present(row) && array.is_valid(row) && texts.is_valid(key)).then_some(key));
        builder.keys(column, keys, texts.len(), |key| texts.value(key));
        return Ok(());
    }
    match cast(array, &DataType::LargeUtf8) {
        Ok(texts) => {
            let texts = texts.as_string::<i64>();
            let cells = (0..texts.len())
                .map(|row| (is_present(row) && texts.is_valid(row)).then(|| texts.value(row)));
            builder.texts(column, cells);
        }
        Err(error) => skip(builder, error.to_string()),
    }
    Ok(())
}

/// Numbers of all kinds and truth values; dates and durations are text.
fn is_numeric(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_numeric(values),
        DataType::RunEndEncoded(_, values) => is_numeric(values.data_type()),
        DataType::Boolean | DataType::Null => true,
        other => other.is_numeric(),
    }
}

/// Notes integers that a float rounds.
fn note_rounding(builder: &mut TableBuilder, name: &str, array: &ArrayRef, first_row: u64) {
    let is_large = |row: &usize| -> bool {
        if array.is_null(*row) {
            return false;
        }
        let size = match array.data_type() {
            DataType::Int64 => array.as_primitive::<Int64Type>().value(*row).unsigned_abs(),
            _ => array.as_primitive::<UInt64Type>().value(*row),
        };
        size > EXACT
    };
    if !matches!(array.data_type(), DataType::Int64 | DataType::UInt64) {
        return;
    }
    let mut large = (0..array.len()).filter(is_large);
    let Some(first) = large.next() else { return };
    let more = 1 + large.count();
    let earlier = builder.notes.iter_mut().find_map(|note| match note {
        Note::IntegersRounded { column, count, .. } if column == name => Some(count),
        _ => None,
    });
    match earlier {
        Some(count) => *count += more,
        None => {
            let first = builder.place(first_row + first as u64);
            builder.notes.push(Note::IntegersRounded { column: name.to_owned(), count: more, first });
        }
    }
}

/// The table as one Arrow record batch: numbers as `Float64`, text as dictionaries of `Utf8`.
///
/// # Errors
/// Those of Arrow, for text above 2 GiB in one column.
pub(crate) fn to_record_batch(table: &RunTable) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, column) in table.columns() {
        let array: ArrayRef = match column {
            Column::Numbers(numbers) => {
                let values = numbers.values.iter().enumerate();
                Arc::new(Float64Array::from_iter(
                    values.map(|(row, &value)| (!numbers.missing.contains(row)).then_some(value)),
                ))
            }
            Column::Text(text) => {
                let codes: UInt32Array =
                    text.codes.iter().map(|&code| (code != MISSING_CODE).then_some(code)).collect();
                let levels = StringArray::from_iter_values(text.levels.iter());
                Arc::new(DictionaryArray::<UInt32Type>::try_new(codes, Arc::new(levels))?)
            }
        };
        fields.push(Field::new(name, array.data_type().clone(), true));
        arrays.push(array);
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(table.rows()));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}
