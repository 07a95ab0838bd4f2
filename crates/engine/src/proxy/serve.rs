//! A client that was accepted, up to the moment when it is known whose connection it is.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

use super::worker::Proxy;
use super::{http, tcp};
use crate::api::Mode;
use crate::config::PlainHttp;
use crate::proxy::connection::{Accepted, BeforeRequests, FirstBytes, first_bytes, handshake, is_among};
use crate::proxy::exchange::book_refused;
use crate::proxy_protocol;
use crate::state::{Listener, Phase};
use crate::tls::Termination;

/// Serves a client until it disconnects, idles too long, or the engine finishes.
pub(crate) async fn serve(proxy: Arc<Proxy>, mut accepted: Accepted, engine: watch::Receiver<Phase>) {
    let (announces, tls) = {
        let routing = accepted.listener.routing.load();
        (routing.proxy_protocol, routing.tls.clone())
    };
    if announces || tls.is_some() {
        let beginning = Beginning::new(&proxy, engine.clone());
        // Boxed, because the memory for it is held for as long as the connection lives.
        match Box::pin(beginning.of(accepted, announces, tls)).await {
            Some(served) => accepted = served,
            None => return,
        }
    }
    match accepted.listener.mode {
        Mode::Http => http::serve(proxy, accepted, engine).await,
        Mode::Tcp => tcp::serve(proxy, accepted, engine).await,
    }
}

/// All that comes before a client's first request, which `timeouts.requestHeaders` bounds as a whole.
struct Beginning<'p> {
    proxy: &'p Proxy,
    began: Instant,
    engine: watch::Receiver<Phase>,
}

/// Why a wait ended in vain.
enum InVain {
    Late,
    Stopping,
}

impl<'p> Beginning<'p> {
    fn new(proxy: &'p Proxy, engine: watch::Receiver<Phase>) -> Self {
        Beginning { proxy, began: Instant::now(), engine }
    }

    /// The client once it may be served; `None` where it was refused, which is booked.
    async fn of(mut self, mut accepted: Accepted, announces: bool, tls: Option<Arc<Termination>>) -> Option<Accepted> {
        if announces {
            match self.announced(&mut accepted).await {
                Ok(peer) => accepted.peer = peer,
                Err(why) => return self.refuse(&accepted.listener, accepted.peer, "PROXY", why),
            }
        }
        match tls {
            Some(tls) => self.encrypted(accepted, &tls).await,
            None => Some(accepted),
        }
    }

    /// The client that the header at the connection's beginning names; the reason where it is malformed.
    async fn announced(&mut self, accepted: &mut Accepted) -> Result<SocketAddr, String> {
        let config = self.proxy.shared.topology.config();
        let ip = accepted.peer.ip().to_canonical();
        if !ip.is_loopback() && !is_among(ip, &config.trusted_proxies) {
            return Err(format!("{ip} may not send PROXY protocol headers: it is not in trustedProxies"));
        }
        match self.in_time(proxy_protocol::read(&mut accepted.stream)).await {
            Ok(Ok(client)) => Ok(client.unwrap_or(accepted.peer)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(in_vain) => Err(self.why(&in_vain, "no PROXY protocol header came")),
        }
    }

    /// The client once hands are shaken, or as it is where it speaks plain HTTP and is to be told where to go.
    async fn encrypted(&mut self, accepted: Accepted, tls: &Termination) -> Option<Accepted> {
        let is_trusted = accepted.listener.mode == Mode::Http
            && is_among(accepted.peer.ip().to_canonical(), &self.proxy.shared.topology.config().trusted_proxies);
        // Before the handshake, which costs more than anything else that an unwanted client can ask for.
        let slot = match self.proxy.shared.access.connection(accepted.peer, is_trusted) {
            Ok(slot) => slot,
            Err(refused) => return self.refuse(&accepted.listener, accepted.peer, "TLS", refused.why().to_owned()),
        };
        let (peer, listener) = (accepted.peer, Arc::clone(&accepted.listener));
        match self.opened(accepted, tls).await {
            Ok(Some((mut accepted, is_misplaced))) => {
                accepted.before = Some(Box::new(BeforeRequests { slot, spent: self.began.elapsed(), is_misplaced }));
                Some(accepted)
            }
            Ok(None) => None,
            Err(why) => self.refuse(&listener, peer, "TLS", why),
        }
    }

    /// The client, and whether it speaks plain HTTP; `None` where it has closed without a word, the reason where it is refused.
    async fn opened(&mut self, mut accepted: Accepted, tls: &Termination) -> Result<Option<(Accepted, bool)>, String> {
        let first = self.in_time(first_bytes(&mut accepted.stream)).await;
        match first.map_err(|in_vain| self.why(&in_vain, "the client sent nothing, and no TLS handshake began"))? {
            FirstBytes::Handshake(version) => {
                let shaken = self.in_time(handshake(accepted, tls, version)).await;
                let shaken = shaken.map_err(|in_vain| self.why(&in_vain, "the TLS handshake did not end"))??;
                Ok(Some((shaken, false)))
            }
            FirstBytes::Plain => match (accepted.listener.mode, tls.plain) {
                (Mode::Http, PlainHttp::Redirect) => Ok(Some((accepted, true))),
                (Mode::Http, PlainHttp::Refuse) => {
                    Err("the client does not speak TLS, and this is a port for it: use https:// in its URL".to_owned())
                }
                (Mode::Tcp, _) => Err("the client does not speak TLS, and this is a port for it".to_owned()),
            },
            // As on any port: one that only looks whether it is open is no client.
            FirstBytes::Nothing => Ok(None),
        }
    }

    /// Waits for something while there is time and the engine goes on.
    async fn in_time<F: Future>(&mut self, work: F) -> Result<F::Output, InVain> {
        let deadline = self.began + self.proxy.shared.topology.config().timeouts.request_headers;
        tokio::select! {
            biased;
            done = tokio::time::timeout_at(deadline.into(), work) => done.map_err(|_| InVain::Late),
            _ = self.engine.wait_for(|phase| *phase >= Phase::Finishing) => Err(InVain::Stopping),
        }
    }

    fn why(&self, in_vain: &InVain, what: &str) -> String {
        match in_vain {
            InVain::Late => {
                let limit = self.proxy.shared.topology.config().timeouts.request_headers;
                format!("{what} within {} ms", limit.as_millis())
            }
            InVain::Stopping => "the balancer stops".to_owned(),
        }
    }

    fn refuse<T>(&self, listener: &Listener, peer: SocketAddr, method: &str, why: String) -> Option<T> {
        book_refused(self.proxy, listener, peer.ip(), method, why);
        None
    }
}
