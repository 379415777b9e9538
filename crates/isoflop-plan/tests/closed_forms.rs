//! Plans against published decisions and closed forms.
#![allow(clippy::unwrap_used)]

use isoflop_laws::Catalogue;
use isoflop_plan::{Method, Model, Plan, PlanError, Request, plan};

fn model(text: &str) -> Model {
    Model::parse(text, &Catalogue::builtin().unwrap()).unwrap()
}

fn optimal(set: &str, flops: f64) -> Plan {
    let request = Request::minimize("loss")
        .over(["N", "D"])
        .subject_to(format!("6*N*D <= {flops:e}"))
        .report("ratio", "D / N");
    plan(&model(set), &request).unwrap()
}

fn near(value: f64, expected: f64, tolerance: f64) {
    assert!((value / expected - 1.0).abs() < tolerance, "{value} is not {expected}");
}

/// N and D/N at a budget by the closed form, laws with C = 6 N D (Hoffmann et al. 2022, equation 4).
fn closed(values: &[(String, f64)], flops: f64) -> (f64, f64) {
    let v = |name: &str| values.iter().find(|(n, _)| n == name).unwrap().1;
    let (a, b, alpha, beta) = (v("A"), v("B"), v("alpha"), v("beta"));
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    let n = g * (flops / 6.0).powf(beta / (alpha + beta));
    (n, flops / 6.0 / (n * n))
}

#[test]
fn chinchilla_optima_are_the_published_ones() {
    // Set, budget, N, D/N, loss: computed from the coefficients with the closed form.
    let cases = [
        ("chinchilla@hoffmann_printed", 1e21, 1.82422e9, 50.0836, 2.32888),
        ("chinchilla@hoffmann", 1e21, 2.21695e9, 33.9106, 2.29549),
        ("chinchilla@hoffmann", 5.76e23, 4.03609e10, 58.9317, 1.91841),
        ("chinchilla@besiroglu", 1e21, 2.77846e9, 21.5894, 2.30553),
        ("chinchilla@besiroglu", 5.76e23, 7.22487e10, 18.3912, 1.97444),
    ];
    for (set, flops, n, ratio, loss) in cases {
        let plan = optimal(set, flops);
        near(plan.decision[0].estimate, n, 3e-6);
        near(plan.report[0].estimate, ratio, 6e-6);
        near(plan.objective.estimate, loss, 3e-6);
        assert_eq!(plan.method, Method::GeometricProgram);
        assert!(plan.gap.unwrap() < 1e-8, "{:?}", plan.gap);
        let (n, _) = closed(&model(set).values, flops);
        near(plan.decision[0].estimate, n, 1e-8);
    }
    let plan = optimal("chinchilla@llama3_points", 3.8e25);
    // Printed as 10.2T; the coefficients are printed to four digits, which moves it.
    near(plan.decision[1].estimate, 10.2e12, 2e-3);
}

#[test]
fn random_laws_meet_the_closed_form_and_their_gap_is_closed() {
    let law = Catalogue::builtin().unwrap().find("chinchilla").unwrap().clone();
    let mut state = 7u64;
    let mut next = |low: f64, high: f64| {
        // Numbers of Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        low + (high - low) * (state >> 11) as f64 / (1u64 << 53) as f64
    };
    for _ in 0..1000 {
        let values = [
            ("E", next(0.5, 3.0)),
            ("A", next(1.0, 14.0).exp()),
            ("B", next(1.0, 14.0).exp()),
            ("alpha", next(0.05, 1.2)),
            ("beta", next(0.05, 1.2)),
        ];
        let values: Vec<(String, f64)> = values.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect();
        let flops = next(41.0, 62.0).exp();
        let model = Model::from_law("random", &law, values.clone());
        let request = Request::minimize("loss").over(["N", "D"]).subject_to(format!("6*N*D <= {flops:e}"));
        let plan = plan(&model, &request).unwrap();
        let (n, _) = closed(&values, flops);
        near(plan.decision[0].estimate, n, 1e-8);
        assert!(plan.gap.unwrap() < 1e-8);
        let used = 6.0 * plan.decision[0].estimate * plan.decision[1].estimate;
        near(used, flops, 1e-9);
        let range = &plan.indifference[0];
        assert!(range.low.unwrap() < n && range.high.unwrap() > n, "{range:?} {n}");
    }
}

