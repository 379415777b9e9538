//! Tensors of one element, as TensorBoard's scalar and text summaries hold them.

use super::proto::{Malformed, Wire, fields, varint};

/// The only element of a tensor of numbers; `None` if it has another type or more elements.
pub(super) fn scalar(message: &[u8]) -> Result<Option<f64>, Malformed> {
    let mut kind = 0;
    let mut content: Option<&[u8]> = None;
    let mut value = None;
    for field in fields(message) {
        let (number, wire) = field?;
        match (number, wire) {
            (1, _) => kind = wire.integer().ok_or(Malformed)?,
            (4, Wire::Bytes(bytes)) => content = Some(bytes),
            // Packed or not, one element.
            (5, Wire::Fixed32(bits)) => value = Some(f64::from(f32::from_bits(bits))),
            (5, Wire::Bytes(bytes)) => value = array(bytes).map(f32::from_le_bytes).map(f64::from),
            (6, Wire::Fixed64(bits)) => value = Some(f64::from_bits(bits)),
            (6, Wire::Bytes(bytes)) => value = array(bytes).map(f64::from_le_bytes),
            (7 | 10, Wire::Varint(bits)) => value = Some(bits.cast_signed() as f64),
            (7 | 10, Wire::Bytes(mut bytes)) => {
                let first = varint(&mut bytes).filter(|_| bytes.is_empty());
                value = first.map(|bits| bits.cast_signed() as f64);
            }
            // Half precision keeps its bits in an int.
            (13, Wire::Varint(bits)) => value = half(kind, bits as u16),
            (13, Wire::Bytes(mut bytes)) => {
                value =
                    varint(&mut bytes).filter(|_| bytes.is_empty()).and_then(|bits| half(kind, bits as u16));
            }
            _ => {}
        }
    }
    let from_content = |bytes: &[u8]| match kind {
        1 => array(bytes).map(f32::from_le_bytes).map(f64::from),
        2 => array(bytes).map(f64::from_le_bytes),
        3 => array(bytes).map(i32::from_le_bytes).map(f64::from),
        9 => array(bytes).map(|bytes| i64::from_le_bytes(bytes) as f64),
        14 | 19 => array(bytes).and_then(|bytes| half(kind, u16::from_le_bytes(bytes))),
        _ => None,
    };
    Ok(value.or_else(|| content.filter(|bytes| !bytes.is_empty()).and_then(from_content)))
}

/// The first string of a tensor of text.
pub(super) fn text(message: &[u8]) -> Result<Option<&str>, Malformed> {
    for field in fields(message) {
        if let (8, value) = field? {
            return Ok(value.text());
        }
    }
    Ok(None)
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// A bfloat16 (type 14) or a half (type 19).
fn half(kind: i64, bits: u16) -> Option<f64> {
    match kind {
        14 => Some(f64::from(f32::from_bits(u32::from(bits) << 16))),
        19 => {
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            Some(
                sign * match exponent {
                    0 => fraction * 2_f64.powi(-24),
                    31 if fraction == 0.0 => f64::INFINITY,
                    31 => f64::NAN,
                    _ => (1.0 + fraction / 1024.0) * 2_f64.powi(exponent - 15),
                },
            )
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_a_scalar() {
        let float = 1.5_f32.to_le_bytes();
        let packed = [&[0x08, 1, 0x2a, 4], &float[..]].concat();
        let single = [&[0x08, 1, 0x2d], &float[..]].concat();
        let content = [&[0x08, 1, 0x22, 4], &float[..]].concat();
        let double = [&[0x08, 2, 0x22, 8], &1.5_f64.to_le_bytes()[..]].concat();
        for message in [packed, single, content, double] {
            assert_eq!(scalar(&message), Ok(Some(1.5)), "{message:?}");
        }
        assert_eq!(scalar(&[0x08, 9, 0x52, 1, 7]), Ok(Some(7.0)));
        assert_eq!(scalar(&[0x08, 14, 0x22, 2, 0xc0, 0x3f]), Ok(Some(1.5)));
        assert_eq!(scalar(&[0x08, 19, 0x22, 2, 0x00, 0x3e]), Ok(Some(1.5)));
        assert_eq!(scalar(&[0x08, 1, 0x22, 8, 0, 0, 0, 0, 0, 0, 0, 0]), Ok(None));
        assert_eq!(scalar(&[0x08]), Err(Malformed));
    }
}
