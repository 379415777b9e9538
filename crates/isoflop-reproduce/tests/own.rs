//! Descriptions on tables made here: steps, chained fits, and what is said of mistakes.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use isoflop_reproduce::{Description, Outcome, Status, run};

/// Runs a description on one table.
fn on(table: &str, facts: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("runs.csv"), table).unwrap();
    let text =
        format!("+++\ntitle = \"t\"\nsource = \"s\"\nfiles = [\"runs.csv\"]\n{facts}\n+++\n\nWords.\n");
    run(&Description::parse("reproduce/own.md", &text).unwrap(), folder.path())
}

/// The figures of a result that could be rerun: name, case, ours.
fn figures(outcome: Outcome) -> Vec<(String, Option<String>, f64)> {
    match outcome.status {
        Status::Done { compared, .. } => compared.into_iter().map(|c| (c.name, c.case, c.ours)).collect(),
        other => panic!("{other:?}"),
    }
}

/// y = 2 g / x for the groups g = 1, 2, 4, with every second row one too high.
fn table() -> String {
    let mut text = "g,x,y\n".to_owned();
    for g in [1, 2, 4] {
        for x in [1, 2, 4, 8] {
            for extra in [0, 1] {
                text += &format!("{g},{x},{}\n", 2.0 * f64::from(g) / f64::from(x) + f64::from(extra));
            }
        }
    }
    text
}

#[test]
fn steps_choose_rows_and_fits_chain() {
    let facts = r#"
steps = ["lowest y per g, x"]
[[fit]]
law = "y ~ k / x^a"
objective = "squares-log"
per = "g"
collect = { g = "case", k = "k" }
[[fit]]
law = "k ~ c * g^b"
objective = "squares-log"
[[quantity]]
name = "k"
stage = 1
published = { 1 = 2, 4 = 8 }
tolerance = 1e-9
[[quantity]]
name = "c"
published = 2
tolerance = 1e-9
[[quantity]]
name = "b"
published = 1
tolerance = 1e-9
"#;
    let found = figures(on(&table(), facts));
    let expected = [("k", Some("1"), 2.0), ("k", Some("4"), 8.0), ("c", None, 2.0), ("b", None, 1.0)];
    assert_eq!(found.len(), expected.len());
    for ((name, case, ours), (wanted, of, value)) in found.iter().zip(expected) {
        assert_eq!((name.as_str(), case.as_deref()), (wanted, of));
        assert!((ours - value).abs() < 1e-9, "{name} {case:?} {ours}");
    }
}

#[test]
fn statistics_and_means_look_at_held_out_rows() {
    let facts = r#"
steps = ["minimum low = y per g, x", "mean y per g, x", "let z = y - 0.5"]
[[fit]]
law = "z ~ k * g / x^a"
objective = "squares-log"
rows = "x < 8"
[[quantity]]
name = "relative_error"
on = "x == 8"
published = 1
tolerance = 1
[[quantity]]
name = "prediction over observation"
mean = "prediction / z"
on = "x == 8"
published = 1
tolerance = 1e-9
"#;
    let found = figures(on(&table(), facts));
    assert!(found[0].2 < 1e-9 && (found[1].2 - 1.0).abs() < 1e-9, "{found:?}");
}

#[test]
fn bins_have_centres_and_pairs_both_orders() {
    let one = "[[quantity]]\nname = \"m\"\nmean = \"FORMULA\"\npublished = 1\ntolerance = 1";
    let mean = |steps: &str, formula: &str| {
        figures(on(&table(), &format!("steps = {steps}\n{}", one.replace("FORMULA", formula))))[0].2
    };
    // From 1 to 8 in three bins: centres at the roots of 2, 8 and 32.
    let centres = mean(r#"["bins c = 3 of x, 0 decades"]"#, "log2(c)");
    assert!((centres - (0.5 + 1.5 + 2.5 + 2.5) / 4.0).abs() < 1e-12, "{centres}");
    let pairs = mean(r#"["lowest y per g, x", "pairs of g by x"]"#, "log2(y_1 / y_0)");
    assert!(pairs.abs() < 1e-12, "each pair stands there in both orders: {pairs}");
}

#[test]
fn mistakes_have_a_code_and_say_what_is_wrong() {
    let cases = [
        ("steps = [\"lowst y per g\"]", "P0102", "lowst"),
        ("steps = [\"lowest y\"]", "P0103", "lowest COLUMN per A, B"),
        ("steps = [\"where x > 99\"]", "P0202", "x > 99"),
        ("steps = [\"lowest q per g\"]", "P0201", "`q`"),
        ("[[fit]]\nlaw = \"y ~ k / x^\"", "P0106", "y ~ k / x^"),
        ("[[fit]]\nlaw = \"chinchila\"", "P0301", "chinchilla"),
        ("procedure = \"nothing\"", "P0104", "nothing"),
    ];
    let quantity = "[[quantity]]\nname = \"k\"\npublished = 1\ntolerance = 1";
    for (facts, code, words) in cases {
        let outcome = on(&table(), &format!("{facts}\n{quantity}"));
        let Status::Failed { code: found, reason } = outcome.status else { panic!("{facts}: {outcome:?}") };
        assert_eq!(found, code, "{reason}");
        assert!(reason.contains(words), "{facts}: {reason}");
    }
    for (text, words) in [
        ("no facts", "+++"),
        ("+++\ntitel = 1\n+++\n", "titel"),
        (
            "+++\ntitle = \"t\"\nsource = \"s\"\nprocedure = \"p\"\n[[quantity]]\nname = \"k\"\n+++\n",
            "within",
        ),
    ] {
        let error = Description::parse("reproduce/own.md", text).unwrap_err();
        assert_eq!(error.code(), "P0101");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reproduce/README.md").is_file());
}
