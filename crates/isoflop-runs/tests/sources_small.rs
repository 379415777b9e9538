//! Readers of runs on small files made here: rules for points, restarts, cut files, and what is refused.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use std::fs;
use std::path::Path;

use isoflop_runs::{Points, ReadOptions, Restarts, RunTable, RunsError};
use tempfile::TempDir;

/// A directory with these files.
fn place(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<RunTable, RunsError> {
    RunTable::read(&[path], options)
}

fn with(points: Points) -> ReadOptions {
    ReadOptions { points, ..ReadOptions::default() }
}

fn notes(table: &RunTable) -> String {
    table.notes().iter().map(|note| format!("{note}\n")).collect()
}

/// A state with the losses of steps 10, 20, ...; tokens are a thousand for each step.
fn state(losses: &[&str]) -> String {
    let row = |(i, loss): (usize, &&str)| {
        let step = 10 * (i + 1);
        format!("{{\"eval_loss\": {loss}, \"step\": {step}, \"num_input_tokens_seen\": {}}}", 1000 * step)
    };
    let rows: Vec<String> = losses.iter().enumerate().map(row).collect();
    let last = 10 * losses.len();
    format!("{{\"global_step\": {last}, \"log_history\": [{}], \"max_steps\": {last}}}", rows.join(", "))
}

const LLAMA: &str = r#"{"model_type": "llama", "vocab_size": 32000, "hidden_size": 4096, "num_hidden_layers": 32,
    "intermediate_size": 11008, "num_attention_heads": 32, "torch_dtype": "bfloat16", "eos_token_id": [1, 2]}"#;

#[test]
fn rules_for_points() {
    let text = state(&["3.0", "2.5", "NaN", "2.0", "2.2"]);
    let dir = place(&[("out/checkpoint-50/trainer_state.json", text.as_bytes())]);
    let loss = |points| read(dir.path(), &with(points)).unwrap().number("eval/loss").unwrap().values.clone();
    assert_eq!(loss(Points::Final), [2.2]);
    assert_eq!(loss(Points::Best), [2.0]);
    assert_eq!(loss(Points::Last(2)), [2.1]);
    assert!(loss(Points::Last(3))[0].is_nan());
    assert_eq!(loss(Points::Every).len(), 5);
    // Half way between 10k and 20k tokens on a log scale, and at a point; 90k is beyond the end.
    let at = loss(Points::At(vec![1e4 * 2_f64.sqrt(), 4e4, 9e4]));
    assert_eq!(at.len(), 2);
    assert!((at[0] - 2.75).abs() < 1e-12 && at[1] == 2.0, "{at:?}");

    // Two metrics of five values each, whatever they are.
    let table = read(dir.path(), &with(Points::Values)).unwrap();
    assert_eq!(table.rows(), 10);
    assert_eq!(table.text("metric").unwrap().get(9), Some("num_input_tokens_seen"));
    assert_eq!(
        (table.number("value").unwrap().values[1], table.number("step").unwrap().values[9]),
        (2.5, 50.0)
    );
    assert_eq!(table.number("max_steps").unwrap().values, [50.0; 10]);

    let table = read(dir.path(), &with(Points::At(vec![4e4, 9e4]))).unwrap();
    assert!(notes(&table).contains("1 point missing in 1 run"), "{}", notes(&table));
    let table = read(dir.path(), &with(Points::At(vec![9e4]))).unwrap_err();
    assert_eq!(table.code(), "R0137");
    assert!(table.to_string().contains("its loss is not known around these tokens"), "{table}");
    let table = read(dir.path(), &ReadOptions::default()).unwrap();
    assert!(notes(&table).contains("1 value of the loss not finite in 1 run"), "{}", notes(&table));
    assert!(notes(&table).contains("points: the final value of eval/loss"), "{}", notes(&table));
    assert!(table.place(0).to_string().ends_with("checkpoint-50/trainer_state.json row 1"));
}

