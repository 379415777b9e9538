//! `--interval` and what goes with it: every method from the command line, and one clear error for what cannot be.

mod support;

use support::Place;

fn fit<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "100"], more].concat()
}

#[test]
fn every_method_gives_intervals_and_says_its_name() {
    let place = Place::with_runs();
    for (more, words) in [
        (vec!["--interval", "cluster", "--cluster", "family"], "bootstrap of clusters (family)"),
        (vec!["--interval", "stratified", "--strata", "family"], "bootstrap of rows within family"),
        (vec!["--interval", "residual", "--ends", "bca"], "bootstrap of residuals, bca ends"),
        (vec!["--interval", "wild-cluster"], "wild bootstrap of rows, Webb weights"),
        (vec!["--interval", "sandwich"], "sandwich over rows, 100 draws"),
        (vec!["--interval", "robust-profile"], "profile likelihood with the sandwich over rows"),
        (vec!["--interval", "nuts", "--draws", "200"], "posterior by NUTS, 4 chains of 200 draws"),
    ] {
        let out = place.ok(&fit(&more)).stdout;
        assert!(out.contains(words) && out.contains("90 % interval"), "{words}\n{out}");
    }
    let json = place.json(&fit(&["--of", "E + A / 1B^alpha", "--format", "json"]));
    assert!(json["derived"]["E + A / 1B^alpha"]["low"].is_number());
    assert_eq!(json["interval"]["ends"], "smoothed");
    assert!(json["interval"]["precision"]["alpha"]["low_error"].is_number());
}

#[test]
fn a_posterior_is_saved_and_predicts() {
    let place = Place::with_runs();
    let more = [
        "--interval",
        "nuts",
        "--draws",
        "200",
        "--prior",
        "alpha ~ normal(0.35, 0.1)",
        "--save",
        "fit.json",
    ];
    let out = place.ok(&fit(&more)).stdout;
    assert!(out.contains("alpha ~ normal(0.35, 0.1)") && out.contains("R-hat"), "{out}");
    let json = place.json(&["predict", "fit.json", "--at", "N=1B,D=20B", "--format", "json"]);
    assert!(json.to_string().contains("\"low\":"), "{json}");
}

#[test]
fn what_cannot_be_done_is_one_sentence() {
    let place = Place::with_runs();
    for (more, words) in [
        (vec!["--interval", "cluster"], vec!["--cluster"]),
        (vec!["--interval", "stratified"], vec!["--strata"]),
        (vec!["--interval", "point", "--strata", "family"], vec!["--interval stratified"]),
        (vec!["--interval", "laplace", "--ends", "bca"], vec!["laplace", "--ends"]),
        (vec!["--prior", "alpha ~ normal(0.3, 0.1)"], vec!["--interval nuts"]),
        (
            vec!["--interval", "nuts", "--prior", "alpha ~ normal(-9, 0.1)"],
            vec!["alpha", "bounds", "0 to 2.5"],
        ),
        (vec!["--interval", "nuts", "--prior", "omega ~ normal(0, 1)"], vec!["`omega`", "alpha"]),
        (vec!["--interval", "nuts", "--prior", "alpha = 3"], vec!["alpha = 3", "there is no ~"]),
        (vec!["--interval", "nuts", "--draws", "3"], vec!["100 draws"]),
        (vec!["--of", "E + omega"], vec!["E + omega"]),
    ] {
        let error = place.refused(&fit(&more));
        for word in words {
            assert!(error.contains(word), "{word:?} is not in:\n{error}");
        }
    }
}
