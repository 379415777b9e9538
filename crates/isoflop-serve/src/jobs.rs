//! Jobs: a queue with an end, a few workers, progress that can be listened to, and results that are kept for a while.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use isoflop_fit::Progress;
use isoflop_study::{Finished, Level, Listener, Note};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::ask::Ask;
use crate::error::{ApiError, ApiResult};

/// Jobs that wait at most.
const MOST_WAITING: usize = 64;
/// Finished jobs that are kept, and what their results may weigh together, in bytes.
const MOST_KEPT: usize = 200;
const MOST_WEIGHT: usize = 256 << 20;
/// Notes that are kept of a job.
const MOST_NOTES: usize = 500;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    pub(crate) fn is_over(self) -> bool {
        matches!(self, State::Done | State::Failed | State::Cancelled)
    }
}

/// What a job found.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// As the command line prints it with `--format json`.
    pub(crate) json: Value,
    /// A fit, for its figures, its report and plans.
    pub(crate) finished: Option<Arc<Finished>>,
}

/// A job and what is known of it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) ask: Ask,
    /// The runs as on a command line.
    pub(crate) runs: Vec<String>,
    cancelled: AtomicBool,
    done: AtomicUsize,
    total: AtomicUsize,
    inner: Mutex<Inner>,
    changes: watch::Sender<u64>,
}

#[derive(Debug)]
struct Inner {
    state: State,
    notes: Vec<Note>,
    error: Option<Value>,
    outcome: Option<Arc<Outcome>>,
    began: Option<Instant>,
    seconds: Option<f64>,
    weight: usize,
}

impl Job {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state
    }

    /// A number that rises with every change.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// What the job found.
    pub(crate) fn outcome(&self) -> ApiResult<Arc<Outcome>> {
        let inner = self.lock();
        let state = inner.state.name();
        inner
            .outcome
            .clone()
            .ok_or_else(|| ApiError::not_ready(format!("job {} is {state} and has no result", self.id)))
    }

    /// The fit that the job made.
    pub(crate) fn fit(&self) -> ApiResult<Arc<Finished>> {
        let outcome = self.outcome()?;
        outcome.finished.clone().ok_or_else(|| {
            ApiError::not_ready(format!("job {} is a {}, not a fit", self.id, self.ask.kind.name()))
        })
    }

    /// `{id, kind, state, done, total, seconds, error}`: what changes while it runs.
    pub(crate) fn status(&self) -> Value {
        let inner = self.lock();
        let seconds = inner.seconds.or(inner.began.map(|began| began.elapsed().as_secs_f64()));
        json!({
            "id": self.id,
            "kind": self.ask.kind.name(),
            "table": self.ask.table,
            "law": self.ask.request.law,
            "state": inner.state.name(),
            "done": self.done.load(Ordering::Relaxed),
            "total": self.total.load(Ordering::Relaxed),
            "seconds": seconds,
            "error": inner.error,
        })
    }

    /// The status with the notes and what was asked.
    pub(crate) fn json(&self) -> Value {
        let mut value = self.status();
        let notes = notes_json(&self.lock().notes);
        if let Value::Object(object) = &mut value {
            object.insert("notes".into(), notes);
            object.insert("ask".into(), json!(self.ask));
        }
        value
    }

    fn finish(&self, result: ApiResult<Outcome>) {
        let mut inner = self.lock();
        inner.seconds = inner.began.map(|began| began.elapsed().as_secs_f64());
        match result {
            _ if self.cancelled.load(Ordering::Relaxed) => inner.state = State::Cancelled,
            Ok(outcome) => {
                inner.state = State::Done;
                inner.weight = weight(&outcome);
                inner.outcome = Some(Arc::new(outcome));
            }
            Err(error) => {
                inner.state = State::Failed;
                inner.error = Some(error.json());
            }
        }
        drop(inner);
        self.changed();
    }
}

/// Notes as JSON: `[{level, text}]`.
pub(crate) fn notes_json(notes: &[Note]) -> Value {
    let level = |level: Level| match level {
        Level::Detail => "detail",
        Level::Info => "info",
        Level::Warning => "warning",
    };
    notes.iter().map(|note| json!({"level": level(note.level), "text": note.text})).collect()
}

/// Bytes that a result holds, about.
fn weight(outcome: &Outcome) -> usize {
    let fit = outcome.finished.as_ref().map_or(0, |finished| {
        let draws: usize = finished.fit.draws.iter().map(Vec::len).sum();
        8 * (finished.data.rows() * (finished.data.inputs.len() + 4) + draws)
    });
    // As text; a tree of values holds more.
    fit + 4 * outcome.json.to_string().len()
}

/// What is said goes to the job.
impl Listener for Job {
    fn hear(&self, note: Note) {
        let mut inner = self.lock();
        if inner.notes.len() < MOST_NOTES && !inner.notes.contains(&note) {
            inner.notes.push(note);
        }
    }
}

