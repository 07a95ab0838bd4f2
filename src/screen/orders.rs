//! Orders from the thread that handles signals.

use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Orders from the thread that handles signals.
pub(crate) struct Orders {
    /// Leave the screen when this becomes true or its sender is dropped.
    pub(crate) leave: watch::Receiver<bool>,
    /// Notified when the program was continued after a stop.
    pub(crate) continued: Arc<Notify>,
    /// True while an editor has the terminal, whose keys then do not end this program.
    pub(crate) lent: watch::Sender<bool>,
}

impl Orders {
    /// Waits until the screen must leave.
    pub(crate) async fn leave(&mut self) {
        // An error means that the sender is gone: leave then too.
        let _ = self.leave.wait_for(|leave| *leave).await;
    }
}
