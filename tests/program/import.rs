//! The output of `import` and `completions` can be used as it is.

use serde_json::{Value, json};

use crate::support::program::run;

/// Imports this text; returns status, standard output and standard error.
fn import(text: impl AsRef<[u8]>) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs");
    std::fs::write(&file, text).unwrap();
    let output = run(&["import", file.to_str().unwrap()]);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The output passes `check`.
#[track_caller]
fn good(text: &str) -> (Value, String) {
    let (status, printed, said) = import(text);
    assert_eq!(status, Some(0), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ours.json");
    std::fs::write(&file, &printed).unwrap();
    let checked = run(&["check", file.to_str().unwrap()]);
    assert!(checked.status.success(), "{}\n{printed}", String::from_utf8_lossy(&checked.stderr));
    (serde_json::from_str(&printed).unwrap(), said)
}

#[test]
fn a_load_balancer_js_file_becomes_a_tcp_balancer_and_what_is_left_out_is_named() {
    let (config, said) = good(
        r#"{ "sourcePort": 8080, "balancerCount": 2, "targetDeactivationDuration": 60000, "maxBufferSize": 8192,
             "downgradeToUser": "someuser", "sessionExpiry": 45000, "balancerControllerPath": null,
             "targets": [{ "host": "localhost", "port": 8001 }, { "host": "::1", "port": 8002 }] }"#,
    );
    assert_eq!(config["port"], 8080);
    assert_eq!(config["backends"][0]["url"], "tcp://localhost:8001");
    assert_eq!(config["backends"][1]["url"], "tcp://[::1]:8002");
    assert_eq!(config["health"]["passive"]["ejectFor"], 60000);
    assert_eq!((&config["sticky"]["by"], &config["sticky"]["expiry"]), (&"ip".into(), &45000.into()));
    assert_eq!(config["downgradeToUser"], "someuser");
    assert!(said.contains("was read as a LoadBalancer.js configuration"), "{said}");
    assert!(said.contains("balancerCount is left out") && said.contains("maxBufferSize is left out"), "{said}");
    assert!(!said.contains("balancerControllerPath"), "null is as if it were not there: {said}");
}

#[test]
fn a_websocket_reverse_proxy_file_becomes_two_pools_and_a_route() {
    let (config, said) = good(
        "[frontend]\nhost = 127.0.0.1\nport = 8080\n\n; sockets\n[websocket]\nenable_health_check = true\n\
         health_check_interval = 5\nalgorithm = round-robin\nserver1 = localhost:9001\nserver2 = localhost:9002\n\
         [http]\nserver1_addr = localhost:9003\nserver1_max_workers = 3\n\
         server1_min_workers = 1\nserver1_worker_timeout = 2\nserver1_buffer_size = 20\nserver1_colour = red\n",
    );
    assert_eq!(config["listeners"][0]["port"], 8080);
    assert_eq!(config["listeners"][0]["pool"], "http");
    assert_eq!(config["listeners"][0]["routes"][0]["match"]["upgrade"], "websocket");
    let sockets = &config["pools"]["websocket"];
    assert_eq!((&sockets["strategy"], &sockets["health"]["interval"]), (&"round-robin".into(), &5000.into()));
    assert_eq!(sockets["health"]["path"], "/healthCheck");
    assert_eq!(sockets["backends"].as_array().unwrap().len(), 2);
    assert_eq!(config["pools"]["http"]["strategy"], "random");
    let server = &config["pools"]["http"]["backends"][0];
    assert_eq!((&server["maxConnections"], &server["minIdle"]), (&3.into(), &1.into()));
    assert_eq!((&server["idleTimeout"], &server["maxQueue"]), (&2000.into(), &20.into()));
    assert!(said.contains("server1_colour = red is left out"), "{said}");
    let (config, said) =
        good("[frontend]\nhost=rp_v5\nport=8084\n[http]\nserver1_addr=es1_hc:8080\nserver2=es2_hc:8080\n");
    let [with_workers, plain] = [0, 1].map(|server| &config["pools"]["http"]["backends"][server]);
    let usual =
        json!({"url": "http://es1_hc:8080", "maxConnections": 3, "minIdle": 1, "idleTimeout": 3000, "maxQueue": 10});
    assert_eq!((with_workers, plain), (&usual, &json!({"url": "http://es2_hc:8080"})));
    assert!(said.contains("[frontend] host = rp_v5 is left out: it listens on 127.0.0.1"), "{said}");
}

