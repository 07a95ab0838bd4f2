//! What is changed in the heads of requests and responses on their way through (RFC 9110 7.6).

use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE, TE, TRANSFER_ENCODING,
    UPGRADE, VIA,
};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{StatusCode, Uri, Version};
use smallvec::SmallVec;

use super::client::Client;
use crate::balancer::Backend;
use crate::config::{HostHeader, is_local_name};

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_BACKEND: HeaderName = HeaderName::from_static("x-backend");
const X_BACKEND_ID: HeaderName = HeaderName::from_static("x-backend-id");

const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");
const TRAILERS: HeaderValue = HeaderValue::from_static("trailers");
const UPGRADE_TOKEN: HeaderValue = HeaderValue::from_static("upgrade");

/// What a request asks of the way it is forwarded.
pub(super) struct Asked {
    /// The protocol it wants to change to.
    pub(super) upgrade: Option<HeaderValue>,
    /// The `Host` the client sent, for `hostHeader` and `Location`.
    pub(super) host: Option<HeaderValue>,
    /// The client.
    pub(super) ip: IpAddr,
}

/// Makes a client's head one that may go to a backend; all but its `Host`. `ip` is the client's.
pub(super) fn prepare_request(parts: &mut Parts, client: &Client, ip: IpAddr) -> Asked {
    // Not from HTTP/1.0 (RFC 9110 7.8), and not with a body: the new protocol could begin only behind it.
    let may_upgrade = parts.version == Version::HTTP_11 && !client.uploading.load(Relaxed);
    let upgrade = if may_upgrade { wanted_upgrade(&parts.headers) } else { None };
    let host = authority(&parts.uri).or_else(|| parts.headers.get(HOST).cloned());
    let chunked = parts.headers.contains_key(TRANSFER_ENCODING);
    let headers = &mut parts.headers;
    let trailers = headers.get_all(TE).iter().any(|v| has_token(v.as_bytes(), b"trailers"));
    strip_hop_by_hop(headers);
    if chunked {
        headers.insert(TRANSFER_ENCODING, CHUNKED);
    }
    if trailers {
        headers.insert(TE, TRAILERS);
        headers.append(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(protocol) = &upgrade {
        headers.insert(UPGRADE, protocol.clone());
        headers.append(CONNECTION, UPGRADE_TOKEN);
    }
    client.peer.announce(headers, ip, host.as_ref());
    let shared = &client.proxy.shared;
    headers.append(VIA, if parts.version == Version::HTTP_10 { shared.via_1_0.clone() } else { shared.via.clone() });
    if parts.uri.authority().is_some() {
        parts.uri = origin_form(&parts.uri);
    }
    parts.version = Version::HTTP_11;
    Asked { upgrade, host, ip }
}

/// Sets the `Host` this backend is to see.
pub(super) fn set_host(
    headers: &mut HeaderMap,
    backend: &Backend,
    client_host: Option<&HeaderValue>,
    rule: HostHeader,
) {
    let keep = match (rule, client_host) {
        (_, None) | (HostHeader::Backend, _) => None,
        (HostHeader::Client, Some(host)) => Some(host),
        (HostHeader::Auto, Some(host)) => Some(host).filter(|host| backend.local && is_local_host(host)),
    };
    headers.insert(HOST, keep.unwrap_or(&backend.host_header).clone());
}

/// Makes a backend's head one that may go to the client.
pub(super) fn prepare_response(
    head: &mut http::response::Parts,
    backend: &Backend,
    set_cookie: Option<HeaderValue>,
    client_host: Option<&HeaderValue>,
    via: HeaderValue,
) {
    let headers = &mut head.headers;
    if headers.contains_key(TRANSFER_ENCODING) {
        // RFC 9112 6.3: the coding decides; a length beside it must not reach anyone.
        headers.remove(CONTENT_LENGTH);
    }
    let upgrade = if head.status == StatusCode::SWITCHING_PROTOCOLS { headers.get(UPGRADE).cloned() } else { None };
    strip_hop_by_hop(headers);
    if let Some(protocol) = upgrade {
        headers.insert(UPGRADE, protocol);
        headers.insert(CONNECTION, UPGRADE_TOKEN);
    }
    if let Some(location) = headers.get(LOCATION)
        && let Some(rewritten) = rewritten_location(location, backend, client_host)
    {
        headers.insert(LOCATION, rewritten);
    }
    headers.insert(X_BACKEND, backend.url_header.clone());
    headers.insert(X_BACKEND_ID, backend.id_header.clone());
    if let Some(cookie) = set_cookie {
        // Beside the backend's own cookies, never in their place.
        headers.append(SET_COOKIE, cookie);
    }
    headers.append(VIA, via);
    head.version = Version::HTTP_11;
}

/// Whether a request has been here before: then it goes round in a circle of proxies.
pub(super) fn is_looping(headers: &HeaderMap, via: &HeaderValue) -> bool {
    // The pseudonym alone: the version before it is that of each leg.
    let ours = &via.as_bytes()["1.1 ".len()..];
    headers.get_all(VIA).iter().any(|line| line.as_bytes().windows(ours.len()).any(|part| part == ours))
}

/// Whether a `Host` value, with its port or without, is a name of this machine.
pub(super) fn is_local_host(host: &HeaderValue) -> bool {
    std::str::from_utf8(host.as_bytes()).is_ok_and(|host| is_local_name(without_port(host)))
}

/// The host of a `Host` value.
pub(super) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

/// Removes what belongs to one connection: the fixed names, and those that `Connection` lists.
///
/// Most messages have none of them or one, and a look at the names costs less than asking the map for each.
fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let present: SmallVec<[HeaderName; 2]> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    if present.contains(&CONNECTION) {
        let listed: SmallVec<[HeaderName; 2]> = headers
            .get_all(CONNECTION)
            .iter()
            .flat_map(|line| line.as_bytes().split(|b| *b == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|token| !token.eq_ignore_ascii_case(b"close") && !token.eq_ignore_ascii_case(b"keep-alive"))
            .filter_map(|token| HeaderName::from_bytes(token).ok())
            .filter(|name| !is_end_to_end(name))
            .collect();
        for name in listed {
            headers.remove(name);
        }
    }
    for name in present {
        headers.remove(name);
    }
}

fn is_hop_by_hop(name: &HeaderName) -> bool {
    // By length first: most names are ruled out by it.
    match name.as_str().len() {
        2 => *name == TE,
        7 => *name == UPGRADE,
        10 => *name == CONNECTION || *name == KEEP_ALIVE,
        16 => *name == PROXY_CONNECTION,
        17 => *name == TRANSFER_ENCODING,
        _ => false,
    }
}

/// Fields that a `Connection` header has no say over: without them the message would mean something else.
fn is_end_to_end(name: &HeaderName) -> bool {
    use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, TRAILER};
    [HOST, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, SET_COOKIE, AUTHORIZATION, TRAILER].contains(name)
}

/// The protocol a request wants to change to. `h2c` is not passed on: many servers never answer it.
pub(super) fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(UPGRADE)?;
    let listed = headers.get_all(CONNECTION).iter().any(|line| has_token(line.as_bytes(), b"upgrade"));
    let http2 = has_token(protocol.as_bytes(), b"h2c") || has_token(protocol.as_bytes(), b"h2");
    (listed && !http2).then(|| protocol.clone())
}

