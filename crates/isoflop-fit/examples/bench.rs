//! The Rust side of `cargo xtask bench`: one task per process, one line of `key=value` pairs on stdout.
//!
//! `bench TASK --table PATH [--threads N]` with TASK one of fit, grid, bootstrap, bca, nuts, jacobian, catalogue; PATH is a CSV
//! with the columns N, D, C, loss, cluster (catalogue needs none). Reading, start-up and warm-up are not timed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use isoflop_fit::{Clusters, Data, Ends, Fit, FitOptions, IntervalMethod, StartPlan, Verdict, fit};
use isoflop_formula::{ColumnList, Columns, Graph, Lowering, Node, Output, Tape, lower};
use isoflop_laws::{Catalogue, Law};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| arguments.iter().position(|a| a == flag).map(|i| arguments[i + 1].clone());
    if arguments[1] == "catalogue" {
        return catalogue();
    }
    let table = read(&value("--table").expect("--table PATH"));
    let threads = value("--threads").map_or(1, |t| t.parse().unwrap());
    let law = Catalogue::containing("chinchilla").unwrap().find("chinchilla").unwrap().clone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| match arguments[1].as_str() {
        "fit" => one_fit(&law, &table),
        "grid" => grid(&law, &table),
        "bootstrap" => bootstrap(&law, &table),
        "bca" => bca(&law, &table),
        "nuts" => nuts(&law, &table),
        "jacobian" => jacobian(&law, &table),
        other => panic!("unknown task {other}"),
    });
}

struct Table {
    n: Vec<f64>,
    d: Vec<f64>,
    loss: Vec<f64>,
    cluster: Vec<u32>,
}

fn read(path: &str) -> Table {
    let text = std::fs::read_to_string(path).unwrap();
    let heads: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let place = |name: &str| heads.iter().position(|h| *h == name).unwrap();
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    let column = |name: &str| rows.iter().map(|r| r[place(name)]).collect::<Vec<f64>>();
    let cluster = column("cluster").iter().map(|&c| c as u32).collect();
    Table { n: column("N"), d: column("D"), loss: column("loss"), cluster }
}

impl Table {
    fn data(&self, law: &Law) -> Data {
        let column = |name: &str| match name {
            "N" => self.n.clone(),
            "D" => self.d.clone(),
            _ => Vec::new(),
        };
        Data {
            inputs: law.formula().symbols.inputs.iter().map(|i| column(&i.name)).collect(),
            output: self.loss.clone(),
            ..Data::default()
        }
    }
}

fn plain() -> FitOptions {
    FitOptions { objective: "huber-log".parse().ok(), bootstrap: 0, choices: false, ..FitOptions::default() }
}

fn estimates(found: &Fit) -> String {
    found.parameters.iter().map(|p| format!(" {}={}", p.name, p.estimate)).collect()
}

