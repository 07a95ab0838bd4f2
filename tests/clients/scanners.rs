//! testssl.sh and sslyze: nothing is found that Mozilla's intermediate profile would not have.
//!
//! testssl.sh goes through what takes no minutes; `STICKYLB_TESTSSL=all cargo test --test clients scanners` has it do
//! everything it can.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::site::{self, Site, backend};
use crate::support::left_out::left_out;
use crate::support::patience::OF_A_RUN;
use crate::tool::{Said, found, said, said_within, tool, works};

/// What testssl.sh finds, and why it stays.
const KNOWN: [(&str, &str); 7] = [
    ("cipher_order", "the profile lets clients choose, because every cipher is good"),
    ("cert_expirationStatus", "certificates made here last for 30 days, and are made anew"),
    ("cert_notAfter", "the same"),
    ("cert_revocation", "an authority on this machine is asked by nobody whether it revoked anything"),
    ("HSTS", "it would pin every port of localhost"),
    // In TLS 1.3 tickets come behind the handshake. `openssl::` holds that a session is taken up.
    ("sessionresumption_ticket", "its OpenSSL reads an empty input and may leave before the ticket has come"),
    ("engine_problem", "what the OpenSSL of this machine lacks"),
];

/// testssl.sh's own groups of checks: protocols, forward secrecy, the server's choice and its certificate, memory told by
/// tickets. sslyze has the rest.
const QUICK: [&str; 5] = ["-p", "-f", "-P", "-S", "-T"];

#[test]
fn testssl_finds_nothing_that_the_intermediate_profile_does_not_have() {
    // Debian's package leaves out the ending.
    let Some(testssl) = found(&["testssl", "testssl.sh"]) else { return left_out("there is no testssl.sh") };
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let (report, authority) = (site.home().join("testssl.json"), site.authority());
    let all = std::env::var("STICKYLB_TESTSSL").is_ok_and(|which| which == "all");
    let mut scan = tool(testssl, &["--quiet", "--color", "0", "--warnings", "off"]);
    scan.args(["--nodns", "none", "--ip", "127.0.0.1", "--add-ca"]).arg(&authority).arg("--jsonfile").arg(&report);
    if !all {
        scan.args(QUICK);
    }
    scan.arg(site.url("localhost", "")).env("HOME", site.home()).env("TMPDIR", site.home());
    let told = said_within(OF_A_RUN * 2, scan);
    let found: Vec<Value> = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let id = |finding: &Value| finding["id"].as_str().unwrap_or_default().to_owned();
    for must in ["TLS1_2", "TLS1_3", "cert_chain_of_trust", "ticketbleed"] {
        assert!(found.iter().any(|finding| id(finding) == must), "{must} was not looked at: {}", told.all());
    }
    let bad = found.iter().filter(|finding| !["OK", "INFO"].contains(&finding["severity"].as_str().unwrap()));
    let new: Vec<&Value> = bad.filter(|finding| KNOWN.iter().all(|(known, _)| id(finding) != *known)).collect();
    assert!(new.is_empty(), "{new:#?}");
}

/// The Python environment with sslyze; the gate makes it.
fn venv() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients-venv")
}

/// What sslyze says of this site by a profile of Mozilla's; `None` if there is no sslyze, which is said.
fn scanned(site: &Site, authority: &Path, profile: &str) -> Option<Said> {
    let python = venv().join("bin/python");
    if !works(&python, &["-c", "import sslyze"]) {
        let venv = venv().display().to_string();
        let install = format!("python3 -m venv {venv} && {venv}/bin/pip install -r tests/clients/requirements.txt");
        left_out(&format!("there is no sslyze: {install}"));
        return None;
    }
    let (profile, at) = (format!("--mozilla_config={profile}"), format!("localhost:{}", site.port));
    let mut scan: Command = tool(python, &["-m", "sslyze", &profile, "--certinfo_ca_file"]);
    scan.arg(authority).arg(at);
    Some(said_within(OF_A_RUN, scan))
}

/// Asserts that it complies, and is trusted by its authority.
#[track_caller]
fn complies(told: &Said) {
    assert_eq!(told.status, 0, "{}", told.all());
    for part in ["OK - Compliant", "OK - Certificate is trusted"] {
        told.has(part);
    }
    // Its own parts tell in these words what is wrong; the makers' stores do not know a local authority.
    let wrong = |line: &&str| line.contains("VULNERABLE") || (line.contains("FAILED") && !line.contains("CA Store"));
    assert_eq!(told.out.lines().find(wrong), None, "{}", told.all());
}

#[test]
fn sslyze_finds_that_it_complies_with_the_intermediate_profile() {
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    if let Some(told) = scanned(&site, &site.authority(), "intermediate") {
        complies(&told);
    }
}

#[test]
fn sslyze_finds_that_tls_1_3_alone_complies_with_the_modern_profile() {
    let b0 = backend("b0");
    let mut config = site::over(&[&b0]);
    config["tls"] = json!({"minVersion": "1.3"});
    let site = Site::of(config);
    if let Some(told) = scanned(&site, &site.authority(), "modern") {
        complies(&told);
    }
}

#[test]
fn sslyze_finds_that_a_users_rsa_certificate_complies_with_the_intermediate_profile() {
    if !works("openssl", &["version"]) {
        return left_out("there is no openssl");
    }
    let b0 = backend("b0");
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let (cert_file, key_file) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=localhost"];
    let named = ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
    let files = ["-keyout", key_file, "-out", cert_file];
    said(tool("openssl", &[&new[..], &named, &files].concat())).good();
    let mut config = site::over(&[&b0]);
    config["tls"] = json!({"certificates": [{"cert": cert_file, "key": key_file}]});
    let site = Site::of(config);
    if let Some(told) = scanned(&site, &cert, "intermediate") {
        assert_eq!(told.status, 0, "{}", told.all());
        told.has("OK - Compliant");
        told.has("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }
}
