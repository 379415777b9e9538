//! Whatever the text: an answer or errors with places inside the text, never a panic and never a long wait.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::{Duration, Instant};

use isoflop_formula::{Formula, InputSpec, ParamSpec, Scope, Unit};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

fn scope() -> Scope {
    let unit = |u| Unit::parse(u).unwrap();
    Scope {
        inputs: vec![InputSpec::new("N", unit("param")), InputSpec::new("D", unit("token"))],
        text_columns: vec!["family".into()],
        params: vec![ParamSpec { tie: Some("1 - b^2".into()), ..ParamSpec::new("t") }],
        open: true,
        ..Scope::default()
    }
}

/// Compiles in every way and looks at all that comes out.
fn try_out(text: &str) {
    for result in [Formula::compile(text, &scope()), Formula::expression(text, &scope())] {
        match result {
            Ok(formula) => {
                formula.to_text();
                formula.to_latex();
                formula.warnings.iter().for_each(|w| drop(w.render(text)));
            }
            Err(errors) => {
                assert!(errors.has_errors());
                for d in &errors.0 {
                    let span = d.span.clone().unwrap_or(0..0);
                    assert!(text.get(span.clone()).is_some(), "{d} at {span:?}");
                }
                errors.render(text);
            }
        }
    }
}

const WORDS: [&str; 48] = [
    "N",
    "D",
    "family",
    "t",
    "a",
    "b",
    "1",
    "2.5",
    "7B",
    "1e400",
    "'x'",
    "\"",
    "`",
    "`q`",
    "~",
    "+",
    "-",
    "*",
    "/",
    "^",
    "**",
    "(",
    ")",
    "[",
    "]",
    ",",
    "<",
    "<=",
    "==",
    "!=",
    "and",
    "or",
    "not",
    "if(",
    "min(",
    "softmin(",
    "log(",
    "exp(",
    "sum(",
    "in",
    "A[family]",
    "A[",
    "\n",
    "#",
    " ",
    "=",
    "é",
    "\u{202e}",
];

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::with_cases(1000) })]

    #[test]
    fn any_characters(text in "\\PC{0,60}") {
        try_out(&text);
    }

    #[test]
    fn any_words(words in proptest::collection::vec(0..WORDS.len(), 0..40)) {
        try_out(&words.iter().map(|w| WORDS[*w]).collect::<String>());
    }
}

#[test]
fn large_texts_end_soon() {
    let start = Instant::now();
    let many = |n: usize, part: &str, join: &str| vec![part; n].join(join);
    let texts = [
        "(".repeat(60_000),
        "-".repeat(60_000),
        "!".repeat(60_000),
        "[".repeat(60_000),
        "`".repeat(60_000),
        "2^".repeat(30_000) + "2",
        "a[".repeat(30_000),
        "if(a,".repeat(12_000),
        many(20_000, "1", "+"),
        many(900, "1", "+"),
        many(900, "a", "^2*"),
        many(900, "log(N)", "+"),
        many(9, &format!("({})", many(500, "1", "*")), "+"),
        format!("softmin({})", many(300, "a*N", ",")),
        format!("softmin({})", many(5_000, "a", ",")),
        "softmin(".repeat(100) + "N" + &",1)".repeat(100),
        "softmax2(".repeat(100) + "N" + &",1)".repeat(100),
        "softmax2(1,".repeat(100) + "N" + &")".repeat(100),
        "exp(".repeat(150) + "N" + &")".repeat(150),
        "(N+".repeat(150) + "1e300^(D)" + &")".repeat(150),
        many(3_000, "a b", " "),
        (0..900).map(|i| format!("p{i}*N^q{i}+")).collect::<String>() + "1",
        (0..700).map(|i| format!("p{i}*N^q{i}+p{i}*D^q{i}+")).collect::<String>() + "1",
        "x".repeat(65_000),
        "#".repeat(65_000),
    ];
    for text in texts {
        try_out(&text);
        try_out(&format!("loss ~ {text}"));
    }
    // Far above what a shared test machine needs; quadratic behaviour in any step would pass it by far.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn long_chains_of_ties_end() {
    let params = (0..3_000).map(|i| ParamSpec {
        tie: Some(format!("p{} * p{}", i + 1, i + 1)),
        ..ParamSpec::new(format!("p{i}"))
    });
    let scope = Scope { params: params.collect(), open: true, ..Scope::default() };
    let errors = Formula::expression("p0", &scope).unwrap_err();
    assert!(errors.0.iter().all(|d| d.code == "F0408" || d.code == "F0902"), "{errors}");
}
