//! The figures pane: each backend's actual and expected share of traffic, and a response time histogram of the selected
//! backend.
//!
//! ```text
//! ┌ Split ───────────────────── got / due ┐
//! │ alpha    ████████████│          38/50% │
//! └────────────────────────────────────────┘
//! ┌ Times of alpha ───────────── last 10 s ┐
//! │<  2.0ms ████████████████   812 p50     │
//! └────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::BackendView;

use super::region;
use crate::screen::format::{count, cut, fit, fit_right, micros, percent};
use crate::screen::state::State;

/// Preferred width in columns.
pub(crate) const WIDTH: u16 = 46;

/// Columns of the name, and of the figures after the bar.
const NAME: usize = 10;

const FIGURES: usize = 9;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let backends = u16::try_from(state.table.rows.len()).unwrap_or(u16::MAX).saturating_add(2);
    let [above, below] =
        Layout::vertical([Constraint::Length(backends.min(area.height / 2)), Constraint::Min(0)]).areas(area);
    split(frame, state, above);
    times(frame, state, below);
}

fn split(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let block = region(state, false, "Split", "got / due");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width).saturating_sub(NAME + FIGURES + 2);
    let rows = usize::from(inner.height);
    let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(rows));
    let lines = state.shown_backends().skip(first).take(rows).map(|backend| share(state, backend, room));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}

/// A bar for the actual share, and a mark at the expected share.
fn share(state: &State, backend: &BackendView, room: usize) -> Line<'static> {
    let theme = state.theme;
    let got = bar_length(backend.actual_share.unwrap_or(0.0), room);
    let due = bar_length(backend.expected_share, room).min(room.saturating_sub(1));
    let mut bar: Vec<Span<'static>> = Vec::new();
    for column in 0..room {
        let full = column < got;
        let text = match (column == due && backend.expected_share > 0.0, full) {
            (true, _) => theme.due(),
            (false, true) => theme.bar(),
            (false, false) => " ",
        };
        bar.push(Span::styled(text, if full && column != due { theme.title() } else { theme.warning() }));
    }
    let actual = backend.actual_share.map_or_else(|| theme.none().to_owned(), percent);
    let figures = format!("{actual}/{}%", percent(backend.expected_share));
    let mut spans = vec![Span::styled(fit(&backend.name, NAME, theme), theme.state(backend.state)), Span::raw(" ")];
    spans.extend(bar);
    spans.push(Span::raw(fit_right(&figures, FIGURES + 1, theme)));
    Line::from(spans)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few columns")]
fn bar_length(share: f64, room: usize) -> usize {
    (share.clamp(0.0, 1.0) * room as f64).round() as usize
}

fn times(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let theme = state.theme;
    let Some(backend) = state.selected_backend() else { return };
    let title = format!("Times of {}", cut(&backend.name, 16, theme));
    let block = region(state, false, &title, "last 10 s");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let counted = |n: &usize| backend.histogram[*n] > 0;
    let first = (0..backend.histogram.len()).find(counted);
    let last = (0..backend.histogram.len()).rev().find(counted);
    let (Some(first), Some(last)) = (first, last) else {
        frame.render_widget(Line::styled("No whole answer below 500 in the last 10 s.", theme.dim()), inner);
        return;
    };
    // If not all buckets fit, show the slowest.
    let first = first.max((last + 1).saturating_sub(usize::from(inner.height)));
    let most = backend.histogram[first..=last].iter().copied().max().unwrap_or(0).max(1);
    let room = usize::from(inner.width).saturating_sub(9 + 7 + 4);
    let latency = backend.latency;
    let lines = (first..=last).map(|n| {
        // Bucket `n` holds times below 8 µs × 2^n.
        let edge = 8_u64 << n;
        let within = |value: Option<u64>| value.is_some_and(|value| value < edge && (n == 0 || value >= edge / 2));
        let marks = [("p50", latency.p50), ("p95", latency.p95), ("p99", latency.p99)];
        let mark = marks.iter().rev().find(|(_, value)| within(*value)).map_or("", |(name, _)| name);
        let answers = backend.histogram[n];
        let length = bar_length(answers as f64 / most as f64, room).max(usize::from(answers > 0));
        Line::from(vec![
            Span::styled(format!("<{:>7} ", edge_name(edge)), theme.dim()),
            Span::styled(theme.bar().repeat(length), theme.title()),
            Span::raw(" ".repeat(room - length)),
            Span::raw(fit_right(&count(answers), 6, theme)),
            Span::styled(format!(" {mark}"), theme.warning()),
        ])
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}

/// Edges below 1 ms keep all digits, so that no two look the same.
fn edge_name(edge: u64) -> String {
    if edge < 1000 { format!("0.{edge:03}ms") } else { micros(edge) }
}
