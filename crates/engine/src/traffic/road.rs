//! Where traffic goes: a listener of this balancer, and another one where that one is gone.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

use crate::api::{Level, Mode};
use crate::state::{Listener, Phase, Shared, Topology};

/// How much longer than a backend may take to answer a request is waited for: connecting, queues and tries take time too.
const MARGIN: Duration = Duration::from_secs(10);

/// Where traffic goes.
pub(super) struct Road {
    pub(super) shared: Arc<Shared>,
    pub(super) phase: watch::Receiver<Phase>,
    to: Mutex<Arc<Listener>>,
}

impl Road {
    /// To the first HTTP listener.
    ///
    /// # Errors
    /// There is none, in one sentence.
    pub(super) fn new(shared: &Arc<Shared>, phase: watch::Receiver<Phase>) -> Result<Self, String> {
        if *phase.borrow() >= Phase::Finishing {
            return Err("no traffic can be sent: the balancer stops".to_owned());
        }
        let first = first(&shared.topology.load());
        let none = "traffic needs a listener in HTTP mode, and this balancer has none: give one \"mode\": \"http\"";
        let to = Mutex::new(first.ok_or(none)?);
        Ok(Road { shared: Arc::clone(shared), phase, to })
    }

    /// The listener that it goes to.
    pub(super) fn listener(&self) -> Arc<Listener> {
        Arc::clone(&self.to())
    }

    /// After a change of the topology: whether it still leads somewhere.
    pub(super) fn follow(&self) -> bool {
        let topology = self.shared.topology.load();
        let mut to = self.to();
        if topology.listeners.iter().any(|open| Arc::ptr_eq(&open.listener, &to)) {
            return true;
        }
        let Some(next) = first(&topology) else { return false };
        let said = format!("traffic goes on to {}: the listener that it went to is gone", next.url());
        *to = next;
        drop(to);
        self.shared.telemetry.notice(Level::Info, said);
        true
    }

    /// How long a request may take.
    pub(super) fn limit(&self) -> Duration {
        let config = self.shared.topology.config();
        config.timeouts.response.saturating_add(config.hold).saturating_add(MARGIN)
    }

    /// How long a connection may wait for its next request: well below the time after which the balancer closes it, so that no
    /// request is sent at that moment.
    pub(super) fn idle(&self) -> Duration {
        self.shared.topology.config().timeouts.idle / 2
    }

    fn to(&self) -> MutexGuard<'_, Arc<Listener>> {
        // Ignoring poison is safe: it is assigned whole.
        self.to.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first(topology: &Topology) -> Option<Arc<Listener>> {
    let mut listeners = topology.listeners.iter().map(|open| &open.listener);
    listeners.find(|listener| listener.mode == Mode::Http).cloned()
}

/// Where a listener can be reached from the addresses of 127.0.0.0/8, if it can.
pub(super) fn by_loopback(listener: &Listener) -> Option<SocketAddr> {
    match listener.address {
        SocketAddr::V4(address) if address.ip().is_loopback() => Some(address.into()),
        SocketAddr::V4(address) if address.ip().is_unspecified() => Some((Ipv4Addr::LOCALHOST, address.port()).into()),
        // To `[::]` another program's listener may be nearer.
        _ => None,
    }
}
