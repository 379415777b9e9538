//! Every kind of bad input: one clear error, exit code 2, no panic, no file left behind.

mod support;

use support::Place;

/// Fits chinchilla to a file with this content and returns the error.
fn refused(content: impl AsRef<[u8]>, more: &[&str]) -> String {
    let place = Place::new();
    place.write("runs.csv", content);
    let args = [&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--save", "fit.json"], more]
        .concat();
    place.refused(&args)
}

fn assert_says(error: &str, words: &[&str]) {
    for word in words {
        assert!(error.contains(word), "{word:?} is not in:\n{error}");
    }
}

/// The simulated table with another first row.
fn with_row(row: &str) -> String {
    support::simulated().replacen('\n', &format!("\n{row}\n"), 1)
}

#[test]
fn files_without_rows() {
    assert_says(&refused("", &[]), &["runs.csv", "empty"]);
    assert_says(&refused("params,tokens,loss\n", &[]), &["runs.csv", "header", "no rows"]);
}

#[test]
fn columns_missing_or_twice() {
    let runs = support::simulated();
    assert_says(&refused(runs.replacen("tokens", "toks", 1), &[]), &["no column for D", "--map D="]);
    assert_says(&refused(runs.replacen("run,", "params,", 1), &[]), &["runs.csv:1", "`params`", "twice"]);
    assert_says(&refused(&runs, &["--map", "loss=los"]), &["`los`", "did you mean `loss`"]);
    assert_says(&refused(&runs, &["--cluster", "famly"]), &["`famly`", "did you mean `family`"]);
    let place = Place::with_runs();
    let error = place.refused(&["fit", "runs.csv", "--law", "bnsl1"]);
    assert_says(&error, &["`y`", "--map y=COLUMN", "params, tokens"]);
    assert_says(&refused(&runs, &["--map", "loss"]), &["--map loss", "NAME=COLUMN"]);
}

#[test]
fn cells_that_are_no_usable_numbers() {
    assert_says(&refused(with_row("x,1e8,many,2.5,gpt"), &[]), &["runs.csv:2", "`tokens`", "\"many\""]);
    let error = refused(with_row("x,1e8,1e9,-0.5,gpt"), &[]);
    assert_says(&error, &["runs.csv:2", "loss is -0.5", "huber-log", "--where 'loss > 0'"]);
    assert_says(&refused(with_row("x,1e8,1e9,0,gpt"), &["--objective", "squares-log"]), &["loss is 0"]);
    let all_bad = "params,tokens,loss\n1e8,1e9,NaN\n1e8,1e9,inf\n";
    assert_says(&refused(all_bad, &[]), &["no row is left", "2 rows left out", "not finite", "runs.csv:2"]);
}

#[test]
fn too_little_data() {
    let runs = support::simulated();
    let few: String = runs.lines().take(5).map(|line| format!("{line}\n")).collect();
    assert_says(&refused(few, &[]), &["4 usable row", "5 free parameters"]);
    assert_says(&refused(&runs, &["--where", "N < 5e7"]), &["N", "one distinct value"]);
    assert_says(&refused(&runs, &["--where", "N < 0"]), &["no row is left", "N < 0"]);
}

/// What intervals, folds, priors and backtests cannot be made of.
#[test]
fn rows_that_do_not_carry_an_interval_or_a_backtest() {
    let runs = support::simulated();
    let one = ["--cluster", "family", "--where", "family == \"llama\"", "--bootstrap", "100"];
    assert_says(&refused(&runs, &one), &["T0207", "family", "1 distinct value", "at least 2"]);
    let prior = ["--interval", "nuts", "--prior", "alpha ~ normal(-9, 0.1)"];
    assert_says(&refused(&runs, &prior), &["alpha", "bounds", "0 to 2.5"]);
    let place = Place::with_runs();
    let compare = ["compare", "runs.csv", "--laws", "chinchilla,kaplan_nd", "--cluster", "family"];
    let error = place.refused(&[&compare[..], &["--parts", "5"]].concat());
    assert_says(&error, &["T0605", "5 folds", "family", "(2)", "ask for fewer"]);
    // Parameters per family: no family is both fitted and held out.
    let law = "loss ~ E + A[family] / N^alpha";
    let error =
        place.refused(&["backtest", "runs.csv", "--law", law, "--leave-out", "family", "--bootstrap", "0"]);
    assert_says(&error, &["T0606", "no held-out row can be forecast", "per level"]);
    let few = ["backtest", "runs.csv", "--law", "chinchilla", "--by", "N", "--cuts", "1e30"];
    assert_says(&place.refused(&few), &["T0602"]);
}

#[test]
fn files_that_cannot_be_read() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    let fit = |runs: &str| place.refused(&["fit", runs, "--law", "chinchilla"]);
    assert_says(&fit("folder"), &["folder", "is a directory"]);
    assert_says(&fit("nothing.csv"), &["nothing.csv", "no such file"]);
    assert_says(&fit("runs/*.csv"), &["the pattern matches nothing"]);
    let mut parquet = b"PAR1".to_vec();
    parquet.extend([7; 500]);
    place.write("cut.parquet", parquet);
    assert_says(&fit("cut.parquet"), &["cut.parquet", "truncated", "Parquet"]);
}

#[test]
fn a_law_that_is_not_there() {
    let place = Place::with_runs();
    let error = place.refused(&["fit", "runs.csv", "--law", "chinchila"]);
    assert_says(&error, &["`chinchila`", "did you mean `chinchilla`"]);
    assert_says(&place.refused(&["fit", "runs.csv"]), &["--law", "chinchilla", "isoflop laws"]);
    assert_says(&place.refused(&["laws", "show", "chinchila"]), &["did you mean `chinchilla`"]);
}

