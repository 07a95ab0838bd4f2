//! What stands below the lanes: the picks, the fairness before and after the last change, and what the signs mean.

use ratatui::text::{Line, Span};
use stickylb::api::Fairness;
use unicode_width::UnicodeWidthStr as _;

use crate::screen::format::{count, cut};
use crate::screen::state::State;
use crate::screen::view::figures::picks;
use crate::screen::view::{fitted, shown_pool};

/// Columns of a figure's name.
const NAME: usize = 10;

/// The fewest columns of a label that say anything.
const SHORTEST: usize = 8;

/// Picks and fairness of the selected backend's pool.
pub(super) fn lines(state: &State, columns: usize) -> Vec<Line<'static>> {
    let Some(pool) = shown_pool(state) else { return vec![Line::default(); 2] };
    let name = |name: &str| Span::styled(format!(" {name:<NAME$}"), state.theme.dim());
    let mut strip = vec![name("picks")];
    strip.extend(picks(state, pool, columns.saturating_sub(NAME + 2)));
    let mut even = vec![name("fairness")];
    even.extend(fairness(state, &pool.fairness, columns.saturating_sub(NAME + 2)));
    vec![Line::from(strip), Line::from(even)]
}

/// `0.71 │ 0.98  moved 0 │ 4  retried 0 │ 2  lost 0 │ 0  before │ after bravo DOWN`.
fn fairness(state: &State, now: &Fairness, columns: usize) -> Vec<Span<'static>> {
    let due = state.theme.due();
    let both = |of: &dyn Fn(&Fairness) -> String| match now.before.as_deref() {
        Some(before) => format!("{} {due} {}", of(before), of(now)),
        None => of(now),
    };
    let figure = |name: &str, of: fn(&Fairness) -> u64| {
        vec![Span::styled(format!("{name} "), state.theme.dim()), Span::raw(both(&|one| count(of(one))))]
    };
    let jain = both(&|one| one.jain.map_or_else(|| state.theme.none().to_owned(), |jain| format!("{jain:.2}")));
    let since = if now.before.is_some() { format!("before {due} after ") } else { "since ".to_owned() };
    let parts = vec![
        (100, vec![Span::raw(jain)]),
        (90, figure("lost", |one| one.lost)),
        (80, figure("moved", |one| one.moved)),
        (70, figure("retried", |one| one.retried)),
    ];
    let mut spans = fitted(parts, columns);
    // What set the baseline has what is left of the line.
    let left = columns.saturating_sub(spans.iter().map(Span::width).sum::<usize>() + 2);
    if left > since.width() + SHORTEST {
        let label = cut(&now.label, left - since.width(), state.theme);
        spans.push(Span::styled(format!("  {since}{label}"), state.theme.dim()));
    }
    spans
}

/// What the signs mean.
pub(super) fn legend(state: &State, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let part = |priority, text: String| (priority, vec![Span::raw(text)]);
    let parts = vec![
        part(100, format!("{} answered", theme.request())),
        part(90, format!("{} failed there", theme.failed())),
        part(80, format!("B{}u7 came from B", theme.moved())),
        part(70, format!("{} something changed", theme.due())),
        part(60, format!("{} one in flight", theme.bar())),
        part(50, "+n more clients".to_owned()),
    ];
    let mut line = Line::from(fitted(parts, columns.saturating_sub(2))).style(theme.dim());
    line.spans.insert(0, Span::raw(" "));
    line
}
