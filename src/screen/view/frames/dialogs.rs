//! Frames with a dialog or the detail view open.

use std::time::Duration;
use stickylb::api::{
    Attempt, Candidate, CookieAction, Decision, Exclusion, Outcome, Rule, Score, State as BackendState, StickyKey,
    Strategy,
};

use super::sample::{request, state, who};
use super::{frame, golden, press};
use crate::screen::message::Message;
use crate::screen::state::Leaving;
use crate::screen::update;

#[test]
fn dialogs() {
    let mut state = state();
    press(&mut state, "?");
    golden("help", &state, 80, 24);
    press(&mut state, "\x1bX");
    golden("kill", &state, 80, 24);
    press(&mut state, "nq");
    update(&mut state, Message::InFlight(Ok(9)));
    golden("quit", &state, 80, 24);
}

#[test]
fn a_question_is_shown_whole_at_every_size_and_its_keys_however_low_the_screen_is() {
    let mut state = state().with_leaving(Leaving::EndsOrGoesOn);
    press(&mut state, "q");
    update(&mut state, Message::InFlight(Ok(12_345)));
    for (width, height) in [(20, 12), (40, 10), (60, 14), (80, 24), (120, 40), (200, 60)] {
        let frame = frame(&state, width, height);
        let rows = frame.content().chunks(usize::from(width));
        let text: String =
            rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + " ").collect();
        let words: Vec<&str> = text.split(['│', ' ']).filter(|word| !word.is_empty()).collect();
        for word in ["12345", "flight.", "finished?", "quit", "stay", "detach:"] {
            assert!(words.contains(&word), "{width}x{height}: no {word} in {text}");
        }
    }
    let low = format!("{:?}", frame(&state, 40, 5));
    assert!(low.contains("y quit") && low.contains("n stay") && low.contains("d detach"), "{low}");
}

#[test]
fn why_and_detail() {
    let mut state = state();
    press(&mut state, "w");
    golden("why", &state, 80, 24);
    let candidate = |id, name: &str, excluded| {
        let mut candidate = Candidate::new(who(id, name), 1, Score::Load { active: id, weight: 100 });
        (candidate.active, candidate.excluded) = (id, excluded);
        candidate
    };
    let mut decision = Decision::new(Strategy::LeastConnections);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    decision.moved_from = Some(("delta".into(), Exclusion::State(BackendState::Down)));
    decision.key = Some(StickyKey::Cookie { name: "X-Backend-ID".into(), id: 4.into() });
    decision.cookie = CookieAction::Rewritten;
    decision.candidates = vec![
        candidate(1, "alpha", None),
        candidate(2, "bravo", None),
        candidate(4, "delta", Some(Exclusion::State(BackendState::Down))),
    ];
    let answered = Attempt::new(&who(1, "alpha"), Outcome::Answered, Duration::from_micros(2_100));
    decision.attempts.push(answered);
    state.append(vec![request(9, "/moved", &who(1, "alpha"), decision)], 0);
    press(&mut state, "\x1bw");
    golden("why-candidates", &state, 80, 24);
    press(&mut state, "\x1b4\r");
    golden("detail", &state, 80, 24);
    press(&mut state, "\x1b\t\rk");
    golden("detail-request", &state, 80, 24);
}

#[test]
fn a_filter_is_typed_with_its_mistake_below_it() {
    let mut state = state();
    press(&mut state, "/backend:bravo stattus:2");
    golden("filter", &state, 80, 24);
}

#[test]
fn the_palette_finds_commands_and_says_what_is_missing() {
    let mut state = state();
    press(&mut state, ":wei\n");
    golden("palette", &state, 80, 24);
}
