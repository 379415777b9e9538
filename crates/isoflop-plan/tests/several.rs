//! Plans of several laws, shares on a simplex, unknowns, levels, ranges and curves.
#![allow(clippy::unwrap_used)]

use isoflop_laws::{Catalogue, Law};
use isoflop_plan::{Laws, Method, Model, Plan, PlanError, Request, curves, plan, plan_laws};

fn model(text: &str) -> Model {
    Model::parse(text, &Catalogue::builtin().unwrap()).unwrap()
}

fn of_formula(name: &str, text: &str, columns: &[&str], texts: &[&str], values: &[(&str, f64)]) -> Model {
    let law = Law::from_formula(text, columns, texts).unwrap();
    Model::from_law(name, &law, values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect())
}

fn laws(list: &[(&str, Model)]) -> Laws {
    Laws::new(list.iter().map(|(role, model)| ((*role).to_owned(), model.clone())).collect()).unwrap()
}

fn near(value: f64, wanted: f64, relative: f64) {
    assert!((value - wanted).abs() <= relative * wanted.abs(), "{value} is not {wanted}");
}

fn estimate(plan: &Plan, name: &str) -> f64 {
    let all = plan.decision.iter().chain([&plan.objective]).chain(&plan.report);
    all.into_iter().find(|q| q.name == name).unwrap_or_else(|| panic!("no {name}")).estimate
}

/// Error in the loss, and the loss in N and D: the two steps of a benchmark target.
fn two_steps() -> Laws {
    let names = &["error", "loss"];
    let values = &[("e", 0.85), ("k", 2.0), ("g", 0.8)];
    let error = of_formula("error", "error ~ e - k * exp(-g * loss)", names, &[], values);
    laws(&[("loss", model("chinchilla@besiroglu")), ("bench", error)])
}

#[test]
fn a_law_reads_what_another_predicts() {
    let target = 0.85 - 2.0 * (-0.8_f64 * 2.1).exp();
    let request = Request::minimize("6*N*D")
        .over(["N", "D"])
        .subject_to(format!("error <= {target}"))
        .report("loss", "loss");
    let found = plan_laws(&two_steps(), &request).unwrap();
    // The same as the loss that the error asks for, planned with one law.
    let direct = Request::minimize("6*N*D").over(["N", "D"]).subject_to("loss <= 2.1");
    let direct = plan(&model("chinchilla@besiroglu"), &direct).unwrap();
    near(found.objective.estimate, direct.objective.estimate, 1e-7);
    near(estimate(&found, "loss"), 2.1, 1e-9);
    // Under its role too.
    let role = Request::minimize("bench_error").over(["N", "D"]).subject_to("6*N*D <= 1e22");
    let loss =
        Request::minimize("loss_loss").over(["N", "D"]).subject_to("6*N*D <= 1e22").report("e", "error");
    let (role, loss) = (plan_laws(&two_steps(), &role).unwrap(), plan_laws(&two_steps(), &loss).unwrap());
    near(estimate(&role, "N"), estimate(&loss, "N"), 1e-6);
    near(role.objective.estimate, estimate(&loss, "e"), 1e-9);
}

#[test]
fn draws_of_several_laws_go_together_by_number() {
    let mut a = of_formula("a", "loss ~ E + A / N", &["loss", "N"], &[], &[("E", 1.0), ("A", 4.0)]);
    let mut b = of_formula("b", "cost ~ k * N", &["cost", "N"], &[], &[("k", 1.0)]);
    a.draws = (0..40).map(|k| vec![1.0, 4.0 + f64::from(k) / 10.0]).collect();
    b.draws = (0..60).map(|k| vec![1.0 + f64::from(k) / 100.0]).collect();
    // The optimum is N = sqrt(A / k).
    let request = Request::minimize("loss + cost").over(["N"]);
    let found = plan_laws(&laws(&[("a", a), ("b", b)]), &request).unwrap();
    assert_eq!(found.draws, 40);
    let best = |k: u32| ((4.0 + f64::from(k) / 10.0) / (1.0 + f64::from(k) / 100.0)).sqrt();
    let mut optima: Vec<f64> = (0..40).map(best).collect();
    optima.sort_by(f64::total_cmp);
    let place = 0.95 * 39.0;
    let high = optima[37] + (place - 37.0) * (optima[38] - optima[37]);
    near(found.decision[0].high.unwrap(), high, 1e-7);
    near(found.decision[0].estimate, 2.0, 1e-9);
}

