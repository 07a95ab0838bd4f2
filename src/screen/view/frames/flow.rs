//! The flow at the usual sizes and at small ones, frozen, without motion, without colours and in ASCII.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use stickylb::api::{
    Attempt, CookieAction, Decision, Event, Fairness, Outcome, RequestEvent, Rule, State as BackendState, StickyKey,
    Strategy, UpdateEvent, WhatIf, WhatIfRow,
};

use super::sample::{self, who};
use super::{frame, golden, press, text};
use crate::screen::flow::{Motion, moves};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message};
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

const NAMES: [&str; 4] = ["alpha", "bravo", "charlie", "delta"];

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_mins(725) + Duration::from_millis(millis)
}

/// A request of a client, which tried these backends; the last answered it, unless it is lost.
fn request(millis: u64, client: u32, tried: &[u32], status: u16) -> Arc<Event> {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.traffic = Some(client);
    decision.rule = Rule::Sticky;
    decision.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: tried[0].into() });
    if tried.len() > 1 {
        decision.cookie = CookieAction::Rewritten;
    }
    for (n, id) in tried.iter().enumerate() {
        let is_last = n + 1 == tried.len() && status != 502;
        let outcome = if is_last { Outcome::Answered } else { Outcome::NoAnswer };
        let backend = who(*id, NAMES[*id as usize - 1]);
        decision.attempts.push(Attempt::new(&backend, outcome, Duration::from_micros(900)));
    }
    let mut request = RequestEvent::sample(decision);
    (request.time, request.status) = (at(millis), status);
    request.to = tried.last().map(|id| who(*id, NAMES[*id as usize - 1]));
    Arc::new(Event::Request(request))
}

fn second(state: &mut State, millis: u64) {
    let snapshot = state.snapshot.clone();
    update(state, Message::Second(at(millis), Box::new(snapshot)));
}

/// Four backends, twelve clients, and a second and a half after bravo went DOWN.
fn failover() -> State {
    let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark }).in_utc();
    let mut snapshot = sample::state().snapshot;
    snapshot.backends = (1..=4).map(|id| sample::backend(id, NAMES[id as usize - 1], BackendState::Up, 900)).collect();
    (snapshot.backends[2].active, snapshot.backends[3].active) = (1, 0);
    state.refresh(snapshot.clone());
    press(&mut state, "B");
    let mut events = Vec::new();
    for turn in 0..72_u32 {
        let client = turn % 12 + 1;
        events.push(request(u64::from(turn) * 42, client, &[client % 4 + 1], 200));
    }
    update(&mut state, Message::Events(events, 0));
    second(&mut state, 3_000);
    snapshot.backends[1].state = BackendState::Down;
    (snapshot.backends[1].active, snapshot.backends[1].rate) = (0, 3);
    let mut before = Fairness::default();
    (before.jain, before.requests) = (Some(1.0), 72);
    let now = &mut snapshot.pools[0].fairness;
    (now.jain, now.moved, now.retried, now.lost, now.requests) = (Some(0.97), 3, 2, 1, 30);
    (now.label, now.before) = ("bravo DOWN".into(), Some(Box::new(before)));
    state.refresh(snapshot);
    let update_event = UpdateEvent::new(at(3_100), who(2, "bravo"), [BackendState::Up, BackendState::Down], "killed");
    let mut events =
        vec![request(3_050, 1, &[2, 3], 200), Arc::new(Event::Update(update_event)), request(3_120, 5, &[2], 502)];
    for turn in 0..30_u32 {
        let client = turn % 12 + 1;
        let home = client % 4 + 1;
        let tried: &[u32] = match (home, client) {
            (2, 9) if turn == 8 => &[2, 4],
            (2, 9) => &[4],
            (2, _) => &[3],
            _ => &[home],
        };
        events.push(request(3_150 + u64::from(turn) * 42, client, tried, 200));
    }
    update(&mut state, Message::Events(events, 0));
    update(&mut state, Message::Tick(at(4_500)));
    state
}

