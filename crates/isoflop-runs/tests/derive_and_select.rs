//! From a table to the columns of a fit: roles, `--let`, `--where`, selection, digest.
#![allow(clippy::unwrap_used)] // Helpers are not seen as tests.

use isoflop_runs::{
    Column, DropReason, Found, Mapping, Need, ReadOptions, Role, RunTable, RunsError, Selection, find_roles,
    parse_map,
};

const RUNS: &str = "run,n_params,flops,family,val_loss,train_loss\n\
    a,1e6,6e15,llama,3.5,3.4\n\
    b,1e7,6e17,llama,NaN,3.0\n\
    c,1e8,6e19,gpt,2.5,2.4\n\
    d,NA,6e19,gpt,2.6,2.5\n\
    e,1e8,6e20,,2.4,2.3\n\
    f,0,6e20,gpt,2.4,2.3\n";

fn runs() -> (RunTable, Mapping) {
    let table = RunTable::from_reader("runs.csv", RUNS.as_bytes(), &ReadOptions::default()).unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    (table, mapping)
}

fn values(table: &RunTable, name: &str) -> Vec<f64> {
    table.number(name).unwrap().values.clone()
}

#[test]
fn roles() {
    let (table, mapping) = runs();
    let n = mapping.binding("N").unwrap();
    assert_eq!(
        (n.column.as_str(), n.found, n.unit.to_string().as_str()),
        ("n_params", Found::CommonName, "param")
    );
    let loss = mapping.binding("loss").unwrap();
    assert_eq!((loss.column.as_str(), loss.others.as_slice()), ("val_loss", &["train_loss".to_owned()][..]));
    assert!(loss.to_string().contains("val_loss (common name); not used: train_loss"));
    assert_eq!(mapping.column("D"), None);

    let maps = [parse_map("loss=train_loss").unwrap(), parse_map("size = n_params").unwrap()];
    let mapping = find_roles(&table, &maps).unwrap();
    assert_eq!(mapping.column("loss"), Some("train_loss"));
    assert_eq!(mapping.binding("loss").unwrap().found, Found::Map);
    assert_eq!(mapping.resolve(&table, "size").unwrap(), "n_params");
}

