//! The control socket of a run, where there is one.

use std::sync::Arc;

use super::layers::UsageError;
#[cfg(unix)]
use crate::control::Server;
use crate::signals::Signals;
use stickylb::Balancer;
use stickylb::api::Ending;

/// The control socket. There is none outside Unix.
pub(super) struct Control {
    #[cfg(unix)]
    server: Server,
    /// Whether it could be opened at the start.
    #[cfg(unix)]
    is_open: bool,
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
        let (server, opened) = Server::open(engine, signals.asked());
        match opened {
            Ok(()) => Ok(Control { server, is_open: true }),
            Err(error) if needed => Err(UsageError::Failed(error.to_string())),
            Err(error) => {
                warnings.push(format!("ctl, attach and stop cannot reach this balancer: {error}"));
                Ok(Control { server, is_open: false })
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
        return self.is_open;
        #[cfg(not(unix))]
        return false;
    }

    /// Tells connected clients how the program ended.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "nobody is there to be told"))]
    pub(super) async fn close(self, ending: Ending) {
        #[cfg(unix)]
        self.server.close(ending).await;
    }
}
