//! Access control: by network, by limits per address, and by a rule of the embedding program.

mod visitors;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use crate::config::AccessConfig;
pub(crate) use visitors::AddressSlot;
use visitors::Visitors;

/// An embedding program's access rule, called once per connection with the peer's address, before anything is read from
/// it. An error is the reason for refusing.
#[derive(Clone)]
pub struct Admission(Arc<AdmissionFn>);

type AdmissionFn = dyn Fn(SocketAddr) -> Result<(), String> + Send + Sync;

impl Admission {
    /// Wraps a function. It is called on the threads that serve clients and must not block.
    pub fn new(rule: impl Fn(SocketAddr) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Admission(Arc::new(rule))
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admission")
    }
}

/// Why a client is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It may not connect at all.
    Forbidden(String),
    /// It has too many connections or sends too many requests.
    TooMany(String),
}

impl Refused {
    /// The reason as text.
    pub(crate) fn why(&self) -> &str {
        match self {
            Refused::Forbidden(why) | Refused::TooMany(why) => why,
        }
    }
}

/// The current access rules, and the counts per address that they need.
pub(crate) struct Access {
    config: ArcSwap<AccessConfig>,
    admission: Option<Admission>,
    visitors: Visitors,
}

impl Access {
    pub(crate) fn new(config: AccessConfig, admission: Option<Admission>) -> Self {
        Access { config: ArcSwap::from_pointee(config), admission, visitors: Visitors::default() }
    }

    /// Applies the rules of a reloaded configuration.
    pub(crate) fn follow(&self, config: AccessConfig) {
        self.config.store(Arc::new(config));
    }

    /// Admits or refuses a connection. The returned slot counts it until dropped; `None` if it is not counted.
    ///
    /// `shared` connections, such as those of a trusted proxy, carry requests of many clients and are not subject to
    /// the limit per address.
    pub(crate) fn connection(&self, peer: SocketAddr, shared: bool) -> Result<Option<AddressSlot>, Refused> {
        let ip = peer.ip().to_canonical();
        self.admits(ip)?;
        if let Some(Admission(rule)) = &self.admission {
            rule(peer).map_err(Refused::Forbidden)?;
        }
        let most = self.config.load().connections_per_ip;
        if most == 0 || shared {
            return Ok(None);
        }
        self.visitors.enter(ip, most).map_err(|_| {
            Refused::TooMany(format!("{ip} has {most} connections already, as many as access.connectionsPerIp allows"))
        })
    }

    /// Admits or refuses a client's request.
    pub(crate) fn request(&self, client: IpAddr, now: Instant) -> Result<(), Refused> {
        self.admits(client)?;
        let rate = self.config.load().requests_per_second_per_ip;
        if rate == 0 || self.visitors.spend(client, rate, now) {
            return Ok(());
        }
        let why = format!(
            "{client} sends more than {rate} requests a second, as many as access.requestsPerSecondPerIp allows"
        );
        Err(Refused::TooMany(why))
    }

    /// Whether there are rules at all, so that every request must be checked.
    pub(crate) fn looks_at_requests(&self) -> bool {
        **self.config.load() != AccessConfig::default()
    }

    /// Removes counts that are no longer needed. To be called once a second.
    pub(crate) fn tick(&self, now: Instant) {
        self.visitors.forget(self.config.load().requests_per_second_per_ip, now);
    }

    fn admits(&self, ip: IpAddr) -> Result<(), Refused> {
        let config = self.config.load();
        let holds = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&ip));
        if holds(&config.deny) {
            return Err(Refused::Forbidden(format!("{ip} is in access.deny")));
        }
        if !config.allow.is_empty() && !holds(&config.allow) {
            return Err(Refused::Forbidden(format!("{ip} is not in access.allow")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn comes_in(config: &AccessConfig, ip: &str) -> bool {
        let peer = SocketAddr::new(ip.parse().expect("an address"), 1);
        Access::new(config.clone(), None).connection(peer, false).is_ok()
    }

    #[test]
    fn deny_wins_over_allow_and_an_empty_allow_is_everyone() {
        let config = AccessConfig {
            allow: networks(&["10.0.0.0/8", "::1/128"]),
            deny: networks(&["10.6.0.0/16"]),
            ..AccessConfig::default()
        };
        assert!(comes_in(&config, "10.1.2.3"));
        assert!(comes_in(&config, "::1"));
        assert!(comes_in(&config, "::ffff:10.1.2.3"), "an IPv4 address however it is written");
        assert!(!comes_in(&config, "10.6.2.3"));
        assert!(!comes_in(&config, "192.0.2.1"));
        assert!(comes_in(&AccessConfig::default(), "192.0.2.1"));
    }

    #[test]
    fn an_embedding_programs_rule_is_asked_and_its_reason_kept() {
        let odd = Admission::new(|peer| if peer.port() % 2 == 0 { Ok(()) } else { Err("odd".to_owned()) });
        let access = Access::new(AccessConfig::default(), Some(odd));
        assert!(access.connection("127.0.0.1:2".parse().expect("an address"), false).is_ok());
        let refused = access.connection("127.0.0.1:3".parse().expect("an address"), false).err();
        assert_eq!(refused, Some(Refused::Forbidden("odd".to_owned())));
    }
}
