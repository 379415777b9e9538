//! A job: what every shard needs, in one file.

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::OnceLock;

use isoflop_fit::{FitError, Optimum, Progress, Replicate};
use isoflop_laws::Catalogue;
use isoflop_runs::{Column, RunTable};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StudyError;
use crate::job::{Finished, Ready, fit_table, ready};
use crate::note::Listener;
use crate::pool::with_threads;
use crate::request::Request;
use crate::shard::part::{GroupFit, Results, Shard};
use crate::shard::source::Source;

/// Version of the files of jobs and shards; it rises when a key changes its meaning.
pub const JOB_SCHEMA_VERSION: u32 = 1;

/// Work that is divided into shards.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of isoflop that planned it; shards must be run by the same one.
    pub isoflop_version: String,
    /// What the tasks are.
    pub work: Work,
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
    /// Where the rows are.
    pub source: Source,
    /// What is derived from the above.
    #[serde(skip)]
    known: Known,
}

/// What the tasks of a job are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Replicates of the bootstrap of one fit, one task each.
    Bootstrap {
        /// Where every replicate starts.
        optimum: Optimum,
    },
    /// Fits of the rows that share a value of a column, one task each.
    Groups {
        /// The column.
        by: String,
        /// Its values, as texts.
        levels: Vec<String>,
    },
}

