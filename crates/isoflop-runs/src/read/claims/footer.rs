//! The footer of a Parquet file, checked before its library reads it: the library makes room for what lists and groups
//! claim, and follows groups within each other without end.

use arrow_ipc::root_as_message_with_opts;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flatbuffers::VerifierOptions;
use parquet::file::reader::ChunkReader;

use super::thrift::Shape::{Any, Bool, Byte, Bytes, Double, Integer, List, Struct};
use super::thrift::{Fault, Kind, Shape, Walk};

/// Bytes after the footer: its length and the magic.
const TAIL: u64 = 8;
const MAGIC: &[u8] = b"PAR1";
/// Groups of columns within each other.
const DEPTH: usize = 24;
/// Columns and parts of columns that are always allowed; beyond that, bytes of the file for each. With data, a column
/// takes a hundred.
const FREE_COLUMNS: u64 = 1 << 12;
const BYTES_PER_COLUMN: u64 = 32;

/// Field numbers of the footer, of an element of the schema, and of a row group.
const SCHEMA: i16 = 2;
const ROW_GROUPS: i16 = 4;
const KEY_VALUES: i16 = 5;
const NAME: i16 = 4;
const CHILDREN: i16 = 5;
const COLUMNS: i16 = 1;

const MANY: usize = usize::MAX;
/// Row groups are numbered with 16 bits.
const MOST_GROUPS: usize = i16::MAX as usize;

// The structs of parquet.thrift of Apache Parquet 2.12, as far as their fields have types.
const EMPTY: Shape = Struct(&[]);
const TIME_UNIT: Shape = Struct(&[(1, EMPTY), (2, EMPTY), (3, EMPTY)]);
const TIME: Shape = Struct(&[(1, Bool), (2, TIME_UNIT)]);
const LOGICAL_TYPE: Shape = Struct(&[
    (1, EMPTY),
    (2, EMPTY),
    (3, EMPTY),
    (4, EMPTY),
    (5, Struct(&[(1, Integer), (2, Integer)])),
    (6, EMPTY),
    (7, TIME),
    (8, TIME),
    (10, Struct(&[(1, Byte), (2, Bool)])),
    (11, EMPTY),
    (12, EMPTY),
    (13, EMPTY),
    (14, EMPTY),
    (15, EMPTY),
    (16, Struct(&[(1, Byte)])),
    (17, Struct(&[(1, Bytes)])),
    (18, Struct(&[(1, Bytes), (2, Integer)])),
]);
const ELEMENT: Shape = Struct(&[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (NAME, Bytes),
    (CHILDREN, Integer),
    (6, Integer),
    (7, Integer),
    (8, Integer),
    (9, Integer),
    (10, LOGICAL_TYPE),
]);
const KEY_VALUE: Shape = Struct(&[(1, Bytes), (2, Bytes)]);
const STATISTICS: Shape = Struct(&[
    (1, Bytes),
    (2, Bytes),
    (3, Integer),
    (4, Integer),
    (5, Bytes),
    (6, Bytes),
    (7, Bool),
    (8, Bool),
]);
const BOX: Shape = Struct(&[
    (1, Double),
    (2, Double),
    (3, Double),
    (4, Double),
    (5, Double),
    (6, Double),
    (7, Double),
    (8, Double),
]);
const INTEGERS: Shape = List(&Integer, MANY);
const COLUMN_DATA: Shape = Struct(&[
    (1, Integer),
    (2, INTEGERS),
    (3, List(&Bytes, MANY)),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, List(&KEY_VALUE, MANY)),
    (9, Integer),
    (10, Integer),
    (11, Integer),
    (12, STATISTICS),
    (13, List(&Struct(&[(1, Integer), (2, Integer), (3, Integer)]), MANY)),
    (14, Integer),
    (15, Integer),
    (16, Struct(&[(1, Integer), (2, INTEGERS), (3, INTEGERS)])),
    (17, Struct(&[(1, BOX), (2, INTEGERS)])),
]);
const COLUMN: Shape = Struct(&[
    (1, Bytes),
    (2, Integer),
    (3, COLUMN_DATA),
    (4, Integer),
    (5, Integer),
    (6, Integer),
    (7, Integer),
    (8, Any),
    (9, Bytes),
]);
const SORTING: Shape = Struct(&[(1, Integer), (2, Bool), (3, Bool)]);
const ROW_GROUP: Shape = Struct(&[
    (COLUMNS, List(&COLUMN, MANY)),
    (2, Integer),
    (3, Integer),
    (4, List(&SORTING, MANY)),
    (5, Integer),
    (6, Integer),
    (7, Integer),
]);
const FOOTER: Shape = Struct(&[
    (1, Integer),
    (SCHEMA, List(&ELEMENT, MANY)),
    (3, Integer),
    (ROW_GROUPS, List(&ROW_GROUP, MOST_GROUPS)),
    (KEY_VALUES, List(&KEY_VALUE, MANY)),
    (6, Bytes),
    (7, List(&Struct(&[(1, EMPTY)]), MANY)),
    (8, Any),
    (9, Bytes),
]);

