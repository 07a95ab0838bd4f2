//! The two header lines: what is balanced, and the current totals.
//!
//! ```text
//!  stickylb  http://localhost:3001  round-robin  sticky: cookie  2 up  1 drain  1 down       LIVE
//!  412 req/s ▁▂▃▅▆▇▆▅▃▂▁  p50 3ms  p95 21ms  p99 48ms  err 0.2%  18 conns (3 ws)
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{Snapshot, State as BackendState, Strategy, SurviveStage};
use unicode_width::UnicodeWidthStr as _;

use super::{fitted, kept};
use crate::screen::action::Action;
use crate::screen::format::{count, micros, spark};
use crate::screen::state::State;
use crate::screen::survive::reports;
use crate::screen::theme::Theme;
use crate::screen::traffic::under_way;
use crate::survive_report::progress;
use crate::words::traffic_within;

/// The states in the order in which their counts are shown.
const ORDER: [BackendState; 6] = [
    BackendState::Up,
    BackendState::Drain,
    BackendState::Maint,
    BackendState::Ejected,
    BackendState::Starting,
    BackendState::Down,
];

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(2);
    let live = live(state);
    let mut first = vec![Span::raw(" ")];
    first.extend(fitted(what(state), columns.saturating_sub(live.width() + 2)));
    let mut second = vec![Span::raw(" ")];
    second.extend(fitted(how(state, columns), columns));
    frame.render_widget(Paragraph::new(vec![Line::from(first), Line::from(second)]), area);
    frame.render_widget(Line::from(vec![live, Span::raw(" ")]).right_aligned(), Rect { height: 1, ..area });
}

/// `LIVE`, the frozen moment with its age, or `ENDED`.
pub(crate) fn live(state: &State) -> Span<'static> {
    if state.ended.is_some() {
        return Span::styled("ENDED", state.theme.bad());
    }
    match (&state.frozen, state.frozen_for()) {
        (Some(frozen), Some(ago)) => {
            let time = jiff::Timestamp::try_from(frozen.at).unwrap_or_default().to_zoned(state.zone.clone());
            let (time, since) = (time.strftime("%H:%M:%S"), count(state.requests_since()));
            Span::styled(format!("FROZEN {time} (-{ago} s, +{since} req)"), state.theme.warning())
        }
        _ => Span::styled("LIVE", state.theme.good()),
    }
}

/// Listeners, strategy, stickiness and the number of backends in each state, each with its priority.
pub(crate) fn what(state: &State) -> Vec<(u8, Vec<Span<'static>>)> {
    let (theme, snapshot) = (state.theme, &state.snapshot);
    let mut parts = vec![(55, vec![Span::styled("stickylb", theme.title())])];
    parts.extend(urls(snapshot).into_iter().zip([80, 58, 57]).map(|(url, priority)| (priority, vec![Span::raw(url)])));
    if state.rights.only_watches() {
        parts.push((98, vec![Span::styled("watching", theme.warning())]));
    }
    for listener in snapshot.listeners.iter().skip(1) {
        parts.push((70, vec![Span::raw(listener.url.to_string())]));
    }
    if let Some(view) = snapshot.survive.as_ref().filter(|view| view.stage != SurviveStage::Ended) {
        let hint = if reports(state) { format!(" · {} reports", state.key(Action::Quit)) } else { String::new() };
        parts.push((
            97,
            vec![Span::styled(theme.drawn(&format!("survive: {}{hint}", progress(view))), theme.warning())],
        ));
    }
    let faults = snapshot.backends.iter().filter(|backend| backend.chaos.is_some()).count();
    if faults > 0 {
        parts.push((98, vec![Span::styled(format!("faults on: {faults}"), theme.warning())]));
    }
    if snapshot.keeps_bodies {
        parts.push((65, vec![Span::styled("bodies kept", theme.warning())]));
    }
    // With several pools, the headings in the table show this.
    if let [only] = snapshot.pools.as_slice() {
        // One key means one backend for all clients, which looks like a fault where it is not explained.
        let one_key = if only.keys_seen == Some(1) { " (one key)" } else { "" };
        let by_hash = only.strategy == Strategy::Hash;
        let [of_strategy, of_sticky] = if by_hash { [one_key, ""] } else { ["", one_key] };
        parts.push((60, vec![Span::raw(format!("{}{of_strategy}", only.strategy))]));
        parts.push((50, vec![Span::raw(format!("sticky: {}{of_sticky}", only.sticky))]));
    }
    for one in ORDER {
        let n = snapshot.backends.iter().filter(|b| b.state == one).count();
        if n > 0 {
            let text = format!("{n} {}", one.word().to_lowercase());
            let priority = if one == BackendState::Down { 100 } else { 95 };
            parts.push((priority, vec![Span::styled(text, theme.state(one))]));
        }
    }
    parts
}

