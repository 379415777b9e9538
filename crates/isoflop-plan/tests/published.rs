//! Published exponents and decisions that follow from whole coefficient sets, found by planning.
#![allow(clippy::unwrap_used)]

use isoflop_laws::Catalogue;
use isoflop_plan::{Model, Plan, Request, plan};

fn model(text: &str) -> Model {
    Model::parse(text, &Catalogue::builtin().unwrap()).unwrap()
}

fn of(plan: &Plan, name: &str) -> f64 {
    plan.decision.iter().find(|q| q.name == name).unwrap().estimate
}

fn near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((value / expected - 1.0).abs() < tolerance, "{what}: {value} is not {expected}");
}

/// The exponents a and b of every coefficient set: the slopes of the planned N and D between two budgets, against
/// `beta / (alpha + beta)` and `alpha / (alpha + beta)` (Hoffmann et al. 2022, arXiv 2203.15556, equation 4).
#[test]
fn chinchilla_exponents_of_every_set() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let mut sets = 0;
    for set in law.sets.iter().filter(|set| set.complete().is_some()) {
        let model = model(&format!("chinchilla@{}", set.id));
        let values = set.complete().unwrap();
        let v = |name: &str| values.iter().find(|(known, _)| known == name).unwrap().1;
        let budget = |flops: f64| {
            let request =
                Request::minimize("loss").over(["N", "D"]).subject_to(format!("6*N*D <= {flops:e}"));
            plan(&model, &request).unwrap()
        };
        let (low, high) = (budget(1e21), budget(1e23));
        let slope = |name: &str| (of(&high, name) / of(&low, name)).ln() / 100f64.ln();
        near(slope("N"), v("beta") / (v("alpha") + v("beta")), 1e-8, &set.id);
        near(slope("D"), v("alpha") / (v("alpha") + v("beta")), 1e-8, &set.id);
        sets += 1;
    }
    assert!(sets >= 8, "{sets}");
    // As printed: 0.46 and 0.54 by approach 3 of Hoffmann et al., 0.513 and 0.487 in the replication.
    for (id, a) in [("hoffmann_printed", 0.45), ("hoffmann", 0.4565), ("besiroglu", 0.5126)] {
        let derived = law.derive("a_opt", law.coefficients(id).unwrap().complete().unwrap(), &[]).unwrap();
        near(derived, a, 0.01, id);
    }
}

/// The tokens of Llama 3: 10.2T at 3.8e25 FLOP by the surface fitted to the points of its report; the parabolas of
/// approach 2 give 16T.
#[test]
fn llama_3_tokens() {
    let request = Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 3.8e25");
    let best = plan(&model("chinchilla@llama3_points"), &request).unwrap();
    // The coefficients are printed to four digits.
    near(of(&best, "D"), 10.2e12, 2e-3, "D");
    near(of(&best, "N"), 621.6e9, 3e-3, "N");
}

