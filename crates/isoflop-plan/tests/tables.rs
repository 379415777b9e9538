//! Closed forms of published planners that no named plan states, each found by planning: the inverses of the
//! compute-optimal split, mixtures of domains, transfer, translation, collapse and forgetting.
//!
//! Coefficients are by hand where the papers print none: it is the closed form that is checked, not a fit.
#![allow(clippy::unwrap_used)]

use isoflop_laws::Catalogue;
use isoflop_plan::{Laws, Method, Model, NamedPlan, Plan, Request, plan, plan_laws};

fn model(text: &str) -> Model {
    Model::parse(text, &Catalogue::builtin().unwrap()).unwrap()
}

fn of(plan: &Plan, name: &str) -> f64 {
    plan.decision.iter().find(|q| q.name == name).unwrap().estimate
}

fn near(value: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((value / expected - 1.0).abs() < tolerance, "{what}: {value} is not {expected}");
}

/// The one unknown of an equation with these values given; without an equation, what the law predicts.
fn solved(law: &str, unknown: &str, equation: &str, given: &[(&str, f64)]) -> f64 {
    let request = Request::solve(unknown);
    let request = if equation.is_empty() { request } else { request.subject_to(equation) };
    let request = given.iter().fold(request, |request, (name, value)| request.given(*name, value));
    of(&plan(&model(law), &request).unwrap(), unknown)
}

/// Hoffmann et al. 2022, arXiv 2203.15556, approach 3: the best loss of a budget, the budget of a loss, the tokens that go
/// with a size, the shares of the reducible loss, and what a wrong size costs.
#[test]
fn the_compute_optimal_split_in_all_directions() {
    let (e, a, b, alpha, beta) = (1.8172_f64, 482.01_f64, 2085.43_f64, 0.3478_f64, 0.3658_f64);
    let law = "chinchilla@besiroglu";
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    let exponent = alpha * beta / (alpha + beta);
    let reducible = 6f64.powf(exponent) * (a * g.powf(-alpha) + b * g.powf(beta));
    let flops = 3e22_f64;
    let request = Request::minimize("loss")
        .over(["N", "D"])
        .subject_to(format!("6*N*D <= {flops:e}"))
        .report("size", "loss")
        .report("ratio", "D / N");
    let best = plan(&model(law), &request).unwrap();
    let loss = e + reducible * flops.powf(-exponent);
    near(best.objective.estimate, loss, 1e-10, "loss of a budget");
    let (n, d) = (of(&best, "N"), of(&best, "D"));
    let ratio = (beta * b * 6f64.powf(beta) / (alpha * a)).powf(2.0 / (alpha + beta)) / 6.0
        * flops.powf((alpha - beta) / (alpha + beta));
    near(best.report[1].estimate, ratio, 1e-7, "tokens per parameter");
    near(d, g.powf(-(1.0 + alpha / beta)) * n.powf(alpha / beta), 1e-7, "tokens of a size");
    near(a * n.powf(-alpha) / (loss - e), beta / (alpha + beta), 1e-7, "share of the size");
    let request = Request::minimize("6*N*D").over(["N", "D"]).subject_to(format!("loss <= {loss}"));
    let budget = plan(&model(law), &request).unwrap().objective.estimate;
    near(budget, ((loss - e) / reducible).powf(-1.0 / exponent), 1e-8, "budget of a loss");
    // A size off by a factor r costs alpha beta (P + Q) (ln r)^2 / 2, to the order written.
    let factor = 1.05_f64;
    let request = Request::minimize("loss")
        .over(["D"])
        .given("N", n * factor)
        .subject_to(format!("6*N*D <= {flops:e}"));
    let off = plan(&model(law), &request).unwrap().objective.estimate - loss;
    near(off, 0.5 * alpha * beta * (loss - e) * factor.ln().powi(2), 0.02, "cost of a wrong size");
}

