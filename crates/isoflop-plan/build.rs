//! Lists `plans/*.md`, `hardware/*.toml` and `costs/*.md` so that the files are embedded in the binary.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    embed("plans", ".md")?;
    embed("costs", ".md")?;
    embed("hardware", ".toml")
}

/// Writes `FOLDER.rs`, a list of the names and texts of the files with this ending.
fn embed(folder: &str, ending: &str) -> io::Result<()> {
    let variable =
        |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name.to_owned()));
    let path = variable("CARGO_MANIFEST_DIR")?.join("../..").join(folder).canonicalize()?;
    // A folder is watched too, so that a new file is noticed.
    println!("cargo:rerun-if-changed={}", path.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&path)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.ends_with(ending) && name != "README.md" {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push((name, path));
        }
    }
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in &files {
        writeln!(code, "    ({name:?}, include_str!({:?})),", path.to_string_lossy())
            .map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join(format!("{folder}.rs")), code)
}
