//! `isoflop forecast`: freezing, scoring, and files that were edited.
#![allow(clippy::unwrap_used)]

mod support;

use support::Place;

fn frozen() -> Place {
    let place = Place::with_runs();
    place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "100", "--save", "fit.json", "-q"]);
    let freeze = ["forecast", "freeze", "fit.json", "--at", "N=70B,D=1.4T", "-o", "big.json"];
    let said = place.ok(&[&freeze[..], &["--date", "2026-03-01", "--name", "big run"]].concat()).stdout;
    assert!(said.contains("frozen 2026-03-01 as big.json") && said.contains("misfit ±"), "{said}");
    place
}

#[test]
fn a_forecast_is_frozen_and_scored() {
    let place = frozen();
    place.ok(&["forecast", "freeze", "fit.json", "--at", "N=20B,D=400B", "-o", "small.json"]);
    let predicted = place.json(&["predict", "fit.json", "--at", "N=70B,D=1.4T", "--format", "json"]);
    let predicted = &predicted["points"][0];
    assert!(
        predicted["parts"]["misfit"].as_f64().unwrap() > 0.0 && predicted["beyond"].as_f64().unwrap() > 10.0
    );

    let one = place.json(&["forecast", "score", "big.json", "--observed", "loss=1.9", "--format", "json"]);
    let first = &one["forecasts"][0];
    assert_eq!(
        (&first["estimate"], &first["low"], &first["high"]),
        (&predicted["estimate"], &predicted["low"], &predicted["high"])
    );
    assert_eq!((first["date"].as_str(), first["name"].as_str()), (Some("2026-03-01"), Some("big run")));
    let error = 1.9 - first["estimate"].as_f64().unwrap();
    assert!((first["error"].as_f64().unwrap() - error).abs() < 1e-12);
    assert!(first["crps"].as_f64().unwrap() > 0.0);

    // The first run lies nearest to one forecast, the second is far off, and a third has not ended.
    place.write("ended.csv", "N,D,loss\n7.05e10,1.4e12,1.91\n7.1e10,1.4e12,3\n1e9,1e10,2\n2e10,4e11,9.9\n");
    let both = ["forecast", "score", "big.json", "small.json", "--runs", "ended.csv"];
    let scored = place.json(&[&both[..], &["--format", "json"]].concat());
    assert_eq!(scored["forecasts"][0]["observed"], 1.91);
    assert_eq!(scored["forecasts"][1]["inside"], false);
    assert_eq!(scored["tally"]["count"], 2);
    let text = place.ok(&both).stdout;
    assert!(text.contains("big run") && text.contains("of 2 forecasts inside"), "{text}");
    place.write("other.csv", "N,D,loss\n7e10,1.4e12,1.91\n");
    let some = place.ok(&["forecast", "score", "big.json", "small.json", "--runs", "other.csv"]);
    assert!(some.stderr.contains("small.json: no run has its inputs yet"), "{}", some.stderr);
}

#[test]
fn other_laws_share_a_forecast_and_its_frozen_file() {
    let place = Place::with_runs();
    let among = "kaplan_nd,loss ~ E + (A / N^a + B / D^b)^g";
    let fit = ["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "60", "--among", among];
    let fitted = place.json(&[&fit[..], &["--save", "fit.json", "--format", "json"]].concat());
    let laws = fitted["forecast_laws"].as_array().unwrap();
    assert_eq!(
        (laws[0]["law"].as_str(), &laws[0]["own"]),
        (Some("chinchilla"), &serde_json::Value::Bool(true))
    );
    let weights: f64 = laws.iter().map(|law| law["weight"].as_f64().unwrap()).sum();
    assert!((weights - 1.0).abs() < 1e-9, "{fitted}");

    let at = ["predict", "fit.json", "--at", "N=70B,D=1.4T"];
    let point = &place.json(&[&at[..], &["--format", "json"]].concat())["points"][0];
    assert_eq!(point["laws"].as_array().unwrap().len(), laws.len());
    assert!(point["parts"]["law"].as_f64().is_some_and(|half| half >= 0.0));
    let text = place.ok(&at).stdout;
    assert!(text.contains("laws that share the forecast") && text.contains("chinchilla"), "{text}");
    let freeze = ["forecast", "freeze", "fit.json", "--at", "N=70B,D=1.4T", "-o", "big.json"];
    let said = place.ok(&freeze).stdout;
    assert!(said.contains("laws by weight: chinchilla") && said.contains("law ±"), "{said}");
    place.ok(&["forecast", "score", "big.json", "--observed", "1.9"]);

    let says = |args: &[&str], code: &str| {
        let error = place.refused(&[&["fit", "runs.csv", "--law", "chinchilla"], args].concat());
        assert!(error.contains(code), "{error}");
    };
    says(&["--among", "loss ~ E + A / X^a", "--let", "X = N*D"], "C0805");
    says(&["--among", "auto", "--bootstrap", "0"], "C0806");
    says(&["--among", "kaplan_nd", "--fix", "E=1.7"], "T0906");
    says(&["--among", "no_such_law"], "L");
}

#[test]
fn what_cannot_be_frozen_or_scored_is_one_error() {
    let place = frozen();
    let says = |args: &[&str], words: &[&str]| {
        let error = place.refused(args);
        assert!(words.iter().all(|word| error.contains(word)), "{args:?}\n{error}");
    };
    let text = place.read("big.json");
    place.write("edited.json", text.replacen("\"level\": 0.9", "\"level\": 0.8", 1));
    says(
        &["forecast", "score", "edited.json", "--observed", "1.9"],
        &["T0904", "edited.json", "changed after"],
    );
    says(&["forecast", "score", "fit.json", "--observed", "1.9"], &["T0902", "fit.json"]);
    says(&["forecast", "score", "none.json", "--observed", "1.9"], &["C0302", "none.json"]);
    says(&["forecast", "score", "big.json", "--observed", "los=1.9"], &["C1003", "loss"]);
    says(&["forecast", "score", "big.json", "--observed", "loss=low"], &["C0102"]);
    says(&["forecast", "score", "big.json", "edited.json", "--observed", "1.9"], &["T0904"]);
    says(&["forecast", "score", "big.json", "big.json", "--observed", "1.9"], &["C1002"]);
    says(&["forecast", "score", "big.json", "--runs", "runs.csv"], &["C1004", "N=70B"]);
    let freeze = |at: &str, output: &str, date: &str| {
        place.refused(&["forecast", "freeze", "fit.json", "--at", at, "-o", output, "--date", date])
    };
    assert!(freeze("N=1B,D=20B", "big.json", "2026-03-01").contains("C1001"));
    assert!(freeze("N=1B", "new.json", "2026-03-01").contains("D"));
    assert!(freeze("N=1B,D=20B", "new.json", "tomorrow").contains("T0905"));
    // Without replicates there is no distribution.
    place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--save", "bare.json", "-q"]);
    says(
        &["forecast", "freeze", "bare.json", "--at", "N=1B,D=20B", "-o", "new.json"],
        &["T0901", "--bootstrap"],
    );
}
