//! How long the selected backend's answers took.
//!
//! ```text
//! ┌ Times of alpha ───────────── last 10 s ┐
//! │<  2.0ms ████████████████   812 p50     │
//! └────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::BackendView;

use super::bar_length;
use crate::screen::format::{count, cut, fit_right, micros};
use crate::screen::state::State;
use crate::screen::view::region;

/// The buckets from the first to the last that counted anything.
fn counted(backend: &BackendView) -> Option<(usize, usize)> {
    let counts = |n: &usize| backend.histogram[*n] > 0;
    let buckets = 0..backend.histogram.len();
    Some((buckets.clone().find(counts)?, buckets.rev().find(counts)?))
}

/// Rows that the pane needs.
pub(super) fn rows(state: &State) -> usize {
    state.selected_backend().and_then(counted).map_or(1, |(first, last)| last - first + 1)
}

pub(super) fn times(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let theme = state.theme;
    let Some(backend) = state.selected_backend() else { return };
    let title = format!("Times of {}", cut(&backend.name, 16, theme));
    let block = region(state, false, &title, "last 10 s");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some((first, last)) = counted(backend) else {
        frame.render_widget(Line::styled("No successful answer in the last 10 s.", theme.dim()), inner);
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