#[test]
fn one_of_two_laws_may_read_an_input_of_its_own() {
    let both = laws(&[("draft", model("chinchilla@besiroglu")), ("large", model("chinchilla@besiroglu"))]);
    let request = Request::minimize("draft_loss + large_loss")
        .over(["draft_N", "N", "D"])
        .subject_to("6*N*D <= 1e22")
        .subject_to("draft_N == N / 10");
    let found = plan_laws(&both, &request).unwrap();
    near(estimate(&found, "draft_N"), estimate(&found, "N") / 10.0, 1e-9);
    // A definition stands for an input that no formula decides.
    let kaplan = model("kaplan_n@kaplan");
    let request =
        Request::minimize("width").over(["width"]).define("N", "12 * width^3").subject_to("loss <= 2.5");
    let found = plan(&kaplan, &request).unwrap();
    let direct = Request::minimize("N").over(["N"]).subject_to("loss <= 2.5");
    near(12.0 * estimate(&found, "width").powi(3), plan(&kaplan, &direct).unwrap().objective.estimate, 1e-7);
}

#[test]
fn roles_and_names_that_do_not_fit_are_said() {
    let chinchilla = model("chinchilla@besiroglu");
    let twice = laws(&[("a", chinchilla.clone()), ("b", chinchilla.clone())]);
    let ask = |objective: &str| Request::minimize(objective).over(["N", "D"]).subject_to("6*N*D <= 1e22");
    let code = |laws: &Laws, request: &Request| plan_laws(laws, request).unwrap_err().code();
    assert_eq!(code(&twice, &ask("loss")), "P0123");
    assert_eq!(code(&twice, &ask("a_loss")), "P0126");
    assert_eq!(code(&twice, &ask("a_loss + c_loss")), "P0107");
    let bad = |role: &str| Laws::new(vec![(role.to_owned(), chinchilla.clone())]).unwrap_err().code();
    assert_eq!([bad("6"), bad("")], ["P0122"; 2]);
    let same = Laws::new(vec![("a".into(), chinchilla.clone()), ("a".into(), chinchilla.clone())]);
    assert_eq!(same.unwrap_err().code(), "P0122");
    // Laws that read what the other predicts.
    let x = of_formula("x", "x ~ a * y", &["x", "y"], &[], &[("a", 1.0)]);
    let y = of_formula("y", "y ~ b * x", &["x", "y"], &[], &[("b", 1.0)]);
    let circle = Request::minimize("x + N").over(["N"]);
    match plan_laws(&laws(&[("p", x), ("q", y)]), &circle).unwrap_err() {
        PlanError::Circle { names } => assert_eq!(names.first(), names.last()),
        other => panic!("{other}"),
    }
    let defined = ask("loss").define("a", "b + 1").define("b", "a").subject_to("a <= N");
    assert_eq!(plan(&chinchilla, &defined).unwrap_err().code(), "P0124");
    assert_eq!(plan(&chinchilla, &ask("loss").define("Z", "N")).unwrap_err().code(), "P0105");
    // Bits per byte are not nats per token.
    let bits = model("chinchilla@besiroglu");
    let reader = Catalogue::builtin().unwrap();
    let reader = reader
        .laws()
        .iter()
        .find(|law| law.inputs.iter().any(|i| i.name == "loss" && i.unit.to_string() == "bit/byte"));
    if let Some(reader) = reader {
        let values = reader.formula().symbols.params.iter().map(|p| (p.name.clone(), 1.0)).collect();
        let other = Model::from_law("other", reader, values);
        let output = reader.output.name.clone();
        let both = laws(&[("a", bits), ("b", other)]);
        assert_eq!(code(&both, &ask(&format!("b_{output}"))), "P0125");
    }
}

/// Shukor's additive form with three domains.
fn mixture() -> Model {
    model(
        "optimal_mixture_additive:E=1.4,C[web]=2.2,C[code]=1.1,C[books]=0.7,gamma[web]=0.5,gamma[code]=0.5,\
         gamma[books]=0.5,alpha=0.34,beta=0.3,A=500,B=600",
    )
}

