//! `cargo xtask study NAME`: simulation studies whose results are kept in the repository.
//!
//! A study is a program `crates/CRATE/examples/study_NAME.rs` that prints Markdown; what it prints becomes
//! `studies/NAME.md`. Studies take minutes and are run when what they measure changes, not by every commit: the same
//! program gives the same file on any machine.

use std::fs;

use crate::command::{Show, cargo, run as run_command};
use crate::workspace::Workspace;

/// A study of the repository.
struct Study {
    name: String,
    package: String,
}

/// Runs the studies of these names, or lists all if none is named.
pub fn run(names: &[&str]) -> Result<bool, String> {
    let workspace = Workspace::find()?;
    let studies = studies(&workspace)?;
    let known: Vec<&str> = studies.iter().map(|study| study.name.as_str()).collect();
    if names.is_empty() {
        println!("{}", known.join("\n"));
        return Ok(true);
    }
    for name in names {
        let study = studies
            .iter()
            .find(|study| study.name == *name)
            .ok_or_else(|| format!("no study is called {name}; the studies are {}", known.join(", ")))?;
        write(&workspace, study)?;
    }
    Ok(true)
}

/// All studies, by name.
fn studies(workspace: &Workspace) -> Result<Vec<Study>, String> {
    let mut studies = Vec::new();
    for path in workspace.files()? {
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if let [crates, package, examples, file] = parts.as_slice()
            && crates == "crates"
            && examples == "examples"
            && let Some(name) = file.strip_prefix("study_").and_then(|file| file.strip_suffix(".rs"))
        {
            studies.push(Study { name: name.to_owned(), package: package.clone() });
        }
    }
    studies.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(studies)
}

/// Runs a study to its end and keeps what it printed.
fn write(workspace: &Workspace, study: &Study) -> Result<(), String> {
    let example = format!("study_{}", study.name);
    let mut command = cargo(&workspace.root);
    command.args(["run", "--release", "--quiet", "--package", &study.package, "--example", &example]);
    let output = run_command(&mut command, Show::Live)?;
    if !output.success {
        return Err(format!("the study {} failed:\n{}", study.name, output.stderr));
    }
    let path = workspace.root.join("studies").join(format!("{}.md", study.name));
    fs::write(&path, output.stdout).map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    println!("wrote studies/{}.md", study.name);
    Ok(())
}
