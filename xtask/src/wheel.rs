//! `cargo xtask wheel`: the wheel that is given away, installed into clean environments, and what it costs there.

use std::fs;
use std::path::PathBuf;

use crate::command::{Show, run as run_command};
use crate::pairs::Pairs;
use crate::python::{self, Environment, interpreters};
use crate::table::Table;
use crate::workspace::Workspace;

/// Bytes that the wheel may have.
const MOST: u64 = 15_000_000;
/// Milliseconds that its import may take beside that of numpy.
const SLOWEST: f64 = 150.0;

/// Builds the wheel with maturin, says how large it is, and for every Python on the path installs it into an
/// environment of its own, fits with it and times its import. `true` when everything held.
///
/// # Errors
/// No Python, no package index, or a wheel that cannot be built or installed.
pub fn run() -> Result<bool, String> {
    let workspace = Workspace::find()?;
    let wheel = build(&workspace)?;
    let size = fs::metadata(&wheel).map_err(|e| format!("cannot read {}: {e}", wheel.display()))?.len();
    let mut held = size <= MOST;
    let verdict = if held { "met" } else { "MISSED" };
    println!("{}: {:.1} MB, target < 15 MB: {verdict}", wheel.display(), size as f64 / 1e6);
    let mut table = Table::new(&["python", "import", "of it CPU", "with numpy's", "target", ""]);
    for (interpreter, version) in interpreters() {
        let environment = Environment::fresh(&workspace, &format!("venv-wheel-{version}"), &interpreter)?;
        environment.pip(&[wheel.as_path()])?;
        let mut command = environment.command();
        command.arg(workspace.root.join("bench/wheel.py"));
        let ended = run_command(command.current_dir(&workspace.target), Show::Nothing)?;
        if !ended.success {
            return Err(format!("the wheel does not work on Python {version}:\n{}", ended.stderr));
        }
        let found = Pairs::parse(&ended.stdout).unwrap_or_default();
        let number = |name: &str| found.number(name).unwrap_or(f64::NAN);
        let is_quick = number("import_ms") < SLOWEST;
        held &= is_quick;
        table.row([
            version,
            format!("{:.0} ms", number("import_ms")),
            format!("{:.0} ms", number("import_cpu_ms")),
            format!("{:.0} ms", number("numpy_too_ms")),
            format!("< {SLOWEST} ms"),
            if is_quick { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    table.print();
    Ok(held)
}

/// `maturin build --release` in an environment that has it.
fn build(workspace: &Workspace) -> Result<PathBuf, String> {
    let environment = Environment::make(workspace, python::WHEEL)?;
    let folder = workspace.target.join("wheels/release");
    let _ = fs::remove_dir_all(&folder);
    let mut command = environment.command();
    command.args(["-m", "maturin", "build", "--release", "--locked", "--out"]).arg(&folder);
    command.current_dir(workspace.root.join("python")).env("CARGO_TARGET_DIR", &workspace.target);
    if !run_command(&mut command, Show::Live)?.success {
        return Err("maturin cannot build the wheel".into());
    }
    let entries = fs::read_dir(&folder).map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
    let mut wheels = entries.flatten().map(|entry| entry.path());
    wheels.find(|path| path.extension().is_some_and(|end| end == "whl")).ok_or("maturin left no wheel".into())
}
