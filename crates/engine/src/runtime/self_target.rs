//! Detects backends that are this balancer itself, including by names and addresses that only the system can resolve.

use std::net::{IpAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{Address, BackendConfig, Config, is_itself, reaches};
use crate::untrusted::Untrusted;

/// How long to wait for the resolver, for all names together. Only backends on a listener's port are resolved; a name
/// not resolved in time counts as harmless.
const RESOLVE: Duration = Duration::from_secs(1);

/// The problems with backends that are listeners of this configuration, beyond its [problems](Config::problems). Blocks
/// for a second at most.
pub(crate) fn problems(config: &Config) -> Vec<Untrusted<String>> {
    let suspects = config.backends().filter(|backend| listeners_at(config, backend.address.port).next().is_some());
    // Resolves all names concurrently.
    let asked: Vec<_> = suspects.map(|backend| (backend, addresses(&backend.address))).collect();
    let until = Instant::now() + RESOLVE;
    let is_wrong = |(backend, found): (&BackendConfig, mpsc::Receiver<Vec<IpAddr>>)| {
        let found = found.recv_timeout(until.saturating_duration_since(Instant::now())).unwrap_or_default();
        let mut hosts = listeners_at(config, backend.address.port);
        let itself =
            hosts.any(|host| found.iter().any(|ip| reaches(*ip, host) || (host.is_unspecified() && is_own(*ip))));
        itself.then(|| is_itself(&backend.name, &backend.address).into())
    };
    asked.into_iter().filter_map(is_wrong).collect()
}

/// The hosts of the listeners on this port.
fn listeners_at(config: &Config, port: u16) -> impl Iterator<Item = IpAddr> {
    config.listeners.iter().filter(move |listener| port != 0 && listener.port == port).map(|listener| listener.host)
}

/// Receives the addresses of a host once they are resolved.
fn addresses(address: &Address) -> mpsc::Receiver<Vec<IpAddr>> {
    let (tell, told) = mpsc::channel();
    if let Some(ip) = address.ip() {
        // Cannot fail: the receiver still exists.
        let _ = tell.send(vec![ip]);
        return told;
    }
    let host = (address.host.clone(), address.port);
    // In its own thread, because a resolver call cannot be cancelled. If no thread can be started, nothing is found.
    let _ = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        let found = host.to_socket_addrs().map(|found| found.map(|at| at.ip()).collect());
        // An error means that the receiver timed out.
        let _ = tell.send(found.unwrap_or_default());
    });
    told
}

/// Whether an address belongs to this machine: only such an address can be bound.
fn is_own(ip: IpAddr) -> bool {
    !ip.is_unspecified() && UdpSocket::bind((ip, 0)).is_ok()
}
