//! Saving a file whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::errors::CliError;
use crate::interrupt::guarded;

/// A path that was found writable.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    /// A device or a pipe, which cannot be replaced and is written directly.
    is_special: bool,
}

impl Target {
    /// Checks before the work starts that the file can be written after it.
    pub(crate) fn check(path: &Path) -> Result<Target, CliError> {
        let fail = |reason: String| CliError::CannotSave { path: path.display().to_string(), reason };
        let mut target = Target { path: path.to_owned(), is_special: false };
        if let Ok(meta) = fs::metadata(path) {
            if meta.is_dir() {
                return Err(fail("it is a directory; name a file in it".into()));
            }
            target.is_special = !meta.is_file();
            // Behind a link, the file it points to is replaced, not the link.
            target.path = fs::canonicalize(path).unwrap_or(target.path);
        }
        if path.file_name().is_none() {
            return Err(fail("it names no file".into()));
        }
        if !target.is_special {
            let temporary = target.temporary();
            guarded(&temporary, || File::create(&temporary).and_then(|_| fs::remove_file(&temporary)))
                .map_err(|error| fail(reason(&error, &target.path)))?;
        }
        Ok(target)
    }

    /// Writes the content beside the file and moves it into place.
    pub(crate) fn write(&self, content: impl AsRef<[u8]>) -> Result<(), CliError> {
        let fail = |error: io::Error| CliError::CannotSave {
            path: self.path.display().to_string(),
            reason: reason(&error, &self.path),
        };
        if self.is_special {
            return fs::write(&self.path, content).map_err(fail);
        }
        let temporary = self.temporary();
        let written = guarded(&temporary, || {
            let mut file = File::create(&temporary)?;
            file.write_all(content.as_ref())?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            fail(error)
        })
    }

    /// A hidden name in the same directory, so that moving it is one step.
    fn temporary(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
    }
}

fn reason(error: &io::Error, path: &Path) -> String {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match error.kind() {
        io::ErrorKind::NotFound => format!("the directory {} does not exist", folder.display()),
        io::ErrorKind::PermissionDenied => format!("no permission to write in {}", folder.display()),
        _ => error.to_string(),
    }
}
