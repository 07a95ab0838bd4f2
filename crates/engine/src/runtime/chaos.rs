//! Faults that a person lets backends have.

use super::start::Balancer;
use crate::api::{BackendId, Chaos, CommandError};

impl Balancer {
    /// Lets a backend have a fault, in place of the one it has; says so.
    pub(super) fn set_chaos(&self, id: BackendId, chaos: Chaos) -> Result<String, CommandError> {
        let _ = (self, id, chaos);
        Err(CommandError::CannotHaveChaos { reason: "not yet".into() })
    }

    /// Ends the fault of a backend, or all; says so.
    pub(super) fn chaos_off(&self, id: Option<BackendId>) -> Result<String, CommandError> {
        let _ = (self, id);
        Err(CommandError::CannotHaveChaos { reason: "not yet".into() })
    }
}