#[test]
fn a_mixture_is_proved_and_equals_its_closed_form() {
    let request = Request::minimize("loss").simplex("mix_*").given("N", 1e9).given("D", 2e10);
    let found = plan(&mixture(), &request).unwrap();
    // With one exponent g the best share of domain i goes as C_i^(1/(1-g)).
    let weights = [2.2_f64, 1.1, 0.7].map(|c| c * c);
    let sum: f64 = weights.iter().sum();
    for (name, weight) in ["mix_web", "mix_code", "mix_books"].iter().zip(weights) {
        near(estimate(&found, name), weight / sum, 1e-8);
    }
    assert_eq!(found.method, Method::Convex);
    assert!(found.gap.unwrap() < 1e-9 && found.scanned > 1000, "{found:?}");
    // A bound on a share is proved as well, and a share that is given stays.
    let bound = plan(&mixture(), &request.clone().subject_to("mix_web <= 0.3")).unwrap();
    near(estimate(&bound, "mix_web"), 0.3, 1e-9);
    assert!(bound.gap.unwrap() < 1e-8 && bound.objective.estimate > found.objective.estimate);
    near(estimate(&bound, "mix_code") / estimate(&bound, "mix_books"), weights[1] / weights[2], 1e-7);
    let given = plan(&mixture(), &request.clone().given("mix_books", 0.4)).unwrap();
    near(estimate(&given, "mix_web"), 0.6 * weights[0] / (weights[0] + weights[1]), 1e-8);
    // Draws are planned again.
    let mut moved = mixture();
    let values: Vec<f64> = moved.values.iter().map(|(_, x)| *x).collect();
    let place = moved.values.iter().position(|(name, _)| name == "C[web]").unwrap();
    let draw = |k: u32| {
        values
            .iter()
            .enumerate()
            .map(|(i, x)| if i == place { 1.8 + 0.04 * f64::from(k) } else { *x })
            .collect()
    };
    moved.draws = (0..21).map(draw).collect();
    let with_draws = plan(&moved, &request).unwrap();
    let web = |c: f64| c * c / (c * c + weights[1] + weights[2]);
    near(with_draws.decision[0].low.unwrap(), web(1.84), 1e-6);
    assert!(with_draws.regret.unwrap().mean > 0.0);
}

#[test]
fn shares_may_be_nothing_and_corners_are_found() {
    let linear = "regmix_linear:c[a]=3.1,c[b]=2.6,c[c]=2.9,c[d]=2.7";
    let found = plan(&model(linear), &Request::minimize("loss").simplex("mix_*")).unwrap();
    assert_eq!(found.decision.len(), 4);
    near(estimate(&found, "mix_b"), 1.0, 1e-6);
    assert_eq!(estimate(&found, "mix_a"), 0.0);
    assert!(found.method == Method::Convex && found.gap.unwrap() < 1e-6, "{found:?}");
    // Not convex: exponents above 1 make corners better than what lies between. A dense grid finds nothing better.
    let text = "loss ~ 3 - a * x^2 - b * y^2 - c * z^2";
    let corners =
        of_formula("corners", text, &["loss", "x", "y", "z"], &[], &[("a", 0.9), ("b", 1.0), ("c", 0.8)]);
    let request =
        Request::minimize("loss").over(["x", "y", "z"]).subject_to("x + y + z == 1").subject_to("y <= 0.6");
    let found = plan(&corners, &request).unwrap();
    assert_eq!((found.method, found.gap), (Method::MultiStart, None));
    let mut best = f64::INFINITY;
    for i in 0..=200 {
        for j in 0..=(200 - i) {
            let (x, y) = (f64::from(i) / 200.0, f64::from(j) / 200.0);
            if y <= 0.6 {
                best = f64::min(best, 3.0 - 0.9 * x * x - y * y - 0.8 * (1.0 - x - y).powi(2));
            }
        }
    }
    assert!(found.objective.estimate <= best + 1e-9, "{} {best}", found.objective.estimate);
    near(estimate(&found, "x"), 1.0, 1e-6);
}

