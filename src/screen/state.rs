//! The state of the screen.

use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{BackendId, BackendView, Command, Event, RequestNumber, Snapshot, State as BackendState};
use stickylb::untrusted::Untrusted;

use super::frozen::{Frozen, Moment};
use super::input::Line;
use super::inspected::{Inspected, ReplayChoice, Shown};
use super::log::Log;
use super::message::Said;
use super::notify::Notify;
use super::palette_line::Palette;
use super::table::Table;
use super::theme::Theme;
use crate::screen::filter::{Filter, FilterError};

/// How long after log lines were lost the screen says so.
const DROPPED_LATELY: Duration = Duration::from_secs(10);

/// Output lines kept for each process.
const OUTPUT: usize = 500;

/// The pane that keys act on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Backends,
    Log,
}

/// A dialog over the panes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dialog {
    /// The list of keys, scrolled by this many lines.
    Help(u16),
    /// A question; `y` or Enter confirms, keys that it does not offer cancel.
    Ask(Question),
    /// The choice of an export.
    Export,
    /// The command palette.
    Palette(Palette),
    /// Why a request went to its backend; scrolled by this many lines.
    Why(Arc<Event>, u16),
    /// The choice of where to send a request again.
    Replay(ReplayChoice),
    /// The outcome of a request that was sent again.
    Replayed(Shown),
    /// The filter prompt.
    Filter(FilterPrompt),
}

/// The pane beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Traffic shares, and response times of the selected backend.
    Figures,
    /// The selected request or backend.
    Inspector,
    /// The output of the selected backend's process.
    Output,
    /// Events of this program itself.
    Events,
    /// Nothing.
    Hidden,
}

impl Side {
    pub(crate) fn next(self) -> Self {
        match self {
            Side::Figures => Side::Inspector,
            Side::Inspector => Side::Output,
            Side::Output => Side::Events,
            Side::Events => Side::Hidden,
            Side::Hidden => Side::Figures,
        }
    }

    /// The default for a terminal of this many columns.
    pub(crate) fn usual(columns: u16) -> Self {
        match columns {
            0..110 => Side::Hidden,
            110..160 => Side::Figures,
            _ => Side::Inspector,
        }
    }
}

/// The filter prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterPrompt {
    pub(crate) line: Line,
    /// The filter from before the prompt was opened.
    pub(crate) before: String,
    /// What is wrong with the text. Until it is corrected, the last valid filter applies.
    pub(crate) error: Option<FilterError>,
}

/// Actions that need a confirmation, because they cannot be undone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// Send a request again although its method may change something.
    Replay {
        event: Arc<Event>,
        number: RequestNumber,
        to: Option<BackendId>,
    },
    Kill {
        id: BackendId,
        name: String,
    },
    /// `detachable`: the engine can go on without the screen instead.
    Quit {
        in_flight: u64,
        detachable: bool,
    },
}

/// What leaving the screen does to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// It ends too.
    #[default]
    Ends,
    /// It ends too, unless the user lets it go on without a screen.
    EndsOrGoesOn,
    /// It goes on: it is another process.
    GoesOn,
}

/// The state of the screen.
pub struct State {
    pub(crate) theme: Theme,
    /// Columns and lines of the terminal.
    pub(crate) size: (u16, u16),
    /// Times are shown in this zone.
    pub(crate) zone: TimeZone,
    pub(crate) snapshot: Snapshot,
    /// The routing log.
    pub(crate) log: Log,
    /// Output lines of backends' processes.
    pub(crate) outputs: HashMap<BackendId, VecDeque<(SystemTime, Untrusted<String>)>>,
    /// Events missed because they came faster than they were read.
    pub(crate) lost: u64,
    /// How many log lines were dropped when last checked, and when the last of them were.
    pub(crate) drops: (u64, SystemTime),
    pub(crate) focus: Focus,
    /// The selected backend's id: the selection follows the backend, not the row.
    pub(crate) selected: Option<BackendId>,
    /// The order of the backend table.
    pub(crate) table: Table,
    /// The pane chosen to be beside the log; `None` leaves it to the terminal's width.
    pub(crate) side: Option<Side>,
    /// The focused pane fills the screen.
    pub(crate) zoomed: bool,
    /// The details of the selection fill the screen, scrolled by this many lines.
    pub(crate) detail: Option<u16>,
    /// What is known of the heads of the selected request.
    pub(crate) inspected: Inspected,
    pub(crate) dialog: Option<Dialog>,
    /// The footer's message about the last key or command.
    pub(crate) said: Option<Said>,
    /// How to notify that a backend went DOWN.
    pub(crate) notify: Notify,
    /// Commands that undo the last changes, the latest last.
    pub(crate) undo: VecDeque<Command>,
    /// What leaving does to the engine.
    pub(crate) leaving: Leaving,
    /// Why the engine has ended or is out of reach, if so.
    pub(crate) ended: Option<Untrusted<String>>,
    /// Mouse capture is on.
    pub(crate) mouse: bool,
    /// The last minutes, one entry per second.
    pub(crate) moments: VecDeque<Moment>,
    /// The time at the last second.
    pub(crate) now: SystemTime,
    /// Only what had happened by this time is shown.
    pub(crate) until: Option<SystemTime>,
    /// The display is frozen.
    pub(crate) frozen: Option<Frozen>,
    /// Whether a frame must be drawn.
    pub changed: bool,
}