/// Sardana et al. 2024, arXiv 2401.00448: the cheapest model of a given loss over its life. The loss is that of a
/// Chinchilla-optimal model of the stated size.
#[test]
fn sardana_lifetime_optima() {
    let model = model("chinchilla@sardana");
    let v = |name: &str| model.values.iter().find(|(n, _)| n == name).unwrap().1;
    let cases = [(30e9, 5e12, 16.41e9, 0.163), (30e9, 1e13, 13.61e9, 0.280), (70e9, 1e13, 41.55e9, 0.1195)];
    for (base, demand, size, saved) in cases {
        let (alpha, beta) = (v("alpha"), v("beta"));
        let g = (alpha * v("A") / (beta * v("B"))).powf(1.0 / (alpha + beta));
        let tokens = (base / g).powf(alpha / beta) / g;
        let loss = v("E") + v("A") / base.powf(alpha) + v("B") / tokens.powf(beta);
        let request = Request::minimize("6*N*D + 2*N*demand")
            .over(["N", "D"])
            .subject_to(format!("loss <= {loss}"))
            .given("demand", demand);
        let plan = plan(&model, &request).unwrap();
        near(plan.decision[0].estimate, size, 5e-4);
        let saving = 1.0 - plan.objective.estimate / (6.0 * base * tokens + 2.0 * base * demand);
        assert!((saving - saved).abs() < 6e-4, "{saving} is not {saved}");
        if base == 30e9 && demand == 1e13 {
            near(plan.decision[1].estimate / tokens, 2.84, 2e-3);
        }
        assert!(plan.gap.unwrap() < 1e-8);
    }
}

/// Muennighoff et al. 2023, arXiv 2305.16264: their grid, 500 steps of epochs, ends at 9.49 epochs and 7.02e9 parameters
/// with a loss that the continuous optimum must not exceed. No geometric program: the law has kinks and exponentials.
#[test]
fn muennighoff_data_limited_optimum() {
    let model = model("muennighoff@published");
    let request = Request::minimize("loss")
        .over(["N", "D"])
        .subject_to("6*N*D <= 1e22")
        .given("U", 25e9)
        .report("epochs", "D / U");
    let found = plan(&model, &request).unwrap();
    assert_eq!((found.method, found.gap), (Method::MultiStart, None));
    near(found.decision[0].estimate, 7.02e9, 5e-3);
    near(found.report[0].estimate, 9.49, 5e-3);
    // A dense grid along the budget finds nothing better.
    let law = Catalogue::builtin().unwrap().find("muennighoff").unwrap().clone();
    for k in 0..4000 {
        let n = 1e8 * 1e4_f64.powf(f64::from(k) / 4000.0);
        let loss = law.predict(&model.values, &[("N", n), ("D", 1e22 / 6.0 / n), ("U", 25e9)]).unwrap();
        assert!(loss >= found.objective.estimate - 1e-12, "{loss} at {n}");
    }
}

#[test]
fn shadow_prices_are_slopes_of_the_optimum() {
    let model = model("chinchilla@besiroglu");
    let budget = |flops: f64| {
        let request = Request::minimize("loss")
            .over(["N", "D"])
            .subject_to(format!("6*N*D <= {flops:e}"))
            .subject_to("N <= 2e9")
            .subject_to("D >= 1e9");
        plan(&model, &request).unwrap()
    };
    let (low, middle, high) = (budget(0.9999e21), budget(1e21), budget(1.0001e21));
    let slope = (high.objective.estimate - low.objective.estimate) / 0.0002e21;
    near(middle.constraints[0].shadow_price, slope, 1e-6);
    assert!(middle.constraints[1].active && middle.constraints[1].shadow_price < 0.0);
    assert!(!middle.constraints[2].active && middle.constraints[2].shadow_price == 0.0);
    // Written the other way round, and for the loss itself.
    let cheapest = |loss: f64| {
        let request = Request::minimize("6*N*D").over(["N", "D"]).subject_to(format!("{loss} >= loss"));
        plan(&model, &request).unwrap()
    };
    let (low, high) = (cheapest(1.9999), cheapest(2.0001));
    let slope = (high.objective.estimate - low.objective.estimate) / 0.0002;
    let middle = cheapest(2.0);
    // `>=` with the number on the left: raising the right side, the loss, by 1 is the price of less room.
    near(-middle.constraints[0].shadow_price, slope, 1e-5);
}

