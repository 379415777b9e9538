//! What each reader makes of well-formed input.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::io::Write;
use std::sync::Arc;

use isoflop_runs::{Column, Format, Note, ReadOptions, RunTable};

fn read(name: &str, text: &str) -> RunTable {
    RunTable::from_reader(name, text.as_bytes(), &ReadOptions::default()).unwrap()
}

fn numbers<'a>(table: &'a RunTable, name: &str) -> &'a [f64] {
    &table.number(name).unwrap().values
}

fn texts<'a>(table: &'a RunTable, name: &str) -> Vec<Option<&'a str>> {
    let text = table.text(name).unwrap();
    (0..table.rows()).map(|row| text.get(row)).collect()
}

#[test]
fn csv_with_everything_at_once() {
    let text = "\u{feff}\"N\", D ,loss,\"note, with \"\"quotes\"\"\"\r\n\
                7B,\"1,234,567\", 2.5 ,\"two\nlines\"\r\n\
                \r\n\
                1e9,\"12,000.5\",NaN,plain\r\n\
                64k,3,-inf, \"a \"\"b\"\", c\" \r\n\
                ,NA,null,N/A";
    let table = read("runs.csv", text);
    assert_eq!(table.rows(), 4);
    assert_eq!(numbers(&table, "N")[..3], [7e9, 1e9, 64e3]);
    assert_eq!(numbers(&table, "D")[..3], [1_234_567.0, 12_000.5, 3.0]);
    let loss = table.number("loss").unwrap();
    assert!(loss.values[1].is_nan() && !loss.missing.contains(1), "NaN is a number, not a missing cell");
    assert_eq!(loss.values[2], f64::NEG_INFINITY);
    assert!(loss.missing.contains(3));
    let notes = texts(&table, "note, with \"quotes\"");
    assert_eq!(notes, [Some("two\nlines"), Some("plain"), Some("a \"b\", c"), None]);
    let lines: Vec<u64> = (0..4).map(|row| table.place(row).number).collect();
    assert_eq!(lines, [2, 5, 6, 7]);
    assert_eq!(table.place(1).to_string(), "runs.csv:5");
}

#[test]
fn delimiters() {
    for (name, text) in [
        ("a.csv", "N,loss\n1,2.5\n"),
        ("a.csv", "N;loss\n1;2.5\n"),
        ("a.txt", "N|loss\n1|2.5\n"),
        ("a", "N\tloss\n1\t2.5\n"),
        ("a.tsv", "N\tloss\n1\t2.5\n"),
        ("a.csv.gz", "\"N,x;y\";loss;z\n1;2.5;1\n"),
    ] {
        let table = read(name, text);
        assert_eq!(numbers(&table, "loss"), [2.5], "{text}");
    }
    assert_eq!(read("a.tsv", "N,M\tloss\n1\t2\n").names().next(), Some("N,M"));
    // Where the comma may be a decimal sign, it is not taken for a thousands separator.
    assert_eq!(texts(&read("a.csv", "N;loss\n1;3,141\n"), "loss"), [Some("3,141")]);
}

#[test]
fn columns_without_a_name_are_numbered() {
    let table = read("a.csv", ",loss,\n0,2.5,x\n");
    assert_eq!(table.names().collect::<Vec<_>>(), ["column_1", "loss", "column_3"]);
}

#[test]
fn a_late_text_makes_the_whole_column_text_as_it_was_written() {
    let table = read("a.csv", "run,loss\n007,1\n1e3,2\nNA,3\n2b84b4b,4\n");
    assert_eq!(texts(&table, "run"), [Some("007"), Some("1e3"), None, Some("2b84b4b")]);
    let mut long = String::from("run,loss\n");
    for i in 0..70_000 {
        long.push_str(&format!("{i}.0,1\n"));
    }
    long.push_str("last,1\n");
    let table = read("a.csv", &long);
    let run = table.text("run").unwrap();
    assert_eq!(
        (run.get(65_000), run.get(69_999), run.get(70_000)),
        (Some("65000.0"), Some("69999"), Some("last"))
    );
    assert!(
        matches!(&table.notes()[0], Note::NumbersRespelled { first_text, .. } if first_text.number == 70_002)
    );
}

