//! The balancer's own traffic, as far as others need it: which connections are its own, and how it goes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::traffic_figures::TrafficFigures;
use crate::api::{TrafficOptions, TrafficView};

/// The balancer's own traffic. Empty until there is some.
#[derive(Default)]
pub(crate) struct Traffic {
    marks: Marks,
    figures: Mutex<Option<Arc<TrafficFigures>>>,
}

/// The addresses of the sockets that traffic is sent from, each with its client. They are bound before they are told, so that
/// nobody else can come from one of them.
#[derive(Default)]
struct Marks {
    /// How many there are: all that a connection pays for while there is no traffic.
    count: AtomicUsize,
    clients: Mutex<HashMap<SocketAddr, u32>>,
}

impl Traffic {
    /// Traffic begins: what the one before came to is forgotten.
    pub(crate) fn begin(&self, options: TrafficOptions) -> Arc<TrafficFigures> {
        let figures = Arc::new(TrafficFigures::new(options));
        *self.current() = Some(Arc::clone(&figures));
        figures
    }

    /// What the snapshot shows; `None` where there was no traffic.
    pub(crate) fn view(&self) -> Option<TrafficView> {
        self.current().as_ref().map(|figures| figures.view())
    }

    /// Requests of it that are in flight: nobody waits for their answers.
    pub(crate) fn in_flight(&self) -> u64 {
        self.current().as_ref().map_or(0, |figures| u64::from(figures.in_flight()))
    }

    /// To be called once a second.
    pub(super) fn tick(&self) {
        if let Some(figures) = &*self.current() {
            figures.tick();
        }
    }

    /// Marks connections from this address as those of a client of the traffic, until the mark is dropped. The address must be
    /// that of a socket of this process, and outlive the mark.
    pub(crate) fn mark(self: &Arc<Self>, address: SocketAddr, client: u32) -> Mark {
        let mut clients = self.marks.clients();
        clients.insert(address, client);
        self.marks.count.store(clients.len(), Relaxed);
        drop(clients);
        Mark { traffic: Arc::clone(self), address }
    }

    /// The client of the traffic that a connection from this address is; `None` where it is anybody else's.
    pub(crate) fn client_from(&self, address: SocketAddr) -> Option<u32> {
        if self.marks.count.load(Relaxed) == 0 {
            return None;
        }
        self.marks.clients().get(&SocketAddr::new(address.ip().to_canonical(), address.port())).copied()
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<TrafficFigures>>> {
        // Ignoring poison is safe: each change is an assignment.
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Marks {
    fn clients(&self) -> MutexGuard<'_, HashMap<SocketAddr, u32>> {
        // Ignoring poison is safe: each change is one insertion or removal.
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mark, as long as it lives.
pub(crate) struct Mark {
    traffic: Arc<Traffic>,
    address: SocketAddr,
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut clients = self.traffic.marks.clients();
        clients.remove(&self.address);
        self.traffic.marks.count.store(clients.len(), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_marked_by_its_address_and_port_while_its_mark_lives() {
        let traffic = Arc::new(Traffic::default());
        let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
        assert_eq!(traffic.client_from(address("127.0.1.7:4000")), None);
        let mark = traffic.mark(address("127.0.1.7:4000"), 7);
        let other = traffic.mark(address("127.0.1.8:4000"), 8);
        assert_eq!(traffic.client_from(address("127.0.1.7:4000")), Some(7));
        assert_eq!(traffic.client_from(address("[::ffff:127.0.1.8]:4000")), Some(8));
        assert_eq!(traffic.client_from(address("127.0.1.7:4001")), None);
        drop(mark);
        assert_eq!(traffic.client_from(address("127.0.1.7:4000")), None);
        drop(other);
        assert_eq!(traffic.marks.count.load(Relaxed), 0);
    }
}
