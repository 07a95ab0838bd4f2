//! What a screen may do to its engine.

use stickylb::api::EngineHandle;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Rights {
    #[default]
    All,
    /// It can change nothing.
    OnlyWatches,
}

impl Rights {
    pub(crate) fn of(engine: &impl EngineHandle) -> Self {
        if engine.only_watches() { Rights::OnlyWatches } else { Rights::All }
    }

    pub(crate) fn only_watches(self) -> bool {
        self == Rights::OnlyWatches
    }
}
