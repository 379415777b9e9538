//! What does a wrong choice of N cost? Our plan, the parabolas of approach 2, scipy's least squares, and the package
//! `chinchilla`, side by side.
//!
//! Every simulated user has a law of her own, isoFLOP runs with noise, and a budget a thousand times larger to decide on.
//! The last two run in Python (`bench/regret_peers.py`); `PYTHON` names an interpreter that has them.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use isoflop_fit::{Data, DataDigest, FitOptions, SavedFit, fit};
use isoflop_laws::{Catalogue, Law};
use isoflop_plan::{Model, NamedPlan, plan};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

const USERS: u64 = 200;
/// The decision's budget over the largest budget of the runs.
const BEYOND: f64 = 1000.0;

/// A user: her law, and her runs.
struct User {
    /// E, A, B, alpha, beta.
    values: [f64; 5],
    /// N, D, loss of each run, slice by slice.
    slices: Vec<Vec<[f64; 3]>>,
    budget: f64,
    heavy: bool,
}

impl User {
    fn new(seed: u64) -> User {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut between = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        let (alpha, beta) = (between(0.28, 0.42), between(0.28, 0.42));
        let (a, b) = (between(0.5, 1.1) * 1e8_f64.powf(alpha), between(0.5, 1.1) * 2e9_f64.powf(beta));
        let values = [between(1.4, 2.0), a, b, alpha, beta];
        let noise = between(0.001_f64.ln(), 0.01_f64.ln()).exp();
        let budgets = between(3.0, 7.0) as usize;
        let sizes = (between(20.0, 60.0) / budgets as f64).clamp(5.0, 12.0) as usize;
        let smallest = between(1e17_f64.ln(), 1e18_f64.ln()).exp();
        // The middle of the slices misses the best size by up to a factor 3, as before any run it must.
        let off = between(-1.1, 1.1);
        let width = between(3.0_f64.ln(), 8.0_f64.ln());
        let heavy = between(0.0, 1.0) < 0.5;
        let mut user = User { values, slices: Vec::new(), budget: 0.0, heavy };
        for k in 0..budgets {
            let c = smallest * 3_f64.powi(k as i32);
            let centre = user.best(c).ln() + off;
            let runs = (0..sizes)
                .map(|i| {
                    let n = (centre + width * (2.0 * i as f64 / (sizes - 1) as f64 - 1.0)).exp();
                    let d = c / (6.0 * n);
                    let normal =
                        |u: f64, v: f64| (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos();
                    let mut z = || normal(rng.random(), rng.random());
                    // Student's t with 3 degrees of freedom, or normal noise; both of the same scale.
                    let first = z();
                    let chi: f64 = [z(), z(), z()].iter().map(|z| z * z).sum();
                    let scatter = if heavy { first / (chi / 3.0).sqrt() } else { first };
                    [n, d, user.loss(n, d) * (noise * scatter).exp()]
                })
                .collect();
            user.slices.push(runs);
            user.budget = BEYOND * c;
        }
        user
    }

    fn loss(&self, n: f64, d: f64) -> f64 {
        let [e, a, b, alpha, beta] = self.values;
        e + a / n.powf(alpha) + b / d.powf(beta)
    }

    fn best(&self, c: f64) -> f64 {
        best(&self.values, c)
    }

    /// What this N loses at the budget, in per cent of the best loss.
    fn regret(&self, n: Option<f64>) -> f64 {
        let at = |n: f64| self.loss(n, self.budget / (6.0 * n));
        match n {
            Some(n) if n > 0.0 && n.is_finite() => 100.0 * (at(n) / at(self.best(self.budget)) - 1.0),
            _ => f64::INFINITY,
        }
    }

    fn runs(&self) -> impl Iterator<Item = &[f64; 3]> {
        self.slices.iter().flatten()
    }
}

/// Hoffmann et al. 2022, equation 4.
fn best(values: &[f64; 5], c: f64) -> f64 {
    let [_, a, b, alpha, beta] = values;
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    g * (c / 6.0).powf(beta / (alpha + beta))
}

/// Our way: the default fit, and the named plan.
fn ours(law: &Law, user: &User) -> Option<f64> {
    let column = |name: &str| match name {
        "N" => user.runs().map(|r| r[0]).collect(),
        "D" => user.runs().map(|r| r[1]).collect(),
        _ => Vec::new(),
    };
    let symbols = &law.formula().symbols;
    let data = Data {
        inputs: symbols.inputs.iter().map(|input| column(&input.name)).collect(),
        output: user.runs().map(|r| r[2]).collect(),
        group_of_param: vec![None; symbols.params.len()],
        ..Data::default()
    };
    let options = FitOptions { bootstrap: 0, choices: false, ..FitOptions::default() };
    let fitted = fit(law, &data, &options, &()).ok()?;
    let digest = DataDigest { sha256: String::new(), rows: data.rows(), files: Vec::new() };
    let model =
        Model::from_fit(&SavedFit::new(&law.id, law.formula(), fitted, digest, 0, Vec::new())).ok()?;
    let request = NamedPlan::find("compute-optimal")
        .ok()?
        .request(&[("flops".to_owned(), user.budget.to_string())])
        .ok()?;
    Some(plan(&model, &request).ok()?.decision.first()?.estimate)
}

/// Approach 2: a parabola in ln N on each slice, and a line through the logarithms of their minima.
fn parabolas(user: &User) -> Option<f64> {
    let mut points = Vec::new();
    for slice in &user.slices {
        let c = 6.0 * slice[0][0] * slice[0][1];
        let rows: Vec<(f64, f64)> = slice.iter().map(|r| (r[0].ln(), r[2])).collect();
        let middle = rows.iter().map(|r| r.0).sum::<f64>() / rows.len() as f64;
        let [_, slope, bend] = quadratic(&rows, middle)?;
        // A parabola that opens downwards has no minimum: such a slice is left out, as a user would.
        if bend > 0.0 {
            points.push((c.ln(), middle - slope / (2.0 * bend)));
        }
    }
    let count = points.len() as f64;
    let (x, y) =
        (points.iter().map(|p| p.0).sum::<f64>() / count, points.iter().map(|p| p.1).sum::<f64>() / count);
    let square: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / square;
    (points.len() >= 2).then(|| (y + slope * (user.budget.ln() - x)).exp())
}

/// Least squares of `a + b (x - middle) + c (x - middle)^2`, by Cramer's rule.
fn quadratic(rows: &[(f64, f64)], middle: f64) -> Option<[f64; 3]> {
    let sum = |p: i32| rows.iter().map(|r| (r.0 - middle).powi(p)).sum::<f64>();
    let with = |p: i32| rows.iter().map(|r| r.1 * (r.0 - middle).powi(p)).sum::<f64>();
    let (m, v) = (
        [[sum(0), sum(1), sum(2)], [sum(1), sum(2), sum(3)], [sum(2), sum(3), sum(4)]],
        [with(0), with(1), with(2)],
    );
    let det = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let whole = det(&m);
    let part = |k: usize| {
        let mut m = m;
        for (row, v) in m.iter_mut().zip(v) {
            row[k] = v;
        }
        det(&m) / whole
    };
    (whole.abs() > 0.0).then(|| [part(0), part(1), part(2)])
}

/// The parameters that a peer finds in Python.
fn python(peer: &str, users: &[User]) -> Vec<Option<[f64; 5]>> {
    let table = |user: &User| {
        let column = |k: usize| user.runs().map(|r| r[k]).collect::<Vec<f64>>();
        serde_json::json!({ "N": column(0), "D": column(1), "loss": column(2) })
    };
    let tables: Vec<_> = users.iter().map(table).collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/regret_peers.py");
    let interpreter = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut child = Command::new(interpreter)
        .args([script.as_os_str(), peer.as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("name an interpreter in PYTHON");
    child.stdin.take().unwrap().write_all(serde_json::to_string(&tables).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let answers: Result<Vec<Option<[f64; 5]>>, _> = serde_json::from_slice(&output.stdout);
    answers.unwrap_or_else(|_| {
        panic!("{peer} gives no answer: the interpreter PYTHON needs scipy and chinchilla")
    })
}

fn quantile(values: &[f64], level: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * level).round() as usize]
}

fn main() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let users: Vec<User> = (0..USERS).map(User::new).collect();
    let plans: Vec<Option<f64>> = users.par_iter().map(|user| ours(law, user)).collect();
    let mut regrets = vec![
        users.iter().zip(&plans).map(|(user, n)| user.regret(*n)).collect::<Vec<_>>(),
        users.iter().map(|user| user.regret(parabolas(user))).collect(),
    ];
    for peer in ["scipy", "chinchilla"] {
        let chosen = |(user, values): (&User, &Option<[f64; 5]>)| {
            user.regret(values.map(|values| best(&values, user.budget)))
        };
        regrets.push(users.iter().zip(&python(peer, &users)).map(chosen).collect());
    }
    let sizes: Vec<f64> = users.iter().map(|user| user.runs().count() as f64).collect();
    println!("# Regret of the compute-optimal decision\n");
    println!(
        "{USERS} simulated users. Each has a law `E + A / N^alpha + B / D^beta` (E 1.4 to 2, exponents 0.28 to 0.42, terms of\n\
         0.5 to 1.1 nats at 100M parameters and 2B tokens) and {} to {} runs on 3 to 6 isoFLOP slices a factor 3 apart from 1e17\n\
         to 1e18 FLOP on. The middle of the slices misses the best size by up to a factor 3, their half width is a factor 3 to 8.\n\
         Noise has a scale of 0.1 to 1 % of the loss; it is normal for one half of the users, and Student's t with 3 degrees of\n\
         freedom for the other. Each decides N for {BEYOND:e} times her largest budget. Regret is what the loss, under her own law,\n\
         exceeds the best that was to be had, in per cent.\n",
        quantile(&sizes, 0.0),
        quantile(&sizes, 1.0)
    );
    println!(
        "* isoflop: the default fit (Huber on logs) and `isoflop plan compute-optimal`;\n\
         * approach 2 of Hoffmann et al. 2022: a parabola in ln N on each slice, a power law through the minima;\n\
         * approach 3 by scipy: `curve_fit` on the loss from one start, the values that Hoffmann et al. published; the closed\n  \
         form gives N. A fit that raises, or ends where there is no optimum, counts as infinite regret;\n\
         * the package `chinchilla` 0.2.0: the best of BFGS from 32 starts, two of the five values that its README takes for\n  \
         each parameter, by its default loss (absolute deviations, ten times as much below the law as above).\n"
    );
    println!("| | median | 90th percentile | worst | no decision |");
    println!("|---|---|---|---|---|");
    let names = ["isoflop", "approach 2, parabolas", "approach 3, scipy", "package chinchilla"];
    let row = |name: &str, list: &[f64]| {
        let none = list.iter().filter(|r| !r.is_finite()).count();
        let shown = |x: f64| if x.is_finite() { format!("{x:.3} %") } else { "none".to_owned() };
        println!(
            "| {name} | {} | {} | {} | {none} |",
            shown(quantile(list, 0.5)),
            shown(quantile(list, 0.9)),
            shown(quantile(list, 1.0))
        );
    };
    for (name, list) in names.iter().zip(&regrets) {
        row(name, list);
    }
    for (heavy, title) in [(false, "normal noise"), (true, "heavy-tailed noise")] {
        println!(
            "\n## Users with {title}\n\n| | median | 90th percentile | worst | no decision |\n|---|---|---|---|---|"
        );
        for (name, list) in names.iter().zip(&regrets) {
            let part: Vec<f64> =
                users.iter().zip(list).filter(|(user, _)| user.heavy == heavy).map(|(_, r)| *r).collect();
            row(name, &part);
        }
    }
}
