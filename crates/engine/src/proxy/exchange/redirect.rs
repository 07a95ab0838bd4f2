//! What a backend says of its own address in a response, turned into what leads the client back to this balancer.

use std::ops::Range;
use stickylb_http1::{FieldKind, is_host};

use crate::balancer::Endpoint;
use crate::config::Scheme;
use crate::proxy::host::{is_local_host, without_port};

/// How a client and a backend name the place that a request is for.
pub(super) struct Places<'a> {
    pub(super) endpoint: &'a Endpoint,
    /// The `Host` that the backend was sent.
    pub(super) sent: &'a [u8],
    /// Scheme and authority by which the client came.
    pub(super) client: (&'static str, Vec<u8>),
}

/// The fields that lead a client on: to another address (RFC 9110 10.2.2), to that of what it got (8.7), to the next page of it
/// (RFC 8288), and what browsers obey as a `Location` with a delay.
pub(super) fn leads(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Location | FieldKind::ContentLocation | FieldKind::Link | FieldKind::Refresh)
}

/// The field's value as the client is to see it; `None` where it need not be another.
pub(super) fn led_back(kind: FieldKind, value: &[u8], places: &Places<'_>) -> Option<Vec<u8>> {
    let urls = match kind {
        FieldKind::Refresh => vec![url_of_refresh(value)?],
        FieldKind::Link => urls_of_links(value),
        _ => Vec::from([Range { start: 0, end: value.len() }]),
    };
    let mut led = Vec::with_capacity(value.len());
    let mut written = 0;
    for url in urls {
        let Some((scheme, authority)) = origin_of(&value[url.clone()]) else { continue };
        let (start, end) = (url.start + authority.start, url.start + authority.end);
        if places.is_backend(scheme, &value[start..end]) {
            let (client_scheme, client_authority) = &places.client;
            for part in [&value[written..url.start], client_scheme.as_bytes(), b"://", client_authority] {
                led.extend_from_slice(part);
            }
            written = end;
        }
    }
    led.extend_from_slice(&value[written..]);
    (led != value).then_some(led)
}

/// The scheme, where there is one, and the place of the authority of a URL; `None` where it has no authority.
fn origin_of(url: &[u8]) -> Option<(Option<&'static str>, Range<usize>)> {
    let (scheme, start) =
        [(Some("http"), 5), (Some("https"), 6), (None, 0)].into_iter().find_map(|(scheme, length)| {
            let begins = match scheme {
                Some(scheme) => url.get(..length).is_some_and(|start| {
                    start[..length - 1].eq_ignore_ascii_case(scheme.as_bytes()) && start[length - 1] == b':'
                }),
                None => true,
            };
            (begins && url[length..].starts_with(b"//")).then_some((scheme, length + 2))
        })?;
    let end = url[start..].iter().position(|b| matches!(b, b'/' | b'?' | b'#')).map_or(url.len(), |at| start + at);
    is_host(&url[start..end]).then_some((scheme, start..end))
}

/// Where the URLs stand in `<https://a.example/2>; rel="next", <...>; title="..."`.
fn urls_of_links(value: &[u8]) -> Vec<Range<usize>> {
    let mut urls = Vec::new();
    let (mut at, mut is_quoted) = (0, false);
    while let Some(byte) = value.get(at) {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => at += 1,
            b'<' if !is_quoted => {
                let Some(length) = memchr::memchr(b'>', &value[at..]) else { break };
                urls.push(at + 1..at + length);
                at += length;
            }
            _ => {}
        }
        at += 1;
    }
    urls
}

/// Where the URL stands in `5; url=http://...`, without quotes around it.
fn url_of_refresh(value: &[u8]) -> Option<Range<usize>> {
    let after = 1 + memchr::memchr2(b';', b',', value)?;
    let named = value[after..].iter().position(|b| !b.is_ascii_whitespace()).map(|at| after + at)?;
    let equals = value[named..].get(..4)?.eq_ignore_ascii_case(b"url=").then_some(named + 4)?;
    let quote = value.get(equals).copied().filter(|b| matches!(b, b'"' | b'\''));
    let start = equals + usize::from(quote.is_some());
    let end = quote.and_then(|quote| memchr::memchr(quote, &value[start..])).map_or(value.len(), |at| start + at);
    Some(start..end)
}

impl Places<'_> {
    /// Whether a URL with this scheme and authority is this backend's own.
    fn is_backend(&self, scheme: Option<&'static str>, authority: &[u8]) -> bool {
        let address = &self.endpoint.address;
        let own = if address.scheme == Scheme::Https { "https" } else { "http" };
        let (client_scheme, client_authority) = &self.client;
        if own == "http" && scheme == Some("https") {
            // A backend that speaks http and names https sends its client there on purpose; but one that believes
            // `X-Forwarded-Proto`, and not the host beside it, means itself by its own port.
            let itself = |own: &[u8]| split(own, "http") == split(authority, "https");
            return *client_scheme == "https"
                && [self.sent, self.endpoint.host_header.as_bytes()].into_iter().any(itself);
        }
        // One that believes the host, and not the scheme beside it.
        if *client_scheme == "https" && scheme == Some("http") && authority.eq_ignore_ascii_case(client_authority) {
            return true;
        }
        let (host, port) = split(authority, scheme.unwrap_or(own));
        let is = |other: &[u8]| split(other, scheme.unwrap_or(own)) == (host.clone(), port);
        let is_alias = || {
            // 127.0.0.1 for localhost, and the like.
            self.endpoint.is_local
                && !matches!(address.scheme, Scheme::Unix(_))
                && address.port == port
                && is_local_host(host.as_bytes())
        };
        is(self.sent) || is(self.endpoint.host_header.as_bytes()) || is_alias()
    }
}

