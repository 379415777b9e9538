//! Objects of a store: one, or all below a prefix.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{GetResult, ObjectStore, ObjectStoreExt, RetryConfig};

use crate::address::{Address, Scheme};
use crate::error::RemoteError;
use crate::folder::{Folder, is_wanted};

/// Objects fetched at a time: runs are many small files, and most of the time is the way.
const AT_A_TIME: usize = 16;

/// The store of an address; who asks is in the environment.
fn open(address: &Address) -> Result<Box<dyn ObjectStore>, object_store::Error> {
    let url = address.url.as_str();
    let retry =
        RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() };
    Ok(match address.scheme {
        Scheme::Google => {
            Box::new(GoogleCloudStorageBuilder::from_env().with_url(url).with_retry(retry).build()?)
        }
        Scheme::Azure => Box::new(MicrosoftAzureBuilder::from_env().with_url(url).with_retry(retry).build()?),
        _ => Box::new(AmazonS3Builder::from_env().with_url(url).with_retry(retry).build()?),
    })
}

/// Fetches what the address names; returns where it is, and how many objects were left out.
pub(crate) async fn get(address: &Address, folder: &mut Folder) -> Result<(PathBuf, u64), RemoteError> {
    let fail = |error: object_store::Error| explain(address, &error);
    let store = open(address).map_err(fail)?;
    let start = Path::from_url_path(address.url.path()).map_err(|error| fail(error.into()))?;
    let folder = RefCell::new(folder);
    if !address.is_prefix() {
        match store.get(&start).await {
            Ok(object) => {
                let place = folder.borrow().place(address.host(), start.as_ref())?;
                write(address, object, &place, &folder).await?;
                return Ok((place, 0));
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(fail(error)),
        }
    }
    let mut left_out = 0;
    let mut wanted = Vec::new();
    let mut list = store.list(Some(&start).filter(|_| !start.as_ref().is_empty()));
    while let Some(object) = list.try_next().await.map_err(fail)? {
        let key: &str = object.location.as_ref();
        let relative = key.strip_prefix::<&str>(start.as_ref()).unwrap_or(key).trim_start_matches('/');
        // Objects without content stand for folders.
        if object.size == 0 || !is_wanted(relative) {
            left_out += 1;
            continue;
        }
        let place = folder.borrow().place(address.host(), key)?;
        folder.borrow_mut().expect(object.size)?;
        wanted.push((object.location, place));
    }
    if wanted.is_empty() {
        return Err(RemoteError::NotFound { address: address.to_string() });
    }
    let fetched = stream::iter(wanted).map(Ok).try_for_each_concurrent(AT_A_TIME, |(key, place)| {
        let (store, folder) = (&store, &folder);
        async move {
            let object = store.get(&key).await.map_err(fail)?;
            write(address, object, &place, folder).await
        }
    });
    fetched.await?;
    // A prefix with a file of its own name beside it, or the whole bucket.
    let name: &str = start.as_ref();
    let folder = folder.borrow();
    let path = match name.is_empty() {
        true => folder.root(address.host()),
        false => folder.place(address.host(), name)?,
    };
    Ok((path, left_out))
}

async fn write(
    address: &Address,
    object: GetResult,
    place: &std::path::Path,
    folder: &RefCell<&mut Folder>,
) -> Result<(), RemoteError> {
    let mut file = folder.borrow_mut().create(place)?;
    let mut bytes = object.into_stream();
    while let Some(part) = bytes.try_next().await.map_err(|error| explain(address, &error))? {
        folder.borrow_mut().count(part.len())?;
        file.write_all(&part).map_err(|error| folder.borrow().failed(&error.to_string()))?;
    }
    Ok(())
}

fn explain(address: &Address, error: &object_store::Error) -> RemoteError {
    let shown = address.to_string();
    match error {
        object_store::Error::NotFound { .. } => RemoteError::NotFound { address: shown },
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            RemoteError::NoPermission { address: shown, reason: plain(&error.to_string()) }
        }
        // A refused listing has no kind of its own.
        _ if ["403 Forbidden", "401 Unauthorized"]
            .iter()
            .any(|status| error.to_string().contains(status)) =>
        {
            RemoteError::NoPermission { address: shown, reason: plain(&error.to_string()) }
        }
        _ => RemoteError::Failed { address: shown, reason: plain(&error.to_string()) },
    }
}

/// One line, without the queries of addresses: they may hold signatures.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((address, _)) if address.contains("://") => address,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}
