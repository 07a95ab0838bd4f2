//! Whole files of HAProxy, each for one thing.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use serde_json::{Value, json};

use super::*;

/// What a file comes to, and what is said of it.
fn all(text: &str) -> (Value, Vec<String>) {
    let imported = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (imported.config, imported.left_out)
}

/// What these lines of a backend come to.
fn backend(lines: &str) -> (Value, Vec<String>) {
    let (config, said) = all(&format!("listen web\nmode http\nbind 127.0.0.1:80\noption redispatch\n{lines}\n"));
    (config["pools"]["web"].clone(), said)
}

/// What these lines of a frontend come to, as its listener and the whole configuration.
fn frontend(lines: &str) -> (Value, Value, Vec<String>) {
    let back = "backend app\nmode http\nserver a 127.0.0.1:5000 check\nbackend api\nmode http\nserver b 127.0.0.1:6000 check\n";
    let (config, mut said) =
        all(&format!("{back}frontend web\nmode http\nbind 127.0.0.1:80\ndefault_backend app\n{lines}\n"));
    said.retain(|sentence| !sentence.ends_with("nothing leads to it"));
    (config["listeners"][0].clone(), config, said)
}

#[test]
fn what_chooses_a_server_has_its_word_here() {
    for (line, strategy, sticky) in [
        ("balance roundrobin", Value::Null, json!({ "by": "off" })),
        ("balance leastconn", json!("least-connections"), json!({ "by": "off" })),
        ("balance first", json!("first"), json!({ "by": "off" })),
        ("balance random(1)", json!("random"), json!({ "by": "off" })),
        ("balance random", json!("power-of-two"), json!({ "by": "off" })),
        ("balance source", Value::Null, json!({ "by": "ip" })),
        ("balance hdr(X-User)", Value::Null, json!({ "by": "header:X-User" })),
        ("balance url_param user check_post", Value::Null, json!({ "by": "query:user" })),
        ("balance hash req.hdr(X-User)", Value::Null, json!({ "by": "header:X-User" })),
        ("stick-table type ip size 1k expire 5m\nstick on src", Value::Null, json!({ "by": "ip" })),
        (
            "stick store-response res.cook(SID)\nstick match req.cook(SID)",
            Value::Null,
            json!({ "by": "learn", "from": "cookie:SID" }),
        ),
        ("balance source\ncookie C insert", json!("hash"), json!({ "by": "cookie", "cookie": { "name": "C" } })),
    ] {
        let (pool, said) = backend(&format!("{line}\nserver a 127.0.0.1:1 check\nserver b 127.0.0.1:2 check"));
        assert_eq!((&pool["strategy"], &pool["sticky"]), (&strategy, &sticky), "{line}");
        let of_cookie = said.iter().all(|sentence| sentence.contains("has no cookie there"));
        assert!(of_cookie, "{line}: {said:?}");
    }
}

#[test]
fn a_hash_that_is_not_ours_is_said_and_servers_take_turns() {
    for line in
        ["balance uri", "balance hash path", "balance rdp-cookie", "balance url_param user\ncookie C insert indirect"]
    {
        let (_, said) = backend(&format!("{line}\nserver a 127.0.0.1:1 check"));
        assert!(said[0].starts_with("line 5: 'balance "), "{line}: {said:?}");
    }
}

#[test]
fn cookies_of_numbers_stay_and_others_are_said() {
    let (pool, said) =
        backend("cookie C insert\nserver a 127.0.0.1:1 check cookie 5\nserver b 127.0.0.1:2 check cookie 7");
    assert_eq!((&pool["backends"][0]["id"], &pool["backends"][1]["id"]), (&json!(5), &json!(7)));
    assert!(said.is_empty(), "{said:?}");
    // A number with a zero before it is another text.
    for word in ["s1", "01", "+1", "4294967296"] {
        let (pool, said) = backend(&format!("cookie C insert\nserver a 127.0.0.1:1 check cookie {word}"));
        assert_eq!(pool["backends"][0]["id"], Value::Null);
        assert!(said[0].contains(&format!("hold words such as '{word}', and numbers here")), "{said:?}");
    }
    let two = |name: &str| format!("backend {name}\nmode http\ncookie C insert\nserver s 127.0.0.1:1 check cookie 1\n");
    let (config, said) = all(&format!(
        "{}{}frontend f\nmode http\nbind :80\nuse_backend b if {{ path_beg /b/ }}\ndefault_backend a\n",
        two("a"),
        two("b")
    ));
    assert_eq!(config["pools"]["b"]["sticky"]["cookie"]["name"], "X-Backend-ID-b");
    assert!(said[0].starts_with("line 7: the cookie C of backend 'b' is called X-Backend-ID-b here"), "{said:?}");
}

