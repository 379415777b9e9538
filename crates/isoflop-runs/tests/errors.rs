//! One clear error for each kind of bad input: its code, and what its message must name.

use std::io::Write;

use isoflop_runs::{Column, ReadOptions, RunTable, RunsError, find_roles, parse_map};

fn read_bytes(name: &str, bytes: &[u8]) -> Result<RunTable, RunsError> {
    RunTable::from_reader(name, bytes, &ReadOptions::default())
}

#[track_caller]
fn check<T>(result: Result<T, RunsError>, code: &str, parts: &[&str]) {
    let error = result.err().expect("an error");
    let message = error.to_string();
    assert_eq!(error.code(), code, "{message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[test]
fn empty_files() {
    check(read_bytes("runs.csv", b""), "R0106", &["runs.csv is empty"]);
    check(read_bytes("runs.csv", b" \n\r\n"), "R0106", &["runs.csv"]);
    check(read_bytes("runs.csv", b"\xef\xbb\xbf"), "R0106", &["runs.csv"]);
    check(read_bytes("runs.csv", b"N,loss\n"), "R0107", &["runs.csv", "no rows"]);
    check(read_bytes("runs.csv", b"N,loss"), "R0107", &["runs.csv"]);
    check(read_bytes("runs.jsonl", b"\n \n"), "R0106", &["runs.jsonl"]);
}

#[test]
fn bad_delimited_text() {
    check(read_bytes("r.csv", b"N,loss,N\n1,2,3\n"), "R0114", &["r.csv:1", "`N`", "twice"]);
    check(read_bytes("r.csv", b"N,loss\n1,2\n1\n"), "R0115", &["r.csv:3", "1 cells", "has 2"]);
    check(read_bytes("r.csv", b"N,loss\n1,2\n1,2,3\n"), "R0115", &["r.csv:3", "3 cells"]);
    check(read_bytes("r.csv", b"N,note\n1,\"x\n2,y\n"), "R0116", &["r.csv:2", "never closed"]);
    check(read_bytes("r.csv", b"N,note\n1,\"x\"y\n"), "R0116", &["r.csv:2", "closing quote"]);
    check(read_bytes("r.csv", b"1.5,2\n3,4\n"), "R0108", &["r.csv:1", "header"]);
    check(read_bytes("r.csv", b"N,loss\n1,2\n\xff,3\n"), "R0110", &["r.csv:3", "`N`", "UTF-8"]);
    check(read_bytes("r.csv", b"\xffN,loss\n1,2\n"), "R0110", &["r.csv:1", "header"]);
    check(read_bytes("r.csv", b"\xff\xfeN\x00,\x00"), "R0110", &["r.csv", "UTF-16"]);
}

#[test]
fn bad_json() {
    let good = "{\"loss\": 1}\n";
    for (line, parts) in [
        ("{\"loss\": }", &["r.jsonl:2", "expected a value", "byte 10"][..]),
        ("{\"loss\": 01}", &["expected a value"]),
        ("{\"loss\": 1.}", &["expected a value"]),
        ("{\"loss\": 1", &["r.jsonl:2"]),
        ("[1, 2]", &["expected `{`", "byte 1"]),
        ("{\"loss\": 1} {}", &["text follows"]),
        ("{\"loss: 1}", &["a string is not closed"]),
        ("{\"a\\qb\": 1}", &["bad escape"]),
        ("{\"tags\": [1, }", &["r.jsonl:2"]),
        ("{loss: 1}", &["expected `\"`"]),
    ] {
        check(read_bytes("r.jsonl", format!("{good}{line}\n").as_bytes()), "R0117", parts);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    check(read_bytes("r.jsonl", deep.as_bytes()), "R0117", &["too deeply"]);
    check(read_bytes("r.jsonl", b"{\"a\": 1, \"a\": 2}"), "R0114", &["r.jsonl:1", "`a`"]);
    check(read_bytes("r.jsonl", b"{\"a.b\": 1, \"a\": {\"b\": 2}}"), "R0114", &["`a.b`"]);
    check(read_bytes("r.jsonl", b"{\"a\": \"\xff\"}"), "R0110", &["r.jsonl:1"]);
}

#[test]
fn foreign_formats() {
    check(read_bytes("r.xlsx", b"PK\x03\x04..."), "R0109", &["r.xlsx", "spreadsheet"]);
    check(read_bytes("r.json", b"[{\"a\": 1}]"), "R0109", &["r.json", "JSON array", "jq"]);
    check(read_bytes("r.bin", b"abc\0def"), "R0109", &["r.bin", "binary"]);
    check(read_bytes("r.csv.xz", b"\xfd7zXZ\0"), "R0109", &["xz"]);
}

#[test]
fn damaged_parquet() {
    let table = RunTable::from_columns(vec![("N".into(), Column::from(vec![1.0; 1000]))]).unwrap();
    let batch = table.to_record_batch().unwrap();
    let mut file = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(read_bytes("r.parquet", &file).unwrap().rows(), 1000);
    for length in [4, 12, file.len() / 2, file.len() - 1] {
        check(read_bytes("r.parquet", &file[..length]), "R0118", &["r.parquet", "truncated"]);
    }
    check(read_bytes("r.parquet", b"N,loss\n1,2\n"), "R0118", &["r.parquet"]);
}

#[test]
fn damaged_and_hostile_compression() {
    let text: String = (0..20_000).map(|i| format!("{i},{}\n", i * 7919 % 10_007)).collect();
    let text = format!("N,loss\n{text}");
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    check(read_bytes("r.csv.zst", &zstd[..zstd.len() / 2]), "R0111", &["r.csv.zst", "zstd", "truncated"]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut gzip = gzip.finish().unwrap();
    check(read_bytes("r.csv.gz", &gzip[..gzip.len() / 2]), "R0111", &["r.csv.gz", "gzip"]);
    let checksum = gzip.len() - 8;
    gzip[checksum] ^= 1;
    check(read_bytes("r.csv.gz", &gzip), "R0111", &["r.csv.gz"]);

    // 300 MiB of blank lines from a few kilobytes.
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    bomb.write_all(b"N,loss\n").unwrap();
    let lines = vec![b'\n'; 1 << 20];
    for _ in 0..300 {
        bomb.write_all(&lines).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    check(read_bytes("r.csv.zst", &bomb), "R0112", &["r.csv.zst", "200 times"]);
}

#[test]
fn a_row_that_never_ends() {
    let endless = std::io::Read::chain(&b"N,loss\n1,\""[..], std::io::repeat(b'x').take_bytes(80 << 20));
    let result = RunTable::from_reader("r.csv", endless, &ReadOptions::default());
    check(result, "R0113", &["r.csv:2", "bytes in one row"]);
    let endless = std::io::Read::chain(&b"{\"a\": \""[..], std::io::repeat(b'x').take_bytes(80 << 20));
    let result = RunTable::from_reader("r.jsonl", endless, &ReadOptions::default());
    check(result, "R0113", &["r.jsonl:1", "bytes in one row"]);
}

trait TakeBytes: std::io::Read + Sized {
    fn take_bytes(self, count: u64) -> std::io::Take<Self> {
        self.take(count)
    }
}

impl<R: std::io::Read> TakeBytes for R {}

#[test]
fn too_many_columns() {
    let header: Vec<String> = (0..20_001).map(|i| format!("a{i}")).collect();
    check(read_bytes("r.csv", header.join(",").as_bytes()), "R0113", &["r.csv:1", "20000 columns"]);
}

#[test]
fn paths() {
    let options = ReadOptions::default();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    check(RunTable::read(&[path("no.csv")], &options), "R0101", &["no.csv", "no such file"]);
    check(RunTable::read(&[path("*.csv")], &options), "R0101", &["*.csv", "matches nothing"]);
    check(RunTable::read::<&str>(&[], &options), "R0104", &["stdin"]);
    std::fs::write(path("x.jsonl"), "{}").unwrap();
    check(RunTable::read(&[folder.path()], &options), "R0103", &["is a directory", "*.jsonl"]);
}

#[test]
fn columns() {
    let table = read_bytes("r.csv", b"params,loss,id\n1,2,a\n2,diverged,b\n3,bad,c\n").unwrap();
    check(table.number("parms"), "R0120", &["`parms`", "did you mean `params`?"]);
    check(table.number("xyz"), "R0120", &["the columns are `params`, `loss`, `id`"]);
    check(table.number("loss"), "R0122", &["r.csv:3", "`loss`", "\"diverged\"", "2 of 3 rows"]);
    check(table.text("params"), "R0123", &["`params`"]);
    check(find_roles(&table, &[("N".into(), "size".into())]), "R0120", &["`size`"]);
    check(parse_map("loss"), "R0124", &["--map loss"]);
    check(parse_map("=x"), "R0124", &["NAME=COLUMN"]);

    let column = |rows: usize| Column::from(vec![1.0; rows]);
    let unequal = RunTable::from_columns(vec![("a".into(), column(2)), ("b".into(), column(3))]);
    check(unequal, "R0127", &["`b`", "3 rows", "has 2"]);
    let twice = RunTable::from_columns(vec![("a".into(), column(2)), ("a".into(), column(2))]);
    check(twice, "R0114", &["`a`"]);
}

#[test]
fn roles_that_are_not_found_say_what_to_do() {
    let table = read_bytes("r.csv", b"params,flops,val_loss\n1e6,1e15,3\n").unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    check(
        mapping.resolve(&table, "D"),
        "R0121",
        &["no column for D", "--map D=COLUMN", "--let 'D = C / (6*N)'"],
    );
    check(mapping.resolve(&table, "batch"), "R0120", &["`batch`"]);
    let table = read_bytes("r.csv", b"throughput/total petaflops,val_loss\n1e6,3\n").unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    let expected = "--let 'C = 1e15 * `throughput/total petaflops`'";
    check(mapping.resolve(&table, "C"), "R0121", &[expected]);
}
