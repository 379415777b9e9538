//! Paths and patterns to open files.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::error::RunsError;
use crate::remote::is_address;

/// A file to read.
pub(super) struct Named {
    /// Its path as given or as matched; `-` is stdin.
    pub(super) name: String,
    /// Whether it was named before.
    pub(super) is_repeated: bool,
}

/// Replaces patterns by the files that they match, sorted by name.
pub(super) fn expand(paths: &[String]) -> Result<Vec<Named>, RunsError> {
    if paths.is_empty() {
        return Err(RunsError::NoPaths);
    }
    let mut named: Vec<Named> = Vec::new();
    for path in paths {
        let is_pattern = path.contains(['*', '?', '[']) && !is_address(path);
        let names = match is_pattern && !Path::new(path).exists() {
            true => matches(path)?,
            false => vec![path.clone()],
        };
        for name in names {
            let is_repeated = named.iter().any(|other| same_file(&other.name, &name));
            named.push(Named { name, is_repeated });
        }
    }
    Ok(named)
}

fn matches(pattern: &str) -> Result<Vec<String>, RunsError> {
    let not_found = || RunsError::NotFound { path: pattern.to_owned(), is_pattern: true };
    let mut names = Vec::new();
    for entry in glob::glob(pattern).map_err(|_| not_found())? {
        let path = entry
            .map_err(|error| RunsError::from_path(&error.path().display().to_string(), error.error()))?;
        if !path.is_dir() {
            names.push(path.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() { Err(not_found()) } else { Ok(names) }
}

fn same_file(a: &str, b: &str) -> bool {
    a == b || matches!((Path::new(a).canonicalize(), Path::new(b).canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Opens a file; a directory is an error that says what to give instead.
pub(super) fn open_file(name: &str) -> Result<File, RunsError> {
    let path = Path::new(name);
    let metadata = path.metadata().map_err(|error| RunsError::from_path(name, &error))?;
    if metadata.is_dir() {
        let entries = list(path).unwrap_or_default();
        let has_suffix = |suffix: &str| entries.iter().any(|entry| entry.ends_with(suffix));
        let found = ["csv", "jsonl", "parquet", "tsv"].into_iter().find(|suffix| has_suffix(suffix));
        let example = path.join(format!("*.{}", found.unwrap_or("csv"))).display().to_string();
        return Err(RunsError::Directory { path: name.to_owned(), example });
    }
    File::open(path).map_err(|error| RunsError::from_path(name, &error))
}

fn list(path: &Path) -> io::Result<Vec<String>> {
    let names = path.read_dir()?.filter_map(Result::ok);
    Ok(names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}
