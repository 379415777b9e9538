//! Bytes as a file of a tool: an answer or an error that names the file, never a panic.

use std::path::PathBuf;
use std::sync::OnceLock;

use isoflop_runs::{Points, ReadOptions, RunTable, Tool};

/// The folder of this process, in memory where the system has one.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let root = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = root.join(format!("isoflop-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the inputs");
        folder
    })
}

/// Reads the bytes as a file of this name that the tool made.
pub fn read(name: &str, tool: Tool, bytes: &[u8]) {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("the input is written");
    let options = ReadOptions { from: Some(tool), points: Points::Every, ..ReadOptions::default() };
    match RunTable::read(&[&path], &options) {
        Ok(table) => assert!(table.rows() > 0),
        Err(error) => {
            assert!(error.code().starts_with("R01"));
            assert!(error.to_string().contains("isoflop-fuzz-"), "{error}");
        }
    }
    let kept = std::fs::read(&path).expect("the input is still there");
    assert!(kept == bytes, "reading changed the file");
}
