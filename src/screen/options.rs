//! What the screen begins with.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::action::Keymap;
use super::arrangement::Arrangement;
use super::flow::Motion;
use super::keeping::{Keep, Record};
use super::lesson_pane;
use super::message::Message;
use super::notify::Notify;
use super::presenter;
use super::state::{Leaving, State};
use super::theme::Theme;
use super::themes::Themes;
use crate::learn::{Lesson, Runner};

/// A lesson that the screen leads through.
#[derive(Debug)]
pub(crate) struct LessonOptions {
    pub(crate) runner: Runner,
    /// Where it is kept that it was passed.
    pub(crate) record: Option<Record>,
    /// What its file says each time it is saved, or why it cannot be read.
    pub(crate) reads: Option<LessonReads>,
}

/// What a lesson's file says each time it is saved, or why it cannot be read.
pub(crate) type LessonReads = UnboundedReceiver<Result<Box<Lesson>, String>>;

/// Hands what is read on to the screen, until that is gone.
pub(super) fn pass_on(reads: Option<LessonReads>, tell: UnboundedSender<Message>) {
    let Some(mut reads) = reads else { return };
    tokio::spawn(async move {
        while let Some(read) = reads.recv().await {
            if tell.send(Message::LessonRead(read)).is_err() {
                return;
            }
        }
    });
}

/// The user's options for the screen.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) theme: Theme,
    /// The themes to choose from.
    pub(crate) themes: Themes,
    pub(crate) notify: Notify,
    pub(crate) keys: Keymap,
    pub(crate) arrangement: Arrangement,
    /// Whether the mouse is the screen's from the start.
    pub(crate) mouse: bool,
    /// Whether the flow shows requests on their way.
    pub(crate) motion: Motion,
    /// Whether it is the screen for a room from the start.
    pub(crate) presenter: bool,
    /// Where the arrangement is kept for the next start.
    pub(crate) keep: Option<Keep>,
    /// The lesson, where it is one.
    pub(crate) lesson: Option<LessonOptions>,
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
        if let Some(lesson) = self.lesson {
            lesson_pane::take(&mut state, lesson.runner.view());
            state.lesson = Some(Box::new(lesson.runner));
        }
        if let Some(trouble) = self.trouble {
            state.complain(trouble);
        }
        state
    }
}
