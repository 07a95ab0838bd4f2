//! What the presenter knows: whether it is on, and the keys that were pressed last with what they did.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};
use stickylb::api::Command;

/// Keys shown at one time.
const SHOWN: usize = 3;

/// How long a key is shown. The screen's time goes by whole seconds, so that it is five seconds at least.
const FOR: Duration = Duration::from_secs(6);

/// The screen for a room.
#[derive(Debug, Default)]
pub(crate) struct Presenter {
    pub(crate) on: bool,
    /// The latest last.
    pressed: VecDeque<Pressed>,
}

/// One key, or one line of the palette.
#[derive(Clone, Debug)]
pub(crate) struct Pressed {
    /// `s`, or `:`.
    pub(crate) key: String,
    /// The command: `strategy`.
    pub(crate) words: String,
    /// What came of it: a value or the engine's sentence, and whether it went well.
    pub(crate) came: Option<(String, bool)>,
    /// The command that is on its way to the engine.
    pub(crate) awaited: Option<Command>,
    pub(crate) at: SystemTime,
}

impl Presenter {
    /// Adds a key.
    pub(crate) fn note(&mut self, pressed: Pressed) {
        if self.pressed.len() == SHOWN {
            self.pressed.pop_front();
        }
        self.pressed.push_back(pressed);
    }

    /// Adds the engine's answer to the key that it is for; a value that stands there already says as much as success does.
    pub(crate) fn answer(&mut self, command: &Command, said: &str, went_well: bool) {
        let awaits = |pressed: &&mut Pressed| pressed.awaited.as_ref() == Some(command);
        let Some(pressed) = self.pressed.iter_mut().find(awaits) else { return };
        pressed.awaited = None;
        let is_known = said.is_empty() || went_well && pressed.came.is_some();
        if !is_known {
            pressed.came = Some((said.to_owned(), went_well));
        }
    }

    /// Forgets the keys that have been there long enough; returns whether there were any.
    pub(crate) fn forget(&mut self, now: SystemTime) -> bool {
        let before = self.pressed.len();
        self.pressed.retain(|pressed| now.duration_since(pressed.at).is_ok_and(|since| since < FOR));
        self.pressed.len() < before
    }

    /// Forgets all keys.
    pub(crate) fn clear(&mut self) {
        self.pressed.clear();
    }

    /// The last `most` keys, the latest last.
    pub(crate) fn last(&self, most: usize) -> impl Iterator<Item = &Pressed> {
        self.pressed.iter().skip(self.pressed.len().saturating_sub(most))
    }
}
