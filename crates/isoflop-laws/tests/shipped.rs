//! Every law that ships: reads, holds together, and gives its golden values.

#![allow(clippy::unwrap_used)] // The helpers of the tests too.

use std::collections::HashSet;

use isoflop_formula::{Binary, Formula, Graph, Input, InputKind, Node, NodeId, Param, Unary, print};
use isoflop_laws::{Catalogue, Grade, Law, Standing, Value};

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap_or_else(|errors| panic!("{errors}"))
}

/// Walks the graph with the scalar functions: a second opinion beside the tape that `predict` uses.
///
/// `inputs` has the rows of one run up to the present one for each input. `moving` is the unknown of an equation, or
/// the row that a sum over the past has come to.
fn walk(graph: &Graph, node: NodeId, inputs: &[Vec<f64>], params: &[f64], moving: f64) -> f64 {
    let value = |id| walk(graph, id, inputs, params, moving);
    match graph.node(node) {
        Node::Const(bits) => f64::from_bits(bits),
        Node::Input(index) => *inputs[index as usize].last().unwrap(),
        Node::Earlier(index) => inputs[index as usize][moving as usize],
        Node::Past(body, ..) => {
            let rows = inputs.iter().map(Vec::len).max().unwrap();
            (0..rows).map(|k| walk(graph, body, inputs, params, k as f64)).sum()
        }
        Node::Param(index) => params[index as usize],
        Node::Unary(op, a) => Unary::apply(op, value(a)),
        Node::Binary(op, a, b) => Binary::apply(op, value(a), value(b)),
        Node::If(c, a, b) => value(if value(c) != 0.0 { a } else { b }),
        Node::Unknown(_) => moving,
        Node::Root(k) => {
            let equation = graph.equation(k);
            let at = |x| walk(graph, equation.body, inputs, params, x);
            let (mut low, mut high) = (value(equation.low), value(equation.high));
            let below = at(low) > 0.0;
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                if (at(middle) > 0.0) == below { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        }
    }
}

fn walk_formula(
    formula: &Formula,
    node: NodeId,
    values: &[(String, f64)],
    inputs: &[(String, Value)],
) -> f64 {
    let given = |name: &str| inputs.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let input = |input: &Input| match (&input.kind, given(&input.name)) {
        (InputKind::Column, Some(Value::Number(value))) => vec![*value],
        (InputKind::Column, Some(Value::Sequence(values))) => values.clone(),
        (InputKind::Earlier { lag, .. }, Some(Value::Sequence(values))) => {
            let back = |k: usize| values[k.saturating_sub(*lag as usize)];
            (0..values.len()).map(back).collect()
        }
        (InputKind::TextEquals { value, .. }, Some(Value::Text(text))) => {
            vec![f64::from(u8::from(value == text))]
        }
        _ => vec![f64::NAN],
    };
    let find = |name: &str| values.iter().find(|(key, _)| key == name).map(|&(_, value)| value);
    let param = |param: &Param| {
        let level = param.group.as_deref().and_then(given);
        let own = level.and_then(|level| match level {
            Value::Text(level) => find(&format!("{}[{level}]", param.name)),
            Value::Number(_) | Value::Sequence(_) => None,
        });
        own.or_else(|| find(&param.name)).or_else(|| find(param.name.split('[').next()?)).unwrap_or(f64::NAN)
    };
    let inputs: Vec<Vec<f64>> = formula.symbols.inputs.iter().map(input).collect();
    let params: Vec<f64> = formula.symbols.params.iter().map(param).collect();
    walk(&formula.graph, node, &inputs, &params, f64::NAN)
}

fn prediction(law: &Law) -> NodeId {
    law.formula().output.as_ref().unwrap().prediction
}

#[test]
fn the_laws_of_the_first_catalogue_are_there() {
    let catalogue = catalogue();
    let names = "kaplan_n kaplan_d kaplan_c kaplan_cmin kaplan_nd kaplan_ns kaplan_bcrit chinchilla henighan_n \
                 henighan_c hestness rosenfeld rosenfeld_envelope alabdulmohsin_m1 alabdulmohsin_m2 \
                 alabdulmohsin_m3 alabdulmohsin_m4 bnsl1 bnsl2 bnsl3 vit_double_saturating";
    for name in names.split_whitespace() {
        assert_eq!(catalogue.find(name).unwrap().id, name);
    }
    for (alias, id) in
        [("kaplan", "kaplan_nd"), ("M1", "alabdulmohsin_m1"), ("bnsl", "bnsl1"), ("besiroglu", "chinchilla")]
    {
        assert_eq!(catalogue.find(alias).unwrap().id, id);
    }
}

/// The program trusts the units and names of its own laws; here they are checked as in a user's file.
#[test]
fn every_law_passes_as_a_file_of_a_user() {
    for law in catalogue().laws() {
        let again = Law::parse(&format!("{}.md", law.id), law.text());
        let again = again.unwrap_or_else(|errors| panic!("{}: {errors}", law.id));
        assert_eq!(again.formula().symbols, law.formula().symbols, "{}", law.id);
    }
}

#[test]
fn names_and_aliases_are_unique() {
    let catalogue = catalogue();
    let mut seen = HashSet::new();
    for law in catalogue.laws() {
        for name in std::iter::once(&law.id).chain(&law.aliases) {
            assert!(seen.insert(name.to_lowercase()), "`{name}` is used twice");
        }
    }
}

#[test]
fn golden_values_are_reproduced() {
    let mut checked = 0;
    for law in catalogue().laws() {
        for golden in &law.golden {
            let values = law.coefficients(&golden.coefficients).unwrap().complete().unwrap();
            let (value, walked) = match &golden.quantity {
                None => (
                    law.predict(values, &golden.inputs).unwrap(),
                    walk_formula(law.formula(), prediction(law), values, &golden.inputs),
                ),
                Some(name) if law.outputs().any(|output| output.name == *name) => {
                    let part = law.outputs().position(|output| output.name == *name).unwrap();
                    let formula = law.formula().part(part);
                    (
                        law.derive(name, values, &golden.inputs).unwrap(),
                        walk_formula(
                            &formula,
                            formula.output.as_ref().unwrap().prediction,
                            values,
                            &golden.inputs,
                        ),
                    )
                }
                Some(name) => {
                    let formula = law.derived(name).unwrap().formula();
                    (
                        law.derive(name, values, &golden.inputs).unwrap(),
                        walk_formula(formula, formula.body, values, &golden.inputs),
                    )
                }
            };
            let error = (value / golden.value - 1.0).abs();
            assert!(error <= golden.tolerance, "{} {golden:?}: {value}, off by {error:e}", law.id);
            assert!((value / walked - 1.0).abs() < 1e-12, "{}: tape {value}, walk {walked}", law.id);
            checked += 1;
        }
    }
    assert!(checked >= 25, "only {checked}");
}

#[test]
fn every_law_has_what_the_reference_needs() {
    for law in catalogue().laws() {
        let id = &law.id;
        assert!(law.formula().warnings.is_empty(), "{id}: {:?}", law.formula().warnings);
        assert!(law.recipe.is_some(), "{id}");
        assert!(law.decision.is_some(), "{id} does not say which decision it supports");
        assert!(!law.citations.is_empty(), "{id}");
        let design = law.design.as_ref().unwrap_or_else(|| panic!("{id} has no design"));
        let rows = design.table().rows;
        let free = law.formula().symbols.params.iter().filter(|param| param.fixed.is_none()).count();
        assert!(rows > 2 * free, "{id}: {rows} rows");
        let used = law.sets.iter().all(|set| law.citation(&set.source).is_some());
        assert!(used, "{id}");
        for (heading, text) in law.prose.sections() {
            assert!(text.len() > 40, "{id}: `{heading}` says too little");
        }
    }
}

/// On its own design each law must give finite values that its parameters move, every one of them.
#[test]
fn every_parameter_moves_the_prediction_on_the_design() {
    for law in catalogue().laws() {
        let design = law.design.as_ref().unwrap();
        let table = design.table();
        let rows: Vec<_> = (0..table.rows).map(|row| table.row(row)).collect();
        let at = |values: &[(&str, f64)]| -> Vec<f64> {
            let outputs = law.outputs().map(|output| &output.name);
            outputs.flat_map(|name| rows.iter().map(|row| law.derive(name, values, row).unwrap())).collect()
        };
        let values: Vec<(&str, f64)> = design.values.iter().map(|(name, v)| (name.as_str(), *v)).collect();
        let base = at(&values);
        assert!(base.iter().all(|v| v.is_finite()), "{}: {base:?}", law.id);
        let floor = 1e-12 * base.iter().fold(0f64, |m, v| m.max(v.abs()));
        for (k, (name, value)) in values.iter().enumerate().filter(|(_, (_, value))| *value != 0.0) {
            let fixed = law.parameters.iter().any(|p| p.name == *name && p.fixed.is_some());
            let mut moved = values.clone();
            moved[k].1 = value * 1.01;
            let change = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(floor);
            let largest = at(&moved).iter().zip(&base).map(change).fold(0.0, f64::max);
            assert!(fixed || largest > 1e-6, "{}: {name} is dead on the design", law.id);
        }
    }
}

#[test]
fn formulas_print_and_read_back_to_the_same_graph() {
    for law in catalogue().laws() {
        let formula = law.formula();
        let text = print::text(&formula.graph, &formula.symbols, formula.body);
        let scope = isoflop_formula::Scope::of(&formula.symbols);
        let again = Formula::expression(&text, &scope).unwrap_or_else(|errors| panic!("{text}: {errors}"));
        assert_eq!(print::text(&again.graph, &again.symbols, again.body), text, "{}", law.id);
        let whole = formula.to_text();
        let again = Formula::compile(&whole, &formula.scope()).unwrap_or_else(|e| panic!("{whole}: {e}"));
        assert_eq!(again.to_text(), whole, "{}", law.id);
        assert_eq!(again.outputs(), formula.outputs());
    }
}

#[test]
fn memory_is_never_published() {
    let catalogue = catalogue();
    let sets = || catalogue.laws().iter().flat_map(|law| &law.sets);
    let from_memory: Vec<_> = sets().filter(|set| set.grade == Grade::Memory).collect();
    assert!(!from_memory.is_empty());
    for set in from_memory {
        assert_eq!(set.standing(), Standing::StartingHint);
        assert!(!set.is_published() && set.published().is_none() && set.complete().is_none());
        assert!(set.to_string().contains("from memory, starting hint only"), "{set}");
    }
    let chinchilla = catalogue.find("chinchilla").unwrap();
    let optimum = chinchilla.coefficients("besiroglu_optimum").unwrap();
    assert_eq!(optimum.standing(), Standing::Recomputed);
    assert!(optimum.published().is_none() && optimum.complete().is_some());
    assert!(optimum.to_string().contains("recomputed, not the paper's own numbers"));
    let paper = chinchilla.coefficients("besiroglu").unwrap();
    let text = "besiroglu: E = 1.8172 +- 0.03, A = 482.01 +- 124.58, B = 2085.43 +- 1293.23, \
                alpha = 0.3478 +- 0.02, beta = 0.3658 +- 0.02";
    assert!(paper.to_string().starts_with(text), "{paper}");
}

#[test]
fn the_two_ways_to_write_the_rosenfeld_envelope_agree() {
    let catalogue = catalogue();
    let law = catalogue.find("rosenfeld_envelope").unwrap();
    let values = law.design.as_ref().unwrap().values.clone();
    let v = |name: &str| values.iter().find(|(key, _)| key == name).unwrap().1;
    for (d, n) in [(1e2, 1e3), (1e5, 1e6), (1e9, 1e9)] {
        let e = v("a") / f64::powf(d, v("alpha")) + v("b") / f64::powf(n, v("beta")) + v("c");
        // |e / (e - i eta)|, by hand: the modulus of a quotient is the quotient of the moduli.
        let expected = v("eps0") * e / e.hypot(v("eta"));
        let got = law.predict(&values, &[("D", d), ("N", n)]).unwrap();
        assert!((got / expected - 1.0).abs() < 1e-14);
    }
}

#[test]
fn m4_in_x_satisfies_the_published_equation_in_y() {
    let catalogue = catalogue();
    let law = catalogue.find("m4").unwrap();
    let values = law.design.as_ref().unwrap().values.clone();
    let v = |name: &str| values.iter().find(|(key, _)| key == name).unwrap().1;
    for y in [0.11, 0.3, 0.7, 0.94] {
        let x = law.predict(&values, &[("y", y)]).unwrap();
        let left = (y - v("y_inf")) / (v("y0") - y).powf(v("alpha"));
        let right = v("beta") * x.powf(v("c"));
        assert!((left / right - 1.0).abs() < 1e-12, "{y}: {left} {right}");
    }
}

/// Two and three breaks against the product form of the paper.
#[test]
fn bnsl_equals_the_product_form() {
    let catalogue = catalogue();
    for n in 1..=3 {
        let law = catalogue.find(&format!("bnsl{n}")).unwrap();
        let values = law.design.as_ref().unwrap().values.clone();
        let v = |name: String| values.iter().find(|(key, _)| *key == name).unwrap().1;
        for x in [30.0, 1e3, 3e5, 1e8] {
            let breaks = (1..=n).map(|i| {
                let (c, d, f) = (v(format!("c{i}")), v(format!("d{i}")), v(format!("f{i}")));
                (1.0 + (x / d).powf(1.0 / f)).powf(-c * f)
            });
            let expected = v("a".into()) + v("b".into()) * x.powf(-v("c0".into())) * breaks.product::<f64>();
            let got = law.predict(&values, &[("x", x)]).unwrap();
            assert!((got / expected - 1.0).abs() < 1e-11, "bnsl{n} at {x}: {got} {expected}");
        }
    }
}
