//! Faults that a person lets backends have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::start::Balancer;
use crate::api::{BackendId, Chaos, ChaosKind, CommandError, Level, Mode};
use crate::balancer::{Backend, Burning};
use crate::state::Topology;

impl Balancer {
    /// Lets a backend have a fault, in place of the one it has; says so.
    pub(super) fn set_chaos(&self, id: BackendId, chaos: Chaos) -> Result<String, CommandError> {
        let cannot = |reason: String| CommandError::CannotHaveChaos { reason: reason.into() };
        let topology = self.shared.topology.load();
        let (pool, backend) = topology.find(id).ok_or(CommandError::UnknownBackend { id })?;
        if let Some(exposed) = exposed(&topology) {
            return Err(cannot(format!(
                "faults are for this machine alone, and {exposed}: set \"chaos\": true in the configuration to allow them"
            )));
        }
        if pool.mode == Mode::Tcp {
            for_raw_connections(&backend, &chaos).map_err(cannot)?;
        }
        let burning = Arc::new(Burning::new(chaos, backend.name(), Instant::now()).map_err(cannot)?);
        let before = backend.chaos.set(Arc::clone(&burning));
        let said = in_words(&backend, &burning, before.as_deref());
        self.shared.telemetry.notice(Level::Warning, said.clone());
        self.burn_down(Arc::clone(&backend), burning);
        // A reload at this very moment may have missed it.
        if backend.signals.is_removed() {
            self.shared.end_chaos(&backend, None, "the backend is gone");
        }
        self.end_chaos_if_exposed();
        Ok(said)
    }

    /// Ends the fault of a backend, or all; says so.
    pub(super) fn chaos_off(&self, id: Option<BackendId>) -> Result<String, CommandError> {
        let those = match id {
            Some(id) => vec![self.backend(id)?],
            None => self.shared.topology.backends(),
        };
        let off = |backend: &&Arc<Backend>| self.shared.end_chaos(backend, None, "it was switched off");
        let ended: Vec<String> = those.iter().filter(off).map(|backend| backend.name().to_string()).collect();
        Ok(match (ended.as_slice(), those.as_slice()) {
            ([], [one]) if id.is_some() => format!("{} has no fault", one.name()),
            ([], _) => "no backend has a fault".to_owned(),
            (ended, _) => format!("chaos is off: {}", ended.join(", ")),
        })
    }

    /// Ends all faults if the network can reach a listener now and the configuration does not allow that.
    pub(super) fn end_chaos_if_exposed(&self) {
        if let Some(exposed) = exposed(&self.shared.topology.load()) {
            for backend in self.shared.topology.backends() {
                self.shared.end_chaos(&backend, None, &exposed);
            }
        }
    }

    /// Ends a fault when its time is up, unless it has ended before.
    fn burn_down(&self, backend: Arc<Backend>, burning: Arc<Burning>) {
        let shared = Arc::clone(&self.shared);
        self.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep_until(burning.until.into()) => {
                    shared.end_chaos(&backend, Some(&burning), "its time is up");
                }
                () = burning.over.notified() => {}
            }
        });
    }
}

/// Why others than this machine may be hit by faults, if they may.
fn exposed(topology: &Topology) -> Option<String> {
    let is_exposed = |ip: std::net::IpAddr| !ip.to_canonical().is_loopback();
    let mut addresses = topology.listeners.iter().map(|open| open.listener.address);
    let open = addresses.find(|address| is_exposed(address.ip())).filter(|_| !topology.config.chaos)?;
    Some(format!("the listener on {open} can be reached from other machines"))
}

/// Whether a fault makes sense where nobody knows what the bytes mean.
fn for_raw_connections(backend: &Backend, chaos: &Chaos) -> Result<(), String> {
    let name = backend.name();
    if matches!(chaos.kind, ChaosKind::Error { .. }) {
        return Err(format!("{name} gets raw connections, which have no status: use refuse, hang or reset there"));
    }
    if chaos.matching.is_some() {
        return Err(format!("{name} gets raw connections, which have neither path nor method: leave match out there"));
    }
    Ok(())
}

/// `chaos on bravo: latency 300 ms, ends in 30 s`.
fn in_words(backend: &Backend, burning: &Burning, before: Option<&Burning>) -> String {
    let fault = &burning.fault;
    let mut words = format!("chaos on {}: {}", backend.name(), burning.words());
    let mut add = |more: String| words.push_str(&more);
    if fault.share != 100 {
        add(format!(" for {} % of requests", fault.share));
    }
    match fault.first {
        Some(1) => add(" for the first one".to_owned()),
        Some(first) => add(format!(" for the first {first}")),
        None => {}
    }
    if let Some(matching) = &fault.matching {
        add(format!(" where {matching}"));
    }
    if fault.spares_checks {
        add(", checks are spared".to_owned());
    }
    if let Some(before) = before {
        add(format!(", in place of {}", before.words()));
    }
    add(format!(", ends in {}", time(Duration::from_millis(fault.fuse_millis))));
    words
}

fn time(time: Duration) -> String {
    match time.as_millis() {
        millis if millis.is_multiple_of(60_000) => format!("{} min", millis / 60_000),
        millis if millis.is_multiple_of(1000) => format!("{} s", millis / 1000),
        millis => format!("{millis} ms"),
    }
}
