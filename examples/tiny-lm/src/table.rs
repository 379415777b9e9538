//! The CSV table of finished runs, to which every run is added as soon as it is done.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::design::Run;
use crate::text::SEQ_LEN;
use crate::train::{BATCH, Outcome};

const HEADER: &str =
    "run,params,non_embedding_params,tokens,flops,loss,seed,learning_rate,batch_size,seq_len,wall_seconds";

/// A table on disk.
pub struct Table {
    path: PathBuf,
    done: HashSet<String>,
}

impl Table {
    /// Opens a table, or creates it with a header line.
    pub fn open(path: &Path) -> Result<Self, String> {
        let fail = |what: &str, e: std::io::Error| format!("cannot {what} {}: {e}", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => {
                let text = format!("{HEADER}\n");
                std::fs::write(path, &text).map_err(|e| fail("create", e))?;
                text
            }
            Err(e) => return Err(fail("read", e)),
        };
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("{} is not a table of this program: other columns", path.display()));
        }
        if !text.ends_with('\n') {
            return Err(format!("{} ends in a cut-off line: remove it and start again", path.display()));
        }
        let done = lines.filter_map(|line| line.split(',').next()).map(str::to_owned).collect();
        Ok(Self { path: path.to_owned(), done })
    }

    /// Whether the table has a run already.
    pub fn has(&self, run: &Run) -> bool {
        self.done.contains(&run.name())
    }

    /// Adds a finished run.
    pub fn add(&mut self, run: &Run, outcome: &Outcome) -> Result<(), String> {
        let line = format!(
            "{},{},{},{},{},{:.5},{},{:.6},{BATCH},{SEQ_LEN},{:.1}\n",
            run.name(),
            run.shape.params(),
            run.shape.non_embedding_params(),
            run.tokens,
            run.flops(),
            outcome.loss,
            run.seed,
            run.learning_rate,
            outcome.wall_seconds,
        );
        let add = || OpenOptions::new().append(true).open(&self.path)?.write_all(line.as_bytes());
        add().map_err(|e| format!("cannot write to {}: {e}", self.path.display()))?;
        self.done.insert(run.name());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Shape;

    #[test]
    fn a_table_goes_on_where_it_stopped() {
        let path = std::env::temp_dir().join(format!("tiny-lm-test-{}.csv", std::process::id()));
        let run = Run { shape: Shape { width: 16, layers: 2 }, tokens: 1024, seed: 3, learning_rate: 0.01 };
        let mut table = Table::open(&path).unwrap();
        assert!(!table.has(&run));
        table.add(&run, &Outcome { loss: 2.5, wall_seconds: 1.0 }).unwrap();
        assert!(Table::open(&path).unwrap().has(&run));
        std::fs::write(&path, "a,b\n").unwrap();
        assert!(Table::open(&path).is_err());
        std::fs::remove_file(&path).unwrap();
    }
}
