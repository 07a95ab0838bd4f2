//! A parsed request: refused, answered locally, or forwarded.

use http::StatusCode;
use std::time::Instant;
use stickylb_http1::{BadHead, FieldKind, RequestHead};

use crate::access::Refused;
use crate::api::{Ended, FieldName, Rule};
use crate::proxy::connection::{After, Client};
use crate::proxy::exchange::{CLIENT_GONE, Exchange, Request, rewrite, validate, wants_page};
use crate::proxy::forward::{forward, host_kind, route};
use crate::proxy::local_reply::{LocalReply, Page, Reply, misplaced, no_such_name, pages, send};
use crate::state::Routing;
use crate::untrusted::Untrusted;

/// Bytes of what is no HTTP that the log repeats.
const BEGINNING: usize = 40;

pub(crate) async fn handle(client: &mut Client<'_>, routing: &Routing, head: RequestHead) -> After {
    let now = Instant::now();
    let mut exchange = Exchange::begin(client, now);
    if let Some(recording) = &mut exchange.recording {
        recording.heads.request.set(head.raw());
    }
    let mut request = match Request::new(head, &client.peer, client.config) {
        Ok(request) => request,
        Err((head, refusal)) => {
            exchange.asked(head.method(), [b"", head.target()]);
            exchange.undecided(client, Rule::Refused { why: refusal.why.into() });
            let mut reply = LocalReply::refused(refusal.status, refusal.why).reply(wants_page(&head));
            reply.to_head = head.method() == b"HEAD";
            return send::reply(client, &mut exchange, None, reply).await;
        }
    };
    client.front.begin(&request.head, request.framing);
    if let Some(recording) = &mut exchange.recording {
        request.upload.record = recording.upload(request.framing);
    }
    exchange.asked(request.head.method(), request.path());
    exchange.is_from(request.ip);
    if request.head.has(FieldKind::Upgrade) {
        exchange.decision().not_upgraded = request.not_upgraded().map(Box::new);
    }
    let (rule, page) = match answer(client, &request, now) {
        Some(answer) => answer,
        None => match route(routing, &request) {
            Some(destination) => {
                request.host_kind = host_kind(routing, &request);
                return forward(client, (routing, destination), &mut exchange, &mut request, now).await;
            }
            None => nowhere(client, routing, &request),
        },
    };
    exchange.undecided(client, rule);
    match page {
        Page::Whole(reply) => send::reply(client, &mut exchange, Some(&mut request), reply).await,
        Page::Events(pieces) => send::stream(client, &mut exchange, &request, pieces).await,
        Page::Switch(accept, feed) => send::switch(client, &mut exchange, &accept, feed).await,
    }
}

/// The local reply, if the request gets one, and why.
fn answer(client: &Client<'_>, request: &Request, now: Instant) -> Option<(Rule, Page)> {
    if client.is_misplaced {
        let (why, reply) = misplaced::answer(client, request);
        return Some((Rule::Refused { why: why.into() }, Page::Whole(reply)));
    }
    let shared = &client.proxy.shared;
    let (answer, why) = if let Err(refused) = admit(client, request, now) {
        (LocalReply::not_admitted(&refused, client.admitted.is_err()), refused.why().to_owned())
    } else if rewrite::is_looping(&request.head, shared.via.pseudonym()) {
        let why = "The request came back here through another proxy: the backends lead to this balancer itself.";
        (LocalReply::refused(StatusCode::LOOP_DETECTED, why), why.to_owned())
    } else if pages::is_own(request) {
        return Some((Rule::LocalReply, pages::answer(client, request)));
    } else if request.upload.is_too_large(request.framing) {
        let why = "The body is larger than this balancer lets pass.";
        (LocalReply::refused(StatusCode::PAYLOAD_TOO_LARGE, why), why.to_owned())
    } else {
        return None;
    };
    Some((Rule::Refused { why: why.into() }, Page::Whole(answer.reply(request.wants_page()))))
}

/// The local reply to a request for a name that leads to no pool.
#[cold]
fn nowhere(client: &Client<'_>, routing: &Routing, request: &Request) -> (Rule, Page) {
    let why = no_such_name(routing, request);
    let reply = Reply::no_such_name(client.listener, routing, &why, request.wants_page());
    (Rule::Refused { why: why.into() }, Page::Whole(reply))
}

/// Whether the client is admitted, by its connection and by this request.
fn admit(client: &Client<'_>, request: &Request, now: Instant) -> Result<(), Refused> {
    client.admitted.as_ref().map_err(Refused::clone)?;
    let access = &client.proxy.shared.access;
    if access.looks_at_requests() { access.request(request.ip, now) } else { Ok(()) }
}

/// Books and answers a head that could not be parsed.
pub(crate) async fn refuse_unreadable(client: &mut Client<'_>, bad: BadHead) -> After {
    let refusal = validate::unreadable(bad);
    let why = match bad {
        BadHead::FieldName(name) | BadHead::FieldValue(name) => {
            format!("{} It is {}.", refusal.why, FieldName::new(name.as_bytes()))
        }
        _ => refusal.why.to_owned(),
    };
    let mut exchange = Exchange::begin(client, Instant::now());
    exchange.undecided(client, Rule::Refused { why: why.into() });
    let reply = LocalReply::refused(refusal.status, refusal.why).reply(false);
    send::reply(client, &mut exchange, None, reply).await
}

/// Books a head that did not come in time, or whose client left in the middle of it. It is not answered: what it is the
/// beginning of may be no HTTP.
pub(crate) fn book_unfinished(client: &mut Client<'_>, is_late: bool) {
    let (status, why) = if is_late {
        (StatusCode::REQUEST_TIMEOUT.as_u16(), "the request's head did not arrive within timeouts.requestHeaders")
    } else {
        (CLIENT_GONE, "the client left in the middle of the request's head")
    };
    let said = match client.unfinished_line() {
        Some(line) => {
            let begins = Untrusted::new(String::from_utf8_lossy(&line[..line.len().min(BEGINNING)])).to_string();
            format!("{why}: the {} bytes that came have no line end: {begins}", line.len())
        }
        None => why.to_owned(),
    };
    let now = Instant::now();
    let mut exchange = Exchange::begin(client, now);
    exchange.undecided(client, Rule::Refused { why: said.into() });
    exchange.answered(status);
    exchange.end(if is_late { Ended::Complete } else { Ended::ClientGone }, now);
}
