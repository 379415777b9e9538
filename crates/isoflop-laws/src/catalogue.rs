//! All laws together: the embedded ones and a user's own.

use std::fs;
use std::path::{Path, PathBuf};

use isoflop_formula::closest;

use crate::error::{LawError, LawErrors};
use crate::law::{Law, Origin};
use crate::read::{read, read_builtin};

/// Every embedded law file.
pub(crate) const BUILTIN: &[File] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));
/// Their front matters, packed.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/builtin.bin"));

/// An embedded law file.
pub(crate) struct File {
    /// Its path from the root of the repository.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    /// Where its front matter starts and ends in [`PACKED`].
    packed: (usize, usize),
}

impl File {
    /// Its front matter as [`crate::packed::unpack`] takes it.
    pub(crate) fn packed(&self) -> &'static [u8] {
        PACKED.get(self.packed.0..self.packed.1).unwrap_or_default()
    }

    fn read(&self) -> Result<Law, LawErrors> {
        read_builtin(self.name, self.text, self.packed(), folder_of(self.name))
    }
}

/// Folders below a user's folder are searched this deep, so that a circle of links ends.
const DEEPEST: usize = 8;

/// A searchable set of laws with unique ids.
///
/// ```
/// use isoflop_laws::Catalogue;
/// let catalogue = Catalogue::builtin()?;
/// assert_eq!(catalogue.find("m2")?.id, "alabdulmohsin_m2");
/// assert!(catalogue.find("chinchila").unwrap_err().to_string().contains("did you mean `chinchilla`?"));
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
#[derive(Debug, Clone)]
pub struct Catalogue {
    laws: Vec<Law>,
    overridden: Vec<Overridden>,
}

/// A law of the catalogue that a later file replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridden {
    /// Id of both laws.
    pub id: String,
    /// Where the replaced law came from.
    pub from: Origin,
    /// The file that replaced it.
    pub by: PathBuf,
}

impl Catalogue {
    /// The laws embedded in the program.
    ///
    /// # Errors
    /// None in a tested build; a mistake in an embedded file would be reported as in any other file.
    pub fn builtin() -> Result<Catalogue, LawErrors> {
        let mut laws = Vec::with_capacity(BUILTIN.len());
        let mut errors = Vec::new();
        for result in read_all() {
            match result {
                Ok(law) => laws.push(law),
                Err(LawErrors(mistakes)) => errors.extend(mistakes),
            }
        }
        if errors.is_empty() {
            Ok(Catalogue { laws, overridden: Vec::new() })
        } else {
            Err(LawErrors(errors))
        }
    }

    /// A catalogue that holds the embedded law of this id alone, read in a fraction of a millisecond; without such a
    /// law, the whole of [`Catalogue::builtin`], which knows aliases and what is close to a mistyped name.
    ///
    /// # Errors
    /// As for [`Catalogue::builtin`].
    ///
    /// ```
    /// use isoflop_laws::Catalogue;
    /// assert_eq!(Catalogue::containing("chinchilla")?.laws().len(), 1);
    /// assert!(Catalogue::containing("m2")?.laws().len() > 1);
    /// # Ok::<(), isoflop_laws::LawErrors>(())
    /// ```
    pub fn containing(id: &str) -> Result<Catalogue, LawErrors> {
        let stem = |file: &str| file.rsplit('/').next().and_then(|name| name.strip_suffix(".md")) == Some(id);
        match BUILTIN.iter().find(|file| stem(file.name)) {
            Some(file) => Ok(Catalogue { laws: vec![file.read()?], overridden: Vec::new() }),
            None => Catalogue::builtin(),
        }
    }

    /// Adds the laws of a folder: `FOLDER/ID.md` and `FOLDER/AREA/ID.md`; files called `README.md` are skipped.
    ///
    /// A law with the id of an earlier one replaces it; [`overridden`](Self::overridden) tells which.
    ///
    /// # Errors
    /// All mistakes in all files; the folder cannot be read; it holds no law.
    pub fn with_dir(mut self, folder: impl AsRef<Path>) -> Result<Catalogue, LawErrors> {
        let folder = folder.as_ref();
        let mut files = Vec::new();
        collect(folder, 0, &mut files)?;
        if files.is_empty() {
            return Err(LawError::NoLaws { path: folder.display().to_string() }.into());
        }
        files.sort();
        let mut errors = Vec::new();
        let mut own: Vec<(Law, PathBuf)> = Vec::new();
        for path in files {
            let inside = path.strip_prefix(folder).unwrap_or(&path);
            let area = inside.parent().and_then(Path::file_name).and_then(|name| name.to_str());
            let name = path.display().to_string();
            let text = fs::read_to_string(&path).map_err(|error| cannot_read(&path, &error))?;
            match read(&name, &text, area, Origin::File(path.clone())) {
                Ok(law) => match own.iter().find(|(earlier, _)| earlier.id == law.id) {
                    Some((_, earlier)) => errors.push(LawError::SameId {
                        path: name,
                        id: law.id,
                        first: earlier.display().to_string(),
                    }),
                    None => own.push((law, path)),
                },
                Err(LawErrors(mistakes)) => errors.extend(mistakes),
            }
        }
        if !errors.is_empty() {
            return Err(LawErrors(errors));
        }
        for (law, by) in own {
            match self.laws.iter_mut().find(|known| known.id == law.id) {
                Some(known) => {
                    let from = std::mem::replace(known, law).origin;
                    self.overridden.push(Overridden { id: known.id.clone(), from, by });
                }
                None => self.laws.push(law),
            }
        }
        Ok(self)
    }

