//! A redirect leads the client back here, by the scheme and the name that it used itself.

use serde_json::{Value, json};

use crate::support::{After, Backend, Config, request};

/// A backend that redirects to where the query says, `THEHOST` in it replaced by the `Host` that it was sent, with the field that
/// the path names.
fn redirecting() -> Backend {
    Backend::start(|call| {
        let (path, wanted) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let field = path.trim_start_matches('/').to_owned();
        let wanted = wanted.replace("%20", " ").replace("THEHOST", &call.head.get("host").unwrap_or_default());
        call.send(format!("HTTP/1.1 302 Found\r\n{field}: {wanted}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        After::Keep
    })
}

/// What a client that asks by these lines is told in this field.
fn told(config: &Config, lines: &[&str], field: &str, url: &str) -> String {
    let balancer = config.start();
    let head = format!("GET /{field}?{} HTTP/1.1\r\n{}\r\n\r\n", url.replace(' ', "%20"), lines.join("\r\n"));
    balancer.exchange(head.as_bytes()).get(field).unwrap()
}

fn trusting(backend: &Backend) -> Config {
    Config::new(&[backend]).set("/trustedProxies", json!(["127.0.0.0/8"]))
}

#[test]
fn behind_a_trusted_tls_proxy_a_redirect_is_to_https_and_the_public_host() {
    let backend = redirecting();
    let public = ["Host: abc.example", "X-Forwarded-Proto: https", "X-Forwarded-Host: www.abc.example"];
    for field in ["location", "content-location"] {
        let url = told(&trusting(&backend), &public, field, "http://THEHOST/login?next=/");
        assert_eq!(url, "https://www.abc.example/login?next=/");
    }
    let link = told(&trusting(&backend), &public, "link", "<http://THEHOST/a?page=2>; rel=\"next\"");
    assert_eq!(link, "<https://www.abc.example/a?page=2>; rel=\"next\"");
    assert_eq!(
        told(&trusting(&backend), &public, "refresh", "5; url=http://THEHOST/a"),
        "5; url=https://www.abc.example/a"
    );
    let forwarded = ["Host: abc.example", "Forwarded: for=1.2.3.4;proto=https;host=abc.example"];
    assert_eq!(told(&trusting(&backend), &forwarded, "location", "http://THEHOST/"), "https://abc.example/");
    // From anybody else it is only a claim.
    let url = told(&Config::new(&[&backend]), &public, "location", "http://THEHOST/");
    assert_eq!(url, "http://abc.example/");
}

#[test]
fn a_redirect_to_the_backend_itself_is_led_back_however_it_is_written() {
    let backend = redirecting();
    let port = backend.port;
    let config = Config::new(&[&backend]).set("/hostHeader", json!("backend"));
    for url in [
        "http://THEHOST/a".to_owned(),
        "HTTP://THEHOST/a".to_owned(),
        "//THEHOST/a".to_owned(),
        format!("http://localhost:{port}/a"),
        format!("http://LOCALHOST:{port}/a"),
        format!("http://127.0.0.1:{port}/a"),
    ] {
        assert_eq!(told(&config, &["Host: a.example:8080"], "location", &url), "http://a.example:8080/a", "{url}");
    }
    for other in
        ["/a", "a", "http://other.example/a", "https://THEHOST/a", "http://THEHOST.evil/a", "mailto:a@example.com"]
    {
        let host = format!("localhost:{port}");
        let passed = told(&config, &["Host: a.example"], "location", other);
        assert_eq!(passed, other.replace("THEHOST", &host), "it is not the backend's");
    }
}

#[cfg(unix)]
#[test]
fn a_backend_at_a_unix_socket_redirects_by_the_clients_scheme_too() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let mut host = String::new();
            for line in BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
                if let Some(value) = line.strip_prefix("host: ") {
                    value.clone_into(&mut host);
                }
            }
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: http://{host}/a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let config: Value = json!({
        "port": 0, "trustedProxies": ["127.0.0.0/8"], "hostHeader": "client",
        "backends": [{"id": 0, "name": "b0", "url": format!("unix:{}", path.display())}],
        "health": {"algorithm": "tcp", "interval": 60000},
    });
    let balancer = Config::of(config).start();
    let answer = balancer.exchange(b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\n\r\n");
    assert_eq!(answer.get("location").as_deref(), Some("https://a.example/a"));
}

#[test]
fn a_426_says_what_to_upgrade_to() {
    let backend = Backend::answering(
        "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno",
    );
    let balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    for _ in 0..2 {
        let answer = client.exchange(&request("GET", "/", &[]));
        assert_eq!((answer.status, answer.get("upgrade").as_deref()), (426, Some("websocket")), "RFC 9110 15.5.22");
        assert!(answer.all("connection").iter().any(|value| value.eq_ignore_ascii_case("upgrade")));
    }
}
