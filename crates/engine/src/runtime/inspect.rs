//! Inspects single requests: shows their heads and replays them.

use super::start::Balancer;
use crate::api::{BackendId, Heads, Replayed, RequestNumber};
use crate::proxy::replay;
use crate::state::HeadWatch;

impl Balancer {
    /// Heads of requests are stored while the returned guard lives.
    #[doc(hidden)]
    pub fn watch_heads(&self) -> HeadWatch {
        self.shared.telemetry.heads.watch()
    }

    /// The heads of the request with this number; `None` if they are not stored.
    #[doc(hidden)]
    pub fn heads(&self, number: RequestNumber) -> Option<Box<Heads>> {
        self.shared.telemetry.heads.get(number).map(|heads| Box::new(self.with_url(heads)))
    }

    /// Sends a request again: to the backend `to`, or to the one that the balancer chooses.
    ///
    /// # Errors
    /// Why it cannot be sent, in one sentence.
    #[doc(hidden)]
    pub async fn replay(&self, number: RequestNumber, to: Option<BackendId>) -> Result<Box<Replayed>, String> {
        let replayed = replay(&self.shared, self.phase.subscribe(), number, to).await?;
        let (before, after) = (self.with_url(replayed.before), self.with_url(replayed.after));
        Ok(Box::new(Replayed { before, after, ..replayed }))
    }

    fn with_url(&self, mut heads: Heads) -> Heads {
        let topology = self.shared.topology.load();
        let listener = topology.listeners.iter().find(|open| open.listener.address == heads.listener);
        let url = listener.map_or_else(|| format!("http://{}", heads.listener), |open| open.listener.url());
        heads.url = url.into();
        heads
    }
}
