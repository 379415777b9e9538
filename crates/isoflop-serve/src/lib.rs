//! The local explorer: a page and a JSON API over the runs of one machine.
//!
//! [`Server::bind`] opens an address, on this machine alone unless told otherwise; [`Server::run`] answers until
//! [`Stopper::stop`]. The page reads tables below the given paths or uploaded ones, shows what was recognised, fits,
//! compares, plans and reports. All work is that of `isoflop-study`, all results have the JSON of the command line, and the
//! API is described at `/api/openapi.json`. Nothing is printed.
//!
//! Every request needs a token; foreign sites and names are refused; only files below the given paths are read; uploads,
//! queues, connections and what is kept in memory have limits.
//!
//! ```
//! use isoflop_serve::{Options, Server};
//!
//! let server = Server::bind(Options { listen: "127.0.0.1:0".to_owned(), ..Options::default() })?;
//! assert!(server.url().starts_with("http://127.0.0.1:"));
//! let stopper = server.stopper();
//! let running = std::thread::spawn(move || server.run());
//! stopper.stop();
//! running.join().unwrap();
//! # Ok::<(), isoflop_serve::ServeError>(())
//! ```

mod api;
mod ask;
mod assets;
mod body;
mod curves;
mod error;
mod events;
mod guard;
mod jobs;
mod listen;
mod look;
mod roots;
mod tables;
mod words;
mod work;

pub use error::ServeError;

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;

use isoflop_laws::Catalogue;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use api::{Explorer, router};
use guard::{Guard, LEAST_TOKEN, is_token, random_token};
use jobs::Jobs;
use roots::Roots;
use tables::Tables;

/// Jobs that are done at once; each uses all processors.
const WORKERS: usize = 2;

/// What is explored, and where the explorer listens.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files and directories that may be read; the working directory by default.
    pub paths: Vec<PathBuf>,
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// The token that requests need; `None` for a random one.
    pub token: Option<String>,
    /// Names, besides addresses and `localhost`, by which the server may be called.
    pub hosts: Vec<String>,
    /// Largest upload in bytes.
    pub upload_limit: u64,
    /// The laws that can be named.
    pub catalogue: Option<Catalogue>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            paths: vec![PathBuf::from(".")],
            listen: "127.0.0.1:0".to_owned(),
            token: None,
            hosts: Vec::new(),
            upload_limit: 256_000_000,
            catalogue: None,
        }
    }
}

/// An explorer that has its address.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    token: String,
    explorer: Arc<Explorer>,
    /// Goes with the server.
    uploads: TempDir,
    stop: Arc<watch::Sender<bool>>,
}

/// Ends a server from another thread, such as that of a signal.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Lets [`Server::run`] end: open requests have a moment to finish, running jobs are cancelled.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Server {
    /// Opens the address; requests are answered from [`Server::run`] on.
    ///
    /// # Errors
    /// Paths that are not there, an address that cannot be had, a token that is easily guessed, law files with mistakes.
    pub fn bind(options: Options) -> Result<Server, ServeError> {
        let cannot = |reason: String| ServeError::CannotStart { reason };
        let bad = || ServeError::BadAddress { address: options.listen.clone() };
        let address = options.listen.to_socket_addrs().map_err(|_| bad())?.next().ok_or_else(bad)?;
        let token = match options.token {
            Some(token) if !is_token(&token) => return Err(ServeError::WeakToken { least: LEAST_TOKEN }),
            Some(token) => token,
            None => random_token().map_err(cannot)?,
        };
        let roots = Roots::new(&options.paths)?;
        let catalogue = match options.catalogue {
            Some(catalogue) => catalogue,
            None => Catalogue::builtin().map_err(|errors| cannot(errors.to_string()))?,
        };
        let refused = |error: std::io::Error| ServeError::CannotListen { address, reason: error.to_string() };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(16).build();
        let runtime = runtime.map_err(|error| cannot(error.to_string()))?;
        let uploads = tempfile::Builder::new()
            .prefix("isoflop-")
            .tempdir()
            .map_err(|error| cannot(error.to_string()))?;
        let (stop, stopped) = watch::channel(false);
        let (readers, waiting) = Explorer::semaphores();
        let explorer = Explorer {
            guard: Guard::new(token.clone(), address.port(), &options.hosts),
            roots,
            tables: Tables::new(options.upload_limit),
            jobs: Jobs::default(),
            catalogue: Arc::new(catalogue),
            uploads: uploads.path().to_owned(),
            upload_limit: options.upload_limit,
            readers,
            waiting,
            stop: stopped,
        };
        let (explorer, stop) = (Arc::new(explorer), Arc::new(stop));
        Ok(Server { runtime, listener, address, token, explorer, uploads, stop })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token that requests need.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The address to open in a browser, with the token in it.
    pub fn url(&self) -> String {
        format!("http://{}/?token={}", self.address, self.token)
    }

    /// A handle that ends the server.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.stop.clone())
    }

    /// Answers requests until the server is stopped.
    pub fn run(self) {
        let Server { runtime, listener, explorer, uploads, stop, .. } = self;
        for _ in 0..WORKERS {
            let explorer = explorer.clone();
            std::thread::spawn(move || explorer.jobs.work(|job| work::run(&explorer, job)));
        }
        runtime.block_on(async {
            let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
            listen::listen(listener, router(explorer.clone()), stop.subscribe()).await;
        });
        explorer.jobs.close();
        // A table that is being read need not be waited for.
        runtime.shutdown_background();
        drop(uploads);
    }
}