#[test]
fn a_plan_beats_a_dense_grid() {
    let model = model("chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37");
    let request = Request::minimize("loss")
        .over(["N", "D"])
        .subject_to("6*N*D + 2*N*demand <= 1e23")
        .subject_to("N <= 3e10 and D >= 20*N")
        .given("demand", 1e12);
    let found = plan(&model, &request).unwrap();
    let mut best = f64::INFINITY;
    for i in 0..600 {
        for j in 0..600 {
            let (n, d) = (1e8 * 1e4_f64.powf(f64::from(i) / 600.0), 1e9 * 1e6_f64.powf(f64::from(j) / 600.0));
            if 6.0 * n * d + 2.0 * n * 1e12 <= 1e23 && n <= 3e10 && d >= 20.0 * n {
                best = f64::min(best, 1.8 + 480.0 / n.powf(0.35) + 2080.0 / d.powf(0.37));
            }
        }
    }
    assert!(found.objective.estimate <= best && found.objective.estimate > best - 1e-3);
    let (n, d) = (found.decision[0].estimate, found.decision[1].estimate);
    assert!(6.0 * n * d + 2.0 * n * 1e12 <= 1e23 * (1.0 + 1e-9) && d >= 20.0 * n * (1.0 - 1e-9));
}

#[test]
fn any_unknown_can_be_solved_for() {
    let model = model("chinchilla@besiroglu");
    // Loss and N give D.
    let request = Request::minimize("D").over(["D"]).subject_to("loss == 2.1").given("N", 7e9);
    let found = plan(&model, &request).unwrap();
    let d = (2085.43 / (2.1 - 1.8172 - 482.01 / 7e9_f64.powf(0.3478))).powf(1.0 / 0.3658);
    near(found.decision[0].estimate, d, 1e-9);
    // Budget and ratio give N and D; more is better.
    let request = Request::maximize("N").over(["N", "D"]).subject_to("6*N*D == 1e21").subject_to("D == 20*N");
    let found = plan(&model, &request).unwrap();
    near(found.decision[0].estimate, (1e21_f64 / 120.0).sqrt(), 1e-9);
    // The best loss, as its negative.
    let request = Request::maximize("-loss").over(["N", "D"]).subject_to("6*N*D <= 1e21");
    near(plan(&model, &request).unwrap().objective.estimate, -2.30553, 3e-6);
    // An equation that no relaxation solves: the largest model with this loss at this budget.
    let request =
        Request::maximize("N").over(["N", "D"]).subject_to("loss == 2.4").subject_to("6*N*D <= 1e21");
    let found = plan(&model, &request).unwrap();
    let (n, d) = (found.decision[0].estimate, found.decision[1].estimate);
    near(1.8172 + 482.01 / n.powf(0.3478) + 2085.43 / d.powf(0.3658), 2.4, 1e-9);
    near(6.0 * n * d, 1e21, 1e-9);
    assert!(n > 2.77846e9);
}

