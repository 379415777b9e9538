//! A law with several outputs from table to fit, forecast and plan.

mod support;

use std::fmt::Write;

use support::Place;

const LAW: &str = "log(loss) ~ log(E + A / N^alpha); error ~ eps - k * exp(-gamma * loss)";

/// Runs of which every third has no error.
fn place() -> Place {
    let place = Place::new();
    let mut text = "N,loss,error,seed\n".to_owned();
    for i in 0..24_i32 {
        let n = 1e6 * 1.5_f64.powi(i);
        let stray = f64::from((i * 7919) % 101) / 101.0 - 0.5;
        let loss = 1.7 + 400.0 / n.powf(0.34);
        let error = 0.85 - 2.1 * (-0.75 * loss).exp() + 0.004 * stray;
        let error = if i % 3 == 1 { String::new() } else { error.to_string() };
        writeln!(text, "{n},{},{error},{}", loss * (1.0 + 0.002 * stray), i % 4).unwrap_or_default();
    }
    place.write("runs.csv", text);
    place
}

const FIT: [&str; 16] = [
    "fit",
    "runs.csv",
    "--law",
    LAW,
    "--objective",
    "squares",
    "--bound",
    "A=0..",
    "--bound",
    "k=0..",
    "--bound",
    "gamma=0..",
    "--bootstrap",
    "60",
    "--save",
    "fit.json",
];

#[test]
fn one_fit_forecasts_and_plans_every_output() {
    let place = place();
    let ended = place.ok(&FIT);
    for text in ["loss      24", "error     16", "clusters (row), 24 clusters", "of error: "] {
        assert!(ended.stdout.contains(text), "{text}\n{}", ended.stdout);
    }
    assert!(ended.stderr.contains("error: 8 rows left out: error is missing"), "{}", ended.stderr);

    let json = place.json(&["predict", "fit.json", "--at", "N=1e11", "--format", "json"]);
    let outputs = json["outputs"].as_array().cloned().unwrap_or_default();
    let truth = [1.7 + 400.0 / 1e11_f64.powf(0.34), 0.0];
    let truth = [truth[0], 0.85 - 2.1 * (-0.75 * truth[0]).exp()];
    assert_eq!(outputs.len(), 2);
    for (output, (name, truth)) in outputs.iter().zip([("loss", truth[0]), ("error", truth[1])]) {
        assert_eq!(output["output"], name);
        let number = |key: &str| output["points"][0][key].as_f64().unwrap_or(f64::NAN);
        assert!((number("estimate") / truth - 1.0).abs() < 0.03, "{output}");
        assert!(number("low") < number("estimate") && number("estimate") < number("high"), "{output}");
    }
    let csv = place.ok(&["predict", "fit.json", "--at", "N=1e11", "--format", "csv"]).stdout;
    assert!(csv.starts_with("output,N,estimate") && csv.contains("\nerror,"), "{csv}");

    let plan = ["plan", "fit.json", "--minimize", "N", "--over", "N", "--subject-to", "error <= 0.4"];
    let plan = place.ok(&[&plan[..], &["--report", "loss"]].concat()).stdout;
    assert!(plan.contains("error <= 0.4") && plan.contains("loss"), "{plan}");
}

#[test]
fn json_says_what_belongs_to_each_output() {
    let place = place();
    let json = place.json(&[&FIT[..], &["--cluster", "seed", "--format", "json"]].concat());
    assert_eq!(json["rows"]["used"], 24);
    assert_eq!((&json["outputs"][0]["name"], &json["outputs"][0]["rows"]), (&"loss".into(), &24.into()));
    assert_eq!((&json["outputs"][1]["name"], &json["outputs"][1]["rows"]), (&"error".into(), &16.into()));
    assert_eq!(json["outputs"][0]["weight"], 1.0);
    assert_eq!(json["interval"]["clusters"], 4);
}

#[test]
fn a_law_of_the_catalogue_is_simulated_and_fitted() {
    let place = Place::new();
    let simulate = ["simulate", "gadre_joint@redpajama_17", "--design", "C=1e18..1e22:8,M=5..640:6"];
    let more = ["--noise", "0.5%", "--seed", "3", "-o", "try.csv"];
    place.ok(&[&simulate[..], &more].concat());
    assert!(place.read("try.csv").starts_with("C,M,loss,error\n"));
    let fit = ["fit", "try.csv", "--law", "gadre_joint", "--bootstrap", "0"];
    let json = place.json(&[&fit[..], &["--format", "json"]].concat());
    let gamma = json["parameters"]["gamma"]["estimate"].as_f64().unwrap_or(f64::NAN);
    assert!((gamma / 0.7146 - 1.0).abs() < 0.3, "{gamma}");
    let shown = place.json(&["laws", "show", "gadre_joint", "--format", "json"]);
    assert_eq!(
        (&shown["output"]["name"], &shown["further_outputs"][0]["name"]),
        (&"loss".into(), &"error".into())
    );
    assert!(place.ok(&["laws", "--output", "error"]).stdout.contains("gadre_joint"));
}

#[test]
fn commands_for_one_output_say_so() {
    let place = place();
    place.ok(&FIT);
    for args in [
        &["plot", "fit.json", "-o", "fit.svg"][..],
        &["report", "fit.json", "-o", "fit.html"],
        &["compare", "runs.csv", "--laws", LAW],
        &["backtest", "runs.csv", "--law", LAW, "--by", "N"],
        &["profile", "runs.csv", "--law", LAW, "--of", "E"],
        &["audit", "runs.csv", "--law", LAW],
        &["influence", "runs.csv", "--law", LAW],
        &["forecast", "freeze", "fit.json", "--at", "N=1e11", "-o", "big.json"],
    ] {
        let error = place.refused(args);
        assert!(error.contains("C0804") && error.contains("(loss, error)"), "{args:?}\n{error}");
    }
    let goal = ["--noise", "1%", "--budget", "1e22", "--goal", "E", "--cost", "C"];
    let error = place.refused(&[&["next", "gadre_joint@redpajama_17"][..], &goal].concat());
    assert!(error.contains("several outputs"), "{error}");
    let error = place.refused(&["fit", "runs.csv", "--law", LAW, "--objective", "student-t"]);
    assert!(error.contains("T0212"), "{error}");
}
