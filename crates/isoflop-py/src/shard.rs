//! Work in shards.

use isoflop_study::{Job as Plan, Notes, Shard, Source, StudyError, Work, shard_name};
use pyo3::prelude::*;

use crate::fit::Fitted;
use crate::options::{Options, laws_for};
use crate::table::{Table, copied, kept};
use crate::work::{interruptible, unlocked};

/// Level, fit as it is saved, and why there is none.
type Group = (String, Option<String>, Option<String>);

/// A job: what every shard of a fit needs.
#[pyclass(frozen, module = "isoflop._isoflop")]
pub(crate) struct Job {
    plan: Plan,
    notes: Vec<(&'static str, String)>,
}

#[pymethods]
impl Job {
    /// Plans a fit of the table in so many shards.
    #[staticmethod]
    fn plan(
        py: Python<'_>,
        table: Py<Table>,
        options: Options,
        shards: usize,
        each: Option<String>,
        command: Vec<String>,
    ) -> PyResult<Job> {
        let (request, folder) = options.request();
        let notes = Notes::default();
        let plan = interruptible(py, |progress| {
            let catalogue = laws_for(request.law.as_deref(), folder.as_deref())?;
            let source = Source::rows(&table.get().table);
            match &each {
                Some(by) => {
                    Plan::plan_groups(source, request, by, folder, shards, command, &catalogue, &notes)
                }
                None => Plan::plan(source, request, folder, shards, command, &catalogue, &notes, progress),
            }
        })?;
        Ok(Job { plan, notes: kept(&notes) })
    }

    /// Reads the text of the file `name`.
    #[staticmethod]
    fn from_json(py: Python<'_>, name: String, text: String) -> PyResult<Job> {
        unlocked(py, || Ok(Job { plan: Plan::from_json(&name, &text)?, notes: Vec::new() }))
    }

    /// The text of the file.
    fn to_json(&self) -> String {
        self.plan.to_json()
    }

    /// SHA-256 over the file.
    #[getter]
    fn id(&self) -> &str {
        self.plan.id()
    }

    /// Parts that the tasks are divided into.
    #[getter]
    fn shards(&self) -> usize {
        self.plan.shards
    }

    /// Tasks in all.
    #[getter]
    fn tasks(&self) -> usize {
        self.plan.tasks()
    }

    /// What there was to say while it was planned.
    #[getter]
    fn notes(&self) -> Vec<(&'static str, String)> {
        self.notes.clone()
    }

    /// Whether the tasks are fits of groups.
    #[getter]
    fn is_groups(&self) -> bool {
        matches!(self.plan.work, Work::Groups { .. })
    }

    /// The fits of all groups from the texts of all shards: the level, the fit as it is saved, why there is none.
    fn fits(&self, py: Python<'_>, shards: Vec<(usize, String)>) -> PyResult<Vec<Group>> {
        unlocked(py, || {
            let found = self.plan.fits(&self.read(&shards)?)?;
            let text = |fit: serde_json::Value| fit.to_string();
            Ok(found.into_iter().map(|group| (group.level, group.fit.map(text), group.error)).collect())
        })
    }

    /// Name of the file of a shard.
    fn name(&self, shard: usize) -> String {
        shard_name(shard, self.plan.shards)
    }

    /// Runs a shard; the text of its file.
    fn run(&self, py: Python<'_>, shard: usize, threads: Option<usize>) -> PyResult<String> {
        interruptible(py, |progress| {
            let catalogue = laws_for(self.plan.request.law.as_deref(), self.plan.laws.as_deref())?;
            Ok(self.plan.run(shard, threads, &catalogue, progress)?.to_json())
        })
    }

    /// Refuses the text of a file that is not this shard, whole and unchanged.
    fn check(&self, py: Python<'_>, name: String, text: String, shard: usize) -> PyResult<()> {
        unlocked(py, || Shard::from_json(&name, &text, &self.plan, shard).map(|_| ()))
    }

    /// The fit from the texts of all shards; `table` stands in for the rows of the job.
    fn merge(
        &self,
        py: Python<'_>,
        shards: Vec<(usize, String)>,
        table: Option<Py<Table>>,
        threads: Option<usize>,
    ) -> PyResult<Fitted> {
        let notes = Notes::default();
        let finished = interruptible(py, |progress| {
            let catalogue = laws_for(self.plan.request.law.as_deref(), self.plan.laws.as_deref())?;
            let shards = self.read(&shards)?;
            self.plan.merge(&shards, table.as_ref().map(copied), threads, &catalogue, &notes, progress)
        })?;
        Ok(Fitted::made(finished, self.plan.command.clone(), &notes))
    }
}

impl Job {
    /// The shards that texts hold.
    fn read(&self, shards: &[(usize, String)]) -> Result<Vec<Shard>, StudyError> {
        let read = |(shard, text): &(usize, String)| {
            Shard::from_json(&shard_name(*shard, self.plan.shards), text, &self.plan, *shard)
        };
        shards.iter().map(read).collect()
    }
}
