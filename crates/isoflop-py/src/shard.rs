//! Work in shards.

use isoflop_study::{Job as Plan, Notes, Shard, Source, StudyError, shard_name};
use pyo3::prelude::*;

use crate::fit::Fitted;
use crate::options::{Options, laws_for};
use crate::table::{Table, copied, kept};
use crate::work::{interruptible, unlocked};

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
        command: Vec<String>,
    ) -> PyResult<Job> {
        let (request, folder) = options.request();
        let notes = Notes::default();
        let plan = interruptible(py, |progress| {
            let catalogue = laws_for(request.law.as_deref(), folder.as_deref())?;
            let source = Source::rows(&table.get().table);
            Plan::plan(source, request, folder, shards, command, &catalogue, &notes, progress)
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
            let read = |(shard, text): &(usize, String)| {
                Shard::from_json(&shard_name(*shard, self.plan.shards), text, &self.plan, *shard)
            };
            let shards = shards.iter().map(read).collect::<Result<Vec<_>, StudyError>>()?;
            self.plan.merge(&shards, table.as_ref().map(copied), threads, &catalogue, &notes, progress)
        })?;
        Ok(Fitted::made(finished, self.plan.command.clone(), &notes))
    }
}
