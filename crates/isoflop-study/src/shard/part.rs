//! One finished shard, as a file.

use isoflop_fit::Replicate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StudyError;
use crate::shard::job::{Job, digest};

/// What the tasks of a shard gave, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Results {
    /// Replicates of a bootstrap.
    Replicates(Vec<Replicate>),
    /// Fits of groups.
    Fits(Vec<GroupFit>),
}

/// The fit of the rows that share a value of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupFit {
    /// The value.
    pub level: String,
    /// The fit as it is saved; `None` if there is none.
    pub fit: Option<Value>,
    /// Why there is none.
    pub error: Option<String>,
}

impl Results {
    /// Tasks that were done.
    pub fn count(&self) -> usize {
        match self {
            Results::Replicates(done) => done.len(),
            Results::Fits(done) => done.len(),
        }
    }
}

/// What one shard gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// Version of this layout.
    pub schema_version: u32,
    /// The job, by its [`Job::id`].
    pub job: String,
    /// Number of the shard, from 1.
    pub shard: usize,
    /// Shards of the job.
    pub shards: usize,
    /// Number of the first task, from 0.
    pub first: usize,
    /// What its tasks gave.
    pub results: Results,
    /// SHA-256 over all of the above.
    pub sha256: String,
}

/// Name of the file of shard `shard` of `shards`: `shard-017-of-400.json`.
pub fn shard_name(shard: usize, shards: usize) -> String {
    let width = shards.to_string().len();
    format!("shard-{shard:0width$}-of-{shards}.json")
}

impl Shard {
    pub(crate) fn new(job: &Job, shard: usize, first: usize, results: Results) -> Shard {
        let made = Shard {
            schema_version: super::JOB_SCHEMA_VERSION,
            job: job.id().to_owned(),
            shard,
            shards: job.shards,
            first,
            results,
            sha256: String::new(),
        };
        Shard { sha256: made.checksum(), ..made }
    }

    fn checksum(&self) -> String {
        let without = Shard { sha256: String::new(), ..self.clone() };
        digest(&serde_json::to_string(&without).unwrap_or_default())
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// Reads the text of the file `name` and checks that it is shard `shard` of `job`, whole and unchanged.
    ///
    /// # Errors
    /// [`StudyError::BadShard`]: what is wrong with it.
    pub fn from_json(name: &str, text: &str, job: &Job, shard: usize) -> Result<Shard, StudyError> {
        let bad = |reason: &str| StudyError::BadShard { path: name.to_owned(), reason: reason.to_owned() };
        let read: Shard =
            serde_json::from_str(text).map_err(|_| bad("it is damaged or was not written to its end"))?;
        if read.sha256 != read.checksum() {
            return Err(bad("its contents were changed: its checksum does not fit them"));
        }
        if read.job != job.id() {
            return Err(bad("it belongs to another job"));
        }
        let numbers = job.numbers(shard)?;
        if (read.shard, read.first, read.results.count()) != (shard, numbers.start, numbers.len()) {
            return Err(bad(&format!("it holds shard {}, not {shard}", read.shard)));
        }
        Ok(read)
    }
}
