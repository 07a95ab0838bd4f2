//! While a lesson wants a fault to be found, the screen tells of none: not in its row, its request, its notices or the answer
//! to the command that began it.

use std::sync::Arc;
use stickylb::api::{Command, Event, Snapshot};

use super::action::Action;
use super::state::State;

/// Whether the learner is to find a fault.
pub(crate) fn are_hidden(state: &State) -> bool {
    state.lesson_pane.as_ref().is_some_and(|pane| pane.view.hides_faults)
}

/// Takes the faults out of a snapshot.
pub(crate) fn of_snapshot(state: &State, snapshot: &mut Snapshot) {
    if are_hidden(state) {
        snapshot.backends.iter_mut().for_each(|backend| backend.chaos = None);
    }
}

/// Takes the faults out of events.
pub(crate) fn of_events(state: &State, events: &mut Vec<Arc<Event>>) {
    if !are_hidden(state) {
        return;
    }
    events.retain(|event| !matches!(&**event, Event::Notice(notice) if notice.text.raw().starts_with("chaos ")));
    for event in events {
        if matches!(&**event, Event::Request(request) if !request.decision.chaos.is_empty())
            && let Event::Request(request) = Arc::make_mut(event)
        {
            request.decision.chaos.clear();
        }
    }
}

/// Why nothing is undone, and no fault is begun or ended: either might take away the fault that is to be found, or name it.
pub(crate) const REFUSAL: &str =
    "this lesson has a fault to be found: until then nothing is undone, and no other fault begun";

/// Why an action is not done, where it is not.
pub(crate) fn refuses(state: &State, action: Action) -> Option<String> {
    (matches!(action, Action::Undo | Action::Chaos) && are_hidden(state)).then(|| REFUSAL.to_owned())
}

/// Whether what was done must not be told.
pub(crate) fn of_command(state: &State, command: &Command) -> bool {
    are_hidden(state) && matches!(command, Command::SetChaos { .. } | Command::ChaosOff { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stickylb::api::{ChaosTouch, Decision, Level, Notice, RequestEvent, Strategy};

    use crate::learn::{LessonPart, LessonView};
    use crate::screen::glyphs::Glyphs;
    use crate::screen::lesson_pane::take;
    use crate::screen::theme::{Colors, Theme};

    fn lesson(hides_faults: bool) -> State {
        let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark });
        let view = LessonView {
            title: "Exam".to_owned(),
            number: None,
            step: 1,
            of: 2,
            text: String::new(),
            part: LessonPart::Say,
            hints: Vec::new(),
            has_hint: false,
            may_go_on: true,
            notice: None,
            shown: Vec::new(),
            hides_faults,
        };
        take(&mut state, view);
        state
    }

    fn events() -> Vec<Arc<Event>> {
        let mut decision = Decision::new(Strategy::RoundRobin);
        let touch = serde_json::json!({"backend": "bravo", "fault": "hang"});
        decision.chaos.extend(serde_json::from_value::<ChaosTouch>(touch));
        let told = |text: &str| Event::Notice(Notice::new(std::time::SystemTime::UNIX_EPOCH, Level::Info, text));
        let request = Event::Request(RequestEvent::sample(decision));
        vec![
            Arc::new(request),
            Arc::new(told("chaos on bravo is over: it burnt out")),
            Arc::new(told("it is reloaded")),
        ]
    }

    #[test]
    fn an_exam_is_not_given_away_by_undoing_what_it_staged() {
        use crate::screen::message::Message;
        use crate::screen::state::Dialog;
        use crate::screen::update::update;
        use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
        let press = |state: &mut State, keys: &str| {
            let key = |c| if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            let pressed = keys.chars().map(|c| Message::Key(KeyEvent::new(key(c), KeyModifiers::NONE)));
            pressed.flat_map(|message| update(state, message)).collect::<Vec<_>>()
        };
        for keys in ["u", ":undo\n", "c", ":chaos off\n"] {
            let mut state = lesson(true);
            assert_eq!(press(&mut state, keys), [], "{keys}");
            let told = match &state.dialog {
                Some(Dialog::Palette(palette)) => palette.trouble.clone().unwrap_or_default(),
                _ => format!("{:?}", state.said),
            };
            assert!(told.contains(REFUSAL), "{keys}: {told}");
        }
        assert_ne!(press(&mut lesson(false), "u"), []);
    }

    #[test]
    fn an_exam_is_not_given_away() {
        for (hides, left) in [(true, 2), (false, 3)] {
            let (state, mut events) = (lesson(hides), events());
            of_events(&state, &mut events);
            assert_eq!(events.len(), left);
            let Event::Request(request) = &*events[0] else { panic!("it is the request") };
            assert_eq!(request.decision.chaos.is_empty(), hides);
        }
    }
}
