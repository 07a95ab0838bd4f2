//! Requests and responses, byte by byte.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Answer, Running};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn the_page_names_its_backend() {
    let alpha = Running::start("alpha").await;
    let answer = alpha.get("/").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("x-served-by"), Some("alpha"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.body.contains("<h1>alpha</h1>"));
    assert!(answer.body.contains(&alpha.address.port().to_string()));
    assert!(!answer.body.contains("{{"), "a placeholder was left");
}

#[tokio::test]
async fn the_page_asks_for_nothing_from_elsewhere() {
    let alpha = Running::start("alpha").await;
    let page = alpha.get("/").await.body;
    for outside in ["src=", "@import", "url(", "//cdn", "https://"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[tokio::test]
async fn hostile_text_is_escaped() {
    let hostile = Running::start("<script>\"x\"\r\n{{target}}").await;
    // hyper refuses a `<` in a target before a handler sees it.
    assert_eq!(hostile.get("/?<script>").await.status(), 400);
    let target = "/?'&{{name}}";
    let page = hostile.ask("GET", target, "cookie: X-Backend-ID=<img>\r\n").await;
    assert_eq!(page.header("x-served-by"), Some("<script>\"x\"??{{target}}"));
    assert_eq!(page.body.matches("<script>").count(), 1, "only its own");
    assert!(page.body.contains("&lt;script&gt;&quot;x&quot;"));
    assert!(page.body.contains("GET /?&#39;&amp;{{name}}"));
    assert!(page.body.contains("X-Backend-ID=&lt;img&gt;"));

    let missing = hostile.ask("GET", "/no/\"b'", "accept: text/html,*/*\r\n").await;
    assert_eq!(missing.status(), 404);
    assert!(missing.body.contains("/no/&quot;b&#39;"));
    assert!(missing.body.contains("&lt;script&gt;"));
    assert!(!missing.body.contains("<script>"));
}

#[tokio::test]
async fn what_is_not_there_is_json_to_programs() {
    let alpha = Running::start("alpha").await;
    let missing = alpha.get("/echoes").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.json()["backend"], "alpha");
    assert_eq!(missing.json()["path"], "/echoes");
}

#[tokio::test]
async fn whoami_counts_but_not_health_checks() {
    let alpha = Running::start("alpha").await;
    alpha.get("/health").await;
    alpha.get("/whoami").await;
    let who = alpha.get("/whoami").await.json();
    assert_eq!(
        who,
        json!({
            "name": "alpha",
            "port": alpha.address.port(),
            "pid": std::process::id(),
            "letter": "A",
            "color": "#0072b2",
            "requests": 2,
        })
    );
}

#[tokio::test]
async fn head_has_the_headers_alone() {
    let alpha = Running::start("alpha").await;
    for target in ["/", "/whoami", "/session", "/bytes/1000000", "/events", "/nowhere"] {
        let answer = alpha.ask("HEAD", target, "").await;
        assert_eq!(answer.body, "", "{target}");
        assert_eq!(answer.header("x-served-by"), Some("alpha"), "{target}");
        if target != "/events" {
            assert!(answer.header("content-length").is_some(), "{target}");
        }
    }
}

#[tokio::test]
async fn echo_keeps_the_order_of_headers() {
    let alpha = Running::start("alpha").await;
    let answer = alpha
        .raw(
            "PUT /echo/some/where?a=1&b HTTP/1.1\r\nhost: test\r\nx-zebra: 1\r\n\
             x-apple: 2\r\nx-mango: 3\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        )
        .await;
    let echo = answer.json();
    assert_eq!(echo["backend"]["name"], "alpha");
    assert_eq!(echo["method"], "PUT");
    assert_eq!(echo["path"], "/echo/some/where");
    assert_eq!(echo["query"], "a=1&b");
    assert_eq!(echo["httpVersion"], "HTTP/1.1");
    assert_eq!(echo["bodyBytes"], 5);
    assert_eq!(echo["body"], "hello");
    assert_eq!(
        echo["headers"],
        json!([
            ["host", "test"],
            ["x-zebra", "1"],
            ["x-apple", "2"],
            ["x-mango", "3"],
            ["connection", "close"],
            ["content-length", "5"],
        ])
    );
}

#[tokio::test]
async fn echo_counts_what_it_does_not_keep() {
    let alpha = Running::start("alpha").await;
    let post = |body: String| {
        let length = body.len();
        format!(
            "POST /echo HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let most = alpha.raw(&post("x".repeat(65_536))).await.json();
    assert_eq!(most["bodyBytes"], 65_536);
    assert_eq!(most["body"].as_str().unwrap().len(), 65_536);
    let more = alpha.raw(&post("x".repeat(200_000))).await.json();
    assert_eq!(more["bodyBytes"], 200_000);
    assert!(more["body"].is_null());
}

#[tokio::test]
async fn slow_waits() {
    let alpha = Running::start("alpha").await;
    let began = std::time::Instant::now();
    let answer = alpha.get("/slow?ms=120").await;
    // A busy machine makes it slower, never faster.
    assert!(began.elapsed() >= std::time::Duration::from_millis(120));
    assert_eq!(answer.json()["name"], "alpha");
    assert_eq!(answer.json()["waitedMs"], 120);
    for wrong in ["soon", "", "-1", "30001"] {
        let answer = alpha.get(&format!("/slow?ms={wrong}")).await;
        assert_eq!(answer.status(), 400, "{wrong}");
        assert_eq!(answer.body, "The parameter ms must be a whole number from 0 to 30000.\n");
    }
}

/// The session's cookie, as a browser would send it back.
fn kept(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, rest) = cookie.split_once(';').unwrap();
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax");
    format!("cookie: X-Backend-ID=1; {pair}\r\n")
}

#[tokio::test]
async fn a_session_is_counted_by_its_cookie() {
    let alpha = Running::start("alpha").await;
    let first = alpha.get("/session").await;
    assert_eq!((&first.json()["backend"], &first.json()["visits"]), (&json!("alpha"), &json!(1)));
    let cookie = kept(&first);
    for visits in 2..=3 {
        let again = alpha.ask("GET", "/session", &cookie).await;
        assert_eq!(again.json()["visits"], visits);
        assert_eq!(again.json()["session"], first.json()["session"]);
        assert_eq!(again.header("set-cookie"), None);
    }
    assert_eq!(alpha.get("/session").await.json()["visits"], 1, "a browser without the cookie");
    assert_eq!(alpha.ask("POST", "/session", &cookie).await.status(), 405);
}

#[tokio::test]
async fn the_page_says_how_often_one_has_been_here() {
    let alpha = Running::start("alpha").await;
    let first = alpha.get("/").await;
    assert!(first.body.contains("<dd id=\"times\">once</dd>"));
    let cookie = kept(&first);
    assert!(alpha.ask("GET", "/", &cookie).await.body.contains(">twice</dd>"));
    assert!(alpha.ask("GET", "/", &cookie).await.body.contains(">3 times</dd>"));
    assert_eq!(alpha.ask("GET", "/session", &cookie).await.json()["visits"], 4);
}

#[tokio::test]
async fn another_backend_does_not_know_the_session() {
    let (alpha, bravo) = (Running::start("alpha").await, Running::start("bravo").await);
    let cookie = kept(&alpha.get("/session").await);
    assert_eq!(alpha.ask("GET", "/session", &cookie).await.json()["visits"], 2);
    let moved = bravo.ask("GET", "/session", &cookie).await;
    assert_eq!((&moved.json()["backend"], &moved.json()["visits"]), (&json!("bravo"), &json!(1)));
    // The browser has one session, now bravo's: back on alpha it is a stranger there, too.
    assert_eq!(alpha.ask("GET", "/session", &kept(&moved)).await.json()["visits"], 1);
    let hostile = "cookie: demo-session=ffffffffffffffffffff\r\n";
    assert_eq!(alpha.ask("GET", "/session", hostile).await.json()["visits"], 1);
}

#[tokio::test]
async fn status_answers_the_code_asked_for() {
    let alpha = Running::start("alpha").await;
    for code in [200, 204, 304, 404, 418, 500, 599] {
        let answer = alpha.get(&format!("/status/{code}")).await;
        assert_eq!(answer.status(), code);
        assert_eq!(answer.header("x-served-by"), Some("alpha"));
    }
    for code in ["199", "600", "abc", "", "70000"] {
        let answer = alpha.get(&format!("/status/{code}")).await;
        assert_eq!(answer.status(), 400, "{code}");
    }
}

#[tokio::test]
async fn bytes_are_as_many_as_asked_for() {
    let alpha = Running::start("alpha").await;
    for count in [0, 1, 16_384, 300_001] {
        let answer = alpha.get(&format!("/bytes/{count}")).await;
        assert_eq!(answer.header("content-length"), Some(&*count.to_string()));
        assert_eq!(answer.body.len(), count);
    }
    assert_eq!(alpha.get("/bytes/1073741825").await.status(), 400);
    assert_eq!(alpha.get("/bytes/-1").await.status(), 400);
}

#[tokio::test]
async fn chunks_come_in_chunks() {
    let alpha = Running::start("alpha").await;
    let answer = alpha.get("/chunks?n=3&ms=1").await;
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    for n in 1..=3 {
        assert!(answer.body.contains(&format!("piece {n} of 3 from alpha")));
    }
    assert!(answer.body.ends_with("\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn health_can_be_switched() {
    let alpha = Running::start("alpha").await;
    let healthy = alpha.get("/health").await;
    assert_eq!((healthy.status(), healthy.json()), (200, json!({"status": "ok"})));

    assert_eq!(alpha.get("/health/fail").await.status(), 405);
    assert_eq!(alpha.get("/health").await.status(), 200);
    assert_eq!(alpha.ask("POST", "/health/fail", "").await.status(), 200);
    let failing = alpha.get("/health").await;
    assert_eq!((failing.status(), failing.json()), (503, json!({"status": "failing"})));
    assert_eq!(failing.header("x-served-by"), Some("alpha"));

    let refused = alpha.get("/health/ok").await;
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.header("allow"), Some("POST"));
    assert_eq!(alpha.ask("POST", "/health/ok", "").await.status(), 200);
    assert_eq!(alpha.get("/health").await.status(), 200);

    let timed = alpha.ask("POST", "/health/fail?for=600", "").await;
    assert_eq!(timed.json()["forSeconds"], 600);
    assert_eq!(alpha.get("/health").await.status(), 503);
}

#[tokio::test]
async fn one_connection_carries_many_requests() {
    let alpha = Running::start("alpha").await;
    let mut stream = alpha.connect().await;
    let request = "GET /status/204 HTTP/1.1\r\nhost: test\r\n\r\n";
    let last = "GET /whoami HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    let requests = format!("{request}{request}{last}");
    stream.write_all(requests.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 204 ").count(), 2);
    assert!(answers.contains("\"requests\":3"));
}
