//! The flow: a lane for each backend, with its clients at the left, requests as dots on their way, a bar for those in flight
//! and the state at the right; below, the picks and the fairness.
//!
//! ```text
//! ┌ Flow ──────────────────────────────────────────── ● = 1 request ┐
//! │>A alpha      ·●··●·····●·····●···●··  ███ 3           ● UP      │
//! │   u1 u4 B▸u7 ··●····●····●···                          12/s     │
//! │ B bravo            ×    ×                             ✖ DOWN    │
//! │ × lost                                  0 in 60 s               │
//! │ picks     ABCABCAC│CACA                                         │
//! │ fairness  0.71 │ 0.98  moved 0 │ 4  retried 0 │ 2  lost 0 │ 0   │
//! └─────────────────────────────────────────────────────────────────┘
//! ```

mod lane;
mod plan;
mod small;
mod summary;
mod what_if;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use stickylb::api::BackendId;

use super::{HIGH, changes, log, more, region};
use crate::screen::flow::{LARGE, Lane, moment};
use crate::screen::state::{Focus, State};
use plan::Plan;
pub(crate) use small::render as small;

/// The rows from which the log has a part of its own below the lanes.
const LOG: u16 = 6;

/// The areas of the flow and what is with it; one that is hidden is empty.
struct Areas {
    flow: Rect,
    changes: Rect,
    what_if: Rect,
    log: Rect,
}

/// Divides the body.
fn areas(state: &State, screen: Rect, body: Rect) -> Areas {
    let changes = Constraint::Length(plan::changes(screen.height));
    // A room sees no log, and the lanes as large as they can be.
    if state.presenter.on {
        let [flow, changes] = Layout::vertical([Constraint::Fill(1), changes]).areas(body);
        return Areas { flow, changes, what_if: Rect::default(), log: Rect::default() };
    }
    if screen.width >= LARGE.0 && screen.height >= LARGE.1 {
        let [left, right] = Layout::horizontal([Constraint::Fill(3), Constraint::Fill(2)]).areas(body);
        let [flow, changes] = Layout::vertical([Constraint::Fill(1), changes]).areas(left);
        let [what_if, log] = Layout::vertical([Constraint::Length(what_if::rows()), Constraint::Fill(1)]).areas(right);
        return Areas { flow, changes, what_if, log };
    }
    let [rest, changes] = Layout::vertical([Constraint::Fill(1), changes]).areas(body);
    let wanted = plan::height(state);
    let below = rest.height.saturating_sub(wanted);
    let below = Constraint::Length(if screen.height >= HIGH && below >= LOG { below } else { 0 });
    let [flow, log] = Layout::vertical([Constraint::Fill(1), below]).areas(rest);
    // The log is last, so that the changes stand by the lanes that they are about.
    let (changes, log) = if log.is_empty() {
        (changes, log)
    } else {
        let changes = Rect { y: flow.bottom(), ..changes };
        (changes, Rect { y: changes.bottom(), ..log })
    };
    Areas { flow, changes, what_if: Rect::default(), log }
}

/// Whether the log is shown beside the flow on this screen.
pub(crate) fn shows_log(state: &State) -> bool {
    let screen = Rect::new(0, 0, state.size.0, state.size.1);
    !areas(state, screen, super::below_lesson(state, screen)).log.is_empty()
}

/// Whether this place is in the log beside the flow.
pub(crate) fn in_log(state: &State, screen: Rect, body: Rect, place: Position) -> bool {
    areas(state, screen, body).log.contains(place)
}

/// Draws the flow in the body of this screen.
pub(crate) fn render(frame: &mut Frame<'_>, state: &State, screen: Rect, body: Rect) {
    let areas = areas(state, screen, body);
    flow(frame, state, areas.flow);
    if !areas.changes.is_empty() {
        changes::render(frame, state, areas.changes);
    }
    if !areas.what_if.is_empty() {
        what_if::render(frame, state, areas.what_if);
    }
    if !areas.log.is_empty() {
        log::render(frame, state, areas.log);
    }
}

fn flow(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let plan = Plan::of(state, area);
    let theme = state.theme;
    let scale = plan.scale(state);
    let right = if scale == 1 {
        format!("{} = a request", theme.request())
    } else {
        format!("{} = {scale} requests", theme.request())
    };
    let block = region(state, state.focus == Focus::Backends, "Flow", &right);
    frame.render_widget(block, area);
    let mut lines = Vec::new();
    if plan.is_roomy {
        lines.push(lane::titles(state, &plan));
    }
    let shown: Vec<_> = state.shown_backends().skip(plan.first).take(plan.fit).collect();
    for (n, backend) in shown.iter().enumerate() {
        if plan.has_gaps && n > 0 {
            lines.push(Line::default());
        }
        lines.extend(lane::lane(state, &plan, backend, scale));
    }
    if plan.is_cut {
        let ids: Vec<BackendId> = shown.iter().map(|backend| backend.id).collect();
        let more = more::backends(state, &ids, plan.columns().saturating_sub(2));
        lines.push(Line::styled(format!("  {more}"), theme.warning()));
    }
    let rows = usize::from(plan.inner.height);
    let mut below = vec![lane::unserved(state, &plan, scale)];
    below.extend(summary::lines(state, plan.columns()));
    if plan.is_roomy {
        below.push(summary::legend(state, plan.columns()));
    }
    lines.truncate(rows.saturating_sub(below.len()));
    lines.resize(rows.saturating_sub(below.len()), Line::default());
    lines.extend(below);
    lines.truncate(rows);
    frame.render_widget(Paragraph::new(lines), plan.inner);
}

/// The backend whose lane is drawn in this row.
pub(crate) fn backend_at(state: &State, screen: Rect, body: Rect, row: u16) -> Option<BackendId> {
    let plan = Plan::of(state, areas(state, screen, body).flow);
    let row = usize::from(row.checked_sub(plan.inner.y)?).checked_sub(usize::from(plan.is_roomy))?;
    let lane = row / (plan.each + usize::from(plan.has_gaps));
    let lane = Some(lane).filter(|lane| *lane < plan.fit)?;
    state.shown_backends().nth(plan.first + lane).map(|backend| backend.id)
}

/// The half of the body in which the selected lane is not.
pub(crate) fn free(state: &State, screen: Rect, body: Rect) -> Rect {
    let half = body.height / 2;
    let is_selected = |row: u16| backend_at(state, screen, body, row) == state.selected;
    let below = Rect { y: body.y + half, height: body.height - half, ..body };
    if (below.y..below.bottom()).any(is_selected) { Rect { height: half, ..body } } else { below }
}

/// How many requests ended and failed in a lane lately.
fn counted(state: &State, lane: Lane) -> (u64, u64) {
    state.log.digest.flow.trips.within(lane, moment(state))
}
