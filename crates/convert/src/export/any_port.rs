//! Which port is written where a listener takes any free one.

use stickylb::api::ResolvedConfig;

/// The first that is written for any free one.
const FIRST: u16 = 3001;

/// The port of a listener: one that no other listener has where it takes any.
pub(super) fn port(config: &ResolvedConfig, number: usize) -> u16 {
    let mut ports: Vec<u16> = config.listeners.iter().map(|listener| listener.port).filter(|port| *port > 0).collect();
    for (place, listener) in config.listeners.iter().enumerate() {
        let port = match listener.port {
            0 => (FIRST..=u16::MAX).find(|port| !ports.contains(port)).unwrap_or(FIRST),
            port => port,
        };
        if place == number {
            return port;
        }
        ports.push(port);
    }
    FIRST
}
