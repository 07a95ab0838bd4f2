//! What the screen knows.

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

/// So long it is said that lines of the log were lost.
const DROPPED_LATELY: Duration = Duration::from_secs(10);

/// Lines kept of what one process writes.
const OUTPUT: usize = 500;

/// The pane that keys act on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Backends,
    Log,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dialog {
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
pub(crate) enum Side {
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
    pub(crate) fn next(self) -> Self {
        match self {
            Side::Figures => Side::Inspector,
            Side::Inspector => Side::Output,
            Side::Output => Side::Events,
            Side::Events => Side::Hidden,
            Side::Hidden => Side::Figures,
        }
    }

    /// What stands there in a terminal of this many columns unless another was chosen.
    pub(crate) fn usual(columns: u16) -> Self {
        match columns {
            0..110 => Side::Hidden,
            110..160 => Side::Figures,
            _ => Side::Inspector,
        }
    }
}

/// A filter while it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilterPrompt {
    pub(crate) line: Line,
    /// The filter that was in force before.
    pub(crate) before: String,
    /// What is wrong with what is typed; until it is mended, the last good one is in force.
    pub(crate) error: Option<FilterError>,
}

/// What is asked before it is done, because it cannot be undone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// Send a request again whose method may change something.
    Replay {
        event: Arc<Event>,
        number: RequestNumber,
        to: Option<BackendId>,
    },
    Kill {
        id: BackendId,
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
    pub(crate) theme: Theme,
    /// Columns and lines of the terminal.
    pub(crate) size: (u16, u16),
    /// Times are shown in this zone.
    pub(crate) zone: TimeZone,
    pub(crate) snapshot: Snapshot,
    /// What happened.
    pub(crate) log: Log,
    /// What the processes of backends wrote, by their ids.
    pub(crate) outputs: HashMap<BackendId, VecDeque<(SystemTime, Untrusted<String>)>>,
    /// Lines lost because they came faster than they were read.
    pub(crate) lost: u64,
    /// How many lines had been lost when that was last looked at, and when the last of them were.
    pub(crate) drops: (u64, SystemTime),
    pub(crate) focus: Focus,
    /// The selected backend's id: the selection follows the backend, not the row.
    pub(crate) selected: Option<BackendId>,
    /// The order of the backends' rows.
    pub(crate) table: Table,
    /// What was chosen to stand beside the log; `None` leaves it to the size.
    pub(crate) side: Option<Side>,
    /// The pane has the whole screen.
    pub(crate) zoomed: bool,
    /// What is selected has the whole screen, scrolled by this many lines.
    pub(crate) detail: Option<u16>,
    /// What is known of the heads of the selected request.
    pub(crate) inspected: Inspected,
    pub(crate) dialog: Option<Dialog>,
    /// What came of the last key or command, where it must be said.
    pub(crate) said: Option<Said>,
    /// How a backend that goes DOWN is told.
    pub(crate) notify: Notify,
    /// What takes back the last changes, the latest last.
    pub(crate) undo: VecDeque<Command>,
    /// What leaving does.
    pub(crate) leaving: Leaving,
    /// The engine has ended or is out of reach, and why.
    pub(crate) ended: Option<Untrusted<String>>,
    /// The mouse tells what it does.
    pub(crate) mouse: bool,
    /// The last minutes, a second each.
    pub(crate) moments: VecDeque<Moment>,
    /// The time of the last second.
    pub(crate) now: SystemTime,
    /// Only what had happened by then is shown.
    pub(crate) until: Option<SystemTime>,
    /// The display stands still.
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
    pub(crate) fn order(&mut self) {
        self.table.order(&self.snapshot.backends, self.log.filter());
        if self.selected_backend().is_none() {
            self.select_row(0);
        }
    }

    /// Puts a filter in force, or none.
    pub(crate) fn set_filter(&mut self, filter: Option<Filter>) {
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

    /// Whether lines of the log were lost within the last seconds.
    pub(crate) fn drops_lines(&self) -> bool {
        let (dropped, when) = self.drops;
        dropped > 0 && self.now.duration_since(when).is_ok_and(|since| since < DROPPED_LATELY)
    }

    /// Says what was done.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Done(text.into()));
        self.changed = true;
    }

    /// Says what was not done, why, and what to do.
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
        // A row is a place in this very snapshot: both change together.
        self.table.rows.iter().filter_map(|row| self.snapshot.backends.get(*row))
    }
}