impl State {
    /// An empty screen, in the local time zone.
    pub fn new(theme: Theme) -> Self {
        State {
            theme,
            size: (80, 24),
            zone: TimeZone::system(),
            snapshot: Snapshot::default(),
            log: Log::default(),
            outputs: HashMap::new(),
            lost: 0,
            drops: (0, SystemTime::UNIX_EPOCH),
            focus: Focus::default(),
            selected: None,
            table: Table::default(),
            side: None,
            zoomed: false,
            detail: None,
            inspected: Inspected::default(),
            dialog: None,
            said: None,
            notify: Notify::default(),
            undo: VecDeque::new(),
            leaving: Leaving::default(),
            ended: None,
            mouse: false,
            moments: VecDeque::new(),
            now: SystemTime::UNIX_EPOCH,
            until: None,
            frozen: None,
            changed: true,
        }
    }

    /// The same, with times in UTC: for pictures and tests.
    #[must_use]
    pub fn in_utc(mut self) -> Self {
        self.zone = TimeZone::UTC;
        self
    }

    /// The same, with another effect of leaving.
    #[must_use]
    pub fn with_leaving(mut self, leaving: Leaving) -> Self {
        self.leaving = leaving;
        self
    }

    /// Takes the current state; asks for a frame only if something visible changed.
    pub fn refresh(&mut self, mut snapshot: Snapshot) {
        for backend in &mut snapshot.backends {
            // An UP backend's age is not shown.
            if backend.state == BackendState::Up {
                backend.state_seconds = 0;
            }
        }
        if let Some(frozen) = &mut self.frozen {
            frozen.live = snapshot;
            return;
        }
        if self.snapshot != snapshot {
            self.snapshot = snapshot;
            self.changed = true;
        }
        self.order();
    }

    /// Sorts the table's rows. The selection follows its backend; if that is not shown, the first row is selected, so
    /// that no key acts on a hidden backend.
    pub(crate) fn order(&mut self) {
        self.table.order(&self.snapshot.backends, self.log.filter());
        if self.selected_backend().is_none() {
            self.select_row(0);
        }
    }

    /// Sets the filter, or removes it.
    pub(crate) fn set_filter(&mut self, filter: Option<Filter>) {
        self.log.set_filter(filter);
        self.order();
    }

    /// Adds new events; while the display is frozen they are set aside.
    pub fn append(&mut self, events: Vec<Arc<Event>>, missed: u64) {
        if let Some(frozen) = &mut self.frozen {
            frozen.note(events, missed);
        } else {
            self.take(events);
            self.lost += missed;
        }
        self.changed = true;
    }

    /// Adds events to the log and the panes.
    pub(crate) fn take(&mut self, mut events: Vec<Arc<Event>>) {
        events.retain(|event| match &**event {
            Event::Output(output) => {
                let lines = self.outputs.entry(output.backend.id).or_default();
                if lines.len() == OUTPUT {
                    lines.pop_front();
                }
                lines.push_back((output.time, output.line.clone()));
                false
            }
            _ => true,
        });
        self.log.append(events);
    }

    /// Whether log lines were lost within the last `DROPPED_LATELY`.
    pub(crate) fn drops_lines(&self) -> bool {
        let (dropped, when) = self.drops;
        dropped > 0 && self.now.duration_since(when).is_ok_and(|since| since < DROPPED_LATELY)
    }

    /// Shows in the footer what was done.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Done(text.into()));
        self.changed = true;
    }

    /// Shows in the footer what was not done, why, and what to do.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Trouble(text.into()));
        self.changed = true;
    }

    /// The selected backend's row.
    pub(crate) fn selected_row(&self) -> Option<usize> {
        self.shown_backends().position(|b| Some(b.id) == self.selected)
    }

    pub(crate) fn selected_backend(&self) -> Option<&BackendView> {
        self.shown_backends().find(|b| Some(b.id) == self.selected)
    }

    /// Selects the backend in this row, if there is one.
    pub(crate) fn select_row(&mut self, row: usize) {
        let selected = self.shown_backends().nth(row).map(|b| b.id);
        self.selected = selected;
    }

    /// The backends that the table shows, in its order.
    pub(crate) fn shown_backends(&self) -> impl Iterator<Item = &BackendView> {
        // Rows are indexes into this snapshot; both change together.
        self.table.rows.iter().filter_map(|row| self.snapshot.backends.get(*row))
    }
}
