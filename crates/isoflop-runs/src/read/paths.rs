//! Paths and patterns to open files.

use std::collections::BTreeMap;
use std::fs::File;
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
        return Err(directory(name));
    }
    File::open(path).map_err(|error| RunsError::from_path(name, &error))
}

/// What lies in a directory of no runs, and what to give instead of it.
fn directory(name: &str) -> RunsError {
    let path = Path::new(name);
    let (mut files, mut folders) = (BTreeMap::<String, usize>::new(), 0);
    for entry in path.read_dir().into_iter().flatten().filter_map(Result::ok) {
        let inside = entry.path();
        match inside.extension() {
            _ if inside.is_dir() => folders += 1,
            Some(end) => *files.entry(format!(".{}", end.to_string_lossy())).or_default() += 1,
            None => *files.entry("without an ending".into()).or_default() += 1,
        }
    }
    let tables = [".csv", ".jsonl", ".parquet", ".tsv"];
    let advice = match tables.iter().find(|end| files.contains_key(**end)) {
        Some(end) => {
            format!("give the files in it, for example '{}'", path.join(format!("*{end}")).display())
        }
        None => "give tables (CSV, TSV, JSON lines, Parquet), what a tracker wrote (with --from TOOL if it was renamed), \
                 or a log with --log-pattern"
            .into(),
    };
    let mut kinds: Vec<(usize, String)> = files.into_iter().map(|(end, count)| (count, end)).collect();
    kinds.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let rest = kinds.iter().skip(4).map(|(count, _)| count).sum::<usize>();
    let mut parts: Vec<String> = kinds.iter().take(4).map(|(count, end)| format!("{count} {end}")).collect();
    parts.extend((rest > 0).then(|| format!("{rest} others")));
    parts.extend((folders > 0).then(|| format!("folders: {folders}")));
    let found = match parts.is_empty() {
        true => "it is empty".to_owned(),
        false => format!("found: {}", parts.join(", ")),
    };
    RunsError::Directory { path: name.to_owned(), found, advice }
}
