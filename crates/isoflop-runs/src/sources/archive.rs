//! Zip archives, read in memory: nothing is unpacked to disk, and no entry may grow beyond measure.
//!
//! Only the directory of the archive is taken from the zip library; entries are opened here, because logs of
//! Inspect use Zstandard (method 93) and older ones deflate, and because growth and checksums are ours to watch.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::RunsError;
use crate::origin::Place;

/// Entries of one archive; an evaluation has one for each sample.
const MAX_ENTRIES: usize = 2_000_000;
/// Bytes of one entry as it is used.
const MAX_ENTRY: u64 = 512 << 20;
/// Bytes of an entry that are always allowed.
const FREE_EXPANSION: u64 = 64 << 20;
/// How many times larger than in the archive an entry may be beyond that.
const EXPANSION: u64 = 200;

/// An archive whose directory is known.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    name: String,
}

impl Archive {
    /// Reads the directory of an archive.
    ///
    /// # Errors
    /// [`RunsError::BadRunFile`] for a file that is no archive, or whose directory is cut off: it stands at
    /// the end.
    pub(super) fn open(path: &Path) -> Result<Self, RunsError> {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| RunsError::from_path(&name, &error))?;
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| {
            bad(
                &name,
                "the archive",
                &format!("{} ({error}); is it cut off?", "its directory cannot be read"),
            )
        })?;
        if zip.len() > MAX_ENTRIES {
            let place = Place { file: name, number: 1, is_line: false };
            return Err(RunsError::TooLarge { place, limit: MAX_ENTRIES, what: "entries in one archive" });
        }
        Ok(Self { zip, name })
    }

    /// The text of an entry; `None` if there is none of this name.
    pub(super) fn text(&mut self, entry: &str) -> Result<Option<String>, RunsError> {
        let fail = |reason: &str| bad(&self.name, entry, reason);
        let Some(at) = self.zip.index_for_name(entry) else { return Ok(None) };
        let mut found = match self.zip.by_index_raw(at) {
            Ok(found) => found,
            Err(ZipError::Io(error)) => return Err(fail(&format!("it cannot be read ({error})"))),
            Err(error) => return Err(fail(&error.to_string())),
        };
        if found.encrypted() {
            return Err(fail("it is encrypted"));
        }
        let (wanted, crc) = (found.size(), found.crc32());
        let limit = FREE_EXPANSION.max(EXPANSION.saturating_mul(found.compressed_size())).min(MAX_ENTRY);
        if wanted > limit {
            return Err(fail(&format!(
                "it would grow to {wanted} bytes, more than the {limit} that are read"
            )));
        }
        #[allow(deprecated)] // The number of the method is what the library calls unsupported.
        let method = found.compression().to_u16();
        let mut bytes = Vec::new();
        let read = match method {
            0 => (&mut found).take(limit + 1).read_to_end(&mut bytes),
            8 => flate2::read::DeflateDecoder::new(&mut found).take(limit + 1).read_to_end(&mut bytes),
            93 => zstd::stream::read::Decoder::new(&mut found)
                .and_then(|decoder| decoder.take(limit + 1).read_to_end(&mut bytes)),
            other => {
                return Err(fail(&format!("it is compressed by method {other}, which is not known here")));
            }
        };
        read.map_err(|error| fail(&format!("its data are damaged ({error})")))?;
        if bytes.len() as u64 > limit {
            return Err(fail(&format!("it grows beyond the {limit} bytes that are read")));
        }
        let mut sum = flate2::Crc::new();
        sum.update(&bytes);
        if bytes.len() as u64 != wanted || sum.sum() != crc {
            return Err(fail("its checksum does not match; the file is damaged"));
        }
        String::from_utf8(bytes).map(Some).map_err(|_| fail("it is not UTF-8 text"))
    }

    /// Whether there is an entry of this name.
    pub(super) fn has(&self, entry: &str) -> bool {
        self.zip.index_for_name(entry).is_some()
    }

    /// The names of all entries, as far as they are text.
    pub(super) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.zip.file_names().filter_map(Result::ok)
    }

    /// An error in an entry.
    pub(super) fn error(&self, entry: &str, reason: &str) -> RunsError {
        bad(&self.name, entry, reason)
    }
}

/// Whether a file begins as a zip archive does.
pub(super) fn is_zip(path: &Path) -> bool {
    let mut head = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *b"PK\x03\x04"
}

fn bad(name: &str, place: &str, reason: &str) -> RunsError {
    RunsError::BadRunFile { file: name.to_owned(), place: place.to_owned(), reason: reason.to_owned() }
}