#[test]
fn names_exact_before_common_before_parts() {
    let find = |names: &[&str]| {
        let columns = names.iter().map(|name| (name.to_string(), Column::from(vec![1.0])));
        let table = RunTable::from_columns(columns.collect()).unwrap();
        let mapping = find_roles(&table, &[]).unwrap();
        Role::ALL.map(|role| mapping.column(role.name()).map(str::to_owned))
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(find(&["params", "N", "n"])[0], some("N"));
    assert_eq!(find(&["Model.N_Params", "x"])[0], some("Model.N_Params"));
    assert_eq!(find(&["config.opt.params", "total_params"])[0], some("total_params"));
    assert_eq!(find(&["config/num_params"])[0], some("config/num_params"));
    assert_eq!(find(&["train/loss", "eval/loss", "smooth loss"])[3], some("eval/loss"));
    assert_eq!(find(&["LOSS", "val_loss"])[3], some("LOSS"));
    assert_eq!(find(&["lm loss"])[3], some("lm loss"));
    assert_eq!(find(&["train/CE loss"])[3], some("train/CE loss"));
    assert_eq!(find(&["loss_metrics/global_avg_loss"])[3], some("loss_metrics/global_avg_loss"));
    assert_eq!(
        find(&["throughput/total tokens", "throughput/total petaflops"])[1..3],
        [some("throughput/total tokens"), None]
    );
    assert_eq!(
        find(&["train/tokens_seen", "total_flos"])[1..3],
        [some("train/tokens_seen"), some("total_flos")]
    );
    assert_eq!(
        find(&["run A - train/loss", "Model Size (B)", "unique_tokens", "D/N"]),
        [None, None, None, None]
    );
    let table = RunTable::from_columns(vec![("Validation bpb".into(), Column::from(vec![1.0]))]).unwrap();
    assert_eq!(find_roles(&table, &[]).unwrap().bindings()[0].unit.to_string(), "bit/byte");
}

#[test]
fn counts_in_billions_are_doubted() {
    let column = |name: &str, value| (name.to_owned(), Column::from(vec![value, 1.0]));
    let table =
        RunTable::from_columns(vec![column("params", 70.0), column("tokens", 3e11), column("loss", 2.0)])
            .unwrap();
    let doubts = find_roles(&table, &[]).unwrap().scale_doubts(&table);
    assert_eq!(doubts.len(), 1);
    assert_eq!((doubts[0].role, doubts[0].largest), (Role::Params, 70.0));
    assert!(doubts[0].to_string().contains("--let 'N = 1e9 * params'"));
}

#[test]
fn definitions() {
    let (mut table, mut mapping) = runs();
    table.define(&mut mapping, "D = C / (6*N)").unwrap();
    assert_eq!(mapping.binding("D").unwrap().found, Found::Let);
    let d = table.number("D").unwrap();
    assert_eq!(d.values[..3], [1e9, 1e10, 1e11]);
    assert!(d.missing.contains(3) && d.missing.count() == 1, "missing where N is missing");
    assert_eq!(d.values[5], f64::INFINITY);

    // Replacing the column of a role.
    table.define(&mut mapping, "N = n_params / 1e6").unwrap();
    assert_eq!(values(&table, mapping.column("N").unwrap())[..3], [1.0, 10.0, 100.0]);
    table.define(&mut mapping, "n_params = 2 * n_params").unwrap();
    assert_eq!(values(&table, "n_params")[0], 2e6);
    table.define(&mut mapping, "is_llama = if(family == 'llama', 1, 0)").unwrap();
    let is_llama = table.number("is_llama").unwrap();
    assert_eq!(is_llama.values[..4], [1.0, 1.0, 0.0, 0.0]);
    assert!(is_llama.missing.contains(4));
    table.define(&mut mapping, "`odd name` = sqrt(4)").unwrap();
    assert_eq!(values(&table, "odd name"), [2.0; 6]);
}

#[test]
fn bad_definitions_and_conditions() {
    let (mut table, mut mapping) = runs();
    for (text, part) in [
        ("D", "write NAME = FORMULA"),
        ("D == 3", "two compare"),
        ("= 3", "missing"),
        ("D E = 3", "one name"),
    ] {
        let error = table.define(&mut mapping, text).unwrap_err();
        assert_eq!(error.code(), "R0125");
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = table.define(&mut mapping, "D = C / (6*nparams)").unwrap_err();
    assert_eq!(error.code(), "R0126");
    assert!(error.to_string().contains("--let") && error.to_string().contains("n_params"), "{error}");
    let error = table.filter(&mapping, "N < ").unwrap_err();
    assert!(matches!(&error, RunsError::Formula { option: "--where", .. }), "{error}");
    assert!(table.filter(&mapping, "family < 3").is_err());
    assert!(table.filter(&mapping, "N == 'x'").is_err());
    assert_eq!(table.rows(), 6, "a failed filter changes nothing");
}

#[test]
fn conditions() {
    let (mut table, mapping) = runs();
    let outcome = table.filter(&mapping, "C < 1e20 and family == \"llama\"").unwrap();
    assert_eq!((outcome.kept, outcome.removed, outcome.undecided), (2, 3, 1));
    assert_eq!(table.text("run").unwrap().get(1), Some("b"));

    let (mut table, mapping) = runs();
    let outcome = table.filter(&mapping, "loss != 2.5").unwrap();
    assert_eq!((outcome.kept, outcome.removed, outcome.undecided), (4, 1, 1));
    assert_eq!(table.place(1).to_string(), "runs.csv:5");
    assert_eq!(table.place(3).to_string(), "runs.csv:7");
    assert!(table.number("n_params").unwrap().missing.contains(1));

    let (mut table, mapping) = runs();
    let outcome = table.filter(&mapping, "family == 'lama'").unwrap();
    assert_eq!(outcome.kept, 0);
    assert_eq!(outcome.unknown_texts[0].suggestion.as_deref(), Some("llama"));
}

#[test]
fn a_filter_can_remove_the_texts_of_a_column_of_numbers() {
    let text = "params,loss\n1e6,3\n1e7,diverged\n1e8,2\n";
    let mut table = RunTable::from_reader("r.csv", text.as_bytes(), &ReadOptions::default()).unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    assert_eq!(mapping.column("loss"), Some("loss"));
    let error = table.filter(&mapping, "loss < 2.5").unwrap_err();
    assert!(error.to_string().contains("r.csv:3: column `loss`"), "{error}");
    let selection = Selection { needs: vec![Need::positive("loss")], groups: vec![] };
    assert_eq!(table.select(&mapping, &selection).unwrap_err().code(), "R0122");
    table.filter(&mapping, "loss != 'diverged'").unwrap();
    assert_eq!(values(&table, "loss"), [3.0, 2.0]);
}

#[test]
fn selection_counts_every_row_it_leaves_out() {
    let (table, mapping) = runs();
    let selection = Selection {
        needs: vec![Need::positive("N"), Need::positive("loss"), Need::text_equals("family", "gpt")],
        groups: vec!["family".into(), "n_params".into()],
    };
    let selected = table.select(&mapping, &selection).unwrap();
    assert_eq!(selected.rows(), 2);
    assert_eq!(selected.dropped_rows(), 4);
    assert_eq!((selected.table_row(0), selected.table_row(1)), (0, 2));
    let dropped: Vec<(DropReason, &str, usize, u64)> =
        selected.dropped.iter().map(|d| (d.reason, d.column.as_str(), d.count, d.first.number)).collect();
    let expected = [
        (DropReason::Missing, "n_params", 1, 5),
        (DropReason::NotPositive, "n_params", 1, 7),
        (DropReason::NotFinite, "val_loss", 1, 3),
        (DropReason::Missing, "family", 1, 6),
    ];
    assert_eq!(dropped, expected);
    assert_eq!(selected.columns[0].values, [1e6, 1e8].as_slice());
    assert_eq!(selected.columns[2].values, [0.0, 1.0].as_slice());
    assert_eq!(selected.groups[0].levels, ["llama", "gpt"]);
    assert_eq!(selected.groups[0].codes, [0, 1]);
    assert_eq!(selected.groups[1].levels, ["1000000", "100000000"]);
    assert_eq!(
        selected.dropped[1].to_string(),
        "1 row left out: n_params is not above 0 (first at runs.csv:7: 0)"
    );
}

#[test]
fn nothing_is_copied_when_nothing_is_left_out() {
    let table = RunTable::from_columns(vec![("N".into(), Column::from(vec![1.0, 2.0]))]).unwrap();
    let mapping = find_roles(&table, &[]).unwrap();
    let selection = Selection { needs: vec![Need::positive("N")], groups: vec![] };
    let selected = table.select(&mapping, &selection).unwrap();
    assert!(matches!(selected.columns[0].values, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn the_digest_is_of_the_data_and_not_of_the_file() {
    let selection =
        Selection { needs: vec![Need::finite("N"), Need::finite("loss")], groups: vec!["family".into()] };
    let digest = |name: &str, text: &str| {
        let table = RunTable::from_reader(name, text.as_bytes(), &ReadOptions::default()).unwrap();
        let mapping = find_roles(&table, &[]).unwrap();
        table.select(&mapping, &selection).unwrap().digest()
    };
    let csv = digest("a.csv", "params,loss,family\n1e6,0.0,a\n2e6,2.5,b\n");
    assert_eq!(csv.len(), 64);
    assert_eq!(csv, digest("b.csv", "family;N;loss;x\na;1000000;-0;9\nb;2M;2.50;9\na;;3;9\n"));
    assert_eq!(
        csv,
        digest(
            "c.jsonl",
            "{\"N\":1e6,\"loss\":0,\"family\":\"a\"}\n{\"N\":2e6,\"loss\":2.5,\"family\":\"b\"}\n"
        )
    );
    assert_ne!(csv, digest("a.csv", "params,loss,family\n1e6,0.0,a\n2e6,2.6,b\n"));
    assert_ne!(csv, digest("a.csv", "params,loss,family\n1e6,0.0,a\n2e6,2.5,a\n"));
    assert_ne!(csv, digest("a.csv", "params,loss,family\n2e6,2.5,b\n1e6,0.0,a\n"));
}
