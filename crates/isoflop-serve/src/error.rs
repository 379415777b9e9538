//! What goes wrong: before the server runs, and in answer to one request.

use std::net::SocketAddr;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use isoflop_formula::{Diagnostic, Severity};
use isoflop_study::StudyError;
use serde_json::{Value, json};

/// Why the explorer does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The messages name every field.
pub enum ServeError {
    #[error("{path}: there is no such file or directory to explore")]
    NoRoot { path: String },
    #[error("{address}: write an address and a port to listen on, such as 127.0.0.1:8000 or 0.0.0.0:8000")]
    BadAddress { address: String },
    #[error("cannot listen on {address}: {reason}; choose another port with --listen")]
    CannotListen { address: SocketAddr, reason: String },
    #[error("a token has at least {least} letters, digits, - or _, and this one does not")]
    WeakToken { least: usize },
    #[error("the explorer cannot start: {reason}")]
    CannotStart { reason: String },
}

impl ServeError {
    /// A short code that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            ServeError::NoRoot { .. } => "S0101",
            ServeError::BadAddress { .. } => "S0102",
            ServeError::CannotListen { .. } => "S0103",
            ServeError::WeakToken { .. } => "S0104",
            ServeError::CannotStart { .. } => "S0105",
        }
    }
}

/// Why one request is refused.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: String,
    message: String,
    formula: Option<Value>,
}

pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> ApiError {
        ApiError { status, code: code.to_owned(), message: message.into(), formula: None }
    }

    /// Nobody who knows the token.
    pub(crate) fn no_token() -> ApiError {
        let message = "this address needs the token that `isoflop serve` printed: open the printed address, or send \
                       the header Authorization: Bearer TOKEN";
        ApiError::new(StatusCode::UNAUTHORIZED, "S0201", message)
    }

    /// Another site, or a name that may point anywhere.
    pub(crate) fn foreign(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, "S0202", message)
    }

    pub(crate) fn bad(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, "S0203", message)
    }

    pub(crate) fn not_found(what: &str, id: &str) -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "S0204", format!("there is no {what} {id:?}"))
    }

    /// A path that may not be read; whether it exists is not told.
    pub(crate) fn outside(path: &str) -> ApiError {
        let message =
            format!("{path} is not below one of the directories that the explorer was started with");
        ApiError::new(StatusCode::FORBIDDEN, "S0205", message)
    }

    pub(crate) fn too_large(limit: u64) -> ApiError {
        let message = format!("more than the {} MB that one request may carry", limit / 1_000_000);
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "S0206", message)
    }

    pub(crate) fn too_slow() -> ApiError {
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "S0207", "the request did not arrive in time")
    }

    /// Come again later.
    pub(crate) fn busy(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, "S0208", message)
    }

    /// What is there, but not ready for this.
    pub(crate) fn not_ready(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::CONFLICT, "S0209", message)
    }

    pub(crate) fn method() -> ApiError {
        ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "S0210", "this address does not take this method")
    }

    /// A mistake of the program, or of the machine.
    pub(crate) fn internal(message: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "S0299", message)
    }

    /// `{code, message, formula}` as it stands in answers and jobs.
    pub(crate) fn json(&self) -> Value {
        json!({"code": self.code, "message": self.message, "formula": self.formula})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({"error": self.json()}))).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            // The rest of a body that nobody wants is not waited for.
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

impl From<StudyError> for ApiError {
    fn from(error: StudyError) -> Self {
        let report = error.first_line();
        let message = report.split_once(": ").map_or(report.as_str(), |(_, message)| message).to_owned();
        let formula = error.formula().map(|(origin, text, diagnostics)| {
            let marks: Vec<Value> = diagnostics.0.iter().map(|d| mark(text, d)).collect();
            json!({"origin": origin, "text": text, "marks": marks})
        });
        ApiError { status: StatusCode::UNPROCESSABLE_ENTITY, code: error.code(), message, formula }
    }
}

macro_rules! from_study {
    ($($error:ty),*) => {$(
        impl From<$error> for ApiError {
            fn from(error: $error) -> Self {
                StudyError::from(error).into()
            }
        }
    )*};
}
from_study!(
    isoflop_runs::RunsError,
    isoflop_laws::LawError,
    isoflop_laws::LawErrors,
    isoflop_plan::PlanError,
    isoflop_plan::ModelError,
    isoflop_fit::FitError
);

/// A remark on a formula, with its place in characters of the text: `{code, severity, message, start, end, help}`.
pub(crate) fn mark(text: &str, diagnostic: &Diagnostic) -> Value {
    let characters = |at: usize| text.char_indices().take_while(|(place, _)| *place < at).count();
    let span = diagnostic.span.as_ref();
    json!({
        "code": diagnostic.code,
        "severity": if diagnostic.severity == Severity::Error { "error" } else { "warning" },
        "message": diagnostic.message,
        "start": span.map(|span| characters(span.start)),
        "end": span.map(|span| characters(span.end)),
        "help": diagnostic.help,
    })
}
