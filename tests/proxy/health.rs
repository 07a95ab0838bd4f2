//! Active checks: expected responses, programs, WebSockets, and the load that a backend reports itself.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::backend::{answer_check, echo};
use crate::support::{self, After, Backend, Balancer, Call, Config, request, response, until};

/// A backend whose check gets these bytes, which the test may change.
fn checked_with(bytes: Vec<u8>) -> (Backend, Arc<Mutex<Vec<u8>>>) {
    let answer = Arc::new(Mutex::new(bytes));
    let now = Arc::clone(&answer);
    let check = move |call: &mut Call| {
        let bytes = now.lock().unwrap().clone();
        call.send(&bytes);
        After::Keep
    };
    (Backend::with_check(echo, check), answer)
}

fn json_answer(body: &str) -> Vec<u8> {
    response("200 OK", &["Content-Type: application/json"], body)
}

fn often(backends: &[&Backend]) -> Config {
    Config::new(backends).set("/health/interval", json!(100))
}

#[test]
fn an_answer_must_have_the_expected_status_text_and_values() {
    let good = r#"{"status": "up", "db": {"ready": true}}"#;
    let (backend, answer) = checked_with(response("401 Unauthorized", &[], good));
    let expect = json!({"status": "400-404", "body": "ready", "json": {"/status": "up", "/db/ready": true}});
    let balancer = often(&[&backend]).set("/health/expect", expect).start();
    assert_eq!(balancer.get("/").status, 200);
    for (status, body, reason) in [
        ("200 OK", good, "check failed: GET /health 200"),
        ("401 No", r#"{"status": "up"}"#, "check failed: GET /health 401: body lacks \"ready\""),
        ("401 No", r#"{"status": "ready"}"#, "check failed: GET /health 401: /status is \"ready\", not \"up\""),
        ("401 No", "ready", "check failed: GET /health 401: body is no JSON"),
    ] {
        *answer.lock().unwrap() = response(status, &[], body);
        balancer.line(reason);
        *answer.lock().unwrap() = response("401 Unauthorized", &[], good);
        until("it is back", || balancer.backend(0)["state"] == "UP");
    }
}

#[test]
fn a_server_on_this_machine_is_checked_more_often_than_one_elsewhere_unless_the_file_says_how_often() {
    let backend = Backend::echoing();
    // Nobody is there, which needs no answer in time: the check of it is given up at once.
    let elsewhere = json!({"id": 1, "url": "http://192.0.2.1:9", "healthTimeout": 1});
    let of = |interval: Option<Value>| {
        let here = json!({"id": 0, "url": format!("http://127.0.0.1:{}", backend.port)});
        let health = interval.map_or(json!({}), |interval| json!({"interval": interval}));
        let config = Config::of(json!({"port": 0, "health": health, "backends": [here, elsewhere.clone()]}));
        let page = config.start().health();
        [0, 1].map(|index| page["backends"][index]["checkInterval"].as_u64().unwrap())
    };
    assert_eq!(of(None), [2_000, 10_000]);
    assert_eq!(of(Some(Value::Null)), [2_000, 10_000]);
    assert_eq!(of(Some(json!(10_000))), [10_000, 10_000]);
}

#[test]
fn websocket_reverse_proxy_health_check_is_its_status_in_json() {
    let (backend, answer) = checked_with(json_answer(r#"{"status":200}"#));
    let balancer = often(&[&backend]).set("/health/expect", json!({"json": {"/status": 200}})).start();
    assert_eq!(balancer.get("/").status, 200);
    *answer.lock().unwrap() = json_answer(r#"{"status":500}"#);
    balancer.line("check failed: GET /health 200: /status is 500, not 200");
    assert_eq!(balancer.get("/").status, 503);
}

#[test]
fn an_endless_answer_is_read_no_further_than_it_is_looked_at() {
    let endless = |call: &mut Call| {
        call.send(b"HTTP/1.1 200 OK\r\n\r\n{\"status\":200,\"x\":\"");
        let mut sent = 0;
        while call.wire.write(&[b'x'; 8192]).is_ok() && sent < 64 << 20 {
            sent += 8192;
        }
        assert!(sent < 64 << 20, "64 MB of a check's answer were read");
        After::Close
    };
    let (by_text, by_value) = (Backend::with_check(echo, endless), Backend::with_check(echo, endless));
    let balancer = Config::new(&[&by_text, &by_value])
        .set("/backends/0/healthExpect", json!({"body": "\"status\":200"}))
        .set("/backends/1/healthExpect", json!({"json": {"/status": 200}}))
        .start();
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.backend(1)["lastError"], "GET /health 200: its JSON is longer than 65536 bytes");
}

#[test]
fn each_backend_lays_its_own_check_over_the_common_one() {
    let own = Backend::start(|call| {
        let good = call.head.start.starts_with("HEAD /own ") && call.head.get("x-key").as_deref() == Some("k");
        call.send(if good {
            b"HTTP/1.1 204 No Content\r\n\r\n"
        } else {
            b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
        });
        After::Keep
    });
    let common = Backend::echoing();
    let balancer = Config::new(&[&own, &common])
        .set("/backends/0/healthPath", json!("/own"))
        .set("/backends/0/healthMethod", json!("HEAD"))
        .set("/backends/0/healthHeaders", json!({"X-Key": "k"}))
        .set("/backends/0/healthExpect", json!({"status": [204]}))
        .start();
    assert_eq!(
        (balancer.backend(0)["state"].clone(), balancer.backend(1)["state"].clone()),
        (json!("UP"), json!("UP"))
    );
    assert_eq!(common.checks(), 1);
}

#[test]
fn a_check_is_one_plain_request_with_the_configured_fields_over_its_own() {
    let backend = Backend::echoing();
    Config::new(&[&backend])
        .set("/backends/0/url", json!(format!("http://localhost:{}/base", backend.port)))
        .set("/health/path", json!("/ready?deep=1"))
        .set("/health/headers", json!({"user-agent": "prober", "X-Key": "k"}))
        .start();
    let seen = String::from_utf8(backend.all_bytes()).unwrap();
    let host = format!("localhost:{}", backend.port);
    assert_eq!(
        seen,
        format!(
            "GET /base/ready?deep=1 HTTP/1.1\r\nHost: {host}\r\nUser-Agent: prober\r\nConnection: close\r\nx-key: k\r\n\r\n"
        )
    );
}

#[test]
fn a_check_that_asks_to_switch_may_be_answered_with_101() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";
    let (asked, _) = checked_with(switch.to_vec());
    let (unasked, _) = checked_with(switch.to_vec());
    let balancer = Config::new(&[&asked, &unasked])
        .set("/health/expect", json!({"status": [101]}))
        .set("/backends/0/healthHeaders", json!({"Connection": "upgrade", "Upgrade": "chat"}))
        .start();
    assert_eq!(balancer.backend(0)["state"], "UP");
    let reason = balancer.backend(1)["lastError"].as_str().unwrap().to_owned();
    assert!(reason.ends_with(": it switches to a protocol nobody asked for"), "{reason}");
}

/// A WebSocket check: the handshake this backend completes, or any response to it.
fn socket_check(call: &mut Call) -> After {
    match call.head.get("sec-websocket-key") {
        Some(key) => call.send(
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                derive_accept_key(key.as_bytes())
            )
            .as_bytes(),
        ),
        None => call.send(&response("400 Bad Request", &[], "a WebSocket, please")),
    }
    call.wait_for_close();
    After::Close
}

#[test]
fn a_websocket_check_passes_with_a_handshake_and_with_nothing_else() {
    let socket = Backend::with_check(echo, socket_check);
    let plain = Backend::echoing();
    let (liar, _) = checked_with(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
            .to_vec(),
    );
    let balancer = Config::new(&[&socket, &plain, &liar]).set("/health/algorithm", json!("websocket")).start();
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.backend(1)["lastError"], "WebSocket /health 200");
    let lie = balancer.backend(2)["lastError"].as_str().unwrap().to_owned();
    assert!(lie.starts_with("no WebSocket handshake: "), "{lie}");
}

#[test]
fn a_backend_drains_and_takes_itself_out_by_its_agent() {
    let (backend, answer) = checked_with(response("200 OK", &["x-lb-state: ready"], ""));
    let other = Backend::echoing();
    let balancer = often(&[&backend, &other]).set("/health/agent", json!(true)).start();
    let sticky = request("GET", "/", &["Cookie: X-Backend-ID=0"]);
    *answer.lock().unwrap() = response("200 OK", &["x-lb-state: drain"], "");
    balancer.line("UP -> DRAIN: it asks to be drained");
    assert_eq!(balancer.exchange(&sticky).backend(), Some(0), "it keeps its clients");
    assert_eq!([(); 4].map(|()| balancer.get("/").backend()), [Some(1); 4], "it gets no new ones");
    // Its report counts even if its check fails.
    *answer.lock().unwrap() = response("503 Busy", &["x-lb-state: maint"], "");
    balancer.line("-> MAINT: it asks to be taken out");
    assert_eq!(balancer.exchange(&sticky).backend(), Some(1));
    // A new version of it, without an agent, is ready.
    *answer.lock().unwrap() = response("200 OK", &[], "");
    until("it is back", || balancer.backend(0)["state"] == "UP");
    assert_eq!(balancer.exchange(&sticky).backend(), Some(0));
}

#[test]
fn the_weight_in_force_follows_what_a_backend_reports() {
    let (backend, answer) = checked_with(response("200 OK", &["x-lb-weight: 50", "x-lb-load: 0.5"], ""));
    let other = Backend::echoing();
    let balancer = often(&[&backend, &other]).set("/health/agent", json!(true)).start();
    let share = |of: usize| (0..of).filter(|_| balancer.get("/").backend() == Some(0)).count();
    balancer.line("check passed: GET /health 200; weight 25 %");
    assert_eq!(share(20), 4, "a quarter against a whole");
    *answer.lock().unwrap() = response("200 OK", &[], "");
    let checks = backend.checks();
    until("more checks", || backend.checks() >= checks + 2);
    assert_eq!(share(20), 10);
}

#[test]
fn an_agents_nonsense_is_named_and_changes_nothing() {
    let hostile = ["x-lb-weight: 99999999999999999999", "x-lb-load: NaN", "x-lb-state: \x1b]0;owned\x07"];
    let (backend, _) = checked_with(response("200 OK", &hostile[..2], ""));
    let (worse, _) = checked_with(response("200 OK", &hostile, ""));
    let balancer = often(&[&backend, &worse]).set("/health/agent", json!(true)).start();
    balancer.line("check passed: GET /health 200; x-lb-weight is not 1 to 100; x-lb-load is not 0.0 to 1.0");
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.get("/").status, 200);
    assert!(!balancer.lines().iter().any(|line| line.contains('\x1b')));
}

