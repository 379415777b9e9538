//! Python environments below the target folder, made from pinned requirement files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Show, run};
use crate::workspace::Workspace;

/// What an environment is made of.
#[derive(Clone, Copy)]
pub struct Recipe {
    /// Its folder below the target folder.
    pub folder: &'static str,
    /// The requirement file, relative to the root.
    pub requirements: &'static str,
    /// The newest Python 3 for which there are wheels of all it lists, if there is a newer one.
    pub newest: Option<u32>,
}

impl Recipe {
    const fn new(folder: &'static str, requirements: &'static str) -> Self {
        Self { folder, requirements, newest: None }
    }

    /// Whether there is a Python for it on the path.
    pub fn fits(self) -> bool {
        find_python(self.newest).is_ok()
    }
}

/// For numbers from elsewhere, and runs written by the tools of today.
pub const ORACLES: Recipe = Recipe::new("venv", "oracles/requirements.txt");
/// For runs written by older versions of the tools.
pub const OLDER: Recipe =
    Recipe { newest: Some(12), ..Recipe::new("venv-older", "oracles/requirements-older.txt") };
/// For the Python package and its tests.
pub const PACKAGE: Recipe = Recipe::new("venv-python", "python/requirements.txt");
/// For shards on Ray.
pub const RAY: Recipe = Recipe::new("venv-ray", "python/requirements-ray.txt");
/// For driving a browser.
pub const BROWSER: Recipe = Recipe::new("venv-browser", "browser/requirements.txt");
/// For packing the package as it is published.
pub const WHEEL: Recipe = Recipe::new("venv-maturin", "python/requirements-wheel.txt");
/// For the other side of the benchmark.
pub const BENCH: Recipe = Recipe::new("venv-bench", "bench/requirements.txt");
/// For other readers of runs.
pub const READERS: Recipe = Recipe::new("venv-readers", "bench/requirements-runs.txt");

/// A Python that has what a requirement file lists.
pub struct Environment {
    /// Its interpreter.
    pub python: PathBuf,
    /// Where it keeps modules that it compiled on import. Without one, only what pip compiled is used.
    cache: Option<PathBuf>,
}

impl Environment {
    /// Makes the environment, or takes it as it is when it was made from the same text.
    ///
    /// # Errors
    /// No Python that fits, no `venv` module, or no package index that pip can reach: each says what to do.
    pub fn make(workspace: &Workspace, recipe: Recipe) -> Result<Self, String> {
        let cache = Some(workspace.target.join("pycache"));
        let environment = Self { cache, ..Self::at(workspace, recipe.folder) };
        let wanted = workspace.read(recipe.requirements)?;
        let stamp = workspace.target.join(recipe.folder).join("made-from.txt");
        let works = || run(environment.command().arg("--version"), Show::Nothing).is_ok_and(|o| o.success);
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && works() {
            return Ok(environment);
        }
        Self::fresh(workspace, recipe.folder, &find_python(recipe.newest)?)?;
        // Most of what is installed is never imported, and compiling it takes as long as all else.
        let file = workspace.root.join(recipe.requirements);
        environment.pip(&["--no-compile".as_ref(), "-r".as_ref(), file.as_path()])?;
        fs::write(&stamp, wanted).map_err(|e| format!("cannot write {}: {e}", stamp.display()))?;
        Ok(environment)
    }

    fn at(workspace: &Workspace, name: &str) -> Self {
        let interpreter = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        Self { python: workspace.target.join(name).join(interpreter), cache: None }
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
        Ok(Self::at(workspace, name))
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
        match &self.cache {
            Some(cache) => command.env("PYTHONPYCACHEPREFIX", cache),
            None => command.env("PYTHONDONTWRITEBYTECODE", "1"),
        };
        command
    }
}

/// The first Python on the path that is at least 3.11 and at most the newest.
fn find_python(newest: Option<u32>) -> Result<String, String> {
    let most = newest.unwrap_or(u32::MAX);
    let test = format!("import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, {most}))");
    ["python3.11", "python3", "python", "python3.12"]
        .into_iter()
        .find(|name| run(Command::new(name).args(["-c", &test]), Show::Nothing).is_ok_and(|o| o.success))
        .map(str::to_owned)
        .ok_or_else(|| {
            let most = newest.map_or_else(|| "or later".into(), |minor| format!("to 3.{minor}"));
            format!("no Python 3.11 {most} on the path; install one (its `venv` module too)")
        })
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