#[test]
fn a_failover_at_the_usual_sizes() {
    let state = failover();
    golden("flow-80x24", &state, 80, 24);
    golden("flow-120x40", &state, 120, 40);
    golden("flow-200x60", &state, 200, 60);
}

#[test]
fn small_screens_have_letters_and_counts() {
    let state = failover();
    golden("flow-60x14", &state, 60, 14);
    golden("flow-50x12", &state, 50, 12);
    golden("flow-20x5", &state, 20, 5);
}

#[test]
fn without_colours_and_beyond_ascii_nothing_is_lost() {
    let mut state = failover();
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    golden("flow-ascii-80x24", &state, 80, 24);
    let text = text(&state, 80, 24);
    let of_flow = text.lines().skip(2).collect::<String>();
    assert!(of_flow.is_ascii(), "{of_flow}");
    for part in ["DOWN", "x lost", "B>u1", "DAC|BC"] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[test]
fn without_motion_there_are_counts_and_no_frames() {
    let mut state = failover();
    assert!(moves(&state));
    state.flow.motion = Motion::Off;
    assert!(!moves(&state));
    golden("flow-still-80x24", &state, 80, 24);
}

#[test]
fn nothing_is_drawn_while_nothing_moves_or_the_display_is_frozen_or_the_flow_is_closed() {
    let mut state = failover();
    assert!(moves(&state));
    press(&mut state, "p");
    assert!(!moves(&state));
    press(&mut state, "p");
    assert!(moves(&state));
    press(&mut state, "B");
    assert!(!moves(&state));
    press(&mut state, "B");
    // The last frame is one without requests.
    state.changed = false;
    update(&mut state, Message::Tick(at(6_600)));
    assert!(state.changed && !moves(&state));
    state.changed = false;
    update(&mut state, Message::Tick(at(6_700)));
    assert!(!state.changed, "nothing moves any more");
    // A client that moved says so for some seconds, and then no more.
    second(&mut state, 7_000);
    assert!(state.changed && text(&state, 80, 24).contains("B▸u1"));
    state.changed = false;
    second(&mut state, 9_500);
    assert!(state.changed && !text(&state, 80, 24).contains("B▸u1"));
    // The line of what was in flight moves on for a minute, and then nothing does.
    for n in 10..70 {
        state.changed = false;
        second(&mut state, n * 1000);
        assert!(state.changed || n > 60, "{n}");
    }
    assert!(!text(&state, 80, 24).contains("×3 failed"), "what is a minute old is not told");
    state.changed = false;
    (70..80).for_each(|n| second(&mut state, n * 1000));
    assert!(!state.changed, "an idle flow is not drawn");
}

#[test]
fn the_flow_steps_back_in_time_with_the_rest() {
    let mut state = failover();
    second(&mut state, 5_000);
    let now = text(&state, 80, 24);
    assert!(now.contains("DOWN") && now.contains("B▸u1"), "{now}");
    press(&mut state, ",,");
    let then = text(&state, 80, 24);
    assert!(then.contains("FROZEN 12:05:03") && !then.contains("DOWN") && !then.contains("B▸u1"), "{then}");
    let bravo = then.lines().position(|line| line.contains("B bravo")).expect("its lane");
    assert!(then.lines().nth(bravo).is_some_and(|line| line.contains('●')), "{then}");
    assert!(then.lines().nth(bravo + 1).is_some_and(|line| line.contains("u1 u5 u9")), "{then}");
    assert!(!then.contains('×') || then.contains("× lost") && then.contains("0 in 60 s"), "{then}");
    press(&mut state, "..");
    assert!(text(&state, 80, 24).contains("B▸u1"));
}

#[test]
fn more_lanes_than_rows_are_scrolled_to_and_those_hidden_are_named() {
    let mut state = failover();
    let mut snapshot = state.snapshot.clone();
    snapshot.backends = (1..=40).map(|n| sample::backend(n, &format!("backend-{n}"), BackendState::Up, 1)).collect();
    snapshot.backends[30].state = BackendState::Ejected;
    state.refresh(snapshot);
    let first = text(&state, 80, 24);
    assert!(first.contains(">A backend-1") && first.contains("more: ▲ backend-31 EJECTED, backend-"), "{first}");
    press(&mut state, "G");
    let last = text(&state, 80, 24);
    assert!(last.contains(">n backend-40") && !last.contains("A backend-1 "), "{last}");
}

#[test]
fn a_large_screen_asks_for_what_if_when_the_flow_opens_and_after_ten_seconds_with_requests() {
    let mut state = failover();
    press(&mut state, "B");
    assert!(press(&mut state, "B").is_empty(), "a small screen does not show it");
    press(&mut state, "B");
    update(&mut state, Message::Resized(200, 60));
    let asked = press(&mut state, "B");
    let [Effect::WhatIf(options)] = &asked[..] else { panic!("{asked:?}") };
    let mut told = WhatIf::default();
    (told.requests, told.as_real) = (500, 1.0);
    told.rows = Strategy::ALL
        .map(|strategy| {
            let mut row = WhatIfRow::default();
            (row.strategy, row.current) = (strategy, strategy == Strategy::RoundRobin);
            row.jain.median = 1.0;
            row
        })
        .into();
    update(&mut state, Message::WhatIf(options.clone(), Ok(Box::new(told))));
    golden("flow-what-if-200x60", &state, 200, 60);
    let at_second = |state: &mut State, millis| {
        let snapshot = state.snapshot.clone();
        update(state, Message::Second(at(millis), Box::new(snapshot)))
    };
    assert!(at_second(&mut state, 20_000).is_empty(), "there was no request since");
    state.snapshot.totals.requests += 1;
    assert_eq!(at_second(&mut state, 21_000), [Effect::WhatIf(options.clone())]);
    state.snapshot.totals.requests += 1;
    assert!(at_second(&mut state, 25_000).is_empty(), "it is not ten seconds");
    press(&mut state, "p");
    assert!(at_second(&mut state, 40_000).is_empty(), "the display stands still");
}

#[test]
fn keys_go_on_working_and_esc_leaves_to_where_one_was() {
    let mut state = failover();
    press(&mut state, "jw");
    assert!(state.dialog.is_some());
    press(&mut state, "\x1b");
    press(&mut state, ":");
    assert!(text(&state, 80, 24).contains("Tab completes"));
    press(&mut state, "\x1b\r");
    assert!(state.detail.is_some() && state.flow.open);
    press(&mut state, "\x1b");
    assert!(state.detail.is_none() && state.flow.open);
    press(&mut state, "\t");
    assert!(text(&state, 80, 24).contains("the log has no room beside the flow: Esc leaves it"));
    press(&mut state, "\x1b");
    assert!(!state.flow.open && text(&state, 80, 24).contains("Routing log"));
}

#[test]
fn every_size_can_be_drawn() {
    let mut states: Vec<State> = (0..4).map(|_| failover()).collect();
    press(&mut states[1], ":");
    press(&mut states[2], "p,");
    states[3].flow.motion = Motion::Off;
    for state in &mut states {
        for (width, height) in [(80, 24), (20, 5), (0, 0), (1, 1), (3, 50), (61, 15), (200, 15), (110, 41), (250, 90)] {
            update(state, Message::Resized(width, height));
            frame(state, width, height);
            press(state, "\x1b");
            press(state, if state.flow.open { "j" } else { "B" });
        }
    }
}

#[test]
fn a_frame_costs_the_same_however_many_requests_there_were() {
    let mut state = failover();
    for round in 0..20 {
        let events = (0..1_000).map(|n| request(4_000 + round * 40, n % 5_000, &[n % 4 + 1], 200)).collect();
        update(&mut state, Message::Events(events, 0));
    }
    update(&mut state, Message::Tick(at(6_000)));
    let screen = text(&state, 80, 24);
    assert!(screen.contains("● = 200 requests"), "{screen}");
    let began = Instant::now();
    (0..5).for_each(|_| drop(frame(&state, 200, 60)));
    // Generous for what is kept ready, but too short for walking 20 000 requests in each frame many times over.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
