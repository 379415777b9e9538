//! `cargo xtask bench`: this engine beside what a user would do today, alternating in the same run.
//!
//! Each side is a process per task and round that times only its own work and prints one line of `key=value` pairs
//! (`crates/isoflop-fit/examples/bench.rs`, `bench/peers.py`). A missed target is reported, never an error: timings
//! depend on the machine and on what else it does.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Output, Show, cargo, run as run_command};
use crate::machine;
use crate::package;
use crate::pairs::Pairs;
use crate::python::{self, Environment};
use crate::readers;
use crate::table::Table;
use crate::workspace::Workspace;

/// Of the 4500 grid starts, so many go to scipy in a round unless `--full` is given.
const GRID_SAMPLE: u32 = 450;
/// Peak memory that a table of 1e7 rows may take.
const MEMORY_LIMIT: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;
/// How much more a row of the larger table may cost for the cost per row to count as flat.
const FLAT: f64 = 1.25;

/// What both sides run with.
struct Bench {
    python: Environment,
    ours: PathBuf,
    influence: PathBuf,
    plan: PathBuf,
    isoflop: PathBuf,
    peers: PathBuf,
    folder: PathBuf,
    root: PathBuf,
}

/// A comparison of a peer with this engine over several rounds.
struct Comparison {
    name: &'static str,
    unit: &'static str,
    /// The ratio asked for; peer divided by ours.
    target: f64,
    /// (ours, peer) per round.
    rounds: Vec<(f64, f64)>,
}

/// Rows by the names under which they can be asked for.
const ROWS: [&str; 12] = [
    "fit",
    "grid",
    "bootstrap",
    "influence",
    "bca",
    "nuts",
    "jacobian",
    "catalogue",
    "plans",
    "scale",
    "python",
    "runs",
];

/// Runs the rows named in `words`, or all, and prints the tables. `--full` gives scipy the whole grid.
pub fn run(words: &[&str]) -> Result<bool, String> {
    let full = words.contains(&"--full");
    let rows: Vec<&str> = words.iter().copied().filter(|word| *word != "--full").collect();
    if let Some(unknown) = rows.iter().find(|row| !ROWS.contains(row)) {
        return Err(format!("bench has no row {unknown}; it has {}", ROWS.join(", ")));
    }
    let asked = |row: &str| rows.is_empty() || rows.contains(&row);
    let workspace = Workspace::find()?;
    build(&workspace)?;
    if asked("runs") {
        println!("{}", machine::describe());
        readers::bench(&workspace)?;
    }
    if rows == ["runs"] {
        return Ok(true);
    }
    let python = Environment::make(&workspace, python::BENCH)?;
    let rival =
        python.pip(&["--no-deps", "--ignore-requires-python", "simple-scaling-laws==0.2.0"].map(Path::new));
    if let Err(reason) = &rival {
        eprintln!("simple-scaling-laws is not available, its row is left out: {reason}");
    }
    let sampler = asked("nuts")
        .then(|| python.pip(&["numpyro==0.22.0", "arviz-stats==0.8.0"].map(Path::new)))
        .transpose();
    if let Err(reason) = &sampler {
        eprintln!("numpyro is not available, its row is left out: {reason}");
    }
    let bench = Bench {
        python,
        ours: workspace.built("release/examples/bench"),
        influence: workspace.built("release/examples/influence"),
        plan: workspace.built("release/examples/bench_plan"),
        isoflop: workspace.built("release/isoflop"),
        peers: workspace.root.join("bench/peers.py"),
        folder: workspace.target.join("bench"),
        root: workspace.root.clone(),
    };
    let mut tables = bench.python.command();
    tables.arg(bench.root.join("oracles/tables.py")).arg(&bench.folder);
    let made = finished(run_command(&mut tables, Show::Nothing)?)?;
    println!("{}\ntable: {}", machine::describe(), made.stdout.trim());

    let mut comparisons = Vec::new();
    if asked("fit") {
        comparisons.push(bench.single_fit()?);
    }
    if asked("grid") {
        comparisons.push(bench.grid(full)?);
    }
    if asked("influence") {
        comparisons.push(bench.influence()?);
    }
    if asked("bootstrap") {
        comparisons.extend(bench.bootstrap(rival.is_ok())?);
    }
    if asked("bca") && rival.is_ok() {
        comparisons.push(bench.bca()?);
    }
    if asked("nuts") && sampler.is_ok() {
        comparisons.push(bench.nuts()?);
    }
    if !comparisons.is_empty() {
        print_comparisons(comparisons.iter());
    }
    if asked("jacobian") {
        bench.jacobian()?;
    }
    if asked("catalogue") {
        bench.catalogue()?;
    }
    if asked("plans") {
        bench.plans()?;
    }
    if asked("scale") {
        bench.scale()?;
    }
    if asked("python") {
        package::bench(&workspace, &bench.python)?;
    }
    Ok(true)
}