#[test]
fn attributes_of_a_cookie_are_kept() {
    let line = "cookie C insert indirect nocache httponly secure attr SameSite=None attr \"Max-Age=60\" attr Path=/app domain a.test";
    let (pool, said) = backend(&format!("{line}\nserver a 127.0.0.1:1 check cookie 1"));
    let cookie =
        json!({ "name": "C", "secure": true, "sameSite": "None", "maxAge": 60, "path": "/app", "domain": "a.test" });
    assert_eq!((&pool["sticky"]["cookie"], said), (&cookie, vec![]));
    let (pool, said) = backend("cookie C insert attr SameSite=None maxlife 8h\nserver a 127.0.0.1:1 check cookie 1");
    assert_eq!((&pool["sticky"]["cookie"], said.len()), (&json!({ "name": "C" }), 2));
}

#[test]
fn a_server_is_read_with_all_its_options() {
    let (pool, said) = backend(
        "timeout queue 3s\ndefault-server weight 3 maxconn 9\nserver a [::1]:1 check backup slowstart 10s send-proxy-v2\n\
         server b unix@/run/b.sock check weight 1\nserver c c.test:443 check ssl verify none sni str(x.test) maxqueue 4",
    );
    let a = json!({ "name": "a", "url": "http://[::1]:1", "weight": 3, "backup": true, "slowStart": 10000, "maxConnections": 9,
                    "maxQueue": 1_000_000, "queueTimeout": 3000, "proxyProtocol": "v2" });
    assert_eq!(pool["backends"][0], a);
    assert_eq!(
        (&pool["backends"][1]["url"], &pool["backends"][1]["weight"]),
        (&json!("unix:/run/b.sock"), &Value::Null)
    );
    let c = &pool["backends"][2];
    assert_eq!(
        (&c["url"], &c["tls"]),
        (&json!("https://c.test:443"), &json!({ "verify": false, "serverName": "x.test" }))
    );
    assert_eq!((&c["maxQueue"], said), (&json!(4), vec![]));
}

#[test]
fn a_server_that_cannot_be_kept_is_left_out_and_said() {
    for (server, why) in
        [("a 10.0.0.1", "it has no port"), ("a 10.0.0.1:+1000", "its port depends"), ("a abns@x", "no such address")]
    {
        let (pool, said) = backend(&format!("server good 127.0.0.1:1 check\nserver {server} check"));
        assert_eq!(pool["backends"].as_array().map(Vec::len), Some(1), "{server}");
        assert!(said[0].contains(why), "{server}: {said:?}");
    }
    let (config, said) =
        all("listen l\nmode tcp\nbind :1\nserver a 127.0.0.1:2 check\nserver b 127.0.0.1:3 check ssl verify none\n");
    assert_eq!(config["pools"]["l"]["backends"][0]["url"], "tcp://127.0.0.1:2");
    assert!(said[0].starts_with("line 5: 'server b' is left out"), "{said:?}");
}

#[test]
fn checks_are_what_they_were() {
    let server = "server a 127.0.0.1:1 check inter 5s rise 1 fall 2";
    for (lines, expected) in [
        ("", json!({ "algorithm": "tcp", "timeout": 5000 })),
        ("option httpchk", json!({ "method": "OPTIONS", "timeout": 5000, "expect": { "status": "200-399" } })),
        (
            "option httpchk HEAD /h\ntimeout check 1s",
            json!({ "method": "HEAD", "path": "/h", "timeout": 1000, "expect": { "status": "200-399" } }),
        ),
        (
            "option httpchk GET /h HTTP/1.1\\r\\nHost:\\ a.test\nhttp-check expect string ok",
            json!({ "path": "/h", "timeout": 5000, "headers": { "Host": "a.test" }, "expect": { "status": "100-599", "body": "ok" } }),
        ),
        (
            "option httpchk\nhttp-check send meth GET uri /h hdr X-Token %[env(TOKEN)]\nhttp-check expect status 200-299",
            json!({ "path": "/h", "timeout": 5000, "headers": { "X-Token": "env:TOKEN" } }),
        ),
        (
            "option external-check\nexternal-check command /bin/check",
            json!({ "command": ["/bin/check"], "timeout": 5000 }),
        ),
    ] {
        let (pool, said) = backend(&format!("{lines}\n{server}"));
        let mut expected = expected;
        expected["interval"] = 5000.into();
        (expected["rise"], expected["fall"]) = (1.into(), 2.into());
        expected["passive"] = json!({ "failures": 0 });
        assert_eq!((&pool["health"], said), (&expected, vec![]), "{lines}");
    }
    let (pool, _) = backend("server a 127.0.0.1:1 check observe layer7 error-limit 4 on-error mark-down");
    assert_eq!(pool["health"]["passive"], json!({ "failures": 4, "statuses": "500, 502-504, 506-599" }));
}

