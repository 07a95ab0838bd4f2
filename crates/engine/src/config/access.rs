//! Who may connect, and how often: the `access` section.

use ipnet::IpNet;
use std::net::IpAddr;

use super::keys::Keys;
use super::node::Node;

/// Who may connect, and how often. The default lets everyone in who reaches the listener.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct AccessConfig {
    /// Networks that may connect; empty is everyone.
    pub allow: Vec<IpNet>,
    /// Networks that may not, even where `allow` has them.
    pub deny: Vec<IpNet>,
    /// Connections one address may have at a time; 0 is no limit.
    pub connections_per_ip: u32,
    /// Requests one address may send in a second, and save up for one second; 0 is no limit. A connection in TCP mode
    /// counts as one.
    pub requests_per_second_per_ip: u32,
}

impl AccessConfig {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("allow", "Networks that may connect; an empty list is everyone", &mut self.allow, networks);
        keys.set("deny", "Networks that may not connect; wins over allow", &mut self.deny, networks);
        keys.set(
            "connectionsPerIp",
            "Connections of one address at a time; 0 is no limit",
            &mut self.connections_per_ip,
            |n| n.integer(0, 1_000_000),
        );
        keys.set(
            "requestsPerSecondPerIp",
            "Requests of one address in a second; 0 is no limit",
            &mut self.requests_per_second_per_ip,
            |n| n.integer(0, 1_000_000),
        );
    }
}

/// A list of networks, each of which may be one address.
pub(crate) fn networks(n: Node<'_, '_>) -> Option<Vec<IpNet>> {
    n.list(|n| n.hint("minLength", 1).parsed(network))
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| format!("'{text}' is not a network: write 10.0.0.0/8 or 127.0.0.1"))
}