#[test]
fn formulas_with_mistakes_are_underlined() {
    let cases = [
        ("loss ~ E + ", "^"),
        ("loss ~ E + A / N^^alpha", "^"),
        ("loss ~ E + (A / N^alpha", "^"),
        ("loss ~ E + A $ N", "$"),
        ("loss ~ sqroot(N)", "did you mean `sqrt`"),
        ("loss ~ exp(N, D) * E", "exp"),
        ("N + D ~ E", "^"),
        ("loss ~ E + N + loss", "loss"),
        ("loss ~ E + A * (N + D)", "param"),
        ("~ E", "^"),
    ];
    let place = Place::with_runs();
    for (formula, word) in cases {
        let error = place.refused(&["fit", "runs.csv", "--law", formula]);
        assert!(error.starts_with("error F0"), "{formula}: {error}");
        assert_says(&error, &[formula, " | ", "^", word, "--law"]);
    }
    for (option, text) in
        [("--where", "N <"), ("--where", "nope > 1"), ("--let", "x = N +"), ("--tie", "beta=alpha +")]
    {
        let error = place.refused(&["fit", "runs.csv", "--law", "chinchilla", option, text]);
        assert!(error.starts_with("error F0"), "{text}: {error}");
    }
}

#[test]
fn parameters_that_cannot_be_so() {
    let runs = support::simulated();
    assert_says(&refused(&runs, &["--fix", "alpha=3"]), &["alpha", "3", "outside its bounds"]);
    assert_says(&refused(&runs, &["--fix", "gamma=3"]), &["`gamma`", "alpha"]);
    assert_says(&refused(&runs, &["--fix", "E"]), &["--fix E", "NAME=NUMBER"]);
    assert_says(&refused(&runs, &["--bound", "alpha=1..0"]), &["alpha"]);
    assert_says(&refused(&runs, &["--bound", "alpha=1"]), &["--bound alpha=1", "LOW..HIGH"]);
    assert_says(&refused(&runs, &["--tie", "beta"]), &["--tie beta"]);
    assert_says(&refused(&runs, &["--objective", "hubber"]), &["hubber", "huber"]);
    assert_says(&refused(&runs, &["--objective", "squares", "--delta", "1"]), &["squares", "--delta"]);
    assert_says(&refused(&runs, &["--starts", "some"]), &["some", "auto"]);
    assert_says(&refused(&runs, &["--level", "90"]), &["--level", "between 0 and 1"]);
    assert_says(&refused(&runs, &["--bootstrap", "many"]), &["--bootstrap"]);
    assert_says(&refused(&runs, &["--no-such-option"]), &["--no-such-option"]);
}

#[test]
fn a_file_that_cannot_be_saved_is_refused_before_the_fit() {
    let place = Place::with_runs();
    std::fs::create_dir(place.path("folder")).unwrap();
    let save = |path: &str| place.refused(&["fit", "runs.csv", "--law", "chinchilla", "--save", path]);
    assert_says(&save("no/such/fit.json"), &["no/such/fit.json", "no/such does not exist"]);
    assert_says(&save("folder"), &["folder", "is a directory"]);
}

#[test]
fn saved_fits_that_cannot_be_used() {
    let place = Place::with_runs();
    place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--save", "fit.json"]);
    let saved = place.read("fit.json");
    let predict = |name: &str| place.refused(&["predict", name, "--at", "N=1B,D=1T"]);

    place.write("cut.json", &saved[..saved.len() / 2]);
    assert_says(&predict("cut.json"), &["cut.json", "no saved fit"]);
    place.write("other.json", "{\"a\": 1}");
    assert_says(&predict("other.json"), &["other.json", "no saved fit"]);
    place.write("bytes.json", [0xff, 0xfe, 0, 1]);
    assert_says(&predict("bytes.json"), &["bytes.json", "no saved fit"]);
    assert_says(&predict("nothing.json"), &["nothing.json"]);
    let mut newer: serde_json::Value = serde_json::from_str(&saved).unwrap();
    newer["schema_version"] = 999.into();
    place.write("newer.json", newer.to_string());
    let mut edited: serde_json::Value = serde_json::from_str(&saved).unwrap();
    edited["fit"]["draws"] = serde_json::json!([[1.0]]);
    place.write("edited.json", edited.to_string());
    assert_says(&predict("edited.json"), &["edited.json", "do not belong together"]);
    assert_says(&predict("newer.json"), &["newer.json", "999", "newer isoflop"]);
}

#[test]
fn points_that_cannot_be_predicted() {
    let place = Place::with_runs();
    place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--save", "fit.json"]);
    let at = |text: &str| place.refused(&["predict", "fit.json", "--at", text]);
    assert_says(&at("N=70B"), &["--at N=70B", "D is missing"]);
    assert_says(&at("N=70B,D=1T,X=2"), &["no input X", "N, D"]);
    assert_says(&at("N=70B,D=lots"), &["NAME=NUMBER"]);
    assert_says(&at("N=1,N=2,D=1"), &["N is given twice"]);
    assert_says(&at("N=0,D=1T"), &["N"]);
    assert_says(&place.refused(&["predict", "fit.json"]), &["--at N=1B,D=1B"]);
    place.write("points.csv", "params\n1e9\n");
    assert_says(&place.refused(&["predict", "fit.json", "points.csv"]), &["no column for D"]);
}