/// The URLs of the first listener, that of a name before that of the machine; with several pools the headings in the table show
/// the names.
fn urls(snapshot: &Snapshot) -> Vec<String> {
    let named = match snapshot.pools.as_slice() {
        [only] => only.urls.as_slice(),
        _ => &[],
    };
    let mut urls: Vec<String> = named.iter().map(ToString::to_string).collect();
    urls.insert(urls.len().min(1), snapshot.url().to_string());
    urls
}

/// The least columns of the spark line, and the part of the line that it has at most: the figures go before it.
const SPARK: (usize, usize) = (8, 4);

/// Parts of a line with their priorities.
type Parts = Vec<(u8, Vec<Span<'static>>)>;

/// Rate, latency, errors, connections and traffic, each with its priority.
fn how(state: &State, columns: usize) -> Parts {
    let (theme, totals) = (state.theme, &state.snapshot.totals);
    let rate = format!("{} req/s", count(totals.rate));
    let time = |name: &str, value: Option<u64>| {
        let value = value.map_or_else(|| theme.none().to_owned(), micros);
        vec![Span::styled(format!("{name} "), theme.dim()), Span::raw(value)]
    };
    let errors = totals.error_share.map_or_else(|| theme.none().to_owned(), |share| format!("{:.1}%", share * 100.0));
    let bad = totals.error_share.is_some_and(|share| share > 0.0);
    let style = if bad { theme.bad() } else { Theme::strong() };
    let tunnels = match totals.tunnels {
        0 => String::new(),
        n => format!(" ({} ws)", count(n)),
    };
    let plural = if totals.connections == 1 { "" } else { "s" };
    let connections = format!("{} conn{plural}{tunnels}", count(totals.connections));
    let mut parts = vec![
        (40, time("p50", totals.latency.p50)),
        (60, time("p95", totals.latency.p95)),
        (50, time("p99", totals.latency.p99)),
        (80, vec![Span::styled("err ", theme.dim()), Span::styled(errors, style)]),
        (70, vec![Span::raw(connections)]),
    ];
    let lost = state.snapshot.dropped + state.lost;
    if lost > 0 {
        parts.push((30, vec![Span::styled(format!("{} log lines dropped", count(lost)), theme.warning())]));
    }
    if let Some(view) = under_way(&state.snapshot) {
        // What else is told has the room that it needs; what is told of traffic beside its rate, and the spark line, share the
        // rest.
        let words = |columns| vec![Span::styled(theme.drawn(&traffic_within(view, columns)), theme.title())];
        parts.push((90, words(0)));
        let room = columns.saturating_sub(rate.len() + 1 + SPARK.0 + 2);
        let taken: usize =
            kept(&parts, room).iter().map(|n| parts[*n].1.iter().map(Span::width).sum::<usize>() + 2).sum();
        let columns = (room + 2).saturating_sub(taken) + traffic_within(view, 0).width();
        if let Some((_, traffic)) = parts.last_mut() {
            *traffic = words(columns);
        }
    }
    let taken: usize = parts.iter().flat_map(|(_, part)| part.iter().map(Span::width).chain([2])).sum();
    let spark_columns = columns.saturating_sub(taken + rate.len() + 1).min(columns / SPARK.1).max(SPARK.0);
    let spark = format!(" {}", spark(&totals.rates, spark_columns, theme));
    parts.insert(0, (100, vec![Span::styled(rate, Theme::strong()), Span::styled(spark, theme.title())]));
    parts
}