fn one_fit(law: &Law, table: &Table) {
    let data = table.data(law);
    let options = plain();
    let mut times = Vec::new();
    let mut found = fit(law, &data, &options, &()).unwrap();
    for _ in 0..60 {
        let start = Instant::now();
        found = fit(law, &data, &options, &()).unwrap();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let certified = u8::from(found.certificate.verdict != Verdict::NotCertified);
    let seconds = times[times.len() / 2];
    println!(
        "task=fit seconds={seconds} goal={} certified={certified}{}",
        found.objective.value,
        estimates(&found)
    );
}

fn grid(law: &Law, table: &Table) {
    let data = table.data(law);
    let options = FitOptions { starts: StartPlan::Hoffmann, ..plain() };
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let found = fit(law, &data, &options, &()).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let starts = found.certificate.starts;
    let share = starts.agreeing as f64 / starts.tried as f64;
    println!(
        "task=grid cpu={cpu} seconds={seconds} starts={} goal={} share={share}",
        starts.tried, found.objective.value
    );
}

fn bootstrap(law: &Law, table: &Table) {
    let mut data = table.data(law);
    let count = table.cluster.iter().max().map_or(0, |m| *m as usize + 1);
    data.clusters = Some(Clusters { column: "cluster".to_string(), codes: table.cluster.clone(), count });
    let mut options = FitOptions { bootstrap: 1000, level: 0.95, ..plain() };
    options.interval.ends = Ends::Percentile;
    let _ = fit(law, &data, &FitOptions { bootstrap: 50, ..options.clone() }, &()).unwrap();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let found = fit(law, &data, &options, &()).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let place = found.parameters.iter().position(|p| p.name == "alpha").unwrap();
    let alpha: Vec<f64> = found.draws.iter().map(|d| d[place]).collect();
    let mean = alpha.iter().sum::<f64>() / alpha.len() as f64;
    let sd = (alpha.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / (alpha.len() - 1) as f64).sqrt();
    let a_opt = found.derived.iter().find(|d| d.name == "a_opt").unwrap();
    println!(
        "task=bootstrap seconds={seconds} cpu={cpu} replicates=1000 certified={} alpha_sd={sd} a_opt_low={} a_opt_high={}",
        found.draws.len(),
        a_opt.low.unwrap(),
        a_opt.high.unwrap()
    );
}

/// 2000 replicates of the robust fit with BCa ends: the whole call, certificate included.
fn bca(law: &Law, table: &Table) {
    let data = table.data(law);
    let mut options = FitOptions { bootstrap: 2000, ..plain() };
    options.interval.ends = Ends::Bca;
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let found = fit(law, &data, &options, &()).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("task=bca seconds={seconds} cpu={cpu} replicates=2000 certified={}", found.draws.len());
}

/// Four chains of 1000 draws after 1000 steps of adaptation.
fn nuts(law: &Law, table: &Table) {
    let data = table.data(law);
    let mut options = plain();
    options.bootstrap = 1;
    options.interval.method = IntervalMethod::Nuts;
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let found = fit(law, &data, &options, &()).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let posterior = found.interval.unwrap().posterior.unwrap();
    let least = posterior.summary.iter().map(|s| s.ess_bulk).fold(f64::INFINITY, f64::min);
    let rhat = posterior.summary.iter().map(|s| s.rhat).fold(0.0, f64::max);
    println!(
        "task=nuts seconds={seconds} cpu={cpu} ess={least} rhat={rhat} divergences={}",
        posterior.divergences
    );
}

/// Reading all laws, and a certified fit of each on its own simulated design under its own objective.
fn catalogue() {
    let mut starts: Vec<f64> = Vec::new();
    for _ in 0..20 {
        let start = Instant::now();
        std::hint::black_box(Catalogue::builtin().unwrap());
        starts.push(start.elapsed().as_secs_f64());
    }
    starts.sort_by(f64::total_cmp);
    let catalogue = Catalogue::builtin().unwrap();
    let options = FitOptions { bootstrap: 0, choices: false, ..FitOptions::default() };
    let mut fits: Vec<(f64, &str)> = Vec::new();
    for law in catalogue.laws() {
        let Ok(data) = isoflop_fit::simulate(law, 0.0, 0) else { continue };
        let start = Instant::now();
        let found = fit(law, &data, &options, &());
        if found.is_ok() {
            fits.push((start.elapsed().as_secs_f64(), &law.id));
        }
    }
    fits.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (slowest, name) = fits[fits.len() - 1];
    println!(
        "task=catalogue laws={} read={} fits={} median={} slowest={slowest} slowest_law={name}",
        catalogue.laws().len(),
        starts[starts.len() / 2],
        fits.len(),
        fits[fits.len() / 2].0,
    );
}

/// CPU time of this process in seconds, all threads.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).and_then(|f| f.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}

fn jacobian(law: &Law, table: &Table) {
    let formula = law.formula();
    let names = ["A", "B", "E", "alpha", "beta"];
    let place = |name: &str| formula.symbols.params.iter().position(|p| p.name == name).unwrap() as u32;
    let input = |name: &str| formula.symbols.inputs.iter().position(|i| i.name == name).unwrap();
    let mut graph = Graph::new();
    let root = lower(
        &formula.graph,
        &[formula.body],
        &mut graph,
        &mut Lowering {
            param: &mut |g, k| g.param(k),
            positive_param: &|_| true,
            positive_input: &|_| true,
            shift: false,
        },
    )[0];
    let mut outputs = vec![root];
    for name in names {
        outputs.push(graph.derivative(root, Node::Param(place(name))));
    }
    let mut list = ColumnList::default();
    let tape = Tape::compile(&graph, &outputs, &mut list, true);
    let mut inputs: Vec<&[f64]> = vec![&[]; formula.symbols.inputs.len()];
    inputs[input("N")] = &table.n;
    inputs[input("D")] = &table.d;
    let rows = table.n.len();
    let columns = Columns::hoist(&graph, &list, &inputs, rows);
    let mut ws = tape.workspace();
    let mut params = vec![0.0; formula.symbols.params.len()];
    let theta = [477.83, 2143.4, 1.8172, 0.3473, 0.3672];
    for (name, value) in names.iter().zip(theta) {
        params[place(name) as usize] = value;
    }
    let mut floor = Floor::new(&table.n, &table.d);
    let (mut ours, mut hand) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..300 {
        const REPEAT: usize = 200;
        let start = Instant::now();
        for i in 0..REPEAT {
            params[place("alpha") as usize] = theta[3] + 1e-9 * i as f64;
            tape.start(&params, &mut ws);
            tape.run(&columns, 0, rows, &mut ws);
            std::hint::black_box(tape.output(0, &columns, 0, &ws));
        }
        ours = ours.min(start.elapsed().as_secs_f64() / REPEAT as f64);
        let start = Instant::now();
        for i in 0..REPEAT {
            let mut p = theta;
            p[3] += 1e-9 * i as f64;
            floor.run(&p);
            std::hint::black_box(&floor.out);
        }
        hand = hand.min(start.elapsed().as_secs_f64() / REPEAT as f64);
    }
    params[place("alpha") as usize] = theta[3];
    tape.start(&params, &mut ws);
    tape.run(&columns, 0, rows, &mut ws);
    floor.run(&theta);
    let mut worst = 0.0_f64;
    for k in 0..6 {
        for i in 0..rows {
            let got = match tape.output(k, &columns, 0, &ws) {
                Output::Row(v) => v[i],
                Output::One(v) => v,
            };
            worst = worst.max((got / floor.out[k][i] - 1.0).abs());
        }
    }
    println!("task=jacobian ours_us={} floor_us={} max_rel_diff={worst}", ours * 1e6, hand * 1e6);
}

const WIDTH: usize = 256;

/// Value and Jacobian written by hand for this one law: the floor to compare with.
struct Floor {
    rows: usize,
    ln_n: [f64; WIDTH],
    ln_d: [f64; WIDTH],
    out: [[f64; WIDTH]; 6],
}

impl Floor {
    fn new(n: &[f64], d: &[f64]) -> Self {
        let mut floor =
            Floor { rows: n.len(), ln_n: [0.0; WIDTH], ln_d: [0.0; WIDTH], out: [[0.0; WIDTH]; 6] };
        for i in 0..n.len() {
            (floor.ln_n[i], floor.ln_d[i]) = (n[i].ln(), d[i].ln());
        }
        floor
    }

    fn run(&mut self, p: &[f64; 5]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx512f") {
            // Safety: the feature is there.
            return unsafe { self.run_avx512(p) };
        } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // Safety: the features are there.
            return unsafe { self.run_avx2(p) };
        }
        self.body(p);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,fma")]
    fn run_avx512(&mut self, p: &[f64; 5]) {
        self.body(p);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2(&mut self, p: &[f64; 5]) {
        self.body(p);
    }

    #[inline(always)]
    fn body(&mut self, &[a, b, e, alpha, beta]: &[f64; 5]) {
        let [value, da, db, de, dalpha, dbeta] = &mut self.out;
        for i in 0..self.rows {
            let (u, v) = (exp(-alpha * self.ln_n[i]), exp(-beta * self.ln_d[i]));
            let (s, t) = (a * u, b * v);
            value[i] = e + s + t;
            da[i] = u;
            db[i] = v;
            de[i] = 1.0;
            dalpha[i] = -s * self.ln_n[i];
            dbeta[i] = -t * self.ln_d[i];
        }
    }
}

/// Taylor polynomial of degree 13 after reduction by ln 2, good to about 1e-15 on -700..700.
#[inline(always)]
fn exp(x: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let t = x.mul_add(std::f64::consts::LOG2_E, SHIFT);
    let k = t - SHIFT;
    let r = (-k).mul_add(6.931_471_803_691_238e-1, x);
    let r = (-k).mul_add(1.908_214_929_270_587_7e-10, r);
    let mut p = 1.0 / 6_227_020_800.0;
    for c in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        p = r.mul_add(p, c);
    }
    p * f64::from_bits(((t.to_bits() as i64).wrapping_add(1023) << 52) as u64)
}
