//! `cargo xtask test`: everything that a commit must pass, each step timed, all steps run whatever fails.

use std::thread;
use std::time::{Duration, Instant};

use crate::browser;
use crate::command::{Output, Show, cargo, run as run_command};
use crate::counts::{self, Counts};
use crate::package;
use crate::python::{self, Environment, Recipe};
use crate::reference;
use crate::smoke;
use crate::structure;
use crate::table::Table;
use crate::workspace::Workspace;

type Outcome = Result<Counts, String>;
/// A named step, and the Python environments that it needs.
type Step = (&'static str, fn(&Workspace) -> Outcome, &'static [Recipe]);

/// In the order they run: cheap ones first.
const STEPS: &[Step] = &[
    ("structure", structure, &[]),
    ("reference", law_reference, &[]),
    ("format", format, &[]),
    ("lints", lints, &[]),
    ("tests", tests, &[]),
    ("doc-tests", doc_tests, &[]),
    ("addresses", addresses, &[]),
    ("documentation", documentation, &[]),
    ("command-line", command_line, &[]),
    ("oracles", oracles, &[python::ORACLES, python::OLDER]),
    ("python", python, &[python::PACKAGE]),
    ("browser", in_browser, &[python::BROWSER]),
    ("ray", ray, &[python::RAY]),
];

/// Runs the steps of these names, or all without any, and prints the counts. `true` when everything passed.
pub fn run(wanted: &[&str]) -> Result<bool, String> {
    if let Some(unknown) = wanted.iter().find(|name| STEPS.iter().all(|(step, ..)| step != *name)) {
        let names: Vec<&str> = STEPS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("there is no step `{unknown}`; the steps are {}", names.join(", ")));
    }
    let workspace = Workspace::find()?;
    let start = Instant::now();
    let mut table = Table::new(&["step", "passed", "failed", "left out", "time"]);
    let mut sum = Counts::default();
    let steps: Vec<&Step> =
        STEPS.iter().filter(|(name, ..)| wanted.is_empty() || wanted.contains(name)).collect();
    thread::scope(|scope| {
        // pip mostly waits, so environments are made meanwhile. A step asks for its own again: what failed here is tried
        // once more there, and told there.
        let make =
            |recipes: &[Recipe]| recipes.iter().for_each(|it| drop(Environment::make(&workspace, *it)));
        let making: Vec<_> = steps.iter().map(|(.., recipes)| scope.spawn(move || make(recipes))).collect();
        for ((name, step, _), making) in steps.iter().zip(making) {
            eprintln!("\n=== {name}");
            let began = Instant::now();
            let _ = making.join();
            let counts = step(&workspace).unwrap_or_else(|reason| {
                eprintln!("{reason}");
                Counts::one(false)
            });
            let took = began.elapsed();
            eprintln!(
                "=== {name}: {} ({})",
                if counts.failed == 0 { "passed" } else { "FAILED" },
                time(took)
            );
            let cells = [counts.passed, counts.failed, counts.skipped].map(|count| count.to_string());
            let [passed, failed, skipped] = cells;
            table.row([(*name).to_owned(), passed, failed, skipped, time(took)]);
            sum += counts;
        }
    });
    println!();
    table.print();
    println!("\ntook {}", time(start.elapsed()));
    if !workspace.root.join("../shared/data").is_dir() {
        println!(
            "note: ../shared/data is not there; tests that compare with the tables in it skipped themselves"
        );
    }
    println!("{} passed, {} failed", sum.passed, sum.failed);
    Ok(sum.failed == 0)
}

