//! The cost of a frame with forty backends and a full log, at common terminal sizes; and the cost of taking in events
//! at full load. Run with `cargo bench --bench screen`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use divan::{Bencher, black_box};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stickylb::api::Strategy;
use stickylb::api::{BackendView, CheckMark, Event, RequestEvent, Snapshot};
use stickylb::api::{Decision, Identity, Percentiles, Rule, State as BackendState};
use stickylb_tui::screen::{Colors, Glyphs, Message, State, Theme, update, view};

fn main() {
    divan::main();
}

const BACKENDS: u32 = 40;
const LINES: u64 = 100_000;

fn backend(id: u32) -> BackendView {
    let mut view = BackendView::default();
    view.id = id.into();
    view.name = format!("backend-{id}").into();
    view.url = format!("http://localhost:{}", 5000 + id).into();
    view.address = format!("localhost:{}", 5000 + id).into();
    view.state = if id.is_multiple_of(7) { BackendState::Down } else { BackendState::Up };
    view.weight = 1 + id % 3;
    view.requests = 4_102 * u64::from(id);
    view.rate = 300;
    view.rates = (0..60).collect();
    view.active = id;
    view.sessions = 31;
    view.latency = Percentiles { p50: Some(3_100), p95: Some(21_400), p99: Some(1_480_000) };
    view.checks =
        (0..20).map(|n| CheckMark::new(SystemTime::UNIX_EPOCH, Duration::from_micros(700), n % 9 > 0, "200")).collect();
    view.expected_share = 0.025;
    view.actual_share = Some(0.024);
    view
}

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::default();
    snapshot.backends = (0..BACKENDS).map(backend).collect();
    snapshot.totals.rates = (0..60).collect();
    snapshot.totals.rate = 12_000;
    snapshot
}

fn events(from: u64, to: u64) -> Vec<Arc<Event>> {
    let who: Vec<Arc<Identity>> = (0..BACKENDS)
        .map(|id| {
            let url = format!("http://localhost:{}", 5000 + id);
            Arc::new(Identity::new(id, format!("backend-{id}"), url))
        })
        .collect();
    let event = |n: u64| {
        let mut decision = Decision::new(Strategy::RoundRobin);
        decision.rule = Rule::Strategy { place: 2, of: 40, against: None };
        let mut request = RequestEvent::default();
        request.time = SystemTime::UNIX_EPOCH + Duration::from_millis(43_471_220 + n);
        request.took = Duration::from_micros(4_130);
        request.ip = std::net::Ipv4Addr::LOCALHOST.into();
        request.method = "GET".into();
        request.path = format!("/api/items/{n}?page=2").into();
        request.status = 200;
        request.to = who.get(usize::try_from(n).unwrap_or(0) % who.len()).cloned();
        request.bytes = 512;
        request.decision = decision;
        Arc::new(Event::Request(request))
    };
    (from..to).map(event).collect()
}

fn state(columns: u16, rows: u16) -> State {
    let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark }).in_utc();
    update(&mut state, Message::Resized(columns, rows));
    update(&mut state, Message::Events(events(0, LINES), 0));
    update(&mut state, Message::Snapshot(Box::new(snapshot())));
    state
}

/// A whole frame, from the state to the difference that would be written.
#[divan::bench(args = [(80, 24), (120, 40), (200, 60)])]
fn frame(bencher: Bencher<'_, '_>, (columns, rows): (u16, u16)) {
    let state = state(columns, rows);
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, rows));
    bencher.bench_local(|| {
        let Ok(_) = terminal.draw(|frame| view(black_box(&state), frame));
    });
}

/// The work before a frame at 100,000 requests per second: the events of 33 ms and a snapshot.
#[divan::bench]
fn intake_at_full_load(bencher: Bencher<'_, '_>) {
    let mut state = state(120, 40);
    let batch = events(LINES, LINES + 3_300);
    bencher.bench_local(|| {
        update(&mut state, Message::Events(black_box(batch.clone()), 0));
        update(&mut state, Message::Snapshot(Box::new(snapshot())));
    });
}
