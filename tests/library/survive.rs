//! Whether an app survives more than one copy: small apps in two copies, each broken in its way or mended.

use std::collections::HashSet;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stickylb::Balancer;
use stickylb::api::{
    Command, CommandError, SurviveEntry, SurviveKind, SurviveOptions, SurviveReport, SurviveStage, SurviveVerdict,
};

use crate::support::{After, Backend, Call, Client, PATIENCE, Response, request, response};

/// The longest that the tests of a recording take here.
const WHOLE: Duration = Duration::from_mins(3);

/// A browser with one connection and its cookies.
struct Visitor {
    client: Client,
    cookies: Vec<(String, String)>,
}

impl Visitor {
    fn new(port: u16) -> Self {
        Visitor { client: Client::connect(port), cookies: Vec::new() }
    }

    fn get(&mut self, target: &str) -> Response {
        self.send("GET", target)
    }

    fn send(&mut self, method: &str, target: &str) -> Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!("Cookie: {}", cookies.join("; "));
        let lines: &[&str] = if cookies.is_empty() { &[] } else { &[&line] };
        let answer = self.client.exchange(&request(method, target, lines));
        for cookie in answer.all("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }
}

pub(crate) fn answer(call: &mut Call, status: &str, lines: &[&str], body: &str) -> After {
    call.send(&response(status, lines, body));
    After::Keep
}

/// The value of a cookie.
fn cookie(call: &Call, name: &str) -> Option<String> {
    let cookies = call.head.get("cookie")?;
    cookies.split("; ").find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

/// A balancer over these backends, which nobody checks.
pub(crate) async fn balancer(backends: &[&Backend]) -> Arc<Balancer> {
    let mut builder = Balancer::builder().workers(1).check(|_| async { Ok("taken on trust".to_owned()) });
    for (number, backend) in backends.iter().enumerate() {
        builder = builder.backend(format!("{},name=copy-{number}", backend.port));
    }
    let balancer = Arc::new(builder.start().await.unwrap());
    balancer.serving().await;
    balancer
}

/// Records what `traffic` does, and gives the report.
async fn survive(balancer: &Balancer, traffic: impl FnOnce(u16) + Send + 'static) -> SurviveReport {
    balancer.command(Command::Survive(SurviveOptions::default())).await.unwrap();
    let port = balancer.address().port();
    tokio::task::spawn_blocking(move || traffic(port)).await.unwrap();
    balancer.command(Command::SurviveReport).await.unwrap();
    ended(balancer).await
}

/// The report, once it is there.
pub(crate) async fn ended(balancer: &Balancer) -> SurviveReport {
    let reached = async {
        while balancer.snapshot().survive.unwrap().stage != SurviveStage::Ended {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(WHOLE, reached).await.expect("the report");
    *balancer.survive_report().unwrap()
}

/// What fails a run.
pub(crate) fn findings(report: &SurviveReport) -> Vec<&SurviveEntry> {
    report.entries.iter().filter(|entry| entry.verdict.is_finding()).collect()
}

/// What is told of a path, but for remarks.
pub(crate) fn of<'r>(report: &'r SurviveReport, path: &str) -> &'r SurviveEntry {
    let found = report.entries.iter().find(|entry| entry.path == path && entry.verdict != SurviveVerdict::Remark);
    found.unwrap_or_else(|| panic!("nothing is told of {path}: {report:?}"))
}

/// Sessions in this store: `/login` begins one, `/cart` needs one.
fn sessions(store: &Arc<Mutex<HashSet<String>>>) -> Backend {
    let store = Arc::clone(store);
    Backend::start(move |call| match call.target.as_str() {
        "/login" => {
            let id = format!("{:016x}", fastrand::u64(..));
            store.lock().unwrap().insert(id.clone());
            answer(call, "200 OK", &[&format!("Set-Cookie: sid={id}; Path=/")], "welcome")
        }
        "/cart" => match cookie(call, "sid") {
            Some(id) if store.lock().unwrap().contains(&id) => answer(call, "200 OK", &[], "three apples"),
            _ => answer(call, "302 Found", &["Location: /login"], ""),
        },
        _ => answer(call, "200 OK", &[], "for everyone"),
    })
}

fn shopping(port: u16) {
    let mut visitor = Visitor::new(port);
    assert_eq!(visitor.get("/login").status, 200);
    for path in ["/cart", "/products", "/cart"] {
        assert_eq!(visitor.get(path).status, 200);
    }
}

#[tokio::test]
async fn a_session_in_one_copys_memory_is_found_with_what_helps_and_touches_no_figure() {
    let (one, two) = (sessions(&Arc::default()), sessions(&Arc::default()));
    let balancer = balancer(&[&one, &two]).await;
    let report = survive(&balancer, shopping).await;
    assert_eq!(report.partial, None);
    let cart = of(&report, "/cart");
    assert_eq!(
        (cart.verdict, cart.kind),
        (SurviveVerdict::NeedsStickiness, Some(SurviveKind::SessionLost)),
        "{report:?}"
    );
    assert!(cart.words.raw().contains("302 /login"), "{}", cart.words);
    assert_eq!(cart.learn.as_ref().map(stickylb::untrusted::Untrusted::raw), Some("cookie:sid"));
    assert_eq!(findings(&report).len(), 1, "{report:?}");
    assert_eq!(of(&report, "/products").verdict, SurviveVerdict::Safe);
    assert!(report.smallest.is_some_and(|smallest| smallest.proven));
    let snapshot = balancer.snapshot();
    assert_eq!((snapshot.totals.requests, snapshot.backends.iter().map(|b| b.requests).sum::<u64>()), (4, 4));
    assert!(!snapshot.keeps_bodies);
    balancer.end_now();
}

#[tokio::test]
async fn sessions_that_copies_share_are_no_finding_and_need_no_stickiness() {
    let store = Arc::default();
    let (one, two) = (sessions(&store), sessions(&store));
    let balancer = balancer(&[&one, &two]).await;
    let report = survive(&balancer, shopping).await;
    assert!(findings(&report).is_empty(), "{report:?}");
    let cart = of(&report, "/cart");
    assert_eq!((cart.verdict, cart.requests), (SurviveVerdict::Safe, 2));
    assert!(cart.times >= 12, "{}", cart.times);
    let smallest = report.smallest.expect("a journey was sent again");
    assert_eq!((smallest.sticky["by"].as_str(), smallest.proven), (Some("off"), true));
    balancer.end_now();
}

#[tokio::test]
async fn a_counter_in_each_copy_breaks_even_with_stickiness_and_a_copys_name_is_a_remark() {
    let counting = || {
        let count = AtomicU64::new(0);
        Backend::start(move |call| {
            let port = call.wire.stream.local_addr().unwrap().port();
            let body = match call.target.as_str() {
                "/count" => format!("{{\"visits\":{}}}", count.fetch_add(1, SeqCst)),
                _ => format!("{{\"port\":{port}}}"),
            };
            answer(call, "200 OK", &["Content-Type: application/json"], &body)
        })
    };
    let (one, two) = (counting(), counting());
    let balancer = balancer(&[&one, &two]).await;
    let report = survive(&balancer, |port| {
        let mut visitor = Visitor::new(port);
        visitor.get("/count");
        visitor.get("/who");
    })
    .await;
    let found: Vec<_> = findings(&report).iter().map(|e| (e.verdict, e.kind, e.path.to_string())).collect();
    let expected = (SurviveVerdict::BreaksEvenWithIt, Some(SurviveKind::CounterPerCopy), "/count".to_owned());
    assert_eq!(found, [expected], "{report:?}");
    assert!(report.entries.iter().any(|e| e.verdict == SurviveVerdict::Remark && e.path == "/who"), "{report:?}");
    balancer.end_now();
}

#[tokio::test]
async fn whatever_an_app_answers_the_report_comes_and_is_no_alarm() {
    let odd = || {
        Backend::start(|call| match call.target.as_str() {
            "/round" => answer(call, "302 Found", &["Location: /round"], ""),
            "/cookies" => {
                let lines: Vec<String> = (0..100).map(|n| format!("Set-Cookie: c{n}={}", fastrand::u64(..))).collect();
                answer(call, "200 OK", &lines.iter().map(String::as_str).collect::<Vec<_>>(), "sweet")
            }
            "/stream" => {
                call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
                while call.wire.stream.write_all(b"5\r\ndata\n\r\n").is_ok() {
                    std::thread::sleep(Duration::from_millis(20));
                }
                After::Close
            }
            "/silence" => {
                call.wait_for_close();
                After::Close
            }
            "/chance" if fastrand::bool() => answer(call, "200 OK", &[], "heads"),
            "/chance" => answer(call, "500 Internal Server Error", &[], "tails"),
            "/cut" => {
                call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot all");
                After::Close
            }
            _ => answer(call, "200 OK", &[], &format!("now it is {}", fastrand::u64(..))),
        })
    };
    let (one, two) = (odd(), odd());
    let balancer = balancer(&[&one, &two]).await;
    let report = survive(&balancer, |port| {
        for path in ["/round", "/cookies", "/chance", "/cut", "/noise"] {
            Visitor::new(port).get(path);
        }
        // What has no end is left after a while.
        for path in ["/stream", "/silence"] {
            let mut client = Client::connect(port);
            client.send(&request("GET", path, &[]));
            std::thread::sleep(Duration::from_millis(300));
        }
    })
    .await;
    assert_eq!(report.partial, None);
    assert!(findings(&report).is_empty(), "{report:?}");
    assert_eq!(of(&report, "/chance").verdict, SurviveVerdict::Inconclusive, "{report:?}");
    assert_eq!(of(&report, "/noise").verdict, SurviveVerdict::Safe);
    balancer.end_now();
}

#[tokio::test]
async fn what_may_change_something_and_what_is_excluded_is_not_sent_again() {
    let (one, two) = (Backend::echoing(), Backend::echoing());
    let balancer = balancer(&[&one, &two]).await;
    let mut options = SurviveOptions::default();
    options.exclude = vec!["/admin/*".to_owned()];
    balancer.command(Command::Survive(options)).await.unwrap();
    let port = balancer.address().port();
    let traffic = move || {
        let mut visitor = Visitor::new(port);
        visitor.send("DELETE", "/orders/17");
        visitor.get("/admin/reset");
        visitor.get("/orders/17");
    };
    tokio::task::spawn_blocking(traffic).await.unwrap();
    balancer.command(Command::SurviveReport).await.unwrap();
    let report = ended(&balancer).await;
    let sent = |target: &str| {
        let all = [&one, &two].map(Backend::requests);
        all.iter().flatten().filter(|request| request.target == target && request.method != "GET").count()
            + all
                .iter()
                .flatten()
                .filter(|request| request.target == target && request.target.starts_with("/admin"))
                .count()
    };
    assert_eq!((sent("/orders/17"), sent("/admin/reset")), (1, 1));
    let told = |method: &str, path: &str| {
        let of = |entry: &&SurviveEntry| entry.method == method && entry.path == path;
        let entry = report.entries.iter().find(of).unwrap_or_else(|| panic!("{method} {path}: {report:?}"));
        (entry.verdict, entry.words.to_string())
    };
    assert_eq!(told("DELETE", "/orders/{id}"), (SurviveVerdict::Unknown, "unsafe: --unsafe".to_owned()));
    assert_eq!(told("GET", "/admin/reset"), (SurviveVerdict::Unknown, "excluded".to_owned()));
    assert_eq!(told("GET", "/orders/{id}").0, SurviveVerdict::Safe);
    balancer.end_now();
}

#[tokio::test]
async fn what_each_copy_keeps_in_its_own_memory_is_found_once_clients_have_changed_it() {
    let keeping = || {
        let count = AtomicU64::new(0);
        Backend::start(move |call| match call.head.start.split(' ').next().unwrap() {
            "POST" => {
                count.fetch_add(1, SeqCst);
                answer(call, "201 Created", &[], "kept")
            }
            _ => answer(call, "200 OK", &[], &"apple ".repeat(usize::try_from(count.load(SeqCst)).unwrap())),
        })
    };
    let (one, two) = (keeping(), keeping());
    let balancer = balancer(&[&one, &two]).await;
    let mut options = SurviveOptions::default();
    options.unsafe_methods = true;
    balancer.command(Command::Survive(options)).await.unwrap();
    let port = balancer.address().port();
    let traffic = move || {
        // One to each copy: both have the same before anything is sent again.
        for _ in 0..2 {
            Visitor::new(port).send("POST", "/basket");
        }
        Visitor::new(port).get("/basket");
    };
    tokio::task::spawn_blocking(traffic).await.unwrap();
    balancer.command(Command::SurviveReport).await.unwrap();
    let report = ended(&balancer).await;
    let found: Vec<_> = findings(&report).iter().map(|e| (e.verdict, e.kind, e.path.to_string())).collect();
    let expected = (SurviveVerdict::BreaksEvenWithIt, Some(SurviveKind::StatePerCopy), "/basket".to_owned());
    assert_eq!(found, [expected], "{report:?}");
    balancer.end_now();
}

#[tokio::test]
async fn a_copy_that_dies_in_the_middle_ends_it_with_a_report_that_names_it() {
    let slow = || {
        Backend::start(|call| {
            std::thread::sleep(Duration::from_millis(30));
            answer(call, "200 OK", &[], "well")
        })
    };
    let (one, two) = (slow(), slow());
    let balancer = Balancer::builder()
        .backend(format!("{},name=alpha", one.port))
        .backend(format!("{},name=bravo", two.port))
        .workers(1)
        .start()
        .await
        .unwrap();
    balancer.serving().await;
    let port = balancer.address().port();
    balancer.command(Command::Survive(SurviveOptions::default())).await.unwrap();
    let traffic = move || {
        let mut visitor = Visitor::new(port);
        for number in 0..20 {
            visitor.get(&format!("/page/{number}"));
        }
    };
    tokio::task::spawn_blocking(traffic).await.unwrap();
    balancer.command(Command::SurviveReport).await.unwrap();
    let begun = async {
        while balancer.snapshot().survive.unwrap().done < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect("it compares");
    tokio::task::spawn_blocking(move || drop(two)).await.unwrap();
    let report = ended(&balancer).await;
    let partial = report.partial.as_ref().expect("it is not whole").to_string();
    assert!(partial.contains("bravo"), "{partial}");
    assert!(findings(&report).is_empty(), "{report:?}");
    balancer.end_now();
}

#[tokio::test]
async fn one_run_at_a_time_needs_two_copies_and_can_be_stopped() {
    let (one, two) = (Backend::echoing(), Backend::echoing());
    let alone = balancer(&[&one]).await;
    let begin = || Command::Survive(SurviveOptions::default());
    let refused = alone.command(begin()).await.expect_err("one copy");
    assert!(
        matches!(&refused, CommandError::CannotSurvive { .. }) && refused.to_string().contains("copies"),
        "{refused}"
    );
    assert_eq!(alone.command(Command::SurviveStop).await, Err(CommandError::SurviveNotUnderWay));
    alone.end_now();

    let balancer = balancer(&[&one, &two]).await;
    assert_eq!(balancer.snapshot().survive, None);
    balancer.command(begin()).await.unwrap();
    assert_eq!(balancer.command(begin()).await, Err(CommandError::SurviveUnderWay));
    balancer.command(Command::SurviveStop).await.unwrap();
    let report = ended(&balancer).await;
    assert!(report.partial.is_some_and(|why| why.raw().contains("stopped")));
    balancer.command(begin()).await.expect("it can begin again");
    // Nothing holds up the end.
    tokio::time::timeout(PATIENCE, balancer.stop()).await.expect("it stops");
}
