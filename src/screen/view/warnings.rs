//! Current problems and what to do about them, shown while they last.
//!
//! ```text
//!  ! No backend takes clients: clients get 503. api is DOWN (Connection refused): start it, each is asked every
//!    second; R asks now, Enter tells more.
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{About, BackendView, Mode, PoolView, Spawned, State as BackendState};
use stickylb::untrusted::Untrusted;

use crate::screen::action::Action;
use crate::screen::format::{count, cut, wrapped};
use crate::screen::state::State;

/// Backends listed by name; the rest are only counted.
const NAMES: usize = 3;

/// Columns before the text.
const LEAD: usize = 3;

/// Maximum lines for all warnings together on a screen with this many rows.
fn room(screen: u16) -> usize {
    match screen {
        0..20 => 2,
        20..50 => 6,
        _ => 9,
    }
}

/// Lines the current warnings need on a screen of this size.
pub(crate) fn height(state: &State, screen: Rect) -> u16 {
    u16::try_from(lines(state, screen).len()).unwrap_or(0)
}

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let screen = frame.area();
    frame.render_widget(Paragraph::new(lines(state, screen)), area);
}

/// All warnings, wrapped. Each may use an equal share of the lines; the rest of its text is cut.
fn lines(state: &State, screen: Rect) -> Vec<Line<'static>> {
    let warnings = in_words(state);
    let each = (room(screen.height) / warnings.len().max(1)).max(1);
    let width = usize::from(screen.width).saturating_sub(LEAD + 1);
    let style = state.theme.warning();
    let mut lines = Vec::new();
    for warning in warnings.iter().take(room(screen.height)) {
        let mut parts = wrapped(warning, width);
        if parts.len() > each {
            let rest = parts.split_off(each - 1).join(" ");
            parts.push(cut(&rest, width, state.theme));
        }
        for (n, part) in parts.into_iter().enumerate() {
            let lead = if n == 0 { " ! " } else { "   " };
            lines.push(Line::from(vec![Span::styled(lead, state.theme.bad()), Span::styled(part, style)]));
        }
    }
    lines
}

/// Every warning as text, the most serious first: the problem and what to do.
pub(crate) fn in_words(state: &State) -> Vec<String> {
    let snapshot = &state.snapshot;
    let mut warnings: Vec<String> = snapshot.pools.iter().filter_map(|pool| nobody(state, pool)).collect();
    for warning in &snapshot.warnings {
        let text = &warning.text;
        // The advice comes first, because text that is too long is cut at the end.
        warnings.push(match warning.about {
            About::Configuration => {
                format!("The changed file is not applied, the previous configuration stays; mend and save it: {text}")
            }
            About::Stdout | About::LogFile => format!("Log lines are dropped: {text}"),
            About::Mail => format!("Mail fails; it is tried again with the next change of a state: {text}"),
            _ => text.to_string(),
        });
    }
    // Dropped lines are counted live, so a frozen display does not show them.
    if state.drops_lines() && state.frozen.is_none() {
        let dropped = count(snapshot.dropped + state.lost);
        warnings.push(format!(
            "{dropped} lines of the log were dropped: requests come faster than they can be told. All figures count \
             them; only their lines are missing, here and in a log file."
        ));
    }
    warnings
}

/// Why no backend of a pool accepts new clients; `None` if one does, is starting, or the pool is empty.
fn nobody(state: &State, pool: &PoolView) -> Option<String> {
    let backends: Vec<&BackendView> = state.snapshot.backends.iter().filter(|b| b.pool == pool.name).collect();
    let takes = |b: &&BackendView| matches!(b.state, BackendState::Up | BackendState::Starting);
    if backends.is_empty() || backends.iter().any(takes) {
        return None;
    }
    let drains = backends.iter().any(|backend| backend.state == BackendState::Drain);
    let name = if state.snapshot.pools.len() > 1 { format!(" of {}", pool.name) } else { String::new() };
    let new = if drains { "new " } else { "" };
    let what = if pool.mode == Mode::Tcp { "connections are closed" } else { "clients get 503" };
    let mut sentences = vec![format!("No backend{name} takes {new}clients: {new}{what}.")];
    for out in [Out::Down, Out::Killed, Out::Ejected, Out::ByHand, Out::Drained] {
        let those: Vec<&BackendView> = backends.iter().copied().filter(|b| Out::of(b) == Some(out)).collect();
        if !those.is_empty() {
            sentences.push(out.in_words(&those, state));
        }
    }
    Some(sentences.join(" "))
}

/// Why a backend accepts no new clients, one variant for each remedy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Out {
    Down,
    Killed,
    Ejected,
    ByHand,
    Drained,
}

impl Out {
    fn of(backend: &BackendView) -> Option<Self> {
        match backend.state {
            BackendState::Down if backend.spawned == Some(Spawned::new(None)) => Some(Out::Killed),
            BackendState::Down => Some(Out::Down),
            BackendState::Ejected => Some(Out::Ejected),
            BackendState::Maint => Some(Out::ByHand),
            BackendState::Drain => Some(Out::Drained),
            _ => None,
        }
    }

    /// The backends' names and how to bring them back.
    fn in_words(self, backends: &[&BackendView], state: &State) -> String {
        let key = |action| state.key(action);
        let check = key(Action::CheckNow);
        let names = names(backends);
        match self {
            Out::Down => {
                let (them, are) = if backends.len() == 1 { ("it", "is") } else { ("them", "are") };
                let last = backends.iter().find_map(|backend| backend.checks.last());
                let why = last.map(|check| format!(" ({})", short(&check.reason))).unwrap_or_default();
                format!(
                    "{names} {are} DOWN{why}: start {them}, each is asked every second; {check} asks now, {} tells more.",
                    key(Action::Detail)
                )
            }
            Out::Killed => format!("{names} was killed: {} starts it again.", key(Action::SpawnDemo)),
            Out::Ejected => format!("{names}: EJECTED, tried again when the countdown ends; {check} asks now."),
            Out::ByHand => format!("{names}: taken out by hand, {} puts back.", key(Action::ToggleMaintenance)),
            Out::Drained => format!("{names}: drained, {} ends that.", key(Action::Drain)),
        }
    }
}

/// The reason without ` (os error 111)`.
fn short(reason: &Untrusted<String>) -> Untrusted<&str> {
    reason.raw().split(" (os error").next().unwrap_or_default().into()
}

/// `alpha, bravo and 3 more`
fn names(backends: &[&BackendView]) -> String {
    let mut names: Vec<String> = backends.iter().take(NAMES).map(|backend| backend.name.to_string()).collect();
    let more = backends.len() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default(),
    }
}