#[cfg(unix)]
mod by_command {
    use super::*;

    /// Runs this shell script as the check of the first backend, beside a second one with an ordinary check.
    fn checked_by(script: &str, timeout: u64) -> (Balancer, [Backend; 2]) {
        let backends = [Backend::echoing(), Backend::with_check(echo, answer_check)];
        let balancer = often(&[&backends[0], &backends[1]])
            .set("/backends/0/healthCommand", json!(["/bin/sh", "-c", script]))
            .set("/backends/0/healthTimeout", json!(timeout))
            .start();
        (balancer, backends)
    }

    fn error_of(balancer: &Balancer) -> Value {
        assert_eq!(balancer.get("/").backend(), Some(1), "the other one serves");
        balancer.backend(0)["lastError"].clone()
    }

    #[test]
    fn a_program_decides_by_its_exit_status_and_is_told_whom_to_check() {
        let script = r#"[ "$STICKYLB_BACKEND_ID $STICKYLB_BACKEND_NAME" = "0 b0" ] || exit 3
            case "$STICKYLB_BACKEND_URL" in http://localhost:*) exit 0;; *) exit 4;; esac"#;
        let (balancer, [backend, _]) = checked_by(script, 20_000);
        balancer.line("b0: STARTING -> UP: check passed: exit 0");
        assert_eq!(backend.checks(), 0, "it is not asked besides");
        assert_eq!(balancer.backend(0)["healthCheck"]["hasCustomFunction"], true);
        assert_eq!(balancer.backend(1)["healthCheck"]["hasCustomFunction"], false);
    }