#[test]
fn ends_of_decays() {
    let log = |rates: &[f64]| -> String {
        let line =
            |(i, rate): (usize, &f64)| format!("step {} lr {rate} loss {}\n", 10 * i, 4.0 - 0.25 * i as f64);
        rates.iter().enumerate().map(line).collect()
    };
    let (twice, once, never) =
        (log(&[0.1, 1.0, 0.1, 1.0, 1.0, 0.0]), log(&[0.5, 1.0, 1.0, 0.1]), log(&[0.1, 1.0, 1.0, 0.5]));
    let runs = [("a/x.log", &twice), ("b/x.log", &once), ("c/x.log", &never)];
    let dir = place(&runs.map(|(name, text)| (name, text.as_bytes())));
    let pattern = "step (?P<step>[0-9]+) lr (?P<lr>[0-9.]+) loss (?P<loss>[0-9.]+)";
    let with = |points| ReadOptions { log_pattern: Some(pattern.into()), ..with(points) };

    let table = read(dir.path(), &with(Points::Decayed)).unwrap();
    assert_eq!(table.number("loss").unwrap().values, [3.5, 2.75, 3.25]);
    assert_eq!(table.runs_column(), Some("run"));
    let said = notes(&table);
    assert!(said.contains("the values at the ends of decays of the learning rate of loss"), "{said}");
    assert!(said.contains("1 run left out") && said.contains("never came down"), "{said}");

    let said = notes(&read(dir.path(), &with(Points::Final)).unwrap());
    assert!(
        said.contains("1 run (first") && said.contains("c/x.log) ended before the learning rate"),
        "{said}"
    );
    assert!(said.contains("2 after that") && said.contains("--points decayed"), "{said}");
    let said = notes(&read(dir.path().join("c"), &with(Points::Final)).unwrap());
    assert!(said.contains("ended before") && !said.contains("after that"), "{said}");
    let said = notes(&read(dir.path().join("a"), &with(Points::Last(7))).unwrap());
    assert!(said.contains("1 run with fewer than 7 values of the loss"), "{said}");
    let said = notes(&read(dir.path().join("a"), &with(Points::Last(6))).unwrap());
    assert!(!said.contains("fewer than"), "{said}");
}

#[test]
fn hf_newest_checkpoint_and_architecture() {
    let (old, new) = (state(&["3.0"]), state(&["3.0", "2.5"]));
    let dir = place(&[
        ("a/checkpoint-9/trainer_state.json", old.as_bytes()),
        ("a/checkpoint-20/trainer_state.json", new.as_bytes()),
        ("a/checkpoint-20/config.json", LLAMA.as_bytes()),
        ("b/trainer_state.json", new.as_bytes()),
        ("b/checkpoint-10/trainer_state.json", old.as_bytes()),
    ]);
    let table = read(dir.path(), &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), 2);
    assert_eq!(table.number("eval/loss").unwrap().values, [2.5, 2.5]);
    assert_eq!(table.number("total_params").unwrap().values[0], 6_738_415_616.0);
    assert_eq!(table.number("non_embedding_params").unwrap().values[0], 6_476_271_616.0);
    assert_eq!(table.number("flops_6nd").unwrap().values[0], 6.0 * 6_738_415_616.0 * 20_000.0);
    assert!(table.number("total_params").unwrap().values[1].is_nan());
    assert!(notes(&table).contains("`flops_6nd` is 6 N D (1 run)"), "{}", notes(&table));
}

#[test]
fn restarts_keep_the_last_value_unless_told_otherwise() {
    let text = r#"{"global_step": 20, "log_history": [{"eval_loss": 3, "step": 10}, {"eval_loss": 2, "step": 20},
        {"eval_loss": 1, "step": 10}]}"#;
    let dir = place(&[("trainer_state.json", text.as_bytes())]);
    let every = |restarts| read(dir.path(), &ReadOptions { restarts, ..with(Points::Every) });
    let last = every(Restarts::Last).unwrap();
    assert_eq!(last.number("eval/loss").unwrap().values, [1.0, 2.0]);
    assert!(notes(&last).contains("1 value more than once at one step in 1 run"), "{}", notes(&last));
    assert_eq!(every(Restarts::First).unwrap().number("eval/loss").unwrap().values, [3.0, 2.0]);
    assert_eq!(every(Restarts::Error).unwrap_err().code(), "R0135");
}

