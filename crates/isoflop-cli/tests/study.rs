//! `isoflop backtest`, `compare` and `profile` on a table whose law is known.

mod support;

use support::Place;

#[test]
fn a_backtest_has_a_row_per_cut_and_one_per_band() {
    let place = Place::with_runs();
    let args =
        ["backtest", "runs.csv", "--law", "chinchilla", "--by", "N", "--cuts", "2", "--bootstrap", "50"];
    let ended = place.ok(&args);
    assert!(ended.stdout.starts_with("chinchilla"), "{}", ended.stdout);
    for text in ["N > ", "all ", "beyond 2 to 5 times", "inside 90 %", "certified", "error     median"] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    let json = place.json(&[&args[..], &["--format", "json"]].concat());
    assert_eq!((&json["schema_version"], &json["by"]), (&1.into(), &"N".into()));
    let law = &json["laws"][0];
    let forecasts = law["forecasts"].as_array().unwrap();
    assert_eq!(law["total"]["forecasts"], forecasts.len());
    assert!(forecasts.iter().all(|f| f["row"].as_str().unwrap().starts_with("runs.csv:")));
    assert!(law["total"]["rms_log"].as_f64().unwrap() < 0.05);
}

#[test]
fn several_laws_are_backtested_on_the_same_rows() {
    let place = Place::with_runs();
    let laws = "chinchilla,loss ~ E + A / N^alpha";
    let args =
        ["backtest", "runs.csv", "--law", laws, "--leave-out", "N", "--bootstrap", "0", "--format", "json"];
    let json = place.json(&args);
    let laws = json["laws"].as_array().unwrap();
    assert_eq!(laws.len(), 2);
    assert_eq!(
        laws[0]["forecasts"].as_array().unwrap().len(),
        laws[1]["forecasts"].as_array().unwrap().len()
    );
    assert!(laws[0]["total"]["coverage"].is_null());
}

#[test]
fn backtests_that_cannot_be_done_are_refused() {
    let place = Place::with_runs();
    let refused = |more: &[&str]| {
        place.refused(&[&["backtest", "runs.csv", "--law", "chinchilla", "--bootstrap", "0"], more].concat())
    };
    assert!(refused(&["--by", "absent"]).contains("absent"));
    assert!(refused(&["--by", "N", "--cuts", "1e30"]).contains("T0602"));
    assert!(refused(&["--by", "N", "--where", "N > 3e9"]).contains("T06"));
    assert!(refused(&["--where", "D > 1e30"]).contains("no row is left"));
    place.write("one.csv", "params,tokens,loss,family\n1e8,1e9,3,a\n2e8,1e9,2.9,a\n1e8,2e9,2.8,a\n");
    let error = place.refused(&["backtest", "one.csv", "--law", "chinchilla", "--leave-out", "family"]);
    assert!(error.contains("T0604") && error.contains("family"), "{error}");
}

#[test]
fn a_comparison_has_a_sentence_a_table_and_a_legend() {
    let place = Place::with_runs();
    let args = [
        "compare",
        "runs.csv",
        "--laws",
        "chinchilla,densing_loss,loss ~ E + A / N^alpha",
        "--bootstrap",
        "30",
    ];
    let text = place.ok(&args).stdout;
    let first = text.lines().next().unwrap();
    assert!(first.contains("chinchilla") && first.ends_with('.'), "{first}");
    for word in ["k ", "certificate", "condition", "dAICc", "dBIC", "cv rms", "behind", "weight"] {
        let explained = text.lines().filter(|line| line.starts_with(word)).count();
        assert!(
            text.contains(word) && (explained > 0 || ["certificate", "dBIC"].contains(&word)),
            "{word}\n{text}"
        );
    }
    let json = place.json(&[&args[..], &["--by", "N", "--cuts", "2", "--format", "json"]].concat());
    let laws = json["laws"].as_array().unwrap();
    assert_eq!(laws.len(), 3);
    assert_eq!(laws[0]["law"], "chinchilla");
    assert!(json["standing"].as_array().unwrap().contains(&"chinchilla".into()));
    // How often intervals hold is worked out for laws that stand.
    for law in laws {
        let stands = law["cross_validation"]["worse"] == false;
        assert_eq!(law["forward"]["score"]["coverage"].is_number(), stands, "{json:#}");
        assert!(law["forward"]["score"]["rms_log"].is_number(), "{json:#}");
    }
}

