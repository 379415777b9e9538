//! The addresses of the server.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use isoflop_figure::{Theme, svg};
use isoflop_laws::Catalogue;
use isoflop_plan::NamedPlan;
use isoflop_report::{ResultFile, Subject, figures_of, page, result_figures, result_kind};
use isoflop_runs::find_roles;
use isoflop_study::{Fitted, Points, StudyError, SurveyedJson, law_json, laws_json, plans_json};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::ask::Ask;
use crate::assets;
use crate::body;
use crate::curves::{Curves, curves};
use crate::error::{ApiError, ApiResult};
use crate::events;
use crate::guard::{Guard, guard};
use crate::jobs::Jobs;
use crate::look::{CheckLaw, Look, check_law, look};
use crate::roots::Roots;
use crate::tables::{Reading, Tables};
use crate::words;

/// Tables that are read, looked at or thinned at once, and requests that wait for it.
const READERS: usize = 2;
const MOST_READERS_WAITING: usize = 64;
/// Points of one prediction.
const MOST_POINTS: usize = 1000;

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct Explorer {
    pub(crate) guard: Guard,
    pub(crate) roots: Roots,
    pub(crate) tables: Tables,
    pub(crate) jobs: Jobs,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) uploads: std::path::PathBuf,
    pub(crate) upload_limit: u64,
    pub(crate) readers: Semaphore,
    pub(crate) waiting: Semaphore,
    pub(crate) stop: watch::Receiver<bool>,
}

/// The shared state as handlers have it.
pub(crate) type App = Arc<Explorer>;

impl Explorer {
    /// Semaphores for the readers of tables.
    pub(crate) fn semaphores() -> (Semaphore, Semaphore) {
        (Semaphore::new(READERS), Semaphore::new(MOST_READERS_WAITING))
    }
}

/// Work that may take long, on a thread of its own; at most a few at once.
async fn reading<T: Send + 'static>(
    app: App,
    work: impl FnOnce(&Explorer) -> ApiResult<T> + Send + 'static,
) -> ApiResult<T> {
    let explorer = app.clone();
    let busy = || ApiError::busy("many requests for tables wait already; try again soon");
    let _wait = explorer.waiting.try_acquire().map_err(|_| busy())?;
    let _read = explorer.readers.acquire().await.map_err(|_| busy())?;
    let done = spawn_blocking(move || work(&app)).await;
    done.unwrap_or_else(|_| {
        Err(ApiError::internal("internal error: a mistake of the program, please report it"))
    })
}

