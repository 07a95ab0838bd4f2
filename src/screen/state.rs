//! The screen's state.

use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{BackendId, BackendView, Event, Fairness, Mark, Snapshot, State as BackendState, SurviveReport};
use stickylb::untrusted::Untrusted;

use super::action::{Action, Keymap};
pub(crate) use super::dialog::{Dialog, FilterPrompt, Question};
use super::flow::Showing;
use super::frozen::{Frozen, Moment};
use super::head::Reveal;
use super::inspected::Inspected;
use super::lesson_shown::LessonPane;
use super::log::Log;
use super::message::Said;
use super::notify::Notify;
use super::pressed::Presenter;
use super::rights::Rights;
pub(crate) use super::side::Side;
use super::table::Table;
use super::theme::Theme;
use super::themes::Themes;
use crate::learn::Runner;
use crate::screen::filter::Filter;

/// How long the warning about dropped log lines stays after the last one.
const DROPPED_LATELY: Duration = Duration::from_secs(10);

/// How long a success stands in the footer.
const READ: Duration = Duration::from_secs(6);

/// Output lines kept per process.
const OUTPUT: usize = 500;

/// The focused pane, on which keys act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Backends,
    Log,
}

/// What leaving the screen does to the engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// It stops too.
    #[default]
    Ends,
    /// It stops too, unless the user detaches the screen.
    EndsOrGoesOn,
    /// It ends what it watches, reports what that shows of the app, and stops then.
    Reports,
    /// It runs on, because it is another process.
    GoesOn,
}

