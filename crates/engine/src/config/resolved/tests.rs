use super::*;
use crate::api::{CheckAlgorithm, HostHeader, Mode, StickyBy, Strategy};
use crate::config::parse;

fn resolved(text: &str) -> ResolvedConfig {
    match parse(Path::new("/etc/lb/lb.json"), text.as_bytes()) {
        Ok(config) => config.resolved(),
        Err(error) => panic!("{:?}", error.problems()),
    }
}

#[test]
fn every_default_is_filled_in() {
    let config = resolved(r#"{"port": 3001, "backends": [{"url": "http://localhost:5000"}]}"#);
    let ([listener], [pool]) = (config.listeners.as_slice(), config.pools.as_slice()) else { panic!("{config:?}") };
    assert_eq!((listener.host.to_string().as_str(), listener.port, listener.both_loopbacks), ("127.0.0.1", 3001, true));
    assert_eq!((listener.mode, listener.pool.as_deref()), (Mode::Http, Some(pool.name.as_str())));
    assert_eq!((pool.strategy, &pool.sticky.by), (Strategy::RoundRobin, &StickyBy::Cookie));
    let cookie = &pool.sticky.cookie;
    assert_eq!((cookie.name.as_str(), cookie.path.as_str(), cookie.same_site.word()), ("X-Backend-ID", "/", "Lax"));
    let backend = &pool.backends[0];
    assert_eq!((backend.id.get(), backend.name.as_str(), backend.weight), (0, "localhost:5000", 1));
    assert_eq!((backend.intent, backend.max_connections, backend.queue_timeout_millis), (Intent::InService, 0, 5000));
    let check = &backend.check;
    assert_eq!((check.algorithm, check.method.as_str(), check.path.as_str()), (CheckAlgorithm::HttpStatus, "GET", "/"));
    assert_eq!((check.rise, check.fall, check.timeout_millis), (1, 1, 2000));
    assert_eq!(
        (check.passive.failures, check.passive.eject_for_millis, check.passive.max_ejected_percent),
        (3, 10000, 50)
    );
    assert!(check.expect.status.is_empty() && check.passive.statuses.is_empty(), "{check:?}");
    assert_eq!((config.retry.attempts, config.retry.on_connect, config.retry.on_no_response), (3, true, true));
    assert_eq!((config.timeouts.connect_millis, config.timeouts.tunnel_idle_millis, config.hold_millis), (2000, 0, 0));
    assert_eq!((config.host_header, config.sends_mail, config.alerts), (HostHeader::Auto, false, 0));
}

#[test]
fn how_often_a_backend_is_checked_goes_by_its_address_unless_the_file_says_it() {
    let intervals = |health: &str| {
        let config = resolved(&format!(
            r#"{{"port": 3001, "backends": [{{"url": "http://localhost:5000"}}, {{"url": "http://10.0.0.7:80"}}]{health}}}"#
        ));
        config.pools[0].backends.iter().map(|backend| backend.check.interval_millis).collect::<Vec<_>>()
    };
    assert_eq!(intervals(""), [2000, 10000]);
    assert_eq!(intervals(r#", "health": {"interval": 500}"#), [500, 500]);
}

#[test]
fn what_is_asked_of_a_backend_has_the_path_of_its_url_before_it() {
    let config = resolved(
        r#"{"port": 3001, "backends": [{"url": "http://localhost:5000/shop/", "healthPath": "/ready?deep=1"}]}"#,
    );
    assert_eq!(config.pools[0].backends[0].check.path, "/shop/ready?deep=1");
}

#[test]
fn a_cookie_is_secure_where_all_its_clients_come_over_tls_or_the_file_says_so() {
    let secure = |more: &str| {
        let config = resolved(&format!(r#"{{"port": 3001, "backends": [{{"url": "http://localhost:5000"}}]{more}}}"#));
        config.pools[0].sticky.cookie.secure
    };
    assert!(!secure(""));
    assert!(secure(r#", "tls": true"#));
    assert!(!secure(r#", "tls": true, "sticky": {"cookie": {"secure": false}}"#));
    assert!(secure(r#", "sticky": {"cookie": {"secure": true}}"#));
}

/// The routes of a listener, as `host path → pool`.
fn routes(listener: &ResolvedListener) -> Vec<String> {
    let words = |route: &ResolvedRoute| {
        let [host, path] = [&route.host, &route.path_prefix].map(|part| part.as_deref().unwrap_or("*"));
        format!("{host} {path} → {}", route.pool)
    };
    listener.routes.iter().map(words).collect()
}

#[test]
fn names_of_pools_are_routes_behind_those_of_the_first_listener_that_speaks_http() {
    let config = resolved(
        r#"{
            "listeners": [
                {"port": 5432, "mode": "tcp", "pool": "database"},
                {"port": 3001, "pool": "web", "routes": [{"match": {"pathPrefix": "/api"}, "pool": "api"}]},
                {"port": 3002, "pool": "web"},
            ],
            "pools": {
                "web": {"names": ["web.localhost", "www.localhost"], "backends": [{"url": "http://localhost:5000"}]},
                "api": {"names": ["api.localhost"], "backends": [{"url": "http://localhost:5001"}]},
                "database": {"backends": [{"url": "tcp://localhost:5433"}]},
            },
        }"#,
    );
    let [raw, named, other] = config.listeners.as_slice() else { panic!("{config:?}") };
    let all = ["* /api → api", "web.localhost * → web", "www.localhost * → web", "api.localhost * → api"];
    assert_eq!(routes(named), all);
    assert!(named.refuses_unknown_hosts && !raw.refuses_unknown_hosts && !other.refuses_unknown_hosts);
    assert!(routes(raw).is_empty() && routes(other).is_empty());
    let modes: Vec<_> = config.pools.iter().map(|pool| (pool.name.as_str(), pool.mode)).collect();
    assert_eq!(modes, [("web", Mode::Http), ("api", Mode::Http), ("database", Mode::Tcp)]);
}

#[test]
fn a_header_of_a_check_is_told_where_it_is_no_secret_and_otherwise_by_its_variable_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, "from-a-file\n").expect("written");
    let config = resolved(&format!(
        r#"{{"port": 3001, "backends": [{{"url": "http://localhost:5000"}}], "health": {{"headers": {{
            "Host": "app.test", "Authorization": "Bearer abc", "X-Path": "env:PATH", "Accept": "file:{}"}}}}}}"#,
        file.display()
    ));
    let headers = &config.pools[0].backends[0].check.headers;
    let told: Vec<_> = headers.iter().map(|header| (header.name.as_str(), &header.value)).collect();
    assert_eq!(
        told,
        [
            ("host", &ResolvedValue::Plain("app.test".to_owned())),
            ("authorization", &ResolvedValue::Hidden),
            ("x-path", &ResolvedValue::Environment("PATH".to_owned())),
            ("accept", &ResolvedValue::Hidden),
        ]
    );
}

#[test]
fn certificates_are_named_so_that_they_are_found_from_any_folder() {
    let certificate = |path: &str| {
        let text = r#"{"port": 3001, "backends": [{"url": "http://localhost:5000"}], "tls": {"certificates": [{"cert": "a.pem", "key": "a.key"}]}}"#;
        let config = parse(Path::new(path), text.as_bytes()).expect("a configuration").resolved();
        config.listeners[0].tls.as_ref().expect("TLS").certificates[0].cert.clone()
    };
    assert_eq!(certificate("/etc/lb/lb.json"), "/etc/lb/a.pem");
    let here = std::env::current_dir().expect("a folder").join("a.pem");
    assert_eq!(certificate("lb.json"), here.display().to_string());
}

#[test]
fn nothing_that_may_be_a_secret_is_in_it() {
    let config = resolved(
        r#"{"port": 3001, "backends": [{"url": "http://localhost:5000", "owner": "ann@example.test",
            "healthHeaders": {"Cookie": "sid=secret-1"}}], "health": {"headers": {"X-Key": "secret-2"}},
            "email": {"host": "mail.example.test", "port": 465, "from": "secret-5@example.test", "auth": {"user": "secret-3", "pass": "secret-4"}}}"#,
    );
    let text = serde_json::to_string(&config).expect("JSON");
    assert!(config.sends_mail);
    assert!(!text.contains("secret-") && !text.contains("example.test"), "{text}");
    assert_eq!(serde_json::from_str::<ResolvedConfig>(&text).expect("read"), config);
}
