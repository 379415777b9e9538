//! From an address to files.

use crate::address::{Address, Scheme};
use crate::error::RemoteError;
use crate::folder::{Fetched, Folder, Limits};
use crate::{store, web};

/// Fetches the object at an address, or everything below it, into a temporary folder.
///
/// * `address`: as [`crate::is_address`] knows them; of a web server, a file.
/// * `limits`: how many objects and bytes at most; going beyond is an error, and nothing is left behind.
///
/// # Errors
/// All of [`RemoteError`]. A server that does not answer is given up after 30 seconds.
pub fn fetch(address: &str, limits: Limits) -> Result<Fetched, RemoteError> {
    let address: Address = address.parse()?;
    let mut folder = Folder::new(&address, limits)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| folder.failed(&error.to_string()))?;
    let (path, left_out) = match address.scheme {
        Scheme::Web => (runtime.block_on(web::get(&address, &mut folder))?, 0),
        _ => runtime.block_on(store::get(&address, &mut folder))?,
    };
    Ok(folder.finish(path, left_out))
}
