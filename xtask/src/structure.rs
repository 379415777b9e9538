//! Checks on the shape of the repository: who depends on whom, how long files are, what must not be in them.

use std::path::Path;

use crate::workspace::Workspace;

/// Lines above which a Rust file fails, and above which it is listed unless it says why.
const HARD_CAP: usize = 1000;
const SOFT_CAP: usize = 500;
/// What a longer file says within its first lines to be left alone: `// Long because ...`.
const REASON: &str = "Long because";

/// Beginnings of absolute paths on somebody's machine. Written in halves, or this file would find itself.
const MACHINE_PATHS: [&str; 5] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("\\Us", "ers\\"),
];

/// The findings of one check: empty when it holds.
pub type Findings = Result<Vec<String>, String>;

/// Every crate depends only on crates further left in the line that ARCHITECTURE.md prints.
pub fn dependency_direction(workspace: &Workspace) -> Findings {
    let layers = layers(&workspace.read("ARCHITECTURE.md")?)?;
    let level = |name: &str| layers.iter().position(|layer| layer.iter().any(|member| member == name));
    let mut findings = Vec::new();
    for file in workspace.files()?.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let parts: Vec<_> = file.iter().filter_map(|part| part.to_str()).collect();
        let ["crates", name, "Cargo.toml"] = parts[..] else { continue };
        let manifest = workspace.read(file)?;
        let Some(own) = level(name) else {
            findings
                .push(format!("{}: {name} is not in the dependency line of ARCHITECTURE.md", file.display()));
            continue;
        };
        for (line, dependency) in dependencies(&manifest) {
            match level(dependency) {
                Some(other) if other < own => {}
                Some(_) => findings.push(format!(
                    "{}:{line}: {name} may not depend on {dependency}: it does not stand to its left in ARCHITECTURE.md",
                    file.display()
                )),
                None if dependency.starts_with("isoflop") => findings.push(format!(
                    "{}:{line}: {dependency} is not in the dependency line of ARCHITECTURE.md",
                    file.display()
                )),
                None => {}
            }
        }
    }
    Ok(findings)
}

/// Every dependency takes its version from the workspace, so that there is one version of everything.
pub fn workspace_versions(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for file in workspace.files()?.iter().filter(|f| f.starts_with("crates") && f.ends_with("Cargo.toml")) {
        let manifest = workspace.read(file)?;
        for (number, name) in dependencies(&manifest) {
            let line = manifest.lines().nth(number - 1).unwrap_or_default();
            if !line.replace(' ', "").contains("workspace=true") {
                findings.push(format!(
                    "{}:{number}: {name} must take its version from the workspace",
                    file.display()
                ));
            }
        }
    }
    Ok(findings)
}

/// No Rust file is longer than the hard cap.
pub fn file_sizes(workspace: &Workspace) -> Findings {
    Ok(long_files(workspace, HARD_CAP)?
        .into_iter()
        .map(|(path, lines)| format!("{path}: {lines} lines, more than {HARD_CAP}: split it"))
        .collect())
}

/// Rust files above the soft cap that do not say why, for a note.
pub fn long_files_without_reason(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for (path, lines) in long_files(workspace, SOFT_CAP)? {
        if !workspace.read(&path)?.lines().take(15).any(|line| line.contains(REASON)) {
            findings.push(format!("{path}: {lines} lines; split it or say `{REASON} ...` at its top"));
        }
    }
    Ok(findings)
}

/// No file names a path on somebody's machine.
pub fn machine_paths(workspace: &Workspace) -> Findings {
    let mut findings = Vec::new();
    for file in workspace.files()? {
        let Ok(text) = std::fs::read_to_string(workspace.root.join(&file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(found) = MACHINE_PATHS.iter().find(|path| starts_a_path(line, path)) {
                findings.push(format!("{}:{}: names the machine path {found}", file.display(), number + 1));
            }
        }
    }
    Ok(findings)
}

/// Whether the line holds the beginning of an absolute path: not the middle of a longer path or address.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')'))
    })
}

/// Rust files with more lines than the cap.
fn long_files(workspace: &Workspace, cap: usize) -> Result<Vec<(String, usize)>, String> {
    let mut found = Vec::new();
    for file in workspace.files()? {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let lines = workspace.read(&file)?.lines().count();
            if lines > cap {
                found.push((display(&file), lines));
            }
        }
    }
    Ok(found)
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// The layers of the fenced block `dependencies` in ARCHITECTURE.md: `a <- b, c <- d` has three layers.
fn layers(text: &str) -> Result<Vec<Vec<String>>, String> {
    let line = text
        .lines()
        .skip_while(|line| line.trim() != "```dependencies")
        .nth(1)
        .ok_or("ARCHITECTURE.md has no fenced block ```dependencies with the dependency line")?;
    let names = |layer: &str| layer.split(',').map(|name| name.trim().to_owned()).collect();
    Ok(line.split("<-").map(names).collect())
}

/// Names in the dependency tables of a manifest, with their line numbers: `[dependencies]`, `[dev-dependencies]`,
/// `[build-dependencies]`, also below `[target...]`.
fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        } else if inside && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default().trim_matches('"');
            found.push((number, name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_of_the_architecture_line() {
        let text = "# A\n\n```dependencies\na <- b, c <- d\n```\n";
        assert_eq!(layers(text).unwrap(), [vec!["a"], vec!["b", "c"], vec!["d"]]);
        assert!(layers("no block").is_err());
    }

    #[test]
    fn dependency_names_of_a_manifest() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\nserde.workspace = true\n# no\nisoflop-runs = { path = \"..\" }\n\
                        [[bin]]\nname = \"y\"\n[target.'cfg(unix)'.dev-dependencies]\ntempfile = \"3\"\n";
        assert_eq!(dependencies(manifest), [(4, "serde"), (6, "isoflop-runs"), (10, "tempfile")]);
    }

    #[test]
    fn machine_paths_are_told_from_other_paths() {
        let home = MACHINE_PATHS[0];
        assert!(starts_a_path(&format!("open(\"{home}me/x\")"), home));
        assert!(starts_a_path(&format!("{home}me"), home));
        assert!(!starts_a_path(&format!("https://example.org{home}page"), home));
        assert!(!starts_a_path("a relative/path", home));
    }
}
