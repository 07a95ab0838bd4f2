//! `listen`, and the TLS of a server.

use serde_json::{Map, Value, json};

use super::blocks::Directive;
use super::scope::Scope;
use crate::import::address::{host_and_port, listen_host, port_number};
use crate::import::imported::OTHERS;
use crate::import::left_out::LeftOut;

/// One `listen`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listen {
    pub(super) line: usize,
    /// As ours has it.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_default: bool,
    pub(super) is_tls: bool,
    pub(super) proxy_protocol: bool,
}

/// Parameters that have no meaning for what clients see.
const SO_HERE: [&str; 8] =
    ["deferred", "reuseport", "bind", "ipv6only=off", "ipv6only=on", "so_keepalive=on", "so_keepalive=off", "tcp"];

/// Where a server listens; port 80 everywhere, where it does not say.
///
/// # Errors
/// An address is malformed.
pub(super) fn listens(server: &Directive, left_out: &mut LeftOut) -> Result<Vec<Listen>, String> {
    let mut listens = Vec::new();
    let mut says = false;
    for directive in server.inside().iter().filter(|directive| directive.name() == "listen") {
        says = true;
        listens.extend(listen(directive, left_out)?);
    }
    if !says {
        let (line, host) = (server.line, "0.0.0.0".to_owned());
        listens.push(Listen { line, host, port: 80, is_default: false, is_tls: false, proxy_protocol: false });
    }
    Ok(listens)
}

fn listen(directive: &Directive, left_out: &mut LeftOut) -> Result<Option<Listen>, String> {
    let (line, place) = (directive.line, directive.word(1));
    if place.starts_with("unix:") || place.rsplit_once(':').map_or(place, |(_, port)| port).contains('-') {
        left_out.part(line, &directive.text(), "a listener here is one port: write one for each");
        return Ok(None);
    }
    let wrong = || format!("line {line}: '{place}' is no address to listen on: write listen 80 or 127.0.0.1:80");
    let (host, port) = match port_number(place) {
        Some(port) => ("", port),
        None => host_and_port(place).map(|(host, port)| (host, port.unwrap_or(80))).ok_or_else(wrong)?,
    };
    let host = listen_host(host).unwrap_or_else(|| {
        left_out.part(line, host, OTHERS);
        String::new()
    });
    let mut listen = Listen { line, host, port, is_default: false, is_tls: false, proxy_protocol: false };
    for word in directive.words.iter().skip(2) {
        match word.as_str() {
            "default_server" | "default" => listen.is_default = true,
            "ssl" => listen.is_tls = true,
            "proxy_protocol" => listen.proxy_protocol = true,
            "http2" | "quic" | "spdy" => left_out.part(line, word, "HTTP/1.1 is spoken here"),
            "udp" => {
                left_out.part(line, &directive.text(), "nothing here listens by UDP");
                return Ok(None);
            }
            word if SO_HERE.contains(&word) || word.starts_with("so_keepalive=") || word.starts_with("backlog=") => {}
            _ => left_out.nothing_like(line, word),
        }
    }
    Ok(Some(listen))
}

/// Our `tls` for a server that speaks it.
pub(super) fn tls(server: &Directive, scope: &Scope<'_>, left_out: &mut LeftOut) -> Value {
    let mut tls = Map::new();
    let (certs, keys) = (scope.all("ssl_certificate"), scope.all("ssl_certificate_key"));
    let pairs: Vec<Value> = certs
        .iter()
        .zip(&keys)
        .filter(|(cert, key)| {
            let reads =
                |directive: &Directive| directive.word(1).contains('$') || directive.word(1).starts_with("data:");
            let is_file = !reads(cert) && !reads(key);
            if !is_file {
                left_out.part(cert.line, &cert.text(), "certificates here are files: name each");
            }
            is_file
        })
        .map(|(cert, key)| json!({ "cert": cert.word(1), "key": key.word(1) }))
        .collect();
    if pairs.is_empty() {
        left_out
            .say(server.line, "it has no certificate that can be read: here one is made, for names of this machine");
    } else {
        tls.insert("certificates".to_owned(), pairs.into());
    }
    if let Some(versions) = scope.one("ssl_protocols") {
        let has = |version: &str| versions.arguments().iter().any(|word| word == version);
        if has("TLSv1.3") && !has("TLSv1.2") {
            tls.insert("minVersion".to_owned(), "1.3".into());
        }
        if has("TLSv1") || has("TLSv1.1") {
            left_out.part(versions.line, &versions.text(), "TLS 1.2 is the oldest here");
        }
    }
    // Without a word of it, it answers 400 to plain HTTP.
    let redirects = |page: &&Directive| {
        page.words.iter().any(|word| word == "497")
            && page.words.last().is_some_and(|word| word.starts_with("https://$"))
    };
    let plain = if scope.all("error_page").iter().any(redirects) { "redirect" } else { "refuse" };
    if plain == "refuse" {
        tls.insert("plain".to_owned(), plain.into());
    }
    tls.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::blocks::directives;
    use super::*;

    fn read(text: &str) -> Result<(Vec<Listen>, Vec<String>), String> {
        let mut left_out = LeftOut::default();
        let listens = listens(&directives(&format!("server {{ {text} }}"))?[0], &mut left_out)?;
        Ok((listens, left_out.sentences()))
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (text, host, port) in [
            ("listen 80;", "0.0.0.0", 80),
            ("listen *:81;", "0.0.0.0", 81),
            ("listen [::]:82;", "::", 82),
            ("listen 127.0.0.1;", "", 80),
            ("listen 10.0.0.1:83 default_server reuseport;", "10.0.0.1", 83),
            ("", "0.0.0.0", 80),
        ] {
            let (listens, said) = read(text).unwrap();
            assert_eq!((listens[0].host.as_str(), listens[0].port, said), (host, port, vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_no_port_is_left_out_and_what_is_malformed_is_an_error() {
        for text in ["listen unix:/run/x.sock;", "listen 8000-8010;", "listen 53 udp;"] {
            let (listens, said) = read(text).unwrap();
            assert!(listens.is_empty() && said.len() == 1, "{text}");
        }
        for text in ["listen 99999;", "listen a:b;", "listen [x]:80;"] {
            let (listens, error) = match read(text) {
                Ok((listens, _)) => (listens, String::new()),
                Err(error) => (vec![], error),
            };
            // A number that is too large is taken for a name.
            assert!(error.starts_with("line 1: ") || listens[0].host.is_empty(), "{text}");
        }
    }
}
