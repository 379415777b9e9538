//! The trees of embedded files, as `build.rs` packed them: a tag, the place, and what belongs to the value.

use std::borrow::Cow;

use crate::tree::{Entry, Item, Tree};

/// Unpacks a table; `None` if the bytes are no table.
pub(crate) fn unpack(mut bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let entries = table(&mut bytes)?;
    bytes.is_empty().then_some(entries)
}

fn table<'a>(bytes: &mut &'a [u8]) -> Option<Vec<Entry<'a>>> {
    let count = number(bytes)?;
    // A wrong count ends in `None` and not in an allocation.
    let mut entries = Vec::with_capacity(count.min(bytes.len()));
    for _ in 0..count {
        let (at, key) = (number(bytes)?, text(bytes)?);
        entries.push(Entry { key, at, item: item(bytes)? });
    }
    Some(entries)
}

fn item<'a>(bytes: &mut &'a [u8]) -> Option<Item<'a>> {
    let (tag, rest) = bytes.split_first()?;
    *bytes = rest;
    let at = number(bytes)?;
    let value = match tag {
        b't' => Tree::Text(text(bytes)?),
        b'n' => Tree::Number(f64::from_le_bytes(take(bytes)?)),
        b'y' => Tree::Flag(true),
        b'f' => Tree::Flag(false),
        b'd' => Tree::Date,
        b'l' => {
            let count = number(bytes)?;
            let mut list = Vec::with_capacity(count.min(bytes.len()));
            for _ in 0..count {
                list.push(item(bytes)?);
            }
            Tree::List(list)
        }
        b'm' => Tree::Table(table(bytes)?),
        _ => return None,
    };
    Some(Item { at, value })
}

fn text<'a>(bytes: &mut &'a [u8]) -> Option<Cow<'a, str>> {
    let length = number(bytes)?;
    let (text, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    std::str::from_utf8(text).ok().map(Cow::Borrowed)
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    take(bytes).map(|four| u32::from_le_bytes(four) as usize)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn embedded_files_say_what_their_text_says() {
        for file in crate::catalogue::BUILTIN {
            let source = Source::new(file.name, file.text).unwrap();
            let (parsed, mistakes) = toml::de::DeTable::parse_recoverable(source.front);
            assert!(mistakes.is_empty(), "{}", file.name);
            assert_eq!(
                unpack(file.packed()).unwrap(),
                crate::tree::table(parsed.into_inner()),
                "{}",
                file.name
            );
        }
    }

    #[test]
    fn broken_bytes_are_no_table() {
        let good =
            [&1_u32.to_le_bytes()[..], &7_u32.to_le_bytes(), &1_u32.to_le_bytes(), b"k", b"y", &[9, 0, 0, 0]];
        let good = good.concat();
        let found = unpack(&good).unwrap();
        assert_eq!((found[0].key.as_ref(), found[0].at, found[0].item.at), ("k", 7, 9));
        for end in 0..good.len() {
            assert!(unpack(&good[..end]).is_none());
        }
        assert!(unpack(&[good.as_slice(), b"x"].concat()).is_none());
        assert!(unpack(&[255; 12]).is_none());
    }
}
