//! Streams of bytes: decompressed, with their first bytes at hand, and bounded in growth.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use crate::error::RunsError;
use crate::origin::Source;

/// Bytes looked at to tell formats apart.
const HEAD: usize = 64 << 10;
/// Decompressed bytes that are always allowed.
const FREE_EXPANSION: u64 = 256 << 20;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A decompressed stream without byte order mark, and a copy of its first bytes, which it still gives when read.
pub(super) struct Stream<'a> {
    pub(super) head: Vec<u8>,
    start: Cursor<Vec<u8>>,
    rest: Box<dyn Read + 'a>,
}

impl<'a> Stream<'a> {
    /// Looks at the first bytes and puts a decoder in front if they ask for one.
    pub(super) fn open(
        mut input: Box<dyn Read + 'a>,
        source: &mut Source,
        ratio: u64,
    ) -> Result<Self, RunsError> {
        let fail = |source: &Source, error: io::Error| read_error(&source.name, source.compression, &error);
        let head = read_head(&mut input).map_err(|error| fail(source, error))?;
        if head.is_empty() {
            return Err(RunsError::Empty { file: source.name.clone() });
        }
        let is_gzip = head.starts_with(&GZIP);
        if !is_gzip && !head.starts_with(&ZSTD) {
            return Ok(Self::new(head, input));
        }
        source.compression = Some(if is_gzip { "gzip" } else { "zstd" });
        let compressed = Rc::new(Cell::new(0));
        let counted = Counted { input: Cursor::new(head).chain(input), count: Rc::clone(&compressed) };
        let decoder: Box<dyn Read + 'a> = match is_gzip {
            true => Box::new(MultiGzDecoder::new(counted)),
            false => {
                Box::new(zstd::stream::read::Decoder::new(counted).map_err(|error| fail(source, error))?)
            }
        };
        let mut rest: Box<dyn Read + 'a> = Box::new(Guard { decoder, compressed, given: 0, ratio });
        let head = read_head(&mut rest).map_err(|error| fail(source, error))?;
        if head.is_empty() {
            return Err(RunsError::Empty { file: source.name.clone() });
        }
        Ok(Self::new(head, rest))
    }

    fn new(mut head: Vec<u8>, rest: Box<dyn Read + 'a>) -> Self {
        if head.starts_with(BOM) {
            head.drain(..BOM.len());
        }
        Self { start: Cursor::new(head.clone()), head, rest }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.start.read(buffer)? {
            0 => self.rest.read(buffer),
            count => Ok(count),
        }
    }
}

fn read_head(input: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Counts the bytes that the decoder takes.
struct Counted<R> {
    input: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Stops when the decoder gives far more than it takes.
struct Guard<'a> {
    decoder: Box<dyn Read + 'a>,
    compressed: Rc<Cell<u64>>,
    given: u64,
    ratio: u64,
}

impl Read for Guard<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.decoder.read(buffer)?;
        self.given += count as u64;
        let limit = FREE_EXPANSION.max(self.ratio.saturating_mul(self.compressed.get()));
        match self.given > limit {
            true => Err(io::Error::other(Expansion { limit, ratio: self.ratio })),
            false => Ok(count),
        }
    }
}

/// The guard's error on its way through `io::Error`.
#[derive(Debug)]
struct Expansion {
    limit: u64,
    ratio: u64,
}

impl fmt::Display for Expansion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {} bytes", self.limit)
    }
}

impl std::error::Error for Expansion {}

/// What went wrong while reading a source.
pub(super) fn read_error(name: &str, compression: Option<&'static str>, error: &io::Error) -> RunsError {
    let file = name.to_owned();
    let expansion = error.get_ref().and_then(|inner| inner.downcast_ref::<Expansion>());
    match (compression, expansion) {
        (Some(compression), Some(&Expansion { limit, ratio })) => {
            RunsError::TooMuchExpansion { file, compression, limit, ratio }
        }
        (Some(compression), None) => {
            RunsError::BadCompression { file, compression, reason: error.to_string() }
        }
        (None, _) => RunsError::from_path(name, error),
    }
}
