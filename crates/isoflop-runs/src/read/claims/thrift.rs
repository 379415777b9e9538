//! Thrift's compact protocol, as footers and page headers of Parquet use it: bytes are walked and nothing is built.
//!
//! The Parquet library takes the types of the fields that it knows for granted, so they are held against a [`Shape`]:
//! what it reads then is what was walked here. Work and memory are bounded by the bytes that are there.

/// Structs and lists within each other.
const DEPTH: u8 = 32;

/// What a field holds.
pub(super) enum Shape {
    /// Anything; fields that nobody knows are stepped over.
    Any,
    Bool,
    Byte,
    Integer,
    Double,
    Bytes,
    /// At most so many elements.
    List(&'static Shape, usize),
    /// Known fields by their numbers.
    Struct(&'static [(i16, Shape)]),
}

/// Why bytes cannot be what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// They end before what they claim to hold.
    CutOff,
    /// They are wrong at this byte.
    Wrong { at: usize, what: &'static str },
}

impl Fault {
    /// A sentence about the bytes with this name.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::CutOff => format!("the {name} claims to hold more than its bytes"),
            Self::Wrong { at, what } => format!("byte {at} of the {name}: {what}"),
        }
    }
}

/// The wire type of a field or element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool(bool),
    Byte,
    Integer,
    Double,
    Bytes,
    List,
    Map,
    Struct,
    Uuid,
}

/// A place in bytes.
#[derive(Debug, Clone)]
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// Starts at the first byte.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes walked so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn wrong(&self, what: &'static str) -> Fault {
        Fault::Wrong { at: self.at, what }
    }

    /// The next bytes, so many.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or(Fault::CutOff)?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.take(1).map(|byte| byte[0])
    }

    /// A number of 7 bits a byte, the lowest first.
    pub(super) fn varint(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.wrong("a number of more than 64 bits"))
    }

    /// An integer with a sign.
    pub(super) fn integer(&mut self) -> Result<i64, Fault> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of things of at least one byte each, so that there are no more of them than bytes.
    fn count(&self, claimed: u64) -> Result<usize, Fault> {
        usize::try_from(claimed).ok().filter(|&count| count <= self.rest()).ok_or(Fault::CutOff)
    }

    /// Text or raw bytes.
    pub(super) fn text(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.varint()?;
        let length = self.count(length)?;
        self.take(length)
    }

    /// The next field of a struct after the field `last`: its number and type; `None` at the end of the struct.
    pub(super) fn field(&mut self, last: i16) -> Result<Option<(i16, Kind)>, Fault> {
        let head = self.byte()?;
        if head & 0xf == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => i16::try_from(self.integer()?).ok(),
            step => last.checked_add(i16::from(step)),
        };
        let id = id.ok_or_else(|| self.wrong("the number of a field has more than 16 bits"))?;
        Ok(Some((id, self.kind(head & 0xf)?)))
    }

    /// The type of the elements of a list and how many they are; the type of no elements is nothing to go by.
    pub(super) fn list(&mut self) -> Result<(Kind, usize), Fault> {
        let head = self.byte()?;
        // Some writers give no type to an empty list.
        if head == 0 {
            return Ok((Kind::Byte, 0));
        }
        let kind = self.kind(head & 0xf)?;
        let count = match head >> 4 {
            15 => self.varint()?,
            count => u64::from(count),
        };
        let count = self.count(count)?;
        match kind {
            // Readers differ in whether these take a byte each, and nothing in Parquet's structs is such a list.
            Kind::Bool(_) if count > 0 => Err(self.wrong("a list of truth values")),
            _ => Ok((kind, count)),
        }
    }

    fn kind(&self, code: u8) -> Result<Kind, Fault> {
        Ok(match code {
            1 => Kind::Bool(true),
            2 => Kind::Bool(false),
            3 => Kind::Byte,
            4..=6 => Kind::Integer,
            7 => Kind::Double,
            8 => Kind::Bytes,
            9 | 10 => Kind::List,
            11 => Kind::Map,
            12 => Kind::Struct,
            13 => Kind::Uuid,
            _ => return Err(self.wrong("there is no such type of field")),
        })
    }

    /// Steps over a value whatever it holds.
    pub(super) fn skip(&mut self, kind: Kind) -> Result<(), Fault> {
        self.expect(kind, &Shape::Any)
    }

    /// Steps over a value that must have this shape.
    pub(super) fn expect(&mut self, kind: Kind, shape: &Shape) -> Result<(), Fault> {
        self.step(kind, shape, DEPTH)
    }

    fn step(&mut self, kind: Kind, shape: &Shape, depth: u8) -> Result<(), Fault> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong("structs and lists too deep within each other"));
        };
        match (kind, shape) {
            (Kind::Bool(_), Shape::Any | Shape::Bool) => Ok(()),
            (Kind::Byte, Shape::Any | Shape::Byte) => self.take(1).map(drop),
            (Kind::Integer, Shape::Any | Shape::Integer) => self.varint().map(drop),
            (Kind::Double, Shape::Any | Shape::Double) => self.take(8).map(drop),
            (Kind::Bytes, Shape::Any | Shape::Bytes) => self.text().map(drop),
            (Kind::Uuid, Shape::Any) => self.take(16).map(drop),
            (Kind::List, Shape::Any) => self.elements(&Shape::Any, usize::MAX, depth),
            (Kind::List, Shape::List(element, most)) => self.elements(element, *most, depth),
            (Kind::Map, Shape::Any) => self.entries(depth),
            (Kind::Struct, Shape::Any) => self.fields(&[], depth),
            (Kind::Struct, Shape::Struct(known)) => self.fields(known, depth),
            _ => Err(self.wrong("a field of another type than Parquet gives it")),
        }
    }

    fn elements(&mut self, shape: &Shape, most: usize, depth: u8) -> Result<(), Fault> {
        let (kind, count) = self.list()?;
        if count > most {
            return Err(self.wrong("a list of more elements than any reader takes"));
        }
        (0..count).try_for_each(|_| self.step(kind, shape, depth))
    }

    fn entries(&mut self, depth: u8) -> Result<(), Fault> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        let kinds = self.byte()?;
        let (key, value) = (self.kind(kinds >> 4)?, self.kind(kinds & 0xf)?);
        if [key, value].iter().any(|kind| matches!(kind, Kind::Bool(_))) {
            return Err(self.wrong("a map of truth values"));
        }
        for _ in 0..self.count(count)? {
            self.step(key, &Shape::Any, depth)?;
            self.step(value, &Shape::Any, depth)?;
        }
        Ok(())
    }

    fn fields(&mut self, known: &[(i16, Shape)], depth: u8) -> Result<(), Fault> {
        let mut last = 0;
        while let Some((id, kind)) = self.field(last)? {
            let shape = known.iter().find(|(known, _)| *known == id).map_or(&Shape::Any, |(_, shape)| shape);
            self.step(kind, shape, depth)?;
            last = id;
        }
        Ok(())
    }
}
