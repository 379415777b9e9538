//! `isoflop fit` and `isoflop predict` on a table whose law is known.

mod support;

use support::{Place, TRUTH};

fn plain<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["fit", "runs.csv", "--law", "chinchilla"], more].concat()
}

/// A fit with few replicates, for speed.
fn fit<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&plain(&["--bootstrap", "100"]), more].concat()
}

#[test]
fn the_text_report_has_a_table_a_certificate_and_a_row_per_objective() {
    let ended = Place::with_runs().ok(&fit(&["--objective", "squares-log"]));
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert!(lines[0].contains("chinchilla") && lines[0].contains("loss ~ E + A / N^alpha + B / D^beta"));
    assert!(lines[1].starts_with("56 rows of runs.csv, squares-log = "), "{}", lines[1]);
    for name in ["E", "A", "B", "alpha", "beta", "a_opt", "b_opt"] {
        assert!(
            lines.iter().any(|line| line.split_whitespace().next() == Some(name) && line.contains(" … ")),
            "{name}"
        );
    }
    assert!(ended.stdout.contains("90 % interval"));
    assert!(ended.stdout.contains("\ncertificate: certified"));
    assert!(ended.stdout.contains("how much does the objective matter?"));
    assert!(lines.iter().filter(|line| line.trim_start().starts_with("squares-log ")).count() == 1);
    assert!(!ended.stdout.contains("converged") && !ended.stderr.contains("converged"));
    assert!(!ended.stdout.contains('\x1b'), "no colour in a pipe");
}

#[test]
fn the_columns_found_go_to_stderr_and_quiet_hides_them() {
    let place = Place::with_runs();
    let loud = place.ok(&fit(&[]));
    for line in ["runs.csv: 56 rows", "N = params (common name)", "D = tokens (common name)", "loss"] {
        assert!(loud.stderr.contains(line), "{line}\n{}", loud.stderr);
    }
    assert_eq!(place.ok(&fit(&["-q"])).stderr, "");
}

#[test]
fn the_intervals_hold_the_truth() {
    let json =
        Place::with_runs().json(&fit(&["--objective", "squares-log", "--level", "0.99", "--format", "json"]));
    for (name, truth) in TRUTH {
        let parameter = &json["parameters"][name];
        let (low, high) = (parameter["low"].as_f64().unwrap(), parameter["high"].as_f64().unwrap());
        assert!(low < truth && truth < high, "{name}: {low} {truth} {high}");
    }
}

#[test]
fn json_has_the_promised_keys_in_their_order() {
    let place = Place::with_runs();
    let text = place.ok(&fit(&["--format", "json"])).stdout;
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "schema_version",
            "isoflop_version",
            "law",
            "formula",
            "objective",
            "rows",
            "parameters",
            "derived",
            "interval",
            "scale",
            "rmse",
            "rmse_log",
            "certificate",
            "warnings",
            "choices",
            "forecast_laws",
            "ranges",
            "seed",
            "data_sha256"
        ]
    );
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["law"], "chinchilla");
    assert_eq!(json["objective"]["name"], "huber-log");
    assert_eq!(json["objective"]["delta"], 1e-3);
    assert_eq!((&json["rows"]["used"], &json["rows"]["dropped"]), (&56.into(), &0.into()));
    assert_eq!(json["interval"]["replicates"], 100);
    for key in ["estimate", "low", "high", "at_bound"] {
        assert!(!json["parameters"]["alpha"][key].is_null(), "{key}");
    }
    let verdict = json["certificate"]["verdict"].as_str().unwrap();
    assert!(["certified", "certified with warnings"].contains(&verdict), "{verdict}");
    assert!(json["rmse_log"].as_f64().unwrap() < 0.01);
    assert!(!text.contains("NaN") && !text.contains("Infinity"));
    for threads in ["1", "3"] {
        assert_eq!(
            text,
            place.ok(&fit(&["--format", "json", "--threads", threads])).stdout,
            "same bits on {threads}"
        );
    }
}

