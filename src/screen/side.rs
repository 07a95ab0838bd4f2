//! What stands beside the log.

/// The side pane beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Traffic shares, and the selected backend's response times.
    Figures,
    /// The selected request or backend.
    Inspector,
    /// The output of the selected backend's process.
    Output,
    /// State changes and notices.
    Events,
    /// No side pane.
    Hidden,
}

impl Side {
    pub(crate) fn next(self) -> Self {
        match self {
            Side::Figures => Side::Inspector,
            Side::Inspector => Side::Output,
            Side::Output => Side::Events,
            Side::Events => Side::Hidden,
            Side::Hidden => Side::Figures,
        }
    }

    /// The names in commands and in the user's file; `auto` is no side but the choice by width.
    pub(crate) const NAMES: [(&'static str, Option<Side>); 6] = [
        ("auto", None),
        ("figures", Some(Side::Figures)),
        ("inspector", Some(Side::Inspector)),
        ("output", Some(Side::Output)),
        ("events", Some(Side::Events)),
        ("none", Some(Side::Hidden)),
    ];

    /// The side pane of that name.
    pub(crate) fn named(name: &str) -> Result<Option<Side>, String> {
        Side::NAMES.iter().find(|(one, _)| *one == name).map(|(_, side)| *side).ok_or_else(|| {
            let names = Side::NAMES.map(|(name, _)| name).join(", ");
            format!("there is no view '{name}': {names}")
        })
    }

    /// The default in a terminal with this many columns.
    pub(crate) fn usual(columns: u16) -> Self {
        match columns {
            0..110 => Side::Hidden,
            110..160 => Side::Figures,
            _ => Side::Inspector,
        }
    }
}
