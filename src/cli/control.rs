//! The control socket of a run, where there is one.

use std::sync::Arc;

use super::layers::UsageError;
#[cfg(unix)]
use crate::control::Server;
use crate::signals::Signals;
use stickylb::Balancer;
use stickylb::api::Ending;

/// The control socket. There is none outside Unix, or where it could not be opened.
pub(super) struct Control {
    #[cfg(unix)]
    server: Option<Server>,
}

impl Control {
    /// Opens the socket. A failure is an error if it is `needed`, otherwise a warning.
    #[cfg(unix)]
    pub(super) fn open(
        engine: &Arc<Balancer>,
        signals: &Signals,
        needed: bool,
        warnings: &mut Vec<String>,
    ) -> Result<Self, UsageError> {
        match Server::open(engine, signals.asked()) {
            Ok(server) => Ok(Control { server: Some(server) }),
            Err(error) if needed => Err(UsageError::Failed(error.to_string())),
            Err(error) => {
                warnings.push(format!("ctl, attach and stop cannot reach this balancer: {error}"));
                Ok(Control { server: None })
            }
        }
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "the same as where there is one")]
    pub(super) fn open(_: &Arc<Balancer>, _: &Signals, _: bool, _: &mut Vec<String>) -> Result<Self, UsageError> {
        Ok(Control {})
    }

    /// Whether other processes can reach this one.
    pub(super) fn is_open(&self) -> bool {
        #[cfg(unix)]
        return self.server.is_some();
        #[cfg(not(unix))]
        return false;
    }

    /// Tells connected clients how the program ended.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "nobody is there to be told"))]
    pub(super) async fn close(self, ending: Ending) {
        #[cfg(unix)]
        if let Some(server) = self.server {
            server.close(ending).await;
        }
    }
}
