//! curl.

use std::path::Path;

use serde_json::json;

use crate::site::{Site, backend};
use crate::support::left_out::left_out;
use crate::tool::{Said, said, tool, works};

/// Whether curl is there; if not, that is said.
fn there() -> bool {
    let works = works("curl", &["--version"]);
    if !works {
        left_out("there is no curl");
    }
    works
}

/// curl that trusts this authority and nothing else.
fn curl(authority: &Path, arguments: &[&str]) -> Said {
    let authority = authority.to_str().unwrap();
    said(tool("curl", &[&["-q", "-sS", "-g", "--cacert", authority, "--capath", "/nowhere"], arguments].concat()))
}

/// curl's own word for these of its variables, after a request.
fn written(site: &Site, variables: &str, arguments: &[&str]) -> String {
    curl(&site.authority(), &[&["-o", "/dev/null", "-w", variables], arguments].concat()).good()
}

#[test]
fn curl_trusts_every_name_of_this_machine_and_speaks_http_1_1() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    for host in ["localhost", "app.localhost", "a.b.localhost", "127.0.0.1"] {
        for further in [&[][..], &["--http2"], &["--tls-max", "1.2"], &["--http1.0"]] {
            let url = site.url(host, "/name");
            let told = written(&site, "%{http_code} %{ssl_verify_result}", &[further, &[&url]].concat());
            assert_eq!(told, "200 0", "{host} {further:?}");
        }
    }
    let told = written(&site, "%{http_version}", &["--http2", &site.url("localhost", "/name")]);
    assert_eq!(told, "1.1");
}

#[test]
fn curl_trusts_the_ipv6_loopback_where_there_is_one() {
    if !there() {
        return;
    }
    let Ok(free) = std::net::TcpListener::bind("[::1]:0") else { return left_out("this machine has no ::1") };
    let port = free.local_addr().unwrap().port();
    drop(free);
    let b0 = backend("b0");
    let site = Site::of(json!({
        "tls": true,
        "listeners": [{"port": 0, "host": "127.0.0.1", "pool": "web"}, {"port": port, "host": "::1", "pool": "web"}],
        "pools": {"web": {"backends": [{"url": format!("http://127.0.0.1:{}", b0.port)}]}},
    }));
    let told = curl(&site.authority(), &[&format!("https://[::1]:{port}/name")]).good();
    assert_eq!(told, "b0");
}

#[test]
fn curl_does_not_trust_it_without_the_authority_and_says_why() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let other = tempfile::tempdir().unwrap();
    let authority = other.path().join("another.pem");
    std::fs::write(&authority, crate::support::tls::self_signed().0).unwrap();
    let told = curl(&authority, &[&site.url("localhost", "/name")]);
    assert_eq!(told.status, 60, "{}", told.all());
    told.has("unable to get local issuer certificate");
    assert!(b0.requests().is_empty());
}

#[test]
fn curl_uses_one_connection_for_two_requests() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let url = site.url("app.localhost", "/name");
    let told = written(&site, "%{num_connects} ", &[&url, "-o", "/dev/null", &url, "-o", "/dev/null", &url]);
    assert_eq!(told, "1 0 0 ");
}

#[test]
fn curl_sends_a_megabyte_and_gets_it_back() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let body: Vec<u8> = (0..1_048_576_u32).map(|number| (number % 251) as u8).collect();
    let (sent, got) = (site.home().join("sent"), site.home().join("got"));
    std::fs::write(&sent, &body).unwrap();
    let data = format!("@{}", sent.display());
    for coding in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
        let url = site.url("localhost", "/upload");
        let words = ["--data-binary", &data, "-o", got.to_str().unwrap(), "-w", "%{http_code}", &url];
        assert_eq!(curl(&site.authority(), &[coding, &words].concat()).good(), "200");
        assert!(std::fs::read(&got).unwrap() == body, "{coding:?}: another body came back");
    }
}

#[test]
fn curl_is_led_from_http_to_https_on_the_same_port_with_its_body() {
    if !there() {
        return;
    }
    let b0 = backend("b0");
    let site = Site::over(&[&b0]);
    let plain = format!("http://localhost:{}/a?b=c", site.port);
    let told = written(&site, "%{http_code} %{redirect_url}", &[&plain]);
    assert_eq!(told, format!("307 https://localhost:{}/a?b=c", site.port));
    let told = curl(&site.authority(), &["-L", "--data", "a body", &plain]).good();
    assert_eq!(told, "a body");
    assert_eq!(b0.requests().len(), 1, "plain HTTP reached the backend");
}
