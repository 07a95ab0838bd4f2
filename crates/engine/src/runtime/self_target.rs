//! Whether a backend is this balancer itself, by a name or an address that only the system knows to be this machine's.

use std::net::{IpAddr, ToSocketAddrs as _, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{Address, BackendConfig, Config, is_itself, reaches};
use crate::untrusted::Untrusted;

/// How long the resolver may take for all names. It is asked for those alone that have a listener's port, and a name that
/// is not found in time is nobody's.
const RESOLVE: Duration = Duration::from_secs(1);

/// What is wrong with backends that are listeners of this configuration, whose [problems](Config::problems) were looked
/// for. Takes a second at most.
pub(crate) fn problems(config: &Config) -> Vec<Untrusted<String>> {
    let suspects = config.backends().filter(|backend| listeners_at(config, backend.address.port).next().is_some());
    // All are asked at once.
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

/// Where the listeners with this port are.
fn listeners_at(config: &Config, port: u16) -> impl Iterator<Item = IpAddr> {
    config.listeners.iter().filter(move |listener| port != 0 && listener.port == port).map(|listener| listener.host)
}

/// The addresses of a host, as soon as they are known.
fn addresses(address: &Address) -> mpsc::Receiver<Vec<IpAddr>> {
    let (tell, told) = mpsc::channel();
    if let Some(ip) = address.ip() {
        // The receiver is there still.
        let _ = tell.send(vec![ip]);
        return told;
    }
    let host = (address.host.clone(), address.port);
    // A thread of its own, for a resolver cannot be told to stop. Where there is none to be had, nothing is found.
    let _ = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        let found = host.to_socket_addrs().map(|found| found.map(|at| at.ip()).collect());
        // Nobody waits for it any more where it took too long.
        let _ = tell.send(found.unwrap_or_default());
    });
    told
}

/// Whether an address is one of this machine's: only those can be bound.
fn is_own(ip: IpAddr) -> bool {
    !ip.is_unspecified() && UdpSocket::bind((ip, 0)).is_ok()
}