#[test]
fn shares_that_do_not_add_up_are_refused() {
    let ask = |given: &[(&str, f64)]| {
        let request = Request::minimize("loss").simplex("mix_*").given("N", 1e9).given("D", 2e10);
        given.iter().fold(request, |request, (name, x)| request.given(*name, x))
    };
    let code = |request: Request| plan(&mixture(), &request).unwrap_err().code();
    assert_eq!(code(ask(&[("mix_web", 0.7), ("mix_code", 0.4)])), "P0129");
    assert_eq!(code(ask(&[("mix_web", 0.7), ("mix_code", 0.2), ("mix_books", 0.2)])), "P0129");
    assert_eq!(code(ask(&[("mix_web", -0.1)])), "P0129");
    assert_eq!(code(Request::minimize("loss").simplex("share_*").over(["N"])), "P0128");
    assert_eq!(code(Request::minimize("loss").over(["w_*"])), "P0128");
}

#[test]
fn unknowns_are_solved_for_with_a_proof_or_a_reason() {
    let chinchilla = model("chinchilla@besiroglu");
    let request = Request::solve("D").subject_to("loss = 2.1").given("N", 7e9);
    let found = plan(&chinchilla, &request).unwrap();
    let d = (2085.43 / (2.1 - 1.8172 - 482.01 / 7e9_f64.powf(0.3478))).powf(1.0 / 0.3658);
    near(estimate(&found, "D"), d, 1e-12);
    assert!(found.method == Method::Root && found.gap.is_some());
    // Raising the target by 1e-6 moves D by the shadow price.
    let higher =
        plan(&chinchilla, &Request::solve("D").subject_to("loss = 2.100001").given("N", 7e9)).unwrap();
    near((estimate(&higher, "D") - d) / 1e-6, found.constraints[0].shadow_price, 1e-3);
    // Below what N alone allows.
    let floor = 1.8172 + 482.01 / 7e9_f64.powf(0.3478);
    match plan(&chinchilla, &Request::solve("D").subject_to("loss == 1.99").given("N", 7e9)).unwrap_err() {
        PlanError::NoSolution { why, .. } => {
            assert!(why.contains(&format!("{floor:.3}")[..4]) && why.contains("however large D is"), "{why}");
        }
        other => panic!("{other}"),
    }
    // Budget to loss and back; a deadline to GPUs.
    let loss = Request::solve("loss").over(["N", "D"]).subject_to("6*N*D <= 1e23");
    let loss = plan(&chinchilla, &loss).unwrap().objective.estimate;
    let flops = Request::solve("flops")
        .over(["N", "D"])
        .subject_to("6*N*D <= flops")
        .subject_to(format!("loss <= {loss}"));
    near(plan(&chinchilla, &flops).unwrap().objective.estimate, 1e23, 1e-6);
    let gpus =
        Request::solve("gpus").subject_to("6*N*D <= 3600*hours*gpus*peak").given("N", 7e9).given("D", 2e12);
    let gpus = plan(&chinchilla, &gpus.given("hours", 720).given("peak", "4e14")).unwrap();
    near(estimate(&gpus, "gpus"), 6.0 * 7e9 * 2e12 / (3600.0 * 720.0 * 4e14), 1e-12);
    let at = plan(&chinchilla, &Request::solve("loss").given("N", 7e9).given("D", 1e12)).unwrap();
    near(at.objective.estimate, floor + 2085.43 / 1e12_f64.powf(0.3658), 1e-12);
    // Two solutions: the smaller one, and the other is said; a side condition chooses.
    let two = |request: Request| plan(&chinchilla, &request.subject_to("x + 1/x == 2.5")).unwrap();
    let found = two(Request::solve("x"));
    near(estimate(&found, "x"), 0.5, 1e-12);
    assert!(
        found.gap.is_none()
            && found.warnings.iter().any(|w| w.code == "several-solutions" && w.message.contains('2'))
    );
    near(estimate(&two(Request::solve("x").subject_to("x >= 1")), "x"), 2.0, 1e-12);
    let code = |request: Request| plan(&chinchilla, &request).unwrap_err().code();
    assert_eq!(code(Request::solve("x").subject_to("x + 1/x == 2.5").subject_to("x >= 3")), "P0201");
    assert_eq!(code(Request::solve("x").subject_to("x <= 3").subject_to("x >= 1")), "P0130");
}

