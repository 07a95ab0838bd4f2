//! The running program's end of the control socket.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::directory::{Directory, DirectoryError};
use super::places::{Place, Places};
use super::protocol::{Hello, REQUEST_LIMIT, Reply, Request, VERSION, read, write};
use super::socket::{FoundSocket, Socket};
use super::watching;
use stickylb::Balancer;
use stickylb::api::Ending;
use stickylb::untrusted::Untrusted;

/// Clients connected at one time: a class that watches, and room for those who steer.
const CLIENTS: u32 = 128;
/// How long a client may take to send its next request.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a following client may take to read a batch: a screen may be suspended for a while.
const STALL: Duration = Duration::from_mins(5);
/// Pause between two batches of events.
const BATCH: Duration = Duration::from_millis(33);
/// The same for one that only watches: there may be a whole class of them, and each snapshot is written for each.
const WATCHED_BATCH: Duration = Duration::from_millis(100);
/// How long clients may take to read the last message when the program ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// The open socket. Its file is removed on drop.
pub(crate) struct Server {
    served: Arc<Served>,
    accepting: AbortHandle,
    ending: watch::Sender<Option<Ending>>,
}

/// What every client's task needs.
struct Served {
    engine: Arc<Balancer>,
    started: Instant,
    /// Notified when a client asks the program to stop.
    stop: Arc<Notify>,
    stopping: AtomicBool,
    ending: watch::Receiver<Option<Ending>>,
    places: Places,
}

