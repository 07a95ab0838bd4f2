//! Figures, as they come out of what was measured.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;
use stickylb::api::Percentiles;

use super::ledger::{Ending, Ledger};
use crate::learn::figure::{Figure, What};

/// A stretch of time that is measured, and where each client was at the beginning of the step.
#[derive(Clone, Copy)]
pub(super) struct Stretch<'r> {
    pub(super) since: Instant,
    pub(super) homes: &'r HashMap<Arc<str>, Arc<str>>,
    /// Shares are of the last so many requests.
    pub(super) over: Option<usize>,
}

impl Figure {
    /// What was measured; `None` where it is not known yet.
    pub(super) fn measured<'r>(&self, ledger: &'r Ledger, stretch: Stretch<'r>) -> Option<f64> {
        let of = self.of.as_deref();
        if self.is_counted() {
            return counted(self.what, of, ledger, stretch);
        }
        let sample = ledger.last.as_ref()?;
        let each = sample.backends.iter().filter(|one| of.is_none_or(|of| one.name == of));
        if of.is_some_and(|of| sample.backend(of).is_none()) {
            return None;
        }
        let latency = || of.map_or(Some(sample.latency), |of| Some(sample.backend(of)?.latency));
        let millis = |pick: fn(Percentiles) -> Option<u64>| Some(pick(latency()?)? as f64 / 1000.0);
        Some(match self.what {
            What::Active => f64::from(each.map(|one| one.active).sum::<u32>()),
            What::Queued => f64::from(each.map(|one| one.queued).sum::<u32>()),
            What::Tunnels => f64::from(each.map(|one| one.tunnels).sum::<u32>()),
            What::Weight => f64::from(sample.backend(of?)?.weight),
            What::ActiveBefore => f64::from(ledger.before_change(of?, stretch.since)?),
            What::Jain => sample.jain?,
            What::Rate => of.map_or(sample.rate, |of| sample.backend(of).map_or(0, |one| one.rate)) as f64,
            What::P50 => millis(|latency| latency.p50)?,
            What::P95 => millis(|latency| latency.p95)?,
            What::P99 => millis(|latency| latency.p99)?,
            What::Dropped => sample.dropped as f64,
            _ => return None,
        })
    }
}

fn counted<'r>(what: What, of: Option<&str>, ledger: &'r Ledger, stretch: Stretch<'r>) -> Option<f64> {
    let requests = || ledger.requests(stretch.since);
    let is_of = |ending: &&Ending| of.is_none_or(|of| ending.backend.as_deref() == Some(of));
    let served = || requests().filter(|ending| ending.backend.is_some());
    let count = match what {
        What::MaxActive => return ledger.most(of?, stretch.since).map(f64::from),
        What::Share => return share(of?, served(), stretch.over),
        What::BackendsPerClient => return backends_per_client(served()),
        What::Requests => served().filter(is_of).count(),
        What::Lost => requests().filter(|one| one.lost && of.is_none_or(|of| *one.method == *of)).count(),
        What::Retried => requests().filter(|one| one.retried).count(),
        What::Status => requests().filter(|one| of.is_some_and(|of| is_status(one.status, of))).count(),
        What::Cut => {
            let since = ledger.cuts.iter().filter(|(at, ..)| *at >= stretch.since);
            let its = since.filter(|(_, name, _)| of.is_none_or(|of| **name == *of));
            return Some(f64::from(its.map(|(.., tunnels)| *tunnels).sum::<u32>()));
        }
        What::Clients => served().filter(is_of).map(|one| &one.client).collect::<HashSet<_>>().len(),
        What::Moved => moved(served(), stretch.homes).filter(|home| of.is_none_or(|of| *home == of)).count(),
        What::MovedOthers => moved(served(), stretch.homes).filter(|home| of != Some(home)).count(),
        _ => return None,
    };
    Some(count as f64)
}

/// Whether a status is this one, or of this class.
fn is_status(status: u16, of: &str) -> bool {
    match of.strip_suffix("xx") {
        Some(class) => class.parse() == Ok(status / 100),
        None => of.parse() == Ok(status),
    }
}

/// Per cent of the requests; `None` without any, or before there are as many as it is taken over.
fn share<'e>(of: &str, served: impl DoubleEndedIterator<Item = &'e Ending>, over: Option<usize>) -> Option<f64> {
    let taken: Vec<&Ending> = served.rev().take(over.unwrap_or(usize::MAX)).collect();
    let is_enough = !taken.is_empty() && over.is_none_or(|over| taken.len() == over);
    let its = taken.iter().filter(|one| one.backend.as_deref() == Some(of)).count();
    is_enough.then(|| 100.0 * its as f64 / taken.len() as f64)
}

fn backends_per_client<'e>(served: impl Iterator<Item = &'e Ending>) -> Option<f64> {
    let mut seen: HashMap<&str, HashSet<&str>> = HashMap::new();
    for one in served {
        seen.entry(&one.client).or_default().extend(one.backend.as_deref());
    }
    seen.values().map(|backends| backends.len() as f64).reduce(f64::max)
}

/// The homes of the clients that were elsewhere: where each was when the step began, or first in it.
fn moved<'e>(
    served: impl Iterator<Item = &'e Ending>,
    homes: &'e HashMap<Arc<str>, Arc<str>>,
) -> impl Iterator<Item = &'e str> {
    let mut home_of: HashMap<&str, &str> = HashMap::new();
    let mut moved: HashMap<&str, &str> = HashMap::new();
    for one in served {
        let Some(backend) = one.backend.as_deref() else { continue };
        let home = homes.get(&one.client).map(|home| &**home);
        let home = home.unwrap_or_else(|| home_of.entry(&one.client).or_insert(backend));
        if home != backend {
            moved.insert(&one.client, home);
        }
    }
    moved.into_values()
}
