//! A client stays with its backend, request by request, across restarts (RFC 6265 4.2 and 5.4).

use serde_json::json;

use crate::support::{Backend, Balancer, Config, request};

fn three() -> [Backend; 3] {
    [Backend::echoing(), Backend::echoing(), Backend::echoing()]
}

fn over(backends: &[Backend; 3]) -> Balancer {
    Balancer::over(&backends.each_ref())
}

/// The backend of a request with this Cookie header, and the cookies it sets.
fn with_cookie(balancer: &Balancer, cookie: &str) -> (u32, Vec<String>) {
    let answer = balancer.exchange(&request("GET", "/", &[&format!("Cookie: {cookie}")]));
    assert_eq!(answer.status, 200, "{cookie}");
    (answer.backend().unwrap(), answer.all("set-cookie"))
}

#[test]
fn a_client_is_given_a_cookie_once_and_stays() {
    let backends = three();
    let balancer = over(&backends);
    for _ in 0..4 {
        let first = balancer.get("/");
        let id = first.backend().unwrap();
        let url = format!("http://localhost:{}", backends[id as usize].port);
        assert_eq!(first.get("x-backend"), Some(url));
        assert_eq!(first.all("set-cookie"), [format!("X-Backend-ID={id}; Path=/; HttpOnly; SameSite=Lax")]);
        for _ in 0..3 {
            assert_eq!(with_cookie(&balancer, &format!("X-Backend-ID={id}")), (id, vec![]));
        }
    }
}

#[test]
fn whatever_is_no_id_counts_as_no_cookie() {
    let backends = three();
    let balancer = over(&backends);
    let huge = "9".repeat(5000);
    let values = [
        "",
        "7",
        "99",
        "-1",
        "+1",
        "01",
        "1abc",
        "abc",
        "1.0",
        "0x1",
        "1 2",
        "4294967296",
        "\"1\"",
        "1%00",
        "\u{661}",
        &huge,
    ];
    for value in values {
        let (id, cookies) = with_cookie(&balancer, &format!("X-Backend-ID={value}"));
        assert_eq!(cookies, [format!("X-Backend-ID={id}; Path=/; HttpOnly; SameSite=Lax")], "{value:.20}");
    }
}

#[test]
fn two_cookies_that_disagree_count_as_none() {
    let backends = three();
    let balancer = over(&backends);
    for lines in
        [&["Cookie: X-Backend-ID=1; X-Backend-ID=2"][..], &["Cookie: X-Backend-ID=1", "Cookie: X-Backend-ID=2"]]
    {
        let answer = balancer.exchange(&request("GET", "/", lines));
        assert_eq!(answer.all("set-cookie").len(), 1, "{lines:?}");
    }
}

#[test]
fn names_that_only_look_alike_bind_nobody() {
    let backends = three();
    let balancer = over(&backends);
    for cookie in ["x-backend-id=1", "X-Backend-IDs=1", "My-X-Backend-ID=1", "a=X-Backend-ID=1"] {
        assert_eq!(with_cookie(&balancer, cookie).1.len(), 1, "{cookie}");
    }
}

#[test]
fn the_balancers_cookie_does_not_reach_the_backend_and_all_others_do_byte_for_byte() {
    let backends = three();
    let balancer = over(&backends);
    for (sent, expected) in [
        ("X-Backend-ID=1", None),
        ("X-Backend-ID=1;", Some(vec![])),
        ("a=1; X-Backend-ID=1", Some(vec!["a=1"])),
        ("X-Backend-ID=1; a=1", Some(vec!["a=1"])),
        ("a=1;  b=\"x y\";X-Backend-ID=1; c==; d", Some(vec!["a=1", "b=\"x y\"", "c==", "d"])),
        ("x-backend-id=2; X-Backend-ID=1; My-X-Backend-ID=3", Some(vec!["x-backend-id=2", "My-X-Backend-ID=3"])),
        ("a=\u{fc}%20; X-Backend-ID=1; b=", Some(vec!["a=\u{fc}%20", "b="])),
    ] {
        assert_eq!(with_cookie(&balancer, sent), (1, vec![]), "{sent}");
        let seen = backends[1].requests().pop().unwrap().get("cookie");
        let pairs: Option<Vec<&str>> =
            seen.as_ref().map(|line| line.split(';').map(str::trim).filter(|p| !p.is_empty()).collect());
        assert_eq!(pairs.unwrap_or_default(), expected.unwrap_or_default(), "{sent}: {seen:?}");
    }
    let untouched = "a=1;b=2 ;  c=\"3;\" ;;";
    with_cookie(&balancer, untouched);
    let all: Vec<_> = backends.iter().flat_map(Backend::requests).filter_map(|r| r.get("cookie")).collect();
    assert!(all.contains(&untouched.to_owned()), "{all:?}");
}