impl Server {
    /// Opens the socket for this process; `stop` is notified when a client asks the program to stop. Where it cannot be
    /// opened, also says why, and opens it when that is mended.
    pub(crate) fn open(engine: &Arc<Balancer>, stop: Arc<Notify>) -> (Self, Result<(), DirectoryError>) {
        let port = engine.address().port();
        let (socket, opened) = match Socket::open(port) {
            Ok(socket) => (Some(socket), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let (ending, ended) = watch::channel(None);
        let served = Arc::new(Served {
            engine: Arc::clone(engine),
            started: Instant::now(),
            stop,
            stopping: AtomicBool::new(false),
            ending: ended,
            places: Places::new(CLIENTS),
        });
        let accepting = tokio::spawn(accept(FoundSocket::new(socket, port), Arc::clone(&served))).abort_handle();
        (Server { served, accepting, ending }, opened)
    }

    /// As root: lets root find this program after it has become another user, by a link in root's directory.
    ///
    /// # Errors
    /// Root's directory cannot be used; then only that user finds the program.
    pub(crate) fn lead_root_to(user: u32) -> Result<(), DirectoryError> {
        let own = Directory::open()?;
        own.link(user).map_err(|error| own.failed(error))
    }

    /// Tells connected clients how the program ended, and closes the socket.
    pub(crate) async fn close(self, ending: Ending) {
        self.ending.send_replace(Some(ending));
        // Clients that do not read it in time only see the connection end.
        let _ = tokio::time::timeout(FAREWELL, self.served.places.all_left()).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(mut socket: FoundSocket, served: Arc<Served>) {
    // Aborts all clients when this task is dropped.
    let mut clients = JoinSet::new();
    loop {
        let stream = socket.accept().await;
        while clients.try_join_next().is_some() {}
        let served = Arc::clone(&served);
        // An error of one client concerns no other.
        clients.spawn(async move { drop(serve(stream, &served).await) });
    }
}

async fn serve(stream: UnixStream, served: &Served) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    // Root may connect too: it may have started this program before it changed to this user.
    if peer != geteuid().as_raw() && peer != 0 {
        return Ok(());
    }
    let (from, mut to) = stream.into_split();
    let Some(place) = served.places.take().await else {
        let why = format!("it has {CLIENTS} control connections already: end one of them, or try again later").into();
        return write(&mut to, &Reply::Refused { why }).await;
    };
    tokio::select! {
        served = answer(from, to, served, &place) => served,
        () = place.is_asked_to_leave() => Ok(()),
    }
}

/// Answers one client's requests.
async fn answer(from: OwnedReadHalf, mut to: OwnedWriteHalf, served: &Served, place: &Place) -> io::Result<()> {
    let mut from = BufReader::new(from);
    write(&mut to, &Reply::Hello(served.hello())).await?;
    let mut only_watches = false;
    loop {
        place.waits_for_client();
        let request = match tokio::time::timeout(PATIENCE, read(&mut from, REQUEST_LIMIT)).await? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) => {
                let why = format!("the request cannot be read: {error}").into();
                return write(&mut to, &Reply::Refused { why }).await;
            }
        };
        place.waits_for_engine();
        if let Some(refusal) = watching::refusal(&request).filter(|_| only_watches) {
            write(&mut to, &refusal).await?;
            match refusal {
                Reply::Refused { .. } => return Ok(()),
                _ => continue,
            }
        }
        let reply = match request {
            Request::Snapshot => Reply::Snapshot(Box::new(served.engine.snapshot())),
            Request::Do(command) => match served.engine.command(command).await {
                Ok(done) => Reply::Done(done),
                Err(error) => Reply::Failed(error),
            },
            Request::Explain(question) => match served.engine.explain(&question) {
                Ok(explanation) => Reply::Explained(Box::new(explanation)),
                Err(unclear) => Reply::Unclear(unclear),
            },
            Request::Heads { number } => Reply::Heads { heads: served.engine.heads(number) },
            Request::Replay(replay) => match served.engine.replay(replay).await {
                Ok(replayed) => Reply::Replayed(replayed),
                Err(why) => Reply::NotReplayed { why: why.into() },
            },
            Request::SurviveReport => Reply::Survived { report: served.engine.survive_report() },
            Request::WhatIf(options) => {
                let engine = Arc::clone(&served.engine);
                // It may take some tenths of a second.
                let told = tokio::task::spawn_blocking(move || engine.what_if(&options)).await;
                match told.unwrap_or_else(|lost| Err(lost.to_string())) {
                    Ok(told) => Reply::WhatIf(Box::new(told)),
                    Err(why) => Reply::NoWhatIf { why: why.into() },
                }
            }
            Request::Configuration => Reply::Configuration(Box::new(served.engine.configuration())),
            Request::Watch => {
                only_watches = true;
                Reply::Watching
            }
            Request::Follow => return served.follow(&mut to, place, only_watches).await,
            Request::Stop => {
                write(&mut to, &Reply::Stopping).await?;
                // Unlike a second signal, a second request does not cut the grace time short.
                if !served.stopping.swap(true, Relaxed) {
                    served.stop.notify_one();
                }
                return served.farewell(&mut to).await;
            }
        };
        place.waits_for_client();
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

    /// Sends events, and a snapshot after each batch and each second. A slow client delays nobody else, and is told how
    /// many events it missed.
    async fn follow(&self, to: &mut OwnedWriteHalf, place: &Place, only_watches: bool) -> io::Result<()> {
        // Who gets no heads has none kept either.
        let _heads = (!only_watches).then(|| self.engine.watch_heads());
        let pause = if only_watches { WATCHED_BATCH } else { BATCH };
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
                for event in batch.drain(..).filter(|event| !only_watches || watching::may_see(event)) {
                    write(to, &Reply::Happened(event)).await?;
                }
                write(to, &Reply::Snapshot(Box::new(self.engine.snapshot()))).await
            };
            place.waits_for_client();
            tokio::time::timeout(STALL, told).await??;
            place.waits_for_engine();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = over(&mut ending) => return self.farewell(to).await,
            }
            tokio::select! {
                () = events.wait() => {}
                Ok(()) = seconds.changed() => {}
                () = over(&mut ending) => return self.farewell(to).await,
            }
        }
    }

    /// Waits for the end of the program and reports how it ended.
    async fn farewell(&self, to: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut ending = self.ending.clone();
        over(&mut ending).await;
        let ending = *ending.borrow();
        match ending {
            Some(ending) => write(to, &Reply::Ended(ending)).await,
            // The sender was dropped: the program ends without reporting how.
            None => Ok(()),
        }
    }
}

/// Waits for the end of the program.
async fn over(ending: &mut watch::Receiver<Option<Ending>>) {
    // An error means that its sender is gone, which is the end as well.
    let _ = ending.wait_for(Option::is_some).await;
}