#[test]
fn draws_without_a_solution_leave_the_interval_open() {
    let mut law = model("chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37");
    // Every fifth draw cannot reach the target at all.
    let draw = |k: u32| {
        vec![if k.is_multiple_of(5) { 2.2 } else { 1.8 + 0.0001 * f64::from(k) }, 480.0, 2080.0, 0.35, 0.37]
    };
    law.draws = (0..50).map(draw).collect();
    let found = plan(&law, &Request::solve("D").subject_to("loss == 2.2").given("N", 7e9)).unwrap();
    let decided = &found.decision[0];
    assert!(decided.low.unwrap() < decided.estimate * 1.5 && decided.high.is_none(), "{decided:?}");
    assert!(
        found.warnings.iter().any(|w| w.message.starts_with("in 10 of 50 draws")),
        "{:?}",
        found.warnings
    );
}

#[test]
fn given_texts_choose_levels() {
    let values = &[("E", 1.5), ("A[llama]", 400.0), ("A[qwen]", 100.0), ("alpha", 0.35)];
    let law = Law::from_formula("loss ~ E + A[family] / N^alpha", &["loss", "N"], &["family"]).unwrap();
    let grouped =
        Model::from_law("grouped", &law, values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect());
    let ask =
        |family: &str| Request::minimize("N").over(["N"]).subject_to("loss <= 2").given("family", family);
    let best = |family: &str| plan(&grouped, &ask(family)).unwrap().objective.estimate;
    near(best("llama") / best("qwen"), 4.0_f64.powf(1.0 / 0.35), 1e-7);
    match plan(&grouped, &ask("lama")).unwrap_err() {
        error @ PlanError::UnknownLevel { .. } => {
            assert!(error.to_string().contains("did you mean llama?"), "{error}")
        }
        other => panic!("{other}"),
    }
    let none = Request::minimize("N").over(["N"]).subject_to("loss <= 2");
    let error = plan(&grouped, &none).unwrap_err().to_string();
    assert!(error.contains("--given family=llama"), "{error}");
    // The law at a level needs no text any more, and predicts the same.
    let at = grouped.at(&[("family".into(), "llama".into())]).unwrap();
    near(plan(&at, &none).unwrap().objective.estimate, best("llama"), 1e-12);
    // Comparisons with a text.
    let text = "loss ~ if(family == \"llama\", 2.0, 1.0) + A / N^alpha";
    let compared =
        of_formula("compared", text, &["loss", "N"], &["family"], &[("A", 400.0), ("alpha", 0.35)]);
    let loss = |family: &str| {
        plan(&compared, &Request::solve("loss").given("N", 1e9).given("family", family)).unwrap()
    };
    near(loss("llama").objective.estimate - loss("qwen").objective.estimate, 1.0, 1e-12);
}

#[test]
fn leaving_the_range_of_the_runs_or_of_the_publication_is_said() {
    let published = model("chinchilla@besiroglu");
    let ask =
        |flops: f64| Request::minimize("loss").over(["N", "D"]).subject_to(format!("6*N*D <= {flops:e}"));
    let outside = |model: &Model, flops: f64| plan(model, &ask(flops)).unwrap().warnings;
    assert!(outside(&published, 1e21).is_empty());
    let far = outside(&published, 1e24);
    let said =
        |name: &str| far.iter().filter_map(|w| w.outside.as_ref()).find(|o| o.name == name).unwrap().clone();
    assert_eq!(far.iter().filter(|w| w.code == "outside-the-measured").count(), 2);
    let n = said("N");
    near(n.ratio, n.value / n.high, 1e-12);
    assert!((1e10..2e10).contains(&n.high) && said("D").ratio > 5.0);
    let verdict = plan(&published, &ask(1e24)).unwrap().verdict();
    assert!(verdict.contains(" times above"), "{verdict}");
    // Given values count as well.
    let given = Request::minimize("D").over(["D"]).subject_to("loss <= 3").given("N", 5e10);
    let given = plan(&published, &given).unwrap();
    assert!(given.warnings.iter().any(|w| w.outside.as_ref().is_some_and(|o| o.name == "N")));
}