#[test]
fn bad_rows_are_left_out_and_counted_with_their_place() {
    let place = Place::new();
    let runs = support::simulated()
        + "bad1,1e8,1e9,NaN,gpt\nbad2,1e8,1e9,inf,gpt\nbad3,1e8,,2.5,gpt\nbad4,0,1e9,2.5,gpt\n";
    place.write("runs.csv", runs);
    let ended = place.ok(&fit(&["--format", "json", "-q"]));
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&json["rows"]["used"], &json["rows"]["dropped"]), (&56.into(), &4.into()));
    let mut counted: Vec<(String, i64, String)> = json["rows"]["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            let reason = format!("{} {}", r["column"].as_str().unwrap(), r["reason"].as_str().unwrap());
            (reason, r["count"].as_i64().unwrap(), r["first"].as_str().unwrap().to_owned())
        })
        .collect();
    counted.sort();
    let expected = [
        ("loss not finite", 2, "runs.csv:58"),
        ("params not positive", 1, "runs.csv:61"),
        ("tokens missing", 1, "runs.csv:60"),
    ];
    assert_eq!(counted, expected.map(|(reason, count, first)| (reason.to_owned(), count, first.to_owned())));
    // Quiet hides messages, but never that data was left out.
    assert!(
        ended.stderr.contains("2 rows left out: loss is not finite (first at runs.csv:58"),
        "{}",
        ended.stderr
    );
}

#[test]
fn map_let_where_fix_bound_tie_and_weight_reach_the_fit() {
    let place = Place::with_runs();
    let renamed = support::simulated().replacen("params,tokens,loss", "size,tokens,score", 1);
    let with_more: Vec<String> = renamed
        .lines()
        .enumerate()
        .map(|(i, line)| format!("{line},{}", if i == 0 { "w".to_owned() } else { (1 + i % 3).to_string() }))
        .collect();
    place.write("other.csv", with_more.join("\n"));
    let json = place.json(&[
        "fit",
        "other.csv",
        "--law",
        "loss ~ E + A / millions^alpha + B / D^beta",
        "--map",
        "loss=score",
        "--let",
        "millions = size / 1e6",
        "--where",
        "family == 'llama'",
        "--where",
        "D < 100B",
        "--weight",
        "w",
        "--bound",
        "alpha=0..1",
        "--bound",
        "beta=0..1",
        "--bound",
        "A=0..",
        "--bound",
        "B=0..",
        "--bound",
        "E=0..",
        "--fix",
        "E=1.8",
        "--bootstrap",
        "0",
        "--format",
        "json",
    ]);
    assert_eq!(json["law"], "formula");
    assert_eq!(json["parameters"]["E"]["estimate"], 1.8);
    assert_eq!(json["parameters"]["E"]["fixed"], true);
    assert_eq!(json["interval"], serde_json::Value::Null);
    let used = json["rows"]["used"].as_i64().unwrap();
    assert!(used < 30 && json["rows"]["filtered"].as_i64().unwrap() == 56 - used);
    let alpha = json["parameters"]["alpha"]["estimate"].as_f64().unwrap();
    assert!((alpha - 0.35).abs() < 0.02, "{alpha}");
    let tied = place.json(&plain(&["--tie", "beta=alpha", "--bootstrap", "0", "--format", "json"]));
    assert!(tied["parameters"]["beta"].is_null());
}

#[test]
fn clusters_may_be_numbers_or_text() {
    let place = Place::with_runs();
    let by = |column: &str| place.json(&fit(&["--cluster", column, "--format", "json"]))["interval"].clone();
    assert_eq!(by("N")["clusters"], 7);
    assert_eq!(by("tokens")["clusters"], 8);
    assert_eq!(by("family")["clusters"], 2);
    assert!(by("N")["method"].as_str().unwrap().contains("cluster"));
}