#[test]
fn influence_counts_attention_and_active_parameters_where_the_columns_are_there() {
    let place = Place::with_runs();
    let columns =
        ["n_layers = 12 + 0*N", "d_model = 768 + 0*N", "seq_len = 2048 + 0*N", "active_params = 0.9*N"];
    let lets = columns.map(|column| format!("--let={column}"));
    let base = ["influence", "runs.csv", "--law", "chinchilla", "--format", "json"];
    let args: Vec<&str> = base.into_iter().chain(lets.iter().map(String::as_str)).collect();
    let found = place.json(&args);
    let counted: Vec<&serde_json::Value> =
        found["choices"].as_array().unwrap().iter().filter(|c| c["kind"] == "counting").collect();
    let names: Vec<&str> = counted.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["N = active_params", "N + 2 layers d_model context"], "{found:#}");
    // The same as a fit to sizes with the attention of 2 x 12 x 768 x 2048 parameters added.
    let fit = ["fit", "runs.csv", "--law", "chinchilla", "--let", "N = N + 37748736", "--bootstrap", "0"];
    let fitted = place.json(&[&fit[..], &["--format", "json"]].concat());
    let names = found["parameters"].as_array().unwrap();
    for (k, name) in names.iter().enumerate() {
        let counted = counted[1]["answer"]["estimates"][k].as_f64().unwrap();
        let fitted = fitted["parameters"][name.as_str().unwrap()]["estimate"].as_f64().unwrap();
        assert!((counted / fitted - 1.0).abs() < 1e-5, "{name}: {counted} {fitted}");
    }
}

#[test]
fn auto_takes_the_laws_that_the_table_has_the_columns_of() {
    let place = Place::with_runs();
    let json =
        place.json(&["compare", "runs.csv", "--bootstrap", "0", "--format", "json", "--where", "N > 1e9"]);
    let laws = json["laws"].as_array().unwrap();
    let names: Vec<&str> = laws.iter().map(|l| l["law"].as_str().unwrap()).collect();
    assert!(names.contains(&"chinchilla") && names.contains(&"kaplan_nd"), "{names:?}");
    // 24 rows: nine parameters are too many.
    let left = json["left_out"].as_array().unwrap();
    assert!(left.iter().any(|l| l["law"] == "farseer"), "{left:?}");
}

#[test]
fn comparisons_that_cannot_be_made_are_refused() {
    let place = Place::with_runs();
    let refused = |more: &[&str]| place.refused(&[&["compare", "runs.csv"], more].concat());
    assert!(refused(&["--laws", "chinchilla,llama3_tokens"]).contains("C0803"));
    assert!(refused(&["--output", "nothing"]).contains("C0802"));
    assert!(
        refused(&["--laws", "chinchilla,kaplan_nd", "--cluster", "family", "--parts", "5"]).contains("T0605")
    );
    assert!(refused(&["--laws", "chinchila"]).contains("chinchilla"));
    let one = ["--laws", "chinchilla,kaplan_nd", "--cluster", "family", "--where", "family == \"llama\""];
    assert!(refused(&one).contains("T0207"));
}

#[test]
fn a_profile_has_an_interval_and_a_curve() {
    let place = Place::with_runs();
    let args =
        ["profile", "runs.csv", "--law", "chinchilla", "--of", "alpha", "--of", "a_opt", "--curve", "7"];
    let text = place.ok(&args).stdout;
    assert!(
        text.contains("90 % profile interval") && text.contains("a_opt") && text.contains(" … "),
        "{text}"
    );
    let json = place.json(&[&args[..], &["--objective", "squares-log", "--format", "json"]].concat());
    let profiles = json["profiles"].as_array().unwrap();
    assert_eq!(profiles.len(), 2);
    for profile in profiles {
        let of = |key: &str| profile[key].as_f64().unwrap();
        assert!(of("low") < of("estimate") && of("estimate") < of("high"));
        let curve = profile["curve"].as_array().unwrap();
        // Low in the middle, above the limit at both ends.
        let ratio = |k: usize| curve[k]["ratio"].as_f64().unwrap();
        assert!(ratio(0) > of("limit") && ratio(curve.len() - 1) > of("limit"));
        assert!(curve.iter().any(|point| point["ratio"].as_f64().unwrap().abs() < 1e-9));
    }
    for (of, code) in [("nothing", "T0702"), ("alpha +", "T0702"), ("N_opt", "T0702")] {
        let error = place.refused(&["profile", "runs.csv", "--law", "chinchilla", "--of", of]);
        assert!(error.contains(code), "{error}");
    }
}
