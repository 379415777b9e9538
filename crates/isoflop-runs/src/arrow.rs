//! Arrow record batches into and out of run tables.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, DictionaryArray, Float64Array, PrimitiveArray, RecordBatch,
    StringArray, UInt32Array,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, UInt32Type, UInt64Type};
use arrow::error::ArrowError;

use crate::builder::{ColumnBuilder, TableBuilder};
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
    if let Err(what) = holds(array.data_type()) {
        skip(builder, name, first_row, what.into());
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
    let mut found = Findings::default();
    found.append(builder.filled(column), array, nulls.as_ref());
    found.note(builder, name, first_row);
    Ok(())
}

/// What is to be said of the arrays that became one column.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Integers that a float rounds: the row of the first, counted from 0, and how many there are.
    rounded: Option<(usize, usize)>,
    /// Why cells are missing.
    skipped: Option<String>,
    rows: usize,
}

impl Findings {
    /// Adds the cells of an array of numbers or texts to a column; `nulls` are its own together with those of the structs
    /// around it.
    pub(crate) fn append(
        &mut self,
        column: &mut ColumnBuilder,
        array: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) {
        if let Some((first, count)) = rounded(array) {
            let (_, all) = self.rounded.get_or_insert((self.rows + first, 0));
            *all += count;
        }
        self.rows += array.len();
        if let Err(error) = append_cells(column, array, nulls) {
            self.skipped.get_or_insert(error.to_string());
            // What comes after stays in its rows.
            (0..array.len()).for_each(|_| column.push_missing());
        }
    }

    /// Says it; the arrays began at `first_row` of the current source.
    pub(crate) fn note(self, builder: &mut TableBuilder, name: &str, first_row: u64) {
        if let Some(holds) = self.skipped {
            skip(builder, name, first_row, holds);
        }
        let Some((first, more)) = self.rounded else { return };
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
}

/// Says once that a column is left out of the table, or cells of it.
fn skip(builder: &mut TableBuilder, name: &str, row: u64, holds: String) {
    let note = Note::ColumnSkipped { column: name.to_owned(), file: builder.place(row).file, holds };
    if !builder.notes.contains(&note) {
        builder.notes.push(note);
    }
}

fn append_cells(
    column: &mut ColumnBuilder,
    array: &ArrayRef,
    nulls: Option<&NullBuffer>,
) -> Result<(), ArrowError> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    let is_present = |row: usize| nulls.is_none_or(|nulls| nulls.is_valid(row));
    if is_numeric(array.data_type()) {
        // Most tables have one of these two, and no cell missing.
        if nulls.is_none() {
            if let Some(numbers) = array.as_primitive_opt::<Float64Type>() {
                column.push_numbers(numbers.values().iter().copied());
                return Ok(());
            }
            if let Some(numbers) = array.as_primitive_opt::<Int64Type>() {
                column.push_numbers(numbers.values().iter().map(|&value| value as f64));
                return Ok(());
            }
        }
        let numbers = cast(array, &DataType::Float64)?;
        let numbers = numbers.as_primitive::<Float64Type>().values().iter().enumerate();
        for (row, &value) in numbers {
            match is_present(row) {
                true => column.push_number(value),
                false => column.push_missing(),
            }
        }
        return Ok(());
    }
    if let Some(dictionary) = array.as_any_dictionary_opt()
        && let Some(texts) = dictionary.values().as_string_opt::<i32>()
        && !texts.is_empty()
    {
        let own = array.nulls();
        let is_present = |row: usize| is_present(row) && own.is_none_or(|own| own.is_valid(row));
        let keys = dictionary.normalized_keys().into_iter().enumerate();
        let keys = keys.map(|(row, key)| (is_present(row) && texts.is_valid(key)).then_some(key));
        column.push_keys(keys, texts.len(), |key| texts.value(key));
        return Ok(());
    }
    let texts = cast(array, &DataType::LargeUtf8)?;
    let texts = texts.as_string::<i64>();
    for row in 0..texts.len() {
        match is_present(row) && texts.is_valid(row) {
            true => column.push_cell(texts.value(row), true),
            false => column.push_missing(),
        }
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

/// The row of the first integer that a float rounds, and how many there are.
fn rounded(array: &ArrayRef) -> Option<(usize, usize)> {
    match array.data_type() {
        DataType::Int64 => beyond(array.as_primitive::<Int64Type>(), i64::unsigned_abs),
        DataType::UInt64 => beyond(array.as_primitive::<UInt64Type>(), |value| value),
        _ => None,
    }
}

fn beyond<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    size: impl Fn(T::Native) -> u64,
) -> Option<(usize, usize)> {
    // Nearly always there is none, which one pass says.
    if array.values().iter().fold(0, |most, &value| most.max(size(value))) <= EXACT {
        return None;
    }
    let is_large = |&row: &usize| array.is_valid(row) && size(array.value(row)) > EXACT;
    let mut large = (0..array.len()).filter(is_large);
    let first = large.next()?;
    Some((first, 1 + large.count()))
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
