//! Stickiness: reads a request's sticky key and finds out which backend its client is bound to.
//!
//! A cookie names the backend itself. An id that is learned is looked up (`learned`). Any other key (address, header, query,
//! own) is hashed over the backends' ids (`rendezvous`), so no table is needed and the binding survives a restart.

use std::net::IpAddr;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead};

use super::cookie::CookieSticky;
use super::key_cache::KeyCache;
use super::key_function::{Asking, KeyFunction};
use super::learned::{Learner, Watch};
use super::rendezvous::Fingerprint;
use super::traits::Traits;
use crate::api::{BackendId, StickyBy, StickyKey, Text};
use crate::config::{MissingKey, OnFailure, StickyConfig};
use crate::untrusted::Untrusted;

/// Bytes of a key that are kept for display.
const SHOWN: usize = 64;

/// The current stickiness at one moment.
#[derive(Clone)]
pub(crate) struct Sticky {
    /// Which part of a request is the key.
    pub(crate) by: StickyBy,
    source: Source,
    /// What learns ids, or finds out whether backends make those that are hashed.
    learner: Option<Arc<Learner>>,
    missing: MissingKey,
    pub(crate) on_failure: OnFailure,
}

#[derive(Clone)]
enum Source {
    Off,
    Cookie(CookieSticky),
    Ip(Arc<KeyCache>),
    Header { name: Arc<str>, key_cache: Arc<KeyCache> },
    Query { name: Arc<str>, key_cache: Arc<KeyCache> },
    Custom { function: KeyFunction, key_cache: Arc<KeyCache> },
    Learn,
}

/// A client's binding, for the choice of a backend.
#[derive(Clone, Default)]
pub(crate) struct Bound {
    /// The backend that it is bound to.
    pub(crate) own: Affinity,
    /// The key that binds it, for display.
    pub(crate) key: Option<StickyKey>,
    /// The hash of the key, or of the address where there is none.
    pub(crate) fingerprint: Fingerprint,
    /// What tells it from others; read once it has lost its backend.
    pub(crate) traits: Option<Box<Traits>>,
    /// Who asks, read only while somebody watches: then the choice is noted. Boxed, because every request carries this.
    pub(crate) asker: Option<Box<Asker>>,
}

/// Who asks, whatever binds it.
#[derive(Clone, Copy)]
pub(crate) struct Asker {
    /// The hash of its address.
    pub(crate) address: Fingerprint,
    /// The same with what it says it is.
    pub(crate) who: Fingerprint,
}

impl Asker {
    /// A client of whom only the address is known.
    pub(crate) fn at(ip: IpAddr) -> Self {
        let address = Fingerprint::of_ip(ip);
        Asker { address, who: address }
    }

    /// The client that sends this from there.
    pub(crate) fn of(head: &RequestHead, ip: IpAddr) -> Self {
        let Asker { address, .. } = Asker::at(ip);
        let who = head.named(b"user-agent").fold(address, Fingerprint::with);
        Asker { address, who }
    }
}

/// Which backend a client is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Affinity {
    /// To none yet.
    #[default]
    Nobody,
    /// To the one with this id.
    Id(BackendId),
    /// To the one that gave out its id.
    Learned(BackendId),
    /// To the one with the highest score for its fingerprint.
    Suited,
}

impl Bound {
    /// A client that is not bound yet.
    fn new(ip: IpAddr) -> Self {
        Bound { own: Affinity::Nobody, key: None, fingerprint: Fingerprint::of_ip(ip), ..Bound::default() }
    }

    /// A client in TCP mode, bound to the backend that its address sticks to, if any.
    fn at(ip: IpAddr, backend: Option<BackendId>) -> Self {
        let Some(id) = backend else { return Bound::new(ip) };
        let key = Some(StickyKey::Ip { ip: ip.to_canonical() });
        Bound { own: Affinity::Id(id), key, ..Bound::new(ip) }
    }

    /// The backend that its cookie names, whether or not it is in the pool.
    pub(crate) fn named(&self) -> Option<BackendId> {
        if let Affinity::Id(id) = self.own { Some(id) } else { None }
    }

    /// Whether it is bound by the hash of a key.
    pub(crate) fn is_by_key(&self) -> bool {
        self.own == Affinity::Suited
    }

    /// A client bound by the hash of its address.
    pub(crate) fn by_ip(ip: IpAddr) -> Self {
        Bound { own: Affinity::Suited, key: Some(StickyKey::Ip { ip: ip.to_canonical() }), ..Bound::new(ip) }
    }

    /// A client that brings an id, which is displayed as `key` where it is known.
    pub(super) fn by_id(watch: Watch, key: Option<StickyKey>, ip: IpAddr) -> Self {
        match watch.bound_to() {
            None => Bound::new(ip),
            Some((id, fingerprint)) => {
                Bound { own: Affinity::Learned(id), key, fingerprint, traits: None, asker: None }
            }
        }
    }

