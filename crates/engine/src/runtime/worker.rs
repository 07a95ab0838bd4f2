//! A worker thread, which accepts clients and serves each of them until its connection closes.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::accept_socket::Entrance;
use super::connection_limit::ConnectionLimit;
use super::warm_connections;
use crate::api::Level;
use crate::proxy;
use crate::proxy::{Accepted, ClientStream, Proxy, Socket};
use crate::state::{BoundListener, Connected, Listener, Phase, Shared};

/// How long a closed listener still accepts, for clients whose handshake had begun.
const HALF_IN: Duration = Duration::from_millis(100);

/// What all workers share.
pub(crate) struct Work {
    pub(crate) shared: Arc<Shared>,
    pub(crate) connection_limit: ConnectionLimit,
    pub(crate) phase: watch::Receiver<Phase>,
}

impl Work {
    /// Waits until the engine has reached `phase`, or is gone.
    async fn reached(&self, phase: Phase) {
        let _ = self.phase.clone().wait_for(|now| *now >= phase).await;
    }
}

/// Starts a worker. Its thread ends when the engine is finishing and its last client is gone, or when the engine has
/// ended; then `done` is dropped. Worker 0 also maintains the shared idle connections.
pub(crate) fn start(number: usize, proxy: Proxy, work: Work, done: mpsc::Sender<()>) -> io::Result<()> {
    thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let work = Arc::new(work);
        match runtime {
            Ok(runtime) => {
                let proxy = Arc::new(proxy);
                if number == 0 {
                    runtime.spawn(warm_connections::keep(Arc::clone(&proxy.shared)));
                }
                runtime.block_on(run(proxy, &work));
                // Does not wait for a blocked resolver.
                runtime.shutdown_background();
            }
            Err(error) => {
                work.shared.telemetry.notice(Level::Warning, format!("worker {number} did not start: {error}"));
            }
        }
        drop(done);
    })?;
    Ok(())
}

async fn run(proxy: Arc<Proxy>, work: &Arc<Work>) {
    tokio::spawn(sweep(Arc::clone(&proxy)));
    let (alive, mut all_gone) = mpsc::channel::<()>(1);
    tokio::select! {
        () = async {
            work.reached(Phase::Serving).await;
            follow(&proxy, work, &alive).await;
        } => {}
        () = work.reached(Phase::Finishing) => {}
    }
    drop(alive);
    tokio::select! {
        // Returns once all connections have dropped their sender.
        _ = all_gone.recv() => {}
        () = work.reached(Phase::Ended) => {}
    }
}

/// Accepts from the current listeners, and follows changes of the topology.
async fn follow(proxy: &Arc<Proxy>, work: &Arc<Work>, alive: &mpsc::Sender<()>) {
    let mut changes = work.shared.topology.changes();
    // Dropping a sender makes its acceptor empty the accept queue and end.
    let mut accepting: Vec<(Arc<Listener>, Vec<oneshot::Sender<()>>)> = Vec::new();
    let mut tasks = JoinSet::new();
    loop {
        changes.mark_unchanged();
        let topology = work.shared.topology.load();
        accepting.retain(|(listener, _)| topology.listeners.iter().any(|open| Arc::ptr_eq(&open.listener, listener)));
        for BoundListener { listener, sockets } in &topology.listeners {
            if sockets.is_empty() || accepting.iter().any(|(there, _)| Arc::ptr_eq(there, listener)) {
                continue;
            }
            let mut theirs = Vec::new();
            for socket in sockets {
                match socket.try_clone().and_then(Entrance::new) {
                    Ok(socket) => {
                        let (there, over) = oneshot::channel();
                        let acceptor = Acceptor {
                            listener: Arc::clone(listener),
                            proxy: Arc::clone(proxy),
                            work: Arc::clone(work),
                            alive: alive.clone(),
                        };
                        tasks.spawn(acceptor.accept(socket, over));
                        theirs.push(there);
                    }
                    Err(error) => work.shared.telemetry.notice(Level::Warning, format!("a listener failed: {error}")),
                }
            }
            if !theirs.is_empty() {
                accepting.push((Arc::clone(listener), theirs));
            }
        }
        drop(topology);
        while tasks.try_join_next().is_some() {}
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// Accepts the clients of one of a listener's sockets for one worker.
struct Acceptor {
    listener: Arc<Listener>,
    proxy: Arc<Proxy>,
    work: Arc<Work>,
    alive: mpsc::Sender<()>,
}

impl Acceptor {
    /// Accepts clients until `over` resolves, and then those who were still connecting.
    async fn accept(self, entrance: Entrance, over: oneshot::Receiver<()>) {
        let shared = &self.proxy.shared;
        let mut paused = false;
        let mut over = pin!(async {
            // Nothing is ever sent: only the drop of the sender matters.
            let _ = over.await;
            tokio::time::sleep(HALF_IN).await;
        });
        loop {
            let accepted = tokio::select! {
                accepted = entrance.accept() => accepted,
                () = &mut over => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if std::mem::take(&mut paused) {
                        shared.telemetry.notice(Level::Info, "accepting goes on".to_owned());
                    }
                    self.enter(stream, peer).await;
                }
                Err(error) if is_about_one_client(&error) => {}
                Err(error) => {
                    // Most likely out of file descriptors, until clients leave. Retrying at once would spin.
                    if !std::mem::replace(&mut paused, true) {
                        shared.telemetry.notice(Level::Warning, format!("accepting is paused: {error}"));
                    }
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
            }
        }
        for (stream, peer) in entrance.close() {
            self.enter(stream, peer).await;
        }
    }

    /// Waits for a connection permit, and serves the client.
    async fn enter(&self, stream: Socket, peer: SocketAddr) {
        // At the limit, this client waits here and later ones in the accept queue. The permit is taken only now, after
        // accepting, so that no listener holds one without a client.
        let Some(place) = self.work.connection_limit.take().await else { return };
        let connected = Connected::new(Arc::clone(&self.proxy.shared), place, self.alive.clone());
        let accepted = Accepted {
            stream: ClientStream::Plain(stream),
            peer,
            listener: Arc::clone(&self.listener),
            connected,
            replay: None,
            traffic: self.proxy.shared.traffic.client_from(peer),
            is_inside: false,
            before: None,
        };
        // Boxed, because spawning and ending a task moves its future, and this one is large.
        tokio::spawn(Box::pin(proxy::serve(Arc::clone(&self.proxy), accepted, self.work.phase.clone())));
    }
}

fn is_about_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Closes the worker's expired idle connections, once a second.
async fn sweep(proxy: Arc<Proxy>) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        proxy.idle.sweep();
    }
}
