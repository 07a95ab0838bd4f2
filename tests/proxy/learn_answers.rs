//! Learned stickiness: which answers an id is learned from, whatever their form, and which end one.

use serde_json::json;
use std::collections::HashSet;

use crate::learn::{giving, goes, is_balanced, learn, over, three};
use crate::learn_sessions::status;
use crate::support::{After, Backend, Client, Config, request, response, until};

/// A session that begins with this request, by its cookie `sid`: the backend, and the value.
fn begin(client: &mut Client, begins: &[u8]) -> (u32, String) {
    let answer = client.exchange(begins);
    let cookies = answer.all("set-cookie");
    let value = |line: &String| Some(line.strip_prefix("sid=")?.split(';').next()?.to_owned());
    let value = cookies.iter().filter_map(value).find(|value| value.contains("copy")).expect("a session");
    (answer.backend().unwrap(), value)
}

fn with_sid(method: &str, value: &str) -> Vec<u8> {
    request(method, "/cart/3", &["Content-Length: 0", &format!("Cookie: sid={value}")])
}

#[test]
fn a_delete_of_something_else_leaves_the_session_with_its_backend() {
    let copies = three(|copy| giving(copy, &["Set-Cookie: sid=ID", "X-Session: ID"], ""));
    let balancer = over(&copies, learn(&json!(["cookie:sid", "header:X-Session"])));
    let mut client = balancer.client();
    for _ in 0..3 {
        let (copy, sid) = begin(&mut client, &request("GET", "/", &[]));
        assert_eq!(goes(&mut client, &with_sid("DELETE", &sid)), copy);
        let by_header = request("DELETE", "/cart/3", &["Content-Length: 0", &format!("X-Session: {sid}")]);
        assert_eq!(goes(&mut client, &by_header), copy);
    }
}

#[test]
fn a_delete_that_fails_ends_no_session() {
    for status in ["404 Not Found", "500 Internal Server Error"] {
        let copies = three(|copy| {
            Backend::start(move |call| {
                call.body();
                let status = if call.head.start.starts_with("DELETE") { status } else { "200 OK" };
                call.send(&response(status, &[&format!("Mcp-Session-Id: copy{copy}")], ""));
                After::Keep
            })
        });
        let balancer = over(&copies, learn(&json!("mcp")));
        let mut client = balancer.client();
        let copy = client.exchange(&request("POST", "/mcp", &["Content-Length: 0"])).backend().unwrap();
        let with_id = |method| request(method, "/mcp", &["Content-Length: 0", &format!("Mcp-Session-Id: copy{copy}")]);
        assert_eq!(goes(&mut client, &with_id("DELETE")), copy);
        assert_eq!(goes(&mut client, &with_id("POST")), copy, "after {status}");
    }
}

#[test]
fn of_several_cookies_of_one_name_each_is_learned_but_what_the_client_is_to_drop() {
    let copies = three(|copy| {
        let lines = &[
            "Set-Cookie: sid=; Path=/old; Max-Age=0",
            "Set-Cookie: sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/old",
            "Set-Cookie: sid=\"ID\"; Path=/",
            "Set-Cookie: sid=admin-ID; Path=/admin; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
        ];
        giving(copy, lines, "")
    });
    let balancer = over(&copies, learn(&json!("cookie:sid")));
    let mut client = balancer.client();
    let (copy, quoted) = begin(&mut client, &request("GET", "/", &[]));
    let plain = quoted.trim_matches('"').to_owned();
    assert_ne!(plain, quoted);
    let (both, unknown_first) = (format!("admin-{plain}; sid={quoted}"), format!("of-another-path; sid={plain}"));
    for value in [&quoted, &plain, &format!("admin-{plain}"), &both, &unknown_first] {
        assert_eq!(goes(&mut client, &with_sid("GET", value)), copy, "{value}");
    }
    is_balanced(&mut client, &with_sid("GET", "deleted"));
    is_balanced(&mut client, &with_sid("GET", ""));
}

#[test]
fn an_answer_without_a_body_or_in_an_older_version_is_learned_from() {
    let copies = three(|copy| {
        Backend::start(move |call| {
            call.body();
            let cookie = format!("Set-Cookie: sid=copy{copy}");
            match call.target.as_str() {
                "/304" => call.send(format!("HTTP/1.1 304 Not Modified\r\n{cookie}\r\n\r\n").as_bytes()),
                "/head" => call.send(format!("HTTP/1.1 200 OK\r\n{cookie}\r\nContent-Length: 5\r\n\r\n").as_bytes()),
                "/early" => {
                    let early = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: sid=early\r\nLink: </a>\r\n\r\n";
                    call.send(early.as_bytes());
                    call.send(&response("200 OK", &[&cookie], ""));
                }
                "/old" => {
                    call.send(format!("HTTP/1.0 200 OK\r\n{cookie}\r\n\r\nto its end").as_bytes());
                    return After::Close;
                }
                _ => call.send(&response("500 Internal Server Error", &[&cookie], "")),
            }
            After::Keep
        })
    });
    for (method, target) in [("GET", "/304"), ("HEAD", "/head"), ("GET", "/early"), ("GET", "/old"), ("GET", "/500")] {
        let balancer = over(&copies, learn(&json!("cookie:sid")));
        let mut client = balancer.client();
        client.send(&request(method, target, &[]));
        let answer = client.next_response(method).expect("an answer");
        let copy = answer.backend().unwrap();
        let mut client = balancer.client();
        assert_eq!(goes(&mut client, &with_sid("POST", &format!("copy{copy}"))), copy, "{method} {target}");
        is_balanced(&mut client, &with_sid("POST", "early"));
    }
}

