//! Lists `laws/**/*.md` so that the files are embedded in the binary, each with its front matter parsed and packed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use toml::de::DeTable;

#[path = "src/tree.rs"]
mod tree;

use tree::{Entry, Item, Tree};

fn main() -> io::Result<()> {
    let variable =
        |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other(name.to_owned()));
    let laws = variable("CARGO_MANIFEST_DIR")?.join("../../laws").canonicalize()?;
    println!("cargo:rerun-if-changed={}", laws.display());
    println!("cargo:rerun-if-changed=src/tree.rs");
    let mut files = Vec::new();
    collect(&laws, &mut files)?;
    files.sort();
    let mut code = String::from("&[\n");
    let mut packed = Vec::new();
    for path in &files {
        println!("cargo:rerun-if-changed={}", path.display());
        let inside = path.strip_prefix(&laws).map_err(io::Error::other)?;
        let name = Path::new("laws").join(inside).to_string_lossy().replace('\\', "/");
        let start = packed.len();
        pack_file(&fs::read_to_string(path)?, &mut packed);
        let (text, end) = (path.to_string_lossy(), packed.len());
        writeln!(
            code,
            "    File {{ name: {name:?}, text: include_str!({text:?}), packed: ({start}, {end}) }},"
        )
        .map_err(io::Error::other)?;
    }
    code.push_str("]\n");
    fs::write(variable("OUT_DIR")?.join("builtin.rs"), code)?;
    fs::write(variable("OUT_DIR")?.join("builtin.bin"), packed)
}

/// Packs the front matter, for `src/packed.rs` to unpack. A file with a mistake gets nothing, and is parsed with its
/// messages when it is read.
fn pack_file(text: &str, out: &mut Vec<u8>) {
    let front = text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n"));
    let Some((front, _)) = front else { return };
    let (parsed, mistakes) = DeTable::parse_recoverable(front);
    if mistakes.is_empty() {
        pack_table(&tree::table(parsed.into_inner()), out);
    }
}

fn pack_table(entries: &[Entry<'_>], out: &mut Vec<u8>) {
    pack_number(entries.len(), out);
    for entry in entries {
        pack_number(entry.at, out);
        pack_text(&entry.key, out);
        pack_item(&entry.item, out);
    }
}

fn pack_item(item: &Item<'_>, out: &mut Vec<u8>) {
    out.push(match &item.value {
        Tree::Text(_) => b't',
        Tree::Number(_) => b'n',
        Tree::Flag(true) => b'y',
        Tree::Flag(false) => b'f',
        Tree::Date => b'd',
        Tree::List(_) => b'l',
        Tree::Table(_) => b'm',
    });
    pack_number(item.at, out);
    match &item.value {
        Tree::Text(text) => pack_text(text, out),
        Tree::Number(number) => out.extend(number.to_le_bytes()),
        Tree::Flag(_) | Tree::Date => {}
        Tree::List(list) => {
            pack_number(list.len(), out);
            list.iter().for_each(|item| pack_item(item, out));
        }
        Tree::Table(entries) => pack_table(entries, out),
    }
}

fn pack_text(text: &str, out: &mut Vec<u8>) {
    pack_number(text.len(), out);
    out.extend(text.as_bytes());
}

fn pack_number(number: usize, out: &mut Vec<u8>) {
    out.extend((number as u32).to_le_bytes());
}

/// Adds every law file below `folder`. A folder is watched too, so that a new file is noticed.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("README.md") {
            files.push(path);
        }
    }
    Ok(())
}
