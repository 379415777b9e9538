//! Laws with several outputs: their statements, what is wrong with them, and the stacked law of a fit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use isoflop_formula::{Formula, InputSpec, Scope, Unit, evaluate};

const LAW: &str = "log(loss) ~ a - b * log(N / 1e6); logit(share) ~ s + k * loss";

fn scope() -> Scope {
    Scope::open(vec![InputSpec::new("N", Unit::parse("param").unwrap())])
}

fn codes(text: &str, scope: &Scope) -> Vec<&'static str> {
    Formula::compile(text, scope).unwrap_err().0.iter().map(|d| d.code).collect()
}

/// The prediction of a formula at one `N`, with the parameters in the order of the text.
fn at(formula: &Formula, inputs: &[f64], params: &[f64]) -> f64 {
    let columns: Vec<&[f64]> = inputs.iter().map(std::slice::from_ref).collect();
    let mut out = [0.0];
    evaluate(&formula.graph, formula.output.as_ref().unwrap().prediction, &columns, params, &mut out);
    out[0]
}

#[test]
fn a_later_statement_reads_what_an_earlier_one_predicts() {
    let law = Formula::compile(LAW, &scope()).unwrap();
    assert_eq!(law.outputs(), ["loss", "share"]);
    let names: Vec<&str> = law.symbols.params.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "s", "k"]);
    let params = [1.2, 0.1, -2.0, 0.5];
    let loss = (1.2 - 0.1 * 8f64.ln()).exp();
    let share = 1.0 / (1.0 + (2.0 - 0.5 * loss).exp());
    // The output itself is the first input and not read.
    assert!((at(&law, &[f64::NAN, 8e6], &params) - loss).abs() < 1e-14);
    assert!((at(&law.part(0), &[f64::NAN, 8e6], &params) - loss).abs() < 1e-14);
    assert!((at(&law.part(1), &[f64::NAN, 8e6], &params) - share).abs() < 1e-14);
    assert_eq!(law.part(1).symbols.inputs[0].name, "share");
}

#[test]
fn the_stacked_law_predicts_the_output_that_a_row_observes() {
    let law = Formula::compile(LAW, &scope()).unwrap();
    let stacked = law.stacked();
    assert_eq!(stacked.symbols.inputs.len(), law.symbols.inputs.len() + 2);
    let params = [1.2, 0.1, -2.0, 0.5];
    for (k, marks) in [[1.0, 0.0], [0.0, 1.0]].into_iter().enumerate() {
        let inputs = [f64::NAN, 3e7, marks[0], marks[1]];
        assert_eq!(at(&stacked, &inputs, &params), at(&law.part(k), &inputs[..2], &params), "{k}");
        // The left sides are chosen alike: at the prediction they are the right sides.
        let y = [at(&law.part(k), &inputs[..2], &params), 3e7, marks[0], marks[1]];
        let columns: Vec<&[f64]> = y.iter().map(std::slice::from_ref).collect();
        let (mut left, mut right) = ([0.0], [0.0]);
        evaluate(&stacked.graph, stacked.output.as_ref().unwrap().lhs, &columns, &params, &mut left);
        evaluate(&stacked.graph, stacked.body, &columns, &params, &mut right);
        assert!((left[0] - right[0]).abs() < 1e-13, "{left:?} {right:?}");
    }
}

#[test]
fn text_and_latex_have_all_statements_and_read_back() {
    let law = Formula::compile(LAW, &scope()).unwrap();
    let text = law.to_text();
    assert_eq!(text.matches('~').count(), 2, "{text}");
    let again = Formula::compile(&text, &law.scope()).unwrap();
    assert_eq!((again.to_text(), &again.symbols), (text, &law.symbols));
    assert_eq!(law.to_latex().matches(" = ").count(), 2);
    // One at the end closes the last statement.
    assert!(Formula::compile("loss ~ a; share ~ b;", &Scope::open(Vec::new())).is_ok());
}

#[test]
fn what_is_wrong_with_statements_has_a_code() {
    for (text, code) in [
        ("loss ~ a; loss ~ b", "F0509"),
        ("share ~ a * loss; loss ~ b / N", "F0510"),
        ("loss ~ cumsum(N); share ~ b * loss", "F0511"),
        ("loss ~ a; b", "F0504"),
        ("loss ~ a; loss2 ~ loss2 + 1", "F0503"),
        ("loss ~ a;; share ~ b", "F0201"),
    ] {
        assert_eq!(codes(text, &scope())[0], code, "{text}");
    }
    let spec = |name| InputSpec::new(name, Unit::default());
    let declared =
        Scope { output: Some(spec("loss")), further_outputs: vec![spec("share"), spec("score")], ..scope() };
    assert_eq!(codes("loss ~ a; share ~ b", &declared), ["F0512"]);
    assert_eq!(codes("loss ~ a; shore ~ b; score ~ c", &declared), ["F0507"]);
    assert!(Formula::compile("score ~ a; share ~ b; loss ~ c", &declared).is_ok());
    let error = Formula::expression("a; b", &scope()).unwrap_err();
    assert_eq!(error.0[0].code, "F0209");
}

#[test]
fn one_parameter_has_one_unit_in_all_statements() {
    let nat = Unit::parse("nat/token").unwrap();
    let output = |name: &str, unit| Some(InputSpec::new(name, unit));
    let declared = |second: Unit| Scope {
        output: output("loss", nat),
        further_outputs: output("other", second).into_iter().collect(),
        ..scope()
    };
    let text = "loss ~ E + a * N; other ~ F + a * N";
    assert!(Formula::compile(text, &declared(nat)).is_ok());
    assert_eq!(codes(text, &declared(Unit::parse("second").unwrap())), ["F0604"]);
    // The unit of an output holds on the right side too.
    assert_eq!(codes("loss ~ E; other ~ exp(loss)", &declared(Unit::one())), ["F0602"]);
    assert!(Formula::compile("loss ~ E; other ~ exp(-k * loss)", &declared(Unit::one())).is_ok());
}
