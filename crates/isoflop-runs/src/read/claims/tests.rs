//! Files made by hand, byte by byte, that claim what they do not hold.

use std::io::Write;

use base64::Engine;
use proptest::prelude::*;

use super::thrift::{Fault, Kind, Shape, Walk};
use super::{delta, pages};
use crate::{ReadOptions, RunTable, RunsError};

/// A field of a struct of Thrift.
#[derive(Clone)]
enum Field {
    Int(i64),
    Text(&'static [u8]),
    Ints(Vec<i64>),
    Struct(Vec<u8>),
    Structs(Vec<Vec<u8>>),
    /// The type and the bytes as they are.
    Raw(u8, Vec<u8>),
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> Vec<u8> {
    varint(((value << 1) ^ (value >> 63)) as u64)
}

fn list(kind: u8, elements: Vec<Vec<u8>>) -> Vec<u8> {
    let head = [vec![0xf0 | kind], varint(elements.len() as u64)].concat();
    [head, elements.concat()].concat()
}

/// A struct.
fn fields(fields: &[(i16, Field)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, field) in fields {
        let (kind, value) = match field.clone() {
            Field::Int(value) => (6, zigzag(value)),
            Field::Text(text) => (8, [varint(text.len() as u64), text.to_vec()].concat()),
            Field::Ints(values) => (9, list(5, values.into_iter().map(zigzag).collect())),
            Field::Struct(bytes) => (12, bytes),
            Field::Structs(structs) => (9, list(12, structs)),
            Field::Raw(kind, bytes) => (kind, bytes),
        };
        bytes.push(kind);
        bytes.extend(zigzag((*id).into()));
        bytes.extend(value);
    }
    bytes.push(0);
    bytes
}

/// Physical types, codecs, encodings and kinds of pages by their numbers.
const DOUBLE: i64 = 5;
const TEXT: i64 = 6;
const PLAIN: i64 = 0;
const GZIP: i64 = 2;
const ZSTD: i64 = 6;
const DATA: i64 = 0;
const DICTIONARY: i64 = 2;

/// The header of a page, and its bytes.
fn page(kind: i64, encoding: i64, values: i64, uncompressed: i64, bytes: &[u8]) -> Vec<u8> {
    let (id, mut details) = match kind {
        DATA => (5, vec![(3, Field::Int(3)), (4, Field::Int(3))]),
        _ => (7, vec![]),
    };
    details.splice(0..0, [(1, Field::Int(values)), (2, Field::Int(encoding))]);
    let header = fields(&[
        (1, Field::Int(kind)),
        (2, Field::Int(uncompressed)),
        (3, Field::Int(bytes.len() as i64)),
        (id, Field::Struct(fields(&details))),
    ]);
    [header, bytes.to_vec()].concat()
}

/// A file of one column, `loss`, with fields beside those that every footer has.
fn file(kind: i64, codec: i64, rows: i64, pages: &[Vec<u8>], more: &[(i16, Field)]) -> Vec<u8> {
    let data = pages.concat();
    let (start, length) = (Field::Int(4), Field::Int(data.len() as i64));
    let column = fields(&[
        (1, Field::Int(kind)),
        (2, Field::Ints(vec![PLAIN])),
        (4, Field::Int(codec)),
        (5, Field::Int(rows)),
        (6, length.clone()),
        (7, length),
        (9, start),
    ]);
    let group = fields(&[
        (1, Field::Structs(vec![fields(&[(2, Field::Int(4)), (3, Field::Struct(column))])])),
        (2, Field::Int(100)),
        (3, Field::Int(rows)),
    ]);
    let text = if kind == TEXT { vec![(6, Field::Int(0))] } else { vec![] };
    let leaf = [vec![(1, Field::Int(kind)), (3, Field::Int(0)), (4, Field::Text(b"loss"))], text].concat();
    let root = vec![(4, Field::Text(b"root")), (5, Field::Int(1))];
    let known = [
        (1, Field::Int(1)),
        (2, Field::Structs(vec![fields(&root), fields(&leaf)])),
        (3, Field::Int(rows)),
        (4, Field::Structs(vec![group])),
    ];
    let known: Vec<_> =
        known.into_iter().filter(|(id, _)| more.iter().all(|(other, _)| other != id)).collect();
    framed(&data, &fields(&[known, more.to_vec()].concat()))
}

fn framed(data: &[u8], footer: &[u8]) -> Vec<u8> {
    let length = (footer.len() as u32).to_le_bytes();
    [b"PAR1", data, footer, &length, b"PAR1"].concat()
}

fn read(bytes: &[u8]) -> Result<RunTable, RunsError> {
    RunTable::from_reader("r.parquet", bytes, &ReadOptions::default())
}

/// The code and the reason of the refusal, and that it comes at once: room for what is claimed takes seconds and gigabytes.
fn refusal(bytes: &[u8]) -> String {
    let start = std::time::Instant::now();
    let error = read(bytes).unwrap_err();
    assert!(start.elapsed().as_secs_f64() < 0.5, "{error}");
    format!("{} {error}", error.code())
}

fn plain(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn files_made_by_hand_are_read_where_they_hold_what_they_claim() {
    let bytes = plain(&[3.0, 2.5]);
    let whole = read(&file(DOUBLE, 0, 2, &[page(DATA, PLAIN, 2, 16, &bytes)], &[])).unwrap();
    assert_eq!(whole.number("loss").unwrap().values, [3.0, 2.5]);
    let packed = page(DATA, PLAIN, 2, 16, &zstd::bulk::compress(&bytes, 3).unwrap());
    assert_eq!(read(&file(DOUBLE, ZSTD, 2, &[packed], &[])).unwrap().rows(), 2);
    // A field that nobody knows yet.
    let unknown =
        (40, Field::Raw(11, [vec![1, 0x88], varint(1), b"a".to_vec(), varint(1), b"b".to_vec()].concat()));
    assert_eq!(read(&file(DOUBLE, 0, 2, &[page(DATA, PLAIN, 2, 16, &bytes)], &[unknown])).unwrap().rows(), 2);
}

#[test]
fn lists_of_the_footer_that_claim_billions_are_refused() {
    let footer = |kind: u8, list: Vec<u8>| refusal(&file(DOUBLE, 0, 1, &[], &[(40, Field::Raw(kind, list))]));
    let billions = varint(i32::MAX as u64);
    assert!(footer(9, [vec![0xf1], billions.clone()].concat()).contains("claims to hold more"));
    assert!(footer(9, [vec![0x31], vec![1; 3]].concat()).contains("a list of truth values"));
    assert!(footer(9, [vec![0xfc], billions.clone()].concat()).contains("claims to hold more"));
    assert!(footer(11, [billions.clone(), vec![0x11]].concat()).contains("a map of truth values"));
    assert!(footer(8, [billions.clone(), vec![0]].concat()).contains("claims to hold more"));
    assert!(footer(9, vec![0x19; 400]).contains("too deep"));
    assert!(footer(6, vec![0xff; 11]).contains("more than 64 bits"));
    let groups = refusal(&file(DOUBLE, 0, 1, &[], &[(4, Field::Raw(9, [vec![0xfc], billions].concat()))]));
    assert!(groups.starts_with("R0118") && groups.contains("claims to hold more"), "{groups}");
    // The library takes the type of a field that it knows for granted, and would read the text as a list.
    let hidden = refusal(&file(DOUBLE, 0, 1, &[], &[(2, Field::Text(&[0xf1, 0xff, 0xff, 0xff, 0xff, 7]))]));
    assert!(hidden.contains("a field of another type"), "{hidden}");
}

#[test]
fn schemas_that_are_no_tree_are_refused() {
    let schema = |elements: Vec<Vec<u8>>| refusal(&file(DOUBLE, 0, 1, &[], &[(2, Field::Structs(elements))]));
    let group =
        |children: i64| fields(&[(3, Field::Int(0)), (4, Field::Text(b"group")), (5, Field::Int(children))]);
    assert!(schema(vec![group(i32::MAX.into())]).contains("claims more columns than there are"));
    assert!(schema(vec![group(2), group(0)]).contains("claims more columns than there are"));
    assert!(schema(vec![group(-1)]).contains("below zero"));
    assert!(schema(vec![group(1), group(0), group(0)]).contains("belong to no group"));
    // The library follows groups within each other until its stack ends.
    assert!(schema(vec![group(1); 20_000]).contains("too deep"));
    assert!(
        schema([vec![group(20_000)], vec![group(0); 20_000]].concat()).contains("columns claimed by a file")
    );
}

#[test]
fn pages_that_claim_more_than_their_file_stands_for_are_refused() {
    let bytes = zstd::bulk::compress(&plain(&[3.0, 2.5]), 3).unwrap();
    let claim =
        |uncompressed| refusal(&file(DOUBLE, ZSTD, 2, &[page(DATA, PLAIN, 2, uncompressed, &bytes)], &[]));
    let error = claim(i32::MAX.into());
    assert!(
        error.starts_with("R0113") && error.contains("bytes of pages for a file of this size"),
        "{error}"
    );
    assert!(claim(-1).contains("a size below zero"));
    assert!(claim(1 << 32).contains("above 31 bits"));
    let values =
        |values| refusal(&file(DOUBLE, 0, 2, &[page(DATA, PLAIN, values, 16, &plain(&[3.0, 2.5]))], &[]));
    assert!(values(1 << 30).contains("pages claim 1073741824 values in 2 rows"));
    let short = page(DATA, PLAIN, 2, 16, &plain(&[3.0, 2.5]));
    assert!(refusal(&file(DOUBLE, 0, 2, &[short[..short.len() - 1].to_vec()], &[])).contains("has 15 left"));
    let dictionary = page(DICTIONARY, PLAIN, 1 << 30, 16, &plain(&[3.0, 2.5]));
    assert!(
        refusal(&file(DOUBLE, 0, 2, &[dictionary], &[]))
            .contains("a dictionary of 16 bytes claims 1073741824")
    );
}

#[test]
fn gzip_pages_longer_than_they_claim_are_refused() {
    // 64 MiB in 64 kB; a page within the limits whose size is true is read.
    let bomb = zipped(&vec![0; 64 << 20]);
    let error = refusal(&file(DOUBLE, GZIP, 2, &[page(DATA, PLAIN, 2, 16, &bomb)], &[]));
    assert!(error.contains("holds more than the 16 bytes that it claims"), "{error}");
    let values: Vec<f64> = (0..4000).map(|i| f64::from(i * i)).collect();
    let page = page(DATA, PLAIN, 4000, 32_000, &zipped(&plain(&values)));
    assert_eq!(read(&file(DOUBLE, GZIP, 4000, &[page], &[])).unwrap().number("loss").unwrap().values, values);
}

#[test]
fn texts_behind_their_lengths_are_read_and_refused_where_they_claim_more_than_values() {
    // Blocks of 128 in 4 parts; so many numbers, the first of them; one block of differences of 0 bits.
    let lengths = |count: u64, first: i64| {
        [varint(128), varint(4), varint(count), zigzag(first), zigzag(0), vec![0; 4]].concat()
    };
    let whole = [lengths(2, 3), b"onetwo".to_vec()].concat();
    let encoding = i64::from(delta::LENGTHS);
    let text = |bytes: &[u8]| file(TEXT, 0, 2, &[page(DATA, encoding, 2, bytes.len() as i64, bytes)], &[]);
    assert_eq!(read(&text(&whole)).unwrap().text("loss").unwrap().get(1), Some("two"));
    for count in [3, 1 << 20, 1 << 40] {
        assert!(refusal(&text(&lengths(count, 3))).contains("more of them than values"));
    }
    // The second list of lengths is found behind the first.
    let prefixes = |count| [lengths(2, 0), lengths(count, 3), b"onetwo".to_vec()].concat();
    assert_eq!(delta::check(&prefixes(2), delta::PREFIXES, 2), Ok(()));
    assert!(
        delta::check(&prefixes(1 << 40), delta::PREFIXES, 2)
            .unwrap_err()
            .contains("more of them than values")
    );
    assert!(delta::check(&whole[..6], delta::LENGTHS, 2).unwrap_err().contains("claims to hold more"));
}

#[test]
fn one_long_text_in_very_many_rows_is_refused() {
    // 60 kB in 30 000 rows are 1.8 GB of text. Runs of one value: the bits of a key, then twice the count, and the value.
    let long = [60_000_u32.to_le_bytes().to_vec(), vec![b'x'; 60_000]].concat();
    let dictionary = page(DICTIONARY, PLAIN, 1, long.len() as i64, &long);
    let keys = [vec![1], varint(30_000 << 1), vec![0]].concat();
    let keys = page(DATA, 8, 30_000, keys.len() as i64, &keys);
    let error = refusal(&file(TEXT, 0, 30_000, &[dictionary, keys], &[]));
    assert!(error.starts_with("R0113") && error.contains("bytes of text for a file of this size"), "{error}");
}

#[test]
fn columns_over_each_other_are_refused() {
    let page = page(DATA, PLAIN, 64, 512, &plain(&[2.5; 64]));
    let groups = |groups: usize| {
        let length = Field::Int(page.len() as i64);
        let column = fields(&[
            (1, Field::Int(DOUBLE)),
            (2, Field::Ints(vec![PLAIN])),
            (4, Field::Int(0)),
            (5, Field::Int(64)),
            (6, length.clone()),
            (7, length),
            (9, Field::Int(4)),
        ]);
        let chunk = fields(&[(2, Field::Int(4)), (3, Field::Struct(column))]);
        let group = fields(&[(1, Field::Structs(vec![chunk])), (2, Field::Int(1)), (3, Field::Int(64))]);
        file(DOUBLE, 0, 64, std::slice::from_ref(&page), &[(4, Field::Structs(vec![group; groups]))])
    };
    assert_eq!(read(&groups(1)).unwrap().rows(), 64);
    assert!(refusal(&groups(200)).contains("lie over each other"));
}

/// Arrow's schema of one column: groups of two equal columns so deep within each other, each kept once.
fn shared_schema(depth: usize) -> String {
    use arrow_ipc as ipc;
    let mut bytes = flatbuffers::FlatBufferBuilder::new();
    let name = Some(bytes.create_string("loss"));
    let float = ipc::FloatingPointArgs { precision: ipc::Precision::DOUBLE };
    let (kind, value) =
        (ipc::Type::FloatingPoint, ipc::FloatingPoint::create(&mut bytes, &float).as_union_value());
    let none = bytes.create_vector::<flatbuffers::WIPOffset<ipc::Field<'_>>>(&[]);
    let leaf = ipc::FieldArgs {
        name,
        type_type: kind,
        type_: Some(value),
        children: Some(none),
        ..Default::default()
    };
    let mut field = ipc::Field::create(&mut bytes, &leaf);
    for _ in 0..depth {
        let value = ipc::Struct_::create(&mut bytes, &ipc::Struct_Args {}).as_union_value();
        let children = Some(bytes.create_vector(&[field, field]));
        let group = ipc::FieldArgs {
            name,
            type_type: ipc::Type::Struct_,
            type_: Some(value),
            children,
            ..Default::default()
        };
        field = ipc::Field::create(&mut bytes, &group);
    }
    let fields = Some(bytes.create_vector(&[field]));
    let schema = ipc::Schema::create(&mut bytes, &ipc::SchemaArgs { fields, ..Default::default() });
    let message = ipc::MessageArgs {
        version: ipc::MetadataVersion::V5,
        header_type: ipc::MessageHeader::Schema,
        header: Some(schema.as_union_value()),
        ..Default::default()
    };
    let message = ipc::Message::create(&mut bytes, &message);
    bytes.finish(message, None);
    base64::prelude::BASE64_STANDARD.encode(bytes.finished_data())
}

#[test]
fn an_arrow_schema_of_parts_that_share_bytes_is_refused() {
    let with = |schema: String| {
        let pair = fields(&[(1, Field::Text(b"ARROW:schema")), (2, Field::Text(schema.leak().as_bytes()))]);
        let page = page(DATA, PLAIN, 2, 16, &plain(&[3.0, 2.5]));
        file(DOUBLE, 0, 2, &[page], &[(5, Field::Structs(vec![pair]))])
    };
    assert_eq!(read(&with(shared_schema(0))).unwrap().rows(), 2);
    // 2^18 columns.
    assert!(refusal(&with(shared_schema(18))).contains("the Arrow schema in the footer is damaged"));
}

proptest! {
    #[test]
    fn any_bytes_are_walked_without_panic_and_no_further_than_their_end(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), 0_u8..16, Just(0xf9), Just(0x19)], 0..300),
        values in 0_u64..200,
    ) {
        let mut walk = Walk::new(&bytes);
        let walked = walk.expect(Kind::Struct, &Shape::Any);
        prop_assert!(walk.at() <= bytes.len());
        // What is whole is whole with more behind it, and is cut off with less.
        if walked.is_ok() {
            let length = walk.at();
            let mut shorter = Walk::new(&bytes[..length - 1]);
            prop_assert_eq!(shorter.expect(Kind::Struct, &Shape::Any), Err(Fault::CutOff));
        }
        let _ = pages::parse(&bytes);
        let _ = delta::check(&bytes, delta::PREFIXES, values);
    }

    #[test]
    fn a_file_with_any_byte_changed_is_a_table_or_an_error(at in 0_usize..1000, byte: u8) {
        let bytes = zstd::bulk::compress(&plain(&[3.0, 2.5]), 3).unwrap();
        let mut file = file(DOUBLE, ZSTD, 2, &[page(DATA, PLAIN, 2, 16, &bytes)], &[]);
        let at = at % file.len();
        file[at] = byte;
        if let Err(error) = read(&file) {
            prop_assert!(error.to_string().contains("r.parquet"), "{}", error);
        }
    }
}