    fn by_key(key: StickyKey, bytes: &[u8]) -> Self {
        Bound { own: Affinity::Suited, key: Some(key), fingerprint: Fingerprint::of(bytes), ..Bound::default() }
    }
}

impl Sticky {
    /// Stickiness by `by`, with the other settings from `config`. `own` is the embedding program's key function, for
    /// [`StickyBy::Custom`]; without it, stickiness is off.
    pub(crate) fn new(config: &StickyConfig, by: &StickyBy, own: Option<&KeyFunction>) -> Self {
        let source = match by {
            StickyBy::Off => Source::Off,
            StickyBy::Learn(_) => Source::Learn,
            StickyBy::Custom => own.map_or(Source::Off, |function| Source::Custom {
                function: function.clone(),
                key_cache: Arc::default(),
            }),
            StickyBy::Cookie => Source::Cookie(CookieSticky::new(&config.cookie)),
            StickyBy::Ip => Source::Ip(Arc::default()),
            StickyBy::Query(name) => Source::Query { name: Arc::clone(name), key_cache: Arc::default() },
            StickyBy::Header(name) => Source::Header { name: Arc::clone(name), key_cache: Arc::default() },
        };
        let learner = match by {
            StickyBy::Learn(sources) => Some(Learner::new(sources)),
            _ => Learner::probing(by),
        };
        Sticky {
            by: by.clone(),
            source,
            learner: learner.map(Arc::new),
            missing: config.missing,
            on_failure: config.on_failure,
        }
    }

    /// The sticky cookie; `None` if clients are not bound by cookie.
    pub(crate) fn cookie(&self) -> Option<&CookieSticky> {
        match &self.source {
            Source::Cookie(cookie) => Some(cookie),
            _ => None,
        }
    }

    /// The name of the sticky cookie, which is removed from requests before they reach a backend.
    pub(crate) fn cookie_name(&self) -> Option<&Arc<str>> {
        self.cookie().map(|cookie| &cookie.name)
    }

    /// The keys seen lately; `None` if clients are bound by cookie or not at all.
    pub(crate) fn key_cache(&self) -> Option<&KeyCache> {
        match &self.source {
            Source::Ip(key_cache)
            | Source::Header { key_cache, .. }
            | Source::Query { key_cache, .. }
            | Source::Custom { key_cache, .. } => Some(key_cache),
            Source::Off | Source::Cookie(_) | Source::Learn => None,
        }
    }

    /// What learns ids, or finds out whether backends make those that are hashed; `None` if neither may be.
    pub(super) fn learner(&self) -> Option<&Arc<Learner>> {
        self.learner.as_ref()
    }

    /// Reads a request's key, but for one that is learned. `ip` is the client's address; `query` is without the question mark.
    pub(crate) fn read(&self, head: &RequestHead, query: &[u8], ip: IpAddr) -> Bound {
        match &self.source {
            Source::Off | Source::Learn => Bound::new(ip),
            Source::Cookie(cookie) => match cookie.id(head.values(FieldKind::Cookie)) {
                None => Bound::new(ip),
                Some(id) => {
                    let key = StickyKey::Cookie { name: Arc::clone(&cookie.name).into(), id };
                    Bound { own: Affinity::Id(id), key: Some(key), ..Bound::new(ip) }
                }
            },
            Source::Ip(_) => Bound::by_ip(ip),
            Source::Header { name, .. } => {
                let Some(bytes) = header(head, name) else { return self.without_key(ip) };
                let value = (!is_secret(name)).then(|| beginning(&bytes));
                Bound::by_key(StickyKey::Header { name: Arc::clone(name).into(), value }, &bytes)
            }
            Source::Query { name, .. } => {
                let Some(value) = parameter(query, name) else { return self.without_key(ip) };
                let key = StickyKey::Query { name: Arc::clone(name).into(), value: Some(beginning(value)) };
                Bound::by_key(key, value)
            }
            // The key may contain a secret, so its value is not kept for display.
            Source::Custom { function, .. } => match function.key(&Asking::new(head, ip)) {
                Some(key) => Bound::by_key(StickyKey::Custom, &key),
                None => self.without_key(ip),
            },
        }
    }

    /// The binding of a connection in TCP mode, of which only the client's address is known. `stuck` is the backend
    /// that the address sticks to.
    pub(crate) fn read_connection(&self, ip: IpAddr, stuck: Option<BackendId>) -> Bound {
        let Source::Custom { function, .. } = &self.source else { return Bound::at(ip, stuck) };
        match function.key(&Asking::of_connection(ip)) {
            Some(key) => Bound::by_key(StickyKey::Custom, &key),
            None => self.without_key(ip),
        }
    }

    /// The binding of a request without a key.
    pub(super) fn without_key(&self, ip: IpAddr) -> Bound {
        match self.missing {
            MissingKey::Balance => Bound::new(ip),
            MissingKey::Fixed => Bound::by_key(StickyKey::Missing { by: self.by.clone() }, b""),
        }
    }
}