#[test]
fn json_lines() {
    let text = r#"{"run": "a\u00e9\"b", "loss": NaN, "config": {"n_params": 1e6, "opt": {"lr": 1e-3}}, "ok": true}

{"loss": "Infinity", "run": "x", "tags": [1, {"a": "]"}], "config": {"n_params": 123456789}, "ok": false}
{"loss": -Infinity, "config": {}, "ok": null}
{"loss": 2.5, "run": "NaN"}
"#;
    let table = read("runs.jsonl", text);
    let names: Vec<&str> = table.names().collect();
    assert_eq!(names, ["run", "loss", "config.n_params", "config.opt.lr", "ok"]);
    let loss = numbers(&table, "loss");
    assert!(loss[0].is_nan());
    assert_eq!(loss[1..], [f64::INFINITY, f64::NEG_INFINITY, 2.5]);
    assert_eq!(numbers(&table, "config.n_params")[..2], [1e6, 123_456_789.0]);
    assert_eq!(numbers(&table, "ok")[..2], [1.0, 0.0]);
    assert!(table.number("ok").unwrap().missing.contains(2));
    assert_eq!(texts(&table, "run"), [Some("aé\"b"), Some("x"), None, Some("NaN")]);
    assert_eq!(table.place(1).to_string(), "runs.jsonl:3");
    assert!(matches!(&table.notes()[0], Note::ColumnSkipped { column, .. } if column == "tags"));
}

#[test]
fn json_lines_are_recognised_without_a_name() {
    let table = read("stdin", "  {\"loss\": 1}\n{\"loss\": 2}");
    assert_eq!(table.sources()[0].format, Some(Format::JsonLines));
    assert_eq!(numbers(&table, "loss"), [1.0, 2.0]);
}

#[test]
fn gzip_and_zstd_by_content() {
    let text = "N,loss\n1,2\n3,4\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut gzip = gzip.finish().unwrap();
    // Members one after the other are one stream.
    let mut second = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    second.write_all(b"5,6\n").unwrap();
    gzip.extend(second.finish().unwrap());
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (bytes, kind, rows) in [(gzip, "gzip", 3), (zstd, "zstd", 2)] {
        let table = RunTable::from_reader("x", bytes.as_slice(), &ReadOptions::default()).unwrap();
        assert_eq!(table.sources()[0].compression, Some(kind));
        assert_eq!(table.rows(), rows);
        assert_eq!(table.place(1).number, 3);
    }
}

#[test]
fn several_files_and_patterns_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("b.csv"), "N,loss\n3,2.0\n").unwrap();
    std::fs::write(path("a.csv"), "loss,N,family\n2.5,1,x\n2.4,2,y\n").unwrap();
    std::fs::write(path("c.jsonl"), "{\"N\": 4, \"loss\": 1.5}\n").unwrap();
    let table = RunTable::read(&[path("*.csv"), path("c.jsonl")], &ReadOptions::default()).unwrap();
    assert_eq!(numbers(&table, "N"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(texts(&table, "family"), [Some("x"), Some("y"), None, None]);
    assert_eq!(table.place(2).to_string(), format!("{}:2", path("b.csv")));
    assert_eq!(table.place(3).to_string(), format!("{}:1", path("c.jsonl")));
    let absent: Vec<&Note> = table.notes().iter().collect();
    assert_eq!(absent.len(), 2);
    assert!(absent.iter().all(|n| matches!(n, Note::ColumnAbsent { column, .. } if column == "family")));

    let twice = RunTable::read(&[path("a.csv"), path("*.csv")], &ReadOptions::default()).unwrap();
    assert_eq!(twice.rows(), 5);
    assert!(twice.notes().iter().any(|note| matches!(note, Note::FileTwice { .. })));
}

#[test]
fn a_column_that_is_number_in_one_file_and_text_in_another_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("a.csv"), "id,loss\n01,1\n").unwrap();
    std::fs::write(path("b.csv"), "id,loss\nx,2\n").unwrap();
    let table = RunTable::read(&[path("a.csv"), path("b.csv")], &ReadOptions::default()).unwrap();
    assert_eq!(texts(&table, "id"), [Some("01"), Some("x")]);
}

