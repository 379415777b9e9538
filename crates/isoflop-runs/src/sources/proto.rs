//! Protocol buffers, as far as trackers' files need them: the fields of a message, one by one.
//!
//! A wire reader of a few lines stays right when a tool adds fields, and needs no schema compiler.

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Wire<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Wire::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// An `int64` or `bool`.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Wire::Varint(value) => Some(value.cast_signed()),
            _ => None,
        }
    }

    /// A `sint64`, which is written in zigzag.
    pub(super) fn zigzag(self) -> Option<i64> {
        match self {
            Wire::Varint(value) => Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed()),
            _ => None,
        }
    }

    pub(super) fn double(self) -> Option<f64> {
        match self {
            Wire::Fixed64(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    pub(super) fn float(self) -> Option<f32> {
        match self {
            Wire::Fixed32(bits) => Some(f32::from_bits(bits)),
            _ => None,
        }
    }
}

/// The fields of a message: number and value. After bytes that are no field comes one `Err`, then nothing.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

/// Bytes that are not a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Malformed;

pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Wire<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(Malformed))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let key = varint(&mut self.rest)?;
        let number = u32::try_from(key >> 3).ok().filter(|&number| number > 0)?;
        let value = match key & 7 {
            0 => Wire::Varint(varint(&mut self.rest)?),
            1 => Wire::Fixed64(u64::from_le_bytes(take(&mut self.rest, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut self.rest)?).ok()?;
                Wire::Bytes(take(&mut self.rest, length)?)
            }
            5 => Wire::Fixed32(u32::from_le_bytes(take(&mut self.rest, 4)?.try_into().ok()?)),
            _ => return None,
        };
        Some((number, value))
    }
}

/// A number of 7 bits in each byte, lowest first.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (i, &byte) in rest.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wire_type_and_what_is_malformed() {
        let message = [
            0x08, 0x96, 0x01, // 1: 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x1d, 0, 0, 0x80, 0x3f, // 3: 1.0 as float
            0x21, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, // 4: 1.0 as double
            0x28, 0x03, // 5: -2 in zigzag
        ];
        let found: Vec<(u32, Wire<'_>)> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(found[0].1.integer(), Some(150));
        assert_eq!(found[1].1.text(), Some("hi"));
        assert_eq!(found[2].1.float(), Some(1.0));
        assert_eq!(found[3].1.double(), Some(1.0));
        assert_eq!(found[4].1.zigzag(), Some(-2));
        for bad in [
            &[0x08][..],
            &[0x12, 0x05, 1],
            &[0x0b],
            &[0x00, 0x01],
            &[0x80; 12],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            let found: Vec<_> = fields(bad).collect();
            assert_eq!(found, [Err(Malformed)], "{bad:?}");
        }
    }
}
