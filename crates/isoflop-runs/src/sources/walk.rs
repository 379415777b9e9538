//! What lies in a directory: names only, bounded, without following links.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::RunsError;
use crate::origin::Place;

/// Directories inside directories.
const MAX_DEPTH: usize = 32;
/// Files and directories in all.
const MAX_ENTRIES: usize = 5_000_000;
/// Largest file that is read as a whole.
const MAX_FILE: u64 = 1 << 30;

/// A directory with the names in it, sorted.
#[derive(Debug, Clone, Default)]
pub(super) struct Dir {
    pub(super) path: PathBuf,
    pub(super) files: Vec<String>,
    pub(super) dirs: Vec<String>,
}

impl Dir {
    pub(super) fn has_file(&self, name: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(name)).is_ok()
    }

    pub(super) fn has_dir(&self, name: &str) -> bool {
        self.dirs.binary_search_by(|dir| dir.as_str().cmp(name)).is_ok()
    }

    /// Its last part, or the whole path if it has none.
    pub(super) fn name(&self) -> String {
        name_of(&self.path)
    }
}

/// The last part of a path, or the whole path if it has none, such as `.`.
pub(super) fn name_of(path: &Path) -> String {
    let resolved = || path.canonicalize().ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => resolved().unwrap_or_else(|| path.display().to_string()),
    }
}

/// Lists a directory and all below it, each before those inside it. Links are not followed (W&B makes one to
/// its latest run, and links may form loops), hidden names are passed over, and so are the folders in which
/// tools keep media and artifacts.
pub(super) fn tree(root: &Path) -> Result<Vec<Dir>, RunsError> {
    let mut dirs = Vec::new();
    let mut rest = vec![(root.to_path_buf(), 0)];
    let mut entries = 0;
    while let Some((path, depth)) = rest.pop() {
        let mut dir = Dir { path, ..Dir::default() };
        let fail = |error: &std::io::Error| RunsError::from_path(&dir.path.display().to_string(), error);
        let list = fs::read_dir(&dir.path).map_err(|error| fail(&error))?;
        for entry in list {
            let entry = entry.map_err(|error| fail(&error))?;
            let kind = entry.file_type().map_err(|error| fail(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            entries += 1;
            if entries > MAX_ENTRIES {
                let file = root.display().to_string();
                let place = Place { file, number: MAX_ENTRIES as u64, is_line: false };
                return Err(RunsError::TooLarge { place, limit: MAX_ENTRIES, what: "files and directories" });
            }
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                dir.dirs.push(name);
            } else if kind.is_file() {
                dir.files.push(name);
            }
        }
        dir.files.sort_unstable();
        dir.dirs.sort_unstable();
        let is_wandb = dir.files.iter().any(|name| name.ends_with(".wandb"));
        if depth < MAX_DEPTH && !is_wandb {
            let inner = dir.dirs.iter().rev().filter(|name| *name != "artifacts");
            rest.extend(inner.map(|name| (dir.path.join(name), depth + 1)));
        }
        dirs.push(dir);
    }
    Ok(dirs)
}

/// Reads a small file as a whole; larger ones are an error rather than all memory.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, RunsError> {
    use std::io::Read;
    let name = path.display().to_string();
    let fail = |error: &std::io::Error| RunsError::from_path(&name, error);
    let file = fs::File::open(path).map_err(|error| fail(&error))?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    if bytes.len() as u64 > MAX_FILE {
        let place = Place { file: name, number: 1, is_line: false };
        return Err(RunsError::TooLarge { place, limit: MAX_FILE as usize, what: "bytes in one file" });
    }
    Ok(bytes)
}

/// Reads a text file as a whole.
pub(super) fn read_text(path: &Path) -> Result<String, RunsError> {
    String::from_utf8(read_bytes(path)?).map_err(|_| RunsError::NotUtf8 {
        place: Place { file: path.display().to_string(), number: 1, is_line: true },
        what: "the file".into(),
    })
}
