//! Keys that are not what a lesson asks for.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::time::{Duration, Instant, SystemTime};
use stickylb::api::{BackendView, PoolView, Snapshot, State as BackendState};

use super::typeable;
use crate::learn::{BUILT_IN, LessonPart, Runner, StepKind};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::Message;
use crate::screen::state::State;
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

/// Keys that look about, type, close, confirm and go on; none of them asks the balancer for what a lesson wants done.
const KEYS: [KeyCode; 16] = [
    KeyCode::Enter,
    KeyCode::Enter,
    KeyCode::Esc,
    KeyCode::Tab,
    KeyCode::Up,
    KeyCode::Down,
    KeyCode::Char('1'),
    KeyCode::Char('2'),
    KeyCode::Char('9'),
    KeyCode::Char('?'),
    KeyCode::Char('y'),
    KeyCode::Char('z'),
    KeyCode::Char('f'),
    KeyCode::Char('g'),
    KeyCode::Char('<'),
    KeyCode::Char('>'),
];

/// What a balancer of so many backends tells while nothing is done to it.
fn snapshot(backends: usize) -> Snapshot {
    let view = |number: usize| {
        let mut view = BackendView::default();
        view.id = u32::try_from(number + 1).expect("few").into();
        view.name = stickylb::program::demo_name(number).into();
        (view.state, view.weight) = (BackendState::Up, 1);
        view
    };
    let mut snapshot = Snapshot::default();
    snapshot.pools = vec![PoolView::default()];
    snapshot.backends = (0..backends).map(view).collect();
    snapshot
}

#[test]
fn no_lesson_that_comes_with_the_program_is_passed_by_wrong_keys() {
    for one in BUILT_IN {
        let lesson = one.read(&typeable).expect(one.file);
        let waits = lesson.steps.iter().any(|step| matches!(step.kind, StepKind::Do(_)));
        let decides = lesson.steps.iter().any(|step| matches!(&step.kind, StepKind::Ask(ask) if ask.must));
        assert!(waits || decides, "{} has nothing that can be done wrong", one.file);
        let backends = lesson.backends;
        for seed in 0..5_usize {
            let mut state = State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
            state.lesson = Some(Box::new(Runner::new(lesson.clone(), Some(one.number), 1, Instant::now())));
            let mut key = seed;
            for _ in 0..300 {
                update(&mut state, Message::Second(SystemTime::now(), Box::new(snapshot(backends))));
                key = (key * 31 + 7) % (KEYS.len() * 101);
                let code = KEYS[key % KEYS.len()];
                // A right answer is no wrong key.
                let right = state.lesson.as_ref().and_then(|runner| runner.right_choice());
                if right.and_then(|right| char::from_digit(u32::try_from(right + 1).ok()?, 10)).map(KeyCode::Char)
                    == Some(code)
                {
                    continue;
                }
                let effects = update(&mut state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
                assert!(!effects.iter().any(|effect| matches!(effect, crate::screen::Effect::LessonPassed(_))));
            }
            let runner = state.lesson.expect("it is still there");
            assert_ne!(runner.passed(), Some(true), "{}", one.file);
        }
    }
}

#[test]
fn enter_chooses_nothing_and_a_digit_chooses_once() {
    let text = r#"{"title": "t", "steps": [{"say": "a"}, {"ask": "b", "choices": ["1", "2"], "answer": "1"}]}"#;
    let lesson = crate::learn::read(std::path::Path::new("l"), text.as_bytes(), &typeable).expect("it is good");
    let mut state = State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
    state.lesson = Some(Box::new(Runner::new(lesson, Some(1), 1, Instant::now())));
    let press = |state: &mut State, code| {
        update(state, Message::Second(SystemTime::now() + Duration::from_secs(1), Box::new(snapshot(3))));
        update(state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        state.lesson.as_ref().expect("a lesson").view()
    };
    assert_eq!(press(&mut state, KeyCode::Enter).step, 2);
    let view = press(&mut state, KeyCode::Enter);
    assert!(matches!(view.part, LessonPart::Ask { answered: None, .. }), "{view:?}");
    for code in ['2', '1'] {
        let view = press(&mut state, KeyCode::Char(code));
        let LessonPart::Ask { answered: Some(answered), .. } = view.part else { panic!("{view:?}") };
        assert_eq!(answered.choice, 1);
    }
}
