//! A screen without a terminal, on which a lesson is played: keys are pressed and lines typed as by a person.

use std::time::{Duration, Instant, SystemTime};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use stickylb::api::{EngineHandle, News};
use tokio::sync::mpsc;

use super::action::Key;
use super::glyphs::Glyphs;
use super::lesson;
use super::lesson_pane::Wish;
use super::message::{Effect, Message};
use super::state::{Dialog, State};
use super::theme::{Colors, Theme};
use super::update::update;
use crate::learn::Runner;

/// The shortest time between two looks at the engine, as between two frames.
const LOOK: Duration = Duration::from_millis(33);

/// The screen of a lesson that is played.
pub(crate) struct Rehearsal<E> {
    engine: E,
    state: State,
    tell: mpsc::UnboundedSender<Message>,
    told: mpsc::UnboundedReceiver<Message>,
    /// Commands that failed, and whatever else was complained about: a sentence each.
    pub(crate) troubles: Vec<String>,
}

impl<E: EngineHandle> Rehearsal<E> {
    pub(crate) fn new(engine: E, runner: Runner) -> Self {
        let mut state = State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
        state.size = (120, 40);
        state.lesson = Some(Box::new(runner));
        state.second(SystemTime::now(), engine.snapshot());
        let (tell, told) = mpsc::unbounded_channel();
        Rehearsal { engine, state, tell, told, troubles: Vec::new() }
    }

    pub(crate) fn runner(&self) -> &Runner {
        self.state.lesson.as_ref().expect("a rehearsal is of a lesson, which it keeps")
    }

    /// Follows the engine for so long.
    pub(crate) async fn follow(&mut self, long: Duration) {
        let end = Instant::now() + long;
        loop {
            let message = tokio::select! {
                news = self.engine.news(true) => match news {
                    News::Events => None,
                    News::Figures => Some(Message::Second(SystemTime::now(), Box::new(self.engine.snapshot()))),
                    News::Ended(why) => {
                        self.troubles.push(why.to_string());
                        return;
                    }
                },
                Some(message) = self.told.recv() => Some(message),
                () = tokio::time::sleep_until(end.into()) => return,
            };
            if let Some(message) = message {
                self.apply(message);
                continue;
            }
            let mut batch = Vec::new();
            let missed = self.engine.take(&mut batch);
            self.apply(Message::Events(batch, missed));
            self.apply(Message::Snapshot(Box::new(self.engine.snapshot())));
            tokio::time::sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
        }
    }

    fn apply(&mut self, message: Message) {
        if let Message::Done(_, Err(error)) = &message {
            self.troubles.push(error.to_string());
        }
        let effects = update(&mut self.state, message);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let tell = self.tell.clone();
            match effect {
                Effect::Command(command) => {
                    let done = self.engine.command(command.clone());
                    // The rehearsal may be over before it is done.
                    tokio::spawn(async move { drop(tell.send(Message::Done(command, done.await))) });
                }
                Effect::Heads(number) => {
                    let heads = self.engine.heads(number);
                    tokio::spawn(async move { drop(tell.send(Message::Heads(number, heads.await))) });
                }
                Effect::Replay(replay, draft) => {
                    let replayed = self.engine.replay(replay);
                    tokio::spawn(async move { drop(tell.send(Message::Replayed(replayed.await, draft))) });
                }
                // What else there is, is for a terminal, a file or a person.
                _ => {}
            }
        }
    }

    /// Presses a key.
    ///
    /// # Errors
    /// There is no such key, as one sentence.
    pub(crate) fn press(&mut self, key: &str) -> Result<(), String> {
        let event = key.parse::<Key>()?.event();
        self.apply(Message::Key(event));
        Ok(())
    }

    /// Types text, and Enter.
    pub(crate) fn enter(&mut self, text: &str) {
        for code in text.chars().map(KeyCode::Char).chain([KeyCode::Enter]) {
            self.apply(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    /// Types a line into the palette.
    ///
    /// # Errors
    /// What the palette says, as one sentence.
    pub(crate) fn command(&mut self, line: &str) -> Result<(), String> {
        // What is open would take the keys.
        self.apply(Message::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)));
        self.enter(&format!(":{line}"));
        match &self.state.dialog {
            Some(Dialog::Palette(palette)) => {
                let said = palette.trouble.clone().unwrap_or_else(|| "something is missing".to_owned());
                self.state.dialog = None;
                Err(said)
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn choose(&mut self, choice: usize) {
        let effects = lesson::choose(&mut self.state, choice);
        self.carry_out(effects);
    }

    /// Begins the step again.
    pub(crate) fn again(&mut self) {
        let effects = lesson::wish(&mut self.state, Wish::Again);
        self.carry_out(effects);
    }

    pub(crate) fn go_on(&mut self) {
        let effects = lesson::go_on(&mut self.state);
        self.carry_out(effects);
    }
}