#[test]
fn a_cut_state_gives_what_comes_before_and_a_damaged_one_is_refused() {
    let text = state(&["3.0", "2.5", "2.4"]);
    for cut in text.find("2.4").unwrap()..text.find("]").unwrap() {
        let dir = place(&[("trainer_state.json", &text.as_bytes()[..cut])]);
        let table = read(dir.path(), &ReadOptions::default()).unwrap();
        assert_eq!(table.number("eval/loss").unwrap().values, [2.5], "{}", &text[..cut]);
        assert!(notes(&table).contains("cut off inside a record"), "{}", notes(&table));
    }
    let damaged = text.replace("\"step\": 20", "\"step\" 20");
    let dir = place(&[("trainer_state.json", damaged.as_bytes())]);
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0130");
    assert!(error.to_string().contains("trainer_state.json: line 1: expected `:`"), "{error}");
}

/// A `.wandb` file with one run: two values of `val/loss` and one of a text too long for one block.
fn wandb_file() -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        let mut bytes = vec![number << 3 | 2];
        let mut length = content.len();
        while length > 127 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend_from_slice(content);
        bytes
    };
    // Field 16 has a key of two bytes.
    let json = |text: &str| [&[0x82, 0x01], &field(0, text.as_bytes())[1..]].concat();
    let item = |name: &str, text: &str| field(1, &[field(1, name.as_bytes()), json(text)].concat());
    let row = |step: u32, name: &str, text: &str| {
        field(2, &[item("_step", &step.to_string()), item(name, text)].concat())
    };
    // Field 17 has a key of two bytes as well.
    let about = [field(1, b"id7"), field(8, b"first"), field(4, &item("n_params", "19000000"))].concat();
    let about = [&[0x8a, 0x01], &field(0, &about)[1..]].concat();
    let records = [
        about,
        row(1, "val/loss", "3.5"),
        row(2, "text", &format!("\"{}\"", "x".repeat(70_000))),
        row(2, "val/loss", "-Infinity"),
        row(3, "val/loss", "2.5"),
    ];
    let mut file = vec![0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0];
    for record in records {
        let mut rest = &record[..];
        let mut is_first = true;
        loop {
            let left = 32768 - file.len() % 32768;
            if left < 7 {
                file.extend(vec![0; left]);
                continue;
            }
            let (part, after) = rest.split_at(rest.len().min(left - 7));
            let kind = match (is_first, after.is_empty()) {
                (true, true) => 1,
                (true, false) => 2,
                (false, false) => 3,
                (false, true) => 4,
            };
            let mut crc = flate2::Crc::new();
            crc.update(&[kind]);
            crc.update(part);
            file.extend(crc.sum().to_le_bytes());
            file.extend((part.len() as u16).to_le_bytes());
            file.push(kind);
            file.extend_from_slice(part);
            rest = after;
            is_first = false;
            if rest.is_empty() {
                break;
            }
        }
    }
    file
}

#[test]
fn wandb_records_over_several_blocks_and_resumed_runs() {
    let file = wandb_file();
    let dir = place(&[("wandb/run-20260101_000000-id7/run-id7.wandb", &file)]);
    let table = read(dir.path(), &with(Points::Every)).unwrap();
    assert_eq!(table.number("val/loss").unwrap().values, [3.5, f64::NEG_INFINITY, 2.5]);
    assert_eq!(table.number("n_params").unwrap().values, [19e6; 3]);
    assert_eq!(table.text("run").unwrap().get(0), Some("first"));

    // Two paths may hold runs of one name, which are two clusters all the same.
    let path = dir.path().join("wandb");
    let table = RunTable::read(&[&path, &path], &with(Points::Every)).unwrap();
    assert_eq!(table.text("run").unwrap().levels.len(), 2);

    let again = dir.path().join("wandb/offline-run-20260102_000000-id7");
    fs::create_dir(&again).unwrap();
    fs::write(again.join("run-id7.wandb"), &file).unwrap();
    let table = read(dir.path(), &with(Points::Every)).unwrap();
    assert_eq!(table.rows(), 3);
}