#[test]
fn the_decision_is_made_for_each_request_and_not_for_a_connection() {
    let backends = three();
    let balancer = over(&backends);
    let mut client = balancer.client();
    for id in [2, 0, 1, 1, 2] {
        let answer = client.exchange(&request("GET", "/", &[&format!("Cookie: X-Backend-ID={id}")]));
        assert_eq!(answer.backend(), Some(id));
    }
    let mut free: Vec<_> = (0..3).map(|_| client.exchange(&request("GET", "/", &[])).backend().unwrap()).collect();
    free.sort_unstable();
    assert_eq!(free, [0, 1, 2]);
}

#[test]
fn a_restart_and_a_reordered_file_keep_every_client_where_it_was() {
    let [b0, b1, b2] = three();
    let ports = [b0.port, b1.port, b2.port];
    let config = Config::new(&[&b0, &b1, &b2]);
    let expected: Vec<(u32, Vec<String>)> = (0..3).map(|id| (id, vec![])).collect();
    let all = |balancer: &Balancer| -> Vec<_> {
        (0..3).map(|id| with_cookie(balancer, &format!("X-Backend-ID={id}"))).collect()
    };
    assert_eq!(all(&config.start()), expected);
    assert_eq!(all(&config.start()), expected);
    let backend =
        |id: usize| json!({"id": id, "name": format!("b{id}"), "url": format!("http://localhost:{}", ports[id])});
    let reordered = config.set("/backends", json!([backend(2), backend(0), backend(1)]));
    assert_eq!(all(&reordered.start()), expected);
    assert_eq!([&b0, &b1, &b2].map(|b| b.requests().len()), [3, 3, 3]);
}

#[test]
fn the_cookie_has_the_attributes_of_the_configuration() {
    let backend = Backend::echoing();
    let cookie = json!({"name": "lb", "maxAge": 60, "sameSite": "Strict", "path": "/app", "domain": "example.test"});
    let balancer = Config::new(&[&backend]).set("/sticky/cookie", cookie).start();
    assert_eq!(
        balancer.get("/").all("set-cookie"),
        ["lb=0; Path=/app; Max-Age=60; Domain=example.test; HttpOnly; SameSite=Strict"]
    );
    assert_eq!(with_cookie(&balancer, "lb=0; X-Backend-ID=3"), (0, vec![]));
    assert_eq!(backend.requests().pop().unwrap().all("cookie"), ["X-Backend-ID=3"]);
}

#[test]
fn with_stickiness_off_no_cookie_is_read_taken_or_given() {
    let backends = three();
    let balancer = Config::new(&backends.each_ref()).set("/sticky/by", json!("off")).start();
    let mut seen: Vec<u32> = (0..3)
        .map(|_| with_cookie(&balancer, "X-Backend-ID=1"))
        .map(|(id, cookies)| {
            assert_eq!(cookies, Vec::<String>::new());
            id
        })
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2]);
    assert_eq!(backends[0].requests()[0].all("cookie"), ["X-Backend-ID=1"]);
}

#[cfg(unix)]
#[test]
fn a_second_balancer_with_the_same_cookie_says_so_and_how_to_name_another() {
    let backends = three();
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(&backends.each_ref()).env("XDG_RUNTIME_DIR", folder.path().to_str().unwrap());
    let first = config.start();
    let second = config.start();
    let said = second.line("X-Backend-ID too");
    assert!(said.contains(&format!("port {}", first.port)) && said.contains("sticky.cookie.name"), "{said}");
    assert!(!first.lines().iter().any(|line| line.contains("X-Backend-ID too")));
    let third = config.set("/sticky/cookie", json!({"name": "mine"})).start();
    assert!(!third.lines().iter().any(|line| line.contains("share cookies")));
}
