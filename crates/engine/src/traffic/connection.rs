//! One connection of a client to the balancer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::road::{Road, by_loopback};
use crate::config::ProxyProtocol;
use crate::proxy::{Inside, Serving, connect};
use crate::proxy_protocol::announce;
use crate::state::{Listener, Mark};
use crate::upstream::to_own_listener;

/// Most fields of an answer: more than the balancer lets pass.
const FIELDS: usize = 1100;

/// One connection of a client to the balancer.
pub(super) struct Connection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// Where it leads.
    pub(super) listener: Arc<Listener>,
    /// When its last answer had ended.
    pub(super) idle_since: Instant,
    driver: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// What lives no longer than a connection, and is given up before its socket closes.
#[expect(dead_code, reason = "they do something when they are dropped")]
enum Held {
    Mark(Mark),
    Serving(Serving),
}

impl Connection {
    /// Connects a client of this number, from its own address.
    pub(super) async fn open(road: &Road, client: u32) -> io::Result<Self> {
        let listener = road.listener();
        let own = Ipv4Addr::new(127, 0, 1, u8::try_from(client).unwrap_or(u8::MAX));
        let bound = by_loopback(&listener).and_then(|to| Some((socket_at(own)?, to)));
        let (stream, held) = if let Some((socket, to)) = bound {
            marked(road, &listener, client, socket, to).await?
        } else {
            let (peer, listener) = ((own, 0).into(), Arc::clone(&listener));
            let inside = Inside { peer, listener, replay: None, traffic: Some(client) };
            let (stream, serving) = connect(&road.shared, road.phase.clone(), inside).await?;
            (stream, Held::Serving(serving))
        };
        stream.set_nodelay(true)?;
        // What is inside this process is not encrypted, and counts as if it were.
        let (sender, driver) = if listener.is_tls() && matches!(held, Held::Mark(_)) {
            driven(to_own_listener(stream).await?, held).await?
        } else {
            driven(stream, held).await?
        };
        Ok(Connection { sender, listener, idle_since: Instant::now(), driver })
    }
}

/// What sends requests over a stream, and the task that carries them, which gives up what is held at its end.
async fn driven(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    held: Held,
) -> io::Result<(SendRequest<Full<Bytes>>, AbortHandle)> {
    let (sender, connection) =
        Builder::new().max_headers(FIELDS).handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let driver = tokio::spawn(async move {
        let mut connection = pin!(connection);
        // Dropped first: an address that may become somebody else's is no longer marked.
        let _held = held;
        // How it ends shows in the answer.
        let _ = connection.as_mut().await;
    });
    Ok((sender, driver.abort_handle()))
}

/// A socket with this address, where the system has all of 127.0.0.0/8.
fn socket_at(own: Ipv4Addr) -> Option<TcpSocket> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((own, 0).into()).ok()?;
    Some(socket)
}

async fn marked(
    road: &Road,
    listener: &Listener,
    client: u32,
    socket: TcpSocket,
    to: SocketAddr,
) -> io::Result<(TcpStream, Held)> {
    let own = socket.local_addr()?;
    // Before anybody can accept it.
    let mark = road.shared.traffic.mark(own, client);
    let mut stream = socket.connect(to).await?;
    if listener.routing.load().proxy_protocol {
        stream.write_all(&announce(ProxyProtocol::V2, own, to)).await?;
    }
    Ok((stream, Held::Mark(mark)))
}
