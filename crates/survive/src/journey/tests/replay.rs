//! What a request of a new run carries.

use proptest::prelude::*;

use super::super::{Journey, journeys};
use super::answer;
use crate::{Answer, Exchange, Fields, Request};

pub(super) fn request(method: &str, target: &str, fields: &[(&str, &str)], body: &str) -> Request {
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        fields: Fields(fields),
        body: body.as_bytes().to_vec(),
        whole: true,
    }
}

pub(super) fn journey(recorded: Vec<(Request, Answer)>) -> Journey {
    let exchanges: Vec<Exchange> = recorded
        .into_iter()
        .enumerate()
        .map(|(at, (request, answer))| Exchange {
            number: at as u64 + 1,
            connection: 1,
            request,
            answer,
            ..Exchange::default()
        })
        .collect();
    journeys(&exchanges).kept.remove(0)
}

fn get(target: &str, fields: &[(&str, &str)]) -> Request {
    request("GET", target, fields, "")
}

fn json(body: &str) -> Answer {
    answer(200, &[("Content-Type", "application/json")], body)
}

/// The request after an answer that gave `old` in the recording and `new` in the new run.
fn after(old: &Answer, new: Answer, asked: Request) -> Request {
    journey(vec![(get("/", &[]), old.clone()), (asked, Answer::default())]).request(1, &[Some(new)])
}

