//! Sums of plans and their terms.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use isoflop_laws::Catalogue;
use isoflop_plan::{Breakdown, Laws, Model, Plan, Request, breakdown, plan_laws};

fn sums(request: &Request) -> (Plan, Vec<Breakdown>) {
    let laws = Laws::one(Model::parse("chinchilla@hoffmann", &Catalogue::builtin().unwrap()).unwrap());
    let plan = plan_laws(&laws, request).unwrap();
    let found = breakdown(&laws, request, &plan).unwrap();
    for sum in &found {
        let (value, share) = sum.terms.iter().fold((0.0, 0.0), |(v, s), t| (v + t.value, s + t.share));
        assert!((value / sum.value - 1.0).abs() < 1e-12 && (share - 1.0).abs() < 1e-12, "{sum:?}");
    }
    (plan, found)
}

fn texts(sum: &Breakdown) -> Vec<String> {
    sum.terms.iter().map(|term| term.text.replace(' ', "")).collect()
}

#[test]
fn shared_factors_are_put_back() {
    let request = Request::minimize("price / 3600 * (6*N*D / 0.4 + 2*N*demand)")
        .over(["N", "D"])
        .subject_to("loss <= 2.0")
        .given("price", 2.5)
        .given("demand", 1e13);
    let (plan, found) = sums(&request);
    assert_eq!(found.len(), 2);
    assert_eq!(texts(&found[0]), ["6*N*D/0.4", "2*N*demand"]);
    let (n, d) = (plan.decision[0].estimate, plan.decision[1].estimate);
    let training = 2.5 / 3600.0 * 6.0 * n * d / 0.4;
    assert!((found[0].terms[0].value / training - 1.0).abs() < 1e-12);
    assert!((found[0].value / plan.objective.estimate - 1.0).abs() < 1e-9);
    assert_eq!(found[1].of, "constraint");
}

#[test]
fn names_are_looked_up_and_terms_keep_their_signs() {
    let request = Request::minimize("total")
        .over(["N", "D"])
        .define("total", "training + 2*N*1e13")
        .define("training", "6*N*D")
        .subject_to("2.0 >= loss")
        .report("saved", "total - 6*N*1e12")
        .report("ratio", "D / N");
    let (_, found) = sums(&request);
    // The bound on the loss has a number on its left side, and a ratio is no sum.
    assert_eq!(found.iter().map(|sum| sum.name.as_str()).collect::<Vec<_>>(), ["total", "saved"]);
    assert_eq!(texts(&found[0]), ["training", "2*N*1e13"]);
    assert_eq!(texts(&found[1]), ["total", "-6*N*1e12"]);
    assert!(found[1].terms[1].share < 0.0);
}
