//! `fit --plot`, `plot` and `report` on a table whose law is known.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::process::Command;

use serde_json::Value;
use support::Place;

/// A place with runs and a saved fit with few replicates.
fn fitted(law: &str) -> Place {
    let place = Place::with_runs();
    place.ok(&["fit", "runs.csv", "--law", law, "--bootstrap", "40", "--save", "fit.json"]);
    place
}

const GROUPED: &str = "loss ~ E + A[family] / N^alpha + B / D^beta";

#[test]
fn fit_draws_on_stdout_and_keeps_json_clean() {
    let place = Place::with_runs();
    let args = ["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--plot"];
    let text = place.ok(&args).stdout;
    let plot = text.split_once("loss by N: runs and fitted law\n").unwrap().1;
    assert!(plot.contains("beyond the runs") && plot.contains('┤') && !plot.contains('\x1b'), "{plot}");
    assert!(plot.lines().all(|line| line.chars().count() <= 80), "{plot}");
    let both = place.ok(&[&args[..], &["--format", "json"]].concat());
    assert!(
        serde_json::from_str::<Value>(&both.stdout).is_ok() && both.stderr.contains("runs and fitted law")
    );
}

#[test]
fn plots_hold_every_kind_of_figure_and_are_the_same_twice() {
    let place = fitted("chinchilla");
    for name in ["a.svg", "b.svg"] {
        place.ok(&["plot", "fit.json", "-o", name]);
    }
    let drawn = place.read("a.svg");
    assert!(drawn == place.read("b.svg"));
    for title in ["loss by N", "loss by D", "isoFLOP slices", "residuals by N", "residuals by D"] {
        assert!(drawn.contains(title), "{title}");
    }
    assert!(drawn.contains("class=\"b c0\"") && !drawn.contains("NaN") && !drawn.contains("inf"));
    let dark = place.ok(&["plot", "fit.json", "runs.csv", "-o", "-", "--theme", "dark"]).stdout;
    assert!(dark.contains("#0d1117") && !dark.contains("#ffffff"));
}

#[test]
fn shares_are_not_extrapolated_beyond_one() {
    let place = Place::new();
    let row = |k: i32| format!("{},{}\n", f64::from(k) / 50.0, 2.0 - 0.5 * f64::from(k) / 50.0);
    place.write("runs.csv", format!("p,loss\n{}", (1..40).map(row).collect::<String>()));
    let fit = ["fit", "runs.csv", "--law", "loss ~ a + b * p", "--bootstrap", "0", "--save", "fit.json"];
    place.ok(&fit);
    place.ok(&["report", "fit.json", "-o", "r.html"]);
    assert!(place.read("r.html").contains("\"to\":1.0") && place.read("r.html").contains(">0.5</text>"));
    assert!(!place.read("r.html").contains(">5</text>"));
}

#[test]
fn other_rows_are_said_to_be_others() {
    let place = fitted("chinchilla");
    let half: Vec<String> = support::simulated().lines().take(30).map(str::to_owned).collect();
    place.write("half.csv", half.join("\n"));
    let ended = place.ok(&["plot", "fit.json", "half.csv"]);
    assert!(ended.stderr.contains("not the rows of the fit (29 now, 56 then)"), "{}", ended.stderr);
    place.ok(&["report", "fit.json", "half.csv", "-o", "r.html"]);
    assert!(place.read("r.html").contains("not those of the fit"));
    place.ok(&["report", "fit.json", "-o", "r.html"]);
    assert!(!place.read("r.html").contains("not those of the fit"));
    assert!(!place.ok(&["plot", "fit.json"]).stderr.contains("not the rows"));
}

#[test]
fn the_report_stands_alone_and_begins_with_the_verdict() {
    let place = fitted("chinchilla");
    place.ok(&["report", "fit.json", "-o", "a.html"]);
    place.ok(&["report", "runs.csv", "--law", "chinchilla", "--bootstrap", "40", "-o", "b.html"]);
    for name in ["a.html", "b.html"] {
        let page = place.read(name);
        assert!(page.len() < 1_500_000);
        let addresses = page.matches("http").count();
        assert_eq!(
            addresses,
            page.matches("http://www.w3.org/2000/svg").count() + page.matches("http-equiv").count()
        );
        assert!(page.find("class=\"verdict good\"").unwrap() < page.find("<h2>").unwrap(), "{name}");
        assert_eq!(2 * page.matches("<figure ").count(), page.matches("<details>").count());
        assert!(page.contains("isoflop report") && page.contains("56 rows used, of runs.csv (56)"));
    }
    assert!(
        place.read("a.html").contains("isoflop fit runs.csv --law chinchilla --bootstrap 40 --save fit.json")
    );
}

