//! Every frame as it is drawn, with its styles: `cargo insta review` shows what a change changed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::view;
use crate::balancer::{
    Attempt, Candidate, CookieAction, Decision, Exclusion, Identity, Intent, Outcome, Percentiles, Rule, Score,
    State as BackendState, StickyKey,
};
use crate::config::Strategy;
use crate::engine::{
    BackendView, CheckMark, CommandError, Ended, Event, ListenerView, PoolView, RequestEvent, Snapshot, Spawned,
    Totals, UpdateEvent,
};
use crate::tui::{Colors, Glyphs, Message, State, Theme, update};

fn who(id: u32, name: &str) -> Arc<Identity> {
    Arc::new(Identity { id, name: name.to_owned(), url: format!("http://localhost:{}", 5000 + id), pool: None })
}

fn backend(id: u32, name: &str, state: BackendState, requests: u64) -> BackendView {
    let up = state == BackendState::Up;
    BackendView {
        id,
        name: name.to_owned(),
        pool: "default".to_owned(),
        url: format!("http://localhost:{}", 5000 + id),
        address: format!("localhost:{}", 5000 + id),
        state,
        state_seconds: 12,
        ejected_seconds: None,
        intent: Intent::InService,
        weight: 1,
        percent: 100,
        backup: false,
        queued: 0,
        requests,
        rate: if up { requests / 40 } else { 0 },
        rates: vec![0; 60],
        active: if up { 3 } else { 0 },
        tunnels: u32::from(up),
        sessions: requests / 100,
        latency: Percentiles { p50: Some(3_100), p95: Some(21_400), p99: Some(1_480_000) },
        histogram: if up { vec![0, 0, 0, 0, 0, 3, 40, 210, 800, 1_900, 650, 90, 0, 4] } else { Vec::new() },
        check: "GET / (http-status), 2000 ms at most, 10000 ms apart, rise 1, fall 1".to_owned(),
        errors: if up { 0 } else { 14 },
        checks: (0..8).map(|n| check(n, up || n < 3)).collect(),
        expected_share: if up { 0.5 } else { 0.0 },
        actual_share: Some(0.33),
        spawned: Some(Spawned { pid: Some(100 + id) }),
        ..BackendView::default()
    }
}

fn check(second: u64, passed: bool) -> CheckMark {
    let reason = if passed { "GET / 200" } else { "GET / 503" };
    CheckMark { time: SystemTime::UNIX_EPOCH + Duration::from_secs(second), micros: 900, passed, reason: reason.into() }
}

fn request(second: u64, path: &str, to: &Arc<Identity>, decision: Decision) -> Arc<Event> {
    Arc::new(Event::Request(RequestEvent {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(43_471_220 + second * 1000),
        took: Duration::from_micros(4_130 * (second + 1)),
        ip: "127.0.0.1".parse().expect("an address"),
        method: if second == 1 { "POST".into() } else { "GET".into() },
        path: path.into(),
        status: if second == 3 { 502 } else { 200 },
        to: Some(Arc::clone(to)),
        bytes: 10,
        up: None,
        ended: Ended::Complete,
        decision,
    }))
}

fn decisions() -> Vec<Arc<Event>> {
    let (alpha, bravo, delta) = (who(1, "alpha"), who(2, "bravo"), who(4, "delta"));
    let attempt = |backend: &Arc<Identity>, outcome| Attempt { backend: Arc::clone(backend), outcome, micros: 900 };
    let mut sticky = Decision::new(Strategy::RoundRobin);
    sticky.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: 1 });
    sticky.rule = Rule::Sticky;
    sticky.attempts.push(attempt(&alpha, Outcome::Answered));
    let mut retried = Decision::new(Strategy::RoundRobin);
    retried.rule = Rule::Strategy { place: 2, of: 2, against: None };
    retried.cookie = CookieAction::Rewritten;
    retried.attempts.push(attempt(&delta, Outcome::Refused));
    retried.attempts.push(attempt(&bravo, Outcome::Answered));
    let mut failed = Decision::new(Strategy::RoundRobin);
    failed.attempts.push(attempt(&delta, Outcome::NoAnswer));
    let update = Event::Update(UpdateEvent {
        time: SystemTime::UNIX_EPOCH + Duration::from_millis(43_473_900),
        backend: Arc::clone(&delta),
        from: BackendState::Up,
        to: BackendState::Down,
        reason: "check failed: Connection refused (os error 111)".to_owned(),
    });
    vec![
        request(0, "/api/cart", &alpha, sticky),
        request(1, "/api/pay?with=card", &bravo, retried),
        Arc::new(update),
        request(3, "/a\u{1b}[2J\u{202e}\u{9b}31mhostile/日本語/and/so/on/and/so/on", &delta, failed),
    ]
}

fn listeners() -> Vec<ListenerView> {
    vec![ListenerView {
        url: "http://localhost:3001".to_owned(),
        pool: "default".to_owned(),
        ..ListenerView::default()
    }]
}

fn pools() -> Vec<PoolView> {
    vec![PoolView { name: "default".to_owned(), ..PoolView::default() }]
}

