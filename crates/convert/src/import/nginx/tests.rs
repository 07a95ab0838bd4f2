//! Whole files of nginx, each for one thing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use serde_json::{Value, json};

use super::*;

/// What a file comes to, and what is said of it.
fn all(text: &str) -> (Value, Vec<String>) {
    let imported = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (imported.config, imported.left_out)
}

/// What these directives of an upstream come to.
fn upstream(directives: &str) -> (Value, Vec<String>) {
    let (config, said) =
        all(&format!("upstream u {{ {directives} }} server {{ location / {{ proxy_pass http://u; }} }}"));
    (config["pools"]["u"].clone(), said)
}

/// What these directives of a server come to, as the first listener and the whole configuration.
fn server(directives: &str) -> (Value, Value, Vec<String>) {
    let upstreams = "upstream a { server 127.0.0.1:1; } upstream b { server 127.0.0.1:2; }";
    let (config, mut said) = all(&format!("{upstreams}\nserver {{ listen 127.0.0.1:80; {directives} }}"));
    said.retain(|sentence| !sentence.ends_with("nothing leads to it"));
    (config["listeners"][0].clone(), config, said)
}

#[test]
fn what_chooses_a_server_has_its_word_here() {
    for (line, strategy, sticky) in [
        ("", Value::Null, json!({ "by": "off" })),
        ("least_conn;", json!("least-connections"), json!({ "by": "off" })),
        ("random;", json!("random"), json!({ "by": "off" })),
        ("random two least_conn;", json!("power-of-two"), json!({ "by": "off" })),
        ("least_time header;", json!("least-latency"), json!({ "by": "off" })),
        ("ip_hash;", Value::Null, json!({ "by": "ip" })),
        ("hash $binary_remote_addr consistent;", Value::Null, json!({ "by": "ip" })),
        ("hash $http_x_user;", Value::Null, json!({ "by": "header:x-user", "missing": "fixed" })),
        ("hash $arg_user consistent;", Value::Null, json!({ "by": "query:user", "missing": "fixed" })),
        (
            "sticky cookie lb expires=1h secure samesite=none path=/a;",
            Value::Null,
            json!({ "by": "cookie", "cookie": { "name": "lb", "maxAge": 3600, "secure": true, "sameSite": "None", "path": "/a" } }),
        ),
        (
            "sticky learn create=$upstream_http_x_sid lookup=$arg_sid zone=z:1m;",
            Value::Null,
            json!({ "by": "learn", "from": { "response": "header:x-sid", "request": "query:sid" } }),
        ),
    ] {
        let (pool, said) = upstream(&format!("{line} server 127.0.0.1:1 route=0; server 127.0.0.1:2 route=1;"));
        assert_eq!((&pool["strategy"], &pool["sticky"]), (&strategy, &sticky), "{line}");
        let of_cookie = said.iter().all(|sentence| sentence.contains("clients of upstream 'u' get none that holds it"));
        assert!(of_cookie, "{line}: {said:?}");
    }
    for line in [
        "hash $request_uri;",
        "hash $cookie_a;",
        "hash http_a;",
        "sticky route $a;",
        "sticky learn create=$x lookup=$y;",
    ] {
        let (pool, said) = upstream(&format!("{line} server 127.0.0.1:1;"));
        assert_eq!((&pool["sticky"]["by"], said.len()), (&json!("off"), 1), "{line}: {said:?}");
    }
}

#[test]
fn a_server_is_read_with_all_its_parameters() {
    let (pool, said) = upstream(
        "keepalive_timeout 2s; server [::1]:1 weight=3 max_conns=5 max_fails=2 fail_timeout=1m slow_start=30s; \
         server unix:/run/x.sock backup max_fails=2 fail_timeout=60; server a.test max_fails=2 fail_timeout=1m down;",
    );
    let first =
        json!({ "url": "http://[::1]:1", "weight": 3, "maxConnections": 5, "slowStart": 30000, "idleTimeout": 2000 });
    assert_eq!(pool["backends"][0], first);
    assert_eq!(pool["backends"][1], json!({ "url": "unix:/run/x.sock", "backup": true, "idleTimeout": 2000 }));
    assert_eq!(pool["backends"][2], json!({ "url": "http://a.test:80", "weight": 0, "idleTimeout": 2000 }));
    assert_eq!(pool["health"], json!({ "algorithm": "tcp", "passive": { "failures": 2, "ejectFor": 60000 } }));
    assert_eq!((&pool["strategy"], said), (&json!("smooth-round-robin"), vec![]));
}

#[test]
fn locations_are_routes_of_whole_segments_the_longest_first() {
    let (listener, _, said) = server(
        "location / { proxy_pass http://a; } location /api/ { proxy_pass http://b; } location /api/v2/ { proxy_pass http://a/; } \
         location ~ \\.php$ { proxy_pass http://b; } location = /exact { proxy_pass http://b; }",
    );
    let route = |path: &str, pool: &str| json!({ "match": { "pathPrefix": path }, "pool": pool });
    assert_eq!(listener["routes"], json!([route("/api/v2/", "a"), route("/exact", "b"), route("/api/", "b")]));
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].contains("routes here go by the beginning of the path"), "{said:?}");
}