#[test]
fn a_file_of_haproxy_becomes_pools_and_routes_and_what_is_left_out_is_named_with_its_line() {
    let (config, said) = good(
        "defaults\n mode http\n option redispatch\n timeout connect 5s\n\nfrontend web\n bind 127.0.0.1:8080\n \
         use_backend live if { hdr(Upgrade) -i websocket }\n default_backend app\n\nbackend app\n balance leastconn\n \
         cookie SERVERID insert indirect nocache\n server a 127.0.0.1:5000 check cookie 7 weight 2\n server b \
         127.0.0.1:5001 check cookie 8 maxconn 10\n stats enable\n\nbackend live\n cookie SOCKET insert\n \
         server a 127.0.0.1:5000 check cookie one\n",
    );
    assert_eq!(config["listeners"][0]["routes"][0]["match"]["upgrade"], "websocket");
    let app = &config["pools"]["app"];
    assert_eq!((&app["strategy"], &app["sticky"]["cookie"]["name"]), (&"least-connections".into(), &"SERVERID".into()));
    assert_eq!((&app["backends"][0]["id"], &app["backends"][0]["weight"]), (&7.into(), &2.into()));
    assert_eq!((&app["backends"][1]["id"], &app["backends"][1]["maxConnections"]), (&8.into(), &10.into()));
    assert_eq!((&config["timeouts"]["connect"], &config["retry"]["attempts"]), (&5000.into(), &4.into()));
    assert!(said.contains("was read as a configuration of HAProxy"), "{said}");
    assert!(said.contains("line 16: 'stats enable' is left out"), "{said}");
    assert!(said.contains("line 19: the cookies of backend 'live' hold words such as 'one'"), "{said}");
}

#[test]
fn a_file_of_nginx_becomes_pools_and_routes_and_what_is_left_out_is_named_with_its_line() {
    let (config, said) = good(
        "upstream app {\n  server 127.0.0.1:3000 max_fails=2 route=4;\n  server 127.0.0.1:3001 backup;\n  sticky cookie \
         lb path=/;\n}\nserver {\n  listen 8080;\n  gzip on;\n  location / { proxy_pass http://app; }\n  location \
         /api/ { proxy_pass http://127.0.0.1:4000; }\n}\nstream { server { listen 5431; proxy_pass 127.0.0.1:5432; } }\n",
    );
    let listener = &config["listeners"][0];
    assert_eq!(
        (&listener["host"], &listener["port"], &listener["pool"]),
        (&"0.0.0.0".into(), &8080.into(), &"app".into())
    );
    assert_eq!(listener["routes"][0], json!({"match": {"pathPrefix": "/api/"}, "pool": "127-0-0-1-4000"}));
    assert_eq!((&config["listeners"][1]["mode"], &config["listeners"][1]["port"]), (&"tcp".into(), &5431.into()));
    let app = &config["pools"]["app"];
    assert_eq!((&app["backends"][0]["id"], &app["backends"][1]["backup"]), (&4.into(), &true.into()));
    assert_eq!((&app["sticky"]["cookie"]["name"], &app["health"]["passive"]["failures"]), (&"lb".into(), &2.into()));
    assert!(said.contains("was read as a configuration of nginx"), "{said}");
    assert!(said.contains("line 8: 'gzip on' is left out"), "{said}");
}

#[test]
fn what_cannot_be_imported_is_said_with_what_is_expected_and_nothing_is_printed() {
    for (text, part) in [
        ("", "no kind of file that can be imported: write a file of HAProxy, nginx,"),
        ("location / { }", "no kind of file that can be imported"),
        ("{}", "no kind of file that can be imported"),
        ("{", "not JSON"),
        (r#"{ "port": 1, "backends": [] }"#, "needs no import"),
        (r#"{ "sourcePort": 8080 }"#, "'targets' is missing"),
        (r#"{ "sourcePort": 80800, "targets": [{ "port": 1 }] }"#, "port"),
        ("[frontend]\nport = 8080\n", "no server"),
        ("[frontend]\nport = x\n[http]\nserver1 = localhost:1\n", "port"),
        ("[frontend]\n\x1b[2J\n", "line 2"),
        ("upstream a { server b; }", "nothing listens on a port"),
        ("server { listen 80;\n location / { proxy_pass http://a } }", "line 2: 'proxy_pass' has no ;"),
        ("server {\n listen 80; location / { proxy_pass a; } }", "line 2: 'a' is no address"),
        ("frontend web\n bind :80\n default_backend app\n", "line 3: there is no backend 'app'"),
        ("listen web\n bind :80\n server a \"\x1b[2J\n", "line 3: a \" has no end"),
        ("listen web\n mode http\n bind :80\n server a \x1b[2J:80\n", "line 4"),
        // What our own configuration cannot have.
        ("listen web\n bind :80\n server a 10.0.0.1:80 weight 5000\n", "weight"),
    ] {
        let (status, printed, said) = import(text);
        assert_eq!((status, printed.as_str()), (Some(2), ""), "{text}: {said}");
        assert!(said.contains(part) && !said.contains('\x1b'), "{text}: {said}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_with_its_line() {
    let (status, printed, said) = import(b"listen a\n bind :80\n # f\xfcr alle\n server s 10.0.0.1:80\n");
    assert_eq!((status, printed.as_str()), (Some(2), ""));
    assert!(said.contains("line 3: it is not UTF-8: convert it, such as by iconv"), "{said}");
}

#[test]
fn each_shell_gets_completions_that_know_the_subcommands_and_nothing_hidden() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("strategy") && script.contains("import"), "{shell}");
        for hidden in ["supervise", "demo-backend", "--background", "l background"] {
            assert!(!script.contains(hidden), "{shell} offers {hidden}, which help does not");
        }
    }
    assert_eq!(run(&["completions", "csh"]).status.code(), Some(2));
}
