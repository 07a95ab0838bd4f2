//! The balancer's own pages, below `/_lb/`: how things stand ([`health`]), every figure ([`metrics`]), what happens
//! ([`event_stream`]), and all of it for a browser ([`live`]). Read only, and only for this machine's own names: a page of a
//! foreign site that resolves its name to this address (DNS rebinding) must learn nothing.

mod health;
mod live;
mod metrics;

use bytes::Bytes;
use http::StatusCode;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::FieldKind;
use tokio::sync::mpsc;

use crate::config::without_brackets;
use crate::proxy::connection::Client;
use crate::proxy::event_stream;
use crate::proxy::event_stream::{Feed, Figures};
use crate::proxy::exchange::Request;
use crate::proxy::host::{is_local_host, without_port};
use crate::proxy::local_reply::reply::{LocalReply, Reply};
use crate::state::Shared;
use crate::untrusted::json_value;

/// What all of these pages' paths begin with.
const PREFIX: &[u8] = b"/_lb/";

const EVENTS: &[u8] = b"/_lb/events";

/// The page for a browser as people type it.
const WITHOUT_SLASH: &[u8] = b"/_lb";

/// An answer to a request below `/_lb/`.
pub(crate) enum Page {
    Whole(Reply),
    /// The events as they come.
    Events(mpsc::Receiver<Bytes>),
    /// The same over a WebSocket, whose handshake is accepted with this.
    Switch(String, Box<Feed>),
}

/// Whether a request is for the balancer itself: for one of these pages, or an OPTIONS that goes no further.
pub(crate) fn is_own(request: &Request) -> bool {
    is_page(request) || request.hops_left() == Some(0)
}

fn is_page(request: &Request) -> bool {
    request.path()[1].strip_prefix(WITHOUT_SLASH).is_some_and(|rest| matches!(rest.first(), None | Some(b'/' | b'?')))
}

fn without_query(path: &[u8]) -> &[u8] {
    path.split(|b| *b == b'?').next().unwrap_or_default()
}

/// The answer to a request for the balancer itself.
pub(crate) fn answer(client: &Client<'_>, request: &Request) -> Page {
    if is_page(request) { page_of(client, request) } else { Page::Whole(Reply::options()) }
}

/// The answer to a request below `/_lb/`.
fn page_of(client: &Client<'_>, request: &Request) -> Page {
    let shared = &client.proxy.shared;
    let refused = |status, why| Page::Whole(LocalReply::refused(status, why).reply(request.wants_page()));
    if !request.host().is_some_and(|host| is_own_host(shared, host)) {
        let why = "This page is only for the names of the machine the balancer runs on.";
        return refused(StatusCode::MISDIRECTED_REQUEST, why);
    }
    let path = without_query(request.path()[1]);
    if !is_own_origin(shared, request) || is_foreign(request) && !(is_followed(request) && path != EVENTS) {
        return refused(StatusCode::FORBIDDEN, "This page is not for pages of other sites.");
    }
    if !matches!(path, WITHOUT_SLASH | PREFIX | b"/_lb/health" | b"/_lb/metrics" | EVENTS) {
        let why = "The balancer has no such page: there are /_lb/, /_lb/health, /_lb/metrics and /_lb/events.";
        return refused(StatusCode::NOT_FOUND, why);
    }
    if !matches!(request.head.method(), b"GET" | b"HEAD") {
        let answer = LocalReply::refused(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read.");
        return Page::Whole(answer.reply(request.wants_page()).with("allow", "GET, HEAD"));
    }
    match path {
        // Not kept by the browser: another server may have this port tomorrow.
        WITHOUT_SLASH => Page::Whole(Reply::redirect("/_lb/")),
        PREFIX => Page::Whole(live::page(&health::health(shared))),
        b"/_lb/health" => page("application/json", json_value(&health::health(shared))),
        b"/_lb/metrics" => page(metrics::CONTENT_TYPE, metrics::text(shared)),
        _ => events(client, request),
    }
}

fn page(media: &'static str, text: String) -> Page {
    Page::Whole(Reply::new(StatusCode::OK, media, text))
}

/// The stream of events: as a body, or over the WebSocket that is asked for.
fn events(client: &Client<'_>, request: &Request) -> Page {
    if request.is_head() {
        return page(event_stream::MEDIA, String::new());
    }
    let shared = &client.proxy.shared;
    let Some(mut feed) = Feed::open(&shared.telemetry, client.engine.clone(), asks_for(request, b"history")) else {
        let why = "There are as many readers of events as there may be: end one of them.";
        let answer = LocalReply::refused(StatusCode::SERVICE_UNAVAILABLE, why);
        return Page::Whole(answer.reply(request.wants_page()));
    };
    if asks_for(request, b"figures") {
        let of = Arc::clone(shared);
        let event = Box::new(move || health::event(&of));
        feed = feed.with(Figures { event, seconds: shared.telemetry.seconds.subscribe() });
    }
    let websocket = request.upgrades && request.protocols().any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"));
    if !websocket {
        return Page::Events(event_stream::server_sent(feed));
    }
    match event_stream::accepted(&request.head) {
        Ok(accept) => Page::Switch(accept, Box::new(feed)),
        Err(why) => {
            let answer = LocalReply::refused(StatusCode::UPGRADE_REQUIRED, why);
            // RFC 9110 15.5.22 and 7.8: it says to what, and that this is between the two alone.
            let reply = answer.reply(request.wants_page()).with("upgrade", "websocket").with("connection", "upgrade");
            Page::Whole(reply.with("sec-websocket-version", "13"))
        }
    }
}

/// Whether the query has this word, with a value or without.
fn asks_for(request: &Request, word: &[u8]) -> bool {
    request.query().split(|b| *b == b'&').any(|pair| pair.split(|b| *b == b'=').next() == Some(word))
}

/// Whether a browser sends it for one of these names' own pages, or it is sent by no page at all (RFC 6454 7).
fn is_own_origin(shared: &Shared, request: &Request) -> bool {
    request.head.values(FieldKind::Origin).all(|origin| {
        let host = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        host.is_some_and(|host| is_own_host(shared, host))
    })
}

/// Whether a browser sends it for a page of another site without saying which: for an image, a frame, a script's request in the
/// mode `no-cors`. Such a page learns nothing, but could take the places of all readers. Where there is an `Origin`, that
/// decides: a page of another of this machine's names is of another site as well.
///
/// A page of another port is of the same site, as its `Origin` would be one of ours.
fn is_foreign(request: &Request) -> bool {
    request.head.values(FieldKind::Origin).next().is_none()
        && request.head.named(b"sec-fetch-site").any(|site| site == b"cross-site")
}

/// Whether it is for a window of its own, as when a person follows a link.
fn is_followed(request: &Request) -> bool {
    request.head.named(b"sec-fetch-dest").eq([b"document"])
}

/// Whether this names the machine, a pool, or the address the balancer was told to listen on.
pub(crate) fn is_own_host(shared: &Shared, host: &[u8]) -> bool {
    is_local_host(host)
        || std::str::from_utf8(host).is_ok_and(|host| {
            let host = without_port(host);
            let listened = |ip: IpAddr| {
                !ip.is_unspecified() && shared.topology.load().config.listeners.iter().any(|l| l.host == ip)
            };
            without_brackets(host).parse().is_ok_and(listened) || shared.topology.config().has_name(host)
        })
}