fn state() -> State {
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
    state.refresh(Snapshot {
        listeners: listeners(),
        pools: pools(),
        backends,
        totals: Totals {
            requests: 132_000,
            in_flight: 6,
            rate: 412,
            rates: (0..60).map(|n| n * n % 97).collect(),
            latency: Percentiles { p50: Some(3_100), p95: Some(21_400), p99: Some(48_000) },
            error_share: Some(0.002),
            connections: 18,
            tunnels: 3,
            ..Totals::default()
        },
        can_spawn: true,
        ..Snapshot::default()
    });
    state.append(decisions(), 0);
    state
}

fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            '\r' | '\n' => KeyCode::Enter,
            key => KeyCode::Char(key),
        };
        update(state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
}

/// The frame as text and, below it, as ratatui prints its styles.
fn frame(state: &State, width: u16, height: u16) -> ratatui::buffer::Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    terminal.draw(|frame| view(state, frame)).expect("memory");
    terminal.backend().buffer().clone()
}

#[test]
fn the_usual_sizes() {
    insta::assert_debug_snapshot!("80x24", frame(&state(), 80, 24));
    insta::assert_debug_snapshot!("120x40", frame(&state(), 120, 40));
}

#[test]
fn a_large_screen_shows_figures_inspector_and_the_selection() {
    let mut state = state();
    insta::assert_debug_snapshot!("200x60", frame(&state, 200, 60));
    press(&mut state, "\t");
    insta::assert_debug_snapshot!("200x60-request", frame(&state, 200, 60));
}

#[test]
fn why_and_detail() {
    let mut state = state();
    press(&mut state, "w");
    insta::assert_debug_snapshot!("why", frame(&state, 80, 24));
    let candidate = |id, name: &str, excluded| Candidate {
        backend: who(id, name),
        weight: 1,
        active: id,
        score: Score::Load { active: id, weight: 100 },
        excluded,
    };
    let mut decision = Decision::new(Strategy::LeastConnections);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.moved_from = Some(("delta".into(), Exclusion::State(BackendState::Down)));
    decision.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: 4 });
    decision.cookie = CookieAction::Rewritten;
    decision.candidates = vec![
        candidate(1, "alpha", None),
        candidate(2, "bravo", None),
        candidate(4, "delta", Some(Exclusion::State(BackendState::Down))),
    ];
    let answered = Attempt { backend: who(1, "alpha"), outcome: Outcome::Answered, micros: 2_100 };
    decision.attempts.push(answered);
    state.append(vec![request(9, "/moved", &who(1, "alpha"), decision)], 0);
    press(&mut state, "\x1bw");
    insta::assert_debug_snapshot!("why-candidates", frame(&state, 80, 24));
    press(&mut state, "\x1b4\r");
    insta::assert_debug_snapshot!("detail", frame(&state, 80, 24));
    press(&mut state, "\x1b\t\rk");
    insta::assert_debug_snapshot!("detail-request", frame(&state, 80, 24));
}

#[test]
fn a_filter_is_typed_with_its_mistake_below_it() {
    let mut state = state();
    press(&mut state, "/backend:bravo stattus:2");
    insta::assert_debug_snapshot!("filter", frame(&state, 80, 24));
}

#[test]
fn forty_backends_and_a_full_log_are_drawn_from_what_is_kept_ready() {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.backends = (0..40).map(|n| backend(n, &format!("backend-{n}"), BackendState::Up, 1_000)).collect();
    state.refresh(snapshot);
    for _ in 0..25_000 {
        state.append(decisions(), 0);
    }
    press(&mut state, "/status>=500\r\tk");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let began = std::time::Instant::now();
        (0..5).for_each(|_| drop(frame(&state, width, height)));
        // Far above what it takes, far below what walking the log would.
        assert!(began.elapsed() < Duration::from_secs(2), "{width}x{height}: {:?}", began.elapsed());
    }
}

#[test]
fn small_terminals_show_a_line_a_backend() {
    insta::assert_debug_snapshot!("50x8", frame(&state(), 50, 8));
    insta::assert_debug_snapshot!("20x3", frame(&state(), 20, 3));
}

#[test]
fn every_size_can_be_drawn_in_every_state() {
    let mut states = vec![state(), State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono })];
    for keys in ["?", "X", "q", "\tgk", ":", ":xyzzy\n", ":weight "] {
        let mut state = state();
        press(&mut state, keys);
        states.push(state);
    }
    for state in &states {
        for (width, height) in [(0, 0), (1, 1), (2, 40), (19, 3), (59, 14), (60, 14), (80, 24), (160, 50), (200, 60)] {
            frame(state, width, height);
        }
    }
}

#[test]
fn nothing_from_outside_is_drawn_as_control() {
    let frame = frame(&state(), 200, 60);
    for cell in frame.content() {
        assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
        assert!(!cell.symbol().contains('\u{202e}'));
    }
}