#[test]
fn results_are_drawn_and_go_into_reports() {
    let place = fitted("chinchilla");
    let profile = ["profile", "runs.csv", "--law", "chinchilla", "--of", "alpha", "--curve", "5"];
    place.write("alpha.json", place.ok(&[&profile[..], &["--format", "json"]].concat()).stdout);
    for name in ["p.svg", "p.png", "p.vl.json"] {
        place.ok(&["plot", "alpha.json", "-o", name]);
    }
    assert!(place.read("p.svg").contains("profile of alpha"));
    let view: Value = serde_json::from_str(&place.read("p.vl.json")).unwrap();
    assert_eq!(view["title"]["text"], "profile of alpha");
    place.ok(&["plot", "fit.json", "--only", "2", "-o", "one.svg"]);
    assert_eq!(place.read("one.svg").matches("class=\"fig\"").count(), 1);
    for name in ["r.html", "r.md"] {
        place.ok(&["report", "fit.json", "--with", "alpha.json", "-o", name]);
        let text = place.read(name);
        assert!(text.contains("profile of alpha") && text.contains("loss over N and D"), "{name}");
    }
    assert!(place.read("r.md").starts_with("# isoflop: chinchilla on 56 rows"));
    assert!(place.refused(&["plot", "alpha.json", "runs.csv"]).contains("C0706"));
    assert!(place.refused(&["plot", "fit.json", "--only", "50"]).contains("C0708"));
    assert!(place.refused(&["report", "fit.json", "--with", "runs.csv", "-o", "r.html"]).contains("C0709"));
}

