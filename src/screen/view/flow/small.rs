//! The flow where there is no room for lanes: letters and counts.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{BackendId, BackendView};

use super::summary;
use crate::screen::flow::{Lane, moment};
use crate::screen::format::{count, cut_middle};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::view::{compact, fitted, footer, more};

/// Rows from which there is more than lanes even if not all of those fit.
const BELOW: usize = 8;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let (rows, columns) = (usize::from(area.height), usize::from(area.width));
    let mut lines = Vec::new();
    let left = rows.saturating_sub(state.table.rows.len());
    if rows >= BELOW || left >= 2 || state.said.is_some() {
        lines.push(compact::status(state, columns));
    }
    let mut below = Vec::new();
    if rows >= BELOW || left >= 1 {
        below.push(unserved(state, columns));
    }
    if rows >= BELOW {
        below.extend(summary::lines(state, columns));
        below.push(footer::keys(state, columns));
    }
    lines.extend(lanes(state, rows.saturating_sub(lines.len() + below.len()), columns));
    lines.resize(rows.saturating_sub(below.len()).max(lines.len()), Line::default());
    lines.extend(below);
    frame.render_widget(Paragraph::new(lines), area);
}

/// A line for each backend, and for those that do not fit one for all.
fn lanes(state: &State, rows: usize, columns: usize) -> Vec<Line<'static>> {
    let is_cut = state.table.rows.len() > rows && rows > 1;
    let fit = if is_cut { rows - 1 } else { rows };
    let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(fit));
    let shown: Vec<&BackendView> = state.shown_backends().skip(first).take(fit).collect();
    let mut lines: Vec<Line<'static>> = shown.iter().map(|backend| lane(state, backend, columns)).collect();
    if is_cut {
        let ids: Vec<BackendId> = shown.iter().map(|backend| backend.id).collect();
        lines.push(Line::styled(more::backends(state, &ids, columns), state.theme.warning()));
    }
    lines
}

/// `>A ● UP 3 act 12/s alpha u1 u4`, the least important left out.
fn lane(state: &State, backend: &BackendView, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let flow = &state.log.digest.flow;
    let moment = moment(state);
    let selected = state.selected == Some(backend.id);
    let letter = Span::styled(backend.mark.letter().to_string(), theme.backend(backend.mark));
    let word = format!("{} {}", theme.state_glyph(backend.state), backend.state);
    let mut parts = vec![
        (100, vec![Span::raw(if selected { ">" } else { " " }), letter]),
        (95, vec![Span::styled(word, theme.state(backend.state))]),
        (90, vec![Span::styled(format!("{} act", count(backend.active.into())), Theme::strong())]),
        (80, vec![Span::raw(format!("{}/s", count(backend.rate)))]),
    ];
    let failed = flow.failures.count(Lane::Backend(backend.id), moment);
    if failed > 0 {
        parts.push((92, vec![Span::styled(format!("{}{}", theme.failed(), count(failed)), theme.bad())]));
    }
    parts.push((70, vec![Span::raw(cut_middle(&backend.name, 12, theme))]));
    for (n, token) in flow.clients.at(backend.id, moment).into_iter().take(columns / 3).enumerate() {
        let from = token.came_from(moment).and_then(|from| state.mark_of(from));
        let from = from.map(|mark| format!("{}{}", mark.letter(), theme.moved())).unwrap_or_default();
        parts.push((
            60_u8.saturating_sub(u8::try_from(n).unwrap_or(60)),
            vec![Span::raw(format!("{from}{}", token.name))],
        ));
    }
    Line::from(fitted(parts, columns))
}

/// What no backend answered in the last minute.
fn unserved(state: &State, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let flow = &state.log.digest.flow;
    let [lost, refused] = [Lane::Lost, Lane::Refused].map(|lane| flow.failures.count(lane, moment(state)));
    let style = if lost > 0 { theme.bad() } else { theme.dim() };
    let mut parts = vec![(100, vec![Span::styled(format!(" {} lost {}", theme.failed(), count(lost)), style)])];
    if refused > 0 {
        parts.push((90, vec![Span::styled(format!("! refused {}", count(refused)), theme.warning())]));
    }
    parts.push((80, vec![Span::styled("in 60 s", theme.dim())]));
    Line::from(fitted(parts, columns))
}
