//! Bytes as a file of a tool: an answer or an error that names the file, never a panic, and memory in proportion.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use isoflop_runs::{Points, ReadOptions, RunTable, Tool};

/// Bytes of memory for each byte of input.
const PER_BYTE: usize = 10;
/// Bytes of memory beside that: buffers of readers and decoders.
const CONSTANT: usize = 16 << 20;

/// Counts what Rust code has allocated; C libraries (SQLite, Zstandard) are held by `-rss_limit_mb` alone.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(size, Relaxed) + size, Relaxed);
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

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

/// Reads the bytes as a file of this name that the tool made, or as a table.
pub fn read(name: &str, tool: impl Into<Option<Tool>>, bytes: &[u8]) {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("the input is written");
    let options = ReadOptions { from: tool.into(), points: Points::Every, ..ReadOptions::default() };
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let read = RunTable::read(&[&path], &options);
    let used = PEAK.load(Relaxed).saturating_sub(before);
    let is_bounded = used <= PER_BYTE * bytes.len() + CONSTANT;
    assert!(is_bounded, "{used} bytes of memory for {} of input", bytes.len());
    match read {
        Ok(table) => assert!(table.rows() > 0),
        Err(error) => {
            assert!(error.code().starts_with("R01"));
            assert!(error.to_string().contains("isoflop-fuzz-"), "{error}");
        }
    }
    let kept = std::fs::read(&path).expect("the input is still there");
    assert!(kept == bytes, "reading changed the file");
}
