//! What a dialog over the panes asks or shows.

use crossterm::event::KeyEvent;
use std::sync::Arc;
use stickylb::api::{BackendId, Event, ToReplay};

use super::draft::Draft;
use super::fault_choice::FaultChoice;
use super::filter::FilterError;
use super::input::Line;
use super::inspected::{ReplayChoice, Shown};
use super::palette_line::Palette;
use super::table::Column;
use super::what_if_choice::WhatIfChoice;

/// A dialog over the panes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dialog {
    /// The list of keys and commands; the scroll offset in lines.
    Help(u16),
    /// A confirmation: `y` confirms, Enter does nothing, other keys cancel.
    Ask(Question),
    /// The user wants to quit, and the engine is asked what is in flight; the keys that were pressed meanwhile.
    Quitting(Vec<KeyEvent>),
    /// The choice of an export format.
    Export,
    /// The choice of the table's columns; the one that the keys act on.
    Columns(Column),
    /// The command palette.
    Palette(Palette),
    /// The routing decision for a request; the scroll offset in lines.
    Why(Arc<Event>, u16),
    /// The choice of where to replay a request.
    Replay(ReplayChoice),
    /// The result of a replay.
    Replayed(Shown),
    /// How far `survive` is, and its report once it is there; the scroll offset in lines.
    Survive(u16),
    /// The choice of a fault for a backend.
    Fault(FaultChoice),
    /// What each strategy would have done, and the choice of one.
    WhatIf(WhatIfChoice),
    /// The filter prompt.
    Filter(FilterPrompt),
}

/// The open filter prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterPrompt {
    pub(crate) line: Line,
    /// The previous filter, restored on Esc.
    pub(crate) before: String,
    /// The mistake in the typed text; while there is one, the last valid filter stays in effect.
    pub(crate) error: Option<FilterError>,
}

/// A confirmation before an action that cannot be undone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// Replay a request whose method is not safe.
    Replay {
        event: Arc<Event>,
        replay: ToReplay,
        /// Method and path, as they would be sent.
        asked: String,
        /// The text of it, if it was edited.
        draft: Option<Box<Draft>>,
    },
    /// An edited request cannot be sent: edit it again?
    Mistake {
        draft: Box<Draft>,
        /// What is wrong with it, in one sentence.
        why: String,
    },
    Kill {
        id: BackendId,
        name: String,
    },
    /// `detachable`: the engine may also run on without the screen.
    Quit {
        in_flight: u64,
        detachable: bool,
    },
}
