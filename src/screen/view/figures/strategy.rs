//! What the strategy of the selected backend's pool does: its last picks, and how evenly it shares out, before the last
//! change and since.
//!
//! ```text
//! ┌ least-connections ─────── before │ after ┐
//! │picks     ABCABCAC│CACACA               │
//! │fairness  0.71 │ 0.98                   │
//! │most      A4 B9 C3 │ A4 B4 C4           │
//! │clients   1.0 │ 2.4 backends each       │
//! │since     12:04:31 strategy random → le…│
//! │traffic   1440 sent, 12 dropped, 0 fail…│
//! └────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{BackendFairness, BackendId, BackendView, Fairness, PoolView};

use crate::screen::format::{clock, count, cut};
use crate::screen::picks::Pick;
use crate::screen::state::State;
use crate::screen::view::{region, shown_pool};

/// Columns of a figure's name.
const NAME: usize = 9;

/// Rows that the pane needs.
pub(super) fn rows(state: &State) -> usize {
    7 + usize::from(more_rows(state))
}

/// Those of them that are not always there: one each where clients are told apart, and where traffic is or was sent.
pub(crate) fn more_rows(state: &State) -> u16 {
    let clients = shown_pool(state).is_some_and(|pool| tells_clients_apart(&pool.fairness));
    u16::from(clients) + u16::from(state.snapshot.traffic.is_some())
}

/// Whether it is known how many backends a client was sent to, before the last change or since.
fn tells_clients_apart(now: &Fairness) -> bool {
    let known = |fairness: &Fairness| fairness.backends_per_client.is_some();
    known(now) || now.before.as_deref().is_some_and(known)
}

pub(super) fn strategy(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let Some(pool) = shown_pool(state) else { return };
    let now = &pool.fairness;
    let right = now.before.as_ref().map(|_| format!("before {} after", state.theme.due())).unwrap_or_default();
    let block = region(state, false, pool.strategy.name(), &right);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let columns = usize::from(inner.width).saturating_sub(NAME + 1);
    let since = format!("{} {}", clock(now.since, false, &state.zone), now.label);
    let figure = |name: &str, of: &dyn Fn(&Fairness) -> String| {
        let before = now.before.as_deref().map(|before| format!("{} {} ", of(before), state.theme.due()));
        row(state, name, vec![Span::raw(before.unwrap_or_default()), Span::raw(of(now))])
    };
    let mut lines = vec![
        row(state, "picks", picks(state, pool, columns)),
        figure("fairness", &|f| f.jain.map_or_else(|| state.theme.none().to_owned(), |jain| format!("{jain:.2}"))),
        each(state, "most", columns, now, |one| count(u64::from(one.most_in_flight))),
        each(state, "mean", columns, now, |one| format!("{:.1}", one.mean_in_flight)),
        figure("run", &|f| f.longest_run.to_string()),
        figure("lost", &|f| format!("{}, {} moved", count(f.lost), count(f.moved))),
        row(state, "since", vec![Span::raw(cut(&since, columns, state.theme))]),
    ];
    if tells_clients_apart(now) {
        let mean = |f: &Fairness| {
            f.backends_per_client.map_or_else(|| state.theme.none().to_owned(), |mean| format!("{mean:.1}"))
        };
        let mut clients = figure("clients", &mean);
        clients.push_span(" backends each");
        lines.insert(lines.len() - 1, clients);
    }
    // What came of it stays when it has ended.
    if let Some(view) = &state.snapshot.traffic {
        let ended = if view.on { "" } else { "ended: " };
        let words = format!("{ended}{} sent, {} dropped, {} failed", view.sent, view.dropped, view.failed);
        lines.push(row(state, "traffic", vec![Span::raw(cut(&words, columns, state.theme))]));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn row(state: &State, name: &str, what: Vec<Span<'static>>) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{name:<NAME$} "), state.theme.dim())];
    spans.extend(what);
    Line::from(spans)
}

/// A figure of each backend behind its letter, before the last change, if there is room, and since.
fn each(
    state: &State,
    name: &str,
    columns: usize,
    now: &Fairness,
    of: fn(&BackendFairness) -> String,
) -> Line<'static> {
    let since = lettered(state, now, of);
    let mut both = now.before.as_deref().map(|before| lettered(state, before, of)).unwrap_or_default();
    both.push(Span::raw(format!("{} ", state.theme.due())));
    both.extend(since.iter().cloned());
    let fits = both.iter().map(Span::width).sum::<usize>() <= columns + 1;
    row(state, name, if now.before.is_some() && fits { both } else { since })
}

fn lettered(state: &State, fairness: &Fairness, of: fn(&BackendFairness) -> String) -> Vec<Span<'static>> {
    let one = |one: &BackendFairness| {
        let (letter, style) = letter(state, one.id);
        [Span::styled(letter.to_string(), style), Span::raw(format!("{} ", of(one)))]
    };
    fairness.backends.iter().flat_map(one).collect()
}

fn letter(state: &State, id: BackendId) -> (char, Style) {
    state.mark_of(id).map_or((' ', Style::new()), |mark| (mark.letter(), state.theme.backend(mark)))
}

/// The last picks that fit, the latest at the right, with a bar where something changed.
pub(in crate::screen::view) fn picks(state: &State, pool: &PoolView, columns: usize) -> Vec<Span<'static>> {
    let of_pool: Vec<&BackendView> =
        state.snapshot.backends.iter().filter(|backend| backend.pool == pool.name).collect();
    let sign = |pick: &Pick| match pick {
        Pick::Change(of) if of.as_ref().is_none_or(|of| *of == pool.name) => {
            Some(Span::styled(state.theme.due(), state.theme.warning()))
        }
        Pick::Change(_) => None,
        Pick::To(id) => {
            let mark = of_pool.iter().find(|backend| backend.id == *id)?.mark;
            Some(Span::styled(mark.letter().to_string(), state.theme.backend(mark)))
        }
    };
    let mut signs: Vec<Span<'static>> = state.log.digest.picks.latest().filter_map(sign).take(columns).collect();
    // Between two requests of this pool there may have been others.
    signs.dedup_by(|one, other| one.content == state.theme.due() && one.content == other.content);
    signs.reverse();
    signs
}