#[test]
fn parquet_of_every_kind() {
    use arrow::array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Int32Array,
        Int64Array, ListArray, StringArray, StructArray, UInt64Array,
    };
    use arrow::datatypes::{DataType, Field, Int32Type};
    use arrow::record_batch::RecordBatch;

    let lr: ArrayRef = Arc::new(Float32Array::from(vec![Some(0.5), None, Some(0.25)]));
    let config = StructArray::try_new(
        vec![Field::new("lr", DataType::Float32, true)].into(),
        vec![lr],
        Some(vec![true, true, false].into()),
    )
    .unwrap();
    let family: DictionaryArray<Int32Type> = vec![Some("a"), None, Some("b")].into_iter().collect();
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1)]), None, None]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("big", Arc::new(Int64Array::from(vec![(1_i64 << 53) + 1, 5, -(1_i64 << 60)]))),
        ("tokens", Arc::new(UInt64Array::from(vec![1, 2, 3]))),
        (
            "price",
            Arc::new(Decimal128Array::from(vec![12_345, -1, 0]).with_precision_and_scale(10, 2).unwrap()),
        ),
        ("seed", Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]))),
        ("ok", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("name", Arc::new(StringArray::from(vec!["x", "y", "x"]))),
        ("day", Arc::new(Date32Array::from(vec![0, 1, 2]))),
        ("family", Arc::new(family)),
        ("config", Arc::new(config)),
        ("list", Arc::new(list)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut file = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();

    let on_disk = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(on_disk.path(), &file).unwrap();
    let from_file = RunTable::read(&[on_disk.path()], &ReadOptions::default()).unwrap();
    let table = RunTable::from_reader("runs", file.as_slice(), &ReadOptions::default()).unwrap();
    assert_eq!(table.sources()[0].format, Some(Format::Parquet));
    assert_eq!(
        from_file.columns().map(|(name, _)| name).collect::<Vec<_>>(),
        table.names().collect::<Vec<_>>()
    );
    assert_eq!(numbers(&from_file, "price"), numbers(&table, "price"));
    assert_eq!(numbers(&table, "tokens"), [1.0, 2.0, 3.0]);
    assert_eq!(numbers(&table, "price"), [123.45, -0.01, 0.0]);
    assert_eq!(numbers(&table, "ok"), [1.0, 0.0, 1.0]);
    assert!(table.number("seed").unwrap().missing.contains(1));
    assert_eq!(texts(&table, "name"), [Some("x"), Some("y"), Some("x")]);
    assert_eq!(texts(&table, "day")[1], Some("1970-01-02"));
    assert_eq!(texts(&table, "family"), [Some("a"), None, Some("b")]);
    let lr = table.number("config.lr").unwrap();
    assert_eq!(lr.values[0], 0.5);
    assert!(lr.missing.contains(1) && lr.missing.contains(2), "null structs have null members");
    assert_eq!(table.place(2).to_string(), "runs row 3");
    assert!(table.notes().iter().any(|note| matches!(
        note,
        Note::IntegersRounded { column, count: 2, first } if column == "big" && first.number == 1
    )));
    assert!(
        table
            .notes()
            .iter()
            .any(|note| matches!(note, Note::ColumnSkipped { column, .. } if column == "list"))
    );
}

#[test]
fn columns_in_memory() {
    let table = RunTable::from_columns(vec![
        ("N".into(), Column::from_options([Some(1.0), None])),
        ("family".into(), Column::from_texts([None, Some("a")])),
    ])
    .unwrap();
    assert_eq!(table.place(1).to_string(), "memory row 2");
    assert!(table.column("N").unwrap().is_missing(1) && table.column("family").unwrap().is_missing(0));
    assert_eq!(table.text("family").unwrap().indicator("a"), [0.0, 1.0]);
    let again = RunTable::from_record_batches("m", &[table.to_record_batch().unwrap()]).unwrap();
    assert_eq!(again.column("family"), table.column("family"));
    assert!(again.column("N").unwrap().is_missing(1));
}

/// One table by three writers, with texts and numbers as differences, by four codecs, in pages of both versions.
#[test]
fn parquet_of_other_writers() {
    let files: [(&str, &[u8]); 5] = [
        ("polars", include_bytes!("../../../fuzz/corpus/parquet/polars")),
        ("duckdb", include_bytes!("../../../fuzz/corpus/parquet/duckdb")),
        ("differences", include_bytes!("../../../fuzz/corpus/parquet/pyarrow_differences")),
        ("lengths", include_bytes!("../../../fuzz/corpus/parquet/pyarrow_lengths")),
        ("index", include_bytes!("../../../fuzz/corpus/parquet/pyarrow_index")),
    ];
    let tables =
        files.map(|(name, bytes)| RunTable::from_reader(name, bytes, &ReadOptions::default()).unwrap());
    let [first, others @ ..] = &tables;
    assert_eq!(
        first.names().collect::<Vec<_>>(),
        ["N", "step", "loss", "run", "ok", "config.lr", "config.tag"]
    );
    assert_eq!((first.rows(), numbers(first, "step")[..2].to_vec()), (16, vec![50.0, 100.0]));
    // As text: a loss is NaN.
    let whole = |table: &RunTable| format!("{:?}", table.columns().collect::<Vec<_>>());
    assert!(others.iter().all(|other| whole(other) == whole(first)));
}
