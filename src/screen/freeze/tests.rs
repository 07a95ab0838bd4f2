use super::*;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use stickylb::api::{
    Attempt, BackendView, Decision, Event, Identity, Level, Notice, Outcome, OutputEvent, RequestEvent,
    State as BackendState, Strategy, UpdateEvent,
};

use crate::screen::glyphs::Glyphs;
use crate::screen::log::LINES;
use crate::screen::message::Message;
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 + second)
}

/// Each second `n` has a snapshot with `n` requests and a notice with the text `n`.
fn seconds(state: &mut State, range: std::ops::Range<u64>) {
    for n in range {
        let notice = Notice::new(at(n) - Duration::from_millis(500), Level::Info, n.to_string());
        update(state, Message::Events(vec![Arc::new(Event::Notice(notice))], 0));
        let mut snapshot = Snapshot::default();
        snapshot.totals.requests = n;
        update(state, Message::Second(at(n), Box::new(snapshot)));
    }
}

fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        update(state, Message::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE)));
    }
}

/// The shown number of requests, and the last log line.
fn shown(state: &State) -> (u64, String) {
    (state.snapshot.totals.requests, lines(state).pop().unwrap_or_default())
}

fn lines(state: &State) -> Vec<String> {
    let text = |event: &Event| if let Event::Notice(notice) = event { notice.text.to_string() } else { String::new() };
    state.log.window(0, usize::MAX).iter().map(|line| text(&line.event)).collect()
}

fn both(n: u64) -> (u64, String) {
    (n, n.to_string())
}

fn new() -> State {
    State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark })
}

#[test]
fn the_display_stands_still_steps_and_is_live_again_with_nothing_lost() {
    let mut state = new();
    seconds(&mut state, 0..10);
    press(&mut state, "p");
    seconds(&mut state, 10..20);
    assert_eq!((shown(&state), state.frozen_for()), (both(9), Some(10)));
    press(&mut state, ",,,");
    assert_eq!((shown(&state), state.frozen_for()), (both(6), Some(13)));
    press(&mut state, ".");
    assert_eq!(shown(&state), both(7));
    press(&mut state, "........");
    assert_eq!(shown(&state), both(15));
    press(&mut state, "p");
    assert_eq!((shown(&state), state.frozen_for()), (both(19), None));
    let all: Vec<String> = (0..20).map(|n: u64| n.to_string()).collect();
    assert_eq!(lines(&state), all);
}

/// One second in which a backend changes its state, one of its requests fails, and its process writes a line.
fn busy_second(state: &mut State, n: u64) {
    let time = at(n) - Duration::from_millis(500);
    let backend = Arc::new(Identity::new(1, "alpha", ""));
    let (from, to) = if n.is_multiple_of(2) {
        (BackendState::Up, BackendState::Down)
    } else {
        (BackendState::Down, BackendState::Up)
    };
    let update = UpdateEvent::new(time, Arc::clone(&backend), [from, to], n.to_string());
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.attempts.push(Attempt::new(&backend, Outcome::NoAnswer, Duration::from_micros(1)));
    let mut request = RequestEvent::sample(decision);
    (request.time, request.status, request.to) = (time, 502, Some(Arc::clone(&backend)));
    let output = OutputEvent::new(time, backend, n.to_string());
    let events = vec![Event::Update(update), Event::Request(request), Event::Output(output)];
    update_with(state, Message::Events(events.into_iter().map(Arc::new).collect(), 0));
    let mut backend = BackendView::default();
    backend.id = 1.into();
    let mut snapshot = Snapshot::default();
    snapshot.backends = vec![backend];
    snapshot.totals.requests = n + 1;
    update_with(state, Message::Second(at(n), Box::new(snapshot)));
}

fn update_with(state: &mut State, message: Message) {
    assert!(update(state, message).is_empty());
}

/// The last second seen by each part of the screen: changes, notices, failures in the detail view, output.
fn last_of_each(state: &State) -> [String; 4] {
    let digest = &state.log.digest;
    let change = digest.changes.last(1).next().and_then(|change| change.last()).expect("a change").reason.to_string();
    let notices = digest.notices.after(0).last().map(Event::time).expect("notices");
    let notices = notices.duration_since(at(0)).map_or(0, |since| since.as_secs() + 1);
    let failures = digest.per_backend.of(1.into()).map_or(0, |of| of.failures.len() as u64).saturating_sub(1);
    let text = |cell: &ratatui::buffer::Cell| cell.symbol().to_owned();
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(80, 24)).expect("memory");
    terminal.draw(|frame| crate::screen::view(state, frame)).expect("memory");
    let screen: Vec<String> =
        terminal.backend().buffer().content().chunks(80).map(|row| row.iter().map(text).collect()).collect();
    let pane = screen.iter().position(|row| row.contains("Output of")).expect("the pane");
    let lines = screen[pane + 1..].iter().map(|row| row.trim_matches(['│', ' ']));
    let output = lines.take_while(|line| line.parse::<u64>().is_ok()).last().expect("a line");
    [change, notices.to_string(), failures.to_string(), output.to_owned()]
}

#[test]
fn every_part_of_the_screen_stands_still_and_steps_with_the_others() {
    let mut state = new();
    (0..4).for_each(|n| busy_second(&mut state, n));
    press(&mut state, "vvvp");
    (4..8).for_each(|n| busy_second(&mut state, n));
    assert_eq!((last_of_each(&state), state.requests_since()), (["3"; 4].map(str::to_owned), 4));
    press(&mut state, ",,");
    assert_eq!((last_of_each(&state), state.requests_since()), (["1"; 4].map(str::to_owned), 6));
    press(&mut state, "....");
    assert_eq!((last_of_each(&state), state.requests_since()), (["5"; 4].map(str::to_owned), 2));
    press(&mut state, ",");
    assert_eq!(last_of_each(&state), ["4"; 4].map(str::to_owned));
    press(&mut state, "p");
    assert_eq!((last_of_each(&state), state.requests_since()), (["7"; 4].map(str::to_owned), 0));
}

#[test]
fn a_step_back_freezes_and_the_ends_are_said() {
    let mut state = new();
    seconds(&mut state, 0..3);
    press(&mut state, ",");
    assert_eq!(shown(&state), both(1));
    press(&mut state, ",,");
    assert!(format!("{:?}", state.said).contains("nothing before this is kept"), "{:?}", state.said);
    press(&mut state, "...");
    assert!(format!("{:?}", state.said).contains("p shows live again"), "{:?}", state.said);
}

#[test]
fn what_is_kept_is_bounded_and_an_unchanged_second_costs_next_to_nothing() {
    let mut state = new();
    seconds(&mut state, 0..KEPT as u64 + 50);
    assert_eq!(state.moments.len(), KEPT);
    press(&mut state, "p");
    let notice = Notice::new(at(1_000), Level::Info, "");
    let one = Arc::new(Event::Notice(notice));
    update(&mut state, Message::Events(vec![one; LINES + 10], 0));
    assert!(state.frozen.as_ref().is_some_and(|frozen| frozen.later.len() == LINES));
    let same = state.live().clone();
    update(&mut state, Message::Second(at(90_000), Box::new(same.clone())));
    update(&mut state, Message::Second(at(90_001), Box::new(same)));
    let last: Vec<&Moment> = state.moments.iter().rev().take(2).collect();
    assert!(Arc::ptr_eq(&last[0].snapshot, &last[1].snapshot));
}
