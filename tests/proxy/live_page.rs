//! `/_lb/`: the page for a browser.

use base64::Engine as _;
use serde_json::json;

use crate::events::Stream;
use crate::support::browser::Browser;
use crate::support::left_out::left_out;
use crate::support::{Backend, Balancer, Config, Response, request, until};

const HOSTILE: &str = "<img src=x onerror=alert(1)>\u{1b}[31m\u{202e}";

fn page(balancer: &Balancer) -> Response {
    balancer.exchange(&request("GET", "/_lb/", &["Accept: text/html"]))
}

#[test]
fn the_page_shows_how_things_stand_without_a_script() {
    let (b0, b1) = (Backend::echoing(), Backend::echoing());
    b1.set_healthy(false);
    let balancer = Config::new(&[&b0, &b1]).set("/backends/0/weight", json!(3)).start();
    let answer = page(&balancer);
    assert_eq!((answer.status, answer.get("content-type").as_deref()), (200, Some("text/html; charset=utf-8")));
    let text = answer.text();
    let listener = format!("http://localhost:{}", balancer.port);
    for part in ["b0", "● UP", "✖ DOWN", "GET /health 503", "round-robin, sticky: cookie", "<noscript>", &listener]
    {
        assert!(text.contains(part), "no '{part}' in {text}");
    }
    assert!(text.contains("data-label=\"Weight\">3<"), "{text}");
}

#[test]
fn nothing_of_the_page_comes_from_elsewhere_and_only_its_own_script_may_run() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let answer = page(&balancer);
    let text = answer.text().replace(&format!("http://localhost:{}", balancer.port), "");
    assert!(!text.contains("//"), "a URL of elsewhere is in it");
    for word in ["src=", "@import", "url(", "onload", "onclick", "style=", "innerHTML"] {
        assert!(!text.contains(word), "{word}");
    }
    let policy = answer.get("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]
    {
        assert!(policy.split("; ").any(|one| one == part), "{part}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for (kind, open, close) in [("script-src", "<script>", "</script>"), ("style-src", "<style>", "</style>")] {
        let (_, rest) = text.split_once(open).unwrap();
        let (inside, _) = rest.split_once(close).unwrap();
        let hash = sha256(inside);
        assert!(policy.contains(&format!("{kind} 'sha256-{hash}'")), "{kind}: {policy}");
    }
    let fields = ["x-content-type-options", "referrer-policy", "cache-control", "access-control-allow-origin"];
    let values = fields.map(|name| answer.get(name));
    let expected = [Some("nosniff"), Some("no-referrer"), Some("no-store"), None];
    assert_eq!(values.each_ref().map(Option::as_deref), expected);
}

fn sha256(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

#[test]
fn the_page_is_for_this_machines_names_alone_and_can_only_be_read() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    for host in ["localhost", "127.0.0.1:3001", "[::1]", "app.localhost"] {
        let sent = format!("GET /_lb/ HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(balancer.exchange(sent.as_bytes()).status, 200, "{host}");
    }
    for (target, host) in [("/_lb/", "evil.example"), ("/_lb", "evil.example"), ("/_lb/", "localhost.evil.example")] {
        let answer = balancer.exchange(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        assert!(answer.status == 421 && !answer.text().contains("b0"), "{host}: {}", answer.text());
    }
    assert_eq!(balancer.exchange(&request("GET", "/_lb/", &["Origin: https://evil.example"])).status, 403);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for target in ["/_lb/", "/_lb"] {
            let answer = balancer.exchange(&request(method, target, &["Content-Length: 0"]));
            assert_eq!((answer.status, answer.all("allow")), (405, vec!["GET, HEAD".to_owned()]), "{method} {target}");
        }
    }
    let head = balancer.exchange(&request("HEAD", "/_lb/", &[]));
    assert_eq!((head.status, head.body.bytes.len()), (200, 0));
    assert!(head.get("content-security-policy").is_some());
    assert_eq!(b0.targets(), Vec::<String>::new());
}

#[test]
fn a_page_of_another_site_takes_no_readers_place_and_a_link_on_it_leads_to_the_page() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let status = |target: &str, lines: &[&str]| balancer.exchange(&request("GET", target, lines)).status;
    // An image, a frame or a script in the mode `no-cors`.
    for dest in ["image", "iframe", "empty"] {
        let lines = ["Sec-Fetch-Site: cross-site", &format!("Sec-Fetch-Dest: {dest}")];
        for target in ["/_lb/", "/_lb/health", "/_lb/metrics", "/_lb/events", "/_lb/events?figures"] {
            assert_eq!(status(target, &lines), 403, "{target}: {dest}");
        }
    }
    let link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"];
    assert_eq!(["/_lb/", "/_lb/health", "/_lb/events"].map(|target| status(target, &link)), [200, 200, 403]);
    // What a browser sends for the page itself, for an address that was typed, and for a page of another port or name of this
    // machine; and what no browser sends.
    let own =
        ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Sec-Fetch-Site: same-site", "X-Other: cross-site"];
    for line in own {
        assert_eq!(status("/_lb/health", &[line]), 200, "{line}");
    }
    assert_eq!(status("/_lb/health", &["Origin: http://127.0.0.1:5173", "Sec-Fetch-Site: cross-site"]), 200);
    assert_eq!(status("/_lb/health", &["Origin: null", "Sec-Fetch-Site: cross-site"]), 403);
}

#[test]
fn without_its_last_slash_it_is_found_and_nothing_else_that_begins_so_is_taken() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    for target in ["/_lb", "/_lb?x=1"] {
        let answer = balancer.get(target);
        assert_eq!((answer.status, answer.get("location").as_deref()), (307, Some("/_lb/")), "{target}");
        assert_eq!(answer.get("cache-control").as_deref(), Some("no-store"));
    }
    assert_eq!(balancer.get("/_lb2").status, 200);
    assert_eq!(b0.targets(), ["/_lb2"]);
}