/// Kaplan et al. 2020, arXiv 2001.08361, Table 6: N, B, S and D grow with compute to the powers 0.73, 0.24, 0.03 and
/// 0.27, fitted to the runs. The law of N and S at the critical batch (appendix B.1) says 0.68 for N and 0.07 for S.
#[test]
fn kaplan_exponents() {
    // C = 6 N B S with B = Bcrit(L) twice, once for the steps and once for the batch: C = 24 N Bcrit S.
    let model = model("kaplan_ns@kaplan");
    let budget = |flops: f64| {
        let request = Request::minimize("loss")
            .over(["N", "S"])
            .subject_to(format!("24*N*S*2.1e8 / loss^(1/0.21) <= {flops:e}"))
            .subject_to("N <= 1e15")
            .subject_to("S <= 1e9");
        plan(&model, &request).unwrap()
    };
    let (low, high) = (budget(1e19), budget(1e21));
    let slope = |a: f64, b: f64| (b / a).ln() / 100f64.ln();
    let n = slope(of(&low, "N"), of(&high, "N"));
    let s = slope(of(&low, "S"), of(&high, "S"));
    let loss = slope(low.objective.estimate, high.objective.estimate);
    // alpha_C = 1 / (1/alpha_S + 1/alpha_B + 1/alpha_N) = 0.052, and N ~ C^(alpha_C / alpha_N) and so on, equation 6.4 ff.
    let alpha = 1.0 / (1.0 / 0.76 + 1.0 / 0.21 + 1.0 / 0.077);
    near(n, alpha / 0.077, 1e-5, "N");
    near(s, alpha / 0.76, 1e-5, "S");
    near(-loss, alpha, 1e-5, "loss");
    assert!(
        (n - 0.73).abs() < 0.06 && (s - 0.03).abs() < 0.05 && (alpha - 0.054).abs() < 0.003,
        "{n} {s} {alpha}"
    );
    // The rounded table itself.
    let catalogue = Catalogue::builtin().unwrap();
    for (law, name, power) in [
        ("kaplan_nopt", "a", 0.73),
        ("kaplan_batch_opt", "b", 0.24),
        ("kaplan_smin_opt", "c", 0.03),
        ("kaplan_dopt", "d", 0.27),
    ] {
        let set = catalogue.find(law).unwrap().coefficients("table6").unwrap().complete().unwrap().to_vec();
        assert_eq!(set.iter().find(|(known, _)| known == name).unwrap().1, power, "{law}");
    }
}

/// The allocation of the law of N and D in the same paper: `p (Nc / N)^p = Dc / D` with p = alpha_N / alpha_D, so that
/// N grows to the power 1 / (1 + p) = 0.575, far from 0.73: this form knows neither steps nor batch.
#[test]
fn kaplan_allocation_without_steps() {
    let (p, nc, dc) = (0.076_f64 / 0.103, 6.4e13_f64, 1.8e13_f64);
    for flops in [1e20_f64, 1e23] {
        let request = Request::minimize("loss").over(["N", "D"]).subject_to(format!("6*N*D <= {flops:e}"));
        let best = plan(&model("kaplan_nd@kaplan"), &request).unwrap();
        let n = (p * nc.powf(p) * flops / (6.0 * dc)).powf(1.0 / (1.0 + p));
        near(of(&best, "N"), n, 1e-7, "N");
    }
}

/// Gadre et al. 2024, arXiv 2403.08540: the best tokens per parameter of each data set, 3.36, 7.42 and 5.85.
#[test]
fn gadre_best_ratios() {
    for (set, ratio) in [("c4", 3.36), ("redpajama", 7.42), ("refinedweb", 5.85)] {
        let request = Request::minimize("loss").over(["M"]).given("C", 1e21);
        let best = plan(&model(&format!("gadre_loss@{set}")), &request).unwrap();
        near(of(&best, "M"), ratio, 2e-3, set);
    }
}

/// What sparsity is worth: Frantar et al. 2023, arXiv 2309.08520, give the dense
/// model that equals a sparse one as 1.59, 2.16 and 2.63 times its non-zero weights at 50, 75 and 87.5 %.
#[test]
fn frantar_multipliers() {
    for (sparsity, times) in [(0.5, 1.59), (0.75, 2.16), (0.875, 2.63)] {
        let model = model("frantar_sparse@t5");
        let law = Catalogue::builtin().unwrap().find("frantar_sparse").unwrap().clone();
        let at = [("S", sparsity), ("N", 1e8), ("D", 1e11)];
        let loss = law.predict(&model.values, &at).unwrap();
        let request = Request::minimize("N")
            .over(["N"])
            .subject_to(format!("loss <= {loss}"))
            .given("S", 1e-12)
            .given("D", 1e11);
        near(of(&plan(&model, &request).unwrap(), "N"), times * 1e8, 4e-3, "times");
    }
}
