//! Addresses: what is one, and how it is shown.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::error::RemoteError;

/// What an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Amazon S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
    /// A web server, which gives single files.
    Web,
}

const SCHEMES: [(&str, Scheme); 9] = [
    ("s3", Scheme::S3),
    ("s3a", Scheme::S3),
    ("gs", Scheme::Google),
    ("az", Scheme::Azure),
    ("azure", Scheme::Azure),
    ("abfs", Scheme::Azure),
    ("abfss", Scheme::Azure),
    ("http", Scheme::Web),
    ("https", Scheme::Web),
];

/// An address of runs.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) url: Url,
    /// What it leads to.
    pub scheme: Scheme,
}

/// Whether a path that a user gave is an address: a scheme that is known before `://`, in any case of letters.
pub fn is_address(text: &str) -> bool {
    scheme(text).is_some()
}

fn scheme(text: &str) -> Option<Scheme> {
    let (name, _) = text.split_once("://")?;
    SCHEMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, scheme)| *scheme)
}

impl FromStr for Address {
    type Err = RemoteError;

    fn from_str(text: &str) -> Result<Self, RemoteError> {
        let bad = |reason: &str| RemoteError::BadAddress {
            // Not the whole text: it may hold a password.
            address: text.split(['?', '#']).next().unwrap_or_default().to_owned(),
            reason: reason.to_owned(),
        };
        let scheme = scheme(text).ok_or_else(|| bad("it has no scheme that is known"))?;
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(bad("it has no host or bucket"));
        }
        if scheme != Scheme::Web && text.contains(['*', '?', '[']) {
            return Err(bad("patterns are not for addresses; give a prefix that ends with /"));
        }
        Ok(Self { url, scheme })
    }
}

impl Address {
    /// Bucket, container or host.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether it names a folder rather than a file.
    pub fn is_prefix(&self) -> bool {
        self.url.path().ends_with('/') || self.url.path().is_empty()
    }
}

/// Without user, password and query, which may be secrets.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.url.port().map_or_else(String::new, |port| format!(":{port}"));
        write!(f, "{}://{}{port}{}", self.url.scheme(), self.host(), self.url.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_paths() {
        for text in ["s3://b/x", "S3://b", "gs://b/x/", "az://c/x", "https://h/x.csv", "http://localhost:1/x"]
        {
            assert!(is_address(text), "{text}");
        }
        for text in ["runs.csv", "C://x", "file:///x", "s3:/b/x", "dir/s3://b", "ftp://h/x"] {
            assert!(!is_address(text), "{text}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = |text: &str| text.parse::<Address>().unwrap().to_string();
        assert_eq!(shown("https://me:pass@host:8080/a%20b.csv?sig=1#x"), "https://host:8080/a%20b.csv");
        assert_eq!(shown("s3://bucket/runs/"), "s3://bucket/runs/");
        let error = "https://?sig=1".parse::<Address>().unwrap_err();
        assert!(!error.to_string().contains("sig"), "{error}");
    }

    #[test]
    fn what_is_refused() {
        for (text, says) in [("s3://", "host"), ("s3://b/*.csv", "patterns"), ("http://[/x", "IPv6")] {
            let error = text.parse::<Address>().unwrap_err();
            assert_eq!(error.code(), "W0101");
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }
}