#[test]
fn a_server_that_is_checked_otherwise_has_that_of_its_own() {
    let (config, said) = all(
        "backend checks\nmode http\nserver b 127.0.0.1:2 check\nlisten web\nmode http\nbind :80\noption redispatch\noption httpchk \
         GET /h\nserver a 127.0.0.1:1 check\nserver b 127.0.0.1:2 track checks/b\nserver c 127.0.0.1:3\n",
    );
    let backends = &config["pools"]["web"]["backends"];
    assert_eq!(config["pools"]["web"]["health"]["path"], "/h");
    assert_eq!((&backends[1]["healthAlgorithm"], &backends[1]["healthPath"]), (&json!("tcp"), &json!("/")));
    assert_eq!(backends[2]["healthAlgorithm"], "tcp");
    assert_eq!(said, ["line 11: servers are always checked here, those without 'check' by connecting"]);
}

#[test]
fn who_may_come_is_kept_where_it_goes_by_address() {
    for (lines, expected) in [
        ("http-request deny if { src 10.0.0.9 }", json!({ "deny": ["10.0.0.9"] })),
        (
            "acl own src 10.0.0.0/8 ::1\nhttp-request deny deny_status 403 unless own",
            json!({ "allow": ["10.0.0.0/8", "::1"] }),
        ),
        (
            "acl own src 10.0.0.0/8\ntcp-request connection accept if own\ntcp-request connection reject",
            json!({ "allow": ["10.0.0.0/8"] }),
        ),
        (
            "stick-table type ip size 1k store http_req_rate(1s)\nhttp-request track-sc0 src\n\
             http-request deny deny_status 429 if { sc_http_req_rate(0) gt 20 }",
            json!({ "requestsPerSecondPerIp": 20 }),
        ),
        (
            "stick-table type ip size 1k store conn_cur\ntcp-request connection track-sc0 src\n\
             tcp-request connection reject if { sc0_conn_cur gt 10 }",
            json!({ "connectionsPerIp": 10 }),
        ),
    ] {
        let (_, config, said) = frontend(lines);
        assert_eq!((&config["access"], said), (&expected, vec![]), "{lines}");
    }
    for (lines, why) in [
        ("http-request deny if { path_beg /x }", "by addresses here"),
        ("http-request deny if { src 10.0.0.1 } { path_beg /x }", "by addresses here"),
        ("http-request deny if { src -f /etc/bad }", "a list in a file of its own"),
        (
            "stick-table type ip size 1k store http_req_rate(10s)\nhttp-request deny if { sc_http_req_rate(0) gt 20 }",
            "by the second",
        ),
        ("http-request allow if { src 10.0.0.1 }\nhttp-request deny if { src 10.0.0.0/8 }", "go by order"),
    ] {
        let (_, config, said) = frontend(lines);
        assert!(
            config.get("access").is_none() && said.iter().any(|sentence| sentence.contains(why)),
            "{lines}: {said:?}"
        );
    }
}

#[test]
fn routes_lead_in_their_order_and_what_is_none_is_said() {
    let (listener, _, said) = frontend(
        "acl api path /api\nacl api path_beg /api/\nuse_backend api if api { hdr(host) -i A.test }\n\
         use_backend api if { path_reg ^/x }\nuse_backend api if TRUE\nuse_backend app if { path_beg /late }\n",
    );
    assert_eq!(listener["routes"], json!([{ "match": { "pathPrefix": "/api", "host": "a.test" }, "pool": "api" }]));
    assert_eq!(listener["pool"], "api");
    assert!(said.iter().any(|sentence| sentence.contains("'path_reg ^/x' is not looked at here")), "{said:?}");
}

