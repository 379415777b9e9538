//! SQLite databases of trackers, opened so that nothing about them changes and nothing in them runs.
//!
//! A database may be hostile and may belong to a program that is writing to it. It is opened read-only and
//! immutable: no lock, no `-wal` or `-shm` file is made. Where a write-ahead log with content lies beside it,
//! the newest rows are in that log, and reading them would touch it: then a copy of both is read. Views and
//! triggers are off, functions in the schema are not trusted, and only stored columns of real tables are read.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::error::RunsError;
use crate::origin::Place;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// First bytes of a rollback journal that is in force.
const JOURNAL: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
/// Bytes in one value.
const MAX_VALUE: i32 = 64 << 20;
/// Largest database of which a copy is made.
const MAX_COPY: u64 = 16 << 30;
/// No row of the tables that we read is shorter.
const MIN_ROW: u64 = 8;
/// Bytes of text that are always allowed.
const FREE_TEXT: u64 = 1 << 20;

/// Names that databases have.
pub(super) fn is_database(name: &str) -> bool {
    [".db", ".sqlite", ".sqlite3"].iter().any(|end| name.ends_with(end))
}

/// Whether a file is a database for which the test holds. The main file alone mostly tells, without a copy.
pub(super) fn is_one(path: &Path, test: impl Fn(&Database) -> Result<bool, RunsError>) -> bool {
    let has_log = || beside(path, "-wal").metadata().is_ok_and(|metadata| metadata.len() > 0);
    Database::at_rest(path).and_then(|database| test(&database)).unwrap_or(false)
        || (has_log() && Database::open(path).and_then(|database| test(&database)).unwrap_or(false))
}

/// Why a database cannot be read; `None` for one that can, and for a file of another kind.
pub(super) fn fault(path: &Path) -> Option<RunsError> {
    let mut head = [0; 16];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok().filter(|()| head == *MAGIC)?;
    Database::open(path).and_then(|database| database.has("runs", &["run_uuid"])).err()
}

/// An open database.
pub(super) struct Database {
    connection: Connection,
    name: String,
    size: u64,
    /// Holds the copy that is read, if there is one.
    _copy: Option<TempDir>,
}

/// The values of one row.
pub(super) struct Values<'a> {
    cells: &'a [ValueRef<'a>],
}

/// Columns that a query may have.
const MAX_COLUMNS: usize = 16;

impl Database {
    /// Opens a database.
    ///
    /// # Errors
    /// [`RunsError::BadRunFile`] for a file that is no database, is damaged, or is in the middle of a write.
    pub(super) fn open(path: &Path) -> Result<Self, RunsError> {
        let name = path.display().to_string();
        let file = checked(path, &name)?;
        wait_for_journal(&file, &name)?;
        let wal = beside(&file, "-wal");
        let log = wal.metadata().map_or(0, |metadata| metadata.len());
        if log == 0 {
            return Self::at_rest(path);
        }
        let copy = copy(&file, &wal, &name)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(copy.path().join("copy.db"), flags);
        let size = size(&file, &name)? + log;
        let connection = opened.and_then(guarded).map_err(|error| damaged(&name, &error))?;
        Ok(Self { connection, name, size, _copy: Some(copy) })
    }

    /// Opens the main file alone, whatever lies beside it.
    fn at_rest(path: &Path) -> Result<Self, RunsError> {
        let name = path.display().to_string();
        let file = checked(path, &name)?;
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let opened = Connection::open_with_flags(immutable(&file), flags);
        let size = size(&file, &name)?;
        let connection = opened.and_then(guarded).map_err(|error| damaged(&name, &error))?;
        Ok(Self { connection, name, size, _copy: None })
    }