#[test]
fn a_fit_is_saved_whole_and_predicts() {
    let place = Place::with_runs();
    place.ok(&fit(&["--save", "fit.json"]));
    assert_eq!(place.files(), ["fit.json", "runs.csv"]);

    let args = ["predict", "fit.json", "--at", "N=70B,D=1.4T", "--at", "D=1e9, N=4e7", "--format", "json"];
    let json = place.json(&args);
    let points = json["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    let truth = 1.8 + 480.0 / 70e9f64.powf(0.35) + 2100.0 / 1.4e12f64.powf(0.37);
    let estimate = points[0]["estimate"].as_f64().unwrap();
    assert!((estimate / truth - 1.0).abs() < 0.02, "{estimate} {truth}");
    assert!(points[0]["low"].as_f64().unwrap() < estimate && estimate < points[0]["high"].as_f64().unwrap());
    assert_eq!(points[0]["inputs"]["N"], 70e9);
    let beyond = points[0]["extrapolation"]["N"].as_f64().unwrap();
    assert!((beyond - 70e9 / (4e7 * 2.5f64.powi(6))).abs() < 1e-6, "{beyond}");
    assert_eq!(points[1]["extrapolation"]["D"], 1.0);

    place.write("points.csv", "n_params,tokens\n70B,1.4T\n");
    let csv = place.ok(&["predict", "fit.json", "points.csv", "--format", "csv", "--level", "0.5"]).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    let parts = "part_parameters,part_noise,part_misfit,part_choice,part_law";
    assert_eq!(lines[0], format!("N,D,estimate,low,high,extrapolation_N,extrapolation_D,{parts}"));
    // No other laws share this forecast.
    let cells = lines[1].strip_suffix(',').unwrap();
    let cells: Vec<f64> = cells.split(',').map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(cells[2], estimate);
    let narrower = cells[4] - cells[3];
    assert!(narrower < points[0]["high"].as_f64().unwrap() - points[0]["low"].as_f64().unwrap());

    let text = place.ok(&["predict", "fit.json", "--at", "N=70B,D=1.4T"]).stdout;
    assert!(text.contains("70B") && text.contains("1.4T") && text.contains("times above"), "{text}");
}

#[test]
fn strict_turns_a_refusal_into_exit_code_3() {
    let place = Place::with_runs();
    // Two token budgets cannot determine E, B and beta.
    let args = [
        "fit",
        "runs.csv",
        "--law",
        "chinchilla",
        "--where",
        "D < 3e9",
        "--bootstrap",
        "0",
        "--format",
        "json",
    ];
    assert_eq!(place.json(&args)["certificate"]["verdict"], "not certified");
    let strict = place.run(&[&args[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(3), "{}", strict.stderr);
    assert!(!strict.stdout.is_empty());
    assert_eq!(place.run(&fit(&["--strict"])).code, Some(0));
}

#[test]
fn stdin_is_a_file_called_minus() {
    let place = Place::with_runs();
    let file = std::fs::File::open(place.path("runs.csv")).unwrap();
    let mut command = place.command(&["fit", "-", "--law", "chinchilla", "--bootstrap", "0"]);
    let ended: support::Ended = command.stdin(file).output().unwrap().into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("56 rows of stdin"));
}

#[test]
fn grouped_parameters_are_predicted_for_their_level() {
    let place = Place::with_runs();
    let law = "loss ~ E[family] + A / N^alpha + B / D^beta";
    let bounds = [
        "--bound",
        "A=0..",
        "--bound",
        "B=0..",
        "--bound",
        "E=0..",
        "--bootstrap",
        "20",
        "--save",
        "fit.json",
    ];
    let args = [&["fit", "runs.csv", "--law", law, "--format", "json"], &bounds[..]].concat();
    let fitted = place.json(&args);
    let point = |level: &str| {
        let at = format!("N=1B,D=10B,family={level}");
        place.json(&["predict", "fit.json", "--at", &at, "--format", "json"])["points"][0].clone()
    };
    let value = |name: &str| fitted["parameters"][name]["estimate"].as_f64().unwrap();
    for level in ["llama", "gpt"] {
        let expected = value(&format!("E[{level}]"))
            + value("A") / 1e9f64.powf(value("alpha"))
            + value("B") / 1e10f64.powf(value("beta"));
        let predicted = point(level);
        assert!((predicted["estimate"].as_f64().unwrap() / expected - 1.0).abs() < 1e-12, "{level}");
        assert_eq!(predicted["inputs"]["family"], level);
        assert!(!predicted["low"].is_null());
    }
    assert_ne!(point("llama")["estimate"], point("gpt")["estimate"]);
    let error = place.refused(&["predict", "fit.json", "--at", "N=1B,D=10B,family=bert"]);
    assert!(error.contains("bert") && error.contains("llama, gpt"), "{error}");
    place.write("points.csv", "N,D,family\n1B,10B,gpt\n1B,10B,llama\n");
    let table = place.json(&["predict", "fit.json", "points.csv", "--format", "json"]);
    assert_eq!(table["points"][0], point("gpt"));
    assert_eq!(table["points"][1], point("llama"));
}
