//! Frames with a lesson, at each kind of step.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use stickylb::api::{Snapshot, State as BackendState};

use super::sample::{backend, decisions, listeners, pools, state};
use super::{frame, golden, press, text};
use crate::learn::{Answered, CheckView, LessonPart, LessonView};
use crate::screen::glyphs::Glyphs;
use crate::screen::lesson_pane::{Wish, key, take};
use crate::screen::state::{Dialog, State};
use crate::screen::theme::{Colors, Theme};

/// A step of lesson 5.
fn step(number: usize, text: &str, part: LessonPart) -> LessonView {
    let may_go_on = !matches!(part, LessonPart::Ask { .. } | LessonPart::Do { .. });
    LessonView {
        title: "The slow one".to_owned(),
        number: Some(5),
        step: number,
        of: 5,
        text: text.to_owned(),
        part,
        hints: Vec::new(),
        has_hint: false,
        may_go_on,
        notice: None,
        shown: Vec::new(),
        hides_faults: false,
    }
}

fn say() -> LessonView {
    let text = "24 requests a second go round: `alpha`, `bravo`, `charlie`. Each answers at once.\nNow bravo becomes slow: \
                each of its answers takes 0.8 s more.";
    step(1, text, LessonPart::Say)
}

fn ask(answered: Option<Answered>) -> LessonView {
    let choices = ["1 or 2", "about 7", "50 or more"].map(str::to_owned).into();
    let mut view =
        step(2, "How many requests will bravo have in flight at most?", LessonPart::Ask { choices, answered });
    view.may_go_on =
        matches!(&view.part, LessonPart::Ask { answered: Some(answered), .. } if answered.measured.is_some());
    view
}

fn answered(measured: Option<usize>) -> Answered {
    let why = measured.map_or("", |_| "8 come each second, and each stays for 0.83 s.").to_owned();
    Answered { choice: 0, measured, figure: "bravo held 8 requests at once".to_owned(), why }
}

fn exercise(done: bool) -> LessonView {
    let check = |words: &str, done, now: &str| CheckView { words: words.to_owned(), done, now: now.to_owned() };
    let checks = vec![
        check("least-connections or power-of-two", true, "least-connections"),
        check("bravo's most in flight < 4 for 10 s", done, if done { "" } else { "2 now, 6 of 10 s" }),
    ];
    let text = "Choose a strategy that looks at how much each backend has to do.";
    let mut view = step(3, text, LessonPart::Do { checks, seconds_left: Some(87) });
    view.hints = vec!["`s` takes the next strategy; `S` shows them all.".to_owned()];
    (view.has_hint, view.may_go_on) = (true, done);
    view
}

fn debrief() -> LessonView {
    let text = "What a backend has in flight is its rate times its time: 8/s x 0.83 s is about 7. least-connections saw the \
                pile grow and went round it.";
    let mut view = step(4, text, LessonPart::Debrief);
    view.shown = vec!["picks  ABCABCABC|ACACABCA".to_owned(), "in flight at most  8 | 3".to_owned()];
    view
}

fn over(passed: bool) -> LessonView {
    let mut view = step(5, "A strategy that looks at the backends copes with a slow one.", LessonPart::Over { passed });
    view.may_go_on = false;
    view
}

/// The screen of a lesson with three backends.
fn lesson(view: LessonView) -> State {
    let mut state = state();
    let mut snapshot = Snapshot::default();
    (snapshot.listeners, snapshot.pools, snapshot.can_spawn) = (listeners(), pools(), true);
    let up = |id, name| backend(id, name, BackendState::Up, 1_200);
    snapshot.backends = vec![up(1, "alpha"), up(2, "bravo"), up(3, "charlie")];
    state.refresh(snapshot);
    state.append(decisions(), 0);
    take(&mut state, view);
    state
}

#[test]
fn each_kind_of_step_at_the_usual_sizes() {
    let steps = [
        ("say", say()),
        ("ask", ask(None)),
        ("answered", ask(Some(answered(Some(1))))),
        ("do", exercise(false)),
        ("debrief", debrief()),
        ("over", over(true)),
    ];
    for (name, view) in steps {
        for (width, height) in [(80, 24), (120, 40), (200, 60)] {
            golden(&format!("lesson-{name}-{width}x{height}"), &lesson(view.clone()), width, height);
        }
    }
}

#[test]
fn without_colours_in_ascii_and_on_a_small_screen() {
    let mut plain = lesson(exercise(false));
    plain.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    golden("lesson-ascii", &plain, 80, 24);
    assert!(text(&plain, 80, 24).is_ascii());
    golden("lesson-60x14", &lesson(exercise(false)), 60, 14);
    golden("lesson-40x10", &lesson(ask(None)), 40, 10);
    for view in [say(), ask(None), ask(Some(answered(None))), exercise(true), debrief(), over(false)] {
        let state = lesson(view);
        for (width, height) in [(0, 0), (1, 1), (3, 20), (19, 3), (59, 14), (60, 14), (61, 15), (110, 14), (200, 60)] {
            frame(&state, width, height);
        }
    }
}

