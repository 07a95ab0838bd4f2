//! One app for each thing that is told, and for each that is not.

use super::{App, answer, html, json, judged, with};
use crate::judge::Difference;
use crate::{Answer, End};

/// What is expected of one app: places of differences, of counters, and of names.
type Expected = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// Draws that are the same in every run.
fn draw(nth: usize, salt: usize) -> usize {
    (0..3).fold(nth * 31 + salt * 1009 + 7, |x, _| (x ^ (x << 13) ^ (x >> 7)).wrapping_mul(2_654_435_761) & 0xffff_ffff)
        >> 8
}

fn apps() -> Vec<(Expected, Box<App<'static>>)> {
    let mut apps: Vec<(Expected, Box<App<'static>>)> = Vec::new();
    let mut app = |expected: Expected, answer: Box<App<'static>>| apps.push((expected, answer));
    app(("equal", &[], &[], &[]), Box::new(|_, _, _| json(r#"{"a":1}"#)));
    app(("a value", &["/a"], &[], &[]), Box::new(|copy, _, _| json(format!(r#"{{"a":"x{copy}y"}}"#))));
    app(("a date", &[], &[], &[]), Box::new(|_, _, nth| json(format!(r#"{{"now":"2026-11-29T10:31:{nth:02}Z"}}"#))));
    app(("a counter", &[], &["/visits"], &[]), Box::new(|_, own, _| json(format!(r#"{{"visits":{own}}}"#))));
    app(
        ("a counter that began elsewhere", &[], &["/visits"], &[]),
        Box::new(|copy, own, _| json(format!(r#"{{"visits":{}}}"#, own + 40 * copy))),
    );
    app(("a shared counter", &[], &[], &[]), Box::new(|_, _, nth| json(format!(r#"{{"visits":{nth}}}"#))));
    app(
        ("a visitor", &[], &["html > body > p"], &[]),
        Box::new(|_, own, _| html(format!("<html><body><p>You are visitor {own}.</p></body></html>"))),
    );
    app(
        ("a limit", &[], &["header X-Ratelimit-Remaining"], &[]),
        Box::new(|_, own, _| with(json("{}"), "x-ratelimit-remaining", &(100 - own).to_string())),
    );
    app(("a port", &[], &[], &["/port"]), Box::new(|copy, _, _| json(format!(r#"{{"port":{}}}"#, 5001 + copy))));
    app(
        ("a greeting", &[], &[], &["line 1"]),
        Box::new(|copy, _, _| answer("text/plain", format!("Hello from {}\n", 5001 + copy))),
    );
    app(
        ("a host with its port", &[], &[], &["html > p"]),
        Box::new(|copy, _, _| html(format!("<html><p>localhost:{} says hello</p></html>", 5001 + copy))),
    );
    app(
        ("a process", &[], &[], &["header X-Pid"]),
        Box::new(|copy, _, _| with(json("{}"), "X-Pid", ["17", "18"][copy])),
    );
    app(
        ("a name", &[], &[], &["header X-Served-By"]),
        Box::new(|copy, _, _| with(json("{}"), "X-Served-By", ["a7f3", "c2d9"][copy])),
    );
    app(
        ("a start", &[], &[], &["/startedAt"]),
        Box::new(|copy, _, _| json(format!(r#"{{"startedAt":"2026-11-29T10:31:0{copy}.123Z"}}"#))),
    );
    app(
        ("an id of a process", &[], &[], &["/boot"]),
        Box::new(|copy, _, _| {
            json(format!(
                r#"{{"boot":"{}"}}"#,
                ["0b8e4a52-7c19-4e0f-9d21-3f5a6b7c8d9e", "7d6c5b4a-3f2e-4d1c-8b0a-9e8f7a6b5c4d"][copy]
            ))
        }),
    );
    app(
        ("a secret of each copy", &["/csrfToken"], &[], &[]),
        Box::new(|copy, _, _| {
            json(format!(r#"{{"csrfToken":"{}"}}"#, ["9f8e7d6c5b4a39281706", "0a1b2c3d4e5f60718293"][copy]))
        }),
    );
    app(
        ("another status", &["status"], &[], &[]),
        Box::new(|copy, _, _| Answer { status: [200, 404][copy], ..json("{}") }),
    );
    app(("another kind", &["kind of body"], &[], &[]), Box::new(|copy, _, _| [json("{}"), html("<p>x")][copy].clone()));
    app(
        ("a shuffled list", &[], &[], &[]),
        Box::new(|_, _, nth| json([r#"["a","b"]"#, r#"["b","a"]"#][draw(nth, 1) % 2])),
    );
    app(
        ("a shuffled list that lacks one", &["/*"], &[], &[]),
        Box::new(|copy, _, nth| {
            let (x, y) = [("a", "b"), ("b", "a")][draw(nth, 1) % 2];
            json(format!(r#"["{x}","{y}","{}"]"#, ["c", "d"][copy]))
        }),
    );
    app(
        ("another order in each copy", &[], &[], &[]),
        Box::new(|copy, _, _| json([r#"["a","b"]"#, r#"["b","a"]"#][copy])),
    );
    app(
        ("keys in another order", &[], &[], &[]),
        Box::new(|copy, _, _| json([r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#][copy])),
    );
    app(
        ("an item more", &["html > body > ul > li"], &[], &[]),
        Box::new(|copy, _, _| html(format!("<html><body><ul><li>a{}<li>c</ul></body></html>", ["", "<li>b"][copy]))),
    );
    app(
        ("a list with times", &["/1/price"], &[], &[]),
        Box::new(|copy, _, nth| json(format!(r#"[{{"at":{nth},"price":7}},{{"at":{nth},"price":{}}}]"#, 8 + copy))),
    );
    app(("a draw", &[], &[], &[]), Box::new(|_, _, nth| json(format!(r#"{{"quote":{}}}"#, draw(nth, 3) % 2))));
    app(
        ("a subtree that comes and goes", &[], &[], &[]),
        Box::new(|copy, _, nth| {
            json(if draw(nth, 5).is_multiple_of(2) {
                format!(r#"{{"ad":{{"of":"x{copy}y"}}}}"#)
            } else {
                "{}".to_owned()
            })
        }),
    );
    app(
        ("the seconds it has been up", &[], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"{{"uptime":{}}}"#, 17 + copy))),
    );
    app(
        ("the time it has been up", &[], &[], &[]),
        Box::new(|copy, _, nth| html(format!("<p>Up 0h {}m {}s</p>", 4 + copy, 7 + nth))),
    );
    app(
        ("memory", &[], &[], &[]),
        Box::new(|copy, _, nth| json(format!(r#"{{"heap":"{}.{} MB"}}"#, 44 + copy, 3 + nth % 2))),
    );
    app(
        ("a session of each answer", &[], &[], &[]),
        Box::new(|_, _, nth| with(json("{}"), "Set-Cookie", &format!("sid={:016x}; Path=/; HttpOnly", draw(nth, 9)))),
    );
    app(
        ("a cookie with another attribute", &["cookie sid secure"], &[], &[]),
        Box::new(|copy, _, nth| {
            with(json("{}"), "Set-Cookie", &format!("sid={}; Path=/{}", draw(nth, 9), ["", "; Secure"][copy]))
        }),
    );
    app(
        ("a redirect to itself", &[], &[], &[]),
        Box::new(|copy, _, _| {
            with(Answer { status: 302, ..html("") }, "Location", &format!("http://127.0.0.1:{}/login", 12345 + copy))
        }),
    );
    app(
        ("a redirect elsewhere", &["header Location"], &[], &[]),
        Box::new(|copy, _, _| with(Answer { status: 302, ..html("") }, "Location", ["/login", "/cart"][copy])),
    );
    app(
        ("its metrics", &[], &[], &[]),
        Box::new(|_, own, _| answer("text/plain; version=0.0.4", format!("http_requests_total {own}\n"))),
    );
    app(
        ("its metrics, of no version", &[], &[], &[]),
        Box::new(|_, own, _| answer("text/plain", format!("# HELP hits Hits.\n# TYPE hits counter\nhits {own}\n"))),
    );
    app(
        ("bytes", &["body"], &[], &[]),
        Box::new(|copy, _, _| Answer { body: vec![0xff, [1, 2][copy]], ..answer("image/png", "") }),
    );
    app(
        ("lines of JSON", &["/1/n"], &[], &[]),
        Box::new(|copy, _, _| {
            answer("application/x-ndjson", format!("{{\"n\":\"a\"}}\n{{\"n\":\"{}\"}}\n", ["b", "c"][copy]))
        }),
    );
    app(("a nonce", &[], &[], &[]), Box::new(|copy, _, _| html(format!("<script nonce=x{copy}y src=/a.js></script>"))));
    app(
        ("a script with data", &["html > script /cart"], &[], &[]),
        Box::new(|copy, _, _| {
            html(format!(r#"<html><script type="application/json">{{"cart":"x{copy}y"}}</script></html>"#))
        }),
    );
    app(
        ("stream", &[], &[], &[]),
        Box::new(|copy, own, _| Answer { end: End::Held, ..answer("text/event-stream", format!("data: {copy}{own}")) }),
    );
    app(
        ("a beginning", &["/1"], &[], &[]),
        Box::new(|copy, _, _| Answer { end: End::Longer, ..json(format!(r#"["a","x{copy}y","{}"#, "z".repeat(copy))) }),
    );
    app(
        ("a set in a text", &[], &[], &[]),
        Box::new(|copy, _, _| html(["<p>Tags: red, blue", "<p>Tags: blue, red"][copy])),
    );
    app(
        ("an id of each request", &[], &[], &[]),
        Box::new(|_, own, _| with(json(format!(r#"{{"reqId":"req-{own}"}}"#)), "Request-Id", &format!("req-{own}"))),
    );
    app(
        ("an object in memory", &[], &[], &["p"]),
        Box::new(|copy, _, _| html(format!("<p>A Cart at 0x7f3a2b1c4d{copy}0</p>"))),
    );
    app(
        ("memory of a process", &[], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"{{"memory":{{"used":{}}}}}"#, 44 + copy))),
    );
    app(
        ("a server in words", &[], &[], &["/server"]),
        Box::new(|copy, _, _| json(format!(r#"{{"server":"copy {}"}}"#, ["one", "two"][copy]))),
    );
    app(
        ("a cut page after names of another length", &[], &[], &["p"]),
        Box::new(|copy, _, _| {
            let page = format!("<p>{}</p><p>{}", ["alpha", "beta"][copy], "word ".repeat(100));
            Answer { end: End::Longer, ..html(&page[..300]) }
        }),
    );
    app(("an id of an item", &["/id"], &[], &[]), Box::new(|copy, _, _| json(format!(r#"{{"id":"order-x{copy}"}}"#))));
    app(
        ("a link to an asset", &["link @href"], &[], &[]),
        Box::new(|copy, _, _| html(format!("<link href=/app.9f8e7d6c5b4a392817{copy}6.css>"))),
    );
    app(
        ("a key that each copy made", &["/keys/0/n"], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"{{"keys":[{{"n":"9f8e7d6c5b4a392817{copy}6"}}]}}"#))),
    );
    app(
        ("an address", &["/address"], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"{{"address":"{} Main Street"}}"#, ["12", "14"][copy]))),
    );
    app(
        ("what a copy is, as text of JSON", &[], &[], &["body > ul > li[2]"]),
        Box::new(|copy, _, nth| {
            let it = format!(r#"{{"host":"vm","pid":{},"port":{}}}"#, 9 + copy, 5001 + copy);
            html(format!("<body><ul><li>took: {}.5</li><li>instance: {it}</li></ul></body>", draw(nth, 4)))
        }),
    );
    app(
        ("what a copy is, as JSON", &[], &[], &["/instance/pid", "/instance/port"]),
        Box::new(|copy, _, _| {
            json(format!(r#"{{"instance":{{"host":"vm","pid":{},"port":{}}}}}"#, 9 + copy, 5001 + copy))
        }),
    );
    app(
        ("when it was made, at its start", &[], &[], &["/build"]),
        Box::new(|copy, _, _| json(format!(r#"{{"build":"2026-11-29T10:31:{}.123Z"}}"#, 57 + copy))),
    );
    app(
        ("when an item was made", &["/0/made"], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"[{{"made":{}}}]"#, 1_790_000_000 + copy))),
    );
    app(
        ("another day", &["/day"], &[], &[]),
        Box::new(|copy, _, _| json(format!(r#"{{"day":"2026-11-2{}"}}"#, 7 + copy))),
    );
    app(
        ("a name beside a counter", &[], &["p"], &["p"]),
        Box::new(|copy, own, _| html(format!("<p>{} has had {own} visitors", ["alpha", "beta"][copy]))),
    );
    app(("somebody's number", &["p"], &[], &[]), Box::new(|copy, _, _| html(format!("<p>Table {}'s bill", 7 + copy))));
    apps
}

#[test]
fn a_limit_of_each_copy_is_a_counter_and_the_end_of_its_window_is_none() {
    type Limit = fn(usize, usize) -> Vec<(&'static str, String)>;
    let fields: [Limit; 3] = [
        |copy, own| {
            let (reset, left) = (1_790_000_900 + copy, 100 - own);
            vec![("X-RateLimit-Remaining", left.to_string()), ("X-RateLimit-Reset", reset.to_string())]
        },
        |copy, own| vec![("RateLimit", format!("limit=100, remaining={}, reset={}", 100 - own, 899 - copy))],
        |copy, own| vec![("RateLimit", format!("\"100-in-15min\"; r={}; t={}", 100 - own, 899 - copy))],
    ];
    for of in fields {
        let judgement = judged(&|copy, own, _| {
            of(copy, own).into_iter().fold(json("{}"), |answer, (name, value)| with(answer, name, &value))
        });
        assert_eq!((judgement.counters.len(), judgement.differences.len()), (1, 0), "{judgement:#?}");
    }
}

#[test]
fn each_app_is_told_as_what_it_is() {
    let mut wrong = Vec::new();
    for ((name, differences, counters, names), app) in apps() {
        let judgement = judged(&app);
        let places = |of: &[Difference]| of.iter().map(|one| one.place.clone()).collect::<Vec<_>>();
        let as_expected = places(&judgement.differences) == differences
            && places(&judgement.counters) == counters
            && places(&judgement.names_itself) == names
            && !judgement.needs_more
            && judgement.inconclusive.is_none();
        if !as_expected {
            wrong.push(format!("{name}: {judgement:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