    #[test]
    fn the_first_line_of_what_it_complains_of_is_the_reason() {
        let script = r"echo; printf 'no \033[2Jdatabase\nand more\n' >&2; echo screen; exit 7";
        let (balancer, _backends) = checked_by(script, 20_000);
        assert_eq!(error_of(&balancer), "exit 7: no \\x1b[2Jdatabase");
        assert!(!balancer.lines().iter().any(|line| line == "screen"), "its output is nobody's");
    }

    #[test]
    fn a_program_that_hangs_is_killed_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 1000 & echo $! > {}; wait", file.display());
        let (balancer, _backends) = checked_by(&script, 1_000);
        assert_eq!(error_of(&balancer), "/bin/sh did not end within 1000 ms");
        // A later check may say it, if a busy machine was too slow for the first one.
        let told = || std::fs::read_to_string(&file).ok()?.trim().parse().ok();
        let pid: i32 = support::until_some("a check tells its child", told);
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        // Killed, or at most a zombie.
        until("its child is dead", || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
            rustix::process::test_kill_process(pid).is_err() || stat.contains(") Z ")
        });
    }

    #[test]
    fn what_it_leaves_behind_ends_with_it_and_holds_nothing_up() {
        let (balancer, _backends) = checked_by("sleep 1000 >&2 & exit 0", 20_000);
        balancer.line("b0: STARTING -> UP: check passed: exit 0");
    }

    #[test]
    fn a_program_that_floods_is_ended_and_named() {
        let (balancer, _backends) = checked_by("while :; do echo flood >&2; done", 20_000);
        assert_eq!(error_of(&balancer), "/bin/sh wrote more than 65536 bytes to stderr");
        let (balancer, _backends) = checked_by("while :; do echo flood; done", 500);
        assert_eq!(error_of(&balancer), "/bin/sh did not end within 500 ms");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let backends = [Backend::echoing(), Backend::echoing()];
        let balancer =
            often(&[&backends[0], &backends[1]]).set("/backends/0/healthCommand", json!(["/no/such/check"])).start();
        let error = error_of(&balancer);
        assert!(error.as_str().unwrap().starts_with("cannot run /no/such/check: No such file"), "{error}");
    }
}
