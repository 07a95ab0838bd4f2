//! A lesson on the screen: its runner follows what the screen is told and what is opened there, and gives commands as a person
//! would.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;
use stickylb::api::Event;
use stickylb::program::nearest;

use crate::learn::{BuiltIn, Facts, Lesson, Pane, Runner};
use crate::screen::action::{ACTIONS, Action, Key};
use crate::screen::lesson_pane::{self, Wish};
use crate::screen::message::Effect;
use crate::screen::side::Side;
use crate::screen::state::State;

impl State {
    /// With a lesson that comes with the program, before its first step; `None` where there is none of this number.
    #[must_use]
    pub fn with_lesson(mut self, number: u32) -> Option<State> {
        let lesson = BuiltIn::numbered(number)?.read(&typeable).ok()?;
        let seed = lesson.seed.unwrap_or_default();
        self.lesson = Some(Box::new(Runner::new(lesson, Some(number), seed, Instant::now())));
        Some(self)
    }
}

/// Does something with the runner, where there is a lesson, and shows how it stands then.
fn with<T>(state: &mut State, work: impl FnOnce(&mut Runner) -> T) {
    let Some(runner) = &mut state.lesson else { return };
    work(runner);
    let view = runner.view();
    lesson_pane::take(state, view);
}

/// Does what a key asked of the lesson.
pub(crate) fn wish(state: &mut State, wish: Wish) -> Vec<Effect> {
    match wish {
        Wish::GoOn => go_on(state),
        Wish::Again => again(state),
        Wish::Choose(choice) => choose(state, choice),
        Wish::Hint => hint(state),
        Wish::Nothing => Vec::new(),
    }
}

/// Takes in what happened, also while the display stands still.
pub(crate) fn take(state: &mut State, events: &[Arc<Event>], missed: u64) {
    if let Some(runner) = &mut state.lesson {
        runner.take(Instant::now(), events, missed);
    }
}

/// Looks at how things stand; gives what the lesson wants done.
pub(crate) fn follow(state: &mut State) -> Vec<Effect> {
    let Some(mut runner) = state.lesson.take() else { return Vec::new() };
    let selected = state.live().backends.iter().find(|backend| Some(backend.id) == state.selected);
    let facts = Facts {
        filter: state.log.filter().map(|filter| filter.text().to_owned()),
        selected: selected.map(|backend| backend.name.raw().to_owned()),
    };
    let commands = runner.follow(Instant::now(), state.live(), facts);
    lesson_pane::take(state, runner.view());
    state.lesson = Some(runner);
    commands.into_iter().map(Effect::Command).collect()
}

/// Notes what an action opened.
pub(crate) fn did(state: &mut State, action: Action) {
    let pane = match action {
        Action::Why => Pane::Why,
        Action::Detail => Pane::Inspector,
        Action::NextSide if state.side == Some(Side::Inspector) => Pane::Inspector,
        Action::Flow => Pane::Flow,
        Action::WhatIf => Pane::WhatIf,
        Action::Help => Pane::Help,
        Action::Replay => Pane::Replay,
        Action::Presenter => Pane::Presenter,
        _ => return,
    };
    with(state, |runner| runner.opened(pane));
}

/// Takes the lesson's file as it is now, or why it cannot be read.
pub(crate) fn read(state: &mut State, read: Result<Box<Lesson>, String>) {
    with(state, |runner| match read {
        Ok(lesson) => runner.reload(Instant::now(), *lesson),
        Err(why) => runner.not_reloaded(&why),
    });
}

/// The learner predicts: the choice in this place, from 0.
pub(crate) fn choose(state: &mut State, choice: usize) -> Vec<Effect> {
    with(state, |runner| runner.choose(Instant::now(), choice));
    follow(state)
}

/// The learner asks for a hint.
fn hint(state: &mut State) -> Vec<Effect> {
    with(state, Runner::hint);
    Vec::new()
}

/// The learner goes on, where that can be.
pub(crate) fn go_on(state: &mut State) -> Vec<Effect> {
    let was_over = state.lesson.as_ref().is_some_and(|runner| runner.passed().is_some());
    with(state, |runner| runner.go_on(Instant::now()));
    let mut effects = follow(state);
    if let Some(runner) = &state.lesson
        && !was_over
        && let (Some(true), Some(number)) = (runner.passed(), runner.number())
    {
        effects.push(Effect::LessonPassed(number));
    }
    effects
}

/// The learner begins the step again.
fn again(state: &mut State) -> Vec<Effect> {
    with(state, |runner| runner.again(Instant::now()));
    follow(state)
}

/// Whether a line of a solution can be typed into the palette, or its key be pressed.
///
/// # Errors
/// Why not, as one sentence.
pub(crate) fn typeable(line: &str) -> Result<(), String> {
    if let Some(key) = line.strip_prefix("key ") {
        return key.parse::<Key>().map(drop);
    }
    let name = line.split_whitespace().next().unwrap_or_default();
    let names = || ACTIONS.iter().map(crate::screen::action::Entry::name).filter(|name| !name.is_empty());
    if names().any(|one| one == name) {
        return Ok(());
    }
    let near = nearest(name, names());
    Err(if near.is_empty() {
        format!("'{name}' is no command of the palette; a key is written so: key w")
    } else {
        format!("'{name}' is no command of the palette{near}")
    })
}
