//! Bodies of requests: read in pieces, up to a limit, from clients that may be slow.

use std::io::Write;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{ApiError, ApiResult};

/// Largest body that is no upload.
const JSON_LIMIT: u64 = 1 << 20;
/// How long the next piece is waited for.
const PIECE: Duration = Duration::from_secs(15);
/// How long a body that is no upload may take as a whole.
const JSON_TIME: Duration = Duration::from_secs(30);
/// How long an upload may take.
const UPLOAD_TIME: Duration = Duration::from_secs(900);

/// Reads a JSON body.
pub(crate) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> ApiResult<T> {
    let mut bytes = Vec::new();
    each(headers, body, JSON_LIMIT, JSON_TIME, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })
    .await?;
    let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::bad(format!("the body is not the JSON that is asked for: {error}")))
}

/// Writes a body into a file, never holding more than a piece of it.
pub(crate) async fn file(
    headers: &HeaderMap,
    body: Body,
    limit: u64,
    mut file: NamedTempFile,
) -> ApiResult<(NamedTempFile, u64)> {
    let mut length = 0;
    each(headers, body, limit, UPLOAD_TIME, |piece| {
        length += piece.len() as u64;
        file.write_all(piece)
            .map_err(|error| ApiError::internal(format!("the upload cannot be kept: {error}")))
    })
    .await?;
    file.flush().map_err(|error| ApiError::internal(format!("the upload cannot be kept: {error}")))?;
    Ok((file, length))
}

/// The length that a request claims, if it does.
pub(crate) fn claimed(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn each(
    headers: &HeaderMap,
    mut body: Body,
    limit: u64,
    time: Duration,
    mut take: impl FnMut(&Bytes) -> ApiResult<()>,
) -> ApiResult<()> {
    if claimed(headers).is_some_and(|length| length > limit) {
        return Err(ApiError::too_large(limit));
    }
    let end = Instant::now() + time;
    let mut length = 0;
    loop {
        let piece = timeout_at(end, timeout(PIECE, body.frame())).await;
        let Ok(Ok(piece)) = piece else { return Err(ApiError::too_slow()) };
        let Some(piece) = piece else { return Ok(()) };
        let piece = piece.map_err(|error| ApiError::bad(format!("the body ends too early: {error}")))?;
        let Ok(bytes) = piece.into_data() else { continue };
        length += bytes.len() as u64;
        if length > limit {
            return Err(ApiError::too_large(limit));
        }
        take(&bytes)?;
    }
}