/// A field's value, with several lines joined by commas (RFC 9110 5.3). An empty value counts as absent.
fn header(head: &RequestHead, name: &str) -> Option<Vec<u8>> {
    let lines: Vec<&[u8]> = head.named(name.as_bytes()).collect();
    Some(lines.join(&b","[..])).filter(|value| !value.trim_ascii().is_empty())
}

/// The first value of a query parameter, without percent-decoding. An empty value counts as absent.
fn parameter<'q>(query: &'q [u8], name: &str) -> Option<&'q [u8]> {
    let mut pairs = query.split(|b| *b == b'&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    value.filter(|value| !value.is_empty())
}

/// Whether a field's value is a credential that must not be displayed.
fn is_secret(name: &str) -> bool {
    matches!(
        FieldKind::of(name.as_bytes()),
        FieldKind::Authorization | FieldKind::ProxyAuthorization | FieldKind::Cookie
    )
}

/// The beginning of a key, for display.
fn beginning(bytes: &[u8]) -> Untrusted<Text> {
    Text::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stickylb_http1::{HeadLimits, ReadBuffer};

    fn sticky(by: &str) -> Sticky {
        Sticky::new(&StickyConfig::default(), &by.parse().expect(by), None)
    }

    /// The binding read from a request with this target and these fields.
    fn read(sticky: &Sticky, target: &str, lines: &[(&str, &[u8])]) -> Bound {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(format!("GET {target} HTTP/1.1\r\n").as_bytes());
        for (name, value) in lines {
            read_buffer.add(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        read_buffer.add(b"\r\n");
        let head =
            read_buffer.head(&HeadLimits { bytes: 4096, fields: 16 }).expect("a good head").expect("a whole head");
        sticky.read(&head, target.split_once('?').map_or("", |(_, query)| query).as_bytes(), IP)
    }

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn a_key_is_found_by_any_case_of_a_headers_name_and_by_a_parameters_exact_one() {
        let by_header = read(&sticky("header:X-User"), "/", &[("x-uSER", b"bob")]);
        assert!(by_header.own == Affinity::Suited && by_header.fingerprint == Fingerprint::of(b"bob"));
        for (target, found) in [
            ("/?token=7", Some("7")),
            ("/?a=1&token=7&token=8", Some("7")),
            ("/?xtoken=7", None),
            ("/?token", None),
            ("/?token=", None),
            ("/?Token=7", None),
            ("/", None),
        ] {
            let bound = read(&sticky("query:token"), target, &[]);
            assert_eq!(bound.key.is_some(), found.is_some(), "{target}");
            if let Some(value) = found {
                assert_eq!(bound.fingerprint, Fingerprint::of(value.as_bytes()), "{target}");
            }
        }
    }

    #[test]
    fn a_secret_key_binds_and_is_not_shown() {
        let bound = read(&sticky("header:Authorization"), "/", &[("authorization", b"Bearer hunter2")]);
        assert_eq!(bound.key, Some(StickyKey::Header { name: "Authorization".into(), value: None }));
        assert!(bound.own == Affinity::Suited);
    }

    #[test]
    fn without_a_key_a_request_is_balanced_or_goes_where_all_such_go() {
        let mut config = StickyConfig { by: "header:X-User".parse().expect("a mode"), ..StickyConfig::default() };
        let read = |config: &StickyConfig| read(&Sticky::new(config, &config.by, None), "/", &[("x-user", b"")]);
        assert!(read(&config).own == Affinity::Nobody);
        config.missing = MissingKey::Fixed;
        assert!(read(&config).own == Affinity::Suited);
    }

    proptest! {
        #[test]
        fn hostile_values_are_a_key_or_absent_and_crash_nothing(
            cookie in "[ -~\u{80}-\u{ff}]{0,80}", value in proptest::collection::vec(any::<u8>(), 0..200),
            query in "[!-~]{0,60}",
        ) {
            let value: Vec<u8> = value.into_iter().filter(|b| (0x20..0x7f).contains(b) || *b >= 0x80).collect();
            let query: String = query.chars().filter(|c| !"#\"<>\\^`{|}".contains(*c)).collect();
            let lines: [(&str, &[u8]); 2] = [("cookie", cookie.as_bytes()), ("x-user", &value)];
            let target = format!("/?token={query}");
            for by in ["cookie", "ip", "header:X-User", "query:token", "off"] {
                let bound = read(&sticky(by), &target, &lines);
                let id = cookie.split(';').find_map(|pair| pair.trim_ascii().strip_prefix("X-Backend-ID="));
                if let Affinity::Id(found) = bound.own {
                    let found = found.to_string();
                    prop_assert_eq!(id, Some(found.as_str()));
                }
                if let Some(StickyKey::Header { value: Some(shown), .. } | StickyKey::Query { value: Some(shown), .. }) = bound.key {
                    prop_assert!(shown.raw().len() <= 3 * SHOWN);
                }
            }
        }
    }
}
