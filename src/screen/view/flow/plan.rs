//! What has room in the flow: which lanes, how many rows each has, and the columns of their parts.

use ratatui::layout::Rect;

use crate::screen::flow::{Lane, moment};
use crate::screen::state::State;

/// Rows and columns of the borders.
const BORDERS: u16 = 2;

/// Rows of a lane that has all it can have, and the most where there is room for still more clients and dots.
const WHOLE: usize = 3;
const MOST: usize = 6;

/// Rows below the lanes: what was not served, picks, fairness.
const BELOW: usize = 3;

/// Rows from which there are titles and a legend too.
const ROOMY: usize = 16;

/// What has room.
pub(super) struct Plan {
    /// Within the borders.
    pub(super) inner: Rect,
    /// Whether there are titles above and a legend below.
    pub(super) is_roomy: bool,
    /// Rows of a lane.
    pub(super) each: usize,
    pub(super) has_gaps: bool,
    /// The first lane shown, and how many.
    pub(super) first: usize,
    pub(super) fit: usize,
    /// Whether there are more, which a line says.
    pub(super) is_cut: bool,
    /// Columns of clients, way, and figures.
    pub(super) who: usize,
    pub(super) way: usize,
    pub(super) figures: usize,
}

/// Rows that the flow needs to show all of every lane.
pub(super) fn height(state: &State) -> u16 {
    let lanes = state.table.rows.len();
    let rows = lanes * (WHOLE + 1) + 2 + BELOW;
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(BORDERS)
}

/// Rows of the last changes on a screen with this many: the same whether there are any, so that no lane leaves its place when
/// something changes.
pub(super) fn changes(screen: u16) -> u16 {
    match screen {
        0..20 => 1,
        20..40 => 2,
        _ => 4,
    }
}

impl Plan {
    pub(super) fn of(state: &State, area: Rect) -> Plan {
        let inner = Rect {
            x: area.x.saturating_add(1).min(area.right()),
            y: area.y.saturating_add(1).min(area.bottom()),
            width: area.width.saturating_sub(BORDERS),
            height: area.height.saturating_sub(BORDERS),
        };
        let rows = usize::from(inner.height);
        let is_roomy = rows >= ROOMY;
        let room = rows.saturating_sub(BELOW + if is_roomy { 2 } else { 0 });
        let lanes = state.table.rows.len();
        // Lanes with a row between them are easier to follow than higher ones.
        let apart = (2..=MOST).rev().find(|each| (lanes * (each + 1)).saturating_sub(1) <= room);
        let has_gaps = apart.is_some();
        let each = apart.or((1..=MOST).rev().find(|each| lanes * each <= room)).unwrap_or(1);
        let is_cut = lanes > room;
        let fit = if is_cut { room.saturating_sub(1) } else { lanes };
        let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(fit.max(1)));
        let columns = usize::from(inner.width);
        let who = (columns * 3 / 10).clamp(12, 40);
        let figures = (columns * 3 / 10).clamp(20, 36);
        let way = columns.saturating_sub(who + figures + 2);
        Plan { inner, is_roomy, each, has_gaps, first, fit, is_cut, who, way, figures }
    }

    /// Columns within the borders.
    pub(super) fn columns(&self) -> usize {
        usize::from(self.inner.width)
    }

    /// Whether the last row of a lane is what was in flight lately.
    pub(super) fn has_lately(&self) -> bool {
        self.each >= WHOLE
    }

    /// Rows of a lane with dots.
    pub(super) fn ways(&self) -> usize {
        if self.has_lately() { self.each - 1 } else { self.each }
    }

    /// How many requests a dot is.
    pub(super) fn scale(&self, state: &State) -> u64 {
        let lanes = state.snapshot.backends.iter().map(|backend| Lane::Backend(backend.id));
        state.log.digest.flow.trips.scale(lanes, moment(state), self.way * self.ways())
    }
}