#[test]
fn the_handshake_of_a_websocket_is_learned_from() {
    let copies = three(|copy| {
        Backend::start(move |call| {
            call.body();
            if call.head.get("upgrade").is_none() {
                call.send(&response("200 OK", &[], ""));
                return After::Keep;
            }
            let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: my-protocol/2\r\n";
            call.send(format!("{head}Set-Cookie: sid=copy{copy}\r\n\r\n").as_bytes());
            call.wait_for_close();
            After::Close
        })
    });
    let balancer = over(&copies, learn(&json!("cookie:sid")));
    let mut upgraded = balancer.client();
    upgraded.send(&request("GET", "/", &["Connection: upgrade", "Upgrade: my-protocol/2"]));
    let answer = upgraded.head().unwrap().unwrap();
    assert_eq!(answer.status, 101);
    let copy = answer.backend().unwrap();
    assert_eq!(goes(&mut balancer.client(), &with_sid("GET", &format!("copy{copy}"))), copy);
}

#[test]
fn an_answer_that_is_given_up_for_another_backends_teaches_nothing() {
    let copies = three(|copy| {
        Backend::start(move |call| {
            call.body();
            let status = if copy == 2 { "200 OK" } else { "503 Service Unavailable" };
            call.send(&response(status, &[&format!("Set-Cookie: sid=copy{copy}")], ""));
            After::Keep
        })
    });
    let config = Config::new(&copies.each_ref()).set("/sticky", learn(&json!("cookie:sid")));
    let balancer = config.set("/retry/on", json!(["connect", "no-response", 503])).start();
    let mut client = balancer.client();
    for _ in 0..3 {
        assert_eq!(client.exchange(&request("GET", "/", &[])).backend(), Some(2));
    }
    assert!(!copies[0].requests().is_empty(), "it was asked first");
    let learned: Vec<u64> = (0..3).map(|n| status(&balancer)["backends"][n]["sessions"].as_u64().unwrap()).collect();
    assert_eq!(learned, [0, 0, 1]);
}

#[test]
fn a_client_that_brings_anothers_id_goes_where_that_is() {
    let copies = three(|copy| giving(copy, &["Set-Cookie: sid=ID"], ""));
    let balancer = over(&copies, learn(&json!("cookie:sid")));
    let (copy, sid) = begin(&mut balancer.client(), &request("GET", "/", &[]));
    let backends: HashSet<u32> = (0..4).map(|_| goes(&mut balancer.client(), &with_sid("GET", &sid))).collect();
    assert_eq!(backends, HashSet::from([copy]));
}

#[test]
fn a_body_that_comes_late_is_served_without_its_id_and_loses_nothing() {
    let copies = three(|_| {
        Backend::start(|call| {
            if call.head.get("expect").is_some() {
                call.send(b"HTTP/1.1 100 Continue\r\n\r\n");
            }
            let length = call.body().bytes.len();
            call.send(&response("200 OK", &[], &length.to_string()));
            After::Keep
        })
    });
    let balancer = over(&copies, learn(&json!("gradio")));
    let mut client = balancer.client();
    let lines = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
    client.send(&request("POST", "/gradio_api/queue/join", &lines));
    client.send(b"5\r\n{\"ses\r\n");
    // The balancer has given up waiting for it once a backend has the request.
    until("a backend has it", || copies.iter().any(|copy| !copy.requests().is_empty()));
    client.send(b"f\r\nsion_hash\":\"a\"}\r\n0\r\n\r\n");
    assert_eq!(client.response().text(), "20");
    let mut expecting = balancer.client();
    let lines = ["Content-Type: application/json", "Content-Length: 20", "Expect: 100-continue"];
    expecting.send(&request("POST", "/gradio_api/queue/join", &lines));
    until("a backend has its head", || copies.iter().map(|copy| copy.requests().len()).sum::<usize>() == 2);
    expecting.send(br#"{"session_hash":"a"}"#);
    let answer = expecting.response();
    assert_eq!((answer.text().as_str(), &answer.interim[..]), ("20", &[100][..]));
}
