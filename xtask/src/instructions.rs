//! `cargo xtask instructions`: instructions that each task of the bench program executes, against kept counts.
//!
//! A count under callgrind hardly depends on the machine or its load, so it shows a slow-down that a timing hides.
//! Valgrind knows no AVX-512, so what is counted is the AVX2 path.

use std::path::Path;
use std::process::Command;

use crate::bench;
use crate::command::{Show, run as run_command};
use crate::python::{self, Environment};
use crate::table::Table;
use crate::workspace::Workspace;

const TASKS: [&str; 4] = ["fit", "grid", "bootstrap", "jacobian"];
/// Growth of a count that is called a regression. Another compiler or C library may move it by one or two percent.
const ALLOWED: f64 = 1.05;
/// Where the counts are kept, one `task count` per line.
const KEPT: &str = "bench/instructions.txt";

/// Counts every task and compares with the kept counts, or with `keep` writes them. `false` if one grew too much.
pub fn run(keep: bool) -> Result<bool, String> {
    let workspace = Workspace::find()?;
    bench::build(&workspace)?;
    let python = Environment::make(&workspace, python::BENCH)?;
    let folder = workspace.target.join("instructions");
    let mut tables = python.command();
    tables.arg(workspace.root.join("oracles/tables.py")).arg(&folder).arg("--twin");
    if !run_command(&mut tables, Show::Nothing)?.success {
        return Err("oracles/tables.py failed".into());
    }
    let program = workspace.built("release/examples/bench");
    let counts = TASKS
        .iter()
        .map(|task| count(&program, task, &folder.join("table240.csv")))
        .collect::<Result<Vec<u64>, String>>()?;
    let kept = workspace.root.join(KEPT);
    if keep {
        let lines: String =
            TASKS.iter().zip(&counts).map(|(task, count)| format!("{task} {count}\n")).collect();
        std::fs::write(&kept, lines).map_err(|e| format!("cannot write {KEPT}: {e}"))?;
    }
    let text = std::fs::read_to_string(&kept)
        .map_err(|e| format!("cannot read {KEPT}: {e}; `cargo xtask instructions --keep` makes it"))?;
    let mut table = Table::new(&["task", "instructions", "kept", "ratio", ""]);
    let mut sound = true;
    for (task, count) in TASKS.iter().zip(&counts) {
        let before: f64 = text
            .lines()
            .find_map(|line| line.strip_prefix(task)?.trim().parse().ok())
            .ok_or_else(|| format!("{KEPT} has no count of `{task}`"))?;
        let ratio = *count as f64 / before;
        sound &= ratio <= ALLOWED;
        let word = if ratio > ALLOWED { "GREW" } else { "ok" };
        table.row([
            (*task).into(),
            count.to_string(),
            format!("{before}"),
            format!("{ratio:.3}"),
            word.into(),
        ]);
    }
    table.print();
    Ok(sound)
}

/// Instructions of one task under callgrind.
fn count(program: &Path, task: &str, table: &Path) -> Result<u64, String> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    command.arg(program).arg(task).arg("--table").arg(table);
    let output = run_command(&mut command, Show::Nothing)
        .map_err(|e| format!("{e}; install valgrind (Debian: apt-get install valgrind)"))?;
    if !output.success {
        return Err(format!("task {task} failed under valgrind:\n{}", output.stderr));
    }
    let collected = output.stderr.lines().find_map(|line| line.split_once("Collected :"));
    collected
        .and_then(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| format!("valgrind printed no count for {task}:\n{}", output.stderr))
}
