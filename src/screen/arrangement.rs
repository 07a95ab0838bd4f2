//! How the user has arranged the screen: what is kept from one start to the next.

use super::side::Side;
use super::state::{Focus, State};
use super::table::Column;

/// The views, columns and order of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    /// The side pane; `None` chooses by the terminal's width.
    pub(crate) side: Option<Side>,
    /// The pane that fills the body.
    pub(crate) zoom: Option<Focus>,
    /// The columns of the backend table; at least one.
    pub(crate) columns: Vec<Column>,
    /// The sort column, and whether it is descending; `None` is the configuration's order.
    pub(crate) sort: Option<(Column, bool)>,
}

impl Default for Arrangement {
    fn default() -> Self {
        Arrangement { side: None, zoom: None, columns: Column::ALL.to_vec(), sort: None }
    }
}

impl State {
    /// How the screen is arranged now.
    pub(crate) fn arrangement(&self) -> Arrangement {
        Arrangement {
            side: self.side,
            zoom: self.zoomed.then_some(self.focus),
            columns: self.table.columns.clone(),
            sort: self.table.sort,
        }
    }

    /// Arranges the screen.
    pub(crate) fn arrange(&mut self, arrangement: Arrangement) {
        self.side = arrangement.side;
        self.zoomed = arrangement.zoom.is_some();
        self.focus = arrangement.zoom.unwrap_or_default();
        self.table.show(arrangement.columns);
        self.table.sort = arrangement.sort;
        self.order();
    }
}
