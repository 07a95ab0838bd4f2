//! What the authority made here may vouch for: names and addresses of this machine and its private networks.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names that it may vouch for, with all below them: they are everybody's own (RFC 6761, RFC 6762, and `internal`, which
/// ICANN keeps for this).
pub(crate) const VOUCHED_NAMES: [&str; 4] = ["localhost", "test", "local", "internal"];

/// Networks that it may vouch for: this machine's own, the private ones (RFC 1918, RFC 4193) and the link's (RFC 3927,
/// RFC 4291).
pub(crate) const VOUCHED_NETWORKS: [IpNet; 8] = [
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// Whether it may vouch for this name, in lower case and without a dot at its end, or address.
pub(crate) fn is_vouched(name: &str) -> bool {
    if let Ok(address) = name.parse() {
        return is_vouched_address(address);
    }
    let is_below = |root| name.strip_suffix(root).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    VOUCHED_NAMES.iter().any(|root| is_below(*root))
}

/// The same of an address.
pub(crate) fn is_vouched_address(address: IpAddr) -> bool {
    VOUCHED_NETWORKS.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_vouches_for_this_machine_and_private_networks_alone() {
        for name in [
            "localhost",
            "app.localhost",
            "a.b.test",
            "printer.local",
            "x.internal",
            "127.9.9.9",
            "192.168.1.7",
            "::1",
            "fd00::1",
        ] {
            assert!(is_vouched(name), "{name}");
        }
        for name in ["example.com", "notlocalhost", "localhost.example.com", "8.8.8.8", "2001:db8::1", "172.32.0.1", ""]
        {
            assert!(!is_vouched(name), "{name}");
        }
    }
}
