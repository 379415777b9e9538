//! `isoflop serve`.

use std::path::PathBuf;

use clap::Args;
use isoflop_formula::parse_number;

/// Smallest and largest limit of uploads, in bytes.
const UPLOADS: (f64, f64) = (1e3, 16e9);

#[derive(Debug, Args)]
#[command(
    after_help = "The printed address holds a token that nobody else knows. Elsewhere on the network: isoflop serve --listen \
                  0.0.0.0:8000 --token A-LONG-SECRET, best behind a proxy with TLS."
)]
pub(crate) struct ServeArgs {
    /// Files and directories that may be read; by default the working directory
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub(crate) listen: String,
    /// The token of the address, at least 16 letters and digits; by default a random one. Also read from ISOFLOP_TOKEN,
    /// which other users of the machine do not see
    #[arg(long, value_name = "TEXT")]
    pub(crate) token: Option<String>,
    /// A name, besides addresses and localhost, by which the server may be called
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    /// Largest upload in bytes
    #[arg(long, default_value = "256M", value_name = "BYTES", value_parser = bytes)]
    pub(crate) upload_limit: u64,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

fn bytes(text: &str) -> Result<u64, String> {
    let value = parse_number(text).filter(|bytes| (UPLOADS.0..=UPLOADS.1).contains(bytes));
    value
        .map(|bytes| bytes as u64)
        .ok_or_else(|| "write a number of bytes from 1k to 16B, such as 256M".to_owned())
}