#[test]
fn curves_lie_on_the_closed_form() {
    let laws = Laws::one(model("chinchilla@besiroglu"));
    let request = Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 1e22");
    let found = plan_laws(&laws, &request).unwrap();
    let curves = curves(&laws, &request, &found).unwrap();
    let loss = |n: f64, d: f64| 1.8172 + 482.01 / n.powf(0.3478) + 2085.43 / d.powf(0.3658);
    let [frontier] = curves.frontier.as_slice() else { panic!("{curves:?}") };
    assert!(frontier.limit.len() == 31 && (frontier.limit[15] / 1e22 - 1.0).abs() < 1e-9);
    near(frontier.objective[15].unwrap(), found.objective.estimate, 1e-9);
    assert!(frontier.objective.windows(2).all(|w| w[1].unwrap() < w[0].unwrap()));
    let valley = &curves.valley[0];
    for (n, value) in valley.value.iter().zip(&valley.objective) {
        near(value.unwrap(), loss(*n, 1e22 / 6.0 / n), 1e-9);
    }
    let least = valley.regret.iter().flatten().copied().fold(f64::INFINITY, f64::min);
    assert!(least < 1e-9 && valley.regret.iter().flatten().all(|r| *r >= 0.0) && valley.name == "N");
    assert_eq!(curves.slices.len(), 5);
    for slice in &curves.slices {
        for (n, value) in slice.value.iter().zip(&slice.objective) {
            near(value.unwrap(), loss(*n, slice.limit / 6.0 / n), 1e-9);
        }
    }
}

#[test]
fn random_general_plans_beat_a_dense_grid_and_name_what_stands_in_the_way() {
    // Data-limited laws with kinks and exponentials: no geometric programs.
    let mut state = 11u64;
    let mut next = |low: f64, high: f64| {
        // Numbers of Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let law = Law::from_formula(
        "loss ~ E + A / N^alpha + B / (U * R * (1 - exp(-D / U / R)))^beta",
        &["loss", "N", "D", "U"],
        &[],
    )
    .unwrap();
    for round in 0..RANDOM {
        let values = [
            ("E", next(0.5, 3.0)),
            ("A", next(3.0, 9.0).exp()),
            ("alpha", next(0.2, 0.7)),
            ("B", next(3.0, 9.0).exp()),
            ("R", next(2.0, 20.0)),
            ("beta", next(0.2, 0.7)),
        ];
        let v = values.map(|(_, v)| v);
        let (flops, unique) = (next(42.0, 58.0).exp(), next(18.0, 26.0).exp());
        let model =
            Model::from_law("random", &law, values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect());
        let request = Request::minimize("loss")
            .over(["N", "D"])
            .subject_to(format!("6*N*D <= {flops:e}"))
            .given("U", unique);
        let found = plan(&model, &request)
            .unwrap_or_else(|error| panic!("{round}: {error} at {v:?} {flops:e} {unique:e}"));
        let (n, d) = (found.decision[0].estimate, found.decision[1].estimate);
        assert!(6.0 * n * d <= flops * (1.0 + 1e-9), "{round}: {n} {d} {flops}");
        let loss = |n: f64, d: f64| {
            v[0] + v[1] / n.powf(v[2])
                + v[3] / (unique * v[4] * (1.0 - (-d / unique / v[4]).exp())).powf(v[5])
        };
        near(found.objective.estimate, loss(n, d), 1e-10);
        let least = (0..2000)
            .map(|k| 1e3 * 1e12_f64.powf(f64::from(k) / 2000.0))
            .map(|n| loss(n, flops / 6.0 / n))
            .fold(f64::INFINITY, f64::min);
        assert!(
            found.objective.estimate <= least * (1.0 + 1e-9),
            "{round}: {} {least} {v:?}",
            found.objective.estimate
        );
        // Each of these searches from all starts.
        if round % 15 != 0 {
            continue;
        }
        // A loss that the unique tokens do not allow; the constraint on N is innocent.
        let most = unique * v[4];
        let floor = v[0] + v[3] / most.powf(v[5]);
        let request = Request::minimize("6*N*D").over(["N", "D"]).given("U", unique).subject_to("N <= 1e20");
        let impossible = request.subject_to(format!("loss <= {}", v[0] + 0.5 * (floor - v[0])));
        match plan(&model, &impossible).unwrap_err() {
            PlanError::NoneFound { blame, .. } | PlanError::Infeasible { blame, .. } => {
                assert!(blame.iter().any(|text| text.starts_with("loss")), "{round}: {blame:?}");
            }
            // The search may run to the edge of its box instead.
            PlanError::Unbounded { names, .. } => assert!(!names.is_empty()),
            other => panic!("{round}: {other}"),
        }
    }
}

/// Laws of the random test.
const RANDOM: usize = 150;