#[test]
fn table_log_and_lesson_are_all_seen() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        for view in [say(), ask(None), exercise(false), debrief(), over(true)] {
            let screen = text(&lesson(view), width, height);
            for pane in ["Lesson 5: The slow one", "Backends", "charlie", "Routing log", "/api/pay"] {
                assert!(screen.contains(pane), "{pane} at {width}x{height}:\n{screen}");
            }
        }
    }
}

#[test]
fn the_lesson_stays_over_a_detail_a_zoomed_pane_and_no_backends() {
    let mut state = lesson(exercise(false));
    for keys in ["\n", "\x1bz", "z\tz"] {
        press(&mut state, keys);
        assert!(text(&state, 80, 24).contains("your turn"), "{keys:?}");
    }
    state.refresh(Snapshot::default());
    assert!(text(&state, 80, 24).contains("your turn"));
}

fn pressed(state: &mut State, code: KeyCode) -> Option<Wish> {
    key(state, KeyEvent::new(code, KeyModifiers::NONE))
}

#[test]
fn enter_goes_on_where_it_may_and_opens_the_detail_where_it_may_not() {
    let mut done = lesson(exercise(true));
    assert_eq!(pressed(&mut done, KeyCode::Enter), Some(Wish::GoOn));
    let mut turn = lesson(exercise(false));
    assert_eq!(pressed(&mut turn, KeyCode::Enter), None);
    press(&mut turn, "\n");
    assert!(turn.detail.is_some());
    assert_eq!(pressed(&mut turn, KeyCode::Backspace), Some(Wish::Again));
    assert_eq!(pressed(&mut done, KeyCode::Backspace), None);
    let mut late = lesson(exercise(false));
    let mut view = exercise(false);
    view.part = LessonPart::Do { checks: Vec::new(), seconds_left: Some(0) };
    take(&mut late, view);
    assert_eq!(pressed(&mut late, KeyCode::Enter), Some(Wish::Again));
    assert!(text(&late, 80, 24).contains("Enter begins this step again"));
}

#[test]
fn digits_answer_a_question_and_pick_a_backend_otherwise() {
    let mut state = lesson(ask(None));
    assert_eq!(pressed(&mut state, KeyCode::Char('2')), Some(Wish::Choose(1)));
    press(&mut state, "7");
    assert!(text(&state, 80, 24).contains("there are 3 answers: choose from 1 to 3"));
    take(&mut state, ask(Some(answered(None))));
    assert_eq!(pressed(&mut state, KeyCode::Char('2')), None);
    press(&mut state, "2");
    assert_eq!(state.selected_backend().map(|backend| backend.name.raw()), Some("bravo"));
}

#[test]
fn the_helps_key_gives_hints_first() {
    let mut state = lesson(exercise(false));
    assert_eq!(pressed(&mut state, KeyCode::Char('?')), Some(Wish::Hint));
    let mut view = exercise(false);
    view.has_hint = false;
    take(&mut state, view);
    press(&mut state, "?");
    assert_eq!(state.dialog, Some(Dialog::Help(0)));
}

#[test]
fn what_is_hidden_can_be_scrolled_to() {
    let mut view = exercise(false);
    view.hints = (1..=12).map(|n| format!("hint number {n}")).collect();
    let mut state = lesson(say());
    assert_eq!(pressed(&mut state, KeyCode::Char('>')), None, "nothing is hidden");
    take(&mut state, view);
    assert!(text(&state, 80, 24).contains("< > scroll") && !text(&state, 80, 24).contains("number 12"));
    for _ in 0..30 {
        assert_eq!(pressed(&mut state, KeyCode::Char('>')), Some(Wish::Nothing));
    }
    assert!(text(&state, 80, 24).contains("number 12"));
    press(&mut state, "<");
    assert!(!text(&state, 80, 24).contains("number 12"));
    // A new hint is seen wherever one was.
    let mut more = exercise(false);
    more.hints = (1..=13).map(|n| format!("hint number {n}")).collect();
    press(&mut state, "<<<<");
    take(&mut state, more);
    assert!(text(&state, 80, 24).contains("number 13"));
}

#[test]
fn what_a_file_says_cannot_move_the_cursor() {
    let mut view = exercise(false);
    view.title = "a\u{1b}[2Jb".to_owned();
    view.text = "c\u{9b}31m".to_owned();
    view.hints = vec!["d\u{202e}e".to_owned()];
    view.notice = Some("f\u{7}".to_owned());
    let screen = text(&lesson(view), 80, 24);
    assert!(!screen.chars().any(|c| c.is_control() && c != '\n' || c == '\u{202e}'), "{screen}");
}
