//! What a list has no room for, in a few words.

use stickylb::api::{BackendId, BackendView, State as BackendState};

use crate::screen::format::cut;
use crate::screen::state::State;

/// `2 more: ✖ delta DOWN, charlie`, those first that are not UP; empty where all are shown.
pub(crate) fn backends(state: &State, shown: &[BackendId], columns: usize) -> String {
    let mut hidden: Vec<&BackendView> = state.shown_backends().filter(|backend| !shown.contains(&backend.id)).collect();
    if hidden.is_empty() {
        return String::new();
    }
    // Stable: otherwise in the order of the table.
    hidden.sort_by_key(|backend| backend.state == BackendState::Up);
    let name = |backend: &&BackendView| match backend.state {
        BackendState::Up => backend.name.to_string(),
        other => format!("{} {} {other}", state.theme.state_glyph(other), backend.name),
    };
    // More names than columns cannot be shown.
    let names: Vec<String> = hidden.iter().take(columns).map(name).collect();
    cut(&format!("{} more: {}", hidden.len(), names.join(", ")), columns, state.theme)
}

/// `3 more`, in place of the last of so many rows that would be shown; `None` where all fit.
pub(crate) fn rows(all: usize, room: usize) -> Option<String> {
    (all > room && room > 0).then(|| format!("{} more", all + 1 - room))
}