    /// The stored columns of a table; none if there is no such table, or if it is a view or a virtual table.
    pub(super) fn columns(&self, table: &str) -> Result<Vec<String>, RunsError> {
        let mut is_table = false;
        self.rows("SELECT type, sql, name FROM sqlite_schema", &mut |row| {
            let is_named = row.text(2).is_some_and(|name| name.eq_ignore_ascii_case(table));
            let sql = row.text(1).unwrap_or_default().trim_start().to_ascii_uppercase();
            is_table |=
                is_named && row.text(0).as_deref() == Some("table") && sql.starts_with("CREATE TABLE");
            Ok(())
        })?;
        let mut columns = Vec::new();
        if is_table {
            // The names of tables are ours.
            self.rows(&format!("PRAGMA table_xinfo({table})"), &mut |row| {
                // Hidden columns are computed, and computing is what a hostile schema would like us to do.
                if row.number(6) == Some(0.0) {
                    columns.extend(row.text(1));
                }
                Ok(())
            })?;
        }
        Ok(columns)
    }

    /// Whether a table has these columns.
    pub(super) fn has(&self, table: &str, columns: &[&str]) -> Result<bool, RunsError> {
        let found = self.columns(table)?;
        Ok(columns.iter().all(|column| found.iter().any(|other| other == column)))
    }

    /// Hands over every row of a query. Pages of a damaged file may stand in several places, so the rows and
    /// the text in them are bounded by its size.
    pub(super) fn rows(
        &self,
        query: &str,
        take: &mut dyn FnMut(&Values<'_>) -> Result<(), RunsError>,
    ) -> Result<(), RunsError> {
        let fail = |error: rusqlite::Error| damaged(&self.name, &error);
        let mut statement = self.connection.prepare(query).map_err(fail)?;
        let columns = statement.column_count().min(MAX_COLUMNS);
        let mut rows = statement.query([]).map_err(fail)?;
        let (mut count, mut text) = (0_u64, 0_u64);
        while let Some(row) = rows.next().map_err(fail)? {
            count += 1;
            let mut cells = [ValueRef::Null; MAX_COLUMNS];
            for (column, cell) in cells.iter_mut().enumerate().take(columns) {
                *cell = row.get_ref(column).unwrap_or(ValueRef::Null);
                if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = cell {
                    text += bytes.len() as u64;
                }
            }
            if count > self.size / MIN_ROW + 64 || text > 2 * self.size + FREE_TEXT {
                return Err(bad(
                    &self.name,
                    "it gives more rows than its size can hold; the file is damaged",
                ));
            }
            take(&Values { cells: &cells })?;
        }
        Ok(())
    }

    /// An error of this database.
    pub(super) fn error(&self, reason: &str) -> RunsError {
        bad(&self.name, reason)
    }
}

impl Values<'_> {
    /// The text in a column; JSON may be stored as bytes.
    pub(super) fn text(&self, column: usize) -> Option<String> {
        match *self.cells.get(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
            ValueRef::Integer(value) => Some(value.to_string()),
            ValueRef::Real(value) => Some(value.to_string()),
            ValueRef::Null => None,
        }
    }

