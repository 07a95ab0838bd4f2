//! Frames of `survive`: how far it is, and its report.

use stickylb::api::{Command, SurviveStage, SurviveView};

use super::sample::state;
use super::{frame, golden, press};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message};
use crate::screen::state::{Leaving, State};
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;
use crate::survive_report::sample::report;

/// The run's next stage, as a snapshot tells it; returns the effects.
fn at(state: &mut State, now: SurviveStage, done: u64) -> Vec<Effect> {
    let mut view = SurviveView::default();
    (view.stage, view.done, view.of, view.recorded, view.findings) = (now, done, 40, 42, 2);
    view.now = "GET /api/products".into();
    view.found = vec![
        "runs in every copy: \"cron: sending mails\"".into(),
        "needs stickiness: /cart session lost (302 /login)".into(),
    ];
    let mut snapshot = state.snapshot.clone();
    snapshot.survive = Some(view);
    update(state, Message::Snapshot(Box::new(snapshot)))
}

#[test]
fn a_run_is_seen_in_the_header_and_its_report_opens_by_itself() {
    let mut state = state();
    assert!(matches!(press(&mut state, ":survive\n")[..], [Effect::Command(Command::Survive(_))]));
    assert_eq!(at(&mut state, SurviveStage::Watching, 0), []);
    golden("survive-watching", &state, 120, 40);
    assert_eq!(press(&mut state, ":survive report\n"), [Effect::Command(Command::SurviveReport)]);
    assert_eq!(at(&mut state, SurviveStage::Comparing, 12), []);
    golden("survive-comparing", &state, 80, 24);
    assert_eq!(at(&mut state, SurviveStage::Ended, 40), [Effect::SurviveReport]);
    update(&mut state, Message::Survived(Ok(Some(Box::new(report())))));
    golden("survive-report-80x24", &state, 80, 24);
    golden("survive-report-120x40", &state, 120, 40);
    press(&mut state, "\x1b");
    assert_eq!(press(&mut state, ":survive report\n"), [Effect::SurviveReport], "it can be read again");
}

#[test]
fn a_report_longer_than_the_screen_is_scrolled_to_its_end_and_no_further() {
    let mut state = state();
    at(&mut state, SurviveStage::Comparing, 12);
    at(&mut state, SurviveStage::Ended, 40);
    update(&mut state, Message::Resized(80, 14));
    update(&mut state, Message::Survived(Ok(Some(Box::new(report())))));
    let shows = |state: &State, words: &str| {
        let frame = frame(state, 80, 14);
        let rows = frame.content().chunks(80);
        let text: String = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()).collect();
        text.contains(words)
    };
    assert!(shows(&state, "session lost") && !shows(&state, "2 copies"));
    press(&mut state, "Gjj");
    assert!(shows(&state, "2 copies") && !shows(&state, "session lost"));
    press(&mut state, "k");
    assert!(!shows(&state, "on 2 copies"), "the first line up moves it");
}

#[test]
fn where_the_run_is_survive_itself_q_ends_the_watch_without_a_question() {
    let mut state = state().with_leaving(Leaving::Reports);
    at(&mut state, SurviveStage::Watching, 0);
    let text = format!("{:?}", frame(&state, 80, 24));
    assert!(text.contains("survive: watching · 42 requests · 2 findings · q reports"), "{text}");
    assert!(text.contains("q report ") && !text.contains("q quit"), "{text}");
    at(&mut state, SurviveStage::Listening, 0);
    let text = format!("{:?}", frame(&state, 80, 24));
    assert!(text.contains("survive: listening to the copies · 2 findings  "), "{text}");
    assert_eq!(press(&mut state, "q"), [Effect::Quit]);
}

#[test]
fn a_report_that_comes_while_something_else_is_open_waits() {
    let mut state = state();
    at(&mut state, SurviveStage::Proving, 0);
    press(&mut state, "?");
    at(&mut state, SurviveStage::Ended, 40);
    update(&mut state, Message::Survived(Ok(Some(Box::new(report())))));
    press(&mut state, "\x1b");
    let text = format!("{:?}", frame(&state, 120, 40));
    assert!(!text.contains("session lost"), "{text}");
}

#[test]
fn in_ascii_a_report_is_drawn_with_ascii_alone() {
    let mut state = state();
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    let mut snapshot = state.snapshot.clone();
    snapshot.backends.truncate(2);
    state.refresh(snapshot);
    at(&mut state, SurviveStage::Comparing, 12);
    let drawn = |state: &State| {
        let frame = frame(state, 80, 24);
        frame.content().iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
    };
    assert!(drawn(&state).contains("survive: comparing copies - 12 of 40"));
    update(&mut state, Message::Survived(Ok(Some(Box::new(report())))));
    let shown = drawn(&state);
    assert!(shown.contains("14 requests x 12") && shown.is_ascii(), "{shown}");
}

#[test]
fn every_size_can_be_drawn() {
    let mut states = vec![state(), state()];
    press(&mut states[0], ":survive report\n");
    at(&mut states[1], SurviveStage::Proving, 0);
    update(&mut states[1], Message::Survived(Ok(Some(Box::new(report())))));
    for state in &states {
        for (width, height) in [(0, 0), (1, 1), (2, 40), (5, 6), (19, 3), (59, 14), (60, 14), (80, 24), (200, 60)] {
            frame(state, width, height);
        }
    }
}