/// Checks the footer of a file.
///
/// # Errors
/// The reason why the file is damaged: lists longer than the footer, fields of another type than Parquet's, a schema that
/// is no tree, or far more columns than a file of this size has. Of what is not a footer at all the library tells.
pub(super) fn check<R: ChunkReader>(file: &R) -> Result<(), String> {
    let said = |error: parquet::errors::ParquetError| error.to_string();
    let Some(end) = file.len().checked_sub(TAIL) else { return Ok(()) };
    let tail = file.get_bytes(end, TAIL as usize).map_err(said)?;
    let Some((&length, magic)) = tail.split_first_chunk() else { return Ok(()) };
    let length = u64::from(u32::from_le_bytes(length));
    let Some(start) = end.checked_sub(length).filter(|_| magic == MAGIC) else { return Ok(()) };
    let footer = file.get_bytes(start, length as usize).map_err(said)?;
    check_bytes(&footer, FREE_COLUMNS + file.len() / BYTES_PER_COLUMN)
}

/// Checks a footer with at most so many columns, in the schema and in all row groups together.
fn check_bytes(footer: &[u8], most: u64) -> Result<(), String> {
    let fault = |fault: Fault| fault.of("footer");
    Walk::new(footer).expect(Kind::Struct, &FOOTER).map_err(fault)?;
    let mut walk = Walk::new(footer);
    let (mut last, mut columns) = (0, 0_u64);
    while let Some((id, kind)) = walk.field(last).map_err(fault)? {
        match id {
            SCHEMA => columns = columns.saturating_add(schema(&mut walk, footer.len()).map_err(fault)?),
            ROW_GROUPS => columns = columns.saturating_add(chunks(&mut walk).map_err(fault)?),
            KEY_VALUES => arrow_schema(&mut walk, footer.len())?,
            _ => walk.skip(kind).map_err(fault)?,
        }
        if columns > most {
            return Err(format!("more than {most} columns claimed by a file of this size"));
        }
        last = id;
    }
    Ok(())
}

/// Walks the schema, a tree in which each group says how many elements after it are its children; returns its size.
fn schema(walk: &mut Walk<'_>, footer: usize) -> Result<u64, Fault> {
    let (_, elements) = walk.list()?;
    // Of the groups around: children still to come, and the length of the name.
    let mut around: Vec<(usize, usize)> = Vec::new();
    let mut paths = 0_usize;
    for left in (0..elements).rev() {
        let (name, children) = element(walk)?;
        while around.last().is_some_and(|(children, _)| *children == 0) {
            around.pop();
        }
        match around.last_mut() {
            Some((children, _)) => *children -= 1,
            None if left + 1 == elements => {}
            None => return Err(walk.wrong("the schema has elements that belong to no group")),
        }
        paths += name + around.iter().map(|(_, name)| name).sum::<usize>();
        if children > left {
            return Err(walk.wrong("a group of the schema claims more columns than there are"));
        }
        if children > 0 {
            around.push((children, name));
        }
        if around.len() > DEPTH {
            return Err(walk.wrong("groups of columns too deep within each other"));
        }
        // With each column go the names of the groups around it, as the footer itself repeats them.
        if paths > 8 * footer {
            return Err(walk.wrong("the names of columns together are longer than the footer"));
        }
    }
    match around.iter().all(|(children, _)| *children == 0) {
        true => Ok(elements as u64),
        false => Err(walk.wrong("a group of the schema claims more columns than there are")),
    }
}

/// The length of the name of an element, and its children.
fn element(walk: &mut Walk<'_>) -> Result<(usize, usize), Fault> {
    let (mut name, mut children, mut last) = (0, 0, 0);
    while let Some((id, kind)) = walk.field(last)? {
        match id {
            NAME => name = walk.text()?.len(),
            CHILDREN => {
                let claimed = usize::try_from(walk.integer()?);
                children =
                    claimed.map_err(|_| walk.wrong("a group of the schema claims columns below zero"))?;
            }
            _ => walk.skip(kind)?,
        }
        last = id;
    }
    Ok((name, children))
}

/// The columns of all row groups.
fn chunks(walk: &mut Walk<'_>) -> Result<u64, Fault> {
    let (_, groups) = walk.list()?;
    let mut chunks = 0;
    for _ in 0..groups {
        let mut last = 0;
        while let Some((id, kind)) = walk.field(last)? {
            if id == COLUMNS {
                chunks += walk.clone().list()?.1 as u64;
            }
            walk.skip(kind)?;
            last = id;
        }
    }
    Ok(chunks)
}

/// Arrow's own schema among the texts that the file carries: its parts may share bytes, so that a few stand for millions.
fn arrow_schema(walk: &mut Walk<'_>, footer: usize) -> Result<(), String> {
    let fault = |fault: Fault| fault.of("footer");
    let (_, texts) = walk.list().map_err(fault)?;
    for _ in 0..texts {
        let (mut key, mut value, mut last): (&[u8], &[u8], i16) = (&[], &[], 0);
        while let Some((id, kind)) = walk.field(last).map_err(fault)? {
            match id {
                1 => key = walk.text().map_err(fault)?,
                2 => value = walk.text().map_err(fault)?,
                _ => walk.skip(kind).map_err(fault)?,
            }
            last = id;
        }
        if key != parquet::arrow::ARROW_SCHEMA_META_KEY.as_bytes() {
            continue;
        }
        // What is not Arrow's schema at all, the library tells.
        let Ok(bytes) = BASE64_STANDARD.decode(value) else { continue };
        let message = bytes.strip_prefix(&[255; 4]).and_then(|rest| rest.get(4..)).unwrap_or(&bytes);
        // Written tables share descriptions of their layout at most.
        let max_apparent_size = 16 * footer + (1 << 12);
        let limits = VerifierOptions { max_tables: footer, max_apparent_size, ..Default::default() };
        root_as_message_with_opts(&limits, message)
            .map_err(|error| format!("the Arrow schema in the footer is damaged: {error}"))?;
    }
    Ok(())
}
