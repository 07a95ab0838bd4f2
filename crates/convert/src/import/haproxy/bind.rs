//! `bind`: where clients connect.

use serde_json::{Map, Value, json};

use super::lines::Line;
use crate::import::address::{host_and_port, listen_host};
use crate::import::draft::Listener;
use crate::import::imported::OTHERS;
use crate::import::left_out::LeftOut;
use crate::import::words::is_among;

/// Options that have a word behind them, which are said with it.
const WITH_A_WORD: &str = "backlog ca-file ca-ignore-err ca-sign-file ca-verify-file ciphers ciphersuites client-sigalgs crl-file \
    crt-ignore-err crt-list curves ecdhe gid group id interface level maxconn mode mss namespace nice npn \
    process proto sigalgs ssl-max-ver tcp-ut thread";

/// Options that change nothing here: what they ask for is so, or it is a name alone.
const SO_HERE: &str = "no-sslv3 no-tlsv10 no-tlsv11 v4v6 v6only strict-sni tfo transparent defer-accept";

/// What the options of one line say.
#[derive(Default)]
struct Options {
    is_tls: bool,
    certificates: Vec<Value>,
    only_1_3: bool,
    proxy_protocol: bool,
}

/// The listeners of a `bind`, or of the addresses behind `listen` or `frontend`.
///
/// # Errors
/// An address is malformed.
pub(super) fn listeners(line: &Line, crt_base: &str, left_out: &mut LeftOut) -> Result<Vec<Listener>, String> {
    let number = line.number;
    let addresses = line.word(1);
    if addresses.is_empty() {
        return Err(format!("line {number}: 'bind' has no address: write bind :80"));
    }
    let options = options(line, crt_base, left_out)?;
    let mut listeners = Vec::new();
    for address in addresses.split(',') {
        let Some((host, port)) = place(address, number, left_out)? else { continue };
        let host = listen_host(host).unwrap_or_else(|| {
            left_out.part(number, host, OTHERS);
            String::new()
        });
        let tls = options.is_tls.then(|| options.tls());
        let proxy_protocol = options.proxy_protocol;
        listeners.push(Listener { line: number, host, port, proxy_protocol, tls, ..Listener::default() });
    }
    Ok(listeners)
}

/// Host and port of an address; `None` where it is left out.
fn place<'a>(address: &'a str, line: usize, left_out: &mut LeftOut) -> Result<Option<(&'a str, u16)>, String> {
    let plain = ["ipv4@", "ipv6@"].iter().find_map(|kind| address.strip_prefix(kind)).unwrap_or(address);
    if plain.starts_with('/') || plain.contains('@') {
        left_out.part(line, address, "listeners here are ports");
        return Ok(None);
    }
    if let Some((_, ports)) = plain.rsplit_once(':')
        && let Some((first, last)) = ports.split_once('-')
        && [first, last].iter().all(|port| port.bytes().all(|b| b.is_ascii_digit()))
    {
        left_out.part(line, address, "a listener here has one port: write one for each");
        return Ok(None);
    }
    match host_and_port(plain) {
        Some((host, Some(port))) => Ok(Some((host, port))),
        _ => Err(format!("line {line}: '{address}' is no address to listen on: write :80 or 127.0.0.1:80")),
    }
}