#[test]
fn names_are_routes_and_the_first_server_takes_all_others() {
    let (config, said) = all("upstream a { server 127.0.0.1:1; } upstream b { server 127.0.0.1:2; }\n\
         server { listen 80; server_name b.test *.b.test; location / { proxy_pass http://b; } location /x/ { proxy_pass http://a; } }\n\
         server { listen 80 default_server; server_name _; location / { proxy_pass http://a; } }");
    let listener = &config["listeners"][0];
    let hosts: Vec<(&str, Option<&str>)> = listener["routes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|route| (route["match"]["host"].as_str().unwrap(), route["match"]["pathPrefix"].as_str()))
        .collect();
    assert_eq!(hosts, [("b.test", Some("/x/")), ("b.test", None), ("*.b.test", Some("/x/")), ("*.b.test", None)]);
    assert_eq!((&listener["pool"], said), (&json!("a"), vec![]));
}

#[test]
fn a_map_that_chooses_an_upstream_is_routes() {
    let (config, said) =
        all("map $http_upgrade $pool { default web; websocket live; }\nupstream web { server 127.0.0.1:1; }\n\
         upstream live { server 127.0.0.1:2; }\nserver { listen 80; location / { proxy_pass http://$pool; } }");
    let listener = &config["listeners"][0];
    assert_eq!(listener["routes"], json!([{ "match": { "upgrade": "websocket" }, "pool": "live" }]));
    assert_eq!((&listener["pool"], said), (&json!("web"), vec![]));
    let (config, said) = all(
        "server { listen 80; location / { proxy_pass http://127.0.0.1:1$request_uri; }\n location /x/ { proxy_pass http://$arg_x; } }",
    );
    assert_eq!(config["pools"]["127-0-0-1-1"]["backends"][0]["url"], "http://127.0.0.1:1");
    assert_eq!(said, ["line 2: 'proxy_pass http://$arg_x' is left out: where it leads is written out here"]);
}

#[test]
fn what_holds_around_a_location_holds_in_it() {
    let (config, said) = all(
        "http { proxy_connect_timeout 1s; proxy_set_header Host $host; allow 10.0.0.0/8; deny all;\n\
         server { listen 80; location / { proxy_pass http://127.0.0.1:1; proxy_read_timeout 30s; } \
         location /ws/ { proxy_pass http://127.0.0.1:2; proxy_set_header Upgrade $http_upgrade; proxy_read_timeout 1h; } } }",
    );
    assert_eq!(config["timeouts"], json!({ "response": 30000, "connect": 1000, "tunnelIdle": 3_600_000 }));
    assert_eq!((&config["access"], said), (&json!({ "allow": ["10.0.0.0/8"] }), vec![]));
    // Header fields are those of the innermost block that has any.
    assert_eq!(config["hostHeader"], "client");
}

#[test]
fn raw_connections_lead_to_their_pool() {
    let (config, said) = all("stream { upstream db { server 127.0.0.1:1; server 127.0.0.1:2 backup; } \
         server { listen 5432 proxy_protocol; set_real_ip_from 10.0.0.0/8; proxy_pass db; proxy_protocol on; proxy_timeout 10m; } }");
    assert_eq!(
        config["listeners"][0],
        json!({ "port": 5432, "host": "0.0.0.0", "mode": "tcp", "proxyProtocol": true, "pool": "db" })
    );
    assert_eq!(
        config["pools"]["db"]["backends"][1],
        json!({ "url": "tcp://127.0.0.1:2", "backup": true, "proxyProtocol": "v1" })
    );
    assert_eq!(
        (&config["trustedProxies"], &config["timeouts"]["tunnelIdle"]),
        (&json!(["10.0.0.0/8"]), &json!(600_000))
    );
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn limits_of_each_address_are_kept() {
    let (config, said) = all(
        "limit_conn_zone $binary_remote_addr zone=c:1m; limit_req_zone $remote_addr zone=r:1m rate=7r/s; \
         limit_req_zone $server_name zone=s:1m rate=7r/s;\n\
         server { listen 80; limit_conn c 3; limit_req zone=r burst=2; location / { proxy_pass http://127.0.0.1:1; } }",
    );
    assert_eq!(config["access"], json!({ "connectionsPerIp": 3, "requestsPerSecondPerIp": 7 }));
    assert_eq!(said, Vec::<String>::new());
    let (_, config, said) = server("limit_req zone=x; location / { proxy_pass http://a; }");
    assert!(config.get("access").is_none() && said[0].contains("one limit for each address"), "{said:?}");
}

#[test]
fn what_is_said_for_some_paths_alone_is_left_out() {
    let (_, config, said) = server(
        "location / { allow 10.0.0.0/8; deny all; proxy_pass http://a; } location @late { proxy_pass http://b; } \
         location /admin/ { allow 10.0.0.1; deny all; proxy_pass http://b; }",
    );
    assert_eq!(config["access"], json!({ "allow": ["10.0.0.0/8"] }));
    let parts: Vec<&str> = said.iter().map(|sentence| sentence.split('\'').nth(1).unwrap()).collect();
    assert_eq!(parts, ["location @late", "allow 10.0.0.1", "deny all"]);
}

#[test]
fn what_our_own_files_have_is_not_silent_in_those_of_others() {
    let (_, _, said) = server(
        "if ($http_x = 1) { return 403; } error_page 500 502 /50x.html; try_files $uri /index.html; proxy_redirect off; \
         rewrite ^/a /b; add_header X-A b; location / { proxy_pass http://a; proxy_set_header X-B c; }",
    );
    for part in [
        "'if ($http_x = 1)'",
        "error_page",
        "try_files",
        "proxy_redirect",
        "rewrite",
        "add_header",
        "proxy_set_header X-B",
    ] {
        assert!(said.iter().any(|sentence| sentence.contains(part)), "{part}: {said:?}");
    }
}

#[test]
fn what_is_malformed_is_one_sentence_with_its_line() {
    for (text, error) in [
        ("server { listen 80;\n location / { proxy_pass http://a b; }", "line 1: the block of 'server' has no }"),
        ("server {\n location / { proxy_pass a; } }", "line 2: 'a' is no address to pass requests to"),
        ("upstream u {\n server ; }\nserver { location / { proxy_pass http://u; } }", "line 2: '' is not the address"),
        (
            "upstream u {\n server a:1 weight=x; }\nserver { location / { proxy_pass http://u; } }",
            "line 2: 'weight=x' needs",
        ),
        ("server { listen [::; location / { proxy_pass http://u; } }", "line 1: '[::' is no address to listen on"),
        ("server { listen 80;\n location / { root /; } }", "line 1: port 80 leads to no server"),
        ("stream { server { listen 1; proxy_pass a; } }", "line 1: 'a' is not the address of a server"),
        ("events { }", "nothing listens on a port"),
    ] {
        let found = read(text).unwrap_err();
        assert!(found.starts_with(error), "{text}: {found}");
    }
}

#[test]
fn a_file_is_known_by_its_blocks() {
    for (text, is) in [
        ("http {\n", true),
        ("upstream a { server b; }", true),
        ("server{\n", true),
        ("stream\n{\n", true),
        ("upstream a\n{", true),
        ("# server {\n", false),
        ("server a 127.0.0.1:80\n", false),
        ("location / {\n", false),
        ("", false),
    ] {
        assert_eq!(is_one(text), is, "{text}");
    }
}

#[test]
fn a_file_is_known_by_its_blocks_however_they_are_written() {
    for text in [
        "server{listen 80;location /{proxy_pass http://10.0.0.1;}}",
        "server # here\n{ # and there\n listen # x\n 80; location / { proxy_pass\n http://10.0.0.1 # y\n; } }",
        "map $a $b { } server { location / { proxy_pass http://10.0.0.1; } }",
    ] {
        assert!(is_one(text), "{text}");
        assert_eq!(all(text).0["pools"]["10-0-0-1"]["backends"][0]["url"], "http://10.0.0.1:80", "{text}");
    }
    for (text, is) in [("server {\n listen 80\n}", true), ("a = 1\n[server]\nb = {}", false), ("", false)] {
        assert_eq!(is_one(text), is, "{text}");
    }
}

#[test]
fn a_target_may_be_what_set_says() {
    for set in [
        "set $to http://a; location / { proxy_pass $to; }",
        "location / { set $name x; set $name a; proxy_pass http://${name}$request_uri; }",
        "set $scheme_of http; set $name b; location / { set $name a; proxy_pass $scheme_of://$name; }",
    ] {
        let (listener, _, said) = server(set);
        assert_eq!((listener["pool"].as_str(), said), (Some("a"), vec![]), "{set}");
    }
    let (_, said) = all("upstream a { server 127.0.0.1:1; } server { location / { proxy_pass http://a; }
        location /x/ { set $y $arg_y; proxy_pass http://$y; } }");
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn upstreams_are_the_same_in_any_case_and_servers_may_stand_in_them_twice() {
    let (config, said) = all("upstream Web { server 127.0.0.1:1; server 127.0.0.1:1 weight=2; }
        server { location / { proxy_pass http://web; } }");
    let backends = &config["pools"]["Web"]["backends"];
    assert_eq!((&backends[0]["name"], &backends[1]["name"]), (&Value::Null, &json!("127.0.0.1:1-2")));
    assert_eq!(said, Vec::<String>::new());
}
