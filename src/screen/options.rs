//! What the screen begins with.

use super::action::Keymap;
use super::arrangement::Arrangement;
use super::flow::Motion;
use super::keeping::Keep;
use super::notify::Notify;
use super::presenter;
use super::state::{Leaving, State};
use super::theme::Theme;
use super::themes::Themes;

/// The user's options for the screen.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) theme: Theme,
    /// The themes to choose from.
    pub(crate) themes: Themes,
    pub(crate) notify: Notify,
    pub(crate) keys: Keymap,
    pub(crate) arrangement: Arrangement,
    /// Whether the mouse is the screen's from the start.
    pub(crate) mouse: bool,
    /// Whether it is the screen for a room from the start.
    pub(crate) presenter: bool,
    /// Where the arrangement is kept for the next start.
    pub(crate) keep: Option<Keep>,
    /// What went wrong before the screen was there, for the footer.
    pub(crate) trouble: Option<String>,
}

impl Options {
    /// The state that the screen begins with.
    pub(crate) fn state(self, leaving: Leaving) -> State {
        let mut state = State::new(self.theme).with_leaving(leaving);
        (state.themes, state.keys, state.notify, state.mouse) = (self.themes, self.keys, self.notify, self.mouse);
        state.flow.motion = self.motion;
        state.arrange(self.arrangement);
        if self.presenter {
            presenter::begin(&mut state);
        }
        if let Some(trouble) = self.trouble {
            state.complain(trouble);
        }
        state
    }
}
