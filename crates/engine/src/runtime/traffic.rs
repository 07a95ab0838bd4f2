//! Traffic that the balancer sends to itself.

use super::start::Balancer;
use crate::api::{CommandError, TrafficOptions};

impl Balancer {
    /// Begins to send traffic, or changes the way it is sent; says so.
    pub(super) fn traffic(&self, options: TrafficOptions) -> Result<String, CommandError> {
        let _ = (self, options);
        Err(CommandError::CannotSendTraffic { reason: "not yet".into() })
    }

    /// Ends the traffic; says so.
    pub(super) fn traffic_off(&self) -> Result<String, CommandError> {
        let _ = self;
        Err(CommandError::CannotSendTraffic { reason: "not yet".into() })
    }
}
