//! The running program's end of the control socket.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tokio::io::BufReader;
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::directory::{Directory, DirectoryError, Name, close_to_others};
use super::protocol::{Hello, REQUEST_LIMIT, Reply, Request, VERSION, read, write};
use stickylb::Balancer;
use stickylb::api::Ending;
use stickylb::untrusted::Untrusted;

/// Clients at one time.
const CLIENTS: usize = 32;
/// Time for a client's next request.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time for a client that follows to take what it is told: a screen may be suspended for a while.
const STALL: Duration = Duration::from_mins(5);
/// What happens is told in batches this far apart.
const BATCH: Duration = Duration::from_millis(33);
/// Time to tell everybody that it is over.
const FAREWELL: Duration = Duration::from_millis(500);

/// The open socket. It is removed when this is dropped.
pub(crate) struct Server {
    path: PathBuf,
    served: Arc<Served>,
    accepting: AbortHandle,
    ending: watch::Sender<Option<Ending>>,
}

/// What every client's task needs.
struct Served {
    engine: Arc<Balancer>,
    started: Instant,
    /// Told when a client wants the program to stop.
    stop: Arc<Notify>,
    stopping: AtomicBool,
    ending: watch::Receiver<Option<Ending>>,
    places: Arc<Semaphore>,
}

impl Server {
    /// Opens the socket for this process; `stop` is told when a client wants the program to stop.
    pub(crate) fn open(engine: &Arc<Balancer>, stop: Arc<Notify>) -> Result<Self, DirectoryError> {
        let directory = Directory::open()?;
        let path = directory.path(Name { port: engine.address().port(), pid: std::process::id() });
        // Of a process that had the same id and was killed.
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).map_err(|error| directory.failed(error))?;
        let (ending, ended) = watch::channel(None);
        let served = Arc::new(Served {
            engine: Arc::clone(engine),
            started: Instant::now(),
            stop,
            stopping: AtomicBool::new(false),
            ending: ended,
            places: Arc::new(Semaphore::new(CLIENTS)),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&served))).abort_handle();
        let open = Server { path, served, accepting, ending };
        // The directory lets nobody else in; this is the second lock.
        close_to_others(&open.path).map_err(|error| directory.failed(error))?;
        Ok(open)
    }

    /// Has root find this program when it has become another user, whose directory root's own then leads to.
    ///
    /// # Errors
    /// Where root's directory cannot be used; then root has to become that user to find it.
    pub(crate) fn lead_root_to(user: u32) -> Result<(), DirectoryError> {
        let own = Directory::open()?;
        own.link(user).map_err(|error| own.failed(error))
    }

    /// Tells whoever listens how the program ended, and closes the socket.
    pub(crate) async fn close(self, ending: Ending) {
        self.ending.send_replace(Some(ending));
        let all = u32::try_from(CLIENTS).unwrap_or(u32::MAX);
        // A client that does not take it in time learns of the end by the connection's.
        let _ = tokio::time::timeout(FAREWELL, self.served.places.acquire_many(all)).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        // Gone already where somebody cleans up temporary files.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn accept(listener: UnixListener, served: Arc<Served>) {
    // Dropped with this task, and its clients with it.
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = Arc::clone(&served);
                // However a client's connection ends, it concerns nobody else.
                clients.spawn(async move { drop(serve(stream, &served).await) });
            }
            // Out of file descriptors, most likely: it passes, and trying at once would spin.
            Err(_) => tokio::time::sleep(Duration::from_millis(250)).await,
        }
    }
}