#[test]
fn what_cannot_be_planned_is_said() {
    let model = model("chinchilla@besiroglu");
    let code = |request: Request| plan(&model, &request).unwrap_err().code();
    let loss = || Request::minimize("loss").over(["N", "D"]);
    let infeasible =
        Request::minimize("6*N*D").over(["N", "D"]).subject_to("loss <= 1.9").subject_to("N*D <= 1e19");
    match plan(&model, &infeasible.clone().subject_to("N <= 1e15")).unwrap_err() {
        PlanError::Infeasible { blame, .. } => assert_eq!(blame, ["loss <= 1.9", "N*D <= 1e19"]),
        other => panic!("{other}"),
    }
    assert_eq!(code(Request::minimize("6*N*D").over(["N", "D"]).subject_to("loss <= 1.7")), "P0201");
    assert_eq!(code(loss()), "P0203");
    assert_eq!(code(Request::minimize("N").over(["N", "D"]).subject_to("loss <= 2.0")), "P0203");
    assert_eq!(code(loss().subject_to("6*N*D")), "P0108");
    assert_eq!(code(loss().subject_to("1 <= 2")), "P0109");
    assert_eq!(code(loss().subject_to("6*N*D <= C")), "P0107");
    assert_eq!(code(loss().subject_to("6*N*D <= 1e21").given("C", 1e21)), "P0105");
    assert_eq!(code(loss().subject_to("6*N*D <= C").given("C", "much")), "P0106");
    assert_eq!(code(Request::minimize("loss").over(["N"]).subject_to("N <= 1e9")), "P0103");
    assert_eq!(code(Request::minimize("loss").over(["N", "D", "S"]).subject_to("6*N*D <= 1e21")), "P0111");
    assert_eq!(code(Request::minimize("2").over(["N"])), "P0110");
    assert_eq!(code(loss().over(["loss"])), "P0102");
    assert_eq!(code(Request::minimize("loss")), "P0101");
    assert_eq!(code(loss().subject_to("6*N*D <= -1e21")), "P0201");
}

#[test]
fn intervals_regret_and_ranges_are_those_of_the_closed_form() {
    let mut model = model("chinchilla@besiroglu");
    let flops = 1e21;
    // Draws in which E, A, B, alpha and beta wander, as those of a bootstrap do.
    let draw = |k: usize| {
        let t = (k as f64 / 40.0 - 0.5) * 2.0;
        let values =
            [1.82 + 0.03 * t, 480.0 + 90.0 * t, 2080.0 - 300.0 * t, 0.348 + 0.01 * t, 0.366 - 0.012 * t * t];
        values.to_vec()
    };
    model.draws = (0..=40).map(draw).collect();
    let names: Vec<String> = model.values.iter().map(|(name, _)| name.clone()).collect();
    let loss = |v: &[f64], n: f64| v[0] + v[1] / n.powf(v[3]) + v[2] / (flops / 6.0 / n).powf(v[4]);
    assert_eq!(names, ["E", "A", "B", "alpha", "beta"]);
    let request = Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 1e21");
    let found = plan(&model, &request).unwrap();
    let chosen = found.decision[0].estimate;
    let mut optima = Vec::new();
    let mut regrets = Vec::new();
    for values in &model.draws {
        let named: Vec<(String, f64)> = names.iter().cloned().zip(values.iter().copied()).collect();
        let (n, _) = closed(&named, flops);
        optima.push(n);
        regrets.push(loss(values, chosen) - loss(values, n));
    }
    optima.sort_by(f64::total_cmp);
    regrets.sort_by(f64::total_cmp);
    assert_eq!(found.draws, 41);
    // 41 draws: the 5 %, 50 %, 90 % and 95 % quantiles are draws themselves.
    near(found.decision[0].low.unwrap(), optima[2], 1e-8);
    near(found.decision[0].high.unwrap(), optima[38], 1e-8);
    let regret = found.regret.unwrap();
    near(regret.high, regrets[36], 1e-6);
    near(regret.median, regrets[20], 1e-6);
    near(regret.mean, regrets.iter().sum::<f64>() / 41.0, 1e-6);
    // The ends of the flat range lose exactly the tolerance.
    let estimates: Vec<f64> = model.values.iter().map(|(_, value)| *value).collect();
    for n in [found.indifference[0].low.unwrap(), found.indifference[0].high.unwrap()] {
        near(loss(&estimates, n), 1.005 * found.objective.estimate, 1e-9);
    }
}
