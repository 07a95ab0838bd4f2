//! A request: its head as it came, and what follows from it for forwarding.

use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::{FieldKind, Framing, RequestHead, ResponseHead, Target, Version, decimal, tokens};

use super::upload::Upload;
use super::validate;
use super::validate::Refusal;
use crate::api::{NotUpgraded, Part, Stopped, WhyNot};
use crate::config::Config;
use crate::proxy::connection::Peer;
use crate::upstream::{PROVES, Reuse, binds_connection, response};

/// What the host is that a request asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// The name of a pool, which is one of this machine.
    PoolName,
    /// Anything else.
    Other,
}

/// A request that may pass.
pub(crate) struct Request {
    pub(crate) head: RequestHead,
    target: Target,
    /// Whether its method is idempotent (RFC 9110 9.2.2): then it may be sent a second time.
    pub(crate) is_repeatable: bool,
    /// Whether it asks for another protocol, which begins behind its body.
    pub(crate) upgrades: bool,
    /// The client's address, as far as its proxies are trusted.
    pub(crate) ip: IpAddr,
    pub(crate) framing: Framing,
    pub(crate) upload: Upload,
    /// Names of the balancer's sticky cookies, which are not forwarded.
    pub(crate) own_cookies: SmallVec<[Arc<str>; 1]>,
    pub(crate) host_kind: HostKind,
    /// Whether any byte of it may have reached a backend.
    pub(crate) sent: bool,
    /// The head as written to a backend; `None` while nobody watches.
    pub(crate) written: Option<Part>,
}

