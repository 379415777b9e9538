//! Server-sent events: how far a job is, and whether the files of a table changed.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{Stream, unfold};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::api::App;
use crate::jobs::Job;
use crate::roots::Marks;

/// Least time between two events of a job.
const PACE: Duration = Duration::from_millis(100);
/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// How often a silent stream shows that it lives.
const ALIVE: Duration = Duration::from_secs(15);

type Events<S> = Sse<axum::response::sse::KeepAliveStream<S>>;

fn event(name: &str, value: &Value) -> Event {
    Event::default().event(name).data(value.to_string())
}

/// The status of a job with each change, until it is over.
pub(crate) fn of_job(
    job: Arc<Job>,
    stop: watch::Receiver<bool>,
) -> Events<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = job.changes();
    changes.mark_changed();
    let stream = unfold(Some((job, changes, stop)), async |state| {
        let (job, mut changes, mut stop) = state?;
        tokio::select! {
            changed = changes.changed() => changed.ok()?,
            _ = stop.wait_for(|stop| *stop) => return None,
        }
        let is_over = job.state().is_over();
        let event = event("status", &job.status());
        if is_over {
            return Some((Ok(event), None));
        }
        sleep(PACE).await;
        Some((Ok(event), Some((job, changes, stop))))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE))
}

/// The files of a table that is watched.
struct Watch {
    app: App,
    id: String,
    stop: watch::Receiver<bool>,
    before: Option<Marks>,
    version: u64,
}

/// An event whenever the files of a table change, until the table is forgotten; the first comes at once.
pub(crate) fn of_table(
    app: App,
    id: String,
    stop: watch::Receiver<bool>,
) -> Events<impl Stream<Item = Result<Event, Infallible>>> {
    let watch = Watch { app, id, stop, before: None, version: 0 };
    Sse::new(unfold(watch, Watch::next)).keep_alive(KeepAlive::new().interval(ALIVE))
}

impl Watch {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Watch)> {
        loop {
            let (app, id) = (self.app.clone(), self.id.clone());
            let now = spawn_blocking(move || app.tables.marks(&id, &app.roots).ok()).await.ok().flatten()?;
            if self.before.as_ref() != Some(&now) {
                let value = json!({"table": self.id, "version": self.version, "files": self.changed(&now)});
                let watch = Watch { before: Some(now), version: self.version + 1, ..self };
                return Some((Ok(event("files", &value)), watch));
            }
            tokio::select! {
                () = sleep(LOOK) => {}
                _ = self.stop.wait_for(|stop| *stop) => return None,
            }
        }
    }

    /// The files that are new or other than before; none at the first look.
    fn changed(&self, now: &Marks) -> Vec<String> {
        let Some(before) = &self.before else { return Vec::new() };
        now.iter().filter(|mark| !before.contains(mark)).map(|mark| self.app.roots.shown(&mark.0)).collect()
    }
}