#[test]
fn ids_of_the_new_run_stand_where_the_recorded_ones_did() {
    let html =
        |token: &str| answer(200, &[("Content-Type", "text/html")], &format!("<input name=_csrf value='{token}'>"));
    let location = |id: &str| answer(201, &[("Location", &format!("http://localhost:1/files/{id}?key=k-{id}"))], "");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let parts = [("Content-Type", "multipart/form-data; boundary=B")];
    let multipart = |id: &str| format!("--B\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\n{id}\r\n--B--\r\n");
    let script =
        |id: &str| answer(200, &[("Content-Type", "text/html")], &format!("<script>window.t = \"{id}\";</script>"));
    for (old, new, recorded, sent) in [
        (
            html("tok&amp;en+1"),
            html("new&amp;en/2"),
            request("POST", "/", &form, "a=b&_csrf=tok%26en%2B1&c"),
            request("POST", "/", &form, "a=b&_csrf=new%26en%2F2&c"),
        ),
        (
            html("token-01"),
            html("token-02"),
            request("POST", "/", &parts, &multipart("token-01")),
            request("POST", "/", &parts, &multipart("token-02")),
        ),
        (
            location("abcd-1234"),
            location("efgh-5678"),
            get("/files/abcd-1234.png?key=k-abcd-1234", &[]),
            get("/files/efgh-5678.png?key=k-efgh-5678", &[]),
        ),
        (
            json(r#"{"a":{"id":"abcd\"1234"}}"#),
            json(r#"{"a":{"id":"x\"y"}}"#),
            request("PUT", "/", &[], r#"{"x": "abcd\"1234"}"#),
            request("PUT", "/", &[], r#"{"x": "x\"y"}"#),
        ),
        (
            json(r#"{"n":12345678}"#),
            json(r#"{"n":87654321}"#),
            request("PUT", "/", &[], "[1, 12345678]"),
            request("PUT", "/", &[], "[1, 87654321]"),
        ),
        (
            json(r#"{"t":"aaaa1111"}"#),
            json(r#"{"t":"bbbb2222"}"#),
            get("/", &[("Authorization", "Bearer aaaa1111")]),
            get("/", &[("Authorization", "Bearer bbbb2222")]),
        ),
        (
            json(r#"{"t":"aaaa1111"}"#),
            json(r#"{"t":"bbbb2222"}"#),
            get("/", &[("Cookie", "x=1; t=aaaa1111")]),
            get("/", &[("Cookie", "x=1; t=bbbb2222")]),
        ),
        (
            json(r#"{"t":"aaaa1111"}"#),
            json(r#"{"t":"bbbb2222"}"#),
            get("/", &[("Referer", "http://h/aaaa1111?x")]),
            get("/", &[("Referer", "http://h/bbbb2222?x")]),
        ),
        (script("aaaa1111"), script("bbbb2222"), get("/?t=aaaa1111", &[]), get("/?t=bbbb2222", &[])),
        (
            answer(200, &[("X-CSRF-Token", "aaaa1111")], ""),
            answer(200, &[("x-csrf-token", "bbbb2222")], ""),
            get("/", &[("X-CSRF-Token", "aaaa1111")]),
            get("/", &[("X-CSRF-Token", "bbbb2222")]),
        ),
        (
            answer(200, &[], "0{\"sid\":\"aaaa1111\"}"),
            answer(200, &[], "0{\"sid\":\"bbbb2222\"}"),
            get("/?sid=aaaa1111", &[]),
            get("/?sid=bbbb2222", &[]),
        ),
        (
            answer(200, &[], "event: endpoint\ndata: /messages?sessionId=aaaa1111\n\n"),
            answer(200, &[], "event: endpoint\ndata: /messages?sessionId=bbbb2222\n\n"),
            get("/messages?sessionId=aaaa1111", &[]),
            get("/messages?sessionId=bbbb2222", &[]),
        ),
        (
            answer(200, &[("Set-Cookie", "XSRF-TOKEN=aaaa1111%3D")], ""),
            answer(200, &[("Set-Cookie", "XSRF-TOKEN=bbbb2222%3D")], ""),
            get("/", &[("X-XSRF-TOKEN", "aaaa1111=")]),
            get("/", &[("X-XSRF-TOKEN", "bbbb2222=")]),
        ),
    ] {
        assert_eq!(after(&old, new, recorded.clone()), sent, "{recorded:?}");
    }
}

#[test]
fn of_several_ids_in_text_the_one_at_the_same_place_is_taken() {
    let script = |ids: [&str; 3]| {
        let body = ids.map(|id| format!("load({{id:'{id}'}});\n")).concat();
        answer(200, &[("Content-Type", "text/html")], &format!("<script>{body}</script>"))
    };
    let (old, new) = (script(["aaaa1111", "bbbb1111", "cccc1111"]), script(["aaaa2222", "bbbb2222", "cccc2222"]));
    assert_eq!(after(&old, new, get("/load/bbbb1111", &[])).target, "/load/bbbb2222");
}

#[test]
fn a_short_id_is_followed_only_behind_the_path_that_made_it() {
    let make = request("POST", "/items", &[], "{}");
    let recorded = vec![
        (make.clone(), json(r#"{"id":5,"n":6}"#)),
        (get("/items/5/edit", &[]), Answer::default()),
        (get("/other/5", &[]), Answer::default()),
        (get("/items/6", &[]), Answer::default()),
    ];
    let journey = journey(recorded);
    let new = [Some(json(r#"{"id":9,"n":7}"#))];
    let targets: Vec<String> = (1..4).map(|step| journey.request(step, &new).target).collect();
    assert_eq!(targets, ["/items/9/edit", "/other/5", "/items/6"]);
}

#[test]
fn data_that_stays_is_asked_for_again_in_whatever_order_it_comes() {
    let (old, new) = (json(r#"["blue-shoes","grey-shoes"]"#), json(r#"["grey-shoes","blue-shoes"]"#));
    assert_eq!(after(&old, new, get("/p/blue-shoes", &[])).target, "/p/blue-shoes");
    let gone = json(r#"{"error":"busy"}"#);
    assert_eq!(after(&old, gone, get("/p/blue-shoes", &[])).target, "/p/blue-shoes", "nothing is there instead");
}

#[test]
fn what_a_client_made_itself_stays_though_answers_repeat_it() {
    let (ask, echo) = (get("/?session_hash=client-made-1", &[]), json(r#"{"hash":"client-made-1"}"#));
    let journey = journey(vec![(ask.clone(), echo), (ask.clone(), Answer::default())]);
    assert_eq!(journey.request(1, &[Some(json(r#"{"hash":"something-else"}"#))]).target, ask.target);
}

#[test]
fn the_jar_follows_what_the_new_run_sets_replaces_and_deletes() {
    let with = |cookie: &str| get("/", &[("Cookie", cookie)]);
    let set = |cookie: &str| answer(200, &[("Set-Cookie", cookie)], "");
    let plain = || answer(200, &[], "");
    let journey = journey(vec![
        (get("/", &[]), set("sid=old-1")),
        (with("sid=old-1; theme=dark"), set("sid=old-2")),
        (with("sid=old-2; theme=dark"), plain()),
        (with("theme=dark; sid=old-2"), plain()),
    ]);
    let jar = |step: usize, so_far: &[Answer]| {
        let so_far: Vec<_> = so_far.iter().cloned().map(Some).collect();
        journey.request(step, &so_far).fields.text("cookie").map(str::to_owned)
    };
    let first = set("sid=new-1");
    assert_eq!(
        jar(1, std::slice::from_ref(&first)).as_deref(),
        Some("sid=new-1; theme=dark"),
        "theme is as it was before"
    );
    let second = set("sid=new-2; Path=/");
    assert_eq!(jar(2, &[first.clone(), second.clone()]).as_deref(), Some("sid=new-2; theme=dark"));
    assert_eq!(jar(2, &[first.clone(), plain()]).as_deref(), Some("sid=new-1; theme=dark"), "it keeps what it has");
    let anew = set("sid=new-3");
    assert_eq!(jar(3, &[first.clone(), second.clone(), anew]).as_deref(), Some("theme=dark; sid=new-3"));
    let deleted = set("sid=; Max-Age=0");
    assert_eq!(jar(3, &[first.clone(), second.clone(), deleted.clone()]).as_deref(), Some("theme=dark"));
    assert_eq!(jar(2, &[first, deleted]).as_deref(), Some("theme=dark"));
    assert_eq!(journey.request(2, &[None, None]).fields.text("cookie"), Some("sid=old-2; theme=dark"));
}

#[test]
fn clients_behind_one_connection_keep_their_cookies_apart() {
    let with = |cookie: &str| get("/", &[("Cookie", cookie)]);
    let set = |cookie: &str| answer(200, &[("Set-Cookie", cookie)], "");
    let journey = journey(vec![
        (get("/a", &[]), set("sid=alice-old")),
        (get("/b", &[]), set("sid=bobby-old")),
        (with("sid=alice-old"), Answer::default()),
        (with("sid=bobby-old"), Answer::default()),
    ]);
    let new = [Some(set("sid=alice-new")), Some(set("sid=bobby-new")), None];
    assert_eq!(journey.request(2, &new[..2]).fields.text("cookie"), Some("sid=alice-new"));
    assert_eq!(journey.request(3, &new).fields.text("cookie"), Some("sid=bobby-new"));
}

#[test]
fn nothing_that_makes_an_answer_less_than_whole_is_sent() {
    let fields = [
        "If-None-Match",
        "if-modified-since",
        "Range",
        "Accept-Encoding",
        "Connection",
        "Content-Length",
        "Accept",
        "Host",
        "Upgrade",
    ];
    let recorded = get("/", &fields.map(|name| (name, "x")));
    let sent = journey(vec![(recorded, Answer::default())]).request(0, &[]);
    let names: Vec<&str> = sent.fields.0.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Accept", "Host", "Upgrade"]);
}

/// Text of few kinds of characters, so that values meet.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("abcd-1234".to_owned()),
        Just("efgh5678".to_owned()),
        Just("%2F".to_owned()),
        Just("é".to_owned()),
        "[a-z0-9/?&=;,.:\"'{}\\[\\]<> +%\\\\_-]{0,6}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_recorded_and_answered_a_request_without_minted_values_stays_as_it_is(
        target in pieces(), cookie in pieces(), body in pieces(), first in pieces(), given in pieces(), set in pieces(),
    ) {
        let fields = [("Cookie", cookie.as_str()), ("Referer", target.as_str()), ("X-Id", body.as_str())];
        let asked = request("POST", &target, &fields, &body);
        let nothing = journey(vec![(get("/", &[]), answer(200, &[], "")), (asked.clone(), Answer::default())]);
        let new = answer(200, &[("Set-Cookie", &set), ("Location", &given)], &first);
        let sent = nothing.request(1, &[Some(new.clone())]);
        prop_assert_eq!((&sent.target, &sent.body), (&asked.target, &asked.body));
        prop_assert_eq!(sent.fields.text("x-id"), asked.fields.text("x-id"));

        // Nor does it change where the new run gives what was recorded.
        let same = journey(vec![(get("/", &[]), new.clone()), (asked.clone(), new.clone())]);
        let sent = same.request(1, &[Some(new.clone())]);
        let kept: Vec<_> = asked.fields.0.iter().filter(|(name, value)| name != "Cookie" || !value.is_empty()).collect();
        prop_assert_eq!(&sent.target, &asked.target);
        prop_assert_eq!(String::from_utf8_lossy(&sent.body), String::from_utf8_lossy(&asked.body));
        prop_assert_eq!(sent.fields.0.iter().collect::<Vec<_>>(), kept);

        // And nothing of it panics, whatever else comes.
        let other = answer(302, &[("Set-Cookie", &given), ("Location", &set), ("Content-Type", "text/html")], &target);
        let runs = [vec![Some(new.clone()), Some(new)], vec![Some(other.clone()), None], vec![Some(other.clone()), Some(other)]];
        for run in &runs {
            let _ = (same.request(1, run), same.reproduced(1, run), same.needs_left_out(1, run), same.learn(0, 1));
            let _ = same.losses(&runs, std::slice::from_ref(run));
        }
    }
}
