//! Frames of the inspector: a request's times, its heads with secrets hidden and shown, and its replay.

use std::sync::Arc;
use std::time::Duration;
use stickylb::api::{
    Attempt, Bodies, Body, CookieAction, Decision, Event, Heads, Outcome, Replayed, RequestNumber, Rule, Strategy,
};

use super::sample::{request, state, who};
use super::{frame, golden, press};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message};
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

const NUMBER: RequestNumber = RequestNumber::new(7);
const LATER: RequestNumber = RequestNumber::new(8);
const AGAIN: RequestNumber = RequestNumber::new(12);

const REQUEST: &[u8] = b"GET /api/cart HTTP/1.1\r\nHost: localhost:3001\r\nAuthorization: Bearer hunter2\r\n\
    Cookie: login=opaque; theme=dark\r\nX-Api-Key: k3y\r\nX-Evil: \x1b[2J\xc2\x9b31m\xe2\x80\xae\xff\r\n\r\n";

fn heads(number: RequestNumber, backend: &str) -> Heads {
    let here = ([127, 0, 0, 1], 3001).into();
    let mut heads = Heads::new(number, here, here);
    heads.url = "http://localhost:3001".into();
    heads.request.set(REQUEST);
    heads.sent.set(&[REQUEST.strip_suffix(b"\r\n").unwrap_or_default(), b"via: 1.1 stickylb-tui-1\r\n\r\n"].concat());
    let answer =
        format!("HTTP/1.1 200 OK\r\nX-Served-By: {backend}\r\nSet-Cookie: login=opaque-{backend}; HttpOnly\r\n");
    heads.answer.set(format!("{answer}\r\n").as_bytes());
    heads.passed.set(format!("{answer}x-backend-id: 2\r\nset-cookie: X-Backend-ID=2; Path=/\r\n\r\n").as_bytes());
    heads
}

/// A slow request with this number, retried once.
fn event(number: Option<RequestNumber>, backend: &str, id: u32) -> Arc<Event> {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 2, of: 2, against: None };
    decision.cookie = CookieAction::New;
    let failed = Attempt::new(&who(4, "delta"), Outcome::Refused, Duration::from_millis(9));
    decision.attempts.push(failed);
    decision.attempts.push(Attempt::new(&who(id, backend), Outcome::Answered, Duration::from_millis(31)));
    let Event::Request(mut slow) = (*request(9, "/api/cart", &who(id, backend), decision)).clone() else {
        unreachable!("a request is a request");
    };
    slow.number = number;
    slow.took = Duration::from_millis(63);
    slow.up = 1_204;
    slow.phases.queue = 2_000;
    slow.phases.connect = Some(1_000);
    slow.phases.first_byte = Some(30_000);
    slow.phases.last_byte = Some(21_000);
    Arc::new(Event::Request(slow))
}

/// A state with that request selected and its heads received.
fn inspected(theme: Theme) -> State {
    let mut state = state();
    state.theme = theme;
    update(&mut state, Message::Events(vec![event(Some(NUMBER), "bravo", 2)], 0));
    press(&mut state, "\t");
    let heads = Ok(Some(Box::new(heads(NUMBER, "bravo"))));
    assert_eq!(update(&mut state, Message::Heads(NUMBER, heads)), []);
    state
}

const UNICODE: Theme = Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark };

#[test]
fn a_request_with_its_times_and_its_heads() {
    let mut state = inspected(UNICODE);
    golden("inspector-200x60", &state, 200, 60);
    press(&mut state, "\r");
    golden("inspector-120x40", &state, 120, 40);
    press(&mut state, "H");
    golden("inspector-secrets", &state, 120, 40);
    // Selecting another request and coming back hides the secrets.
    press(&mut state, "kj");
    update(&mut state, Message::Heads(NUMBER, Ok(Some(Box::new(heads(NUMBER, "bravo"))))));
    let hidden = format!("{:?}", frame(&state, 120, 40));
    assert!(!hidden.contains("hunter2") && hidden.contains("Bearer ••••••"), "{hidden}");
}

