//! A client whose other end is in this process: it passes all that a client passes, from whatever address it is to have.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

use super::http;
use super::worker::Proxy;
use crate::proxy::connection::{Accepted, Replay};
use crate::proxy::io::{ClientStream, Socket};
use crate::state::{Connected, Listener, Phase, Shared};

/// Who a client in this process is, and where it comes in.
pub(crate) struct Inside {
    pub(crate) peer: SocketAddr,
    /// One in HTTP mode.
    pub(crate) listener: Arc<Listener>,
    /// It is a request that a person sends again.
    pub(crate) replay: Option<Box<Replay>>,
    /// The client of the balancer's own traffic that it is.
    pub(crate) traffic: Option<u32>,
}

/// Ends the serving of a client when it is dropped.
pub(crate) struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connects a client, which is served on this runtime as long as the second value lives.
pub(crate) async fn connect(
    shared: &Arc<Shared>,
    phase: watch::Receiver<Phase>,
    client: Inside,
) -> io::Result<(TcpStream, Serving)> {
    let (ours, theirs) = pair().await?;
    let slot = Arc::new(Semaphore::new(1)).try_acquire_owned().map_err(io::Error::other)?;
    // Only the caller waits for its end.
    let (alive, _) = mpsc::channel(1);
    let Inside { peer, listener, replay, traffic } = client;
    let connected = Connected::new(Arc::clone(shared), slot, alive);
    let stream = ClientStream::Plain(Socket::Watched(theirs));
    let accepted = Accepted { stream, peer, listener, connected, replay, traffic, is_inside: true, before: None };
    let proxy = Arc::new(Proxy::new(Arc::clone(shared), shared.workers, fastrand::Rng::new()));
    Ok((ours, Serving(tokio::spawn(http::serve(proxy, accepted, phase)).abort_handle())))
}

/// Both ends of a connection inside this machine.
async fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let ours = TcpStream::connect(listener.local_addr()?).await?;
    let name = ours.local_addr()?;
    loop {
        // Somebody else may have found the listener meanwhile.
        let (theirs, peer) = listener.accept().await?;
        if peer == name {
            return Ok((ours, theirs));
        }
    }
}
