//! Serves one client's HTTP connection, request after request.

use arc_swap::Cache;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

use super::handle::{book_unfinished, handle, refuse_unreadable};
use super::worker::Proxy;
use super::{event_stream, tunnel};
use crate::proxy::connection::{Accepted, After, Client, ClientScheme, Clock, Front, NextRequest, Peer};
use crate::proxy::tunnel::ClientHalf;
use crate::state::Phase;

/// Serves a client until it leaves, idles too long, or the engine finishes.
pub(crate) async fn serve(proxy: Arc<Proxy>, accepted: Accepted, engine: watch::Receiver<Phase>) {
    let Accepted { stream, peer: address, listener, connected, replay, traffic, is_inside, before } = accepted;
    let config = Arc::clone(&proxy.shared.topology.load().config);
    let mut clock = Clock::new(&config.timeouts, Instant::now());
    let (admitted, is_misplaced) = match before {
        None => (None, false),
        Some(before) => {
            clock.spend(before.spent, &config.timeouts);
            (Some(before.slot), before.is_misplaced)
        }
    };
    let mut routing = Cache::new(&listener.routing);
    let scheme = {
        let routing = routing.load();
        // What is inside this process comes as the listener's clients do.
        ClientScheme::of(stream.is_tls() || routing.stands_for_tls || is_inside && routing.tls.is_some())
    };
    let peer = Peer::new(address.ip(), scheme, &config.trusted_proxies);
    let mut client = Client {
        port: address.port(),
        front: Front::new(stream),
        listener: &listener,
        ip: address.ip().to_canonical(),
        admitted: admitted.map_or_else(|| proxy.shared.access.connection(address, peer.is_trusted()), Ok),
        peer,
        clock,
        is_misplaced,
        replay,
        traffic,
        is_inside,
        login: None,
        engine: engine.clone(),
        config: &config,
        proxy: &proxy,
    };
    // What is already so is no news; what follows is looked at when it comes.
    client.engine.mark_unchanged();
    let mut finishing = engine.clone();
    let mut finishing = pin!(async move {
        // An engine that is gone has finished.
        let _ = finishing.wait_for(|phase| *phase >= Phase::Finishing).await;
    });
    let mut waits = false;
    let after = loop {
        let after = match client.next(finishing.as_mut(), &mut waits).await {
            NextRequest::Head(head) => handle(&mut client, routing.load(), head).await,
            NextRequest::Bad(bad) => refuse_unreadable(&mut client, bad).await,
            NextRequest::Unfinished => {
                book_unfinished(&mut client, true);
                return client.front.leave().await;
            }
            NextRequest::Left => return book_unfinished(&mut client, false),
            NextRequest::Over => return client.front.leave().await,
        };
        if !matches!(after, After::Keep) {
            break after;
        }
    };
    match after {
        After::Keep | After::Close => client.front.close().await,
        After::Drain => client.front.drain().await,
        After::Reset => client.front.reset(),
        After::Tunnel(tunnel) => {
            let idle = config.timeouts.tunnel_idle;
            let counted = (connected, client.admitted.ok().flatten());
            let (stream, early) = client.front.into_parts();
            let half = ClientHalf { stream, early, counted, engine, idle };
            // A task of its own, so that an idle tunnel does not hold the memory of an HTTP connection.
            tokio::spawn(tunnel::carry(*tunnel, half));
        }
        After::Events(feed) => {
            let counted = (connected, client.admitted.ok().flatten());
            let (stream, early) = client.front.into_parts();
            tokio::spawn(event_stream::websocket(*feed, stream, early, counted));
        }
    }
}