#[test]
fn bodies_stand_below_their_heads_with_their_secrets_hidden() {
    let mut state = inspected(UNICODE);
    press(&mut state, "\r");
    let mut with = heads(NUMBER, "bravo");
    let request = br#"{"user": "bob", "password": "hunter2"}"#;
    with.request_body = Some(Body::new(request.to_vec(), request.len() as u64, true));
    let answer = [b"line one\r\n\ttabbed \x1b[2J\n".as_slice(), &[b'x'; 40]].concat();
    with.answer_body = Some(Body::new(answer, 2 << 20, true));
    state.snapshot.keeps_bodies = true;
    press(&mut state, "kj");
    update(&mut state, Message::Heads(NUMBER, Ok(Some(Box::new(with)))));
    golden("inspector-bodies", &state, 100, 64);
    let mut snapshot = state.snapshot.clone();
    snapshot.keeps_bodies = false;
    state.refresh(snapshot);
    let forgotten = format!("{:?}", frame(&state, 100, 64));
    assert!(!forgotten.contains("bob") && forgotten.contains("Bodies were not kept"), "{forgotten}");
}

#[test]
fn a_request_in_plain_ascii() {
    let mut state = inspected(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
    press(&mut state, "\r");
    golden("inspector-80x24", &state, 80, 24);
}

#[test]
fn heads_are_asked_for_once_and_only_for_the_request_that_is_selected() {
    let mut state = state();
    assert_eq!(update(&mut state, Message::Events(vec![event(Some(NUMBER), "bravo", 2)], 0)), []);
    press(&mut state, "\t");
    assert_eq!(update(&mut state, Message::Events(vec![event(Some(LATER), "bravo", 2)], 0)), [], "one at a time");
    let forgotten = update(&mut state, Message::Heads(NUMBER, Ok(None)));
    assert_eq!(forgotten, [Effect::Heads(LATER)], "the selection has moved on meanwhile");
    update(&mut state, Message::Heads(LATER, Ok(None)));
    press(&mut state, "\r");
    let shown = format!("{:?}", frame(&state, 120, 40));
    assert!(shown.contains("its heads are not kept any more"), "{shown}");
}

#[test]
fn sent_again_both_answers_are_compared() {
    let mut state = inspected(UNICODE);
    press(&mut state, "rj");
    golden("replay-choice", &state, 80, 24);
    press(&mut state, "\r");
    let again = event(Some(AGAIN), "alpha", 1);
    let replayed = Replayed::new(again, [heads(NUMBER, "bravo"), heads(AGAIN, "alpha")], Bodies::DifferAt(16));
    update(&mut state, Message::Replayed(Ok(Box::new(replayed)), None));
    golden("replay", &state, 80, 24);
}

#[test]
fn an_edited_request_is_asked_about_whatever_else_is_in_flight_and_its_text_outlives_a_no() {
    let mut state = inspected(UNICODE);
    press(&mut state, "r\r");
    press(&mut state, "r");
    let opened_by = press(&mut state, "e");
    let [Effect::Edit(draft)] = &opened_by[..] else { panic!("the editor opens") };
    let again = event(Some(AGAIN), "alpha", 1);
    let heads = [heads(NUMBER, "bravo"), heads(AGAIN, "alpha")];
    let replayed = Replayed::new(again, heads, Bodies::Same(10));
    update(&mut state, Message::Replayed(Ok(Box::new(replayed)), None));
    let text = b"DELETE /edited HTTP/1.1\nHost: a\n\n".to_vec();
    assert_eq!(update(&mut state, Message::Edited(draft.clone(), Ok(text.clone()))), []);
    let asked = format!("{:?}", frame(&state, 120, 40));
    assert!(asked.contains("DELETE may change something"), "{asked}");
    press(&mut state, "n");
    let reopened_by = press(&mut state, "re");
    let [Effect::Edit(again)] = &reopened_by[..] else { panic!("the editor opens") };
    assert_eq!(again.text, text, "as it was left");
    update(&mut state, Message::Edited(again.clone(), Ok(text.clone())));
    let sent_by = press(&mut state, "y");
    let [Effect::Replay(_, Some(sent))] = &sent_by[..] else { panic!("it is sent") };
    assert_eq!(sent.text, text);
}

#[test]
fn every_size_can_be_drawn() {
    let mut states = vec![inspected(UNICODE), inspected(UNICODE), inspected(UNICODE)];
    press(&mut states[0], "\rH");
    press(&mut states[1], "r");
    let heads = [heads(NUMBER, "bravo"), heads(AGAIN, "alpha")];
    let replayed = Replayed::new(event(Some(AGAIN), "alpha", 1), heads, Bodies::Same(10));
    press(&mut states[2], "r\r");
    update(&mut states[2], Message::Replayed(Ok(Box::new(replayed)), None));
    for state in &states {
        for (width, height) in [(0, 0), (1, 1), (2, 40), (5, 6), (19, 3), (59, 14), (60, 14), (80, 24), (200, 60)] {
            frame(state, width, height);
        }
    }
}