impl Request {
    pub(crate) fn new(head: RequestHead, peer: &Peer, config: &Config) -> Result<Self, (RequestHead, Refusal)> {
        let (target, framing) = match validate::check(&head) {
            Ok(found) => found,
            Err(refusal) => return Err((head, refusal)),
        };
        let is_repeatable = matches!(head.method(), b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE");
        let upgrades = protocols(&head).next().is_some();
        let expects = head.line.version == Version::Http11 && head.lists(FieldKind::Expect, b"100-continue");
        Ok(Request {
            target,
            is_repeatable,
            upgrades,
            ip: peer.client(&head, &config.trusted_proxies),
            framing,
            upload: Upload::new(framing, config.retry.body_limit, config.limits.body_bytes, expects),
            own_cookies: SmallVec::new(),
            host_kind: HostKind::Other,
            sent: false,
            written: None,
            head,
        })
    }

    pub(crate) fn is_head(&self) -> bool {
        self.head.method() == b"HEAD"
    }

    pub(crate) fn version(&self) -> Version {
        self.head.line.version
    }

    /// Path and query in two parts, the first for what an absolute target may leave out (RFC 9112 3.2.1, 3.2.4).
    pub(crate) fn path(&self) -> [&[u8]; 2] {
        match self.target {
            Target::Absolute { path, .. } => match self.head.bytes(path) {
                [] if self.head.method() == b"OPTIONS" => [b"*", b""],
                path if path.starts_with(b"/") => [b"", path],
                path => [b"/", path],
            },
            Target::Origin(path) => [b"", self.head.bytes(path)],
            Target::Asterisk | Target::Other => [b"*", b""],
        }
    }

    /// The query, without its question mark.
    pub(crate) fn query(&self) -> &[u8] {
        let path = self.path()[1];
        memchr::memchr(b'?', path).map_or(b"", |at| &path[at + 1..])
    }

    /// The host it asks for: an absolute target overrides the Host field (RFC 9112 3.2.2).
    pub(crate) fn host(&self) -> Option<&[u8]> {
        match self.target {
            Target::Absolute { authority, .. } => Some(self.head.bytes(authority)),
            _ => self.head.value(FieldKind::Host),
        }
    }

    /// The first protocol it would upgrade to.
    pub(crate) fn wanted_upgrade(&self) -> Option<&[u8]> {
        self.protocols().next()
    }

    /// The protocols it would upgrade to, as they are forwarded.
    pub(crate) fn protocols(&self) -> impl Iterator<Item = &[u8]> {
        protocols(&self.head)
    }

    /// Whether this 101 answers it.
    pub(crate) fn accepts_switch(&self, head: &ResponseHead) -> bool {
        let asked = |named: &[u8]| self.protocols().any(|protocol| protocol.eq_ignore_ascii_case(named));
        // A client that waits for 100 before it sends its body is told that first (RFC 9110 7.8).
        self.upgrades && !self.upload.expects && response::accepts_switch(head, asked)
    }

    /// The upgrade that it asks for and that is not passed on, if any.
    pub(crate) fn not_upgraded(&self) -> Option<NotUpgraded> {
        let asked = self.head.value(FieldKind::Upgrade)?;
        if self.head.line.version == Version::Http10 {
            return Some(NotUpgraded::new(asked, WhyNot::Version));
        }
        if !self.head.lists(FieldKind::Connection, b"upgrade") {
            return Some(NotUpgraded::new(asked, WhyNot::Connection));
        }
        let all = self.head.values(FieldKind::Upgrade).flat_map(tokens);
        let dropped: Vec<&[u8]> = all.filter(|protocol| is_http2(protocol)).collect();
        (!dropped.is_empty()).then(|| NotUpgraded::new(&dropped.join(b", ".as_slice()), WhyNot::Http2))
    }

    /// Whether a browser asks for a page; scripts ask for JSON or for anything.
    pub(crate) fn wants_page(&self) -> bool {
        wants_page(&self.head)
    }

    /// Max-Forwards, where it applies: of the methods that are forwarded to OPTIONS alone (RFC 9110 7.6.2).
    pub(crate) fn hops_left(&self) -> Option<u64> {
        let value = self.head.value(FieldKind::MaxForwards).filter(|_| self.head.method() == b"OPTIONS");
        value.and_then(decimal)
    }

    /// Over which idle connections it may go. The backend may close one at the very moment of use (idle-close race); what could
    /// not be sent again then gets a new connection.
    pub(crate) fn reuse(&self, to_this_machine: bool) -> Reuse {
        let is_kept = match self.framing {
            Framing::None => true,
            Framing::Length(length) => self.upload.may_keep_all(length),
            Framing::Chunked | Framing::Close => false,
        };
        if self.is_repeatable && self.framing == Framing::None {
            Reuse::Any
        } else if PROVES && (is_kept || to_this_machine) {
            // On this machine a reset is there before more is sent than is kept.
            Reuse::Recent
        } else {
            Reuse::Never
        }
    }

    /// Whether it logs in on the connection it is sent over (NTLM, Negotiate).
    pub(crate) fn logs_in(&self) -> bool {
        self.head.values(FieldKind::Authorization).any(binds_connection)
    }

    /// Whether it may be sent to a backend now, or again; else why not.
    pub(crate) fn may_be_sent(&self) -> Result<(), Stopped> {
        // While no byte of it has arrived it may go to any backend, whatever its method.
        if self.sent && !self.is_repeatable {
            Err(Stopped::Unsafe)
        } else if !self.upload.is_kept() {
            Err(Stopped::BodyLimit)
        } else {
            Ok(())
        }
    }
}

pub(crate) fn wants_page(head: &RequestHead) -> bool {
    head.values(FieldKind::Accept).any(|value| value.windows(9).any(|w| w.eq_ignore_ascii_case(b"text/html")))
}

/// The protocols a request would upgrade to; none in HTTP/1.0 (RFC 9110 7.8). `h2c` is not forwarded: many servers never
/// answer it.
fn protocols(head: &RequestHead) -> impl Iterator<Item = &[u8]> {
    let asks = head.has(FieldKind::Upgrade)
        && head.line.version == Version::Http11
        && head.lists(FieldKind::Connection, b"upgrade");
    let asked = asks.then(|| head.values(FieldKind::Upgrade).flat_map(tokens)).into_iter().flatten();
    asked.filter(|protocol| !protocol.is_empty() && !is_http2(protocol))
}

fn is_http2(protocol: &[u8]) -> bool {
    protocol.eq_ignore_ascii_case(b"h2c") || protocol.eq_ignore_ascii_case(b"h2")
}
