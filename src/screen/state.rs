//! What the screen knows.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;

use super::filter::{Filter, FilterError};
use super::freeze::{Frozen, Moment};
use super::input::Line;
use super::inspect::{Inspected, ReplayChoice, Shown};
use super::log::Log;
use super::message::Said;
use super::notify::Notify;
use super::palette::Palette;
use super::table::Table;
use super::theme::Theme;
use stickylb::api::State as BackendState;
use stickylb::api::{BackendView, Command, Event, Snapshot};
use stickylb::untrusted::Untrusted;

/// So long it is said that lines of the log were lost.
const DROPPED_LATELY: Duration = Duration::from_secs(10);
/// Lines kept of what one process writes.
const OUTPUT: usize = 500;

/// The pane that keys act on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    #[default]
    Backends,
    Log,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Dialog {
    /// The keys; scrolled by this many lines.
    Help(u16),
    /// A question: `y` does it, everything else does not.
    Ask(Question),
    /// Which export is wanted.
    Export,
    /// A command is being typed.
    Palette(Palette),
    /// Why a request went where it went; scrolled by this many lines.
    Why(Arc<Event>, u16),
    /// Where to send a request again.
    Replay(ReplayChoice),
    /// What came of it.
    Replayed(Shown),
    /// A filter is being typed.
    Filter(FilterPrompt),
}

/// What stands beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who got how much of the traffic, and how long the selected backend took.
    Figures,
    /// The selected request or backend.
    Inspector,
    /// What the selected backend's process writes.
    Output,
    /// What the program says of itself.
    Events,
    /// Nothing.
    Hidden,
}

impl Side {
    pub(super) fn next(self) -> Self {
        match self {
            Side::Figures => Side::Inspector,
            Side::Inspector => Side::Output,
            Side::Output => Side::Events,
            Side::Events => Side::Hidden,
            Side::Hidden => Side::Figures,
        }
    }

    /// What stands there in a terminal of this many columns unless another was chosen.
    pub(super) fn usual(columns: u16) -> Self {
        match columns {
            0..110 => Side::Hidden,
            110..160 => Side::Figures,
            _ => Side::Inspector,
        }
    }
}

/// A filter while it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilterPrompt {
    pub(super) line: Line,
    /// The filter that was in force before.
    pub(super) before: String,
    /// What is wrong with what is typed; until it is mended, the last good one is in force.
    pub(super) error: Option<FilterError>,
}

/// What is asked before it is done, because it cannot be undone.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Question {
    /// Send a request again whose method may change something.
    Replay {
        event: Arc<Event>,
        number: u64,
        to: Option<u32>,
    },
    Kill {
        id: u32,
        name: String,
    },
    /// `detachable`: or the engine may go on without the screen.
    Quit {
        in_flight: u64,
        detachable: bool,
    },
}

/// What leaving the screen does to the engine behind it.
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

/// What the screen knows.
pub struct State {
    pub(super) theme: Theme,
    /// Columns and lines of the terminal.
    pub(super) size: (u16, u16),
    /// Times are shown in this zone.
    pub(super) zone: TimeZone,
    pub(super) snapshot: Snapshot,
    /// What happened.
    pub(super) log: Log,
    /// What the processes of backends wrote, by their ids.
    pub(super) outputs: HashMap<u32, VecDeque<(SystemTime, Untrusted<String>)>>,
    /// Lines lost because they came faster than they were read.
    pub(super) lost: u64,
    /// How many lines had been lost when that was last looked at, and when the last of them were.
    pub(super) drops: (u64, SystemTime),
    pub(super) pane: Pane,
    /// The selected backend's id: the selection follows the backend, not the row.
    pub(super) selected: Option<u32>,
    /// The order of the backends' rows.
    pub(super) table: Table,
    /// What was chosen to stand beside the log; `None` leaves it to the size.
    pub(super) side: Option<Side>,
    /// The pane has the whole screen.
    pub(super) zoomed: bool,
    /// What is selected has the whole screen, scrolled by this many lines.
    pub(super) detail: Option<u16>,
    /// What is known of the heads of the selected request.
    pub(super) inspected: Inspected,
    pub(super) dialog: Option<Dialog>,
    /// What came of the last key or command, where it must be said.
    pub(super) said: Option<Said>,
    /// How a backend that goes DOWN is told.
    pub(super) notify: Notify,
    /// What takes back the last changes, the latest last.
    pub(super) undo: VecDeque<Command>,
    /// What leaving does.
    pub(super) leaving: Leaving,
    /// The engine has ended or is out of reach, and why.
    pub(super) ended: Option<Untrusted<String>>,
    /// The mouse tells what it does.
    pub(super) mouse: bool,
    /// The last minutes, a second each.
    pub(super) moments: VecDeque<Moment>,
    /// The time of the last second.
    pub(super) now: SystemTime,
    /// Only what had happened by then is shown.
    pub(super) until: Option<SystemTime>,
    /// The display stands still.
    pub(super) frozen: Option<Frozen>,
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
            pane: Pane::default(),
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

    /// The same, where leaving does this.
    #[must_use]
    pub fn with_leaving(mut self, leaving: Leaving) -> Self {
        self.leaving = leaving;
        self
    }

    /// Takes in how things stand; asks for a frame only where one can see a difference.
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

    /// Puts the table's rows in order. The selection follows its backend; where that is not shown, the first row has it:
    /// no key may act on a backend that is out of sight.
    pub(super) fn order(&mut self) {
        self.table.order(&self.snapshot.backends, self.log.filter());
        if self.selected_backend().is_none() {
            self.select_row(0);
        }
    }

    /// Puts a filter in force, or none.
    pub(super) fn set_filter(&mut self, filter: Option<Filter>) {
        self.log.set_filter(filter);
        self.order();
    }

    /// Takes in what happened.
    pub fn append(&mut self, events: Vec<Arc<Event>>, missed: u64) {
        if let Some(frozen) = &mut self.frozen {
            frozen.note(events, missed);
        } else {
            self.take(events);
            self.lost += missed;
        }
        self.changed = true;
    }

    /// Puts what happened where it is shown.
    pub(super) fn take(&mut self, mut events: Vec<Arc<Event>>) {
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

    /// Whether lines of the log were lost within the last seconds.
    pub(super) fn drops_lines(&self) -> bool {
        let (dropped, when) = self.drops;
        dropped > 0 && self.now.duration_since(when).is_ok_and(|since| since < DROPPED_LATELY)
    }

    /// Says what was done.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Done(text.into()));
        self.changed = true;
    }

    /// Says what was not done, why, and what to do.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Trouble(text.into()));
        self.changed = true;
    }

    /// The selected backend's row.
    pub(super) fn selected_row(&self) -> Option<usize> {
        self.shown_backends().position(|b| Some(b.id) == self.selected)
    }

    pub(super) fn selected_backend(&self) -> Option<&BackendView> {
        self.shown_backends().find(|b| Some(b.id) == self.selected)
    }

    /// Selects the backend in this row, if there is one.
    pub(super) fn select_row(&mut self, row: usize) {
        let selected = self.shown_backends().nth(row).map(|b| b.id);
        self.selected = selected;
    }

    /// The backends that the table shows, in its order.
    pub(super) fn shown_backends(&self) -> impl Iterator<Item = &BackendView> {
        // A row is a place in this very snapshot: both change together.
        self.table.rows.iter().filter_map(|row| self.snapshot.backends.get(*row))
    }
}
