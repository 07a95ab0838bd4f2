//! Pool headings in the backends pane, shown with several pools.

use ratatui::text::{Line, Span};
use stickylb::api::{BackendView, Mode, PoolView};
use unicode_width::UnicodeWidthStr as _;

use crate::screen::format::{cut, fit_right, percent, short_name};
use crate::screen::state::State;

/// Minimum width, in columns, for whole listener URLs in headings.
const ROOMY: usize = 110;

/// ` web  :3001, :3002 path /api  round-robin  sticky: cookie                              share 33 / 67 %`
pub(crate) fn heading(state: &State, pool: &PoolView, width: usize) -> Line<'static> {
    let name = format!(" {}", cut(&pool.name, width.saturating_sub(1), state.theme));
    let mut how: Vec<String> = entrances(state, pool, width).into_iter().collect();
    if pool.mode == Mode::Tcp {
        how.push("tcp".to_owned());
    }
    how.extend([pool.strategy.to_string(), format!("sticky: {}", pool.sticky)]);
    let how = cut(&format!("  {}", how.join("  ")), width.saturating_sub(name.width()), state.theme);
    let left = width.saturating_sub(name.width() + how.width());
    let shares = Some(shares(state, |backend| backend.pool == pool.name)).filter(|shares| shares.width() + 3 < left);
    let shares = shares.map(|shares| fit_right(&format!("{shares} "), left, state.theme)).unwrap_or_default();
    Line::from(vec![
        Span::styled(name, state.theme.title()),
        Span::styled(how, state.theme.dim()),
        Span::styled(shares, state.theme.dim()),
    ])
}

/// The URL of its first name with the number of others, and the listeners and routes that lead to a pool. Narrow headings drop the scheme and a `localhost` host.
fn entrances(state: &State, pool: &PoolView, width: usize) -> Option<String> {
    let mut ways = Vec::new();
    if let [first, others @ ..] = pool.urls.as_slice() {
        let url = first.raw();
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let more = if others.is_empty() { String::new() } else { format!(" +{}", others.len()) };
        ways.push(format!("{}{more}", if width < ROOMY { host.into() } else { first.borrowed() }));
    }
    for listener in &state.snapshot.listeners {
        let url = listener.url.raw();
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let place = if width < ROOMY { short_name(host, 0) } else { listener.url.borrowed() };
        if listener.pool.as_ref() == Some(&pool.name) {
            ways.push(place.to_string());
        }
        let routes = listener.routes.iter().filter(|route| route.pool == pool.name);
        ways.extend(routes.map(|route| format!("{place} {}", route.matched)));
    }
    Some(ways.join(", ")).filter(|ways| !ways.is_empty())
}

/// `share 33 / 67 %`: each backend's share of its pool's recent requests; at most eight backends.
pub(crate) fn shares(state: &State, of: impl Fn(&BackendView) -> bool) -> String {
    let share = |b: &BackendView| b.actual_share.map_or_else(|| state.theme.none().to_owned(), percent);
    let shares: Vec<String> = state.shown_backends().filter(|b| of(b)).take(8).map(share).collect();
    format!("share {} %", shares.join(" / "))
}