fn has_token(line: &[u8], token: &[u8]) -> bool {
    line.split(|b| *b == b',').any(|part| part.trim_ascii().eq_ignore_ascii_case(token))
}

/// The authority of an absolute target, without the user information that stands in no Host (RFC 9110 4.2.4).
pub(super) fn authority(uri: &Uri) -> Option<HeaderValue> {
    let authority = uri.authority()?.as_str();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    HeaderValue::from_str(host).ok()
}

/// RFC 9112 3.2.2: an absolute target goes on in origin form.
fn origin_form(uri: &Uri) -> Uri {
    let path = uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    Uri::from(path)
}

/// A redirect to the backend's own origin is one to the client's.
fn rewritten_location(
    location: &HeaderValue,
    backend: &Backend,
    client_host: Option<&HeaderValue>,
) -> Option<HeaderValue> {
    let location = std::str::from_utf8(location.as_bytes()).ok()?;
    let host = client_host?.to_str().ok()?;
    let origin = backend.address.origin()?;
    let after =
        location.get(..origin.len()).filter(|o| o.eq_ignore_ascii_case(&origin)).map(|_| &location[origin.len()..])?;
    let whole = after.is_empty() || after.starts_with(['/', '?', '#']);
    if !whole {
        return None;
    }
    HeaderValue::from_str(&format!("http://{host}{after}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn connection_takes_what_it_names_but_nothing_end_to_end() {
        let mut headers = map(&[
            ("connection", "close, X-One"),
            ("connection", "host, x-two, content-length"),
            ("x-one", "1"),
            ("x-two", "2"),
            ("x-three", "3"),
            ("host", "localhost"),
            ("content-length", "5"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
        ]);
        strip_hop_by_hop(&mut headers);
        let mut left: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["content-length", "host", "x-three"]);
    }

    #[test]
    fn an_upgrade_counts_only_where_connection_lists_it_and_never_to_h2c() {
        let upgrade = |lines| wanted_upgrade(&map(lines)).is_some();
        assert!(upgrade(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]));
        assert!(!upgrade(&[("connection", "keep-alive"), ("upgrade", "websocket")]));
        assert!(!upgrade(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c")]));
    }

    #[test]
    fn the_host_without_its_port() {
        for (host, name) in [("a:1", "a"), ("a", "a"), ("[::1]:2", "[::1]"), ("[::1]", "[::1]")] {
            assert_eq!(without_port(host), name);
        }
    }
}