    /// The text in a column without a copy, if it is text.
    pub(super) fn str(&self, column: usize) -> Option<&str> {
        match *self.cells.get(column)? {
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    /// The number in a column.
    pub(super) fn number(&self, column: usize) -> Option<f64> {
        match *self.cells.get(column)? {
            ValueRef::Integer(value) => Some(value as f64),
            ValueRef::Real(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number in a column.
    pub(super) fn integer(&self, column: usize) -> Option<i64> {
        match *self.cells.get(column)? {
            ValueRef::Integer(value) => Some(value),
            ValueRef::Real(value) => Some(value as i64),
            _ => None,
        }
    }
}

/// The file itself, if it begins as a database does. A link may point to it: what lies beside a database lies
/// beside the file.
fn checked(path: &Path, name: &str) -> Result<PathBuf, RunsError> {
    let fail = |error: std::io::Error| RunsError::from_path(name, &error);
    let file = path.canonicalize().map_err(fail)?;
    let mut magic = Vec::new();
    let head = File::open(&file).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut magic));
    head.map_err(fail)?;
    if magic == MAGIC { Ok(file) } else { Err(bad(name, "this is not an SQLite database")) }
}

fn size(file: &Path, name: &str) -> Result<u64, RunsError> {
    let metadata = file.metadata().map_err(|error| RunsError::from_path(name, &error))?;
    Ok(metadata.len())
}

fn bad(name: &str, reason: &str) -> RunsError {
    RunsError::BadRunFile { file: name.to_owned(), place: "the database".into(), reason: reason.to_owned() }
}

fn damaged(name: &str, error: &rusqlite::Error) -> RunsError {
    bad(name, &format!("SQLite cannot read it ({error}); the file is damaged or cut off"))
}

/// `NAME-wal` beside `NAME`.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A journal says that the database is half written; a writer that is alive will have removed it in a moment.
/// It is never rolled back here: that would write, and a journal can name other files to remove.
fn wait_for_journal(file: &Path, name: &str) -> Result<(), RunsError> {
    let journal = beside(file, "-journal");
    for attempt in 0..4 {
        let mut head = [0; JOURNAL.len()];
        let is_hot = File::open(&journal).and_then(|mut file| file.read_exact(&mut head)).is_ok();
        if !is_hot || head != JOURNAL {
            return Ok(());
        }
        if attempt < 3 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Err(bad(
        name,
        "its last change is not complete (a -journal file lies beside it); wait for the program that writes \
         it, or open it once with that program",
    ))
}

/// A copy of a database and of its write-ahead log, taken while neither changed.
fn copy(file: &Path, wal: &Path, name: &str) -> Result<TempDir, RunsError> {
    let fail = |error: std::io::Error| RunsError::from_path(name, &error);
    let state = || -> std::io::Result<[(u64, Option<SystemTime>); 2]> {
        let of = |metadata: Metadata| (metadata.len(), metadata.modified().ok());
        Ok([of(file.metadata()?), of(wal.metadata()?)])
    };
    for _ in 0..5 {
        let before = state().map_err(fail)?;
        if before.iter().map(|(size, _)| size).sum::<u64>() > MAX_COPY {
            let place = Place { file: name.to_owned(), number: 1, is_line: false };
            let what = "bytes of a database that is being written, of which a copy would be read";
            return Err(RunsError::TooLarge { place, limit: MAX_COPY as usize, what });
        }
        let dir = tempfile::tempdir().map_err(fail)?;
        fs::copy(file, dir.path().join("copy.db")).map_err(fail)?;
        fs::copy(wal, dir.path().join("copy.db-wal")).map_err(fail)?;
        if state().map_err(fail)? == before {
            return Ok(dir);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(bad(name, "it is being written all the time; try again when that program rests"))
}

/// The address of a file that SQLite must not lock or look beside.
fn immutable(file: &Path) -> String {
    let mut address = String::from("file://");
    let path = file.as_os_str().as_encoded_bytes();
    if path.first() != Some(&b'/') {
        address.push('/');
    }
    for &byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => {
                address.push(char::from(byte));
            }
            b'\\' if cfg!(windows) => address.push('/'),
            _ => address.push_str(&format!("%{byte:02x}")),
        }
    }
    address + "?mode=ro&immutable=1"
}

/// The settings that SQLite recommends for databases that may be hostile.
fn guarded(connection: Connection) -> rusqlite::Result<Connection> {
    for (setting, value) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        connection.set_db_config(setting, value)?;
    }
    for (limit, value) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 50),
        (Limit::SQLITE_LIMIT_VDBE_OP, 25_000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 8),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, value)?;
    }
    // Exclusive: the index of a copy's log is kept in memory.
    connection.execute_batch(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; \
         PRAGMA query_only=ON;",
    )?;
    Ok(connection)
}
