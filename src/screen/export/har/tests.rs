//! What an archive holds.

use super::*;
use crate::screen::glyphs::Glyphs;
use crate::screen::theme::Colors;
use std::time::Duration;
use stickylb::api::{Decision, Identity, Strategy};

const NUMBER: RequestNumber = RequestNumber::new(7);

fn hiding() -> Hiding {
    Hiding { sticky: Vec::new(), theme: Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark } }
}

fn held(body: &[u8], answer: &str) -> Vec<(Arc<Event>, Box<Heads>)> {
    let here = ([127, 0, 0, 1], 3001).into();
    let mut heads = Heads::new(NUMBER, here, here);
    heads.url = "http://localhost:3001".into();
    let request = "POST /login?a=1&token=hunter2&b HTTP/1.1\r\nHost: shop.test\r\nCookie: s=hunter2; t\r\n\
        Content-Type: application/json\r\nAuthorization: Bearer hunter2\r\n\r\n";
    heads.request.set(request.as_bytes());
    heads.request_body = Some(Body::new(body.to_vec(), body.len() as u64, true));
    heads
        .passed
        .set(format!("HTTP/1.1 201 Made it\r\nSet-Cookie: id=hunter2; Path=/a; HttpOnly\r\n{answer}\r\n").as_bytes());
    heads.answer_body = Some(Body::new(vec![0, 159], 1 << 20, true));
    let mut event = RequestEvent::sample(Decision::new(Strategy::RoundRobin));
    event.number = Some(NUMBER);
    event.status = 201;
    event.took = Duration::from_micros(9_500);
    event.phases.queue = 1_000;
    event.phases.connect = Some(2_000);
    event.phases.first_byte = Some(3_000);
    event.phases.last_byte = Some(2_500);
    event.to = Some(Arc::new(Identity::new(1, "alpha", "http://localhost:4001")));
    vec![(Arc::new(Event::Request(event)), Box::new(heads))]
}

