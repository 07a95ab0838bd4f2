//! `openssl`.

use std::path::Path;

use crate::site::{Site, backend};
use crate::support::left_out::left_out;
use crate::tool::{Said, said, said_to, tool, works};

/// Asks for a page, and for the end of the connection.
const ASK: &str = "GET /name HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Whether OpenSSL 3 is there; if not, that is said.
fn there() -> bool {
    let there = works("openssl", &["version"]) && said(tool("openssl", &["version"])).out.starts_with("OpenSSL 3");
    if !there {
        left_out("there is no OpenSSL 3");
    }
    there
}

/// A connection that trusts the site's authority alone, sends [`ASK`] and reads to the end.
fn connected(site: &Site, further: &[&str]) -> Said {
    let (at, authority) = (format!("127.0.0.1:{}", site.port), site.authority());
    let always = ["s_client", "-connect", &at, "-CAfile", authority.to_str().unwrap(), "-no-CApath"];
    said_to(ASK, &tool("openssl", &[&always[..], further].concat()))
}

#[test]
fn both_versions_have_good_ciphers_and_curves_and_end_with_a_close_notify() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    for (version, cipher) in [("-tls1_2", "ECDHE-ECDSA-AES"), ("-tls1_3", "TLS_AES_")] {
        let told =
            connected(&site, &[version, "-servername", "app.localhost", "-verify_hostname", "app.localhost", "-msg"]);
        for part in ["Verify return code: 0 (ok)", "Server Temp Key: X25519, 253 bits", cipher, "b0"] {
            told.has(part);
        }
        assert!(told.out.contains("HTTP/1.1 200"), "{}", told.all());
        let theirs = told.out.lines().any(|line| line.starts_with("<<<") && line.contains("close_notify"));
        assert!(theirs, "the connection ends without a close_notify: {}", told.all());
        assert!(!told.err.contains("unexpected eof"), "{}", told.all());
    }
}

#[test]
fn older_versions_and_ciphers_without_forward_secrecy_are_refused() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    // What OpenSSL itself would not offer without being told to.
    let old = ["-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"];
    let rsa = ["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-SHA:DES-CBC3-SHA:@SECLEVEL=0"];
    for further in [
        [&["-tls1"][..], &old].concat(),
        [&["-tls1_1"][..], &old].concat(),
        rsa.to_vec(),
        vec!["-curves", "secp521r1"],
        vec!["-alpn", "h2"],
    ] {
        let told = connected(&site, &further);
        assert_ne!(told.status, 0, "{further:?}: {}", told.all());
        // Told by the balancer, and no mere end of the connection.
        told.has("SSL alert number");
    }
    assert!(b0.requests().is_empty());
}

#[test]
fn without_a_name_the_certificate_is_for_this_address_and_localhost() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    for check in [["-verify_ip", "127.0.0.1"], ["-verify_hostname", "localhost"]] {
        let told = connected(&site, &[&["-noservername", "-verify_return_error"][..], &check].concat());
        told.has("Verify return code: 0 (ok)");
        told.has("b0");
    }
}

/// Whether each of the handshakes in what it said took up an earlier session.
fn reused(told: &Said) -> Vec<bool> {
    let lines = told.out.lines().filter(|line| line.contains("Cipher is"));
    lines.map(|line| line.starts_with("Reused, ")).collect()
}

#[test]
fn a_session_of_tls_1_2_is_taken_up_again() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let told = connected(&site, &["-tls1_2", "-reconnect"]);
    assert_eq!(reused(&told), [false, true, true, true, true, true], "{}", told.all());
}

/// A session that is kept in a file.
fn begun(site: &Site, version: &str, file: &Path) {
    let told = connected(site, &[version, "-sess_out", file.to_str().unwrap()]);
    assert_eq!(reused(&told), [false], "{}", told.all());
}

fn again(site: &Site, version: &str, file: &Path) -> Vec<bool> {
    reused(&connected(site, &[version, "-sess_in", file.to_str().unwrap()]))
}

/// Whether a session is taken up again, before this and after it.
#[track_caller]
fn outlives(what: &str, happens: fn(&mut Site)) {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let mut site = Site::over(&[&b0]);
    for version in ["-tls1_2", "-tls1_3"] {
        let file = site.home().join(format!("session{version}"));
        begun(&site, version, &file);
        assert_eq!(again(&site, version, &file), [true], "{version}, before {what}");
        begun(&site, version, &file);
        happens(&mut site);
        assert_eq!(again(&site, version, &file), [true], "{version}, after {what}");
    }
}

#[test]
fn a_session_is_taken_up_again_after_a_reload() {
    outlives("a reload", Site::reload);
}

#[test]
fn a_session_is_taken_up_again_after_a_restart() {
    outlives("a restart", Site::restart);
}

#[test]
fn the_authority_can_vouch_for_local_names_and_private_addresses_alone() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let (cert, key) = (site.authority(), site.authority().with_file_name("ca-key.pem"));
    let text = said(tool("openssl", &["x509", "-noout", "-text", "-in", cert.to_str().unwrap()])).good();
    for part in [
        "X509v3 Name Constraints: critical",
        "DNS:localhost",
        "IP:127.0.0.0/255.0.0.0",
        "X509v3 Basic Constraints: critical",
        "CA:TRUE, pathlen:0",
        "X509v3 Key Usage: critical",
        "Certificate Sign",
    ] {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    for (name, verified) in [
        ("DNS:app.localhost", true),
        ("DNS:shop.test", true),
        ("IP:127.0.0.1", true),
        ("IP:192.168.1.7", true),
        ("DNS:example.com", false),
        ("DNS:localhost.example.com", false),
        ("DNS:notlocalhost", false),
        ("IP:8.8.8.8", false),
        ("IP:2001:db8::1", false),
    ] {
        let leaf = signed(site.home(), name, &cert, &key);
        let told =
            said(tool("openssl", &["verify", "-no-CApath", "-CAfile", cert.to_str().unwrap(), leaf.to_str().unwrap()]));
        assert_eq!(told.status == 0, verified, "{name}: {}", told.all());
        if !verified {
            told.has("permitted subtree violation");
        }
    }
}

/// A certificate for this name that OpenSSL signs with a key that was stolen.
fn signed(folder: &Path, name: &str, cert: &Path, key: &Path) -> std::path::PathBuf {
    let at = |file: &str| folder.join(file).to_str().unwrap().to_owned();
    let (own, request, extensions, leaf) = (at("leaf.key"), at("leaf.csr"), at("leaf.ext"), at("leaf.pem"));
    std::fs::write(&extensions, format!("subjectAltName={name}\nextendedKeyUsage=serverAuth\n")).unwrap();
    let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=a thief"];
    said(tool("openssl", &[&new[..], &["-keyout", &own, "-out", &request]].concat())).good();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let sign = ["x509", "-req", "-in", &request, "-CA", cert, "-CAkey", key, "-days", "9", "-extfile", &extensions];
    said(tool("openssl", &[&sign[..], &["-out", &leaf]].concat())).good();
    leaf.into()
}
