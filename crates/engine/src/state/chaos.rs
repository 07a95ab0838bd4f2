//! The ends of faults, and what is told of them.

use std::sync::Arc;

use super::shared::Shared;
use crate::api::Level;
use crate::balancer::{Backend, Burning};

impl Shared {
    /// Ends the fault that a backend has, and tells why; where `only` is named, that one and no other. Whether there was one.
    pub(crate) fn end_chaos(&self, backend: &Backend, only: Option<&Arc<Burning>>, why: &str) -> bool {
        let ended = backend.chaos.end(only).is_some();
        if ended {
            self.telemetry.notice(Level::Info, format!("chaos on {} is over: {why}", backend.name()));
        }
        ended
    }
}
