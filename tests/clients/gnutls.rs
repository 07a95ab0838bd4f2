//! `gnutls-cli`.

use crate::site::{Site, backend};
use crate::support::left_out::left_out;
use crate::tool::{Said, said_to, tool, works};

const ASK: &str = "GET /name HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A connection that trusts the site's authority alone; `None` if there is no gnutls-cli here, which is said.
fn connected(site: &Site, name: &str, further: &[&str]) -> Option<Said> {
    if !works("gnutls-cli", &["--version"]) {
        left_out("there is no gnutls-cli");
        return None;
    }
    let (port, authority) = (site.port.to_string(), site.authority());
    let always = ["--x509cafile", authority.to_str().unwrap(), "--port", &port, "--verify-hostname", name];
    Some(said_to(ASK, &tool("gnutls-cli", &[&always[..], further, &["127.0.0.1"]].concat())))
}

#[test]
fn gnutls_trusts_it_in_both_versions_and_takes_a_session_up_again() {
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    for version in ["1.2", "1.3"] {
        let priority = format!("NORMAL:-VERS-ALL:+VERS-TLS{version}");
        let further = ["--sni-hostname", "app.localhost", "--priority", &priority, "--resume", "--waitresumption"];
        let Some(told) = connected(&site, "app.localhost", &further) else { return };
        for part in ["The certificate is trusted", &format!("(TLS{version}"), "HTTP/1.1 200", "b0", "resumed session"] {
            told.has(part);
        }
        assert_eq!(told.status, 0, "{}", told.all());
    }
}

#[test]
fn gnutls_refuses_another_name_than_it_asked_for_and_is_refused_with_tls_1_1() {
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let Some(told) = connected(&site, "other.localhost", &["--sni-hostname", "app.localhost"]) else { return };
    told.has("The name in the certificate does not match the expected");
    assert_ne!(told.status, 0, "{}", told.all());
    let old = ["--sni-hostname", "app.localhost", "--priority", "LEGACY:-VERS-ALL:+VERS-TLS1.1"];
    let Some(told) = connected(&site, "app.localhost", &old) else { return };
    assert_ne!(told.status, 0, "{}", told.all());
    told.has("Received alert");
    assert!(b0.requests().is_empty());
}