#[test]
fn what_answers_by_itself_there_is_no_pool_and_no_name() {
    let (config, said) = all(
        "backend gone\nmode http\nhttp-request return status 404\nbackend app\nmode http\nserver a 127.0.0.1:5000 check\n\
         frontend web\nmode http\nbind :80\nuse_backend gone if { path_beg /private/ }\n\
         use_backend app if { hdr(host) -i a.test }\ndefault_backend gone\n",
    );
    assert_eq!(config["listeners"][0]["routes"][0]["match"], json!({ "host": "a.test" }));
    assert_eq!(config["pools"].as_object().map(serde_json::Map::len), Some(1));
    assert!(said[1].starts_with("line 10: 'use_backend gone if { path_beg /private/ }' is left out"), "{said:?}");
    assert!(said[0].starts_with("line 9: what no route matches goes to backend 'app' here"), "{said:?}");
}

#[test]
fn settings_that_differ_are_said_and_the_first_counts() {
    let (config, said) =
        all("defaults\nmode http\ntimeout client 10s\nlisten a\nbind :80\nserver s 127.0.0.1:1 check\n\
         listen b\nbind :81\ntimeout client 20s\nserver s 127.0.0.1:2 check\n");
    assert_eq!((&config["timeouts"]["idle"], &config["retry"]["attempts"]), (&json!(10_000), &json!(1)));
    assert_eq!(
        said,
        [
            "line 9: 'timeout client 20s' is left out: there is one timeouts.idle for all here, and line 3 has it already"
        ]
    );
}

#[test]
fn what_is_malformed_is_one_sentence_with_its_line() {
    for (text, error) in [
        ("listen l\nmode http\nserver a\n", "line 3: 'server a' has no address"),
        ("listen l\nserver a 10.0.0.1:x\n", "line 2: '10.0.0.1:x' is not the address of a server"),
        ("listen l\nserver a 10.0.0.1:1 weight x\n", "line 2: 'weight x' needs a whole number"),
        ("listen l\nserver a 10.0.0.1:1 inter\n", "line 2: 'inter' needs a value"),
        ("listen l\ntimeout client x\n", "line 2: 'timeout client x' has no time"),
        ("listen l\nmode health\n", "line 1: it has 'mode health'"),
        ("listen l :80\n", "line 1: ':80' behind the name"),
        ("frontend f\nbind :80\nuse_backend b\n", "line 3: there is no backend 'b'"),
        ("listen l from x\n", "line 1: there is no 'defaults x'"),
        ("global\nmaxconn many\n", "line 2: 'maxconn many' needs a whole number"),
        ("listen l\nmode http\nretries 1000\noption redispatch\nserver a 10.0.0.1:1\n", "line 3: 'retries 1000'"),
        ("frontend f\nbind :80\n", "line 2: port 80 leads to no server"),
        ("backend b\nserver a 10.0.0.1:1\n", "nothing listens on a port"),
    ] {
        let found = read(text).unwrap_err();
        assert!(found.starts_with(error), "{text}: {found}");
    }
}

#[test]
fn a_file_is_known_by_its_sections_at_the_beginning_of_a_line() {
    for (text, is) in [
        ("global\n", true),
        ("# x\n\nfrontend web\n bind :80\n", true),
        (" frontend\n", false),
        ("frontends\n", false),
        ("http {\n", false),
        ("", false),
    ] {
        assert_eq!(is_one(text), is, "{text}");
    }
}

#[test]
fn limits_of_something_else_than_addresses_are_left_out() {
    let limited = |track: &str, tables: &str| {
        let (config, said) = all(&format!(
            "{tables}\nlisten l\n mode http\n bind 127.0.0.1:80\n http-request track-sc0 {track}\n \
             http-request deny if {{ sc_http_req_rate(0) gt 5 }}\n server s 10.0.0.1:80 check\n"
        ));
        (config["access"]["requestsPerSecondPerIp"].clone(), said.len())
    };
    let second = "backend t\n stick-table type ip size 1m store http_req_rate(1s)";
    let others = "backend u\n stick-table type ip size 1m store http_req_rate(10s)";
    assert_eq!(limited("src", second), (5.into(), 0));
    assert_eq!(limited("hdr(x-key)", second), (Value::Null, 2));
    assert_eq!(limited("src", &format!("{second}\n{others}")), (Value::Null, 1));
}