impl Bench {
    /// (a) One certified fit against one uncertified `least_squares(loss="huber")` from a good start.
    fn single_fit(&self) -> Result<Comparison, String> {
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let (ours, peer) = (self.ours("fit", "table240", &[])?, self.peer("fit", "table240", &[])?);
            if ours.number("certified") != Some(1.0) {
                eprintln!("note: our fit was not certified");
            }
            same_goal("fit", &ours, &peer);
            rounds.push((wanted(&ours, "seconds")?, wanted(&peer, "seconds")?));
        }
        Ok(Comparison {
            name: "(a) one fit, 240 rows: scipy least_squares huber",
            unit: "s",
            target: 3.0,
            rounds,
        })
    }

    /// (b) The 4500-start protocol to tight tolerance, CPU time on one core.
    fn grid(&self, full: bool) -> Result<Comparison, String> {
        let mut rounds = Vec::new();
        for round in 0..3 {
            let ours = self.ours("grid", "table240", &[])?;
            let (sample, seed) = (GRID_SAMPLE.to_string(), round.to_string());
            let part = ["--sample", &sample, "--seed", &seed];
            let peer = self.peer("grid", "table240", if full { &[] } else { &part })?;
            same_goal("grid", &ours, &peer);
            eprintln!(
                "grid, share of the starts that reach the best: ours {}, scipy {} of {} starts",
                ours.text("share").unwrap_or("?"),
                peer.text("share").unwrap_or("?"),
                peer.text("starts").unwrap_or("?")
            );
            rounds.push((wanted(&ours, "cpu")?, wanted(&peer, "cpu")?));
        }
        let name = if full {
            "(b) 4500-start grid, CPU of one core: scipy L-BFGS-B tight"
        } else {
            "(b) 4500-start grid, CPU of one core: scipy L-BFGS-B tight, 450 random starts x 10"
        };
        Ok(Comparison { name, unit: "s", target: 40.0, rounds })
    }

    /// (i) The influence report (every run and size left out, outliers, other choices), ours on two threads, against one
    /// scipy fit per row.
    fn influence(&self) -> Result<Comparison, String> {
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let command = Command::new(&self.influence);
            let ours = self.side(command, "influence", "table240", &["--threads", "2"])?;
            let peer = self.peer("fit", "table240", &[])?;
            rounds.push((wanted(&ours, "seconds")?, wanted(&peer, "seconds")? * wanted(&ours, "rows")?));
        }
        Ok(Comparison {
            name: "(i) influence report, 240 rows, two threads: one scipy fit per row",
            unit: "s",
            target: 50.0,
            rounds,
        })
    }

    /// (j) BCa intervals from 2000 replicates of a robust fit, ours on two threads, against 1000 least-squares draws.
    fn bca(&self) -> Result<Comparison, String> {
        let mut rounds = Vec::new();
        for round in 0..3 {
            let ours = self.ours("bca", "table240", &["--threads", "2"])?;
            let peer = self.peer("ssl", "table240", &["--seed", &round.to_string()])?;
            rounds.push((wanted(&ours, "seconds")?, wanted(&peer, "seconds")?));
        }
        let name =
            "(j) BCa, 2000 robust replicates, 2 threads: simple-scaling-laws 0.2.0, 1000 least-squares draws";
        Ok(Comparison { name, unit: "s", target: 5.0, rounds })
    }

    /// (k) Four chains of 1000 draws: seconds for an effective draw of the parameter that has fewest.
    fn nuts(&self) -> Result<Comparison, String> {
        let mut rounds = Vec::new();
        for _ in 0..2 {
            let ours = self.ours("nuts", "table240", &["--threads", "2"])?;
            let mut command = self.python.command();
            command.arg(self.root.join("bench/posterior.py"));
            command.arg("--table").arg(self.folder.join("table240.csv"));
            let peer = pairs(&finished(run_command(&mut command, Show::Nothing)?)?)?;
            for (who, pairs) in [("ours", &ours), ("numpyro", &peer)] {
                let text = |key| pairs.text(key).unwrap_or("?").chars().take(7).collect::<String>();
                eprintln!("nuts, {who}: {} s, {} effective draws", text("seconds"), text("ess"));
            }
            let each = |pairs: &Pairs| Ok::<f64, String>(wanted(pairs, "seconds")? / wanted(pairs, "ess")?);
            rounds.push((each(&ours)?, each(&peer)?));
        }
        Ok(Comparison {
            name: "(k) NUTS 4 x 1000, an effective draw, 2 threads: numpyro 0.22.0, compiled before",
            unit: "s",
            target: 20.0,
            rounds,
        })
    }

    /// (c) 1000 cluster-bootstrap replicates, ours on two threads.
    fn bootstrap(&self, with_rival: bool) -> Result<Vec<Comparison>, String> {
        let (mut scipy, mut rival) = (Vec::new(), Vec::new());
        for round in 0..3 {
            let ours = self.ours("bootstrap", "table240", &["--threads", "2"])?;
            let seconds = wanted(&ours, "seconds")?;
            let peer = self.peer("bootstrap", "table240", &["--seed", &round.to_string()])?;
            scipy.push((seconds, wanted(&peer, "cpu")?));
            for (who, pairs) in [("ours", &ours), ("scipy", &peer)] {
                let text = |key| pairs.text(key).unwrap_or("?").chars().take(7).collect::<String>();
                eprintln!(
                    "bootstrap, {who}: sd of alpha {}, a_opt 95 % {} to {}",
                    text("alpha_sd"),
                    text("a_opt_low"),
                    text("a_opt_high")
                );
            }
            if with_rival {
                rival.push((seconds, wanted(&self.peer("ssl", "table240", &[])?, "seconds")?));
            }
        }
        let name = "(c) 1000 cluster replicates, 2 threads: scipy L-BFGS-B tight, warm start, 1 core";
        let mut out = vec![Comparison { name, unit: "s", target: 30.0, rounds: scipy }];
        if with_rival {
            let name = "(c) same: simple-scaling-laws 0.2.0, 1000 least-squares draws";
            out.push(Comparison { name, unit: "s", target: 10.0, rounds: rival });
        }
        Ok(out)
    }

    /// (d) Value and Jacobian against a loop written by hand, both in our bench program.
    fn jacobian(&self) -> Result<(), String> {
        let report = self.ours("jacobian", "table245", &[])?;
        let (ours, floor) = (wanted(&report, "ours_us")?, wanted(&report, "floor_us")?);
        let ratio = ours / floor;
        let mut table =
            Table::new(&["value and Jacobian, 245 rows", "ours", "by hand", "ours / by hand", "target", ""]);
        let cells = [format!("{ours:.2} us"), format!("{floor:.2} us"), format!("{ratio:.2}")];
        let [ours, floor, ratio_text] = cells;
        table.row(["(d) chinchilla".into(), ours, floor, ratio_text, "<= 1.5".into(), verdict(ratio <= 1.5)]);
        println!();
        table.print();
        println!("largest relative difference of the two: {}", report.text("max_rel_diff").unwrap_or("?"));
        Ok(())
    }

    /// Reading the whole catalogue, and fitting each law on its own simulated design.
    fn catalogue(&self) -> Result<(), String> {
        let mut command = Command::new(&self.ours);
        command.arg("catalogue");
        let report = pairs(&finished(run_command(&mut command, Show::Nothing)?)?)?;
        let (read, median) = (wanted(&report, "read")?, wanted(&report, "median")?);
        let text = |key| report.text(key).unwrap_or("?");
        let mut table = Table::new(&["catalogue", "measured", "target", ""]);
        table.row([
            format!("reading all {} laws", text("laws")),
            quantity(read, "s"),
            "<= 20 ms".into(),
            verdict(read <= 0.02),
        ]);
        table.row([
            format!("one fit on the law's design, median of {}", text("fits")),
            quantity(median, "s"),
            "<= 10 ms".into(),
            verdict(median <= 0.01),
        ]);
        println!();
        table.print();
        println!("slowest fit: {} in {}", text("slowest_law"), quantity(wanted(&report, "slowest")?, "s"));
        Ok(())
    }

    /// Decisions: a plan with replicates, the slowest named plan, the next runs.
    fn plans(&self) -> Result<(), String> {
        let report = pairs(&finished(run_command(&mut Command::new(&self.plan), Show::Nothing)?)?)?;
        let text = |key| report.text(key).unwrap_or("?");
        let mut table = Table::new(&["plans", "measured", "target", ""]);
        let mut row = |what: String, key, target: &str, most: f64| {
            let seconds = wanted(&report, key)?;
            table.row([what, quantity(seconds, "s"), target.to_owned(), verdict(seconds <= most)]);
            Ok::<(), String>(())
        };
        row(format!("compute-optimal, {} draws", text("draws")), "optimal", "<= 20 ms", 0.02)?;
        row(
            format!("slowest of {} named plans: {}", text("plans"), text("slowest_plan")),
            "slowest",
            "<= 1 s",
            1.0,
        )?;
        row(format!("next over {} candidates", text("candidates")), "next", "<= 5 s", 5.0)?;
        println!();
        table.print();
        Ok(())
    }

    /// (e) `isoflop fit` on large tables: time and peak memory per row.
    fn scale(&self) -> Result<(), String> {
        let mut table = Table::new(&[
            "(e) isoflop fit --bootstrap 0",
            "rows",
            "seconds",
            "us/row",
            "peak MiB",
            "bytes/row",
        ]);
        let mut costs = Vec::new();
        for (rows, repeats) in [(1_000_000_u32, 3), (10_000_000, 1)] {
            let mut rows_command = self.python.command();
            rows_command.arg(self.root.join("bench/rows.py")).arg(rows.to_string()).arg(&self.folder);
            finished(run_command(&mut rows_command, Show::Nothing)?)?;
            for kind in ["csv", "parquet"] {
                let file = self.folder.join(format!("rows.{kind}"));
                let mut reports = (0..repeats).map(|_| self.measure(&file)).collect::<Result<Vec<_>, _>>()?;
                reports.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (seconds, bytes) = reports[reports.len() / 2];
                let per_row = (seconds / f64::from(rows), bytes / f64::from(rows));
                table.row([
                    kind.to_owned(),
                    rows.to_string(),
                    format!("{seconds:.2}"),
                    format!("{:.3}", per_row.0 * 1e6),
                    format!("{:.0}", bytes / 1024.0 / 1024.0),
                    format!("{:.0}", per_row.1),
                ]);
                costs.push((kind, per_row, bytes));
                std::fs::remove_file(&file).map_err(|e| format!("cannot remove {}: {e}", file.display()))?;
            }
        }
        println!();
        table.print();
        for (kind, small, _) in &costs[..2] {
            let Some((_, large, bytes)) = costs[2..].iter().find(|cost| cost.0 == *kind) else { continue };
            let (time, memory) = (large.0 / small.0, large.1 / small.1);
            println!(
                "{kind}: a row of 1e7 costs {time:.2} times the time and {memory:.2} times the memory of a row of 1e6 \
                 (target <= {FLAT}): {}; peak at 1e7 below 2 GiB: {}",
                verdict(time <= FLAT && memory <= FLAT),
                verdict(*bytes <= MEMORY_LIMIT)
            );
        }
        Ok(())
    }

    /// Wall seconds and peak bytes of one `isoflop fit` of a file.
    fn measure(&self, file: &Path) -> Result<(f64, f64), String> {
        let mut command = self.python.command();
        command.arg(self.root.join("bench/measure.py")).arg(&self.isoflop).arg("fit").arg(file);
        command.args(["--law", "chinchilla", "--bootstrap", "0", "--format", "json"]);
        let report = pairs(&finished(run_command(&mut command, Show::Nothing)?)?)?;
        if report.number("status") != Some(0.0) {
            return Err(format!("`isoflop fit {}` failed", file.display()));
        }
        Ok((wanted(&report, "seconds")?, wanted(&report, "rss")?))
    }

    fn ours(&self, task: &str, table: &str, extra: &[&str]) -> Result<Pairs, String> {
        self.side(Command::new(&self.ours), task, table, extra)
    }

    fn peer(&self, task: &str, table: &str, extra: &[&str]) -> Result<Pairs, String> {
        let mut command = self.python.command();
        command.arg(&self.peers);
        self.side(command, task, table, extra)
    }

    fn side(&self, mut command: Command, task: &str, table: &str, extra: &[&str]) -> Result<Pairs, String> {
        command.arg(task).arg("--table").arg(self.folder.join(format!("{table}.csv"))).args(extra);
        pairs(&finished(run_command(&mut command, Show::Nothing)?)?)
    }
}

