//! The pages in a real browser: Debian's Chromium, driven from Python, with axe-core and schemathesis.

use std::process::Command;

use crate::command::{Show, run};
use crate::counts::Counts;
use crate::python::{self, Environment};
use crate::workspace::Workspace;

/// What Debian calls them.
const PACKAGES: [&str; 2] = ["chromium", "chromium-driver"];
/// Scripts below `browser/`; each takes the program and says what failed.
const SCRIPTS: [&str; 2] = ["browser/report.py", "browser/explorer.py"];

/// Runs all scripts that are there. Without a browser, and where none can be installed, the step says so and is left out.
///
/// # Errors
/// No Python environment, or a program that is not built.
pub fn check(workspace: &Workspace) -> Result<Counts, String> {
    if let Some(reason) = missing() {
        println!("note: the browser tests are left out: {reason}");
        return Ok(Counts { skipped: 1, ..Counts::default() });
    }
    let environment = Environment::make(workspace, python::BROWSER)?;
    let mut sum = Counts::default();
    for script in SCRIPTS.iter().map(|script| workspace.root.join(script)).filter(|script| script.is_file()) {
        let mut command = environment.command();
        command.arg(script).arg(workspace.built("debug/isoflop"));
        sum += Counts::one(run(&mut command, Show::Live)?.success);
    }
    Ok(sum)
}

/// Why there is no browser, after trying to install one.
fn missing() -> Option<String> {
    let works =
        |name: &str| run(Command::new(name).arg("--version"), Show::Nothing).is_ok_and(|done| done.success);
    let is_there = || works("chromium") && works("chromedriver");
    if is_there() {
        return None;
    }
    // A fresh machine may have no list of packages.
    let _ = run(Command::new("apt-get").arg("update"), Show::Nothing);
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--no-install-recommends"]).args(PACKAGES);
    let installed = run(&mut install, Show::Nothing);
    if is_there() {
        return None;
    }
    let said = installed.map_or_else(|error| error, |done| done.stderr);
    let last = said.lines().last().unwrap_or_default();
    Some(format!("chromium and chromedriver are missing, and apt-get could not install them ({last})"))
}