#[test]
fn commands_with_figures_draw_the_main_one() {
    let place = fitted("chinchilla");
    let plan = [
        "plan",
        "fit.json",
        "--minimize",
        "6*N*D + 2*N*1e12",
        "--over",
        "N,D",
        "--subject-to",
        "loss <= 2.5",
    ];
    let profile = ["profile", "runs.csv", "--law", "chinchilla", "--of", "alpha", "--curve", "5"];
    for (words, title) in [(&plan[..], "room around the decision"), (&profile, "profile of alpha")] {
        let text = place.ok(&[words, &["--plot"]].concat()).stdout;
        let plot = text.split_once(&format!("\n{title}\n")).unwrap().1;
        assert!(plot.contains('┤') && !plot.contains('\x1b'), "{plot}");
        assert!(plot.lines().all(|line| line.chars().count() <= 80), "{plot}");
        let both = place.ok(&[words, &["--plot", "--format", "json"]].concat());
        assert!(serde_json::from_str::<Value>(&both.stdout).is_ok() && both.stderr.contains(title));
    }
    let made: Value =
        serde_json::from_str(&place.ok(&[&plan[..], &["--format", "json"]].concat()).stdout).unwrap();
    let terms: Vec<&str> = made["breakdown"][0]["terms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["text"].as_str().unwrap())
        .collect();
    assert_eq!(terms, ["6 * N * D", "2 * N * 1e12"], "{made:#}");
}

#[test]
fn curves_are_held_against_the_forecast() {
    let place = fitted("chinchilla");
    let row =
        |k: i32| format!("r{},3e8,{},{}\n", k % 3, 1e8 * f64::from(1 + k / 3), 4.0 - 0.01 * f64::from(k));
    place.write("curves.csv", format!("run,N,D,loss\n{}", (0..60).map(row).collect::<String>()));
    place.ok(&["plot", "fit.json", "--curves", "curves.csv", "-o", "f.svg"]);
    assert!(place.read("f.svg").contains("loss by D: curves and forecast"));
    place.ok(&["report", "fit.json", "--curves", "curves.csv", "-o", "r.html"]);
    assert!(place.read("r.html").contains("forecast of the end"));
    place.ok(&["plot", "fit.json", "-o", "f.svg"]);
    assert!(!place.read("f.svg").contains("curves and forecast"));
    let single = place.ok(&["plot", "fit.json", "--curves", "runs.csv", "-o", "f.svg"]);
    assert!(single.stderr.contains("no run has 4 points"), "{}", single.stderr);
    place.write("plain.csv", "N,D,loss\n1e8,1e9,3.0\n");
    assert!(place.refused(&["plot", "fit.json", "--curves", "plain.csv"]).contains("C0711"));
    assert!(place.refused(&["plot", "fit.json", "--curves", "none.csv"]).contains("none.csv"));
}

#[test]
fn a_report_of_a_doubtful_fit_says_so_first() {
    let place = Place::with_runs();
    let two_budgets = ["--law", "chinchilla", "--where", "D < 3e9", "--bootstrap", "0"];
    let args = [&["report", "runs.csv"], &two_budgets[..], &["-o", "r.html"]].concat();
    assert!(place.ok(&args).stdout.contains("not certified"));
    let page = place.read("r.html");
    assert!(page.contains("class=\"verdict bad\"") && page.contains("Do not rely on these numbers"));
    assert!(page.contains("made without replicates"));
    assert_eq!(place.run(&[&args[..], &["--strict"]].concat()).code, Some(3));
}

#[test]
fn texts_of_the_table_cannot_become_markup() {
    let place = Place::new();
    place.write("runs.csv", support::simulated().replace(",gpt", ",</script><b>\"'&"));
    place.ok(&["report", "runs.csv", "--law", GROUPED, "--bootstrap", "5", "-o", "r.html"]);
    let page = place.read("r.html");
    assert!(!page.contains("</script><b>") && page.contains("&lt;/script&gt;&lt;b&gt;"));
    assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
}

/// The law of the page, run by node, against `isoflop predict`.
fn agrees_with_node(place: &Place, numbers: &str, more: &str, at: &str) {
    place.ok(&["report", "fit.json", "-o", "r.html"]);
    place.write(
        "law.js",
        format!(
            "const page = require('fs').readFileSync('r.html', 'utf8');\n\
             const fit = JSON.parse(/id=\"fit\">(.*?)<\\/script>/s.exec(page)[1]);\n\
             const law = eval(/const law = (.*?);\\n\\/\\/ The forecast/s.exec(page)[1]);\n\
             const params = {{}};\n\
             fit.parameters.forEach((p, k) => {{ if (p.level === null) params[p.name] = fit.estimate[k]; \
             else (params[p.name] ??= {{}})[p.level] = fit.estimate[k]; }});\n\
             console.log(law({{{numbers}{more}, ...params}}));\n"
        ),
    );
    let output = Command::new("node").arg("law.js").current_dir(place.path("")).output().unwrap();
    let shown: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN);
    let predicted = place.json(&["predict", "fit.json", "--at", at, "--format", "json"]);
    let predicted = predicted["points"][0]["estimate"].as_f64().unwrap();
    assert!(
        (shown / predicted - 1.0).abs() < 1e-9,
        "{shown} {predicted} {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_law_of_the_page_computes_what_predict_says() {
    if Command::new("node").arg("--version").output().is_err() {
        eprintln!("skipped: node is not on the path");
        return;
    }
    for (n, d) in [("3e8", "7e10"), ("7e10", "1.4e12"), ("1", "1")] {
        let (numbers, at) = (format!("N: {n}, D: {d}"), format!("N={n},D={d}"));
        agrees_with_node(&fitted("chinchilla"), &numbers, "", &at);
        agrees_with_node(&fitted(GROUPED), &numbers, ", family: 'gpt'", &format!("{at},family=gpt"));
        agrees_with_node(&fitted("log(loss) ~ E + A / N^alpha + B / D^beta"), &numbers, "", &at);
    }
}

#[test]
fn bad_requests_are_refused() {
    let place = fitted("chinchilla");
    assert!(place.refused(&["plot", "fit.json", "-o", "fit.gif"]).contains("C0702"));
    assert!(place.refused(&["plot", "runs.csv"]).contains("runs.csv"));
    assert!(place.refused(&["plot", "fit.json", "absent.csv"]).contains("absent.csv"));
    assert!(place.refused(&["plot", "fit.json", "-o", "absent/fit.svg"]).contains("absent"));
    assert!(place.refused(&["report", "fit.json", "--law", "chinchilla", "-o", "r.html"]).contains("C0704"));
    assert!(
        place
            .refused(&["report", "runs.csv", "--law", "chinchilla", "-o", "absent/r.html"])
            .contains("absent")
    );
    let mut value: Value = serde_json::from_str(&place.read("fit.json")).unwrap();
    value["command"] = Value::Array(Vec::new());
    place.write("bare.json", value.to_string());
    assert!(place.refused(&["plot", "bare.json"]).contains("C0701"));
    assert!(place.ok(&["plot", "bare.json", "runs.csv"]).stdout.contains("residuals by N"));
}
