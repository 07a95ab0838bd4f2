//! The state of the what-if dialog.

use stickylb::api::{WhatIf, WhatIfOptions};
use stickylb::untrusted::Untrusted;

/// The open choice of a strategy, with what each would have done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WhatIfChoice {
    /// What is to be different, and in which pool.
    pub(crate) options: WhatIfOptions,
    /// What the engine says; `None` until it has answered.
    pub(crate) told: Option<Result<Box<WhatIf>, Untrusted<String>>>,
    /// The chosen strategy's index among all.
    pub(crate) chosen: usize,
}