fn options(line: &Line, crt_base: &str, left_out: &mut LeftOut) -> Result<Options, String> {
    let mut read = Options::default();
    let mut words = line.from(2).iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut next = || {
            let found = words.next();
            found.ok_or_else(|| format!("line {}: '{word}' needs a word behind it", line.number))
        };
        match word {
            "ssl" => read.is_tls = true,
            "crt" => match next()? {
                folder if folder.ends_with('/') => {
                    left_out.part(line.number, &format!("crt {folder}"), "certificates here are files: name each");
                }
                file => {
                    let file = beside(crt_base, file);
                    read.certificates.push(json!({ "cert": file, "key": file }));
                }
            },
            "key" => {
                let file = beside(crt_base, next()?);
                if let Some(certificate) = read.certificates.last_mut() {
                    certificate["key"] = file.into();
                }
            }
            "accept-proxy" => read.proxy_protocol = true,
            "ssl-min-ver" => match next()? {
                "TLSv1.3" => read.only_1_3 = true,
                "TLSv1.2" => {}
                version => left_out.part(line.number, &format!("ssl-min-ver {version}"), "TLS 1.2 is the oldest here"),
            },
            "no-tlsv12" | "force-tlsv13" => read.only_1_3 = true,
            "alpn" => {
                let protocols = next()?;
                if protocols.split(',').any(|protocol| protocol == "h2") {
                    left_out.part(line.number, &format!("alpn {protocols}"), "HTTP/2 is not spoken here, HTTP/1.1 is");
                }
            }
            "verify" if next()? == "none" => {}
            "verify" => left_out.part(line.number, "verify", "clients are not asked for certificates here"),
            "name" => {
                next()?;
            }
            _ if is_among(SO_HERE, word) => {}
            _ if is_among(WITH_A_WORD, word) => {
                let value = next()?;
                left_out.nothing_like(line.number, &format!("{word} {value}"));
            }
            _ => left_out.nothing_like(line.number, word),
        }
    }
    if read.is_tls && read.certificates.is_empty() {
        left_out
            .say(line.number, "it has no certificate that can be read: here one is made, for names of this machine");
    }
    Ok(read)
}

fn beside(base: &str, file: &str) -> String {
    if base.is_empty() || file.starts_with('/') {
        file.to_owned()
    } else {
        format!("{}/{file}", base.trim_end_matches('/'))
    }
}

impl Options {
    fn tls(&self) -> Value {
        let mut tls = Map::new();
        if !self.certificates.is_empty() {
            tls.insert("certificates".to_owned(), self.certificates.clone().into());
        }
        if self.only_1_3 {
            tls.insert("minVersion".to_owned(), "1.3".into());
        }
        // Plain HTTP on a port for TLS is closed there.
        tls.insert("plain".to_owned(), "refuse".into());
        tls.into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::super::lines::lines;
    use super::*;

    fn read(text: &str) -> Result<(Vec<Listener>, Vec<String>), String> {
        let mut left_out = LeftOut::default();
        let listeners = listeners(&lines(text)?[0], "/etc/certs", &mut left_out)?;
        Ok((listeners, left_out.sentences()))
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (text, expected) in [
            ("bind :80", vec![("0.0.0.0", 80)]),
            ("bind *:80", vec![("0.0.0.0", 80)]),
            ("bind 127.0.0.1:80,[::1]:81", vec![("", 80), ("::1", 81)]),
            ("bind :::80 v4v6", vec![("::", 80)]),
            ("bind ipv4@10.0.0.1:80", vec![("10.0.0.1", 80)]),
        ] {
            let (listeners, said) = read(text).unwrap();
            let found: Vec<_> = listeners.iter().map(|one| (one.host.as_str(), one.port)).collect();
            assert_eq!((found, said), (expected, vec![]), "{text}");
        }
    }

    #[test]
    fn certificates_are_files_that_hold_their_keys() {
        let (listeners, said) =
            read("bind :443 ssl crt a.pem crt /b.pem alpn h2,http/1.1 ssl-min-ver TLSv1.3").unwrap();
        let tls = listeners[0].tls.as_ref().unwrap();
        assert_eq!(tls["certificates"][0], json!({ "cert": "/etc/certs/a.pem", "key": "/etc/certs/a.pem" }));
        assert_eq!((&tls["certificates"][1]["cert"], &tls["minVersion"]), (&"/b.pem".into(), &"1.3".into()));
        assert_eq!(said, ["line 1: 'alpn h2,http/1.1' is left out: HTTP/2 is not spoken here, HTTP/1.1 is"]);
    }

    #[test]
    fn what_is_no_port_is_left_out_and_what_is_malformed_is_an_error() {
        for text in ["bind /run/x.sock", "bind abns@x", "bind :8000-8010"] {
            let (listeners, said) = read(text).unwrap();
            assert!(listeners.is_empty() && said.len() == 1, "{text}: {said:?}");
        }
        for text in ["bind", "bind 80", "bind :http", "bind :99999", "bind :443 ssl crt"] {
            assert!(read(text).is_err_and(|error| error.starts_with("line 1: ")), "{text}");
        }
    }
}