#[test]
fn hostile_names_are_text_on_the_page() {
    let b0 = Backend::echoing();
    let balancer = Config::new(&[&b0]).set("/backends/0/name", json!(HOSTILE)).start();
    let text = page(&balancer).text();
    assert!(!text.contains("<img") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("&lt;img src=x onerror=alert(1)&gt;\\x1b[31m\\u{202e}"), "{text}");
}

/// The first row of the log's table, as it is shown.
const FIRST: &str = "document.querySelector('#log tr')?.innerText ?? ''";

#[test]
fn a_browser_shows_the_log_live_and_hostile_text_as_text() {
    let (b0, b1) = (Backend::echoing(), Backend::echoing());
    let balancer = Config::new(&[&b0, &b1]).set("/backends/0/name", json!(HOSTILE)).start();
    balancer.get("/before-it-was-opened");
    let Some(mut browser) = Browser::open(&format!("http://localhost:{}/_lb/", balancer.port)) else {
        return left_out("no chromium is on this machine");
    };
    browser.until("what came before is told", "document.body.innerText.includes('/before-it-was-opened')");
    let sent = "GET /a<script>document.title='taken'</script>\u{202e}\u{9b} HTTP/1.1\r\nHost: localhost\r\n\r\n";
    balancer.exchange(sent.as_bytes());
    browser.until("it is told", &format!("({FIRST}).includes('<script>')"));
    let first = browser.value(FIRST).as_str().unwrap().to_owned();
    assert!(first.contains("/a<script>document.title='taken'</script>\\u{202e}\\x9b"), "{first}");
    assert!(first.contains("GET") && first.contains("200") && first.contains(" ms"), "{first}");
    let elements = "document.querySelectorAll('#log script, #log img, #backends img, #picks img').length";
    assert_eq!((browser.value(elements), browser.value("document.title")), (json!(0), json!("stickylb")));
    let hidden = "/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202e]/.test(document.body.innerText)";
    assert_eq!(browser.value(hidden), json!(false));
    // The name of a backend too, in the table and behind the log's marks.
    browser.until(
        "the table has the name as text",
        "document.getElementById('backends').innerText.includes('<img src=x onerror=alert(1)>\\\\x1b[31m')",
    );
    let picks = "document.querySelectorAll('#picks li').length";
    browser.until("each pick is shown by its letter", &format!("{picks} === 2"));
    assert_eq!(browser.value("document.getElementById('picks').innerText.replace(/\\s/g, '')"), json!("AB"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_browser_sees_states_change_and_figures_grow() {
    let (b0, mut b1) = (Backend::echoing(), Backend::echoing());
    let balancer = Config::new(&[&b0, &b1]).start();
    let Some(mut browser) = Browser::open(&format!("http://localhost:{}/_lb/", balancer.port)) else {
        return left_out("no chromium is on this machine");
    };
    (0..4).for_each(|_| drop(balancer.get("/")));
    let requests = "document.querySelector('#backends tr:first-child [data-label=Requests]').textContent";
    browser.until("its requests are counted", &format!("{requests} === '2'"));
    b1.stop();
    balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=1"]));
    browser.until("it is DOWN in the table", "document.querySelector('#backends .DOWN')?.textContent === '✖ DOWN'");
    browser.until(
        "it is said where it is read aloud",
        "document.querySelector('[aria-live=polite]').textContent.startsWith('b1 is DOWN: ')",
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn the_page_says_that_the_balancer_is_away_and_goes_on_when_it_is_back() {
    let b0 = Backend::echoing();
    let port = crate::support::program::free_port();
    let config = Config::new(&[&b0]).set("/port", json!(port));
    let mut balancer = config.start();
    let Some(mut browser) = Browser::open(&format!("http://localhost:{port}/_lb/")) else {
        return left_out("no chromium is on this machine");
    };
    balancer.get("/first");
    let log = "document.getElementById('log').innerText";
    let said = "document.getElementById('said').textContent";
    browser.until("it is live", &format!("{log}.includes('/first')"));
    balancer.terminate();
    until("it has ended", || !balancer.is_running());
    browser.until("it is said", &format!("{said}.startsWith('The balancer does not answer since ')"));
    let balancer = config.start();
    browser.until("it is back", &format!("{said} === 'The balancer is back.'"));
    balancer.get("/second");
    browser.until("the log goes on where it was", &format!("{log}.includes('/second') && {log}.includes('/first')"));
}

#[test]
fn the_page_says_that_there_are_too_many_readers_and_goes_on_when_one_has_left() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut readers: Vec<_> = (0..64).map(|_| Stream::open(&balancer)).collect();
    let Some(mut browser) = Browser::open(&format!("http://localhost:{}/_lb/", balancer.port)) else {
        return left_out("no chromium is on this machine");
    };
    let said = "document.getElementById('said').textContent";
    browser.until("it is said", &format!("{said}.startsWith('As many pages and programs read events as ')"));
    readers.pop();
    browser.until("it goes on", &format!("{said} === 'There is a place for this page again.'"));
    balancer.get("/live");
    browser.until("it is live", "document.getElementById('log').innerText.includes('/live')");
}

#[test]
fn the_page_is_read_at_360_pixels_without_scrolling_sideways() {
    let backends: Vec<Backend> = (0..3).map(|_| Backend::echoing()).collect();
    let balancer = Balancer::over(&backends.iter().collect::<Vec<_>>());
    let Some(mut browser) = Browser::open(&format!("http://localhost:{}/_lb/", balancer.port)) else {
        return left_out("no chromium is on this machine");
    };
    browser.resize(360, 740);
    balancer.get(&format!("/{}", "a-long-path/".repeat(30)));
    browser.until("the log has it", "document.getElementById('log').innerText.includes('a-long-path')");
    let wide = "document.documentElement.scrollWidth > 360 || \
                [...document.querySelectorAll('.scroll')].some(box => box.scrollWidth > box.clientWidth)";
    assert_eq!(browser.value(wide), json!(false));
}
