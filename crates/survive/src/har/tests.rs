//! Files as programs write them, and files that are none.

use std::io::{self, Read};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{End, Request};

fn har_of(entries: &[Value]) -> Vec<u8> {
    json!({"log": {"version": "1.2", "creator": {"name": "a test", "version": "1"}, "entries": entries}})
        .to_string()
        .into_bytes()
}

fn read_ok(file: &[u8]) -> Har {
    read(file, 1000).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(file: &[u8]) -> String {
    read(file, 1000).map(|har| format!("{har:?}")).expect_err("no HAR").to_string()
}

/// One GET of a page or of something else, answered with 200.
fn get(url: &str, kind: &str, second: u32) -> Value {
    json!({
        "startedDateTime": format!("2026-11-29T17:00:{second:02}.000Z"),
        "request": {"method": "GET", "url": url, "headers": [{"name": "Cookie", "value": "sid=1"}], "bodySize": 0},
        "response": {"status": 200, "headers": [], "content": {"mimeType": kind, "text": "x", "size": 1}},
    })
}

fn post(body: &Value, headers: &Value) -> Request {
    let file = har_of(&[json!({
        "request": {"method": "POST", "url": "http://localhost:3000/form", "headers": headers, "postData": body},
        "response": {"status": 204},
    })]);
    read_ok(&file).exchanges.remove(0).request
}

#[test]
fn a_long_poll_comes_after_the_request_that_releases_it() {
    let mut poll = get("http://localhost:3000/poll", "text/plain", 0);
    poll["time"] = json!(30_005.5);
    poll["timings"] = json!({"blocked": -1, "send": 0, "wait": 2500, "receive": 27_505});
    let har = read_ok(&har_of(&[poll, get("http://localhost:3000/said", "text/plain", 2)]));
    let told: Vec<_> =
        har.exchanges.iter().map(|one| (one.number, one.at.as_millis(), one.waited.as_millis())).collect();
    assert_eq!(told, [(2, 0, 0), (1, 500, 2500)]);
}

#[test]
fn what_chromium_writes_is_read() {
    let har = read_ok(include_bytes!("testdata/chromium.har"));
    assert_eq!(har.host, "localhost:3000");
    assert_eq!(har.other_hosts, [("cdn.example.com".to_owned(), 1)]);
    let targets: Vec<(u64, &str, &str)> = har
        .exchanges
        .iter()
        .map(|one| (one.number, one.request.method.as_str(), one.request.target.as_str()))
        .collect();
    let expected = [
        (1, "GET", "/login"),
        (3, "POST", "/login"),
        (4, "GET", "/?from=login"),
        (6, "GET", "/socket.io/?EIO=4&transport=websocket"),
    ];
    assert_eq!(targets, expected);
    let [page, login, home, socket] = har.exchanges.as_slice() else { panic!("{har:#?}") };
    assert!(page.request.fields.0.iter().all(|(name, _)| !name.starts_with(':') && name != "Accept-Encoding"));
    assert_eq!(
        page.answer.fields.named("set-cookie").collect::<Vec<_>>(),
        [&b"sid=abc; Path=/; HttpOnly"[..], b"theme=dark"]
    );
    assert_eq!(login.request.body, b"user=a&password=b%20c&_csrf=tok%2Ben");
    assert!(login.request.whole);
    assert_eq!((login.answer.status, login.answer.fields.text("location")), (302, Some("/?from=login")));
    assert_eq!(login.at, Duration::from_millis(1509));
    assert_eq!(home.answer.body, b"\x89PNG");
    assert_eq!(socket.request.fields.text("upgrade"), Some("websocket"));
    assert_eq!(socket.answer.status, 101);
    assert!(har.exchanges.iter().all(|one| one.connection == 0 && one.copy.is_none()));
    assert_eq!(
        har.left_out,
        ["1 request to data: is left out, as no server is asked", "1 request without an answer is left out"]
    );
}

#[test]
fn what_other_programs_write_is_read() {
    for file in [
        &include_bytes!("testdata/firefox.har")[..],
        include_bytes!("testdata/safari.har"),
        include_bytes!("testdata/charles.har"),
        include_bytes!("testdata/mitmproxy.har"),
        include_bytes!("testdata/playwright.har"),
    ] {
        let har = read_ok(file);
        let name = String::from_utf8_lossy(&file[..200]).into_owned();
        assert_eq!(har.host, "localhost:3000", "{name}");
        let [page, post, ..] = har.exchanges.as_slice() else { panic!("{name}: {har:#?}") };
        assert_eq!(
            (page.request.method.as_str(), page.request.path(), page.answer.status),
            ("GET", "/", 200),
            "{name}"
        );
        assert_eq!(page.request.fields.text("host"), Some("localhost:3000"), "{name}");
        assert_eq!(page.request.fields.text("cookie"), Some("sid=abc"), "{name}");
        assert!(page.answer.fields.text("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{name}");
        assert_eq!((post.request.method.as_str(), post.request.body.as_slice()), ("POST", &b"a=1&b=2"[..]), "{name}");
        assert!(post.request.whole, "{name}");
        assert!(post.at > page.at, "{name}");
        assert_eq!(har.left_out, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn requests_are_in_the_order_in_which_they_began() {
    let file = har_of(&[
        get("http://localhost/c", "text/html", 3),
        get("http://localhost/a", "text/html", 1),
        get("http://localhost/b", "text/html", 2),
    ]);
    let found: Vec<(u64, String, u64)> =
        read_ok(&file).exchanges.into_iter().map(|one| (one.number, one.request.target, one.at.as_secs())).collect();
    assert_eq!(found, [(2, "/a".to_owned(), 0), (3, "/b".to_owned(), 1), (1, "/c".to_owned(), 2)]);
}

#[test]
fn the_app_is_the_page_on_this_machine_or_the_first_page() {
    let page = "text/html; charset=utf-8";
    for (urls, host) in [
        (&[("http://cdn.example/a.js", "text/javascript"), ("http://app.example/", page)][..], "app.example"),
        (&[("https://idp.example/login", page), ("http://localhost:3000/", page)], "localhost:3000"),
        (&[("http://localhost:8097/", "text/javascript"), ("http://app.example/", page)], "app.example"),
        (&[("http://localhost:4000/api", "application/json"), ("http://localhost:3000/", page)], "localhost:3000"),
        (
            &[
                ("http://localhost:4000/api", "application/json"),
                ("http://localhost:4000/api", "application/json"),
                ("http://video.example/", page),
            ],
            "localhost:4000",
        ),
        // Only the first, and the first with a page, are remembered before it is known which is the app.
        (
            &[
                ("http://a.example/x", "application/json"),
                ("http://b.example/x", "application/json"),
                ("http://b.example/", page),
            ],
            "b.example",
        ),
        (&[("http://a.example/x", "application/json"), ("http://b.example/x", "application/json")], "a.example"),
    ] {
        let entries: Vec<Value> = urls.iter().map(|(url, kind)| get(url, kind, 1)).collect();
        let har = read_ok(&har_of(&entries));
        assert_eq!(har.host, host, "{urls:?}");
        let all = har.exchanges.len() + har.other_hosts.iter().map(|(_, count)| count).sum::<usize>();
        let before = har.left_out.iter().any(|one| one == "1 request to b.example before its first page is left out");
        assert_eq!(all + usize::from(before), urls.len(), "{urls:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_gives_what_came_before() {
    let entries: Vec<Value> = (0..5).map(|second| get("http://localhost:3000/", "text/html", second)).collect();
    let file = har_of(&entries);
    let text = String::from_utf8(file.clone()).expect("JSON is text");
    let fourth = text.match_indices("startedDateTime").nth(3).expect("a fourth").0;
    let har = read_ok(&file[..fourth + 100]);
    assert_eq!(
        (har.exchanges.len(), har.left_out.as_slice()),
        (3, &["the file is cut off after 3 requests".to_owned()][..])
    );
    let damaged = [&file[..fourth], b"\": \n%%%", &file[fourth..]].concat();
    let har = read_ok(&damaged);
    let left_out = ["the file is damaged after 3 requests, in line 2: what follows is left out".to_owned()];
    assert_eq!((har.exchanges.len(), har.left_out.as_slice()), (3, &left_out[..]));
    // Wherever it ends, it is one sentence or what came before.
    for end in 0..file.len() {
        match read(&file[..end], 1000) {
            Ok(har) => assert!(har.left_out[0].starts_with("the file is cut off after "), "{:?}", har.left_out),
            Err(error) => assert!(end <= fourth && !error.to_string().is_empty()),
        }
    }
}

#[test]
fn what_is_no_har_file_is_said_in_one_sentence() {
    for (file, words) in [
        (&b""[..], "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"<!doctype html><html></html>", "it begins with '<', as an HTML page does"),
        (b"\xff\xfe{\0}\0", "UTF-16: save it as UTF-8"),
        (b"\0{\0}", "UTF-16"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"PK\x03\x04", "ZIP archive"),
        (b"{}", "it has no \"entries\" in a \"log\""),
        (b"[]", "no JSON with a \"log\" of \"entries\""),
        (b"3", "no JSON with a \"log\" of \"entries\""),
        (b"hello", "no JSON with a \"log\" of \"entries\""),
        (b"{\"log\": 3}", "no JSON with a \"log\" of \"entries\""),
        (b"{\"log\": {}}", "it has no \"entries\" in a \"log\""),
        (b"{\"log\": {\"entries\": {}}}", "no JSON with a \"log\" of \"entries\""),
        (b"{\"log\": {\"entries\": []}}", "there is not one request in this HAR file"),
        (b"{\"log\": {\"ent", "cut off before its \"log\" has \"entries\""),
        (b"{\"log\": {\"entries\": [{\"request\"", "cut off before its first request"),
        (b"{\"log\": {\"entries\": [{\"request\" x", "damaged before its first request, in line 1"),
        (
            b"{\"log\": {\"entries\": [7]}}",
            "no request in this HAR file can be sent again: 1 request without an address",
        ),
    ] {
        let error = refused(file);
        assert!(error.contains(words), "{}: {error}", file.escape_ascii());
        assert!(!error.contains('\n'));
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let file = [&b"\xef\xbb\xbf"[..], &har_of(&[get("http://localhost/", "text/html", 1)])].concat();
    assert_eq!(read_ok(&file).exchanges.len(), 1);
}

#[test]
fn a_form_is_as_it_was_sent_or_not_whole() {
    let urlencoded = json!([{"name": "Content-Type", "value": "application/x-www-form-urlencoded"}]);
    let request = post(
        &json!({"mimeType": "", "params": [{"name": "a b", "value": "ä&"}, {"name": "c", "value": ""}]}),
        &urlencoded,
    );
    assert_eq!((request.body.as_slice(), request.whole), (&b"a+b=%C3%A4%26&c="[..], true));
    let multipart = json!([{"name": "content-type", "value": "multipart/form-data; boundary=XX"}]);
    let params = json!([
        {"name": "title", "value": "t"},
        {"name": "file", "fileName": "a.txt", "contentType": "text/plain", "value": "inside"},
    ]);
    let request = post(&json!({"mimeType": "multipart/form-data", "params": params}), &multipart);
    let body = "--XX\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nt\r\n--XX\r\nContent-Disposition: form-data; \
                name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\ninside\r\n--XX--\r\n";
    assert_eq!((String::from_utf8_lossy(&request.body).as_ref(), request.whole), (body, true));
    let nameless = json!([{"name": "file", "fileName": "a.png", "value": ""}]);
    assert!(!post(&json!({"params": nameless}), &multipart).whole, "what was in the file is not there");
    let shorter = json!([{"name": "content-type", "value": "multipart/form-data; boundary=XX"}, {"name": "content-length", "value": "5000"}]);
    assert!(!post(&json!({"text": "--XX\r\n"}), &shorter).whole, "the file's bytes are not in the text");
    assert!(
        !post(&json!({"params": params}), &json!([{"name": "content-type", "value": "multipart/form-data"}])).whole
    );
    assert!(!post(&json!(null), &json!([{"name": "Content-Length", "value": "12"}])).whole, "there was a body");
    assert!(post(&json!(null), &json!([])).whole);
    let base64 =
        post(&json!({"text": "AAEC/w==", "encoding": "base64"}), &json!([{"name": "Content-Length", "value": "4"}]));
    assert_eq!((base64.body.as_slice(), base64.whole), (&[0, 1, 2, 255][..], true));
}

#[test]
fn long_bodies_are_cut_and_missing_ones_are_said_to_be_longer() {
    let entry = |content: Value| {
        let mut entry = get("http://localhost/", "text/html", 1);
        entry["response"]["content"] = content;
        read_ok(&har_of(&[entry])).exchanges.remove(0).answer
    };
    let long = "é".repeat(3 << 20);
    let answer = entry(json!({"text": long, "size": long.len()}));
    assert_eq!((answer.body.len(), answer.end), (64 * 1024, End::Longer));
    let answer = entry(json!({"text": "QUJD".repeat(1 << 19), "encoding": "base64"}));
    assert_eq!((answer.body.len(), answer.end), (64 * 1024, End::Longer));
    assert!(answer.body.starts_with(b"ABCABC"));
    assert_eq!(entry(json!({"size": 17})).end, End::Longer);
    assert_eq!(entry(json!({"size": 0})).end, End::Whole);
    assert_eq!(entry(json!({"text": "QUI", "encoding": "base64"})).body, b"AB");
    let mut entry = get("http://localhost/", "text/html", 1);
    entry["request"]["postData"] = json!({"text": "a".repeat(2 << 20)});
    let request = read_ok(&har_of(&[entry])).exchanges.remove(0).request;
    assert!(!request.whole && request.body.len() <= 1 << 20);
}

#[test]
fn no_more_than_asked_for_are_kept_and_the_rest_is_counted() {
    let entries: Vec<Value> = (0..20).map(|second| get("http://localhost/", "text/html", second)).collect();
    let har = read(har_of(&entries).as_slice(), 7).expect("a HAR");
    assert_eq!(har.exchanges.len(), 7);
    assert_eq!(har.left_out, ["13 requests to localhost are left out: there are too many"]);
}

#[test]
fn a_file_without_cookies_says_what_browsers_leave_out() {
    let mut entry = get("http://localhost/", "text/html", 1);
    entry["request"]["headers"] = json!([]);
    let har = read_ok(&har_of(&[entry]));
    assert!(har.left_out[0].starts_with("there is not one cookie in this file"), "{:?}", har.left_out);
}

#[test]
fn cookies_in_several_fields_become_one() {
    let mut entry = get("http://localhost/", "text/html", 1);
    entry["request"]["headers"] = json!([
        {"name": "cookie", "value": "a=1"},
        {"name": "accept", "value": "*/*"},
        {"name": "cookie", "value": "b=2; c=3"},
    ]);
    let request = read_ok(&har_of(&[entry])).exchanges.remove(0).request;
    assert_eq!(request.fields.named("cookie").collect::<Vec<_>>(), [&b"a=1; b=2; c=3"[..]]);
}

#[test]
fn requests_are_led_to_another_server() {
    let mut entry = get("https://localhost:3000/", "text/html", 1);
    entry["request"]["headers"] = json!([
        {"name": "host", "value": "localhost:3000"},
        {"name": "Origin", "value": "https://localhost:3000"},
        {"name": "Referer", "value": "https://localhost:3000/a?b"},
        {"name": "x", "value": "localhost:3000"},
    ]);
    let mut elsewhere = get("https://localhost:3000/", "text/html", 1);
    elsewhere["request"]["headers"] = json!([{"name": "Origin", "value": "https://other.example"}]);
    let mut har = read_ok(&har_of(&[entry, elsewhere]));
    har.lead_to("http://127.0.0.1:8080");
    let fields = |one: usize, name: &str| har.exchanges[one].request.fields.text(name).map(str::to_owned);
    assert_eq!(fields(0, "host").as_deref(), Some("127.0.0.1:8080"));
    assert_eq!(fields(0, "origin").as_deref(), Some("http://127.0.0.1:8080"));
    assert_eq!(fields(0, "referer").as_deref(), Some("http://127.0.0.1:8080/a?b"));
    assert_eq!(fields(0, "x").as_deref(), Some("localhost:3000"));
    assert_eq!(fields(1, "origin").as_deref(), Some("https://other.example"));
    assert_eq!(fields(1, "host").as_deref(), Some("127.0.0.1:8080"));
}

#[test]
fn a_disk_that_fails_is_no_damaged_file() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.0 += 1;
            let begin = b"{\"log\": {\"entries\": [";
            match self.0 {
                1 => {
                    let length = into.len().min(begin.len());
                    into[..length].copy_from_slice(&begin[..length]);
                    Ok(length)
                }
                _ => Err(io::Error::other("the disk is gone")),
            }
        }
    }
    let error = read(Failing(0), 10).expect_err("it fails");
    assert!(matches!(&error, HarError::Read(_)) && error.to_string() == "the disk is gone", "{error:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(bytes.as_slice(), 10);
    }

    #[test]
    fn any_json_at_any_place_is_read_or_refused(place in 0..9usize, value in value()) {
        let mut entry = get("http://localhost/", "text/html", 1);
        let paths = ["", "/request", "/request/url", "/request/headers", "/request/headers/0/value", "/response", "/response/status",
            "/response/content", "/startedDateTime"];
        if let Some(there) = entry.pointer_mut(paths[place]) {
            *there = value;
        }
        let file = har_of(&[entry, get("http://localhost/b", "text/html", 2)]);
        let har = read(file.as_slice(), 10);
        let har = har.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(har.exchanges.iter().any(|one| one.request.target == "/b") || har.other_hosts.iter().any(|(host, _)| host == "localhost"));
    }
}

/// Any JSON.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        Just(json!("ws://localhost/x")),
        Just(json!({"name": "a", "value": 3, "text": null, "encoding": "base64"})),
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec(("[a-zA-Z]{1,8}", inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}
