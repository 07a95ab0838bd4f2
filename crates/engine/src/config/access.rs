//! Who may come in, and how often.

use ipnet::IpNet;

/// Who may come in, and how often. The default lets everyone in who reaches the listener.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccessConfig {
    /// Networks that may come in; empty is everyone.
    pub allow: Vec<IpNet>,
    /// Networks that may not, even where `allow` has them.
    pub deny: Vec<IpNet>,
    /// Connections one address may have at a time; 0 is no limit.
    pub connections_per_ip: u32,
    /// Requests one address may send in a second, and save up for one second; 0 is no limit. A connection in TCP mode
    /// counts as one.
    pub requests_per_second_per_ip: u32,
}