fn print_comparisons<'a>(comparisons: impl Iterator<Item = &'a Comparison>) {
    let mut table = Table::new(&["", "ours", "peer", "ratio (range)", "target", ""]);
    for c in comparisons {
        let ratios: Vec<f64> = c.rounds.iter().map(|(ours, peer)| peer / ours).collect();
        let (ratio, least, most) = middle(&ratios);
        let side = |k: fn(&(f64, f64)) -> f64| {
            quantity(middle(&c.rounds.iter().map(k).collect::<Vec<_>>()).0, c.unit)
        };
        table.row([
            c.name.to_owned(),
            side(|round| round.0),
            side(|round| round.1),
            format!("{ratio:.1} ({least:.1} to {most:.1})"),
            format!(">= {}", c.target),
            verdict(ratio >= c.target),
        ]);
    }
    println!(
        "\nMedians over rounds in which ours and the peer take turns; the ratio is taken round by round."
    );
    table.print();
}

/// Median, least and most.
fn middle(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (sorted[sorted.len() / 2], sorted[0], sorted[sorted.len() - 1])
}

/// A duration with a readable prefix.
fn quantity(value: f64, unit: &str) -> String {
    match value {
        v if v < 1e-3 => format!("{:.1} u{unit}", v * 1e6),
        v if v < 1.0 => format!("{:.2} m{unit}", v * 1e3),
        v => format!("{v:.2} {unit}"),
    }
}