/// Every reader takes a damaged file as an error or as less data, and never as a panic or a hang.
#[test]
fn damaged_files_are_refused_or_read_in_part() {
    let event = [0x12, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let state = state(&["3.0", "NaN", "2.4"]);
    let files: [(&str, Vec<u8>); 7] = [
        ("run-a.wandb", wandb_file()),
        ("events.out.tfevents.1.host", event.to_vec()),
        ("trainer_state.json", state.into_bytes()),
        ("results_1.json", br#"{"results": {"a": {"acc,none": 0.5, "acc_stderr,none": "N/A"}}}"#.to_vec()),
        (
            "a.jsonl",
            b"{\"v\":1,\"kind\":\"metric\",\"run\":\"a\",\"metrics\":{\"loss\":1.5},\"step\":1}\n".to_vec(),
        ),
        ("plots/metrics/loss.tsv", b"step\tloss\n1\t2.5\n2\tnan\n".to_vec()),
        ("main.log", b"s:10 trl:11.0255 lr:0.000300 norm:0.51\ns:20 trl:1e99".to_vec()),
    ];
    for (name, whole) in files {
        let dir = place(&[(name, &whole)]);
        let stride = (whole.len() / 60).max(1);
        for at in (0..whole.len()).step_by(stride) {
            for damaged in [whole[..at].to_vec(), flipped(&whole, at, 0x01), flipped(&whole, at, 0x80)] {
                fs::write(dir.path().join(name), &damaged).unwrap();
                if let Err(error) = read(dir.path(), &ReadOptions::default()) {
                    let known = error.code().starts_with('R')
                        && error.to_string().contains(&*dir.path().to_string_lossy());
                    assert!(known, "{name} {at}: {error}");
                }
            }
        }
    }
}

fn flipped(whole: &[u8], at: usize, bits: u8) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    bytes[at] ^= bits;
    bytes
}

#[test]
fn what_is_refused_says_where_and_what_to_do() {
    let meta = b"run_id: a1\nstatus: 3\n";
    let cases: [(&str, &[u8], &str); 8] = [
        ("run-x.wandb", b"not a log at all", "does not begin with `:W&B`"),
        ("run-x.wandb", b":W&B\xe1\xbe\x07", "of another version than 0"),
        ("2026_x.json", br#"{"version": 3, "status": "success", "eval": {}}"#, "newer version than 2"),
        ("events.out.tfevents.1.h", b"this is no event file", "not an event file of TensorBoard"),
        ("trainer_state.json", b"{\"a\": [1 2]}", "line 1: expected `,`"),
        ("results_x.json", b"{\"results\": 1}", "no results of lm-evaluation-harness"),
        ("1/2/metrics/loss", b"100 2.5 1\nbad line\n100 2.4 2\n", "line 2: this is not a time"),
        ("live/plots/metrics/loss.tsv", b"time\tloss\n1\t2\n", "no column step"),
    ];
    for (name, content, message) in cases {
        let dir = place(&[(name, content), ("1/2/meta.yaml", meta)]);
        if !name.starts_with('1') {
            fs::remove_dir_all(dir.path().join("1")).unwrap();
        }
        let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
        assert_eq!(error.code(), "R0130", "{error}");
        let file = name.rsplit('/').next().unwrap();
        assert!(error.to_string().contains(message) && error.to_string().contains(file), "{error}");
    }
    let dir =
        place(&[("w/run-x.wandb", &wandb_file()), ("1/2/meta.yaml", meta), ("1/2/metrics/loss", b"1 2 3\n")]);
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0134");
    assert!(error.to_string().contains("--from mlflow"), "{error}");
    let from = ReadOptions { from: Some("mlflow".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(read(dir.path(), &from).unwrap().number("loss").unwrap().values, [2.0]);
}

#[test]
fn mlflow_without_steps_and_a_pattern_of_ones_own() {
    let dir = place(&[
        ("1/2/meta.yaml", b"run_id: a1\n"),
        ("1/2/metrics/loss", b"100 3.0\n101 nan 0 set d1\n102 2.0\n10"),
    ]);
    let table = read(dir.path(), &with(Points::Every)).unwrap();
    assert_eq!(table.number("step").unwrap().values, [1.0, 2.0, 3.0]);
    assert!(notes(&table).contains("logged without steps"), "{}", notes(&table));
    assert!(notes(&table).contains("cut off"), "{}", notes(&table));

    let dir =
        place(&[("a.log", b"noise\n\x1b[32mepoch 3\x1b[0m ppl=7.5 at 1,024\nepoch 4 ppl=inf at 2,048\n")]);
    let own = |pattern: &str| ReadOptions { log_pattern: Some(pattern.into()), ..with(Points::Final) };
    let table = read(dir.path(), &own(r"epoch (?P<step>\d+) ppl=(?P<loss>\S+) at (?P<tokens>\S+)")).unwrap();
    assert_eq!(table.number("tokens").unwrap().values, [2048.0]);
    assert_eq!(table.number("loss").unwrap().values, [f64::INFINITY]);
    for (bad, message) in [("(", "unclosed group"), ("loss (.*)", "no named group")] {
        let error = read(dir.path(), &own(bad)).unwrap_err();
        assert!(error.code() == "R0139" && error.to_string().contains(message), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_and_a_directory_without_runs_is_an_error() {
    let dir = place(&[("inner/notes.csv", b"N,loss\n1,2\n")]);
    std::os::unix::fs::symlink(dir.path(), dir.path().join("inner/loop")).unwrap();
    let error = read(dir.path(), &ReadOptions::default()).unwrap_err();
    assert_eq!(error.code(), "R0103");
    let from = ReadOptions { from: Some("hf".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(read(dir.path(), &from).unwrap_err().code(), "R0131");
}

/// A history as the artifact of W&B holds it, in two parts.
#[test]
fn wandb_histories_as_parquet() {
    use isoflop_runs::{Column, Tool};
    let part = |steps: [f64; 2], losses: [Option<f64>; 2]| {
        let columns = [
            ("_step", Column::from(steps.to_vec())),
            ("_timestamp", Column::from(steps.to_vec())),
            ("val/loss", Column::from_options(losses)),
            ("note", Column::from_texts([Some("a"), None])),
        ];
        let columns = columns.map(|(name, column)| (name.to_owned(), column)).to_vec();
        let mut bytes = Vec::new();
        RunTable::from_columns(columns).unwrap().write_parquet("part", &mut bytes).unwrap();
        bytes
    };
    let (first, second) =
        (part([0.0, 1.0], [None, Some(3.5)]), part([2.0, 3.0], [Some(f64::NAN), Some(2.5)]));
    let dir =
        place(&[("run-abc-history-v0/0000.parquet", &first), ("run-abc-history-v0/0001.parquet", &second)]);
    let table = read(dir.path(), &with(Points::Every)).unwrap();
    assert_eq!(table.sources()[0].tool, Some(Tool::WandbHistory));
    assert_eq!(table.number("step").unwrap().values, [1.0, 2.0, 3.0]);
    let losses = &table.number("val/loss").unwrap().values;
    assert!(losses[0] == 3.5 && losses[1].is_nan() && losses[2] == 2.5);
    assert_eq!(table.text("run").unwrap().get(0), Some("abc"));
    // Named, any such file is one run.
    let dir = place(&[("my.parquet", &first)]);
    let table = read(dir.path().join("my.parquet"), &with(Points::Every)).unwrap();
    assert_eq!((table.rows(), table.text("run").unwrap().get(0)), (1, Some("my")));
}

/// Attempts at tasks, one on each line, as METR publishes them: a run table as it is.
#[test]
fn attempts_at_tasks_are_a_table() {
    let text = br#"{"task_id": "a/1", "alias": "m1", "score_binarized": 1, "score_cont": 0.9, "human_minutes": 2.5, "invsqrt_task_weight": 0.5}
{"task_id": "a/2", "alias": "m1", "score_binarized": 0, "score_cont": null, "human_minutes": 480, "invsqrt_task_weight": 0.5, "fatal_error_from": null}
"#;
    let dir = place(&[("runs.jsonl", text)]);
    let table = read(dir.path().join("runs.jsonl"), &ReadOptions::default()).unwrap();
    assert_eq!(table.number("human_minutes").unwrap().values, [2.5, 480.0]);
    assert_eq!(table.number("score_binarized").unwrap().values, [1.0, 0.0]);
    assert!(table.column("score_cont").unwrap().is_missing(1));
    assert_eq!(table.text("alias").unwrap().get(1), Some("m1"));
}
