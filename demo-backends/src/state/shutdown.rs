//! The signal that ends connections, event streams and WebSockets.

use tokio::sync::watch;

/// Lets connections, streams and sockets wait for the backend's shutdown.
#[derive(Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// The waiting side, and the sender whose `true` ends everything.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Returns once the backend is shutting down, at once if it already is.
    pub(crate) async fn wait(&mut self) {
        // An error means that the sender was dropped, which is a shutdown as well.
        let _ = self.0.wait_for(|shutting_down| *shutting_down).await;
    }
}
