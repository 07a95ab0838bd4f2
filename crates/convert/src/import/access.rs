//! Who may connect, as a listener of another program has it.

use serde_json::{Map, Value};
use std::net::IpAddr;

/// Who may connect to a listener, and how often.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Access {
    pub(super) allow: Vec<String>,
    pub(super) deny: Vec<String>,
    pub(super) connections_per_ip: Option<u64>,
    pub(super) requests_per_second_per_ip: Option<u64>,
}

impl Access {
    /// Our `access`, empty where it lets everyone in.
    pub(super) fn json(&self) -> Map<String, Value> {
        let mut access = Map::new();
        for (key, networks) in [("allow", &self.allow), ("deny", &self.deny)] {
            if !networks.is_empty() {
                access.insert(key.to_owned(), networks.clone().into());
            }
        }
        for (key, count) in
            [("connectionsPerIp", self.connections_per_ip), ("requestsPerSecondPerIp", self.requests_per_second_per_ip)]
        {
            access.extend(count.map(|count| (key.to_owned(), count.into())));
        }
        access
    }
}

/// Whether it is an address or a network.
pub(super) fn is_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.is_none_or(|bits| {
        bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
    })
}

/// A rule of another program, where the first that matches counts.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Allow(Vec<String>),
    Deny(Vec<String>),
    /// Denies all but these, and says nothing of these.
    DenyOthers(Vec<String>),
    DenyAll,
    AllowAll,
}

/// Rules in their order, as ours, where what is denied is denied whatever is allowed.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) access: Access,
    /// Networks that are let in before the rules behind.
    let_in: Vec<String>,
    /// Whether some were denied behind those.
    denied_late: bool,
    is_over: bool,
    /// Whether it is nothing that ours can say.
    is_odd: bool,
}

impl Rules {
    pub(super) fn add(&mut self, rule: Rule) {
        if self.is_over {
            return;
        }
        match rule {
            Rule::Allow(networks) => {
                self.is_odd |= self.denied_late;
                self.let_in.extend(networks);
            }
            Rule::Deny(networks) if self.let_in.is_empty() => {
                let new = networks.into_iter().filter(|network| !self.access.deny.contains(network));
                self.access.deny.extend(new.collect::<Vec<_>>());
            }
            Rule::DenyOthers(networks) if self.access.allow == networks => {}
            Rule::Deny(_) => self.denied_late = true,
            Rule::DenyOthers(networks) if self.let_in.is_empty() && self.access.allow.is_empty() => {
                self.access.allow = networks;
            }
            Rule::DenyOthers(_) => self.is_odd = true,
            Rule::DenyAll => {
                self.is_odd |= self.let_in.is_empty() || !self.access.allow.is_empty();
                self.access.allow = std::mem::take(&mut self.let_in);
                (self.denied_late, self.is_over) = (false, true);
            }
            Rule::AllowAll => self.is_over = true,
        }
    }

    /// Ours; `None` where it cannot be said here.
    pub(super) fn access(self) -> Option<Access> {
        (!self.is_odd && !self.denied_late).then_some(self.access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_ours_where_their_order_can_be_kept() {
        let nets = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let read = |rules: Vec<Rule>| {
            let mut read = Rules::default();
            for rule in rules {
                read.add(rule);
            }
            read.access().map(|access| (access.allow.join(" "), access.deny.join(" ")))
        };
        let (a, b) = (|| nets("10.0.0.0/8"), || nets("10.0.0.9"));
        let found = |allow: &str, deny: &str| Some((allow.to_owned(), deny.to_owned()));
        assert_eq!(read(vec![Rule::Deny(b()), Rule::Allow(a()), Rule::DenyAll]), found("10.0.0.0/8", "10.0.0.9"));
        assert_eq!(read(vec![Rule::Deny(b()), Rule::DenyOthers(a())]), found("10.0.0.0/8", "10.0.0.9"));
        assert_eq!(read(vec![Rule::Allow(a()), Rule::Deny(nets("11.0.0.1")), Rule::DenyAll]), found("10.0.0.0/8", ""));
        assert_eq!(read(vec![Rule::Deny(b()), Rule::AllowAll, Rule::DenyAll]), found("", "10.0.0.9"));
        assert_eq!(read(vec![]), found("", ""));
        for odd in [
            vec![Rule::Allow(b()), Rule::Deny(a())],
            vec![Rule::Allow(b()), Rule::Deny(a()), Rule::Allow(a()), Rule::DenyAll],
            vec![Rule::DenyAll],
        ] {
            assert_eq!(read(odd.clone()), None, "{odd:?}");
        }
    }

    #[test]
    fn networks_are_told_from_names() {
        for (text, is_one) in [
            ("10.0.0.0/8", true),
            ("::1", true),
            ("::/129", false),
            ("10.0.0.0/+8", false),
            ("a", false),
            ("1.2.3.4/", false),
        ] {
            assert_eq!(is_network(text), is_one, "{text}");
        }
    }
}