impl Progress for Job {
    fn replicates(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.changed();
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Queue {
    jobs: BTreeMap<u64, Arc<Job>>,
    waiting: VecDeque<Arc<Job>>,
    next: u64,
    is_closed: bool,
}

/// All jobs.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job into the queue.
    ///
    /// # Errors
    /// A full queue: the client comes again later.
    pub(crate) fn submit(&self, ask: Ask, runs: Vec<String>) -> ApiResult<Arc<Job>> {
        let mut queue = self.lock();
        if queue.waiting.len() >= MOST_WAITING {
            return Err(ApiError::busy(format!(
                "{MOST_WAITING} jobs wait already; try again when some are done"
            )));
        }
        queue.next += 1;
        let number = queue.next;
        let inner = Inner {
            state: State::Queued,
            notes: Vec::new(),
            error: None,
            outcome: None,
            began: None,
            seconds: None,
            weight: 0,
        };
        let job = Arc::new(Job {
            id: format!("j{number}"),
            ask,
            runs,
            cancelled: AtomicBool::new(false),
            done: AtomicUsize::new(0),
            total: AtomicUsize::new(0),
            inner: Mutex::new(inner),
            changes: watch::channel(0).0,
        });
        queue.jobs.insert(number, job.clone());
        queue.waiting.push_back(job.clone());
        forget_oldest(&mut queue);
        drop(queue);
        self.arrived.notify_one();
        Ok(job)
    }

    pub(crate) fn find(&self, id: &str) -> ApiResult<Arc<Job>> {
        let missing = || ApiError::not_found("job", id);
        let number: u64 = id.strip_prefix('j').and_then(|number| number.parse().ok()).ok_or_else(missing)?;
        self.lock().jobs.get(&number).cloned().ok_or_else(missing)
    }

    /// Stops a job that is not over, forgets one that is.
    pub(crate) fn delete(&self, id: &str) -> ApiResult<Value> {
        let job = self.find(id)?;
        let mut queue = self.lock();
        if job.state().is_over() {
            queue.jobs.retain(|_, other| other.id != id);
            return Ok(json!({"id": id, "state": "deleted"}));
        }
        job.cancelled.store(true, Ordering::Relaxed);
        let before = queue.waiting.len();
        queue.waiting.retain(|other| other.id != id);
        if queue.waiting.len() < before {
            job.lock().state = State::Cancelled;
            job.changed();
        }
        drop(queue);
        Ok(job.status())
    }

    /// All jobs, the newest first, and how many wait.
    pub(crate) fn list(&self) -> Value {
        let queue = self.lock();
        json!({
            "waiting": queue.waiting.len(),
            "room": MOST_WAITING,
            "jobs": queue.jobs.values().rev().map(|job| job.status()).collect::<Vec<_>>(),
        })
    }

    /// Does one job after the other until the queue is closed.
    pub(crate) fn work(&self, run: impl Fn(&Job) -> ApiResult<Outcome>) {
        while let Some(job) = self.take() {
            {
                let mut inner = job.lock();
                inner.state = State::Running;
                inner.began = Some(Instant::now());
            }
            job.changed();
            // A mistake of ours must not take the worker with it.
            let result = catch_unwind(AssertUnwindSafe(|| run(&job)));
            job.finish(result.unwrap_or_else(|_| {
                let what = job.ask.kind.name();
                Err(ApiError::internal(format!(
                    "internal error in {what}: a mistake of the program, please report it"
                )))
            }));
            forget_oldest(&mut self.lock());
        }
    }

    fn take(&self) -> Option<Arc<Job>> {
        let mut queue = self.lock();
        loop {
            if queue.is_closed {
                return None;
            }
            if let Some(job) = queue.waiting.pop_front() {
                return Some(job);
            }
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends all work.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.is_closed = true;
        for job in queue.jobs.values() {
            job.cancelled.store(true, Ordering::Relaxed);
        }
        drop(queue);
        self.arrived.notify_all();
    }
}

/// Lets the oldest finished jobs go while there are too many of them, or they weigh too much.
fn forget_oldest(queue: &mut Queue) {
    loop {
        let over: Vec<(u64, usize)> = queue
            .jobs
            .iter()
            .map(|(number, job)| (number, job.lock()))
            .filter(|(_, inner)| inner.state.is_over())
            .map(|(number, inner)| (*number, inner.weight))
            .collect();
        let weight: usize = over.iter().map(|(_, weight)| weight).sum();
        match over.first() {
            Some((oldest, _)) if over.len() > MOST_KEPT || (weight > MOST_WEIGHT && over.len() > 1) => {
                queue.jobs.remove(oldest);
            }
            _ => return,
        }
    }
}
