//! Where things are: the repository, the target folder, and the source files in them.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold no source: build outputs, environments, caches.
const SKIPPED: [&str; 5] = ["target", ".git", ".venv", "__pycache__", "node_modules"];

/// The repository and its build folder.
pub struct Workspace {
    /// Root of the repository, absolute.
    pub root: PathBuf,
    /// Cargo's target folder: where this program itself was built.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds both from where this program was built and from where it runs.
    pub fn find() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf);
        let own = std::env::current_exe().map_err(|e| format!("cannot tell where this program is: {e}"))?;
        let target = own.parent().and_then(Path::parent).map(Path::to_path_buf);
        match (root, target) {
            (Some(root), Some(target)) if root.join("Cargo.toml").is_file() => Ok(Self { root, target }),
            _ => Err("run this as `cargo xtask ...` in the repository".into()),
        }
    }

    /// Path of a built binary or example, such as `debug/isoflop` or `release/examples/bench`.
    pub fn built(&self, path: &str) -> PathBuf {
        self.target.join(format!("{path}{}", std::env::consts::EXE_SUFFIX))
    }

    /// All files of the repository that are not build outputs, as paths relative to the root, sorted.
    pub fn files(&self) -> Result<Vec<PathBuf>, String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries =
                fs::read_dir(&folder).map_err(|e| format!("cannot list {}: {e}", folder.display()))?;
            for entry in entries.flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let kind = entry.file_type().map_err(|e| format!("cannot read {}: {e}", path.display()))?;
                if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) && path != self.target {
                    folders.push(path);
                } else if kind.is_file()
                    && let Ok(relative) = path.strip_prefix(&self.root)
                {
                    found.push(relative.to_path_buf());
                }
            }
        }
        found.sort();
        Ok(found)
    }

    /// Text of a file relative to the root.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<String, String> {
        let path = path.as_ref();
        fs::read_to_string(self.root.join(path)).map_err(|e| format!("cannot read {}: {e}", path.display()))
    }
}
