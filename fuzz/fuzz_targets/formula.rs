//! Any text as a formula: a meaning or errors with places, never a panic; and its printed form means the same.
#![no_main]

use isoflop_formula::{Formula, InputSpec, Scope, Unit, evaluate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let inputs = ["N", "D", "loss"].map(|name| InputSpec::new(name, Unit::default())).to_vec();
    let scope = Scope { text_columns: vec!["family".into()], ..Scope::open(inputs) };
    let compile = |text: &str| match text.contains('~') {
        true => Formula::compile(text, &scope),
        false => Formula::expression(text, &scope),
    };
    let formula = match compile(text) {
        Ok(formula) => formula,
        Err(diagnostics) => {
            assert!(diagnostics.has_errors() && !diagnostics.render(text).is_empty());
            return;
        }
    };
    let printed = formula.to_text();
    let again = match compile(&printed) {
        Ok(again) => again,
        // Brackets that printing adds may pass a limit on nesting or size, which is an answer too.
        Err(error) if error.0.iter().all(|d| d.code.starts_with("F09")) => return,
        Err(error) => panic!("{printed}: {}", error.render(&printed)),
    };
    assert_eq!(again.to_text(), printed);

    let column = [1.0, 2.5];
    let inputs: Vec<&[f64]> = formula.symbols.inputs.iter().map(|_| &column[..]).collect();
    let params = vec![0.5; formula.symbols.params.len()];
    let mut values = [0.0; 2];
    evaluate(&formula.graph, formula.body, &inputs, &params, &mut values);
});
