//! Inspects single requests: shows their heads and replays them.

use super::start::Balancer;
use crate::api::{BODY_KEPT, COMPARED, CommandError, Heads, Replayed, RequestNumber, ToReplay};
use crate::proxy::replay;
use crate::state::{HeadWatch, NobodyWatches};

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

    /// Has bodies kept from now on, or forgets all there are; says so.
    pub(super) fn keep_bodies(&self, on: bool) -> Result<String, CommandError> {
        let before = self.shared.telemetry.heads.keep_bodies(on);
        let before = before.map_err(|NobodyWatches| CommandError::NoScreen)?;
        let (most, compared) = (BODY_KEPT / 1024, COMPARED / 1024);
        let said = match (before, on) {
            (_, true) => format!("bodies are kept from now on: the first {most} KB of each, while a screen is there"),
            (true, false) => {
                format!(
                    "bodies are not kept any more; of an answer the first {compared} KB stay, to be compared by a replay"
                )
            }
            (false, false) => "bodies were not kept".to_owned(),
        };
        if before != on {
            self.notice(said.clone());
        }
        Ok(said)
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