#[test]
fn nothing_from_outside_is_control_in_any_pane_nor_in_what_is_copied() {
    let evil = "a\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{200b}\r\nb";
    let mut base = state();
    let mut snapshot = base.snapshot.clone();
    for backend in &mut snapshot.backends {
        backend.name = format!("{evil}{}", backend.id);
        backend.url = evil.to_owned();
        backend.check = evil.to_owned();
        backend.checks.iter_mut().for_each(|check| check.reason = evil.to_owned());
    }
    base.refresh(snapshot);
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Refused { why: evil.to_owned() };
    decision.attempts.push(Attempt { backend: who(1, evil), outcome: Outcome::Refused, micros: 1 });
    base.append(vec![request(0, evil, &who(1, evil), decision)], 0);
    for keys in ["", "w", "\x1b\r", "\x1b\t", "\r", "\x1bv", "v", "v", "v", "/path:a"] {
        press(&mut base, keys);
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            for cell in frame(&base, width, height).content() {
                let hidden = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
                assert!(!cell.symbol().chars().any(hidden), "{keys:?}: {:?}", cell.symbol());
            }
        }
        let copied = super::selection_as_text(&base).replace('\n', " ");
        assert!(!copied.contains(|c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}')), "{copied:?}");
    }
}

#[test]
fn no_backends_yet() {
    let mut state = state();
    state.refresh(Snapshot { listeners: listeners(), pools: pools(), ..Snapshot::default() });
    insta::assert_debug_snapshot!("empty", frame(&state, 80, 24));
}

#[test]
fn dialogs() {
    let mut state = state();
    press(&mut state, "?");
    insta::assert_debug_snapshot!("help", frame(&state, 80, 24));
    press(&mut state, "\x1bX");
    insta::assert_debug_snapshot!("kill", frame(&state, 80, 24));
    press(&mut state, "nq");
    insta::assert_debug_snapshot!("quit", frame(&state, 80, 24));
}

#[test]
fn the_palette_finds_commands_and_says_what_is_missing() {
    let mut state = state();
    press(&mut state, ":wei\n");
    insta::assert_debug_snapshot!("palette", frame(&state, 80, 24));
}

#[test]
fn what_went_wrong_stands_in_the_footer_until_the_next_key() {
    let mut state = state();
    let error = CommandError::NotSpawned { name: "alpha".to_owned() };
    update(&mut state, Message::Done(Err(error)));
    let text = |state: &State| format!("{:?}", frame(state, 80, 24));
    assert!(text(&state).contains("alpha was not started here"));
    press(&mut state, "j");
    assert!(!text(&state).contains("alpha was not started here"));
}

#[test]
fn without_colours_and_symbols_every_state_is_still_told_apart() {
    let mut state = state();
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    let frame = frame(&state, 80, 24);
    insta::assert_debug_snapshot!("ascii", frame);
    let symbols: Vec<&str> = frame.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    // Names may be of any script; the screen's own characters are not.
    assert!(symbols.iter().all(|s| s.is_ascii() || "日本語".contains(s)));
}

#[test]
fn in_every_theme_words_alone_tell_the_state() {
    for colors in Colors::ALL {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let mut state = state();
            state.theme = Theme { glyphs, colors };
            let drawn = frame(&state, 120, 40);
            let lines: Vec<String> = drawn
                .content()
                .chunks(120)
                .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
                .collect();
            let row = |name: &str| lines.iter().find(|line| line.contains(name)).cloned().unwrap_or_default();
            let words =
                [("alpha", "UP"), ("charlie", "DRAIN"), ("delta", "DOWN"), ("a-name", "MAINT"), ("日", "STARTING")];
            for (name, word) in words {
                assert!(row(name).contains(word), "{colors:?}, {glyphs:?}: no {word} in {}", row(name));
            }
            let marks = [BackendState::Up, BackendState::Down, BackendState::Ejected, BackendState::Drain];
            let glyphs: std::collections::HashSet<&str> = marks.map(|s| state.theme.state_glyph(s)).into();
            assert_eq!(glyphs.len(), marks.len());
        }
    }
}

#[test]
fn a_frozen_display_says_when_and_how_long_ago() {
    let mut state = state();
    let (snapshot, noon) = (state.snapshot.clone(), SystemTime::UNIX_EPOCH + Duration::from_secs(43_471));
    update(&mut state, Message::Second(noon, Box::new(snapshot.clone())));
    press(&mut state, "p");
    update(&mut state, Message::Second(noon + Duration::from_secs(35), Box::default()));
    let first: String = frame(&state, 80, 24).content()[..80].iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(first.ends_with("FROZEN 12:04:31 (-35 s) ") && first.contains("2 up"), "{first}");
}

#[test]
fn every_theme_is_drawn_as_it_is() {
    for (name, colors) in
        [("light", Colors::Light), ("high-contrast", Colors::HighContrast), ("color-blind", Colors::ColorBlind)]
    {
        let mut state = state();
        state.theme.colors = colors;
        insta::assert_debug_snapshot!(name, frame(&state, 80, 24));
    }
}

#[test]
fn the_selection_follows_its_backend() {
    let mut state = state();
    press(&mut state, "jj");
    let mut snapshot = state.snapshot.clone();
    snapshot.backends.reverse();
    state.refresh(snapshot);
    assert_eq!(state.selected_row().map(|row| state.snapshot.backends[row].name.as_str()), Some("charlie"));
}
