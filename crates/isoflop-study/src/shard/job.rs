//! A job: what every shard of a fit needs, in one file.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use isoflop_fit::{FitError, Optimum, Progress, Replicate};
use isoflop_laws::Catalogue;
use isoflop_runs::RunTable;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StudyError;
use crate::job::{Finished, Ready, ready};
use crate::note::Listener;
use crate::pool::with_threads;
use crate::request::Request;
use crate::shard::part::Shard;
use crate::shard::source::Source;

/// Version of the files of jobs and shards; it rises when a key changes its meaning.
pub const JOB_SCHEMA_VERSION: u32 = 1;

/// A fit whose bootstrap replicates are solved in shards.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of isoflop that planned it; shards must be run by the same one.
    pub isoflop_version: String,
    /// What the tasks are.
    pub kind: Kind,
    /// Parts that the tasks are divided into.
    pub shards: usize,
    /// What is fitted, and how. Its seed and the number of a replicate decide the replicate.
    pub request: Request,
    /// A folder with law files of the user's, which every machine must have.
    pub laws: Option<PathBuf>,
    /// The command line that makes the same fit on one machine.
    pub command: Vec<String>,
    /// SHA-256 over the columns used.
    pub data_sha256: String,
    /// Where every replicate starts.
    pub optimum: Optimum,
    /// Where the rows are.
    pub source: Source,
    /// What is derived from the above.
    #[serde(skip)]
    known: Known,
}

/// What the tasks of a job are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Replicates of the bootstrap, one task each.
    Bootstrap,
}

/// What is made once for all shards of a process.
#[derive(Debug, Default)]
struct Known {
    id: OnceLock<String>,
    ready: OnceLock<Ready>,
}

impl Job {
    /// Plans a fit in shards: reads the rows and finds the optimum. `laws` is a folder of the user's, which `catalogue`
    /// knows; `command` the command line of the same fit.
    ///
    /// # Errors
    /// As for [`crate::fit_table`]; no replicates, fewer replicates than shards, or intervals without replicates.
    #[allow(clippy::too_many_arguments)]
    pub fn plan(
        source: Source,
        request: Request,
        laws: Option<PathBuf>,
        shards: usize,
        command: Vec<String>,
        catalogue: &Catalogue,
        notes: &dyn Listener,
        progress: &dyn Progress,
    ) -> Result<Job, StudyError> {
        if shards == 0 || request.bootstrap < shards {
            return Err(StudyError::TooManyShards { shards, tasks: request.bootstrap });
        }
        // Threads are no part of what is asked: they change nothing, and every machine has its own.
        let threads = request.threads;
        let request = Request { threads: None, ..request };
        let ready = ready(source.table()?, &request, catalogue, notes)?;
        let optimum = with_threads(threads, || {
            let found = isoflop_fit::optimum(&ready.law, &ready.data, &ready.options, progress)?;
            // Whether there are replicates at all must not wait for the first shard.
            isoflop_fit::replicates(&ready.law, &ready.data, &ready.options, &found, 0..0, progress)?;
            Ok::<_, FitError>(found)
        })??;
        let known = Known::default();
        let data_sha256 = ready.digest.clone();
        let _ = known.ready.set(ready);
        Ok(Job {
            schema_version: JOB_SCHEMA_VERSION,
            isoflop_version: env!("CARGO_PKG_VERSION").to_owned(),
            kind: Kind::Bootstrap,
            shards,
            request,
            laws,
            command,
            data_sha256,
            optimum,
            source,
            known,
        })
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Reads the text of the file `name`.
    ///
    /// # Errors
    /// [`StudyError::BadJob`]: a text that is no job, or one of another version.
    pub fn from_json(name: &str, text: &str) -> Result<Job, StudyError> {
        let bad = |reason: String| StudyError::BadJob { path: name.to_owned(), reason };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| bad(format!("it is no JSON: {e}")))?;
        match value.get("schema_version").and_then(serde_json::Value::as_u64) {
            Some(found) if found == u64::from(JOB_SCHEMA_VERSION) => {}
            Some(found) => return Err(bad(format!("its schema version is {found}, this program knows 1"))),
            None => return Err(bad("it is no job: it has no schema_version".to_owned())),
        }
        let job: Job = serde_json::from_value(value).map_err(|e| bad(format!("it is no job: {e}")))?;
        if job.isoflop_version != env!("CARGO_PKG_VERSION") {
            return Err(bad(format!(
                "it was planned by isoflop {}, this is {}: plan it again",
                job.isoflop_version,
                env!("CARGO_PKG_VERSION")
            )));
        }
        if job.shards == 0 || job.request.bootstrap < job.shards {
            return Err(bad(format!("{} shards of {} replicates", job.shards, job.request.bootstrap)));
        }
        Ok(job)
    }