fn verdict(met: bool) -> String {
    if met { "met" } else { "MISSED" }.into()
}

/// Notes when the two sides did not end at the same goal: then their times do not compare.
fn same_goal(task: &str, ours: &Pairs, peer: &Pairs) {
    match (ours.number("goal"), peer.number("goal")) {
        (Some(a), Some(b)) if (a / b - 1.0).abs() < 1e-6 => {}
        (a, b) => eprintln!("note: {task}: the goals differ: ours {a:?}, peer {b:?}"),
    }
}

/// Builds the command line and the bench program.
pub fn build(workspace: &Workspace) -> Result<(), String> {
    let mut command = cargo(&workspace.root);
    command.args(["build", "--release", "--locked", "--workspace", "--bins", "--examples"]);
    finished(run_command(&mut command, Show::Live)?).map(|_| ())
}

fn finished(output: Output) -> Result<Output, String> {
    if output.success {
        Ok(output)
    } else {
        Err(format!("a step failed (status {}):\n{}", output.status, output.stderr))
    }
}

fn pairs(output: &Output) -> Result<Pairs, String> {
    Pairs::parse(&output.stdout)
        .ok_or_else(|| format!("no line of key=value pairs in `{}`", output.stdout.trim()))
}

fn wanted(pairs: &Pairs, key: &str) -> Result<f64, String> {
    pairs.number(key).ok_or_else(|| format!("a report lacks the number `{key}`: {pairs:?}"))
}
