//! Hosts and their ports.

use crate::config::is_local_name;

/// Whether a `Host` value, with its port or without, is a name of this machine.
pub(crate) fn is_local_host(host: &[u8]) -> bool {
    // Nearly always this one, so that nothing else need be looked for.
    let is_port = |rest: &[u8]| match rest {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    host.strip_prefix(b"localhost").is_some_and(is_port)
        || std::str::from_utf8(host).is_ok_and(|host| is_local_name(without_port(host)))
}

/// The host of a `Host` value.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_only_begins_like_this_machine_s_is_none_of_it() {
        for local in
            ["localhost", "localhost:", "localhost:3001", "LocalHost:1", "app.localhost:1", "127.0.0.1:1", "[::1]"]
        {
            assert!(is_local_host(local.as_bytes()), "{local}");
        }
        for other in ["localhost2024", "localhost2024:1", "localhost3001", "localhost.evil", "localhost:1.evil", ""] {
            assert!(!is_local_host(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn the_host_without_its_port() {
        for (host, name) in [("a:1", "a"), ("a", "a"), ("[::1]:2", "[::1]"), ("[::1]", "[::1]")] {
            assert_eq!(without_port(host), name);
        }
    }
}
