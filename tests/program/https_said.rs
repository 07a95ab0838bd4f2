//! What commands say of a balancer that speaks TLS: https, wherever an address stands.

use serde_json::{Value, json};

use crate::support::home::Home;

#[test]
fn check_names_the_scheme_of_each_listener_that_speaks_tls() {
    let home = Home::new();
    let file = home.path().join("lb.json");
    let check = |config: Value| {
        std::fs::write(&file, config.to_string()).unwrap();
        home.good(&["check", file.to_str().unwrap()])
    };
    let backends = json!([{"url": "http://localhost:5000"}]);
    let said = check(json!({"port": 3001, "tls": true, "backends": backends}));
    assert!(said.ends_with("is good: 1 backend by round-robin on https://127.0.0.1:3001\n"), "{said}");
    let said = check(json!({"port": 3001, "tls": true, "backends": [{"url": "tcp://localhost:5000"}]}));
    assert!(said.ends_with("on tls://127.0.0.1:3001\n"), "{said}");
    let listeners = json!([{"port": 3001, "tls": true}, {"port": 3002}]);
    let said = check(json!({"listeners": listeners, "pools": {"web": {"backends": backends}}}));
    assert!(said.ends_with("on https://127.0.0.1:3001, 127.0.0.1:3002\n"), "{said}");
}

#[test]
fn start_status_and_stop_speak_of_https() {
    let home = Home::new();
    let url = home.good(&["start", "--demo=1", "--tls", "-p", "0"]);
    assert!(url.starts_with("https://localhost:"), "{url}");
    let url = url.split_whitespace().next().unwrap();
    assert!(home.good(&["list"]).lines().any(|line| line.ends_with(url)));
    let said = home.good(&["ctl", "status"]);
    assert!(said.starts_with(&format!("{url}  round-robin")), "{said}");
    let status: Value = serde_json::from_str(&home.good(&["ctl", "status", "--json"])).unwrap();
    let listener = &status["listeners"][0];
    assert_eq!(listener["url"], url);
    let authority = home.path().join("data/stickylb-tui/ca/ca.pem");
    assert_eq!(listener["authority"], authority.to_str().unwrap());
    assert!(authority.exists());
    let said = home.good(&["explain", "GET", &format!("{url}/a")]);
    assert!(said.starts_with(&format!("GET {url}/a would go to ")), "{said}");
}

#[test]
fn import_says_where_settings_about_tls_are_to_go() {
    let home = Home::new();
    for (name, text) in [
        ("lb.json", r#"{"sourcePort": 3000, "sslCertificate": "a.pem", "targets": [{"host": "a", "port": 1}]}"#),
        ("rp.ini", "[frontend]\nport = 8080\ntls_cert = a.pem\n[http]\nserver1 = localhost:9001\n"),
    ] {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        let output = home.run(&["import", file.to_str().unwrap()]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        assert!(said.contains("is left out: to speak TLS with clients add \"tls\": {\"certificates\""), "{said}");
    }
}
