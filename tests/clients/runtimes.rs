//! What programs are written in: Node.js, Python, Java.

use std::path::{Path, PathBuf};

use crate::site::{Site, backend};
use crate::support::left_out::left_out;
use crate::support::patience::OF_A_RUN;
use crate::tool::{said, said_within, tool, works};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/scripts").join(name)
}

#[test]
fn node_js_keeps_connections_and_sessions_fetches_and_opens_a_websocket() {
    if !works("node", &["--version"]) {
        return left_out("there is no Node.js");
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let authority = site.authority();
    for host in ["localhost", "127.0.0.1"] {
        let mut node = tool("node", &[script("node.mjs").to_str().unwrap(), &site.url(host, "")]);
        node.arg(&authority).env("NODE_EXTRA_CA_CERTS", &authority);
        let told = said(node).good();
        let expected = "get 200 b0 TLSv1.3 kept\nsession reused\nfetch 200 100000\nwss hello\n";
        assert_eq!(told, expected, "{host}");
    }
    let told = said(tool("node", &[script("untrusting.mjs").to_str().unwrap(), &site.url("localhost", "/name")]));
    assert_eq!(told.good(), "UNABLE_TO_VERIFY_LEAF_SIGNATURE\n");
}

#[test]
fn python_keeps_connections_and_sessions_and_sees_the_end_of_an_answer() {
    if !works("python3", &["--version"]) {
        return left_out("there is no Python");
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let mut python = tool("python3", &[script("client.py").to_str().unwrap(), &site.port.to_string()]);
    python.arg(site.authority());
    let expected = "http.client b0 b0 TLSv1.3\nsession reused\nHTTP/1.0 b0\nurllib 200 100000\n\
        untrusted unable to get local issuer certificate\n";
    assert_eq!(said(python).good(), expected);
}

#[test]
fn java_asks_for_http_2_takes_http_1_1_and_opens_a_websocket() {
    if !works("javac", &["-version"]) || !works("keytool", &["-help"]) {
        return left_out("there is no JDK");
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let trusted = site.home().join("trusted.p12");
    let (trusted, authority) = (trusted.to_str().unwrap(), site.authority());
    let import = ["-importcert", "-noprompt", "-alias", "stickylb", "-storepass", "changeit", "-keystore", trusted];
    said_within(OF_A_RUN, tool("keytool", &[&import[..], &["-file", authority.to_str().unwrap()]].concat())).good();
    let store = format!("-Djavax.net.ssl.trustStore={trusted}");
    let source = script("Client.java");
    let words = [&store, "-Djavax.net.ssl.trustStorePassword=changeit", source.to_str().unwrap()];
    let told = said_within(OF_A_RUN, tool("java", &[&words[..], &[&site.url("localhost", "")]].concat())).good();
    assert_eq!(told, "get 200 b0 HTTP_1_1 TLSv1.3\npost 100000\nwss hello\n");
}
