//! The faults that burn, in the border below the table where its rows have no room for their words.

use ratatui::text::Line;

use crate::screen::format::{age, cut};
use crate::screen::state::State;
use crate::words::seconds_left;

/// ` chaos: bravo latency 300 ms 12s, charlie hang 8s `, or nothing.
pub(crate) fn below(state: &State, columns: usize) -> Line<'static> {
    let burning = state.snapshot.backends.iter().filter_map(|backend| {
        let fault = backend.chaos.as_deref()?;
        Some(format!("{} {} {}", backend.name, fault.words, age(seconds_left(fault))))
    });
    let all: Vec<String> = burning.collect();
    if all.is_empty() {
        return Line::default();
    }
    let words = cut(&format!("chaos: {}", all.join(", ")), columns, state.theme);
    Line::styled(format!(" {words} "), state.theme.warning())
}
