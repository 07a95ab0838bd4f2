//! Traffic that the balancer sends to itself: it comes when it is due, and what is counted is what reached the backend.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::backend::Recorded;
use crate::support::{After, Backend, Balancer, Config, response, until, until_some};

/// What is told of the traffic.
pub(crate) fn traffic(balancer: &Balancer) -> Value {
    balancer.health()["traffic"].clone()
}

/// Waits until nothing more is sent.
pub(crate) fn ended(balancer: &Balancer) -> Value {
    until_some("the traffic has ended", || {
        let view = traffic(balancer);
        (view["on"] == false && view["inFlight"] == 0).then_some(view)
    })
}

/// Begins traffic, as typed.
pub(crate) fn begin(balancer: &Balancer, line: &[&str]) {
    balancer.ctl(&[&["traffic"], line].concat());
}

/// How often each client asked.
pub(crate) fn by_user(requests: &[Recorded]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        *counts.entry(request.get("x-user").unwrap()).or_default() += 1;
    }
    counts
}

fn number(view: &Value, key: &str) -> u64 {
    view[key].as_u64().unwrap_or_else(|| panic!("{key} of {view}"))
}

/// Client, method and target of each request, in no order.
fn asked(requests: &[Recorded]) -> Vec<String> {
    let line = |one: &Recorded| format!("{} {} {}", one.get("x-user").unwrap(), one.method, one.target);
    let mut lines: Vec<String> = requests.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn even_open_traffic_reaches_a_hung_backend_on_schedule_until_a_hundred_are_in_flight_and_drops_the_rest() {
    let came: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let at_backend = Arc::clone(&came);
    let backend = Backend::start(move |call| {
        at_backend.lock().unwrap().push(Instant::now());
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    // Due are 24 x 6, the first at once.
    begin(&balancer, &["open", "rate=24", "for=6s"]);
    let view = until_some("its time is over", || Some(traffic(&balancer)).filter(|view| view["on"] == false));
    assert_eq!((number(&view, "sent"), number(&view, "dropped")), (100, 44), "{view}");
    assert_eq!((number(&view, "inFlight"), number(&view, "failed")), (100, 0), "{view}");
    assert_eq!(backend.wait_for_requests(100).len(), 100);
    let came = came.lock().unwrap();
    // The time of fifty in a row, as the backend saw it: of all such times the one in the middle, which a busy machine's pauses
    // do not move.
    let mut fifties: Vec<Duration> = came.windows(51).map(|some| some[50] - some[0]).collect();
    fifties.sort();
    let rate = 50.0 / fifties[fifties.len() / 2].as_secs_f64();
    assert!((22.8..=25.2).contains(&rate), "{rate} a second");
}

#[test]
fn closed_traffic_collapses_with_a_hung_backend_and_drops_nothing() {
    let backend = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["closed", "clients=6", "think=1ms", "for=2s"]);
    let view = until_some("its time is over", || Some(traffic(&balancer)).filter(|view| view["on"] == false));
    assert_eq!((number(&view, "sent"), number(&view, "dropped"), number(&view, "inFlight")), (6, 0, 6), "{view}");
    assert_eq!(backend.requests().len(), 6);
}

#[test]
fn closed_traffic_is_as_slow_as_its_answers_and_never_more_than_one_request_a_client() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at_work, seen) = (Arc::clone(&now), Arc::clone(&most));
    let backend = Backend::start(move |call| {
        seen.fetch_max(at_work.fetch_add(1, SeqCst) + 1, SeqCst);
        std::thread::sleep(Duration::from_millis(250));
        at_work.fetch_sub(1, SeqCst);
        call.send(&response("200 OK", &[], "late"));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["closed", "clients=5", "think=1ms", "for=3s"]);
    backend.wait_for_requests(12);
    let connections = number(&balancer.health()["totals"], "connections");
    assert!(connections <= 6, "each client keeps one: {connections}");
    let view = ended(&balancer);
    // Each of five can ask at most once in 250 ms, and one more that has just begun.
    let sent = number(&view, "sent");
    assert!((5..=5 * 13).contains(&sent), "{view}");
    assert_eq!((number(&view, "dropped"), number(&view, "failed")), (0, 0), "{view}");
    assert_eq!(view["byStatus"][1], sent, "{view}");
    assert_eq!(backend.requests().len() as u64, sent);
    assert!(most.load(SeqCst) <= 5, "{}", most.load(SeqCst));
}

#[test]
fn waiting_is_in_the_response_time_from_when_a_request_was_due() {
    let backend = Backend::start(|call| {
        std::thread::sleep(Duration::from_millis(60));
        call.send(&response("200 OK", &[], "late"));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["open", "rate=20", "for=2s"]);
    let view = ended(&balancer);
    let (due, begun) = (&view["latency"]["p50"], &view["latencyWithoutWaiting"]["p50"]);
    let (due, begun) = (due.as_u64().unwrap(), begun.as_u64().unwrap());
    assert!(begun >= 60_000 && due >= begun, "{view}");
    assert_eq!((&view["rate"], &view["secondsLeft"]), (&json!(0), &json!(0)));
}

#[test]
fn the_same_seed_sends_the_same_requests_and_another_one_others() {
    let sent = |seed: &str| {
        let backend = Backend::echoing();
        let balancer = Balancer::over(&[&backend]);
        let mix = "mix=40% GET /a, 30% GET /b?x=1, 20% POST /c, 10% PUT /d";
        begin(&balancer, &["open", "rate=150", "spacing=poisson", "for=1s", seed, mix]);
        let view = ended(&balancer);
        let asked = asked(&backend.requests());
        assert_eq!(number(&view, "sent"), asked.len() as u64, "{view}");
        (asked, number(&view, "dropped"))
    };
    let (first, second, other) = (sent("seed=7"), sent("seed=7"), sent("seed=8"));
    // A machine that stands still for a time drops some, which none does here but the busiest.
    if first.1 + second.1 == 0 {
        assert_eq!(first.0, second.0);
    }
    assert_ne!(first.0, other.0);
}

#[test]
fn in_closed_traffic_each_client_has_its_own_sequence() {
    let sequences = || {
        let backend = Backend::echoing();
        let balancer = Balancer::over(&[&backend]);
        let mix = "mix=50% GET /a, 50% GET /b";
        begin(&balancer, &["closed", "clients=3", "think=exp:5ms", "seed=11", mix]);
        backend.wait_for_requests(60);
        begin(&balancer, &["off"]);
        ended(&balancer);
        let mut of = BTreeMap::<String, Vec<String>>::new();
        for request in backend.requests() {
            of.entry(request.get("x-user").unwrap()).or_default().push(request.target);
        }
        of
    };
    let (first, second) = (sequences(), sequences());
    assert_eq!(first.len(), 3);
    for (user, targets) in &first {
        let both = targets.len().min(second[user].len());
        assert!(both > 3, "{user} asked {both} times");
        assert_eq!(targets[..both], second[user][..both], "{user}");
    }
    assert_ne!(first["u1"][..4.max(first["u1"].len().min(8))], first["u2"][..4.max(first["u2"].len().min(8))]);
}

#[test]
fn the_mix_and_heavy_clients_are_as_they_were_asked_for() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mix = "mix=80% GET /, 20% POST /echo";
    begin(&balancer, &["open", "rate=200", "for=3s", "clients=4", "heavy=1", mix]);
    let view = ended(&balancer);
    let requests = backend.requests();
    assert_eq!(requests.len() as u64, number(&view, "sent"));
    assert_eq!(number(&view, "sent") + number(&view, "dropped"), 600, "{view}");
    let posts: Vec<&Recorded> = requests.iter().filter(|one| one.method == "POST").collect();
    let share = posts.len() as f64 / requests.len() as f64;
    assert!((0.13..0.27).contains(&share), "{share}");
    for post in posts {
        assert_eq!(post.target, "/echo");
        assert_eq!(post.text(), format!("{{\"user\":\"{}\"}}", post.get("x-user").unwrap()));
    }
    let users = by_user(&requests);
    for user in ["u2", "u3", "u4"] {
        assert!(users["u1"] > 5 * users[user], "{users:?}");
    }
}

#[test]
fn requests_that_are_not_answered_well_are_counted_as_what_they_were() {
    let backend = Backend::start(|call| {
        let target = call.target.clone();
        match target.as_str() {
            "/cut" => {
                call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                After::Close
            }
            "/moved" => {
                call.send(&response("302 Found", &["Location: /elsewhere"], ""));
                After::Keep
            }
            _ => {
                call.send(&response("500 Internal Server Error", &[], "no"));
                After::Keep
            }
        }
    });
    let config = Config::new(&[&backend]).set("/health/passive", json!({"failures": 0}));
    let balancer = config.start();
    begin(&balancer, &["open", "rate=50", "for=2s", "mix=1% GET /cut, 1% GET /moved, 1% GET /bad"]);
    let view = ended(&balancer);
    let of = |target: &str| backend.targets().iter().filter(|asked| *asked == target).count();
    assert_eq!(view["failed"], of("/cut"), "{view}");
    assert_eq!((&view["byStatus"][2], &view["byStatus"][4]), (&json!(of("/moved")), &json!(of("/bad"))), "{view}");
    assert_eq!(of("/elsewhere"), 0, "no redirect is followed");
    assert_eq!(number(&view, "sent") + number(&view, "dropped"), 100, "{view}");
    until("the user's own figures count them too", || {
        balancer.backend(0)["requests"].as_u64() >= Some(number(&view, "sent"))
    });
}
