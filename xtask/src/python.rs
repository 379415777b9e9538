//! Python environments below the target folder, made from pinned requirement files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Show, run};
use crate::workspace::Workspace;

/// A Python that has what a requirement file lists.
pub struct Environment {
    /// Its interpreter.
    pub python: PathBuf,
}

impl Environment {
    /// Makes `target/<name>` from the requirement file, or takes it as it is when it was made from the same text.
    ///
    /// # Errors
    /// No Python 3.11 or later, no `venv` module, or no package index that pip can reach: each says what to do.
    pub fn make(workspace: &Workspace, name: &str, requirements: &str) -> Result<Self, String> {
        let folder = workspace.target.join(name);
        let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
        let wanted = workspace.read(requirements)?;
        let stamp = folder.join("made-from.txt");
        let works = || run(Command::new(&python).arg("--version"), Show::Nothing).is_ok_and(|o| o.success);
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && works() {
            return Ok(Self { python });
        }
        let environment = Self::fresh(workspace, name, &find_python()?)?;
        environment.pip(&["-r".as_ref(), workspace.root.join(requirements).as_path()])?;
        fs::write(&stamp, wanted).map_err(|e| format!("cannot write {}: {e}", stamp.display()))?;
        Ok(environment)
    }

    /// Makes `target/<name>` anew with this interpreter and nothing in it.
    ///
    /// # Errors
    /// No `venv` module.
    pub fn fresh(workspace: &Workspace, name: &str, interpreter: &str) -> Result<Self, String> {
        let folder = workspace.target.join(name);
        let made =
            run(Command::new(interpreter).args(["-m", "venv", "--clear"]).arg(&folder), Show::Nothing)?;
        if !made.success {
            return Err(format!(
                "`{interpreter} -m venv` failed; on Debian and Ubuntu install python3-venv\n{}{}",
                made.stdout, made.stderr
            ));
        }
        Ok(Self { python: folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" }) })
    }

    /// Runs `pip install` with these arguments.
    pub fn pip(&self, arguments: &[&Path]) -> Result<(), String> {
        let mut command = self.command();
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        let installed = run(command.args(arguments), Show::Nothing)?;
        if installed.success {
            return Ok(());
        }
        let reason: Vec<&str> = installed.stderr.lines().rev().take(12).collect();
        Err(format!(
            "pip could not install what these checks need. If it cannot reach a package index, point it at one \
             (PIP_INDEX_URL) and run again. pip said:\n{}",
            reason.into_iter().rev().collect::<Vec<_>>().join("\n")
        ))
    }

    /// A command that starts with this environment's interpreter.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// The first Python on the path that is at least 3.11.
fn find_python() -> Result<String, String> {
    let test = "import sys; sys.exit(sys.version_info < (3, 11))";
    ["python3.11", "python3", "python"]
        .into_iter()
        .find(|name| run(Command::new(name).args(["-c", test]), Show::Nothing).is_ok_and(|o| o.success))
        .map(str::to_owned)
        .ok_or_else(|| "no Python 3.11 or later on the path; install one (its `venv` module too)".into())
}

/// Every Python from 3.10 on that is on the path, with its version such as `3.11`, each version once.
pub fn interpreters() -> Vec<(String, String)> {
    let names = (10..20).map(|minor| format!("python3.{minor}")).chain(["python3".into(), "python".into()]);
    let mut found: Vec<(String, String)> = Vec::new();
    for name in names {
        let ask = "import sys; print('%d.%d' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))";
        if let Ok(output) = run(Command::new(&name).args(["-c", ask]), Show::Nothing)
            && output.success
            && found.iter().all(|(_, version)| version != output.stdout.trim())
        {
            found.push((name, output.stdout.trim().to_owned()));
        }
    }
    found
}