    /// All laws: embedded ones by area and id, then the user's.
    pub fn laws(&self) -> &[Law] {
        &self.laws
    }

    /// Laws that a user's file replaced; worth a message.
    pub fn overridden(&self) -> &[Overridden] {
        &self.overridden
    }

    /// The law with this id, or else with this alias. Case does not matter, and `-` is read as `_`.
    ///
    /// # Errors
    /// [`LawError::UnknownLaw`] with the closest names.
    pub fn find(&self, name: &str) -> Result<&Law, LawError> {
        let wanted = name.trim().to_lowercase().replace('-', "_");
        let by_id = self.laws.iter().find(|law| law.id == wanted);
        // The user's laws come last and win.
        let by_alias = || {
            self.laws.iter().rev().find(|law| law.aliases.iter().any(|alias| alias.to_lowercase() == wanted))
        };
        by_id.or_else(by_alias).ok_or_else(|| self.unknown(name, &wanted))
    }

    fn unknown(&self, name: &str, wanted: &str) -> LawError {
        let names = || self.laws.iter().flat_map(|law| std::iter::once(&law.id).chain(&law.aliases));
        let near = closest(wanted, names().map(String::as_str)).map(str::to_owned);
        let suggestions = match near {
            Some(near) => vec![near],
            None if wanted.len() < 2 => Vec::new(),
            None => self.search(wanted).into_iter().take(4).map(|law| law.id.clone()).collect(),
        };
        LawError::UnknownLaw { query: name.to_owned(), suggestions }
    }

    /// Laws in which every word of the query occurs, best first: a hit in the id counts most, then alias,
    /// title, area, names of inputs and output, citation, formula, and last the prose. An empty query finds all.
    pub fn search(&self, query: &str) -> Vec<&Law> {
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let mut found: Vec<(u32, &Law)> = self
            .laws
            .iter()
            .filter_map(|law| {
                words.iter().map(|word| rank(law, word)).sum::<Option<u32>>().map(|rank| (rank, law))
            })
            .collect();
        found.sort_by_key(|&(rank, _)| rank);
        found.into_iter().map(|(_, law)| law).collect()
    }
}

/// All embedded laws, read on as many threads as the machine has.
fn read_all() -> Vec<Result<Law, LawErrors>> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).clamp(1, 16);
    // Every so manieth file: neighbours are alike in length.
    let part = |first: usize| -> Vec<Result<Law, LawErrors>> {
        let files = BUILTIN.iter().skip(first).step_by(threads);
        files.map(File::read).collect()
    };
    let mut parts: Vec<_> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|first| (first, scope.spawn(move || part(first)))).collect();
        let own = part(0);
        // A thread that could not finish is done again here, so that its panic is seen where it belongs.
        let others = others.into_iter().map(|(first, thread)| thread.join().unwrap_or_else(|_| part(first)));
        std::iter::once(own).chain(others).map(Vec::into_iter).collect()
    });
    (0..BUILTIN.len()).filter_map(|k| parts[k % threads].next()).collect()
}

/// Where a word first occurs, from 0 (it is the id) up; `None` if nowhere.
fn rank(law: &Law, word: &str) -> Option<u32> {
    let has = |text: &str| text.to_lowercase().contains(word);
    if law.id == word {
        return Some(0);
    }
    let variables = || law.inputs.iter().chain(law.outputs());
    let cited = |text: fn(&crate::Citation) -> &str| law.citations.iter().any(|citation| has(text(citation)));
    let places = [
        has(&law.id) || law.aliases.iter().any(|alias| has(alias)),
        has(&law.title),
        has(&law.area) || variables().any(|variable| variable.name.eq_ignore_ascii_case(word)),
        cited(|c| &c.authors) || cited(|c| &c.title) || cited(|c| c.arxiv.as_deref().unwrap_or_default()),
        has(&law.formula().text) || law.sets.iter().any(|set| has(&set.id) || has(&set.title)),
        law.prose.sections().iter().any(|(_, text)| has(text)),
    ];
    places.iter().position(|&hit| hit).map(|place| place as u32 + 1)
}

/// `base` for `laws/base/chinchilla.md`.
fn folder_of(file: &str) -> Option<&str> {
    file.rsplit('/').nth(1)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), LawError> {
    let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| cannot_read(folder, &error))?.path();
        let is = |name: &str| path.file_name().is_some_and(|own| own.eq_ignore_ascii_case(name));
        if path.is_dir() {
            if depth < DEEPEST {
                collect(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "md") && !is("README.md") {
            files.push(path);
        }
    }
    Ok(())
}

fn cannot_read(path: &Path, error: &std::io::Error) -> LawError {
    LawError::Io { path: path.display().to_string(), reason: error.to_string() }
}
