//! How the balancer stood at one moment: what a lesson looks at of a snapshot.

use stickylb::api::{Percentiles, Snapshot, State, StickyBy, Strategy};

/// How the balancer stood at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    pub(super) backends: Vec<BackendSample>,
    pub(super) strategy: Strategy,
    pub(super) sticky: StickyBy,
    pub(super) jain: Option<f64>,
    /// In words: what set the baseline, and its figures before and since.
    pub(super) fairness: [Option<(String, f64)>; 2],
    pub(super) rate: u64,
    pub(super) latency: Percentiles,
    /// Whether the built-in traffic is on.
    pub(super) traffic: bool,
    pub(super) dropped: u64,
}

/// One backend of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BackendSample {
    pub(super) name: String,
    pub(super) letter: char,
    pub(super) state: State,
    pub(super) active: u32,
    /// The most it had since the baseline.
    pub(super) most: u32,
    /// The moment of that baseline, as the engine has it.
    pub(super) since: std::time::SystemTime,
    pub(super) queued: u32,
    pub(super) tunnels: u32,
    pub(super) weight: u32,
    pub(super) rate: u64,
    pub(super) latency: Percentiles,
    /// The kind of its fault.
    pub(super) fault: Option<String>,
}

impl Sample {
    /// What a lesson looks at: it has one pool.
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let Some(pool) = snapshot.pools.first() else { return Sample::default() };
        let fairness = &pool.fairness;
        let backend = |view: &stickylb::api::BackendView| {
            let fair = fairness.backends.iter().find(|one| one.id == view.id);
            BackendSample {
                name: view.name.raw().to_owned(),
                letter: view.mark.letter(),
                state: view.state,
                active: view.active,
                most: fair.map_or(0, |one| one.most_in_flight),
                since: fairness.since,
                queued: view.queued,
                tunnels: view.tunnels,
                weight: view.weight,
                rate: view.rate,
                latency: view.latency,
                fault: view.chaos.as_ref().map(|chaos| kind_of(&chaos.fault.to_string())),
            }
        };
        let labelled = |of: &stickylb::api::Fairness| Some((of.label.to_string(), of.jain?));
        Sample {
            backends: snapshot.backends.iter().map(backend).collect(),
            strategy: pool.strategy,
            sticky: pool.sticky.clone(),
            jain: fairness.jain,
            fairness: [fairness.before.as_deref().and_then(labelled), labelled(fairness)],
            rate: snapshot.totals.rate,
            latency: snapshot.totals.latency,
            traffic: snapshot.traffic.as_ref().is_some_and(|traffic| traffic.on),
            dropped: snapshot.traffic.as_ref().map_or(0, |traffic| traffic.dropped),
        }
    }

    pub(super) fn backend(&self, name: &str) -> Option<&BackendSample> {
        self.backends.iter().find(|one| one.name == name)
    }
}

/// `latency` of `latency 300ms for=30s`.
fn kind_of(fault: &str) -> String {
    fault.split_whitespace().next().unwrap_or_default().to_owned()
}
