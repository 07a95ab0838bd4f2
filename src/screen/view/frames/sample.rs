//! Sample data for the frames: six backends in every state but EJECTED, and a log with requests and a state change.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{
    Attempt, BackendView, CheckMark, CookieAction, Decision, Event, Identity, ListenerView, Mark, Mode, Outcome,
    Percentiles, PoolView, RequestEvent, RouteTaken, Rule, Snapshot, Spawned, State as BackendState, StickyKey,
    Strategy, UpdateEvent,
};

use crate::screen::glyphs::Glyphs;
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};

pub(crate) fn who(id: u32, name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(id, name, format!("http://localhost:{}", 5000 + id)))
}

pub(crate) fn backend(id: u32, name: &str, state: BackendState, requests: u64) -> BackendView {
    let up = state == BackendState::Up;
    let mut view = BackendView::default();
    view.id = id.into();
    view.name = name.into();
    view.mark = Mark::new(u16::try_from(id.saturating_sub(1)).expect("few"));
    view.pool = "default".into();
    view.url = format!("http://localhost:{}", 5000 + id).into();
    view.address = format!("localhost:{}", 5000 + id).into();
    view.state = state;
    view.state_seconds = 12;
    view.weight = 1;
    view.percent = 100;
    view.requests = requests;
    view.rate = if up { requests / 40 } else { 0 };
    view.rates = vec![0; 60];
    view.active = if up { 3 } else { 0 };
    view.tunnels = u32::from(up);
    view.sessions = requests / 100;
    view.latency = Percentiles { p50: Some(3_100), p95: Some(21_400), p99: Some(1_480_000) };
    view.histogram = if up { vec![0, 0, 0, 0, 0, 3, 40, 210, 800, 1_900, 650, 90, 0, 4] } else { Vec::new() };
    view.check = "GET / (http-status), 2000 ms at most, 10000 ms apart, rise 1, fall 1".into();
    view.errors = if up { 0 } else { 14 };
    view.checks = (0..8).map(|n| check(n, up || n < 3)).collect();
    view.expected_share = if up { 0.5 } else { 0.0 };
    view.actual_share = Some(0.33);
    view.spawned = Some(Spawned::new(Some(100 + id)));
    view
}

pub(crate) fn check(second: u64, passed: bool) -> CheckMark {
    let reason = if passed { "GET / 200" } else { "GET / 503" };
    CheckMark::new(SystemTime::UNIX_EPOCH + Duration::from_secs(second), Duration::from_micros(900), passed, reason)
}

pub(crate) fn request(second: u64, path: &str, to: &Arc<Identity>, decision: Decision) -> Arc<Event> {
    let mut request = RequestEvent::sample(decision);
    request.time = SystemTime::UNIX_EPOCH + Duration::from_millis(43_471_220 + second * 1000);
    request.took = Duration::from_micros(4_130 * (second + 1));
    request.method = if second == 1 { "POST".into() } else { "GET".into() };
    request.path = path.into();
    request.status = if second == 3 { 502 } else { 200 };
    request.to = Some(Arc::clone(to));
    request.bytes = 10;
    Arc::new(Event::Request(request))
}

