//! The request of a check: a head without a body.

use http::Method;
use http::header::TRANSFER_ENCODING;
use http::uri::PathAndQuery;
use stickylb_http1::tokens;

use crate::balancer::Backend;

/// A check's request.
pub(crate) struct CheckRequest {
    method: Method,
    /// Path and query, appended to the path of the backend's URL.
    target: PathAndQuery,
    /// Names in their usual capitalization, because simple servers may compare them case-sensitively.
    fields: Vec<(String, Vec<u8>)>,
}

impl CheckRequest {
    /// Builds a request with the fields of every check, then `fields`, then the configured ones; later ones override.
    pub(crate) fn new(backend: &Backend, method: Method, fields: &[(&str, &str)]) -> Self {
        let health = backend.settings.health();
        // The configuration has validated both paths, so the fallback is not used.
        let target = format!("{}{}", backend.endpoint.address.base_path, health.path).parse();
        let target = target.unwrap_or_else(|_| PathAndQuery::from_static("/"));
        let mut request = CheckRequest { method, target, fields: Vec::new() };
        request.set("Host", backend.endpoint.host_header.as_bytes());
        request.set("User-Agent", concat!("stickylb-tui/", env!("CARGO_PKG_VERSION")).as_bytes());
        for (name, value) in fields {
            request.set(name, value.as_bytes());
        }
        // A Transfer-Encoding would announce a body, which is never sent.
        for (name, value) in health.headers.iter().filter(|(name, _)| *name != TRANSFER_ENCODING) {
            request.set(name.as_str(), value.reveal().as_bytes());
        }
        request
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        match self.fields.iter_mut().find(|field| field.0.eq_ignore_ascii_case(name)) {
            Some(field) => field.1 = value.to_vec(),
            None => self.fields.push((name.to_owned(), value.to_vec())),
        }
    }

    /// Whether the method is HEAD, whose response has no body.
    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// The value of a field; empty if there is none.
    pub(crate) fn value(&self, name: &str) -> &[u8] {
        self.fields.iter().find(|field| field.0.eq_ignore_ascii_case(name)).map_or(b"", |field| &field.1)
    }

    /// Whether it asks to switch to this protocol (RFC 9110 7.8).
    pub(crate) fn asks_for(&self, protocol: &[u8]) -> bool {
        let lists = |name, token: &[u8]| tokens(self.value(name)).any(|listed| listed.eq_ignore_ascii_case(token));
        lists("Connection", b"upgrade") && lists("Upgrade", protocol)
    }

    /// The request as bytes to send.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.fields {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}
