//! Finds running programs and sends them requests.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::directory::{Directory, DirectoryError};
use super::protocol::{Hello, REPLY_LIMIT, Reply, Request, VERSION, read, write};
use stickylb::untrusted::Untrusted;

/// How long a running program may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a running program could not be asked, or did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error("no stickylb-tui is running: start one with stickylb-tui, or in the background with stickylb-tui start")]
    NoneRuns,
    #[error("no stickylb-tui runs on port {port}; running: {running}")]
    NotThere { port: u16, running: String },
    #[error("several are running, say which with --port: {running}")]
    Several { running: String },
    #[error(
        "the balancer on port {port} speaks version {theirs} of the control protocol and this program {VERSION}: \
         use the stickylb-tui it was started with"
    )]
    Version { port: u16, theirs: u32 },
    #[error("the balancer on port {port} (pid {pid}) does not answer: {error}")]
    Silent { port: u16, pid: u32, error: io::Error },
    #[error("the balancer refused: {0}")]
    Refused(Untrusted<String>),
}

/// A running program.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    path: PathBuf,
    pub(crate) hello: Hello,
}

/// This user's running programs, in the order of their ports.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) running: Vec<Instance>,
    /// Programs that exist but do not answer.
    pub(crate) silent: Vec<ControlError>,
}

/// Finds every running program of this user, and removes the sockets of those that were killed.
pub(crate) async fn instances() -> Result<Found, ControlError> {
    let mut found = Found::default();
    for directory in Directory::open()?.with_linked() {
        for name in directory.names()? {
            let path = directory.path(name);
            match greeted(&path).await {
                Ok((hello, _)) => found.running.push(Instance { path, hello }),
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                    directory.remove_if_stale(name);
                }
                Err(error) => found.silent.push(ControlError::Silent { port: name.port, pid: name.pid, error }),
            }
        }
    }
    found.running.sort_by_key(|one| (one.port(), one.hello.pid));
    Ok(found)
}

/// Warns of other programs of this user that use one of these cookies: browsers send a cookie to every port of a host
/// (RFC 6265 8.5), so each of the two would receive the other's.
pub(crate) async fn shared_cookies(cookies: &[String]) -> Vec<String> {
    // A program that takes longer to answer is not worth a delayed start.
    let found = tokio::time::timeout(Duration::from_millis(500), instances()).await;
    let running = found.ok().and_then(Result::ok).map_or_else(Vec::new, |found| found.running);
    let others = running.iter().filter(|one| one.hello.pid != std::process::id());
    let shared = |one: &Instance| {
        let name = cookies.iter().find(|name| one.hello.cookies.iter().any(|theirs| *theirs == **name))?;
        Some(format!(
            "the balancer on port {} (pid {}) uses the cookie {} too, and browsers share cookies between the ports of a \
             host: name another with sticky.cookie.name",
            one.port(),
            one.hello.pid,
            name
        ))
    };
    others.filter_map(shared).collect()
}

impl Instance {
    /// The only one that runs, or the one on this port.
    pub(crate) async fn find(port: Option<u16>) -> Result<Self, ControlError> {
        let Found { mut running, mut silent } = instances().await?;
        let known = || {
            let each = running.iter().map(|one| format!("{} (pid {})", one.port(), one.hello.pid));
            each.collect::<Vec<_>>().join(", ")
        };
        if let Some(port) = port {
            if let Some(at) = running.iter().position(|one| one.hello.ports.contains(&port)) {
                return Ok(running.swap_remove(at));
            }
            let meant = |error: &ControlError| matches!(error, ControlError::Silent { port: of, .. } if *of == port);
            return Err(match silent.into_iter().find(meant) {
                Some(silent) => silent,
                None if running.is_empty() => ControlError::NoneRuns,
                None => ControlError::NotThere { port, running: known() },
            });
        }
        match running.len() {
            0 => Err(silent.pop().unwrap_or(ControlError::NoneRuns)),
            1 => Ok(running.swap_remove(0)),
            _ => Err(ControlError::Several { running: known() }),
        }
    }

    /// Its first port, or 0 if it listens on none.
    pub(crate) fn port(&self) -> u16 {
        self.hello.ports.first().copied().unwrap_or_default()
    }

    /// Sends one request on a new connection; [`Reply::Refused`] is an error.
    pub(crate) async fn ask(&self, request: &Request) -> Result<Reply, ControlError> {
        self.connect().await?.ask(request).await
    }

    pub(crate) async fn connect(&self) -> Result<Connection, ControlError> {
        let (hello, connection) = greeted(&self.path).await.map_err(|error| self.silent(error))?;
        if hello.protocol != VERSION {
            return Err(ControlError::Version { port: self.port(), theirs: hello.protocol });
        }
        Ok(Connection { connection, of: self.clone() })
    }

    fn silent(&self, error: io::Error) -> ControlError {
        ControlError::Silent { port: self.port(), pid: self.hello.pid, error }
    }
}

/// A connection to a running program.
pub(crate) struct Connection {
    connection: Halves,
    of: Instance,
}

struct Halves {
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
}

impl Connection {
    /// Sends one request and waits for its reply.
    pub(crate) async fn ask(&mut self, request: &Request) -> Result<Reply, ControlError> {
        self.ask_within(request, PATIENCE).await
    }

    /// The same with another time limit for the reply.
    pub(crate) async fn ask_within(&mut self, request: &Request, limit: Duration) -> Result<Reply, ControlError> {
        let asked = tokio::time::timeout(PATIENCE, write(&mut self.connection.to, request)).await;
        asked.map_err(io::Error::from).flatten().map_err(|error| self.of.silent(error))?;
        let reply = tokio::time::timeout(limit, self.next()).await;
        match reply.map_err(io::Error::from).flatten() {
            Ok(Some(Reply::Refused { why })) => Err(ControlError::Refused(why)),
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(self.of.silent(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(self.of.silent(error)),
        }
    }

    /// The next reply, without a time limit; `None` at the end of the connection.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Reply>> {
        read(&mut self.connection.from, REPLY_LIMIT).await
    }
}

/// Connects and reads the greeting.
async fn greeted(path: &Path) -> io::Result<(Hello, Halves)> {
    let connect = async {
        let (from, to) = UnixStream::connect(path).await?.into_split();
        let mut halves = Halves { from: BufReader::new(from), to };
        match read(&mut halves.from, REPLY_LIMIT).await? {
            Some(Reply::Hello(hello)) => Ok((hello, halves)),
            Some(Reply::Refused { why }) => Err(io::Error::other(why.to_string())),
            Some(_) => Err(io::Error::other("it does not say who it is")),
            None => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    };
    tokio::time::timeout(PATIENCE, connect).await?
}
