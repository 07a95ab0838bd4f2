//! Finds running programs and sends them requests.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::directory::{Directory, DirectoryError, Name};
use super::protocol::{Hello, REPLY_LIMIT, Reply, Request, VERSION, read, write};
use stickylb::untrusted::Untrusted;

/// How long a running program may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long one may take to say who it is while others are asked too: one that is stopped must not hold them up.
const GREETING: Duration = Duration::from_secs(2);

/// The same while a balancer starts, which is not worth delaying.
const STARTING: Duration = Duration::from_millis(500);

/// How often, and how far apart, to look whether a program whose connection ended has ended too.
const LOOKS: u32 = 40;
const LOOK: Duration = Duration::from_millis(50);

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
    #[error("the balancer refused: {why}{}", other_version(theirs))]
    Refused { why: Untrusted<String>, theirs: Untrusted<String> },
}

/// A running program.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    path: PathBuf,
    pub(crate) hello: Hello,
    /// Whether it is only watched: then each connection to it says so, before anything else.
    pub(super) only_watched: bool,
}

/// This user's running programs, in the order of their ports.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) running: Vec<Instance>,
    /// Programs that exist but do not answer.
    pub(crate) silent: Vec<ControlError>,
}

/// Finds every running program of this user, all asked at once, and removes the sockets of those that were killed.
pub(crate) async fn instances() -> Result<Found, ControlError> {
    Ok(ask_all(sockets()?, GREETING).await)
}

/// The sockets in all directories, with or without a listener.
fn sockets() -> Result<Vec<(Arc<Directory>, Name)>, ControlError> {
    let mut sockets = Vec::new();
    for directory in Directory::all()?.into_iter().map(Arc::new) {
        sockets.extend(directory.names()?.into_iter().map(|name| (Arc::clone(&directory), name)));
    }
    Ok(sockets)
}

/// Asks all of these at once who they are.
async fn ask_all(sockets: Vec<(Arc<Directory>, Name)>, limit: Duration) -> Found {
    let ask = |(directory, name): (Arc<Directory>, Name)| async move {
        let path = directory.path(name);
        let greeting = greeted(&path, limit).await;
        (directory, name, path, greeting)
    };
    let mut found = Found::default();
    for (directory, name, path, greeting) in join_all(sockets.into_iter().map(ask)).await {
        match greeting {
            Ok((hello, _)) => found.running.push(Instance { path, hello, only_watched: false }),
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                directory.remove_if_stale(name);
            }
            Err(error) => found.silent.push(ControlError::Silent { port: name.port, pid: name.pid, error }),
        }
    }
    found.running.sort_by_key(|one| (one.port(), one.hello.pid));
    found
}

/// Warns of other programs of this user that use one of these cookies: browsers send a cookie to every port of a host
/// (RFC 6265 8.5), so each of the two would receive the other's.
pub(crate) async fn shared_cookies(cookies: &[String]) -> Vec<String> {
    let Ok(sockets) = sockets() else { return Vec::new() };
    let found = ask_all(sockets, STARTING).await;
    let others = found.running.iter().filter(|one| one.hello.pid != std::process::id());
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
    /// One whose socket is there, and of which nothing else is known.
    #[cfg(all(test, feature = "tui"))]
    pub(super) fn at(path: PathBuf) -> Self {
        let hello = Hello {
            protocol: VERSION,
            version: String::new().into(),
            pid: 0,
            ports: Vec::new(),
            url: String::new().into(),
            uptime_seconds: 0,
            cookies: Vec::new(),
        };
        Instance { path, hello, only_watched: false }
    }

    /// The only one that runs, or the one on this port.
    pub(crate) async fn find(port: Option<u16>) -> Result<Self, ControlError> {
        if let Some(port) = port {
            return Instance::on(port).await;
        }
        let Found { mut running, mut silent } = instances().await?;
        match running.len() {
            0 => Err(silent.pop().unwrap_or(ControlError::NoneRuns)),
            1 => Ok(running.swap_remove(0)),
            _ => Err(ControlError::Several { running: in_words(&running) }),
        }
    }

    /// The one on this port. Where a socket is named after it, only that one is asked.
    async fn on(port: u16) -> Result<Self, ControlError> {
        let has_it = |one: &Instance| one.hello.ports.contains(&port);
        let (named, others) = sockets()?.into_iter().partition(|(_, name)| name.port == port);
        let mut named = ask_all(named, PATIENCE).await;
        if let Some(at) = named.running.iter().position(has_it) {
            return Ok(named.running.swap_remove(at));
        }
        if let Some(silent) = named.silent.pop() {
            return Err(silent);
        }
        // Sockets are named after the first port, and it may have several, or others since a change of its file.
        let mut others = ask_all(others, GREETING).await;
        others.running.append(&mut named.running);
        match others.running.iter().position(has_it) {
            Some(at) => Ok(others.running.swap_remove(at)),
            None if others.running.is_empty() => Err(ControlError::NoneRuns),
            None => Err(ControlError::NotThere { port, running: in_words(&others.running) }),
        }
    }

    /// The same, only watched.
    #[cfg(feature = "tui")]
    pub(crate) fn only_watched(self) -> Self {
        Instance { only_watched: true, ..self }
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
        let (hello, connection) = greeted(&self.path, PATIENCE).await.map_err(|error| self.silent(error))?;
        if hello.protocol != VERSION {
            return Err(ControlError::Version { port: self.port(), theirs: hello.protocol });
        }
        let mut connection = Connection { connection, of: self.clone() };
        if self.only_watched {
            connection.ask(&Request::Watch).await?;
        }
        Ok(connection)
    }

    /// Whether it has ended, or does so in a moment: nobody listens any more.
    pub(crate) async fn has_ended(&self) -> bool {
        for _ in 0..LOOKS {
            let answer = greeted(&self.path, GREETING).await.err().map(|error| error.kind());
            if matches!(answer, Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound)) {
                return true;
            }
            tokio::time::sleep(LOOK).await;
        }
        false
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
            Ok(Some(Reply::Refused { why })) => {
                Err(ControlError::Refused { why, theirs: self.of.hello.version.clone() })
            }
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

/// What explains a refusal by a balancer of another version, which may not know what is asked.
fn other_version(theirs: &Untrusted<String>) -> String {
    let own = env!("CARGO_PKG_VERSION");
    if *theirs == *own {
        return String::new();
    }
    format!("; it is version {theirs} and this program {own}: use the stickylb-tui it was started with")
}

/// For example `3001 (pid 4711), 3002 (pid 4712)`.
fn in_words(running: &[Instance]) -> String {
    let each = running.iter().map(|one| format!("{} (pid {})", one.port(), one.hello.pid));
    each.collect::<Vec<_>>().join(", ")
}

/// Connects and reads the greeting.
async fn greeted(path: &Path, limit: Duration) -> io::Result<(Hello, Halves)> {
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
    tokio::time::timeout(limit, connect).await?
}