/// Host and port of an authority.
fn split(authority: &[u8], scheme: &str) -> (String, u16) {
    let authority = String::from_utf8_lossy(authority).to_ascii_lowercase();
    let host = without_port(&authority).to_owned();
    let port = authority[host.len()..].strip_prefix(':').and_then(|port| port.parse().ok());
    (host, port.unwrap_or(if scheme == "https" { 443 } else { 80 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balancer::Backend;
    use crate::config::BackendConfig;

    fn led(backend: &str, sent: &str, client: (&'static str, &str), kind: FieldKind, value: &str) -> String {
        let config = BackendConfig::new(1, "b".to_owned(), backend.parse().expect("an address"));
        let backend = Backend::new(&config, None);
        let places = Places {
            endpoint: &backend.endpoint,
            sent: sent.as_bytes(),
            client: (client.0, client.1.as_bytes().to_vec()),
        };
        led_back(kind, value.as_bytes(), &places)
            .map_or_else(|| "-".to_owned(), |led| String::from_utf8(led).expect("text"))
    }

    #[test]
    fn what_names_the_backend_names_the_client_s_way_instead() {
        let plain = ("http", "localhost:3001");
        let (tls, lan) = (("https", "localhost:3001"), ("https", "192.168.1.5:3001"));
        for (backend, sent, client, value, wanted) in [
            ("http://localhost:5000", "localhost:5000", plain, "http://localhost:5000/a", "http://localhost:3001/a"),
            ("http://localhost:5000", "localhost:5000", plain, "HTTP://LocalHost:5000", "http://localhost:3001"),
            ("http://localhost:5000", "localhost:5000", plain, "//localhost:5000?a", "http://localhost:3001?a"),
            ("http://localhost:5000", "localhost:5000", plain, "http://127.0.0.1:5000/a", "http://localhost:3001/a"),
            (
                "http://localhost:5000",
                "localhost:5000",
                ("https", "a.example"),
                "http://localhost:5000/",
                "https://a.example/",
            ),
            ("http://localhost:5000", "a.example", ("https", "a.example"), "http://a.example/x", "https://a.example/x"),
            ("https://localhost:5000", "localhost:3001", plain, "https://localhost:3001/a", "http://localhost:3001/a"),
            ("https://b.example", "b.example", plain, "https://b.example:443/a", "http://localhost:3001/a"),
            ("http://b.example", "b.example", plain, "http://b.example:80/a", "http://localhost:3001/a"),
            ("unix:/run/app", "a.example", ("https", "a.example"), "http://a.example/x", "https://a.example/x"),
            // By https: in what the backend believes of its client it may be right in both, in one or in neither.
            ("http://localhost:5000", "localhost:3001", tls, "http://localhost:5000/a", "https://localhost:3001/a"),
            ("http://localhost:5000", "localhost:3001", tls, "http://localhost:3001/a", "https://localhost:3001/a"),
            ("http://localhost:5000", "localhost:3001", tls, "https://localhost:3001/a", "-"),
            ("http://localhost:5000", "localhost:5000", tls, "https://localhost:5000/a", "https://localhost:3001/a"),
            ("http://localhost:5000", "localhost:5000", tls, "//localhost:5000/a", "https://localhost:3001/a"),
            ("http://localhost:5000", "localhost:5000", lan, "http://192.168.1.5:3001/a", "https://192.168.1.5:3001/a"),
            ("https://localhost:5000", "localhost:3001", tls, "https://localhost:5000/a", "https://localhost:3001/a"),
            ("https://localhost:5000", "localhost:3001", tls, "https://localhost:3001/a", "-"),
            ("http://localhost:5000", "localhost:3001", tls, "http://localhost:3000/a", "-"),
            ("http://localhost:5000", "localhost:3001", tls, "https://localhost/a", "-"),
            ("http://b.example", "b.example", tls, "https://b.example/a", "-"),
            // Somebody else's, and what the client named itself.
            ("http://localhost:5000", "localhost:5000", plain, "https://localhost:5000/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "http://localhost:5001/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "http://localhost:50001/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "http://localhost:5000.evil/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "http://localhost:5000@evil/a", "-"),
            ("http://localhost:5000", "localhost:3001", plain, "http://localhost:3001/a", "-"),
            ("http://localhost:5000", "localhost:3001", plain, "https://localhost:3001/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "/a", "-"),
            ("http://localhost:5000", "localhost:5000", plain, "a?u=http://localhost:5000/", "-"),
            ("http://b.example", "b.example", plain, "https://b.example/a", "-"),
        ] {
            assert_eq!(led(backend, sent, client, FieldKind::Location, value), wanted, "{backend} {sent} {value}");
        }
        let links =
            "<http://localhost:5000/a>; rel=\"next\"; title=\"<http://localhost:5000/b>\", </c>, <//localhost:5000/d>";
        let wanted = "<http://localhost:3001/a>; rel=\"next\"; title=\"<http://localhost:5000/b>\", </c>, <http://localhost:3001/d>";
        assert_eq!(led("5000", "localhost:5000", plain, FieldKind::Link, links), wanted);
        assert_eq!(led("5000", "localhost:5000", plain, FieldKind::Link, "<http://localhost:5000/a"), "-");
        for (value, wanted) in [
            ("0; url=http://localhost:5000/a", "0; url=http://localhost:3001/a"),
            ("5;URL=\"http://localhost:5000/a\"", "5;URL=\"http://localhost:3001/a\""),
            ("5", "-"),
            ("5; url=/a", "-"),
            ("5; ur", "-"),
        ] {
            assert_eq!(led("5000", "localhost:5000", plain, FieldKind::Refresh, value), wanted, "{value}");
        }
    }
}
