//! The address of an entry, and who is asked there.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What stands in no target of a request (RFC 3986 2).
const NOT_IN_A_TARGET: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

/// Where a request went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Host and port, the port only where it is not the scheme's own.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: String,
    /// Whether it is a WebSocket's.
    pub(super) websocket: bool,
}

/// Reads an absolute `http`, `https`, `ws` or `wss` address (RFC 3986 3). What else it is comes back as its scheme,
/// or as nothing where it has none.
pub(super) fn address(url: &str) -> Result<Address, String> {
    let (scheme, rest) = url.trim().split_once(':').ok_or_else(String::new)?;
    let scheme = scheme.to_ascii_lowercase();
    let (own_port, websocket) = match scheme.as_str() {
        "http" => (":80", false),
        "https" => (":443", false),
        "ws" => (":80", true),
        "wss" => (":443", true),
        _ => {
            let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            return Err(if is_scheme && scheme.len() <= 32 { scheme } else { String::new() });
        }
    };
    let rest = rest.strip_prefix("//").ok_or_else(String::new)?;
    let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, behind)| behind).to_ascii_lowercase();
    let authority = authority.strip_suffix(own_port).unwrap_or(&authority).to_owned();
    if authority.is_empty() || !authority.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"<>".contains(&byte)) {
        return Err(String::new());
    }
    let target = target.split_once('#').map_or(target, |(before, _)| before);
    let slash = if target.starts_with('/') { "" } else { "/" };
    let target = format!("{slash}{}", utf8_percent_encode(target, NOT_IN_A_TARGET));
    Ok(Address { authority, target, websocket })
}

/// Whether such an authority is on the machine that the requests came from.
pub(super) fn is_local(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    let number = host.parse::<std::net::IpAddr>();
    number.is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
        || host == "localhost"
        || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (url, authority, target) in [
            ("http://localhost:3000", "localhost:3000", "/"),
            ("https://User:pw@Example.com:443/a?b=c#d", "example.com", "/a?b=c"),
            ("http://a:443/", "a:443", "/"),
            ("HTTP://a?x", "a", "/?x"),
            ("http://[::1]:80/ä b", "[::1]", "/%C3%A4%20b"),
            ("wss://a/socket", "a", "/socket"),
        ] {
            let found = address(url).unwrap_or_else(|scheme| panic!("{url}: {scheme}"));
            assert_eq!((found.authority.as_str(), found.target.as_str()), (authority, target), "{url}");
            assert_eq!(found.websocket, url.starts_with("ws"));
        }
    }

    #[test]
    fn what_goes_to_no_server_is_told_by_its_scheme() {
        for (url, scheme) in [("data:image/png;base64,xx", "data"), ("chrome-extension://abc/x.js", "chrome-extension")]
        {
            assert_eq!(address(url), Err(scheme.to_owned()));
        }
        for url in ["", "/a", "http:/a", "http://", "http://a b/", "é:x"] {
            assert_eq!(address(url), Err(String::new()), "{url}");
        }
    }

    #[test]
    fn the_machine_itself_is_known() {
        for local in
            ["localhost", "localhost:3000", "app.localhost:80", "127.0.0.1:5000", "127.1.2.3", "[::1]:80", "0.0.0.0:1"]
        {
            assert!(is_local(local), "{local}");
        }
        for other in ["example.com", "localhost.example.com", "10.0.0.1", "notlocalhost", "[2001:db8::1]:80", ""] {
            assert!(!is_local(other), "{other}");
        }
    }
}