/// Seconds below a minute, else minutes and seconds.
fn time(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// One check of the structure module.
type Check = fn(&Workspace) -> structure::Findings;

fn structure(workspace: &Workspace) -> Outcome {
    let checks: [(&str, Check); 4] = [
        ("dependency direction", structure::dependency_direction),
        ("versions from the workspace", structure::workspace_versions),
        ("file sizes", structure::file_sizes),
        ("machine paths", structure::machine_paths),
    ];
    let mut sum = Counts::default();
    for (name, check) in checks {
        let findings = check(workspace).unwrap_or_else(|reason| vec![reason]);
        eprintln!("{} {name}", if findings.is_empty() { "ok  " } else { "FAIL" });
        findings.iter().for_each(|finding| eprintln!("     {finding}"));
        sum += Counts::one(findings.is_empty());
    }
    for note in structure::long_files_without_reason(workspace)? {
        eprintln!("note {note}");
    }
    Ok(sum)
}

/// The generated pages say what the law files say.
fn law_reference(workspace: &Workspace) -> Outcome {
    let findings = reference::stale(workspace)?;
    findings.iter().for_each(|finding| eprintln!("FAIL {finding}"));
    Ok(Counts::one(findings.is_empty()))
}

fn format(workspace: &Workspace) -> Outcome {
    one(&run_command(
        cargo(&workspace.root).args(["fmt", "--all", "--check", "--", "--color", "never"]),
        Show::Live,
    )?)
}

fn lints(workspace: &Workspace) -> Outcome {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    one(&run_command(cargo(&workspace.root).args(arguments), Show::Live)?)
}

/// Unit and integration tests, with `cargo nextest` where it is installed.
fn tests(workspace: &Workspace) -> Outcome {
    let has_nextest = run_command(cargo(&workspace.root).args(["nextest", "--version"]), Show::Nothing)
        .is_ok_and(|output| output.success);
    if has_nextest {
        let arguments =
            ["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--status-level", "fail"];
        let output = run_command(cargo(&workspace.root).args(arguments), Show::Live)?;
        return counted(counts::nextest(&output.stderr), &output);
    }
    let arguments =
        ["test", "--workspace", "--locked", "--no-fail-fast", "--lib", "--bins", "--tests", "--examples"];
    let output = run_command(cargo(&workspace.root).args(arguments), Show::Live)?;
    counted(counts::cargo_test(&output.stdout), &output)
}

fn doc_tests(workspace: &Workspace) -> Outcome {
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast", "--doc"];
    let output = run_command(cargo(&workspace.root).args(arguments), Show::Live)?;
    counted(counts::cargo_test(&output.stdout), &output)
}

/// What talks to servers is built for one test: it need not be fast.
const QUICK: &str = "profile.dev.package.\"*\".opt-level=0";

/// Fetching from a local server: what talks to servers is built here alone.
fn addresses(workspace: &Workspace) -> Outcome {
    let arguments = [
        "test",
        "-p",
        "isoflop-remote",
        "--features",
        "stores",
        "--locked",
        "--lib",
        "--tests",
        "--config",
        QUICK,
    ];
    let output = run_command(cargo(&workspace.root).args(arguments), Show::Live)?;
    counted(counts::cargo_test(&output.stdout), &output)
}

fn documentation(workspace: &Workspace) -> Outcome {
    let mut command = cargo(&workspace.root);
    command.args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "--deny warnings");
    one(&run_command(&mut command, Show::Live)?)
}

fn command_line(workspace: &Workspace) -> Outcome {
    build_command_line(workspace)?;
    let (findings, cases) = smoke::check(&workspace.built("debug/isoflop"), &workspace.target.join("smoke"))?;
    findings.iter().for_each(|finding| eprintln!("FAIL {finding}"));
    Ok(Counts { passed: cases - findings.len(), failed: findings.len(), skipped: 0 })
}

/// Numbers of this project against numbers from elsewhere, in Python.
fn oracles(workspace: &Workspace) -> Outcome {
    let environment = Environment::make(workspace, python::ORACLES)?;
    build_command_line(workspace)?;
    let checked = |environment: &Environment, script: &str| {
        let mut command = environment.command();
        command.arg(workspace.root.join(script)).arg(workspace.built("debug/isoflop"));
        Ok::<_, String>(Counts::one(run_command(&mut command, Show::Live)?.success))
    };
    let mut sum = Counts::default();
    for script in
        ["oracles/nist/check.py", "oracles/cli/check.py", "oracles/runs/check.py", "oracles/figures/check.py"]
    {
        sum += checked(&environment, script)?;
    }
    if python::OLDER.fits() {
        sum += checked(&Environment::make(workspace, python::OLDER)?, "oracles/runs/check.py")?;
    } else {
        println!("note: older versions of the tools are left out: they need Python 3.11 or 3.12");
        sum += Counts { skipped: 1, ..Counts::default() };
    }
    Ok(sum)
}

/// The Python package, as users have it.
fn python(workspace: &Workspace) -> Outcome {
    build_command_line(workspace)?;
    package::check(workspace)
}

/// The pages in a real browser.
fn in_browser(workspace: &Workspace) -> Outcome {
    build_command_line(workspace)?;
    browser::check(workspace)
}

/// Fits in shards on a Ray cluster that loses a node.
fn ray(workspace: &Workspace) -> Outcome {
    build_command_line(workspace)?;
    package::check_ray(workspace)
}

/// Built with the whole workspace and its tests: anything less would choose other features and compile the Parquet
/// crates again.
fn build_command_line(workspace: &Workspace) -> Result<(), String> {
    let arguments = ["build", "--locked", "--workspace", "--lib", "--bins", "--tests"];
    let built = run_command(cargo(&workspace.root).args(arguments), Show::Live)?;
    if built.success { Ok(()) } else { Err("the command line does not build".into()) }
}

/// A tool that passes or fails as a whole.
fn one(output: &Output) -> Outcome {
    Ok(Counts::one(output.success))
}

/// What a test runner counted. A runner that counted nothing, or failed with no failed test, counts as one failure.
fn counted(found: Option<Counts>, output: &Output) -> Outcome {
    let mut counts = found.ok_or("the test runner gave no summary: did the tests build?")?;
    if !output.success && counts.failed == 0 {
        eprintln!("the test runner failed (status {}) although no test did", output.status);
        counts.failed = 1;
    }
    Ok(counts)
}