async fn serve(stream: UnixStream, served: &Served) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    // Root, who may do everything, may have started this program before it became somebody else.
    if peer != geteuid().as_raw() && peer != 0 {
        return Ok(());
    }
    let (from, mut to) = stream.into_split();
    let Ok(_place) = Arc::clone(&served.places).try_acquire_owned() else {
        let why = format!("it has {CLIENTS} control connections already: end one of them, or try again later").into();
        return write(&mut to, &Reply::Refused { why }).await;
    };
    let mut from = BufReader::new(from);
    write(&mut to, &Reply::Hello(served.hello())).await?;
    loop {
        let request = match tokio::time::timeout(PATIENCE, read(&mut from, REQUEST_LIMIT)).await? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => {
                let why = format!("the request cannot be read: {error}").into();
                return write(&mut to, &Reply::Refused { why }).await;
            }
        };
        let reply = match request {
            Request::Snapshot => Reply::Snapshot(Box::new(served.engine.snapshot())),
            Request::Do(command) => match served.engine.command(command).await {
                Ok(()) => Reply::Done,
                Err(error) => Reply::Failed(error),
            },
            Request::Explain(question) => match served.engine.explain(&question) {
                Ok(explanation) => Reply::Explained(Box::new(explanation)),
                Err(unclear) => Reply::Unclear(unclear),
            },
            Request::Heads { number } => Reply::Heads { heads: served.engine.heads(number) },
            Request::Replay { number, to } => match served.engine.replay(number, to).await {
                Ok(replayed) => Reply::Replayed(replayed),
                Err(why) => Reply::NotReplayed { why: why.into() },
            },
            Request::Follow => return served.follow(&mut to).await,
            Request::Stop => {
                write(&mut to, &Reply::Stopping).await?;
                // Asked twice, it does not end sooner: that is for whoever sits at its terminal.
                if !served.stopping.swap(true, Relaxed) {
                    served.stop.notify_one();
                }
                return served.farewell(&mut to).await;
            }
        };
        write(&mut to, &reply).await?;
    }
}

impl Served {
    fn hello(&self) -> Hello {
        Hello {
            protocol: VERSION,
            version: env!("CARGO_PKG_VERSION").into(),
            pid: std::process::id(),
            ports: self.engine.addresses().iter().map(SocketAddr::port).collect(),
            url: self.engine.snapshot().url().raw().into(),
            uptime_seconds: self.started.elapsed().as_secs(),
            cookies: self.engine.cookies().into_iter().map(Untrusted::new).collect(),
        }
    }

    /// Tells what happens: events, and how things stand after them and each second. A client that reads slowly holds up
    /// nobody but itself, and is told how many events it missed.
    async fn follow(&self, to: &mut OwnedWriteHalf) -> io::Result<()> {
        let _heads = self.engine.watch_heads();
        let mut events = self.engine.events();
        let mut seconds = self.engine.seconds();
        let mut ending = self.ending.clone();
        let mut batch = Vec::new();
        loop {
            let missed = events.take(&mut batch);
            let told = async {
                if missed > 0 {
                    write(to, &Reply::Missed { events: missed }).await?;
                }
                for event in batch.drain(..) {
                    write(to, &Reply::Happened(event)).await?;
                }
                write(to, &Reply::Snapshot(Box::new(self.engine.snapshot()))).await
            };
            tokio::time::timeout(STALL, told).await??;
            tokio::select! {
                () = tokio::time::sleep(BATCH) => {}
                () = over(&mut ending) => return self.farewell(to).await,
            }
            tokio::select! {
                () = events.wait() => {}
                Ok(()) = seconds.changed() => {}
                () = over(&mut ending) => return self.farewell(to).await,
            }
        }
    }

    /// Waits for the end and says how it was.
    async fn farewell(&self, to: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut ending = self.ending.clone();
        over(&mut ending).await;
        let ending = *ending.borrow();
        match ending {
            Some(ending) => write(to, &Reply::Ended(ending)).await,
            // The program ends without the time to say how.
            None => Ok(()),
        }
    }
}

/// Waits for the end of the program.
async fn over(ending: &mut watch::Receiver<Option<Ending>>) {
    // An error means that its sender is gone, which is the end as well.
    let _ = ending.wait_for(Option::is_some).await;
}
