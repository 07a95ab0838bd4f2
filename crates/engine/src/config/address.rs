//! Where a backend is, as people write it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

use super::local::{ipv4_in_parts, is_local_name, reaches};
use crate::untrusted::Untrusted;

/// How a backend is spoken to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// HTTP over TCP.
    Http,
    /// HTTP over TLS over TCP.
    Https,
    /// HTTP, or whatever the clients speak, over a Unix socket at this path.
    Unix(PathBuf),
    /// Whatever the clients speak, over TCP.
    Tcp,
}

/// A backend's address: `5000`, `:5000`, `host:port`, `http://host:port`, `https://host`, `unix:/path` or
/// `tcp://host:port`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Address {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// Host name or address, IPv6 without brackets.
    pub host: String,
    /// Port; 0 for a Unix socket.
    pub port: u16,
    /// What was written after the host, without its trailing slash: put before each check's path,
    /// as smart-stick-loadbalancer does.
    pub base_path: String,
}

/// Why a word is not a backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is not a backend: {why}", without_user(word))]
#[non_exhaustive]
pub struct AddressError {
    /// What was written.
    pub word: Untrusted<String>,
    /// What is wrong, and what to write.
    pub why: Untrusted<String>,
}

/// A word as it may be shown: what stands before an @ may be a password.
fn without_user(word: &Untrusted<String>) -> Untrusted<String> {
    let Some((before, host)) = word.raw().rsplit_once('@') else { return word.clone() };
    let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
    format!("{scheme}(hidden)@{host}").into()
}

impl Address {
    /// A backend on this machine.
    pub fn local(port: u16) -> Self {
        Address { scheme: Scheme::Http, host: "localhost".to_owned(), port, base_path: String::new() }
    }

    /// Host and port as they stand in a `Host` header (RFC 9110 7.2): the scheme's own port is left out.
    pub fn authority(&self) -> String {
        match (&self.scheme, self.port) {
            (Scheme::Unix(_), _) | (Scheme::Http, 80) | (Scheme::Https, 443) => self.bracketed_host(),
            (_, port) => format!("{}:{port}", self.bracketed_host()),
        }
    }

    /// Host and port for a table: `localhost:5000`, or the socket's path.
    pub fn short(&self) -> String {
        match &self.scheme {
            Scheme::Unix(path) => path.display().to_string(),
            _ => format!("{}:{}", self.bracketed_host(), self.port),
        }
    }

    /// Whether the host is a name of this machine.
    pub fn is_local(&self) -> bool {
        matches!(self.scheme, Scheme::Unix(_)) || is_local_name(&self.host)
    }

    /// Whether requests sent here would come back to a listener at `host` and `port`, as far as the address alone tells:
    /// what other names stand for, and which addresses this machine has, only the system knows.
    pub fn is_listener(&self, host: IpAddr, port: u16) -> bool {
        port != 0
            && self.port == port
            && match self.ip() {
                Some(ip) => reaches(ip, host),
                // `localhost` is dialled on both families.
                None => self.is_local() && (host.is_loopback() || host.is_unspecified()),
            }
    }

    /// The host's address, where it is written as one in any of the ways that a resolver takes for one.
    pub(crate) fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok().or_else(|| ipv4_in_parts(&self.host).map(IpAddr::V4))
    }

    pub(crate) fn bracketed_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scheme {
            Scheme::Unix(path) => write!(f, "unix:{}", path.display()),
            Scheme::Http => write!(f, "http://{}{}", self.authority(), self.base_path),
            Scheme::Https => write!(f, "https://{}{}", self.authority(), self.base_path),
            Scheme::Tcp => write!(f, "tcp://{}", self.authority()),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(word: &str) -> Result<Self, AddressError> {
        let error = |why: &str| AddressError { word: word.into(), why: why.into() };
        if let Some(path) = word.strip_prefix("unix:") {
            if !path.starts_with('/') {
                return Err(error("write the socket's whole path, unix:/run/app.sock"));
            }
            let scheme = Scheme::Unix(PathBuf::from(path));
            return Ok(Address { scheme, host: "localhost".to_owned(), port: 0, base_path: String::new() });
        }
        let (scheme, rest, default_port) = match word.split_once("://") {
            None => (Scheme::Http, word, None),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Scheme::Http, rest, Some(80)),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Scheme::Https, rest, Some(443)),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tcp") => (Scheme::Tcp, rest, None),
            Some(_) => return Err(error("only http://, https://, tcp:// and unix: are known")),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if scheme == Scheme::Tcp && !path.is_empty() {
            return Err(error("a tcp:// address ends with its port, as in tcp://localhost:5432"));
        }
        if path.contains(['?', '#', ' ']) {
            return Err(error("a backend's address ends with its path, without query or fragment"));
        }
        if authority.is_empty() {
            return Err(error("write a port, host:port or http://host:port"));
        }
        if authority.contains('@') {
            return Err(error("a user or password in the address is not sent on, leave it out"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| error("the port is a number from 1 to 65535"))?;
        let port = port.or(default_port).ok_or_else(|| error("write a port, host:port or http://host:port"))?;
        let host = if host.is_empty() { "localhost" } else { host };
        let valid = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':'));
        let bracketed = authority.starts_with('[');
        if !valid || host.contains(':') != bracketed || (bracketed && host.parse::<Ipv6Addr>().is_err()) {
            return Err(error("the host is a name, an IPv4 address or an IPv6 address in brackets"));
        }
        let base_path = path.strip_suffix('/').unwrap_or(path).to_owned();
        Ok(Address { scheme, host: host.to_ascii_lowercase(), port, base_path })
    }
}