fn archive(open: Option<RequestNumber>) -> Value {
    let text = har(&held(br#"{"user":"bob","password":"hunter2"}"#, ""), open, &hiding());
    serde_json::from_str(&text).expect("JSON")
}

type Demanded<'d> = (&'d str, fn(&Value) -> bool);

/// What HAR 1.2 demands of an object: the names that must be there, and the kind of each value.
#[track_caller]
fn has(value: &Value, fields: &[Demanded<'_>]) {
    for (name, is_good) in fields {
        assert!(value.get(name).is_some_and(is_good), "{name} in {value}");
    }
}

#[test]
fn every_field_that_har_demands_is_there_and_of_its_kind() {
    let archive = archive(None);
    let log = &archive["log"];
    has(log, &[("version", Value::is_string), ("creator", Value::is_object), ("entries", Value::is_array)]);
    has(&log["creator"], &[("name", Value::is_string), ("version", Value::is_string)]);
    let entry = &log["entries"][0];
    has(
        entry,
        &[
            ("startedDateTime", Value::is_string),
            ("time", Value::is_number),
            ("request", Value::is_object),
            ("response", Value::is_object),
            ("cache", Value::is_object),
            ("timings", Value::is_object),
        ],
    );
    let both: [Demanded<'_>; 5] = [
        ("httpVersion", Value::is_string),
        ("cookies", Value::is_array),
        ("headers", Value::is_array),
        ("headersSize", Value::is_i64),
        ("bodySize", Value::is_u64),
    ];
    has(&entry["request"], &both);
    has(&entry["response"], &both);
    has(
        &entry["request"],
        &[("method", Value::is_string), ("url", Value::is_string), ("queryString", Value::is_array)],
    );
    has(
        &entry["response"],
        &[
            ("status", Value::is_u64),
            ("statusText", Value::is_string),
            ("content", Value::is_object),
            ("redirectURL", Value::is_string),
        ],
    );
    has(&entry["response"]["content"], &[("size", Value::is_u64), ("mimeType", Value::is_string)]);
    has(&entry["request"]["postData"], &[("mimeType", Value::is_string), ("text", Value::is_string)]);
    has(&entry["timings"], &[("send", Value::is_number), ("wait", Value::is_number), ("receive", Value::is_number)]);
    for list in ["headers", "cookies", "queryString"] {
        for pair in entry["request"][list].as_array().expect("a list") {
            has(pair, &[("name", Value::is_string), ("value", Value::is_string)]);
        }
    }
    let own = entry.as_object().expect("an object").keys().filter(|name| name.starts_with('_'));
    assert_eq!(own.collect::<Vec<_>>(), ["_number", "_client", "_decision", "_ended", "_backend", "_backendUrl"]);
}

#[test]
fn a_request_that_came_by_https_has_an_https_url() {
    let mut held = held(b"", "");
    held[0].1.url = "https://localhost:3001".into();
    let archive: Value = serde_json::from_str(&har(&held, None, &hiding())).expect("JSON");
    assert_eq!(archive["log"]["entries"][0]["request"]["url"], "https://shop.test/login?a=1&token=hidden&b");
}

#[test]
fn its_values_are_those_of_the_request() {
    let archive = archive(None);
    let entry = &archive["log"]["entries"][0];
    assert_eq!(entry["request"]["url"], "http://shop.test/login?a=1&token=hidden&b");
    assert_eq!(entry["request"]["method"], "POST");
    assert_eq!((&entry["response"]["status"], &entry["response"]["statusText"]), (&json!(201), &json!("Made it")));
    assert_eq!(entry["response"]["cookies"][0]["path"], "/a");
    assert_eq!(entry["response"]["cookies"][0]["httpOnly"], true);
    let content = &entry["response"]["content"];
    assert_eq!((&content["encoding"], &content["text"]), (&json!("base64"), &json!("AJ8=")));
    assert_eq!(content["comment"], "first 2 bytes of 1 MB");
    assert_eq!(entry["_backend"], "alpha");
    let timings = entry["timings"].as_object().expect("an object");
    let sum: f64 = timings.values().filter_map(Value::as_f64).filter(|part| *part > 0.0).sum();
    assert!((sum - entry["time"].as_f64().expect("a number")).abs() < 1e-6, "{entry}");
    assert_eq!(timings["blocked"], 2.0, "what is left of the time was lost before");
}

#[test]
fn secrets_are_hidden_but_for_the_request_whose_secrets_are_shown() {
    assert!(!archive(None).to_string().contains("hunter2"));
    assert!(!archive(Some(RequestNumber::new(8))).to_string().contains("hunter2"));
    assert_eq!(archive(Some(NUMBER)).to_string().matches("hunter2").count(), 8);
}

#[test]
fn a_secret_in_a_body_that_is_no_text_is_hidden_too() {
    let text = har(&held(b"\xff{\"password\":\"hunter2\"}", ""), None, &hiding());
    let archive: Value = serde_json::from_str(&text).expect("JSON");
    let data = &archive["log"]["entries"][0]["request"]["postData"];
    assert_eq!(data["_encoding"], "base64");
    let bytes = STANDARD.decode(data["text"].as_str().expect("text")).expect("base64");
    assert!(bytes.starts_with(b"\xff{") && !bytes.windows(7).any(|bytes| bytes == b"hunter2"));
}

#[test]
fn a_secret_in_the_value_of_any_header_stands_in_no_archive() {
    let answer =
        "Location: /cb?a=1&access_token=hunter2\r\nReferer: http://a/?token=hunter2\r\nX-Next: a%3Ftoken%3Dhunter2\r\n";
    let text = har(&held(b"", answer), None, &hiding());
    assert!(!text.contains("hunter2"), "{text}");
    let archive: Value = serde_json::from_str(&text).expect("JSON");
    let response = &archive["log"]["entries"][0]["response"];
    assert_eq!(response["redirectURL"], "/cb?a=1&access_token=hidden");
    let fields = response["headers"].as_array().expect("a list");
    assert!(fields.contains(&json!({"name": "Location", "value": "/cb?a=1&access_token=hidden"})), "{response}");
    assert!(har(&held(b"", answer), Some(NUMBER), &hiding()).contains("access_token=hunter2"));
}

#[test]
fn a_body_in_a_coding_in_which_nothing_can_be_hidden_is_left_out_and_why_is_said() {
    let content = |open| {
        let text = har(&held(b"", "Content-Encoding: br\r\n"), open, &hiding());
        let archive: Value = serde_json::from_str(&text).expect("JSON");
        archive["log"]["entries"][0]["response"]["content"].clone()
    };
    let hidden = content(None);
    assert_eq!((hidden.get("text"), hidden.get("encoding"), &hidden["_coding"]), (None, None, &json!("br")));
    let why = "first 2 bytes of 1 MB; left out, because secrets in it cannot be hidden: it is br";
    assert_eq!(hidden["comment"], why);
    let shown = content(Some(NUMBER));
    assert_eq!((&shown["text"], &shown["comment"]), (&json!("AJ8="), &json!("first 2 bytes of 1 MB")));
}