/// The screen's state.
pub struct State {
    pub(crate) theme: Theme,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// Times are shown in this zone.
    pub(crate) zone: TimeZone,
    pub(crate) snapshot: Snapshot,
    pub(crate) log: Log,
    /// Output lines of backend processes, by backend id.
    pub(crate) outputs: HashMap<BackendId, VecDeque<(SystemTime, Untrusted<String>)>>,
    /// Events dropped because they came faster than the screen read them.
    pub(crate) lost: u64,
    /// The number of dropped log lines at the last second, and when it last grew.
    pub(crate) drops: (u64, SystemTime),
    pub(crate) focus: Focus,
    /// The selected backend's id: the selection follows the backend, not the row.
    pub(crate) selected: Option<BackendId>,
    /// The order of the backend table.
    pub(crate) table: Table,
    /// The side pane chosen by the user; `None` chooses by the terminal's width.
    pub(crate) side: Option<Side>,
    /// Whether the focused pane fills the body.
    pub(crate) zoomed: bool,
    /// The scroll offset of the detail view in lines; `None` if it is closed.
    pub(crate) detail: Option<u16>,
    /// The heads of the selected request.
    pub(crate) inspected: Inspected,
    pub(crate) dialog: Option<Dialog>,
    /// The lesson that is under way.
    pub(crate) lesson: Option<Box<Runner>>,
    /// What is shown of the lesson that is under way.
    pub(crate) lesson_pane: Option<LessonPane>,
    /// The last report of `survive`.
    pub(crate) survived: Option<Box<SurviveReport>>,
    /// The result of the last key or command, if there is a message.
    pub(crate) said: Option<Said>,
    /// When it was said.
    said_at: SystemTime,
    /// How to notify when a backend goes DOWN, and of alerts.
    pub(crate) notify: Notify,
    /// What leaving the screen does to the engine.
    pub(crate) leaving: Leaving,
    /// What this screen may do to the engine.
    pub(crate) rights: Rights,
    pub(crate) presenter: Presenter,
    /// Why the engine has ended or is unreachable.
    pub(crate) ended: Option<Untrusted<String>>,
    /// The themes to choose from.
    pub(crate) themes: Themes,
    /// The current keys.
    pub(crate) keys: Keymap,
    /// Whether mouse capture is on.
    pub(crate) mouse: bool,
    /// Snapshots of the last minutes, one per second.
    pub(crate) moments: VecDeque<Moment>,
    /// The time of the last [`Message::Second`](super::message::Message::Second).
    pub(crate) now: SystemTime,
    /// If set, only events up to this time are shown.
    pub(crate) until: Option<SystemTime>,
    /// Set while the display is frozen.
    pub(crate) frozen: Option<Frozen>,
    /// Whether the flow takes the place of the panes, and how.
    pub(crate) flow: Showing,
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
            lesson: None,
            lesson_pane: None,
            survived: None,
            said: None,
            said_at: SystemTime::UNIX_EPOCH,
            notify: Notify::default(),
            leaving: Leaving::default(),
            rights: Rights::default(),
            presenter: Presenter::default(),
            ended: None,
            themes: Themes::default(),
            keys: Keymap::default(),
            mouse: false,
            moments: VecDeque::new(),
            now: SystemTime::UNIX_EPOCH,
            until: None,
            frozen: None,
            flow: Showing::default(),
            changed: true,
        }
    }

    /// What to type for an action, in a sentence: its first key, or its command.
    pub(crate) fn key(&self, action: Action) -> String {
        self.keys.say(action)
    }

    /// Shows times in UTC, for pictures and tests.
    #[must_use]
    pub fn in_utc(mut self) -> Self {
        self.zone = TimeZone::UTC;
        self
    }

    /// Sets what leaving the screen does to the engine.
    #[must_use]
    pub fn with_leaving(mut self, leaving: Leaving) -> Self {
        self.leaving = leaving;
        self
    }

    /// Takes a new snapshot; asks for a frame only if something visible changed.
    pub fn refresh(&mut self, mut snapshot: Snapshot) {
        for backend in &mut snapshot.backends {
            // A time that is not shown must not cause a frame: since when it is UP, and its last request but in a drain.
            if backend.state == BackendState::Up {
                backend.state_seconds = 0;
            }
            if backend.state != BackendState::Drain {
                backend.last_request_seconds = None;
            }
            // Its countdown is shown in whole seconds.
            if let Some(fault) = &mut backend.chaos {
                fault.left_millis = fault.left_millis.next_multiple_of(1000);
            }
        }
        rest(&mut snapshot, self.live());
        self.log.measure(&snapshot.pools);
        if !snapshot.keeps_bodies {
            self.inspected.forget_bodies();
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

    /// Filters and sorts the table's rows. The selection follows its backend; if that is hidden, the first row is
    /// selected, so that no key acts on a hidden backend.
    pub(crate) fn order(&mut self) {
        self.table.order(&self.snapshot.backends, self.log.filter());
        if self.selected_backend().is_none() {
            self.select_row(0);
        }
    }

    /// Sets or removes the filter of log and table.
    pub(crate) fn set_filter(&mut self, filter: Option<Filter>) {
        self.log.set_filter(filter);
        self.order();
    }

    /// Adds new events, and the number of events that were dropped; queues them while frozen.
    pub fn append(&mut self, events: Vec<Arc<Event>>, missed: u64) {
        if let Some(frozen) = &mut self.frozen {
            frozen.note(events, missed);
        } else {
            self.take(events);
            self.lost += missed;
        }
        self.changed = true;
    }

    /// Adds events to the log, and process output to [`State::outputs`].
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

    /// Whether log lines were dropped recently.
    pub(crate) fn drops_lines(&self) -> bool {
        let (dropped, when) = self.drops;
        dropped > 0 && self.now.duration_since(when).is_ok_and(|since| since < DROPPED_LATELY)
    }

    /// Shows a success message in the footer.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Done(text.into()));
        self.said_at = self.now;
        self.changed = true;
    }

    /// Gives the footer back to its keys once a success has been there long enough to be read. An error stays until the next
    /// key.
    pub(crate) fn hush(&mut self) {
        let is_read = self.now.duration_since(self.said_at).is_ok_and(|since| since >= READ);
        if is_read && matches!(self.said, Some(Said::Done(_))) {
            self.said = None;
            self.changed = true;
        }
    }

    /// Shows an error in the footer: what failed, why, and what to do.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.said = Some(Said::Trouble(text.into()));
        self.changed = true;
    }

    /// The selected backend's row, counted from 0.
    pub(crate) fn selected_row(&self) -> Option<usize> {
        self.shown_backends().position(|b| Some(b.id) == self.selected)
    }

    pub(crate) fn selected_backend(&self) -> Option<&BackendView> {
        self.shown_backends().find(|b| Some(b.id) == self.selected)
    }

    /// What is shown of the secrets in heads: all of them, or of cookies the sticky one alone.
    pub(crate) fn reveal(&self, all: bool) -> Reveal<'_> {
        let sticky = self.snapshot.pools.iter().filter_map(|pool| pool.sticky_cookie.as_ref());
        Reveal { all, sticky: sticky.map(Untrusted::raw).collect() }
    }

    /// A backend's letter and colour; `None` once it is gone.
    pub(crate) fn mark_of(&self, id: BackendId) -> Option<Mark> {
        self.snapshot.backends.iter().find(|backend| backend.id == id).map(|backend| backend.mark)
    }

    /// Selects the backend in this row, if there is one.
    pub(crate) fn select_row(&mut self, row: usize) {
        let selected = self.shown_backends().nth(row).map(|b| b.id);
        self.selected = selected;
    }

    /// The backends in the table, in row order.
    pub(crate) fn shown_backends(&self) -> impl Iterator<Item = &BackendView> {
        // Rows are indexes into the current snapshot and are updated with it.
        self.table.rows.iter().filter_map(|row| self.snapshot.backends.get(*row))
    }
}

/// Without traffic only the time grows over which a mean is taken: that must not cause a frame each second, so the figures
/// stay as they were when the last request ended.
fn rest(snapshot: &mut Snapshot, before: &Snapshot) {
    if snapshot.backends.iter().any(|backend| backend.active > 0) {
        return;
    }
    for (now, before) in
        snapshot.pools.iter_mut().map(|pool| &mut pool.fairness).zip(before.pools.iter().map(|pool| &pool.fairness))
    {
        let counts = |fairness: &Fairness| (fairness.since, fairness.requests, fairness.lost);
        if counts(now) == counts(before) && now.backends.len() == before.backends.len() {
            now.clone_from(before);
        }
    }
}
