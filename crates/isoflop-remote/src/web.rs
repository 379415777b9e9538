//! One file of a web server.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode};

use crate::address::Address;
use crate::error::RemoteError;
use crate::folder::Folder;

/// Fetches the file; returns where it is.
pub(crate) async fn get(address: &Address, folder: &mut Folder) -> Result<PathBuf, RemoteError> {
    let shown = address.to_string();
    if address.is_prefix() {
        let reason = "a web server does not say what lies in a folder; give the address of a file".into();
        return Err(RemoteError::BadAddress { address: shown, reason });
    }
    let name = address.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    let place = folder.place(address.host(), name)?;
    // The address in an error of the library has its query, which may be a secret.
    let fail = |error: reqwest::Error| RemoteError::Failed {
        address: shown.clone(),
        reason: causes(&error.without_url()),
    };
    let client = Client::builder()
        .user_agent(concat!("isoflop/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(15))
        .read_timeout(Duration::from_secs(30))
        .build()
        .map_err(fail)?;
    let mut response = client.get(address.url.clone()).send().await.map_err(fail)?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(RemoteError::NotFound { address: shown }),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            return Err(RemoteError::NoPermission { address: shown, reason: status.to_string() });
        }
        status if !status.is_success() => return Err(folder.failed(&format!("the server says {status}"))),
        _ => {}
    }
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") {
        return Err(folder.failed("the server answers with a web page, not with a file of runs"));
    }
    let mut file = folder.create(&place)?;
    while let Some(bytes) = response.chunk().await.map_err(fail)? {
        folder.count(bytes.len())?;
        file.write_all(&bytes).map_err(|error| folder.failed(&error.to_string()))?;
    }
    Ok(place)
}

/// An error and what it came from: the library's own text does not say why.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