/// Splits `host:port`, `[v6]:port`, `:port`, `port` or `host`; `None` where the port is no port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|port| digits && *port > 0)
    };
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        return match after.strip_prefix(':') {
            Some(port) => Some((host, Some(number(port)?))),
            None => after.is_empty().then_some((host, None)),
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(number(port)?))),
        None if authority.bytes().all(|b| b.is_ascii_digit()) => Some(("", Some(number(authority)?))),
        None => Some((authority, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(word: &str) -> Address {
        word.parse().expect(word)
    }

    #[test]
    fn every_way_of_writing_a_local_port_is_the_same_backend() {
        for word in
            ["5000", ":5000", "localhost:5000", "http://localhost:5000", "http://localhost:5000/", "LOCALHOST:5000"]
        {
            assert_eq!(address(word), Address::local(5000), "{word}");
        }
    }

    #[test]
    fn ipv6_hosts_are_bracketed_where_a_port_follows() {
        assert_eq!(address("[::1]:5000").to_string(), "http://[::1]:5000");
        assert_eq!(address("http://[::1]").authority(), "[::1]");
        assert!("::1:5000:".parse::<Address>().is_err());
    }

    #[test]
    fn port_80_is_left_out_of_the_authority() {
        assert_eq!(address("http://example.test/app/").to_string(), "http://example.test/app");
        assert_eq!(address("http://example.test").port, 80);
        assert_eq!(address("https://example.test:443/").to_string(), "https://example.test");
    }

    #[test]
    fn words_that_are_no_backend_say_what_to_write() {
        for (word, hint) in [
            ("", "write a port"),
            ("host", "write a port"),
            ("0", "1 to 65535"),
            ("70000", "1 to 65535"),
            ("a b:1", "the host is a name"),
            ("localhost:+5", "1 to 65535"),
            ("ftp://x", "only http://"),
            ("tcp://x", "write a port"),
            ("tcp://x:1/", "ends with its port"),
            ("http://u:p@x", "password"),
            ("unix:rel", "whole path"),
            ("5000?x", "write a port"),
        ] {
            let error = word.parse::<Address>().expect_err(word).to_string();
            assert!(error.contains(hint), "{word}: {error}");
        }
    }

    #[test]
    fn the_balancer_itself_is_noticed_as_a_backend() {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert!(address("3001").is_listener(loopback, 3001));
        assert!(address("127.0.0.1:3001").is_listener(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 3001));
        for spelling in ["0.0.0.0", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "LocalHost."] {
            assert!(address(&format!("http://{spelling}:3001")).is_listener(loopback, 3001), "{spelling}");
        }
        // A listener on 127.0.0.1 listens on both loopback addresses.
        for other in ["[::1]", "[::]", "[0:0:0:0:0:0:0:1]"] {
            assert!(address(&format!("http://{other}:3001")).is_listener(loopback, 3001), "{other}");
        }
        let every = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        for spelling in ["[::]", "127.0.0.2", "[::ffff:0:0]"] {
            assert!(address(&format!("http://{spelling}:3001")).is_listener(every, 3001), "{spelling}");
        }
        for other in ["127.0.0.2", "128.1", "[::2]", "127.0.0.0.1", "127.1.", "0x.1", "256.1", "4294967296"] {
            assert!(!address(&format!("http://{other}:3001")).is_listener(loopback, 3001), "{other}");
        }
        assert!(!address("3002").is_listener(loopback, 3001));
        assert!(!address("example.test:3001").is_listener(loopback, 3001));
    }
}
