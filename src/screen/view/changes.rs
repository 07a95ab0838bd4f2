//! The last changes and their effect, in lines of their own so that a busy log does not scroll them away.
//!
//! ```text
//!  ✖ 12:04:31 delta is DOWN: 31 retried elsewhere, 12 clients moved, none lost; its process ended
//!  » 12:03:40 strategy round-robin → random; before | after: fairness 0.71 | 0.98, most in flight 9 | 4, mean 2.1 | 1.0
//!  ● bravo went DOWN 12:03:10, UP again after 8 s: 4 retried elsewhere, none lost; its process ended
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::{Duration, SystemTime};
use stickylb::api::{BackendView, PoolChange, State as BackendState, StickyBy, UpdateEvent};

use crate::screen::changes::{Change, Evenness, Harm};
use crate::screen::format::{clock, count, cut};
use crate::screen::state::State;

/// A draining backend without a request for so long is quiet.
const QUIET: Duration = Duration::from_mins(1);

/// Lines of this pane on a screen with this many rows.
pub(crate) fn height(state: &State, screen: u16) -> u16 {
    let room = match screen {
        0..20 => 1,
        20..32 => 2,
        32..50 => 4,
        _ => 6,
    };
    room.min(u16::try_from(state.log.digest.changes.len()).unwrap_or(room))
}

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let changes = state.log.digest.changes.last(usize::from(area.height));
    let lines = changes.filter_map(|change| line(state, change, usize::from(area.width)));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// One change on one line, cut to `columns`. What is past is told as past.
pub(crate) fn line(state: &State, change: &Change, columns: usize) -> Option<Line<'static>> {
    let spans = match change.setting() {
        Some((time, setting)) => set(state, change, time, &setting),
        None => went(state, change)?,
    };
    Some(shortened(spans, columns, state))
}

/// A change of a setting, with what came of it: the figures before and after it.
fn set(state: &State, change: &Change, time: SystemTime, setting: &PoolChange) -> Vec<Span<'static>> {
    let theme = state.theme;
    let pool = match state.snapshot.pools.len() {
        0 | 1 => String::new(),
        _ => format!("{}: ", setting.pool),
    };
    let mut spans = vec![
        Span::styled(format!(" {} ", theme.setting()), theme.title()),
        Span::styled(format!("{} ", clock(time, false, &state.zone)), theme.dim()),
        Span::styled(format!("{pool}{}", setting.change), theme.title()),
    ];
    spans.extend(change.evenness.map(|both| Span::raw(before_and_after(state, both))));
    spans
}

/// `; before │ after: fairness 0.71 │ 0.98, most in flight 9 │ 4, mean 2.1 │ 1.0`
fn before_and_after(state: &State, both: [Evenness; 2]) -> String {
    let bar = state.theme.due();
    let pair = |of: &dyn Fn(&Evenness) -> String| both.iter().map(of).collect::<Vec<_>>().join(&format!(" {bar} "));
    let index = |one: &Evenness| one.jain.map_or_else(|| state.theme.none().to_owned(), |jain| format!("{jain:.2}"));
    format!(
        "; before {bar} after: fairness {}, most in flight {}, mean {}",
        pair(&index),
        pair(&|one| one.most.to_string()),
        pair(&|one| format!("{:.1}", one.mean)),
    )
}

