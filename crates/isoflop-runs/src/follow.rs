//! Runs that go on: what changed at a path since the last look.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustc_hash::FxHashMap;

use crate::error::RunsError;
use crate::read::{self, ReadOptions};
use crate::remote;
use crate::sources::{self, Tool, Unit};
use crate::survey::{Surveyed, of_units};

/// Sizes and times of the files of a unit; a file that is gone has neither.
type Marks = Vec<Option<(u64, Option<SystemTime>)>>;

/// Looks at paths again and again. Nothing is kept open or locked between two looks, and of what did not change
/// only the names, sizes and times are read.
///
/// ```
/// use isoflop_runs::{Follower, ReadOptions};
/// let dir = std::env::temp_dir().join(format!("follow-{}", std::process::id()));
/// std::fs::create_dir_all(&dir)?;
/// std::fs::write(dir.join("main.log"), "s:10 tel:3.5\n")?;
/// let mut follower = Follower::new(&[&dir], &ReadOptions::default());
/// assert_eq!(follower.look()?[0].runs[0].curves[0].last, 3.5);
/// assert!(follower.look()?.is_empty());
/// std::fs::write(dir.join("main.log"), "s:10 tel:3.5\ns:20 tel:3.25\n")?;
/// assert_eq!(follower.look()?[0].runs[0].curves[0].last, 3.25);
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Follower {
    paths: Vec<String>,
    options: ReadOptions,
    seen: FxHashMap<(Tool, PathBuf), Marks>,
}

impl Follower {
    /// * `paths`: files, directories or patterns; a pattern is matched anew at every look.
    /// * `options`: as for [`crate::survey`].
    pub fn new<P: AsRef<Path>>(paths: &[P], options: &ReadOptions) -> Self {
        let paths = paths.iter().map(|path| path.as_ref().to_string_lossy().into_owned()).collect();
        Self { paths, options: options.clone(), seen: FxHashMap::default() }
    }

    /// The runs of which a file changed since the last look; at the first look, all.
    ///
    /// # Errors
    /// A path that is not there, and options that cannot be used. A file that cannot be read is among the problems
    /// of an answer: it may be half written and well at the next look.
    pub fn look(&mut self) -> Result<Vec<Surveyed>, RunsError> {
        let mut found = Vec::new();
        for name in read::expand(&self.paths)? {
            if remote::is_address(&name) {
                let reason = format!("{name}: --follow looks at paths on this machine, not at addresses");
                return Err(RunsError::Remote { reason });
            }
            for (tool, units) in sources::discover(&name, &self.options)? {
                let is_new = |unit: &Unit| {
                    // Before the files are read: what is written meanwhile is new at the next look.
                    let now = marks(unit);
                    let before = self.seen.insert((tool, unit.path.clone()), now.clone());
                    before.as_ref() != Some(&now)
                };
                let changed: Vec<Unit> = units.into_iter().filter(is_new).collect();
                if !changed.is_empty() {
                    found.push(of_units(&name, tool, &changed, &self.options, None));
                }
            }
        }
        Ok(found)
    }
}

/// Sizes and times of the files of a unit, and of the write-ahead logs beside them.
fn marks(unit: &Unit) -> Marks {
    let logs = unit.files.iter().map(|file| {
        let mut name = file.as_os_str().to_owned();
        name.push("-wal");
        PathBuf::from(name)
    });
    let of = |path: &Path| path.metadata().ok().map(|metadata| (metadata.len(), metadata.modified().ok()));
    unit.files.iter().map(|file| of(file)).chain(logs.map(|log| of(&log))).collect()
}
