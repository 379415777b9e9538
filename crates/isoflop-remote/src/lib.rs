//! Runs that lie on an object store or a web server, fetched into a temporary folder for readers of local files.
//!
//! `fetch` takes an object, or everything under a prefix: `s3://bucket/runs/`, `gs://bucket/runs/`,
//! `az://container/runs/`, `https://host/runs.csv`. Who may read is decided by the environment as the tools of the
//! stores have it (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_APPLICATION_CREDENTIALS`,
//! `AZURE_STORAGE_ACCOUNT_NAME` and their like); nothing is written there. Sizes and counts are bounded, names that
//! would lead out of the folder are refused, and weights of models are left where they are.
//!
//! What talks to servers is behind the feature `stores`; without it this crate only tells addresses from paths.
//!
//! ```
//! use isoflop_remote::{Address, is_address};
//! assert!(is_address("s3://bucket/runs/") && !is_address("runs/s3.csv"));
//! let address: Address = "https://me:secret@host/a/runs.csv?token=1".parse()?;
//! assert_eq!(address.to_string(), "https://host/a/runs.csv");
//! # Ok::<(), isoflop_remote::RemoteError>(())
//! ```

mod address;
mod error;
#[cfg(feature = "stores")]
mod fetch;
#[cfg(feature = "stores")]
mod folder;
#[cfg(feature = "stores")]
mod store;
#[cfg(feature = "stores")]
mod web;

pub use address::{Address, Scheme, is_address};
pub use error::RemoteError;
#[cfg(feature = "stores")]
pub use fetch::fetch;
#[cfg(feature = "stores")]
pub use folder::{Fetched, Limits};
