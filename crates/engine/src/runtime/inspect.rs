//! Inspects single requests: shows their heads and replays them.

use super::start::Balancer;
use crate::api::{BODY_KEPT, Heads, Replayed, RequestNumber, ToReplay};
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

    /// Has bodies kept from now on, or forgets all there are.
    pub(super) fn keep_bodies(&self, on: bool) {
        let heads = &self.shared.telemetry.heads;
        if heads.keeps_bodies() != on {
            self.notice(if on {
                format!("bodies are kept: the first {} KB of each, while a screen is there", BODY_KEPT / 1024)
            } else {
                "bodies are not kept any more, and those that were are forgotten".to_owned()
            });
        }
        heads.keep_bodies(on);
    }

    /// Sends a request again, as it was or as a person edited it.
    ///
    /// # Errors
    /// Why it cannot be sent, in one sentence.
    #[doc(hidden)]
    pub async fn replay(&self, what: ToReplay) -> Result<Box<Replayed>, String> {
        let replayed = replay(&self.shared, self.phase.subscribe(), what).await?;
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
