//! What can go wrong on the way to runs elsewhere.

/// An error in fetching runs; every message names the address, without secrets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// Text that is no address.
    #[error(
        "{address}: {reason}; write for example s3://bucket/runs/, gs://bucket/runs/, az://container/runs/ or https://host/runs.csv"
    )]
    BadAddress {
        /// The text, without a query.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// Nothing is there.
    #[error("{address}: there is nothing at this address")]
    NotFound {
        /// The address.
        address: String,
    },
    /// The server refuses.
    #[error(
        "{address}: no permission ({reason}); credentials are read from the environment, as the store's own tool reads them"
    )]
    NoPermission {
        /// The address.
        address: String,
        /// What the server said.
        reason: String,
    },
    /// The way there or back failed.
    #[error("{address}: cannot be fetched: {reason}")]
    Failed {
        /// The address.
        address: String,
        /// What failed.
        reason: String,
    },
    /// More than is fetched.
    #[error(
        "{address}: more than {limit} {what}; copy what you need to this machine first, or give a longer prefix"
    )]
    TooMuch {
        /// The address.
        address: String,
        /// The limit.
        limit: u64,
        /// What it counts: bytes, objects.
        what: &'static str,
    },
    /// A name that would lead out of the folder or cannot be a file.
    #[error(
        "{address}: the name `{name}` is no relative path of plain names, so it is not written to this machine"
    )]
    BadName {
        /// The address.
        address: String,
        /// The name as the store has it.
        name: String,
    },
}

impl RemoteError {
    /// A stable code for documentation and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadAddress { .. } => "W0101",
            Self::NotFound { .. } => "W0102",
            Self::NoPermission { .. } => "W0103",
            Self::Failed { .. } => "W0104",
            Self::TooMuch { .. } => "W0105",
            Self::BadName { .. } => "W0106",
        }
    }
}
