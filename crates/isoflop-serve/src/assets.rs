//! The page, embedded: one HTML file, its style, and its scripts.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use isoflop_figure::{Theme, stylesheet};

use crate::error::ApiError;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Name, kind and text.
const ASSETS: [(&str, &str, &str); 12] = [
    ("style.css", STYLE, include_str!("../page/style.css")),
    ("main.js", SCRIPT, include_str!("../page/main.js")),
    ("api.js", SCRIPT, include_str!("../page/api.js")),
    ("dom.js", SCRIPT, include_str!("../page/dom.js")),
    ("source.js", SCRIPT, include_str!("../page/source.js")),
    ("law.js", SCRIPT, include_str!("../page/law.js")),
    ("results.js", SCRIPT, include_str!("../page/results.js")),
    ("answers.js", SCRIPT, include_str!("../page/answers.js")),
    ("plans.js", SCRIPT, include_str!("../page/plans.js")),
    ("state.js", SCRIPT, include_str!("../page/state.js")),
    ("icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
    ("curves.js", SCRIPT, include_str!("../page/curves.js")),
];

pub(crate) async fn page() -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], include_str!("../page/index.html")).into_response()
}

pub(crate) async fn asset(Path(name): Path<String>) -> Response {
    if name == "figures.css" {
        return ([(header::CONTENT_TYPE, STYLE)], stylesheet(Theme::Auto)).into_response();
    }
    match ASSETS.iter().find(|(known, _, _)| *known == name) {
        Some((_, kind, text)) => ([(header::CONTENT_TYPE, *kind)], *text).into_response(),
        None => ApiError::not_found("file", &name).into_response(),
    }
}

/// The description of the API, written by hand and held to the truth by tests.
pub(crate) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json")).into_response()
}
