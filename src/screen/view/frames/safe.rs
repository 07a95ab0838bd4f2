//! Untrusted text is never drawn or copied as control characters.

use std::time::Duration;
use stickylb::api::{Attempt, Decision, Outcome, Rule, Strategy};

use super::sample::{request, state, who};
use super::{frame, press};

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
        backend.name = format!("{evil}{}", backend.id).into();
        backend.url = evil.into();
        backend.check = evil.into();
        backend.checks.iter_mut().for_each(|check| check.reason = evil.into());
    }
    base.refresh(snapshot);
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Refused { why: evil.into() };
    decision.attempts.push(Attempt::new(&who(1, evil), Outcome::Refused, Duration::from_micros(1)));
    base.append(vec![request(0, evil, &who(1, evil), decision)], 0);
    for keys in ["", "w", "\x1b\r", "\x1b\t", "\r", "\x1bv", "v", "v", "v", "/path:a"] {
        press(&mut base, keys);
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            for cell in frame(&base, width, height).content() {
                let hidden = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
                assert!(!cell.symbol().chars().any(hidden), "{keys:?}: {:?}", cell.symbol());
            }
        }
        let copied = crate::screen::view::selection_as_text(&base).replace('\n', " ");
        assert!(!copied.contains(|c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}')), "{copied:?}");
    }
}