/// All addresses, behind the guard.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/", get(assets::page))
        .route("/assets/{name}", get(assets::asset))
        .route("/api/openapi.json", get(assets::openapi))
        .route("/api/status", get(status))
        .route("/api/files", get(files))
        .route("/api/tables", get(tables).post(open))
        .route("/api/uploads", post(upload))
        .route("/api/tables/{id}", get(table).delete(forget))
        .route("/api/tables/{id}/survey", get(survey))
        .route("/api/tables/{id}/look", post(look_at))
        .route("/api/tables/{id}/curves", get(curves_of))
        .route("/api/tables/{id}/events", get(table_events))
        .route("/api/check-law", post(check))
        .route("/api/laws", get(laws))
        .route("/api/laws/{id}", get(law))
        .route("/api/plans", get(plans))
        .route("/api/jobs", get(jobs).post(submit))
        .route("/api/jobs/{id}", get(job).delete(cancel))
        .route("/api/jobs/{id}/events", get(job_events))
        .route("/api/jobs/{id}/figures", get(figures))
        .route("/api/jobs/{id}/predict", post(predict))
        .route("/api/jobs/{id}/fit.json", get(saved))
        .route("/api/jobs/{id}/report.html", get(report))
        .fallback(async || ApiError::not_found("address", "").into_response())
        .method_not_allowed_fallback(async || ApiError::method().into_response())
        .layer(from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

/// A query, or what is wrong with it.
fn query<T: serde::de::DeserializeOwned>(uri: &axum::http::Uri) -> ApiResult<T> {
    Query::try_from_uri(uri).map(|Query(value)| value).map_err(|error| ApiError::bad(error.body_text()))
}

async fn status(State(app): State<App>) -> Json<Value> {
    Json(json!({
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "roots": app.roots.names(),
        "upload_limit": app.upload_limit,
    }))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct InDirectory {
    path: Option<String>,
}

async fn files(State(app): State<App>, uri: axum::http::Uri) -> ApiResult<Json<Value>> {
    let asked: InDirectory = query(&uri)?;
    reading(app, move |app| app.roots.list(asked.path.as_deref())).await.map(Json)
}

async fn tables(State(app): State<App>) -> Json<Value> {
    Json(app.tables.list())
}

async fn open(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let asked: Reading = body::json(&headers, body).await?;
    let table = reading(app, move |app| app.tables.open(asked, &app.roots)).await?;
    Ok((StatusCode::CREATED, Json(table)))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Upload {
    name: String,
    points: Option<String>,
}

async fn upload(
    State(app): State<App>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let Upload { name, points } = query(&uri)?;
    let limit = app.upload_limit;
    let claimed = body::claimed(&headers).unwrap_or(0);
    if claimed > limit {
        return Err(ApiError::too_large(limit));
    }
    app.tables.check_room(claimed)?;
    let file = NamedTempFile::new_in(&app.uploads);
    let file = file.map_err(|error| ApiError::internal(format!("the upload cannot be kept: {error}")))?;
    let (file, bytes) = body::file(&headers, body, limit, file).await?;
    app.tables.check_room(bytes)?;
    let read = Reading { points, ..Reading::default() };
    let table = reading(app, move |app| app.tables.upload(&name, read, file, bytes, &app.roots)).await?;
    Ok((StatusCode::CREATED, Json(table)))
}

async fn table(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    reading(app, move |app| app.tables.describe(&id, &app.roots)).await.map(Json)
}

async fn forget(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    app.tables.forget(&id)?;
    Ok(Json(json!({"id": id, "state": "deleted"})))
}

async fn survey(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    reading(app, move |app| {
        let found = app.tables.survey(&id, &app.roots)?;
        let mappings =
            found.iter().map(|found| find_roles(&found.table, &[])).collect::<Result<Vec<_>, _>>()?;
        serde_json::to_value(SurveyedJson::new(found.iter().zip(&mappings)))
            .map_err(|error| ApiError::internal(error.to_string()))
    })
    .await
    .map(Json)
}

async fn look_at(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<Value>> {
    app.tables.origin(&id)?;
    let asked: Look = body::json(&headers, body).await?;
    reading(app, move |app| look(&app.tables.rows(&id, &app.roots)?.1, &asked, &app.catalogue))
        .await
        .map(Json)
}

async fn curves_of(
    State(app): State<App>,
    Path(id): Path<String>,
    uri: axum::http::Uri,
) -> ApiResult<Json<Value>> {
    app.tables.origin(&id)?;
    let asked: Curves = query(&uri)?;
    reading(app, move |app| curves(&app.tables.rows(&id, &app.roots)?.1, &asked)).await.map(Json)
}

async fn table_events(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    app.tables.origin(&id)?;
    let stop = app.stop.clone();
    Ok(events::of_table(app, id, stop).into_response())
}

async fn check(State(app): State<App>, headers: HeaderMap, body: Body) -> ApiResult<Json<Value>> {
    let asked: CheckLaw = body::json(&headers, body).await?;
    reading(app, move |app| {
        let table = asked.table.as_ref().map(|id| app.tables.rows(id, &app.roots)).transpose()?;
        check_law(&asked, table.as_ref().map(|(_, table)| &**table), &app.catalogue)
    })
    .await
    .map(Json)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Words {
    query: String,
}

async fn laws(State(app): State<App>, uri: axum::http::Uri) -> ApiResult<Json<Value>> {
    let asked: Words = query(&uri)?;
    Ok(Json(laws_json(&app.catalogue.search(&asked.query))))
}

async fn law(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    let law = app.catalogue.find(&id).map_err(|_| ApiError::not_found("law", &id))?;
    Ok(Json(law_json(law)))
}

async fn plans() -> ApiResult<Json<Value>> {
    Ok(Json(plans_json(&NamedPlan::builtin()?)))
}

async fn jobs(State(app): State<App>) -> Json<Value> {
    Json(app.jobs.list())
}

async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<(StatusCode, Json<Value>)> {
    let ask: Ask = body::json(&headers, body).await?;
    ask.check()?;
    let runs = match &ask.table {
        Some(id) => app.tables.origin(id)?.runs(),
        None => Vec::new(),
    };
    if let Some(id) = &ask.options.fit {
        app.jobs.find(id)?;
    }
    let job = app.jobs.submit(ask, runs)?;
    Ok((StatusCode::ACCEPTED, Json(job.status())))
}

async fn job(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    let job = app.jobs.find(&id)?;
    let mut value = job.json();
    if let Value::Object(object) = &mut value {
        object.insert("result".into(), job.outcome().map_or(Value::Null, |outcome| outcome.json.clone()));
        object.insert("command".into(), words::line(&words::command(&job)).into());
        object.insert("python".into(), words::python(&job).into());
    }
    Ok(Json(value))
}

async fn cancel(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    app.jobs.delete(&id).map(Json)
}

async fn job_events(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    Ok(events::of_job(app.jobs.find(&id)?, app.stop.clone()).into_response())
}

/// The figures of a result: caption, SVG without colours (the page's style sheet has them), and the table behind it.
async fn figures(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Json<Value>> {
    let outcome = app.jobs.find(&id)?.outcome()?;
    reading(app, move |_| {
        let all = match &outcome.finished {
            Some(fit) if !fit.formula.parts.is_empty() => Vec::new(),
            Some(fit) => figures_of(&Subject::of_finished(fit, &[]).scene()),
            None => result_figures(&outcome.json).unwrap_or_default(),
        };
        let shown = all.into_iter().map(|shown| {
            json!({
                "title": shown.figure.title,
                "caption": shown.caption,
                "svg": svg(&shown.figure, Theme::Page),
                "head": shown.head,
                "rows": shown.rows,
            })
        });
        Ok(json!({"figures": shown.collect::<Vec<_>>()}))
    })
    .await
    .map(Json)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Predict {
    /// Points: `N=70B,D=1.4T`.
    at: Vec<String>,
    level: Option<f64>,
}

async fn predict(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Json<Value>> {
    let finished = app.jobs.find(&id)?.fit()?;
    let asked: Predict = body::json(&headers, body).await?;
    let level = asked.level.unwrap_or(finished.options.level);
    if asked.at.is_empty() || asked.at.len() > MOST_POINTS || !(level > 0.0 && level < 1.0) {
        return Err(ApiError::bad(format!(
            "`at` has 1 to {MOST_POINTS} points such as N=70B,D=1.4T, `level` lies between 0 and 1"
        )));
    }
    reading(app, move |_| {
        let fitted = Fitted { formula: &finished.formula, fit: &finished.fit };
        let points =
            asked.at.iter().map(|text| fitted.parse(text)).collect::<Result<Vec<_>, StudyError>>()?;
        let predictions = fitted.predict(&points, level)?;
        let (law, formula, fit) = (finished.law.id.as_str(), &finished.formula, &finished.fit);
        Ok(Points { law, formula, fit, level, points: &points, predictions: &predictions }.json())
    })
    .await
    .map(Json)
}

async fn saved(State(app): State<App>, Path(id): Path<String>) -> ApiResult<Response> {
    let job = app.jobs.find(&id)?;
    let text = job.fit()?.saved(words::command(&job)).to_json()?;
    Ok(download("application/json", "fit.json", text))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct With {
    /// Jobs whose results go into the report, with commas.
    with: String,
}

async fn report(State(app): State<App>, Path(id): Path<String>, uri: axum::http::Uri) -> ApiResult<Response> {
    let job = app.jobs.find(&id)?;
    let finished = job.fit()?;
    let With { with } = query(&uri)?;
    let mut results = Vec::new();
    for other in with.split(',').map(str::trim).filter(|other| !other.is_empty()) {
        let other = app.jobs.find(other)?;
        let outcome = other.outcome()?;
        if result_kind(&outcome.json).is_some() {
            let name = format!("{}-{}.json", other.ask.kind.name(), other.id);
            results.push(ResultFile { name, result: outcome.json.clone() });
        }
    }
    let command = words::report(&job, results.iter().map(|result| result.name.as_str()));
    let text = reading(app, move |_| {
        let subject = Subject { results: &results, ..Subject::of_finished(&finished, &command) };
        Ok(page(&subject))
    })
    .await?;
    // The report has scripts and styles of its own, for which its file, not this site, is the place.
    Ok(download("text/html; charset=utf-8", "report.html", text))
}

fn download(kind: &'static str, name: &str, text: String) -> Response {
    let mut response = ([(header::CONTENT_TYPE, kind)], text).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
