//! Which configuration is enough, and a run with it.

use serde_json::{Value, json};
use std::time::Instant;
use stickylb_survive::Journey;

use super::allowed::Allowed;
use super::client::Client;
use super::copies::Copies;
use super::lab::OpenLab;
use super::lab_client::LabClient;
use super::replay::{Replay, Replayed};
use crate::api::{StickyBy, Strategy};

/// How those without a copy are spread while a stickiness is tried: in turn, and so that no turn hides a loss.
const SPREAD: [Strategy; 3] = [Strategy::RoundRobin, Strategy::Random, Strategy::RoundRobin];

/// One stickiness that may be enough.
#[derive(Clone)]
pub(crate) struct Candidate {
    /// It, as the balancer is told.
    pub(crate) sticky: StickyBy,
    /// It, as a file has it.
    pub(crate) section: Value,
}

impl Candidate {
    /// No stickiness.
    pub(crate) fn off() -> Self {
        Candidate { sticky: StickyBy::Off, section: json!({"by": "off"}) }
    }

    /// The balancer's own cookie.
    pub(crate) fn cookie() -> Self {
        Candidate { sticky: StickyBy::Cookie, section: json!({"by": "cookie"}) }
    }

    /// Learning these; `None` where there is nothing to learn, or the balancer cannot.
    pub(crate) fn learn(from: &[String]) -> Option<Self> {
        if from.is_empty() {
            return None;
        }
        let sticky = format!("learn:{}", from.join(",")).parse().ok()?;
        let mut sources: Vec<Value> = from.iter().map(|from| source(from)).collect();
        let from = if sources.len() == 1 { sources.remove(0) } else { Value::Array(sources) };
        Some(Candidate { sticky, section: json!({"by": "learn", "from": from}) })
    }
}

/// A source as a file has it: `json:/id=query:id` says where an id comes from and where it is carried.
fn source(from: &str) -> Value {
    match from.split_once('=') {
        Some((response, request)) => json!({"response": response, "request": request}),
        None => json!(from),
    }
}

/// Tries candidates.
pub(crate) struct Proof<'r> {
    pub(crate) copies: &'r Copies,
    pub(crate) lab: &'r dyn OpenLab,
    pub(crate) client: &'r Client,
    pub(crate) allowed: &'r Allowed<'r>,
    /// The name of the balancer's own cookie.
    pub(crate) cookie: String,
    /// When nothing more is tried.
    pub(crate) until: Instant,
}

impl Proof<'_> {
    /// What is lost with a stickiness, by journey and step: once for each way in which clients are spread;
    /// `None` where there was not the time.
    ///
    /// # Errors
    /// It cannot be tried, or a copy is not what it was when the run began; why, as one sentence.
    pub(crate) async fn lost(
        &self,
        sticky: &StickyBy,
        journeys: &[(Journey, Replayed)],
    ) -> Result<Option<Vec<Vec<(usize, usize)>>>, String> {
        let mut all = Vec::new();
        for strategy in SPREAD {
            let lab = self.lab.open(sticky.clone(), strategy).await?;
            let lab_client = LabClient { copies: self.copies, lab: &lab, client: self.client };
            let replay = Replay { lab_client: &lab_client, allowed: self.allowed, until: self.until };
            let mut lost = Vec::new();
            for (number, (journey, known)) in journeys.iter().enumerate() {
                let Some(losses) = replay.balanced(journey, known, &self.cookie).await? else { return Ok(None) };
                lost.extend(losses.iter().map(|loss| (number, loss.step)));
            }
            all.push(lost);
        }
        Ok(Some(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_is_written_as_a_file_has_it() {
        assert_eq!(source("cookie:sid"), json!("cookie:sid"));
        assert_eq!(source("json:/id=query:id"), json!({"response": "json:/id", "request": "query:id"}));
        assert!(Candidate::learn(&[]).is_none());
    }
}
