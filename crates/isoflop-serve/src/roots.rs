//! What the explorer may read: files below the paths that it was started with, and no others.

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::error::{ApiError, ApiResult, ServeError};

/// Most files of a directory that are listed, and most that are looked at below a table.
const MOST_FILES: usize = 20_000;
/// How deep below a directory is looked.
const DEEPEST: usize = 24;

/// The paths that may be read, canonical.
#[derive(Debug, Clone)]
pub(crate) struct Roots {
    roots: Vec<PathBuf>,
    here: PathBuf,
}

/// Size and time of each file of a table: when they change, its runs have advanced.
pub(crate) type Marks = Vec<Mark>;
/// A file with its size and time.
pub(crate) type Mark = (PathBuf, u64, Option<SystemTime>);

impl Roots {
    pub(crate) fn new(paths: &[PathBuf]) -> Result<Roots, ServeError> {
        let canonical = |path: &PathBuf| {
            path.canonicalize().map_err(|_| ServeError::NoRoot { path: path.display().to_string() })
        };
        let roots = paths.iter().map(canonical).collect::<Result<_, _>>()?;
        let here = std::env::current_dir().and_then(|path| path.canonicalize()).unwrap_or_default();
        Ok(Roots { roots, here })
    }

    /// The roots as they are shown.
    pub(crate) fn names(&self) -> Vec<String> {
        self.roots.iter().map(|root| self.shown(root)).collect()
    }

    /// The canonical path of a file or directory that may be read.
    pub(crate) fn find(&self, text: &str) -> ApiResult<PathBuf> {
        let path = Path::new(text);
        if text.is_empty()
            || text.contains('\0')
            || path.components().any(|part| part == Component::ParentDir)
        {
            return Err(ApiError::outside(text));
        }
        // The same answer for what is outside and what is nowhere: nothing is told about other files.
        let found = self.here.join(path).canonicalize().map_err(|_| ApiError::outside(text))?;
        if self.holds(&found) { Ok(found) } else { Err(ApiError::outside(text)) }
    }

    /// A path to read runs from: one that is no pattern, and below which no link leads out of the roots.
    pub(crate) fn find_runs(&self, text: &str) -> ApiResult<PathBuf> {
        let path = self.find(text)?;
        let name = self.shown(&path);
        if name == "-" || name.contains(['*', '?', '[']) {
            return Err(ApiError::bad(format!(
                "{text}: name the file itself; patterns are not followed here"
            )));
        }
        self.marks(std::slice::from_ref(&path))?;
        Ok(path)
    }

    /// Every file at and below the paths.
    pub(crate) fn marks(&self, paths: &[PathBuf]) -> ApiResult<Marks> {
        let mut marks = Marks::new();
        let mut open: Vec<(PathBuf, usize)> = paths.iter().map(|path| (path.clone(), 0)).collect();
        let mut looked = 0_usize;
        while let Some((path, depth)) = open.pop() {
            looked += 1;
            if looked > MOST_FILES || depth > DEEPEST {
                let path = paths.first().map(|path| self.shown(path)).unwrap_or_default();
                return Err(ApiError::bad(format!(
                    "{path}: more than {MOST_FILES} files; choose a directory below it"
                )));
            }
            // A file may vanish while a run goes on.
            let Ok(found) = path.canonicalize() else { continue };
            if !self.holds(&found) {
                return Err(ApiError::outside(&self.shown(&path)));
            }
            let Ok(metadata) = found.metadata() else { continue };
            if metadata.is_dir() {
                // A link to a directory above would go round for ever.
                if found != path && depth > 0 {
                    continue;
                }
                let entries = std::fs::read_dir(&found).into_iter().flatten().flatten();
                open.extend(entries.map(|entry| (entry.path(), depth + 1)));
            } else {
                marks.push((found, metadata.len(), metadata.modified().ok()));
            }
        }
        marks.sort();
        Ok(marks)
    }

    /// Files and directories in a directory, or the roots: `{path, parent, entries: [{name, path, kind, bytes}]}`.
    pub(crate) fn list(&self, text: Option<&str>) -> ApiResult<Value> {
        let Some(text) = text else {
            let entries: Vec<Value> =
                self.roots.iter().map(|root| self.entry(root, &self.shown(root))).collect();
            return Ok(json!({"path": null, "parent": null, "entries": entries, "cut": false}));
        };
        let path = self.find(text)?;
        if !path.is_dir() {
            return Err(ApiError::bad(format!("{text} is not a directory")));
        }
        let read = std::fs::read_dir(&path).map_err(|error| ApiError::bad(format!("{text}: {error}")))?;
        let mut names: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).take(MOST_FILES).collect();
        names.retain(|path| path.canonicalize().is_ok_and(|found| self.holds(&found)));
        names.sort_by_key(|path| (!path.is_dir(), path.file_name().map(std::ffi::OsStr::to_owned)));
        let name = |path: &Path| {
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let entries = names.iter().map(|path| self.entry(path, &name(path)));
        let parent = path.parent().filter(|parent| self.holds(parent)).map(|parent| self.shown(parent));
        Ok(json!({
            "path": self.shown(&path),
            "parent": parent,
            "entries": entries.collect::<Vec<_>>(),
            "cut": names.len() >= MOST_FILES,
        }))
    }

    fn entry(&self, path: &Path, name: &str) -> Value {
        let metadata = path.metadata().ok();
        let is_dir = metadata.as_ref().is_some_and(std::fs::Metadata::is_dir);
        json!({
            "name": name,
            "path": self.shown(path),
            "kind": if is_dir { "directory" } else { "file" },
            "bytes": metadata.filter(|_| !is_dir).map(|metadata| metadata.len()),
        })
    }

    fn holds(&self, canonical: &Path) -> bool {
        self.roots.iter().any(|root| canonical.starts_with(root))
    }

    /// As short as it can be said: below the working directory without it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        match path.strip_prefix(&self.here) {
            Ok(rest) if rest.as_os_str().is_empty() => ".".to_owned(),
            Ok(rest) => rest.display().to_string(),
            Err(_) => path.display().to_string(),
        }
    }
}
