//! Who would get a request, and why, without sending it. Nothing changes by asking: no figure, no turn, no session.

use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use smallvec::SmallVec;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;
use stickylb_http1::{HeadLimits, ReadBuffer};

use crate::api::{CookieAction, Decision, Explanation, Identity, Mode, Question, Rule, Strategy, Unclear};
use crate::balancer::Traits;
use crate::config::Config;
use crate::proxy::connection::{ClientScheme, Peer};
use crate::proxy::exchange::{Request, validate};
use crate::proxy::forward::{own_cookies, route};
use crate::proxy::local_reply::{no_such_name, pages};
use crate::state::{Listener, Topology};
use crate::untrusted::Untrusted;

/// Says who would get it now.
pub(crate) fn explain(topology: &Topology, question: &Question) -> Result<Explanation, Unclear> {
    let uri: Uri =
        question.url.parse().map_err(|_| unclear(format!("'{}' is no URL: write /path or http://…", question.url)))?;
    let listener = listener(topology.listeners.iter().map(|open| &open.listener), &uri)?;
    let bytes = request(question, &uri, listener)?;
    let routing = listener.routing.load();
    let mut decision = Decision::new(routing.strategy());
    let peer = Peer::new(
        question.ip.unwrap_or(Ipv4Addr::LOCALHOST.into()),
        ClientScheme::of(listener.is_tls()),
        &topology.config.trusted_proxies,
    );
    let request = match read(&bytes, &peer, &topology.config) {
        Ok(request) => request,
        Err(why) => {
            decision.rule = Rule::Refused { why: why.into() };
            return Ok(explained(None, decision));
        }
    };
    if pages::is_own(&request) {
        decision.rule = Rule::LocalReply;
        return Ok(explained(None, decision));
    }
    let Some((live, taken)) = route(&routing, &request) else {
        decision.rule = Rule::Refused { why: no_such_name(&routing, &request).into() };
        return Ok(explained(None, decision));
    };
    let pool = live.current.load();
    decision.strategy = pool.strategy;
    decision.pool.clone_from(&live.label);
    decision.route = taken.cloned();
    let (mut bound, _) = pool.read(&request.head, request.query(), request.ip, Instant::now());
    if let Some(lost) = pool.lost(&bound, &[]) {
        let mut ours = SmallVec::new();
        own_cookies(&routing, live, &pool, &mut ours);
        bound.traits = Some(Box::new(Traits::read(&request.head, request.ip, lost, &ours)));
    }
    let choice = pool.preview(&bound, &mut decision, Instant::now());
    decision.candidates = pool.candidates(&bound, &decision.rule, &[]);
    if choice.as_ref().is_some_and(|choice| choice.set_cookie.is_some()) && !decision.rule.is_sticky() {
        decision.cookie = if decision.key.is_some() { CookieAction::Rewritten } else { CookieAction::New };
    }
    Ok(explained(choice.map(|choice| Arc::clone(&choice.backend.identity)), decision))
}

/// The request as a client's would be read; else why it would be refused.
pub(crate) fn read(bytes: &[u8], peer: &Peer, config: &Config) -> Result<Request, String> {
    let mut read_buffer = ReadBuffer::default();
    read_buffer.add(bytes);
    let limits = HeadLimits { bytes: config.limits.header_bytes, fields: config.limits.headers };
    let head = match read_buffer.head(&limits) {
        Ok(Some(head)) => head,
        Ok(None) => return Err("The head has no end.".to_owned()),
        Err(bad) => return Err(validate::unreadable(bad).why.to_owned()),
    };
    Request::new(head, peer, config).map_err(|(_, refusal)| refusal.why.to_owned())
}

/// The listener with the URL's port and scheme; the first one for a path alone.
fn listener<'l>(listeners: impl Iterator<Item = &'l Arc<Listener>>, uri: &Uri) -> Result<&'l Listener, Unclear> {
    let mut speaking_http = listeners.filter(|listener| listener.mode == Mode::Http);
    let is_https = uri.scheme_str().map(|scheme| scheme == "https");
    let usual = if is_https == Some(true) { 443 } else { 80 };
    let port = uri.authority().map(|authority| authority.port_u16().unwrap_or(usual));
    let found = speaking_http.find(|listener| port.is_none_or(|port| listener.address.port() == port));
    if let (Some(listener), Some(is_https)) = (found, is_https)
        && listener.is_tls() != is_https
    {
        let speaks = if is_https { "plain HTTP" } else { "TLS" };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        return Err(unclear(format!("that listener speaks {speaks}: write {}{path}", listener.url())));
    }
    found.map(Arc::as_ref).ok_or_else(|| match port {
        Some(port) => {
            unclear(format!("this balancer has no HTTP listener on port {port}: write its own URL, or a path"))
        }
        None => unclear("this balancer has no HTTP listener: connections go by their client's address".to_owned()),
    })
}

/// The request as a client would send it: in origin form, with a `Host` where none is given.
fn request(question: &Question, uri: &Uri, listener: &Listener) -> Result<Vec<u8>, Unclear> {
    let method = &question.method;
    let method: Method = method.parse().map_err(|_| unclear(format!("'{method}' is no method")))?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    // Writing to a string cannot fail.
    let mut text = format!("{method} {target} HTTP/1.1\r\n");
    if !question.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        let ours = || listener.url_that_leads().split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
        let host = uri.authority().map_or_else(ours, |authority| authority.as_str().to_owned());
        let _ = write!(text, "Host: {host}\r\n");
    }
    for (name, value) in &question.headers {
        // A line break would make two fields of one.
        if HeaderName::from_bytes(name.as_bytes()).is_err() || HeaderValue::from_str(value).is_err() {
            return Err(unclear(format!("'{name}' is no header a request can have: write -H 'Name: value'")));
        }
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    Ok(text.into_bytes())
}

fn explained(backend: Option<Arc<Identity>>, decision: Decision) -> Explanation {
    let holds = match (&decision.rule, decision.strategy) {
        (Rule::Strategy { .. }, Strategy::RoundRobin | Strategy::SmoothRoundRobin) => {
            Some("it is next in turn: a request that comes before takes its place")
        }
        (Rule::Strategy { .. }, Strategy::Random | Strategy::PowerOfTwo) => {
            Some("by chance: this is one draw, and the next one may be another")
        }
        (Rule::Strategy { .. }, Strategy::LeastConnections | Strategy::LeastLatency) => {
            Some("by how busy they are now; those that are equal take turns")
        }
        (Rule::Together, _) if decision.told_apart.is_some() => {
            Some("it follows a request of the last two seconds; after that the strategy decides")
        }
        _ => None,
    };
    Explanation { backend, reason: decision.reason().into(), decision, holds: holds.map(Untrusted::from) }
}

fn unclear(why: String) -> Unclear {
    Unclear { why: why.into() }
}
