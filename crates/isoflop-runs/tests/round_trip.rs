//! Properties: what is written is read back, by every format, and the row splitter agrees with the csv crate.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use isoflop_runs::{Column, ReadOptions, RunTable};
use proptest::prelude::*;

fn read(name: &str, bytes: &[u8]) -> RunTable {
    RunTable::from_reader(name, bytes, &ReadOptions::default()).unwrap()
}

fn same_column(a: &Column, b: &Column) -> bool {
    let rows = a.len();
    let same_missing = rows == b.len() && (0..rows).all(|row| a.is_missing(row) == b.is_missing(row));
    same_missing
        && match (a, b) {
            (Column::Numbers(a), Column::Numbers(b)) => {
                let bits = |x: f64| if x.is_nan() { 0 } else { x.to_bits() };
                a.values.iter().zip(&b.values).all(|(&x, &y)| bits(x) == bits(y))
            }
            (Column::Text(a), Column::Text(b)) => (0..rows).all(|row| a.get(row) == b.get(row)),
            _ => false,
        }
}

/// Any number, non-finite ones and missing cells included.
fn number() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![8 => any::<f64>().prop_map(Some), 1 => Just(None), 1 => Just(Some(f64::NAN)),
        1 => Just(Some(f64::INFINITY)), 2 => (0_u32..1000).prop_map(|n| Some(f64::from(n)))]
}

/// Text with everything that needs quotes, always with a letter in front so that it is not a number.
fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![6 => "w[ -~\u{e9}\u{1f600}\r\n\t\",;]{0,12}w".prop_map(Some), 1 => Just(None)]
}

fn table() -> impl Strategy<Value = (Vec<Option<f64>>, Vec<Option<String>>)> {
    (1_usize..40)
        .prop_flat_map(|rows| (prop::collection::vec(number(), rows), prop::collection::vec(text(), rows)))
}

fn in_memory(numbers: &[Option<f64>], texts: &[Option<String>]) -> (Column, Column) {
    let mut cells: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    cells.push(Some("w"));
    let mut numbers = numbers.to_vec();
    numbers.push(Some(1.0));
    (Column::from_options(numbers), Column::from_texts(cells))
}

proptest! {
    #[test]
    fn csv((numbers, texts) in table(), delimiter in prop::sample::select(b",;\t|".to_vec()), crlf: bool) {
        let (expected_numbers, expected_texts) = in_memory(&numbers, &texts);
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer =
            csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
        writer.write_record(["loss", "note"]).unwrap();
        for (number, text) in numbers.iter().chain([&Some(1.0)]).zip(texts.iter().chain([&Some("w".into())])) {
            let number = number.map(|n| format!("{n:?}")).unwrap_or_default();
            writer.write_record([number.as_str(), text.as_deref().unwrap_or("")]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let table = read(if delimiter == b'\t' { "a.tsv" } else { "a.csv" }, &bytes);
        prop_assert!(same_column(table.column("loss").unwrap(), &expected_numbers));
        prop_assert!(same_column(table.column("note").unwrap(), &expected_texts));
        // The place of each row is the line on which it starts.
        let text = String::from_utf8(bytes).unwrap();
        let mut in_quotes = false;
        let mut starts = vec![1];
        let mut line = 1;
        for character in text.chars() {
            in_quotes ^= character == '"';
            line += u64::from(character == '\n');
            if character == '\n' && !in_quotes {
                starts.push(line);
            }
        }
        for row in 0..table.rows() {
            prop_assert_eq!(table.place(row).number, starts[row + 1]);
        }
    }

    #[test]
    fn json_lines((numbers, texts) in table(), nested: bool) {
        let (expected_numbers, expected_texts) = in_memory(&numbers, &texts);
        let mut lines = String::new();
        for (number, text) in numbers.iter().chain([&Some(1.0)]).zip(texts.iter().chain([&Some("w".into())])) {
            // Python's spelling of numbers that JSON lacks.
            let number = match number {
                None => "null".into(),
                Some(n) if n.is_nan() => "NaN".into(),
                Some(n) if n.is_infinite() => if *n > 0.0 { "Infinity".into() } else { "-Infinity".into() },
                Some(n) => format!("{n:e}"),
            };
            let text: String = serde_json::to_string(text).unwrap();
            lines += &match nested {
                true => format!("{{\"a\": {{\"loss\": {number} }}, \"note\":{text}}}\n"),
                false => format!("{{\"note\": {text},\"a.loss\":{number}}}\r\n"),
            };
        }
        let table = read("a.jsonl", lines.as_bytes());
        prop_assert!(same_column(table.column("a.loss").unwrap(), &expected_numbers));
        prop_assert!(same_column(table.column("note").unwrap(), &expected_texts));
    }

    #[test]
    fn parquet((numbers, texts) in table()) {
        let (numbers, texts) = in_memory(&numbers, &texts);
        let table = RunTable::from_columns(vec![("loss".into(), numbers), ("note".into(), texts)]).unwrap();
        let batch = table.to_record_batch().unwrap();
        let mut file = Vec::new();
        let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let again = read("a.parquet", &file);
        for name in ["loss", "note"] {
            prop_assert!(same_column(again.column(name).unwrap(), table.column(name).unwrap()), "{}", name);
        }
    }

    /// Any bytes at all: an answer or an error, never a panic, and the rows that the csv crate sees.
    #[test]
    fn any_text(text in "[a-c0-9,\"\r\n .e-]{0,60}") {
        let bytes = format!("h1,h2\n{text}");
        let Ok(table) = RunTable::from_reader("a.csv", bytes.as_bytes(), &ReadOptions::default()) else {
            return Ok(());
        };
        // Blanks before quotes and lines of blanks are read differently on purpose.
        if text.contains(' ') || text.contains('\r') {
            return Ok(());
        }
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), table.rows());
        for (name, k) in [("h1", 0), ("h2", 1)] {
            if let Column::Text(column) = table.column(name).unwrap() {
                for (row, record) in records.iter().enumerate() {
                    prop_assert_eq!(column.get(row).unwrap_or("").replace('-', ""), record[k].trim().replace('-', ""));
                }
            }
        }
    }

    #[test]
    fn any_json(text in "[{}\\[\\]\",:a0-9eE.+\\\\ -]{0,40}") {
        let _ = RunTable::from_reader("a.jsonl", text.as_bytes(), &ReadOptions::default());
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), name in "[a-c]\\.(csv|jsonl|tsv|parquet|x)") {
        let _ = RunTable::from_reader(&name, bytes.as_slice(), &ReadOptions::default());
    }
}
