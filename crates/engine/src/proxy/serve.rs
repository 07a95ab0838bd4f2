//! A client that was accepted, up to the moment when it is known whose connection it is.

use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;

use super::worker::Proxy;
use super::{http, tcp};
use crate::api::Mode;
use crate::proxy::connection::{Accepted, is_among};
use crate::proxy::exchange::book_refused;
use crate::proxy::io::ClientStream;
use crate::proxy_protocol;
use crate::state::Phase;
use crate::tls::Termination;

/// Serves a client until it disconnects, idles too long, or the engine finishes.
pub(crate) async fn serve(proxy: Arc<Proxy>, mut accepted: Accepted, engine: watch::Receiver<Phase>) {
    if accepted.listener.routing.load().proxy_protocol {
        // Boxed, because the memory for it is held for as long as the connection lives.
        match Box::pin(announced(&proxy, &mut accepted, engine.clone())).await {
            Ok(peer) => accepted.peer = peer,
            Err(why) => return book_refused(&proxy, &accepted.listener, accepted.peer.ip(), "PROXY", why),
        }
    }
    let tls = accepted.listener.routing.load().tls.clone();
    if let Some(tls) = tls {
        match Box::pin(encrypted(accepted, &tls, &proxy)).await {
            Some(encrypted) => accepted = encrypted,
            None => return,
        }
    }
    match accepted.listener.mode {
        Mode::Http => http::serve(proxy, accepted, engine).await,
        Mode::Tcp => tcp::serve(proxy, accepted, engine).await,
    }
}

/// The client once hands are shaken.
async fn encrypted(accepted: Accepted, tls: &Termination, proxy: &Proxy) -> Option<Accepted> {
    let ClientStream::Plain(socket) = accepted.stream else { return Some(accepted) };
    let limit = proxy.shared.topology.config().timeouts.request_headers;
    let local = socket.local_addr().unwrap_or(accepted.listener.address).ip();
    let shaken = tokio::time::timeout(limit, tls.handshake(socket, local)).await.ok()?.ok()?;
    Some(Accepted { stream: ClientStream::Tls(Box::new(shaken)), ..accepted })
}

/// The client that the header at the connection's beginning names; the reason where it is malformed.
async fn announced(
    proxy: &Proxy,
    accepted: &mut Accepted,
    mut engine: watch::Receiver<Phase>,
) -> Result<SocketAddr, String> {
    let config = proxy.shared.topology.config();
    let ip = accepted.peer.ip().to_canonical();
    if !ip.is_loopback() && !is_among(ip, &config.trusted_proxies) {
        return Err(format!("{ip} may not send PROXY protocol headers: it is not in trustedProxies"));
    }
    let limit = config.timeouts.request_headers;
    tokio::select! {
        read = tokio::time::timeout(limit, proxy_protocol::read(&mut accepted.stream)) => match read {
            Ok(Ok(client)) => Ok(client.unwrap_or(accepted.peer)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no PROXY protocol header came within {} ms", limit.as_millis())),
        },
        _ = engine.wait_for(|phase| *phase >= Phase::Finishing) => Err("the balancer stops".to_owned()),
    }
}
