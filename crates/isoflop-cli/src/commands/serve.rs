//! `isoflop serve`.

use isoflop_serve::{Options, Server};
use isoflop_study::{Listener, catalogue};

use crate::args::ServeArgs;
use crate::errors::Failure;
use crate::messages::Messages;
use crate::{interrupt, output};

/// Where a token may be given without showing it to other users.
const TOKEN: &str = "ISOFLOP_TOKEN";

/// Prints the address and answers until Ctrl-C.
pub(crate) fn run(args: &ServeArgs, messages: &Messages) -> Result<u8, Failure> {
    let server = Server::bind(Options {
        paths: args.paths.clone(),
        listen: args.listen.clone(),
        token: args.token.clone().or_else(|| std::env::var(TOKEN).ok()),
        hosts: args.hosts.clone(),
        upload_limit: args.upload_limit,
        catalogue: Some(catalogue(args.folder.as_deref(), messages)?),
    })
    .map_err(|error| Failure::new(error.code(), error))?;
    output::print(&format!("{}\n", server.url()))?;
    messages.info("open this address in a browser; Ctrl-C ends the explorer");
    if !server.address().ip().is_loopback() {
        messages.warning("other machines can reach this address, and what is sent is not encrypted");
    }
    let stopper = server.stopper();
    interrupt::on_first(move || stopper.stop());
    server.run();
    messages.info("ended");
    Ok(0)
}
