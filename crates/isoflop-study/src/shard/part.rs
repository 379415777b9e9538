//! One finished shard, as a file.

use isoflop_fit::Replicate;
use serde::{Deserialize, Serialize};

use crate::error::StudyError;
use crate::shard::job::{Job, digest};

/// The replicates of one shard.
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
    /// Number of the first replicate, from 0.
    pub first: usize,
    /// The replicates, in the order of their numbers.
    pub replicates: Vec<Replicate>,
    /// SHA-256 over all of the above.
    pub sha256: String,
}

/// Name of the file of shard `shard` of `shards`: `shard-017-of-400.json`.
pub fn shard_name(shard: usize, shards: usize) -> String {
    let width = shards.to_string().len();
    format!("shard-{shard:0width$}-of-{shards}.json")
}

impl Shard {
    pub(crate) fn new(job: &Job, shard: usize, first: usize, replicates: Vec<Replicate>) -> Shard {
        let made = Shard {
            schema_version: super::JOB_SCHEMA_VERSION,
            job: job.id().to_owned(),
            shard,
            shards: job.shards,
            first,
            replicates,
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
        if (read.shard, read.first, read.replicates.len()) != (shard, numbers.start, numbers.len()) {
            return Err(bad(&format!("it holds shard {}, not {shard}", read.shard)));
        }
        Ok(read)
    }
}