/// A change of a backend's state.
fn went(state: &State, change: &Change) -> Option<Vec<Span<'static>>> {
    let (theme, first, last) = (state.theme, change.first()?, change.last()?);
    let clock = |update: &UpdateEvent| clock(update.time, false, &state.zone);
    let style = theme.state(last.to).add_modifier(Modifier::BOLD);
    let name = &first.backend.name;
    let mut spans = vec![Span::styled(format!(" {} ", theme.state_glyph(last.to)), style)];
    let mut reason = if let Some(after) = change.over_after() {
        let words = format!("{name} went {} {}, UP again after {}", first.to, clock(first), in_words(after));
        spans.push(Span::raw(words));
        Some(&first.reason)
    } else {
        let since = if first.to == last.to { String::new() } else { format!(" ({} {})", first.to, clock(first)) };
        spans.push(Span::styled(format!("{} ", clock(last)), theme.dim()));
        spans.push(Span::styled(format!("{name} is {}{since}", last.to), style));
        Some(&last.reason)
    };
    if let Some(left) = left_in_drain(state, last) {
        spans.push(Span::raw(format!(": {left}")));
        // Who is left says more than who wanted it.
        reason = None;
    }
    spans.extend(harm(state, change.harm));
    let before = if change.harm == Harm::default() { ": " } else { "; " };
    spans.extend(reason.map(|reason| Span::raw(format!("{before}{reason}"))));
    Some(spans)
}

/// Who is still at a draining backend: `3 clients still here, last request 12 s ago`, at last `nothing left: safe to stop`.
fn left_in_drain(state: &State, update: &UpdateEvent) -> Option<String> {
    let is_it = |backend: &&BackendView| backend.id == update.backend.id && backend.state == BackendState::Drain;
    let backend = state.snapshot.backends.iter().find(is_it).filter(|_| update.to == BackendState::Drain)?;
    let counted = |n: u64, what: &str| format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" });
    // Without stickiness nobody comes back to it.
    let is_sticky = state.snapshot.pool(backend.pool.raw()).is_some_and(|pool| pool.sticky != StickyBy::Off);
    let clients = if is_sticky { backend.sessions } else { 0 };
    if backend.active > 0 {
        let in_flight = format!("{} in flight", counted(u64::from(backend.active), "request"));
        let clients = (clients > 0).then(|| format!("{} still here, ", counted(clients, "client")));
        return Some(clients.unwrap_or_default() + &in_flight);
    }
    if clients == 0 {
        return Some("nothing left: safe to stop".to_owned());
    }
    let ago = backend.last_request_seconds.map(Duration::from_secs);
    Some(match ago {
        // A cookie stays with its client whether or not that ever comes again.
        Some(ago) if ago >= QUIET => {
            let have = if clients == 1 { "has" } else { "have" };
            format!("quiet for {}; {} {have} its cookie or key still", in_words(ago), counted(clients, "client"))
        }
        Some(ago) => format!("{} still here, last request {} ago", counted(clients, "client"), in_words(ago)),
        None => format!("{} still here", counted(clients, "client")),
    })
}

fn shortened(mut spans: Vec<Span<'static>>, columns: usize, state: &State) -> Line<'static> {
    let mut left = columns;
    for span in &mut spans {
        let text = cut(&span.content, left, state.theme);
        left = left.saturating_sub(unicode_width::UnicodeWidthStr::width(text.as_str()));
        span.content = text.into();
    }
    Line::from(spans)
}

/// A time in its largest unit: `8 s`, `3 min`, `2 h`.
fn in_words(time: Duration) -> String {
    match time.as_secs_f64().round() {
        seconds if seconds < 1.0 => "less than 1 s".to_owned(),
        seconds @ ..100.0 => format!("{seconds:.0} s"),
        seconds @ ..6_000.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.0} h", seconds / 3_600.0),
    }
}

fn harm(state: &State, harm: Harm) -> Vec<Span<'static>> {
    if harm == Harm::default() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    if harm.retried > 0 {
        parts.push(format!("{} retried elsewhere", count(harm.retried)));
    }
    if harm.moved > 0 {
        let plural = if harm.moved == 1 { "" } else { "s" };
        parts.push(format!("{} client{plural} moved", count(harm.moved)));
    }
    let lost = if harm.lost == 0 {
        Span::styled("none lost", state.theme.good())
    } else {
        Span::styled(format!("{} lost", count(harm.lost)), state.theme.bad())
    };
    let joined = if parts.is_empty() { String::new() } else { format!("{}, ", parts.join(", ")) };
    vec![Span::raw(format!(": {joined}")), lost]
}