    /// SHA-256 over the file: shards name the job that they belong to by it.
    pub fn id(&self) -> &str {
        self.known.id.get_or_init(|| digest(&self.to_json()))
    }

    /// Tasks in all.
    pub fn tasks(&self) -> usize {
        self.request.bootstrap
    }

    /// The replicates of shard `shard`, counted from 1; parts differ by one task at most.
    ///
    /// # Errors
    /// A number that the job does not have.
    pub fn numbers(&self, shard: usize) -> Result<Range<usize>, StudyError> {
        if shard == 0 || shard > self.shards {
            return Err(StudyError::NoShard { shard, shards: self.shards });
        }
        let end = |k: usize| (k as u128 * self.tasks() as u128 / self.shards as u128) as usize;
        Ok(end(shard - 1)..end(shard))
    }

    /// Runs one shard on so many threads, by default as many as the machine has. The result depends on nothing but the job and the number.
    ///
    /// # Errors
    /// A number that the job does not have; rows that cannot be read or are not those of the job.
    pub fn run(
        &self,
        shard: usize,
        threads: Option<usize>,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<Shard, StudyError> {
        let numbers = self.numbers(shard)?;
        let ready = match self.known.ready.get() {
            Some(ready) => ready,
            None => {
                let made = self.bound(self.source.table()?, catalogue, &())?;
                self.known.ready.get_or_init(|| made)
            }
        };
        let first = numbers.start;
        let solved = with_threads(threads, || {
            isoflop_fit::replicates(&ready.law, &ready.data, &ready.options, &self.optimum, numbers, progress)
        })??;
        Ok(Shard::new(self, shard, first, solved))
    }

    /// The fit from all shards, in any order: the bits of the fit on one machine. `table` stands in for the rows of the
    /// job where it is at hand.
    ///
    /// # Errors
    /// Shards that are missing; rows that are not those of the job; as for [`crate::fit_table`].
    pub fn merge(
        &self,
        shards: &[Shard],
        table: Option<RunTable>,
        threads: Option<usize>,
        catalogue: &Catalogue,
        notes: &dyn Listener,
        progress: &dyn Progress,
    ) -> Result<Finished, StudyError> {
        let mut all: Vec<Option<&Shard>> = vec![None; self.shards];
        for shard in shards {
            if let Some(place) = all.get_mut(shard.shard.wrapping_sub(1)) {
                *place = Some(shard);
            }
        }
        let missing: Vec<usize> = (1..=self.shards).filter(|&k| all[k - 1].is_none()).collect();
        if !missing.is_empty() {
            return Err(StudyError::ShardsMissing { missing, shards: self.shards });
        }
        let solved: Vec<Replicate> =
            all.into_iter().flatten().flat_map(|shard| shard.replicates.iter().cloned()).collect();
        let table = table.map_or_else(|| self.source.table(), Ok)?;
        let ready = self.bound(table, catalogue, notes)?;
        let fit = with_threads(threads, || {
            let fit = isoflop_fit::fit_from_replicates(
                &ready.law,
                &ready.data,
                &ready.options,
                &self.optimum,
                &solved,
                progress,
            )?;
            ready.with_forecast(fit, progress)
        })??;
        Ok(ready.finished(fit))
    }

    /// The law on the rows, which must be those that the job was planned on.
    fn bound(
        &self,
        table: RunTable,
        catalogue: &Catalogue,
        notes: &dyn Listener,
    ) -> Result<Ready, StudyError> {
        let ready = ready(table, &self.request, catalogue, notes)?;
        if ready.digest != self.data_sha256 {
            return Err(StudyError::OtherRows { now: ready.digest, then: self.data_sha256.clone() });
        }
        Ok(ready)
    }
}

/// SHA-256 of a text, as hexadecimal text.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