/// Sardana et al. 2024, arXiv 2401.00448: quality of a 30B Chinchilla model served 1e13 tokens costs 28.0 % less over its life.
#[test]
fn sardana_saves_28_per_cent() {
    let given =
        [("target", "1.9582533604758408"), ("demand", "1e13")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let named = NamedPlan::find("inference-aware").unwrap();
    let best = plan(&model("chinchilla@sardana"), &named.request(&given).unwrap());
    let best = best.unwrap();
    let spent = 6.0 * of(&best, "N") * of(&best, "D") + 2.0 * of(&best, "N") * 1e13;
    // The Chinchilla model of that quality, from the same closed form as their script.
    let least = Request::minimize("6*N*D").over(["N", "D"]).subject_to("loss <= 1.9582533604758408");
    let least = plan(&model("chinchilla@sardana"), &least).unwrap();
    let plain = least.objective.estimate + 2.0 * of(&least, "N") * 1e13;
    assert!((1.0 - spent / plain - 0.280).abs() < 1e-3, "{}", 1.0 - spent / plain);
}

/// Where two recipes are equal, `C = (K2 / K1)^(1 / (g2 - g1))` at one irreducible loss.
#[test]
fn two_recipes_cross_where_they_should() {
    let law = model("crossover:E[old]=1.8,E[new]=1.8,K[old]=90,K[new]=210,g[old]=0.1,g[new]=0.12");
    let at = |recipe: &str| law.at(&[("recipe".into(), recipe.into())]).unwrap();
    let laws = Laws::new(vec![("old".into(), at("old")), ("new".into(), at("new"))]).unwrap();
    let request = Request::solve("C").subject_to("old_loss == new_loss");
    let found = plan_laws(&laws, &request).unwrap();
    near(of(&found, "C"), (210.0_f64 / 90.0).powf(1.0 / 0.02), 1e-6, "crossover");
}

/// The worth of repeats: Muennighoff et al. 2023, arXiv 2305.16264, against the decay of ATLAS (Longpre et al. 2025,
/// arXiv 2510.22037), which is the same law with `decay = 1 / R_D`.
#[test]
fn two_laws_of_repeats_are_one() {
    let rest = "E=1.5,A=450,alpha=0.36,B=700,beta=0.33";
    let request = |law: &str| {
        let ask = Request::minimize("loss").over(["N", "D"]).given("U", 1e10).subject_to("6*N*D <= 1e22");
        plan(&model(law), &ask).unwrap()
    };
    let muennighoff = request(&format!("muennighoff_data_decay:{rest},R_D=15.387756"));
    let atlas = request(&format!("atlas_mono:{rest},decay={}", 1.0 / 15.387756));
    near(of(&muennighoff, "D"), of(&atlas, "D"), 1e-4, "D");
    near(muennighoff.objective.estimate, atlas.objective.estimate, 1e-10, "loss");
    assert!(of(&atlas, "D") > 2e10);
    for (epochs, worth) in [(2.0, 0.984), (4.0, 0.931), (8.0, 0.828), (16.0, 0.661), (40.0, 0.379)] {
        let found = solved("repeat_value@published", "worth", "", &[("epochs", epochs)]);
        near(found, worth, 1e-3, "worth of repeats");
    }
}

/// Shukor et al. 2025: with one exponent g below 1 for all domains the best shares are as `C^(1 / (1 - g))`.
#[test]
fn additive_mixtures_follow_their_closed_form() {
    let c = [2.2_f64, 1.1, 0.7];
    let law = "optimal_mixture_additive:E=1.4,C[web]=2.2,C[code]=1.1,C[books]=0.7,gamma[web]=0.5,gamma[code]=0.5,gamma[books]=0.5,A=500,alpha=0.34,B=600,beta=0.3";
    let request = Request::minimize("loss").simplex("mix_*").given("N", 1e9).given("D", 2e10);
    let found = plan(&model(law), &request).unwrap();
    let all: f64 = c.iter().map(|c| c * c).sum();
    for (name, c) in ["mix_web", "mix_code", "mix_books"].iter().zip(c) {
        near(of(&found, name), c * c / all, 1e-5, name);
    }
}

/// BiMix (Ge et al. 2024, arXiv 2405.14908): at the best shares `w alpha loss / share` is the same for all domains.
#[test]
fn bimix_shares_balance() {
    let laws = Laws::new(vec![
        ("web".into(), model("bimix:A=1,alpha=0.06,B=60,beta=0.5,C=1.8")),
        ("code".into(), model("bimix:A=1,alpha=0.10,B=40,beta=0.5,C=0.9")),
    ])
    .unwrap();
    let request = Request::minimize("0.7*web_loss + 0.3*code_loss")
        .over(["web_share", "code_share"])
        .subject_to("web_share + code_share == 1")
        .given("S", 2e4)
        .report("web", "0.7 * 0.06 * web_loss / web_share")
        .report("code", "0.3 * 0.10 * code_loss / code_share");
    let found = plan_laws(&laws, &request).unwrap();
    near(found.report[0].estimate, found.report[1].estimate, 1e-5, "balance");
    assert!(found.method == Method::GeometricProgram && found.gap.unwrap() < 1e-8);
}

/// D-CPT (Que et al. 2024, arXiv 2406.01375), rectified fine-tuning (Lin et al. 2024, arXiv 2402.02314) and loss-to-loss maps
/// (Brandfonbrener et al. 2024, arXiv 2411.12925), each turned round.
#[test]
fn laws_of_tokens_and_transfer_turn_round() {
    let (n, share, target) = (1.8e9_f64, 0.3_f64, 2.0_f64);
    let law = "d_cpt:E=1.3,A=900,alpha=0.36,B=700,eta=0.35,beta=0.33,C=0.15,eps=0.08,gamma=0.6";
    let rest = target - 1.3 - 900.0 / n.powf(0.36) - 0.15 / (share + 0.08).powf(0.6);
    let wanted = (700.0 * share.powf(0.35) / rest).powf(1.0 / 0.33);
    near(solved(law, "D", "loss == 2", &[("N", n), ("share", share)]), wanted, 1e-8, "D-CPT");
    let law = "rectified_finetuning:E=1.2,B=300,Dl=150,beta=0.6";
    let wanted = (300.0 / (2.4_f64 - 1.2) - 150.0).powf(1.0 / 0.6);
    near(solved(law, "D", "loss == 2.4", &[]), wanted, 1e-8, "rectified");
    let law = "loss_to_loss@fineweb_to_proof_pile_2";
    let wanted = 2.1700144 + ((1.5 - 1.3191056) / 0.5960987_f64).powf(1.0 / 1.0653538);
    near(solved(law, "loss0", "loss1 == 1.5", &[]), wanted, 1e-8, "loss to loss");
}

/// Ghorbani et al. 2021, arXiv 2109.07740: encoder and decoder share parameters as their exponents.
#[test]
fn encoder_and_decoder_share_as_their_exponents() {
    let request = Request::minimize("loss").over(["Ne", "Nd"]).subject_to("Ne + Nd <= 1e9");
    let found = plan(&model("nmt_encoder_decoder:E=1.1,A=0.7,p_e=0.18,p_d=0.28"), &request).unwrap();
    near(of(&found, "Ne") / of(&found, "Nd"), 0.18 / 0.28, 1e-7, "split");
}

/// Dohmatob et al. 2024, arXiv 2402.07043: n generations of T0 samples make more than `T0 / n^(1 / c)` samples useless.
#[test]
fn collapse_ends_the_use_of_data() {
    let (generations, samples, c) = (5.0_f64, 1e6_f64, 0.6_f64 / 1.6);
    let twice = 2.0 * generations * samples.powf(-c);
    let equation = format!("error == {twice:e}");
    let given = [("T0", samples), ("generations", generations)];
    let found = solved("collapse_generations:A=1,B=1,beta=1.6", "T", &equation, &given);
    near(found, samples / generations.powf(1.0 / c), 1e-7, "useful samples");
}

/// Bordt et al. 2024, arXiv 2410.03249: an example is forgotten to a share eps after `ln(1 / eps) / (lr wd)` steps; Hernandez
/// et al. 2022, arXiv 2205.10487: what repeated data cost in size.
#[test]
fn forgetting_and_damage() {
    let given = [("eps", 0.01), ("lr", 3e-4), ("weight_decay", 0.1)];
    let steps = solved("weight_decay_forgetting:rate=1", "steps", "", &given);
    near(steps, 100.0_f64.ln() / 3e-5, 1e-10, "forgetting");
    let found = solved("repeated_damage:alpha_N=0.076", "loss", "N_ratio == 0.5", &[("loss_clean", 2.0)]);
    near(found, 2.0 * 2.0_f64.powf(0.076), 1e-8, "damage");
}
