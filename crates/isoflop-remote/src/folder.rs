//! The temporary folder that objects are fetched into, with its bounds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::address::Address;
use crate::error::RemoteError;

/// How much is fetched at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Objects.
    pub objects: u64,
    /// Bytes of all objects together.
    pub bytes: u64,
}

impl Default for Limits {
    /// 20 000 objects, 4 GiB.
    fn default() -> Self {
        Self { objects: 20_000, bytes: 4 << 30 }
    }
}

/// What was fetched; dropping it removes the folder.
#[derive(Debug)]
pub struct Fetched {
    /// The local file or directory that stands for the address.
    pub path: PathBuf,
    /// What to call it: the address without secrets.
    pub name: String,
    /// Objects fetched.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects left where they are: weights of models, hidden files, artifacts.
    pub left_out: u64,
    pub(crate) _folder: TempDir,
}

/// Ends of names that no reader of runs opens.
const WEIGHTS: [&str; 16] = [
    ".safetensors",
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".distcp",
    ".npy",
    ".npz",
    ".h5",
    ".onnx",
    ".gguf",
    ".pkl",
    ".tar",
    ".arrow",
    ".mp4",
    ".png",
];

/// Whether a reader of runs would look at an object of this name under a prefix.
pub(crate) fn is_wanted(relative: &str) -> bool {
    let mut folders: Vec<&str> = relative.split('/').collect();
    let name = folders.pop().unwrap_or_default().to_ascii_lowercase();
    let is_hidden = name.starts_with('.') || folders.iter().any(|part| part.starts_with('.'));
    !is_hidden && !folders.contains(&"artifacts") && !WEIGHTS.iter().any(|end| name.ends_with(end))
}

/// The folder while it is being filled.
pub(crate) struct Folder {
    folder: TempDir,
    address: String,
    limits: Limits,
    pub(crate) objects: u64,
    pub(crate) bytes: u64,
    /// What a listing promised.
    expected: Limits,
}

impl Folder {
    pub(crate) fn new(address: &Address, limits: Limits) -> Result<Self, RemoteError> {
        let name = address.to_string();
        let failed = |error: std::io::Error| RemoteError::Failed {
            address: name.clone(),
            reason: format!("no temporary folder could be made ({error})"),
        };
        let folder = tempfile::Builder::new().prefix("isoflop-").tempdir().map_err(failed)?;
        Ok(Self {
            folder,
            address: name,
            limits,
            objects: 0,
            bytes: 0,
            expected: Limits { objects: 0, bytes: 0 },
        })
    }

    /// The place of a name in the folder: a relative path of plain names.
    pub(crate) fn place(&self, host: &str, name: &str) -> Result<PathBuf, RemoteError> {
        let is_plain = |part: &str| {
            let is_odd = part.contains(['\\', '\0']) || (cfg!(windows) && part.contains(':'));
            !matches!(part, "" | "." | "..") && !is_odd && part.len() <= 255
        };
        if name.is_empty() || !name.split('/').all(is_plain) {
            return Err(RemoteError::BadName { address: self.address.clone(), name: name.to_owned() });
        }
        Ok(self.root(host).join(name))
    }

    /// The place of a host or bucket in the folder.
    pub(crate) fn root(&self, host: &str) -> PathBuf {
        let host = host.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'), "_");
        self.folder.path().join(format!("at-{host}"))
    }

    /// Makes the file of one more object, which must not be there yet.
    pub(crate) fn create(&mut self, place: &Path) -> Result<File, RemoteError> {
        self.objects += 1;
        if self.objects > self.limits.objects {
            return Err(self.too_much(self.limits.objects, "objects"));
        }
        let made = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create_new(place));
        made.map_err(|error| self.failed(&error.to_string()))
    }

    /// Counts an object of a listing, so that too much is refused before any is fetched.
    pub(crate) fn expect(&mut self, bytes: u64) -> Result<(), RemoteError> {
        self.expected.objects += 1;
        self.expected.bytes = self.expected.bytes.saturating_add(bytes);
        if self.expected.objects > self.limits.objects {
            return Err(self.too_much(self.limits.objects, "objects"));
        }
        match self.expected.bytes > self.limits.bytes {
            true => Err(self.too_much(self.limits.bytes, "bytes")),
            false => Ok(()),
        }
    }

    /// Counts bytes before they are written.
    pub(crate) fn count(&mut self, bytes: usize) -> Result<(), RemoteError> {
        self.bytes += bytes as u64;
        match self.bytes > self.limits.bytes {
            true => Err(self.too_much(self.limits.bytes, "bytes")),
            false => Ok(()),
        }
    }

    pub(crate) fn failed(&self, reason: &str) -> RemoteError {
        RemoteError::Failed { address: self.address.clone(), reason: reason.to_owned() }
    }

    fn too_much(&self, limit: u64, what: &'static str) -> RemoteError {
        RemoteError::TooMuch { address: self.address.clone(), limit, what }
    }

    /// The filled folder, of which `path` stands for the address.
    pub(crate) fn finish(self, path: PathBuf, left_out: u64) -> Fetched {
        let Self { folder, address, objects, bytes, .. } = self;
        Fetched { path, name: address, objects, bytes, left_out, _folder: folder }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(limits: Limits) -> Folder {
        Folder::new(&"s3://bucket/runs/".parse().unwrap(), limits).unwrap()
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let folder = folder(Limits::default());
        for name in ["../x", "a/../x", "/etc/x", "a//b", "a/./b", "a\\..\\b", "", "a\0b", &"x".repeat(300)] {
            let error = folder.place("bucket", name).unwrap_err();
            assert_eq!(error.code(), "W0106", "{name}");
        }
        let place = folder.place("..", "a/b c/x.csv").unwrap();
        assert!(place.ends_with("at-../a/b c/x.csv") && place.starts_with(folder.folder.path()));
    }

    #[test]
    fn counts_and_sizes_are_bounded() {
        let mut folder = folder(Limits { objects: 1, bytes: 10 });
        let place = |name| folder.place("b", name).unwrap();
        let (first, second) = (place("a"), place("b"));
        folder.create(&first).unwrap();
        assert!(folder.create(&second).unwrap_err().to_string().contains("more than 1 objects"));
        folder.count(10).unwrap();
        assert!(folder.count(1).unwrap_err().to_string().contains("s3://bucket/runs/: more than 10 bytes"));
        assert!(!second.exists());
    }

    #[test]
    fn weights_and_hidden_files_stay_where_they_are() {
        for name in ["a/model.safetensors", ".cache/x.csv", "a/.x", "run/artifacts/x.json", "A.PT"] {
            assert!(!is_wanted(name), "{name}");
        }
        for name in ["run-x.wandb", "a/events.out.tfevents.1", "trainer_state.json", "x.csv.gz", "mlflow.db"]
        {
            assert!(is_wanted(name), "{name}");
        }
    }
}