pub(crate) fn decisions() -> Vec<Arc<Event>> {
    let (alpha, bravo, delta) = (who(1, "alpha"), who(2, "bravo"), who(4, "delta"));
    let attempt = |backend: &Arc<Identity>, outcome| Attempt::new(backend, outcome, Duration::from_micros(900));
    let mut sticky = Decision::new(Strategy::RoundRobin);
    sticky.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: 1.into() });
    sticky.rule = Rule::Sticky;
    sticky.attempts.push(attempt(&alpha, Outcome::Answered));
    let mut retried = Decision::new(Strategy::RoundRobin);
    retried.rule = Rule::Strategy { place: 2, of: 2, against: None };
    retried.cookie = CookieAction::Rewritten;
    retried.attempts.push(attempt(&delta, Outcome::Refused));
    retried.attempts.push(attempt(&bravo, Outcome::Answered));
    let mut failed = Decision::new(Strategy::RoundRobin);
    failed.attempts.push(attempt(&delta, Outcome::NoAnswer));
    let update = Event::Update(UpdateEvent::new(
        SystemTime::UNIX_EPOCH + Duration::from_millis(43_473_900),
        Arc::clone(&delta),
        [BackendState::Up, BackendState::Down],
        "check failed: Connection refused (os error 111)",
    ));
    vec![
        request(0, "/api/cart", &alpha, sticky),
        request(1, "/api/pay?with=card", &bravo, retried),
        Arc::new(update),
        request(3, "/a\u{1b}[2J\u{202e}\u{9b}31mhostile/日本語/and/so/on/and/so/on", &delta, failed),
    ]
}

pub(crate) fn listeners() -> Vec<ListenerView> {
    vec![listener("http://localhost:3001", "default")]
}

pub(crate) fn pools() -> Vec<PoolView> {
    vec![pool("default", Mode::Http, Strategy::RoundRobin)]
}

fn listener(url: &str, pool: &str) -> ListenerView {
    let mut listener = ListenerView::default();
    (listener.url, listener.pool) = (url.into(), Some(pool.into()));
    listener
}

fn pool(name: &str, mode: Mode, strategy: Strategy) -> PoolView {
    let mut pool = PoolView::default();
    (pool.name, pool.mode, pool.strategy) = (name.into(), mode, strategy);
    pool
}

/// Three pools behind three listeners, one of them in TCP mode.
pub(crate) fn pools_and_listeners() -> State {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.pools = vec![
        pool("web", Mode::Http, Strategy::RoundRobin),
        pool("api", Mode::Http, Strategy::LeastConnections),
        pool("database", Mode::Tcp, Strategy::Hash),
    ];
    snapshot.listeners = vec![
        listener("http://localhost:3001", "web"),
        listener("http://localhost:3002", "api"),
        listener("tcp://localhost:5431", "database"),
    ];
    snapshot.pools[0].urls = ["http://shop.localhost:3001", "http://shop.test:3001"].map(Into::into).into();
    let routes = [("path /api", "api"), ("upgrade", "web")];
    snapshot.listeners[0].routes = routes.map(|(matched, pool)| RouteTaken::new(matched, pool)).into();
    for (backend, pool) in snapshot.backends.iter_mut().zip(["web", "web", "web", "api", "database", "database"]) {
        backend.pool = pool.into();
    }
    state.refresh(snapshot);
    state
}

pub(crate) fn state() -> State {
    let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark }).in_utc();
    let mut backends = vec![
        backend(1, "alpha", BackendState::Up, 4102),
        backend(2, "bravo", BackendState::Up, 123_456),
        backend(3, "charlie", BackendState::Drain, 1_900),
        backend(4, "delta", BackendState::Down, 1_204),
        backend(5, "a-name-that-is-long\u{1b}]0;x\u{7}", BackendState::Maint, 0),
        backend(6, "日本語", BackendState::Starting, 0),
    ];
    backends[0].weight = 2;
    let mut snapshot = Snapshot::default();
    (snapshot.listeners, snapshot.pools, snapshot.backends) = (listeners(), pools(), backends);
    snapshot.can_spawn = true;
    let totals = &mut snapshot.totals;
    totals.requests = 132_000;
    totals.in_flight = 6;
    totals.rate = 412;
    totals.rates = (0..60).map(|n| n * n % 97).collect();
    totals.latency = Percentiles { p50: Some(3_100), p95: Some(21_400), p99: Some(48_000) };
    totals.error_share = Some(0.002);
    totals.connections = 18;
    totals.tunnels = 3;
    state.refresh(snapshot);
    state.append(decisions(), 0);
    state
}