/// What is made once for all shards of a process.
#[derive(Debug, Default)]
struct Known {
    id: OnceLock<String>,
    ready: OnceLock<Ready>,
    table: OnceLock<RunTable>,
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
        divided(shards, request.bootstrap)?;
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
            work: Work::Bootstrap { optimum },
            shards,
            request,
            laws,
            command,
            data_sha256,
            source,
            known,
        })
    }

    /// Plans one fit for each value of the column `by`, on the rows that have it. `laws` and `command` as for
    /// [`Job::plan`].
    ///
    /// # Errors
    /// Columns that are not there; fewer values than shards. A group that cannot be fitted is no error: it says why.
    #[allow(clippy::too_many_arguments)]
    pub fn plan_groups(
        source: Source,
        request: Request,
        by: &str,
        laws: Option<PathBuf>,
        shards: usize,
        command: Vec<String>,
        catalogue: &Catalogue,
        notes: &dyn Listener,
    ) -> Result<Job, StudyError> {
        let request = Request { threads: None, ..request };
        let table = source.table()?;
        let ready = ready(table.clone(), &request, catalogue, notes)?;
        let levels = levels(ready.table().require(by)?);
        divided(shards, levels.len())?;
        let known = Known::default();
        let data_sha256 = ready.digest;
        let _ = known.table.set(table);
        Ok(Job {
            schema_version: JOB_SCHEMA_VERSION,
            isoflop_version: env!("CARGO_PKG_VERSION").to_owned(),
            work: Work::Groups { by: by.to_owned(), levels },
            shards,
            request,
            laws,
            command,
            data_sha256,
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
        let (tasks, most) = (job.tasks(), isoflop_fit::FitOptions::MOST);
        if tasks > most {
            return Err(bad(format!("it asks for {tasks} replicates, at most {most} are done")));
        }
        divided(job.shards, tasks)?;
        Ok(job)
    }

    /// SHA-256 over the file: shards name the job that they belong to by it.
    pub fn id(&self) -> &str {
        self.known.id.get_or_init(|| digest(&self.to_json()))
    }

    /// Tasks in all.
    pub fn tasks(&self) -> usize {
        match &self.work {
            Work::Bootstrap { .. } => self.request.bootstrap,
            Work::Groups { levels, .. } => levels.len(),
        }
    }

    /// The tasks of shard `shard`, counted from 1; parts differ by one task at most.
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
        let first = numbers.start;
        let results = match &self.work {
            Work::Bootstrap { optimum } => {
                let ready = match self.known.ready.get() {
                    Some(ready) => ready,
                    None => {
                        let made = self.bound(self.source.table()?, catalogue, &())?;
                        self.known.ready.get_or_init(|| made)
                    }
                };
                let (law, data, options) = (&ready.law, &ready.data, &ready.options);
                let solve = || isoflop_fit::replicates(law, data, options, optimum, numbers, progress);
                Results::Replicates(with_threads(threads, solve)??)
            }
            Work::Groups { by, levels } => {
                let table = match self.known.table.get() {
                    Some(table) => table,
                    None => {
                        let table = self.source.table()?;
                        self.bound(table.clone(), catalogue, &())?;
                        self.known.table.get_or_init(|| table)
                    }
                };
                let levels = levels.get(numbers).unwrap_or_default().iter();
                let fits = levels.map(|level| self.group(table, by, level, threads, catalogue, progress));
                Results::Fits(fits.collect::<Result<_, _>>()?)
            }
        };
        Ok(Shard::new(self, shard, first, results))
    }

    /// The fit of one group.
    fn group(
        &self,
        table: &RunTable,
        by: &str,
        level: &str,
        threads: Option<usize>,
        catalogue: &Catalogue,
        progress: &dyn Progress,
    ) -> Result<GroupFit, StudyError> {
        let value = match table.column(by) {
            Some(Column::Text(_)) => format!("\"{level}\""),
            _ => level.to_owned(),
        };
        let filter = format!("{by} == {value}");
        let mut request = Request { threads, ..self.request.clone() };
        request.filters.push(filter.clone());
        let mut command = self.command.clone();
        command.push(format!("--where={filter}"));
        let (fit, error) = match fit_table(table.clone(), &request, catalogue, &(), progress) {
            Ok(done) => (serde_json::to_value(done.saved(command)).ok(), None),
            Err(StudyError::Fit(FitError::Cancelled)) => return Err(FitError::Cancelled.into()),
            Err(error) => (None, Some(error.report())),
        };
        Ok(GroupFit { level: level.to_owned(), fit, error })
    }

    /// All shards in their order.
    fn all<'a>(&self, shards: &'a [Shard]) -> Result<Vec<&'a Shard>, StudyError> {
        let mut all: Vec<Option<&Shard>> = vec![None; self.shards];
        for shard in shards {
            if let Some(place) = all.get_mut(shard.shard.wrapping_sub(1)) {
                *place = Some(shard);
            }
        }
        let missing: Vec<usize> = (1..=self.shards).filter(|&k| all[k - 1].is_none()).collect();
        match missing.is_empty() {
            true => Ok(all.into_iter().flatten().collect()),
            false => Err(StudyError::ShardsMissing { missing, shards: self.shards }),
        }
    }

    /// The fits of all groups from all shards, in any order.
    ///
    /// # Errors
    /// Shards that are missing; a job that has one fit.
    pub fn fits(&self, shards: &[Shard]) -> Result<Vec<GroupFit>, StudyError> {
        let mut fits = Vec::with_capacity(self.tasks());
        for shard in self.all(shards)? {
            match &shard.results {
                Results::Fits(done) => fits.extend(done.iter().cloned()),
                Results::Replicates(_) => return Err(StudyError::OtherWork { is_groups: false }),
            }
        }
        Ok(fits)
    }

    /// The fit from all shards, in any order: the bits of the fit on one machine. `table` stands in for the rows of the
    /// job where it is at hand.
    ///
    /// # Errors
    /// Shards that are missing; rows that are not those of the job; a job of groups; as for [`crate::fit_table`].
    pub fn merge(
        &self,
        shards: &[Shard],
        table: Option<RunTable>,
        threads: Option<usize>,
        catalogue: &Catalogue,
        notes: &dyn Listener,
        progress: &dyn Progress,
    ) -> Result<Finished, StudyError> {
        let Work::Bootstrap { optimum } = &self.work else {
            return Err(StudyError::OtherWork { is_groups: true });
        };
        let mut solved: Vec<Replicate> = Vec::with_capacity(self.tasks());
        for shard in self.all(shards)? {
            match &shard.results {
                Results::Replicates(done) => solved.extend(done.iter().cloned()),
                Results::Fits(_) => return Err(StudyError::OtherWork { is_groups: true }),
            }
        }
        let table = table.map_or_else(|| self.source.table(), Ok)?;
        let ready = self.bound(table, catalogue, notes)?;
        let fit = with_threads(threads, || {
            let fit = isoflop_fit::fit_from_replicates(
                &ready.law,
                &ready.data,
                &ready.options,
                optimum,
                &solved,
                progress,
            )?;
            ready.with_forecast(fit, catalogue, progress)
        })??;
        Ok(ready.finished(fit, notes))
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

/// Refuses more shards than tasks.
fn divided(shards: usize, tasks: usize) -> Result<(), StudyError> {
    match shards == 0 || tasks < shards {
        true => Err(StudyError::TooManyShards { shards, tasks }),
        false => Ok(()),
    }
}

/// The distinct values of a column as texts: texts as they appear, numbers in rising order.
fn levels(column: &Column) -> Vec<String> {
    match column {
        Column::Text(text) => {
            let mut seen = HashSet::new();
            let cells = (0..column.len()).filter_map(|row| text.get(row));
            cells.filter(|cell| seen.insert(*cell)).map(str::to_owned).collect()
        }
        Column::Numbers(numbers) => {
            let mut values: Vec<f64> = numbers.values.iter().copied().filter(|x| x.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            values.iter().map(ToString::to_string).collect()
        }
    }
}

/// SHA-256 of a text, as hexadecimal text.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_of_impossible_size_is_refused_before_anything_is_laid_out() {
        let rows = |name: &str, step: f64| {
            let values = (1..20).map(|row| Some(1e8 * step.powi(row)));
            (name.to_owned(), Column::from_options(values))
        };
        let loss = (1..20).map(|row| Some(2.0 + 3.0 / f64::from(row)));
        let table = vec![rows("N", 1.3), rows("D", 1.7), ("loss".to_owned(), Column::from_options(loss))];
        let source = Source::rows(&RunTable::from_columns(table).unwrap());
        let law = Some("loss ~ E + A / N^alpha".to_owned());
        let request = Request { law, bootstrap: 20, choices: false, ..Request::default() };
        let catalogue = Catalogue::builtin().unwrap();
        let job = Job::plan(source, request, None, 4, Vec::new(), &catalogue, &(), &()).unwrap();
        let text = job.to_json();
        assert!(Job::from_json("job.json", &text).is_ok());
        let huge = text.replace("\"bootstrap\":20", "\"bootstrap\":2000000000000000000");
        let huge = huge.replace("\"shards\":4", "\"shards\":1000000000000000000");
        assert_ne!(huge, text);
        let error = Job::from_json("job.json", &huge).unwrap_err().to_string();
        assert!(error.contains("2000000000000000000 replicates, at most 10000000"), "{error}");
    }
}
